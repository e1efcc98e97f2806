//! Who is connected, in the order in which they last asked something.

use std::collections::{BTreeSet, HashMap};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::ConnectionLimits;

/// The places for connections.
#[derive(Debug)]
pub(super) struct Places {
    limits: ConnectionLimits,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    all: HashMap<u64, Arc<Place>>,
    /// Of those on which nothing is being answered: when they last asked, and which.
    idle: BTreeSet<(u64, u64)>,
    of_address: HashMap<IpAddr, usize>,
    /// Counts what happens.
    now: u64,
}

/// A connection's place, until nobody holds it any more.
#[derive(Debug)]
pub(crate) struct Place {
    id: u64,
    address: IpAddr,
    places: Arc<Places>,
    /// When it last asked something, if nothing is being answered.
    idle: Mutex<Option<u64>>,
    given_up: Notify,
}

impl Places {
    pub(super) fn new(limits: ConnectionLimits) -> Arc<Self> {
        Arc::new(Self {
            limits,
            taken: Mutex::default(),
        })
    }

    /// A place for a connection from this address; `None` if all are taken by connections that are being answered.
    pub(super) fn take(self: &Arc<Self>, from: IpAddr) -> Option<Arc<Place>> {
        let address = network(from);
        let mut taken = lock(&self.taken);
        let of_address = taken.of_address.get(&address).copied().unwrap_or(0);
        if of_address >= self.limits.of_an_address && !taken.give_up(Some(address)) {
            return None;
        }
        if taken.all.len() >= self.limits.connections && !taken.give_up(None) {
            return None;
        }
        taken.now += 1;
        let id = taken.now;
        let place = Arc::new(Place {
            id,
            address,
            places: self.clone(),
            idle: Mutex::new(Some(id)),
            given_up: Notify::new(),
        });
        taken.idle.insert((id, id));
        taken.all.insert(id, place.clone());
        *taken.of_address.entry(address).or_default() += 1;
        Some(place)
    }

    /// Closes the connection that has been silent for longest, if there is one.
    pub(super) fn make_room(&self) {
        lock(&self.taken).give_up(None);
    }
}

impl Taken {
    /// Gives up the connection that has waited longest without asking anything, of this address if it is to be one of it.
    fn give_up(&mut self, of: Option<IpAddr>) -> bool {
        let fits = |id: &u64| {
            let place = self.all.get(id);
            place.is_some_and(|place| of.is_none_or(|of| place.address == of))
        };
        let Some((_, id)) = self.idle.iter().find(|(_, id)| fits(id)).copied() else {
            return false;
        };
        if let Some(place) = self.all.get(&id).cloned() {
            self.leave(&place);
            place.given_up.notify_one();
        }
        true
    }

    fn leave(&mut self, place: &Place) {
        if self.all.remove(&place.id).is_none() {
            return;
        }
        if let Some(since) = lock(&place.idle).take() {
            self.idle.remove(&(since, place.id));
        }
        if let Some(count) = self.of_address.get_mut(&place.address) {
            *count -= 1;
            if *count == 0 {
                self.of_address.remove(&place.address);
            }
        }
    }
}

impl Place {
    /// Something is being answered: it makes room for nobody.
    pub(super) fn busy(&self) {
        let mut taken = lock(&self.places.taken);
        if let Some(since) = lock(&self.idle).take() {
            taken.idle.remove(&(since, self.id));
        }
    }

    /// Everything is answered.
    pub(super) fn idle(&self) {
        let mut taken = lock(&self.places.taken);
        if !taken.all.contains_key(&self.id) {
            return;
        }
        taken.now += 1;
        let since = taken.now;
        if let Some(before) = lock(&self.idle).replace(since) {
            taken.idle.remove(&(before, self.id));
        }
        taken.idle.insert((since, self.id));
    }

    /// Waits until the place is another's.
    pub(super) async fn given_up(&self) {
        self.given_up.notified().await;
    }

    /// The connection is gone.
    pub(super) fn leave(&self) {
        lock(&self.places.taken).leave(self);
    }
}

/// Who counts as one: with IPv6 a single customer has a network of addresses, and this machine has 2^24 of IPv4 and one of IPv6.
pub(crate) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        here if here.is_loopback() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        v4 => v4,
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(connections: usize, of_an_address: usize) -> Arc<Places> {
        Places::new(ConnectionLimits {
            connections,
            of_an_address,
            ..ConnectionLimits::default()
        })
    }

    fn address(last: u8) -> IpAddr {
        IpAddr::from([10, 0, 0, last])
    }

    fn there(places: &Places) -> Vec<u64> {
        let mut all: Vec<u64> = lock(&places.taken).all.keys().copied().collect();
        all.sort_unstable();
        all
    }

    #[test]
    fn whoever_asks_nothing_makes_room_first() {
        let places = places(3, 3);
        let [first, second, third] = [1, 2, 3].map(|one| places.take(address(one)).expect("room"));
        // The first has asked something, and was answered; the second is being answered.
        first.busy();
        first.idle();
        second.busy();
        let fourth = places.take(address(4)).expect("room");
        assert!(!there(&places).contains(&third.id));
        let fifth = places.take(address(5)).expect("room");
        assert_eq!(there(&places), [second.id, fourth.id, fifth.id]);
        fourth.busy();
        fifth.busy();
        assert!(places.take(address(6)).is_none());
        second.idle();
        assert!(places.take(address(6)).is_some());
    }

    #[test]
    fn an_address_makes_room_for_itself_only() {
        let places = places(100, 2);
        let other = places.take(address(1)).expect("room");
        let [first, second] = [(), ()].map(|()| places.take(address(2)).expect("room"));
        let third = places.take(address(2)).expect("room");
        assert_eq!(there(&places), [other.id, second.id, third.id]);
        drop(first);
        second.busy();
        third.busy();
        assert!(places.take(address(2)).is_none());
        second.leave();
        assert!(places.take(address(2)).is_some());
    }

    #[test]
    fn this_machine_counts_as_one_address() {
        let of = |address: &str| network(address.parse().expect("an address"));
        for here in ["127.0.0.1", "127.9.8.7", "::1", "::ffff:127.0.0.2"] {
            assert_eq!(of(here), of("127.0.0.1"), "{here}");
        }
        assert_ne!(of("128.0.0.1"), of("127.0.0.1"));
    }

    #[test]
    fn a_network_of_ipv6_counts_as_one_address() {
        let places = places(100, 1);
        let one = places.take("2001:db8::1".parse().expect("an address"));
        one.expect("room").busy();
        assert!(
            places
                .take("2001:db8::2".parse().expect("an address"))
                .is_none()
        );
        assert!(
            places
                .take("2001:db8:1:2::1".parse().expect("an address"))
                .is_some()
        );
    }
}
