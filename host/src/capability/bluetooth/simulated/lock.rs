//! A bicycle lock.
//!
//! It advertises [`LOCK_SERVICE`] under its id, as the bicycle's QR code has it. Of its two characteristics [`LOCK_STATE`] is
//! read and watched: one byte, 0 locked, 1 unlocked. [`LOCK_COMMAND`] is written: the byte 0 locks; the byte 1 followed by the
//! lock's code (UTF-8) unlocks, and any other code is refused. It takes no bytes besides.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::super::{Characteristic, Failure, Uuid};
use super::{Notification, SimulatedPeripheral};

/// The service of a bicycle lock: `6c6f636b-0000-4000-8000-6c6170616b00`.
pub const LOCK_SERVICE: Uuid = Uuid::new(0x6c6f_636b_0000_4000_8000_6c61_7061_6b00);

/// Its state: `6c6f636b-0001-4000-8000-6c6170616b00`. One byte, to be read and watched: 0 locked, 1 unlocked.
pub const LOCK_STATE: Characteristic = Characteristic {
    service: LOCK_SERVICE,
    id: Uuid::new(0x6c6f_636b_0001_4000_8000_6c61_7061_6b00),
};

/// Takes commands: `6c6f636b-0002-4000-8000-6c6170616b00`. The byte 0 locks; the byte 1 and the code unlock.
pub const LOCK_COMMAND: Characteristic = Characteristic {
    service: LOCK_SERVICE,
    id: Uuid::new(0x6c6f_636b_0002_4000_8000_6c61_7061_6b00),
};

pub(super) struct BicycleLock {
    id: String,
    code: String,
    unlocked: Arc<AtomicBool>,
}

impl BicycleLock {
    /// `unlocked` is its bolt, for whoever holds the bicycle.
    pub(super) fn new(id: &str, code: &str, unlocked: Arc<AtomicBool>) -> Self {
        Self {
            id: id.to_owned(),
            code: code.to_owned(),
            unlocked,
        }
    }
}

/// The lock tells of its state.
pub(super) fn state(unlocked: bool) -> Notification {
    Notification {
        of: LOCK_STATE,
        value: vec![unlocked.into()],
    }
}

impl SimulatedPeripheral for BicycleLock {
    fn name(&self) -> String {
        self.id.clone()
    }

    fn services(&self) -> Vec<Uuid> {
        vec![LOCK_SERVICE]
    }

    fn read(&mut self, of: Characteristic) -> Result<Vec<u8>, Failure> {
        match of == LOCK_STATE {
            true => Ok(state(self.unlocked.load(Ordering::Acquire)).value),
            false => Err(Failure::Unsupported),
        }
    }

    fn write(&mut self, to: Characteristic, value: &[u8]) -> Result<Vec<Notification>, Failure> {
        let unlocked = match value {
            _ if to != LOCK_COMMAND => return Err(Failure::Unsupported),
            [0] => false,
            [1, code @ ..] if code == self.code.as_bytes() => true,
            _ => return Err(Failure::Unsupported),
        };
        self.unlocked.store(unlocked, Ordering::Release);
        Ok(vec![state(unlocked)])
    }

    fn shown(&self) -> serde_json::Value {
        serde_json::json!({ "unlocked": self.unlocked.load(Ordering::Acquire) })
    }
}
