//! The devices that a session has found, and what of them is within its reach.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Answer, Asked, Found, Kind, Uuid};
use crate::bindings::lapak::app::bluetooth::{Device, Error};
use crate::bindings::lapak::app::requests::RequestId;
use crate::requests::RoomRequests;

/// Devices that a session knows; those that it found first and is not connected to are forgotten.
const MOST_KNOWN: usize = 256;
/// Services of one device within reach.
const MOST_SERVICES: usize = 64;
/// Devices that are connected, or being connected.
pub(super) const MOST_CONNECTED: usize = 4;

/// What a session has asked for and found.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct BluetoothState {
    pub(crate) requests: RoomRequests<Asked, Answer>,
    known: Vec<Known>,
    /// By the ids of devices, the requests that connected them.
    connected: BTreeMap<String, RequestId>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Known {
    id: String,
    address: String,
    /// What was asked for when it was found.
    asked: BTreeSet<Uuid>,
}

/// How a device stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    Away,
    Connecting(RequestId),
    /// By this request.
    Connected(RequestId),
}

impl BluetoothState {
    /// A request has finished, a watch or a connection has ended: tells whether the app is to be told.
    pub(crate) fn finish(&mut self, request: RequestId, answer: Answer) -> bool {
        let asked = self.requests.asked_as(request).cloned();
        let answer = match (answer, asked) {
            (Answer::Found(found), Some(Asked::Discover(services, _))) => {
                Answer::Devices(found.map(|found| self.learn(found, &services)))
            }
            (Answer::Done(Ok(())), Some(Asked::Connect(device))) => {
                self.connected.insert(device, request);
                Answer::Done(Ok(()))
            }
            (Answer::Done(Err(why)), _) => {
                self.connected.retain(|_, by| *by != request);
                Answer::Done(Err(why))
            }
            (answer, _) => answer,
        };
        self.requests.finish(request, answer)
    }

    /// The address of a device that was found, by its id.
    pub(super) fn address(&self, device: &str) -> Result<&str, Error> {
        self.find(device).map(|known| &*known.address)
    }

    /// What of a device is within reach.
    pub(super) fn services(&self, device: &str) -> Result<&BTreeSet<Uuid>, Error> {
        self.find(device).map(|known| &known.asked)
    }

    pub(super) fn standing(&self, device: &str) -> Standing {
        if let Some(by) = self.connected.get(device) {
            return Standing::Connected(*by);
        }
        let asked = Asked::Connect(device.to_owned());
        match self.requests.asked_with(&asked) {
            Some(by) => Standing::Connecting(by),
            None => Standing::Away,
        }
    }

    /// How many are connected, or being connected.
    pub(super) fn connections(&self) -> usize {
        let asked = self.requests.asked();
        let connecting = asked.filter(|asked| matches!(asked, Asked::Connect(_)));
        self.connected.len() + connecting.count()
    }

    pub(super) fn disconnected(&mut self, device: &str) {
        self.connected.remove(device);
    }

    /// No connection outlives the host's process.
    pub(super) fn forget_connections(&mut self) {
        self.connected.clear();
    }

    /// Gives each device the id by which the session knows it already, or its fresh one.
    fn learn(&mut self, found: Vec<Found>, services: &[Uuid]) -> Vec<Device> {
        let devices = found.into_iter().map(|found| {
            let known = self
                .known
                .iter()
                .position(|one| one.address == found.address);
            let known = known.map(|at| self.known.remove(at));
            let mut known = known.unwrap_or(Known {
                id: found.fresh_id,
                address: found.address,
                asked: BTreeSet::new(),
            });
            known.asked.extend(services);
            while known.asked.len() > MOST_SERVICES {
                known.asked.pop_first();
            }
            let device = Device {
                id: known.id.clone(),
                name: found.name,
                services: found.services.iter().map(ToString::to_string).collect(),
                rssi: found.rssi,
            };
            self.known.push(known);
            device
        });
        let devices = devices.collect();
        while self.known.len() > MOST_KNOWN {
            let idle = |one: &Known| self.standing(&one.id) == Standing::Away;
            let Some(oldest) = self.known.iter().position(idle) else {
                break;
            };
            self.known.remove(oldest);
        }
        devices
    }

    fn find(&self, device: &str) -> Result<&Known, Error> {
        let mut all = self.known.iter();
        all.find(|known| known.id == device).ok_or(Error::Invalid)
    }
}

impl Asked {
    /// How the outcome is taken; `None` for devices.
    pub(super) fn kind(&self) -> Option<Kind> {
        match self {
            Self::Discover(..) => None,
            Self::Connect(_) => Some(Kind::Done),
            Self::OverLink(kind) => Some(*kind),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: Uuid = Uuid::new(1);
    const OTHER: Uuid = Uuid::new(2);

    fn found(address: &str, fresh_id: &str) -> Found {
        Found {
            fresh_id: fresh_id.into(),
            address: address.into(),
            name: String::new(),
            services: vec![ONE],
            rssi: -50,
        }
    }

    fn discover(state: &mut BluetoothState, request: RequestId, service: Uuid, found: Found) {
        state
            .requests
            .ask(request, Asked::Discover(vec![service], 0));
        assert!(state.finish(request, Answer::Found(Ok(vec![found]))));
    }

    #[test]
    fn a_device_keeps_its_id_and_what_is_asked_for_is_within_reach() {
        let mut state = BluetoothState::default();
        discover(&mut state, 1, ONE, found("aa", "x"));
        assert_eq!(state.services("x"), Ok(&BTreeSet::from([ONE])));
        discover(&mut state, 2, OTHER, found("aa", "y"));
        assert_eq!(state.services("x"), Ok(&BTreeSet::from([ONE, OTHER])));
        assert_eq!(state.services("y"), Err(Error::Invalid));
        assert_eq!(state.address("x"), Ok("aa"));
    }

    #[test]
    fn the_oldest_that_are_not_connected_are_forgotten() {
        let mut state = BluetoothState::default();
        discover(&mut state, 1, ONE, found("first", "first"));
        state.requests.ask(2, Asked::Connect("first".into()));
        assert!(state.finish(2, Answer::Done(Ok(()))));
        for number in 0..300 {
            let name = number.to_string();
            discover(&mut state, 3 + number, ONE, found(&name, &name));
        }
        assert_eq!(state.known.len(), MOST_KNOWN);
        assert!(state.address("first").is_ok() && state.address("299").is_ok());
        assert!(state.address("0").is_err());
    }

    #[test]
    fn the_end_of_a_connection_is_no_event() {
        let mut state = BluetoothState::default();
        state.requests.ask(1, Asked::Connect("x".into()));
        assert_eq!(state.standing("x"), Standing::Connecting(1));
        assert!(state.finish(1, Answer::Done(Ok(()))));
        assert_eq!(state.standing("x"), Standing::Connected(1));
        assert!(!state.finish(1, Answer::Done(Err(Error::Disconnected))));
        assert_eq!(state.standing("x"), Standing::Away);
        assert_eq!(state.connections(), 0);
    }
}
