//! Batteries that are as full as they are told to be.
//!
//! Differs from real ones in that nothing drains or fills them. Those that were never told are at 80 percent, and not charging.

use super::{BatteryProvider, Changed, NoBattery, Status};
use crate::capability::storage::Owner;
use crate::flights::Stop;
use crate::simulated::{Part, Watched};

const FIRST: Status = Status {
    percent: 80,
    charging: false,
};

/// A battery for each person.
#[derive(Debug)]
pub struct SimulatedBattery {
    batteries: Watched<Result<Status, NoBattery>>,
}

impl Default for SimulatedBattery {
    fn default() -> Self {
        Self {
            batteries: Watched::new(Ok(FIRST)),
        }
    }
}

impl SimulatedBattery {
    /// Sets a person's; an error ends its watches.
    pub fn set(&self, person: &str, now: Result<Status, NoBattery>) {
        self.batteries.set(person, now);
    }
}

impl Part for SimulatedBattery {
    fn set(&self, person: &str, words: &[&str]) -> Result<(), String> {
        const USAGE: &str = "battery PERCENT [charging], 0 to 100; or battery none";
        let (percent, charging) = match words {
            ["none"] => {
                Self::set(self, person, Err(NoBattery));
                return Ok(());
            }
            [percent] => (percent, false),
            [percent, "charging"] => (percent, true),
            _ => return Err(USAGE.into()),
        };
        let percent = percent.parse::<u8>().ok();
        let percent = percent.filter(|percent| *percent <= 100);
        let percent = percent.ok_or(USAGE)?;
        Self::set(self, person, Ok(Status { percent, charging }));
        Ok(())
    }

    fn shown(&self, person: &str) -> serde_json::Value {
        let shown = |Status { percent, charging }| serde_json::json!({ "percent": percent, "charging": charging });
        self.batteries
            .of(person)
            .map_or(serde_json::Value::Null, shown)
    }
}

impl BatteryProvider for SimulatedBattery {
    fn now(&self, of: &Owner) -> Result<Status, NoBattery> {
        self.batteries.of(&of.person)
    }

    fn watch(&self, of: &Owner, changed: Changed) -> Stop {
        self.batteries.watch(&of.person, changed)
    }
}
