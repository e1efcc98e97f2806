//! Looking for devices.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Advertised, Answer, Asked, CAPABILITY, DISCOVER, Failure, Uuid};
use crate::bindings::lapak::app::bluetooth::Error;
use crate::bindings::lapak::app::requests::RequestId;
use crate::flights::{Backlog, Kept};
use crate::instance::InstanceState;

/// The longest that is looked, in milliseconds.
const MOST_MS: u32 = 30_000;
/// Services that are looked for.
const MOST_SERVICES: usize = 8;
/// Devices of one answer.
const MOST_DEVICES: usize = 64;
/// The longest name, in bytes: what Bluetooth allows.
const MOST_NAME: usize = 248;
/// The longest address, in bytes.
const MOST_ADDRESS: usize = 256;

/// A device as it was found, with an id for a session that does not know it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Found {
    /// Random, so that it says nothing; on the recording, so that a replay gives the same.
    pub(super) fresh_id: String,
    pub(super) address: String,
    pub(super) name: String,
    pub(super) services: Vec<Uuid>,
    pub(super) rssi: i16,
}

impl InstanceState {
    pub(super) fn begin_discovery(
        &mut self,
        services: &[String],
        milliseconds: u32,
    ) -> Result<RequestId, Error> {
        if services.is_empty() || services.len() > MOST_SERVICES {
            return Err(Error::Invalid);
        }
        let services: Result<Vec<Uuid>, _> = services.iter().map(|one| one.parse()).collect();
        let services = services.map_err(|_| Error::Invalid)?;
        self.within_bounds(&services)?;
        let request = self.begin_request().ok_or(Error::TooManyRequests)?;
        let milliseconds = milliseconds.min(MOST_MS);
        let asked = Asked::Discover(services.clone(), milliseconds);
        self.rooms.bluetooth.requests.ask(request, asked);
        self.look(request, services, milliseconds);
        Ok(request)
    }

    pub(super) fn look(&self, request: RequestId, services: Vec<Uuid>, milliseconds: u32) {
        let answer = |found| super::super::Answer::Bluetooth(Answer::Found(found));
        let denied = answer(Err(Error::AccessDenied));
        self.keep_place(Kept {
            request,
            capability: CAPABILITY,
            denied: denied.clone(),
            backlog: Backlog::Latest,
            told: false,
        });
        let session = self.session.clone();
        let about: Vec<_> = services.iter().map(ToString::to_string).collect();
        self.consented(DISCOVER, about.join(", "), move |agreed| {
            if agreed.is_err() {
                return session.decline(request, denied);
            }
            let wanted = services.clone();
            session.take_off(request, |teller| {
                let looked = Box::new(move |found: Result<Vec<Advertised>, Failure>| {
                    let found = found.map_err(Error::from);
                    teller.last(answer(found.and_then(|found| sound(found, &wanted))));
                });
                let lasting = Duration::from_millis(milliseconds.into());
                let provider = &session.providers.bluetooth;
                provider.discover(&session.owner, &services, lasting, looked)
            });
        });
    }
}

/// What an app may be told of what a provider has found, strongest first.
fn sound(found: Vec<Advertised>, wanted: &[Uuid]) -> Result<Vec<Found>, Error> {
    let mut strongest = BTreeMap::<String, Advertised>::new();
    for one in found {
        let known = strongest.get(&one.address);
        if one.address.len() <= MOST_ADDRESS && known.is_none_or(|known| known.rssi < one.rssi) {
            strongest.insert(one.address.clone(), one);
        }
    }
    let mut found: Vec<_> = strongest.into_values().collect();
    for one in &mut found {
        one.services.sort_unstable();
        one.services.dedup();
        one.services.retain(|service| wanted.contains(service));
    }
    found.retain(|one| !one.services.is_empty());
    found.sort_by_key(|one| std::cmp::Reverse(one.rssi));
    found.truncate(MOST_DEVICES);
    let found = found.into_iter().map(|mut one| {
        one.name.truncate(one.name.floor_char_boundary(MOST_NAME));
        Ok(Found {
            fresh_id: fresh_id()?,
            address: one.address,
            name: one.name,
            services: one.services,
            rssi: one.rssi,
        })
    });
    found.collect()
}

fn fresh_id() -> Result<String, Error> {
    const BYTES: usize = 16;
    let mut bytes = [0; BYTES];
    getrandom::fill(&mut bytes).map_err(|_| Error::Unavailable)?;
    Ok(format!("{:032x}", u128::from_le_bytes(bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const WANTED: Uuid = Uuid::new(1);
    const OTHER: Uuid = Uuid::new(2);

    fn advertised(address: &str, rssi: i16, services: &[Uuid]) -> Advertised {
        Advertised {
            address: address.into(),
            name: "é".repeat(300),
            services: services.to_vec(),
            rssi,
        }
    }

    #[test]
    fn what_was_not_asked_for_is_not_told() {
        let found = vec![
            advertised("far", -90, &[WANTED]),
            advertised("near", -40, &[OTHER, WANTED, WANTED]),
            advertised("far", -80, &[WANTED]),
            advertised("other", -10, &[OTHER]),
            advertised(&"a".repeat(1_000), -10, &[WANTED]),
        ];
        let found = sound(found, &[WANTED]).expect("found");
        let told: Vec<_> = found.iter().map(|one| (&*one.address, one.rssi)).collect();
        assert_eq!(told, [("near", -40), ("far", -80)]);
        assert!(found.iter().all(|one| one.services == [WANTED]));
        assert!(found.iter().all(|one| one.name.len() == MOST_NAME));
        assert_ne!(found[0].fresh_id, found[1].fresh_id);
    }

    #[test]
    fn a_crowd_is_cut() {
        let crowd = (0..1_000).map(|one: i16| advertised(&one.to_string(), one, &[WANTED]));
        let found = sound(crowd.collect(), &[WANTED]).expect("found");
        assert_eq!((found.len(), found[0].rssi), (MOST_DEVICES, 999));
    }
}
