//! Devices that move and lie as they are told to.
//!
//! Differs from real ones in that they are read only as they are set, and that to each watch every reading comes just an interval
//! after the last, by the time that it carries. Those that were never told are held upright and still, to the north.

use std::sync::atomic::{AtomicU64, Ordering};

use super::{MotionProvider, NoSensor, Reading, Sensed, Sensor};
use crate::capability::storage::Owner;
use crate::flights::Stop;
use crate::simulated::{Part, Watched};

/// When every watch begins.
const FIRST_MS: u64 = 1_767_585_600_000;

/// What a sensor reads, along x, y and z; nothing if it is not there.
type Axes = Option<[f64; 3]>;

/// Three sensors for each person.
#[derive(Debug)]
pub struct SimulatedMotion {
    accelerometers: Watched<Axes>,
    gyroscopes: Watched<Axes>,
    compasses: Watched<Axes>,
}

impl Default for SimulatedMotion {
    fn default() -> Self {
        Self {
            accelerometers: Watched::new(Some([0.0, 9.8, 0.0])),
            gyroscopes: Watched::new(Some([0.0; 3])),
            compasses: Watched::new(Some([0.0; 3])),
        }
    }
}

impl SimulatedMotion {
    /// Sets what a person's sensor reads; `None`: it is not there (any more), which ends its watches.
    pub fn set(&self, person: &str, sensor: Sensor, reads: Option<[f64; 3]>) {
        self.every(sensor).set(person, reads);
    }

    fn every(&self, sensor: Sensor) -> &Watched<Axes> {
        match sensor {
            Sensor::Accelerometer => &self.accelerometers,
            Sensor::Gyroscope => &self.gyroscopes,
            Sensor::Compass => &self.compasses,
        }
    }
}

const SENSORS: [Sensor; 3] = [Sensor::Accelerometer, Sensor::Gyroscope, Sensor::Compass];

impl Part for SimulatedMotion {
    fn set(&self, person: &str, words: &[&str]) -> Result<(), String> {
        const USAGE: &str = "motion accelerometer X Y Z, in m/s²; motion gyroscope X Y Z, in rad/s; motion compass DEGREES; or \
                             motion off";
        if words == ["off"] {
            for sensor in SENSORS {
                Self::set(self, person, sensor, None);
            }
            return Ok(());
        }
        let (name, numbers) = words.split_first().ok_or(USAGE)?;
        let number = |word: &&str| word.parse().ok().filter(|number: &f64| number.is_finite());
        let numbers: Option<Vec<f64>> = numbers.iter().map(number).collect();
        let (sensor, reads) = match (*name, numbers.as_deref()) {
            ("accelerometer", Some([x, y, z])) => (Sensor::Accelerometer, [*x, *y, *z]),
            ("gyroscope", Some([x, y, z])) => (Sensor::Gyroscope, [*x, *y, *z]),
            ("compass", Some([degrees])) => (Sensor::Compass, [*degrees, 0.0, 0.0]),
            _ => return Err(USAGE.into()),
        };
        Self::set(self, person, sensor, Some(reads));
        Ok(())
    }

    fn shown(&self, person: &str) -> serde_json::Value {
        serde_json::json!({
            "accelerometer": self.accelerometers.of(person),
            "gyroscope": self.gyroscopes.of(person),
            "compass": self.compasses.of(person).map(|[degrees, ..]| degrees),
        })
    }
}

impl MotionProvider for SimulatedMotion {
    fn watch(&self, of: &Owner, sensor: Sensor, interval_ms: u32, sensed: Sensed) -> Stop {
        let next = AtomicU64::new(FIRST_MS);
        self.every(sensor).watch(&of.person, move |reads: Axes| {
            let at_ms = next.fetch_add(interval_ms.into(), Ordering::Relaxed);
            let reading = |[x, y, z]: [f64; 3]| Reading { x, y, z, at_ms };
            sensed(reads.map(reading).ok_or(NoSensor));
        })
    }
}
