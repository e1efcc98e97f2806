//! A bicycle lock, the same as the host's simulated one.

use std::cell::Cell;
use std::rc::Rc;

use super::{Notification, Peripheral};
use crate::bindings::wit::lapak::app::bluetooth::Error;

/// The lock's service.
pub const LOCK_SERVICE: &str = "6c6f636b-0000-4000-8000-6c6170616b00";
/// Its state, to be read and watched: one byte, 0 locked, 1 unlocked.
pub const LOCK_STATE: &str = "6c6f636b-0001-4000-8000-6c6170616b00";
/// Takes commands: the byte 0 locks, the byte 1 followed by the lock's code (UTF-8) unlocks. It refuses another code.
pub const LOCK_COMMAND: &str = "6c6f636b-0002-4000-8000-6c6170616b00";

/// A lock of a rented bicycle, called by its id, whose code is its id too.
pub(crate) struct BicycleLock {
    id: String,
    unlocked: Rc<Cell<bool>>,
}

impl BicycleLock {
    /// A locked one; `unlocked` is its bolt, for whoever holds the bicycle.
    pub(crate) fn new(id: &str, unlocked: Rc<Cell<bool>>) -> Self {
        let id = id.to_owned();
        Self { id, unlocked }
    }
}

/// The lock tells of its state.
pub(crate) fn state(unlocked: bool) -> Notification {
    Notification {
        service: LOCK_SERVICE.into(),
        characteristic: LOCK_STATE.into(),
        value: vec![unlocked.into()],
    }
}

impl Peripheral for BicycleLock {
    fn name(&self) -> String {
        self.id.clone()
    }

    fn services(&self) -> Vec<String> {
        vec![LOCK_SERVICE.into()]
    }

    fn read(&mut self, service: &str, characteristic: &str) -> Result<Vec<u8>, Error> {
        match (service, characteristic) {
            (LOCK_SERVICE, LOCK_STATE) => Ok(state(self.unlocked.get()).value),
            _ => Err(Error::Unsupported),
        }
    }

    fn write(
        &mut self,
        service: &str,
        characteristic: &str,
        value: &[u8],
    ) -> Result<Vec<Notification>, Error> {
        if (service, characteristic) != (LOCK_SERVICE, LOCK_COMMAND) {
            return Err(Error::Unsupported);
        }
        let unlocked = match value {
            [0] => false,
            [1, code @ ..] if code == self.id.as_bytes() => true,
            _ => return Err(Error::Unsupported),
        };
        self.unlocked.set(unlocked);
        Ok(vec![state(unlocked)])
    }
}
