//! Devices that are where they are told to be.
//!
//! Differs from real ones in that they find themselves at once, and stay until they are moved. Those that were never told are
//! at the National Monument in Jakarta.

use std::sync::{Arc, Weak};

use super::{Fix, Found, FoundAgain, LocationProvider, NoFix};
use crate::capability::storage::Owner;
use crate::flights::Stop;
use crate::simulated::{Part, PerPerson};

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
#[derive(Default)]
pub struct SimulatedLocation {
    devices: PerPerson<Device>,
}

struct Device {
    at: Option<Fix>,
    watches: Vec<Weak<Watch>>,
}

struct Watch {
    metres: f64,
    told: std::sync::Mutex<Option<Fix>>,
    found: FoundAgain,
}

impl Default for Device {
    fn default() -> Self {
        Self {
            at: Some(MONAS),
            watches: Vec::new(),
        }
    }
}

impl SimulatedLocation {
    /// Moves a person's device; `None`: it cannot tell any more where it is, which ends its watches.
    pub fn set(&self, person: &str, at: Option<Fix>) {
        let watches: Vec<_> = self.devices.with(person, |device| {
            device.at = at;
            device.watches.retain(|watch| watch.strong_count() > 0);
            device.watches.iter().filter_map(Weak::upgrade).collect()
        });
        for watch in watches {
            watch.tell(at);
        }
    }

    /// Where a person's device is.
    #[must_use]
    pub fn of(&self, person: &str) -> Option<Fix> {
        self.devices.with(person, |device| device.at)
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
        let watch = Arc::new(Watch {
            metres,
            told: std::sync::Mutex::new(None),
            found,
        });
        let at = self.devices.with(&of.person, |device| {
            device.watches.push(Arc::downgrade(&watch));
            device.at
        });
        watch.tell(at);
        Box::new(watch)
    }
}

impl Watch {
    fn tell(&self, at: Option<Fix>) {
        let Some(at) = at else {
            return (self.found)(Err(NoFix));
        };
        {
            let mut told = self
                .told
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner);
            let moved = told.is_none_or(|told| metres(&told, &at) >= self.metres);
            if !moved {
                return;
            }
            *told = Some(at);
        }
        (self.found)(Ok(at));
    }
}

/// About how far apart two places are.
fn metres(one: &Fix, other: &Fix) -> f64 {
    const METRES_PER_DEGREE: f64 = 111_320.0;
    let north = (one.latitude - other.latitude) * METRES_PER_DEGREE;
    let shrink = one.latitude.to_radians().cos();
    let east = (one.longitude - other.longitude) * METRES_PER_DEGREE * shrink;
    north.hypot(east)
}

impl std::fmt::Debug for SimulatedLocation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SimulatedLocation").finish_non_exhaustive()
    }
}
