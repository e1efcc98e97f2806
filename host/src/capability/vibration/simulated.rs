//! Devices that remember how they were shaken.
//!
//! Differs from real ones in that they do not shake, and so never end by themselves.

use super::VibrationProvider;
use crate::capability::storage::Owner;
use crate::simulated::{Part, PerPerson};

/// A device for each person.
#[derive(Default)]
pub struct SimulatedVibration {
    devices: PerPerson<Shaken>,
}

/// How a device was shaken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shaken {
    /// What was last asked, in milliseconds; 0 once it was ended.
    pub milliseconds: u32,
    /// How often it was asked.
    pub times: u64,
}

impl SimulatedVibration {
    /// How a person's device was shaken.
    #[must_use]
    pub fn of(&self, person: &str) -> Shaken {
        self.devices.with(person, |shaken| *shaken)
    }

    /// Ends what a person's device is doing.
    pub fn end(&self, person: &str) {
        self.devices.with(person, |shaken| shaken.milliseconds = 0);
    }
}

impl Part for SimulatedVibration {
    fn set(&self, person: &str, words: &[&str]) -> Result<(), String> {
        if words != ["off"] {
            return Err("vibration off; only apps turn it on".into());
        }
        self.end(person);
        Ok(())
    }

    fn shown(&self, person: &str) -> serde_json::Value {
        let Shaken {
            milliseconds,
            times,
        } = self.of(person);
        serde_json::json!({ "milliseconds": milliseconds, "times": times })
    }
}

impl VibrationProvider for SimulatedVibration {
    fn vibrate(&self, of: &Owner, milliseconds: u32) {
        self.devices.with(&of.person, |shaken| {
            *shaken = Shaken {
                milliseconds,
                times: shaken.times.saturating_add(1),
            };
        });
    }

    fn stop(&self, of: &Owner) {
        self.end(&of.person);
    }
}

impl std::fmt::Debug for SimulatedVibration {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SimulatedVibration").finish_non_exhaustive()
    }
}
