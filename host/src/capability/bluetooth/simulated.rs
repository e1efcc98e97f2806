//! Bluetooth devices that do what they are scripted to do.
//!
//! Differs from real ones in that they are found, connected and answer at once, that their signals stay as strong as they are,
//! and that one of them takes any number of connections.

mod air;
mod lock;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::{BluetoothProvider, Characteristic, Connected, Failure, Looked, Lost, Uuid};
use crate::capability::storage::Owner;
use crate::flights::Stop;
use crate::simulated::{Part, PerPerson};

use air::{Air, Connection};
use lock::BicycleLock;
pub use lock::{LOCK_COMMAND, LOCK_SERVICE, LOCK_STATE};

/// A device that somebody scripts.
pub trait SimulatedPeripheral: Send {
    /// What it calls itself; names it for whoever sets it.
    fn name(&self) -> String;

    /// The services that it advertises.
    fn services(&self) -> Vec<Uuid>;

    /// How strong its signal is, in dBm.
    fn rssi(&self) -> i16 {
        -50
    }

    /// An app reads a characteristic.
    ///
    /// # Errors
    /// [`Failure::Unsupported`] where there is nothing to be read.
    fn read(&mut self, of: Characteristic) -> Result<Vec<u8>, Failure>;

    /// An app writes a characteristic; gives what the device notifies of then.
    ///
    /// # Errors
    /// [`Failure::Unsupported`] where there is nothing to be written, or not this.
    fn write(&mut self, to: Characteristic, value: &[u8]) -> Result<Vec<Notification>, Failure>;

    /// How it stands, for a shell to show.
    fn shown(&self) -> serde_json::Value {
        serde_json::Value::Null
    }
}

/// What a device tells of by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notification {
    /// This characteristic
    pub of: Characteristic,
    /// has this value.
    pub value: Vec<u8>,
}

/// The devices near each person.
#[derive(Default)]
pub struct SimulatedBluetooth {
    people: PerPerson<Air>,
}

impl SimulatedBluetooth {
    /// Puts a device near a person, in place of one of the same name.
    pub fn add(&self, person: &str, device: Box<dyn SimulatedPeripheral>) {
        self.remove(person, &device.name());
        self.people.with(person, |air| air.add(device));
    }

    /// A device is out of reach: connections to it end. Tells whether there was one.
    pub fn remove(&self, person: &str, name: &str) -> bool {
        let removed = self.people.with(person, |air| air.remove(name));
        let was_there = removed.is_some();
        for connection in removed.unwrap_or_default() {
            connection.lose();
        }
        was_there
    }

    /// Switches a person's Bluetooth off or on.
    pub fn switch(&self, person: &str, on: bool) {
        for connection in self.people.with(person, |air| air.switch(on)) {
            connection.lose();
        }
    }

    /// A device tells of something, to whoever watches it. Tells whether there is such a device.
    pub fn notify(&self, person: &str, name: &str, told: &Notification) -> bool {
        let connected = self.people.with(person, |air| air.connected(name));
        let is_there = connected.is_some();
        for connection in connected.unwrap_or_default() {
            connection.notify(told);
        }
        is_there
    }

    fn add_lock(&self, person: &str, id: &str, code: &str) {
        let unlocked = Arc::new(AtomicBool::new(false));
        self.add(
            person,
            Box::new(BicycleLock::new(id, code, unlocked.clone())),
        );
        self.people
            .with(person, |air| air.locks.insert(id.to_owned(), unlocked));
    }

    /// Somebody locks a bicycle by hand, and its lock tells so.
    fn lock_by_hand(&self, person: &str, id: &str) -> bool {
        let bolt = self.people.with(person, |air| air.locks.get(id).cloned());
        let Some(bolt) = bolt else { return false };
        bolt.store(false, Ordering::Release);
        self.notify(person, id, &lock::state(false))
    }
}

impl Part for SimulatedBluetooth {
    fn set(&self, person: &str, words: &[&str]) -> Result<(), String> {
        const USAGE: &str = "bluetooth add lock ID [CODE] (its code is its id unless said otherwise); bluetooth remove lock ID; \
            bluetooth lock ID, by hand; bluetooth off; or bluetooth on";
        let known = |done: bool, id: &str| match done {
            true => Ok(()),
            false => Err(format!("there is no lock {id:?}")),
        };
        match words {
            ["off"] => self.switch(person, false),
            ["on"] => self.switch(person, true),
            ["add", "lock", id] => self.add_lock(person, id, id),
            ["add", "lock", id, code] => self.add_lock(person, id, code),
            ["remove", "lock", id] => known(self.remove(person, id), id)?,
            ["lock", id] => known(self.lock_by_hand(person, id), id)?,
            _ => return Err(USAGE.into()),
        }
        Ok(())
    }

    fn shown(&self, person: &str) -> serde_json::Value {
        self.people.with(person, |air| air.shown())
    }
}

impl BluetoothProvider for SimulatedBluetooth {
    fn discover(&self, of: &Owner, services: &[Uuid], _lasting: Duration, looked: Looked) -> Stop {
        looked(self.people.with(&of.person, |air| air.discover(services)));
        Box::new(())
    }

    fn connect(&self, of: &Owner, address: &str, connected: Connected, lost: Lost) -> Stop {
        let connection = self.people.with(&of.person, |air| {
            let device = air.reachable(address)?;
            let connection = Connection::new(device, lost);
            air.keep(address, &connection);
            Ok(connection)
        });
        connected(connection.map(|connection| Box::new(air::SimulatedLink(connection)) as _));
        Box::new(())
    }
}

impl std::fmt::Debug for SimulatedBluetooth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SimulatedBluetooth").finish_non_exhaustive()
    }
}
