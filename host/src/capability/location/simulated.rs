//! Devices that are where they are told to be.
//!
//! Differs from real ones in that they find themselves at once, and stay until they are moved. Those that were never told are
//! at the National Monument in Jakarta.

use std::sync::{Mutex, PoisonError};

use super::{Fix, Found, FoundAgain, LocationProvider, NoFix};
use crate::capability::storage::Owner;
use crate::flights::Stop;
use crate::simulated::{Part, Watched};

/// Where everybody begins.
pub const MONAS: Fix = Fix {
    latitude: -6.175_392,
    longitude: 106.827_153,
    accuracy_metres: 5.0,
    altitude_metres: None,
    heading_degrees: None,
    speed: None,
    at_ms: 1_767_585_600_000,
};

/// A device for each person.
#[derive(Debug)]
pub struct SimulatedLocation {
    devices: Watched<Option<Fix>>,
}

impl Default for SimulatedLocation {
    fn default() -> Self {
        Self {
            devices: Watched::new(Some(MONAS)),
        }
    }
}

impl SimulatedLocation {
    /// Moves a person's device; `None`: it cannot tell any more where it is, which ends its watches.
    pub fn set(&self, person: &str, at: Option<Fix>) {
        self.devices.set(person, at);
    }

    /// Where a person's device is.
    #[must_use]
    pub fn of(&self, person: &str) -> Option<Fix> {
        self.devices.of(person)
    }
}

impl Part for SimulatedLocation {
    fn set(&self, person: &str, words: &[&str]) -> Result<(), String> {
        const USAGE: &str =
            "location LATITUDE LONGITUDE [ACCURACY-METRES], in degrees; or location off";
        let numbers: Option<Vec<f64>> = words.iter().map(|word| word.parse().ok()).collect();
        let at = match (words, numbers.as_deref()) {
            (["off"], _) => None,
            (_, Some([latitude, longitude])) => Some((*latitude, *longitude, 5.0)),
            (_, Some([latitude, longitude, metres])) => Some((*latitude, *longitude, *metres)),
            _ => return Err(USAGE.into()),
        };
        let fix = at.map(|(latitude, longitude, accuracy_metres)| Fix {
            latitude,
            longitude,
            accuracy_metres,
            ..MONAS
        });
        if fix.is_some_and(|fix| super::sound(fix).is_none()) {
            return Err(USAGE.into());
        }
        Self::set(self, person, fix);
        Ok(())
    }

    fn shown(&self, person: &str) -> serde_json::Value {
        self.of(person).map_or(serde_json::Value::Null, |fix| {
            serde_json::json!({
                "latitude": fix.latitude,
                "longitude": fix.longitude,
                "accuracy": fix.accuracy_metres,
            })
        })
    }
}

impl LocationProvider for SimulatedLocation {
    fn once(&self, of: &Owner, _precise: bool, found: Found) {
        found(self.of(&of.person).ok_or(NoFix));
    }

    fn watch(&self, of: &Owner, _precise: bool, metres: f64, found: FoundAgain) -> Stop {
        let told = Mutex::new(None);
        let moved = move |to: Fix| {
            let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
            let moved = told.is_none_or(|from| distance(&from, &to) >= metres);
            if moved {
                *told = Some(to);
            }
            moved
        };
        self.devices.watch(&of.person, move |at| match at {
            None => found(Err(NoFix)),
            Some(at) if moved(at) => found(Ok(at)),
            Some(_) => {}
        })
    }
}

/// About how far apart two places are, in metres.
fn distance(one: &Fix, other: &Fix) -> f64 {
    const METRES_PER_DEGREE: f64 = 111_320.0;
    let north = (one.latitude - other.latitude) * METRES_PER_DEGREE;
    let shrink = one.latitude.to_radians().cos();
    let east = (one.longitude - other.longitude) * METRES_PER_DEGREE * shrink;
    north.hypot(east)
}
