//! The Bluetooth devices near the person.

use std::cell::Cell;
use std::rc::Rc;

use super::TestApp;
use crate::app::App;
use crate::simulated;
use crate::simulated::bluetooth::lock::{self, BicycleLock};
use crate::simulated::bluetooth::{Notification, Peripheral};

impl<A: App> TestApp<A> {
    /// Puts a device near the person.
    pub fn add_bluetooth(&mut self, device: impl Peripheral + 'static) {
        simulated::with(|host| host.bluetooth.add(Box::new(device)));
    }

    /// The device with this name is out of reach: connections to it end.
    pub fn remove_bluetooth(&mut self, name: &str) {
        self.told_of(|host| host.bluetooth.remove(name));
    }

    /// Switches Bluetooth off or on.
    pub fn switch_bluetooth(&mut self, on: bool) {
        self.told_of(|host| host.bluetooth.switch(on));
    }

    /// The device with this name notifies, if it is connected.
    pub fn notify_bluetooth(&mut self, name: &str, told: &Notification) {
        self.told_of(|host| host.bluetooth.notify(name, told));
    }

    /// Puts a locked bicycle lock near the person: see [`LOCK_SERVICE`](super::LOCK_SERVICE). Its id is its name and its code.
    pub fn add_lock(&mut self, id: &str) {
        let unlocked = Rc::new(Cell::new(false));
        simulated::with(|host| {
            let lock = BicycleLock::new(id, unlocked.clone());
            host.bluetooth.add(Box::new(lock));
            host.locks.insert(id.to_owned(), unlocked);
        });
    }

    /// Somebody locks the bicycle by hand, and the lock tells so.
    ///
    /// # Panics
    /// When there is no such lock.
    pub fn lock_by_hand(&mut self, id: &str) {
        bolt(id).set(false);
        self.notify_bluetooth(id, &lock::state(false));
    }

    /// Whether a lock is locked.
    ///
    /// # Panics
    /// When there is no such lock.
    #[must_use]
    pub fn is_locked(&self, id: &str) -> bool {
        !bolt(id).get()
    }
}

fn bolt(id: &str) -> Rc<Cell<bool>> {
    match simulated::with(|host| host.locks.get(id).cloned()) {
        Some(bolt) => bolt,
        None => panic!("there is no lock {id:?}; `add_lock` puts one there"),
    }
}
