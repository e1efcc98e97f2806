//! Whose turn it is, where many wait for one thing: whoever was served least. First among apps, then among the people of one app,
//! so that neither many people of one app nor many apps of one person take more than their part.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use crate::capability::storage::Owner;

/// Names that are remembered for what they were served before it is looked who need not be.
const REMEMBERED: usize = 256;

/// The order of those who wait. What a turn costs is whatever the thing is counted in: bytes, pixels, pieces of work.
#[derive(Default)]
pub(crate) struct Turns {
    apps: Ring,
    people: HashMap<Arc<str>, Ring>,
}

/// Start-time fair queueing: each has a virtual time, which grows by what they were served; the earliest is next. Who has not
/// waited begins now, so that nobody saves up turns.
#[derive(Default)]
struct Ring {
    now: u64,
    arrived: u64,
    known: HashMap<Arc<str>, Place>,
    waiting: BTreeSet<(u64, u64, Arc<str>)>,
}

#[derive(Clone, Copy, Default)]
struct Place {
    served: u64,
    /// Its key among those who wait.
    waits: Option<(u64, u64)>,
}

impl Turns {
    /// An owner waits, if they do not already.
    pub(crate) fn wait(&mut self, owner: &Owner) {
        self.apps.wait(&owner.app_id);
        let people = self.people.entry(owner.app_id.clone()).or_default();
        people.wait(&owner.person);
    }

    /// An owner has nothing more to wait for.
    pub(crate) fn leave(&mut self, owner: &Owner) {
        let Some(people) = self.people.get_mut(&owner.app_id) else {
            return;
        };
        people.leave(&owner.person);
        if people.waiting.is_empty() {
            self.apps.leave(&owner.app_id);
        }
        if self.apps.waiting.is_empty() {
            // Nobody waits: what was served before matters to nobody.
            *self = Self::default();
        }
    }

    /// Who is next among those that may be; they go on waiting until they [leave](Self::leave).
    pub(crate) fn next(&mut self, may: impl Fn(&Owner) -> bool) -> Option<Owner> {
        let apps = self.apps.waiting.iter();
        let found = apps.into_iter().find_map(|(at, _, app_id)| {
            let people = self.people.get(app_id)?;
            people.waiting.iter().find_map(|(person_at, _, person)| {
                let owner = Owner {
                    app_id: app_id.clone(),
                    person: person.clone(),
                };
                may(&owner).then_some((*at, *person_at, owner))
            })
        });
        let (at, person_at, owner) = found?;
        self.apps.now = self.apps.now.max(at);
        if let Some(people) = self.people.get_mut(&owner.app_id) {
            people.now = people.now.max(person_at);
        }
        Some(owner)
    }

    /// An owner was served so much.
    pub(crate) fn served(&mut self, owner: &Owner, cost: u64) {
        self.apps.served(&owner.app_id, cost);
        if let Some(people) = self.people.get_mut(&owner.app_id) {
            people.served(&owner.person, cost);
        }
        self.forget();
    }

    /// What an app is remembered for goes with the last of its people.
    fn forget(&mut self) {
        if self.people.len() > REMEMBERED.max(2 * self.apps.known.len()) {
            let known = &self.apps.known;
            self.people.retain(|app_id, _| known.contains_key(app_id));
        }
    }
}

impl Ring {
    fn wait(&mut self, name: &Arc<str>) {
        self.forget();
        let place = self.known.entry(name.clone()).or_default();
        if place.waits.is_some() {
            return;
        }
        place.served = place.served.max(self.now);
        self.arrived += 1;
        place.waits = Some((place.served, self.arrived));
        self.waiting
            .insert((place.served, self.arrived, name.clone()));
    }

    fn leave(&mut self, name: &Arc<str>) {
        let place = self.known.get_mut(name);
        if let Some((at, arrived)) = place.and_then(|place| place.waits.take()) {
            self.waiting.remove(&(at, arrived, name.clone()));
        }
    }

    fn served(&mut self, name: &Arc<str>, cost: u64) {
        let place = self.known.entry(name.clone()).or_default();
        place.served = place.served.max(self.now).saturating_add(cost);
        if let Some((at, arrived)) = place.waits {
            self.waiting.remove(&(at, arrived, name.clone()));
            place.waits = Some((place.served, arrived));
            self.waiting.insert((place.served, arrived, name.clone()));
        }
    }

    /// Who does not wait is remembered while they were served more than the others, and if they are among those served most.
    fn forget(&mut self) {
        if self.known.len() <= REMEMBERED.max(2 * self.waiting.len()) {
            return;
        }
        let away = self.known.values().filter(|place| place.waits.is_none());
        let mut served: Vec<u64> = away.map(|place| place.served).collect();
        let middle = served.len() / 2;
        let (_, most, _) = served.select_nth_unstable(middle);
        let forgotten = self.now.max(*most);
        self.known
            .retain(|_, place| place.waits.is_some() || place.served > forgotten);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner(app: &str, person: &str) -> Owner {
        Owner {
            app_id: app.into(),
            person: person.into(),
        }
    }

    /// Who comes in so many turns, each at its cost.
    fn order(turns: &mut Turns, count: usize, cost: impl Fn(&Owner) -> u64) -> Vec<Owner> {
        let next = |turns: &mut Turns| {
            let next = turns.next(|_| true).expect("somebody waits");
            turns.served(&next, cost(&next));
            next
        };
        (0..count).map(|_| next(turns)).collect()
    }

    #[test]
    fn a_flood_of_one_app_takes_half_beside_one_other() {
        let mut turns = Turns::default();
        for person in 0..100 {
            turns.wait(&owner("flood", &person.to_string()));
        }
        turns.wait(&owner("shop", "ani"));
        let came = order(&mut turns, 100, |_| 1);
        let of_shop = came.iter().filter(|one| &*one.app_id == "shop").count();
        assert_eq!(of_shop, 50);
    }

    #[test]
    fn who_costs_more_comes_less_often() {
        let mut turns = Turns::default();
        turns.wait(&owner("large", "a"));
        turns.wait(&owner("small", "b"));
        let cost = |one: &Owner| if &*one.app_id == "large" { 1_000 } else { 10 };
        let came = order(&mut turns, 202, cost);
        let large = came.iter().filter(|one| &*one.app_id == "large").count();
        assert_eq!(large, 2);
    }

    #[test]
    fn who_was_away_has_saved_up_nothing_and_who_is_new_is_next() {
        let mut turns = Turns::default();
        turns.wait(&owner("a", "x"));
        order(&mut turns, 1_000, |_| 1);
        turns.wait(&owner("b", "y"));
        let came = order(&mut turns, 10, |_| 1);
        let of_b = came.iter().filter(|one| &*one.app_id == "b").count();
        assert!((4..=6).contains(&of_b), "{of_b}");
        turns.leave(&owner("a", "x"));
        turns.leave(&owner("b", "y"));
        assert!(turns.next(|_| true).is_none());
    }

    #[test]
    fn who_may_not_is_passed_over_and_nobody_is_remembered_for_ever() {
        let mut turns = Turns::default();
        turns.wait(&owner("held", "x"));
        for app in 0..5_000 {
            let one = owner(&format!("app{app}"), "p");
            turns.wait(&one);
            let next = turns.next(|one| &*one.app_id != "held");
            assert_eq!(next.as_ref(), Some(&one));
            turns.served(&one, 1);
            turns.leave(&one);
        }
        assert!(turns.apps.known.len() <= 2 * REMEMBERED + 2);
        assert!(turns.people.len() <= 3 * REMEMBERED + 2);
    }
}
