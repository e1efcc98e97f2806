//! `motion`: how a device moves and lies, by one sensor at a time. The person is asked before an app first reads one.

mod pace;
pub mod simulated;

use serde::{Deserialize, Serialize};

use crate::asking::Use;
use crate::bindings::lapak::app::motion::{Error, Host};
use crate::bindings::lapak::app::requests::RequestId;
use crate::capability::storage::Owner;
use crate::flights::{Stop, Wanted};
use crate::grants::{AccessDenied, Capability};
use crate::instance::InstanceState;
use crate::requests::{Again, RoomRequests};
use crate::room::{Asks, Lent, Terms, Words};

use pace::Pace;

pub use crate::bindings::lapak::app::motion::{Reading, Sensor};

/// The terms on which it is lent.
pub const TERMS: Terms = Terms {
    name: "motion",
    lent: Lent::ToWhoAsks("system.permission.MOTION"),
    allows: Words {
        en: "see how you move and hold your device",
        id: "melihat gerakan dan posisi perangkat Anda",
    },
    asks: Asks::FirstUse,
    bounds: "",
};

const CAPABILITY: Capability = Capability::Motion;
const WATCH: Use = Use {
    capability: CAPABILITY,
    function: "watch",
    done: "watched",
};

/// News come no faster, whoever asks: a finer rate gives away what is said near the device.
const LEAST_INTERVAL_MS: u32 = 16;

/// The device has no such sensor, or it failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the device has no such sensor, or it failed")]
pub struct NoSensor;

/// Takes one reading after the other, on any thread. After an error comes nothing more.
pub type Sensed = Box<dyn Fn(Result<Reading, NoSensor>) + Send + Sync>;

/// Reads the sensors of people's devices.
pub trait MotionProvider: Send + Sync {
    /// Reads a sensor about every `interval_ms`, until what this gives is dropped. Returns at once. Readings whose times are less
    /// than that apart get no further than here, nor do those that are no numbers.
    fn watch(&self, of: &Owner, sensor: Sensor, interval_ms: u32, sensed: Sensed) -> Stop;
}

/// The watches of a session.
pub(crate) type MotionState = RoomRequests<Asked, Answer>;

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Asked {
    sensor: Sensor,
    interval_ms: u32,
}

/// A watch's news.
pub(crate) type Answer = Result<Reading, Error>;

impl Host for InstanceState {
    fn watch(&mut self, sensor: Sensor, interval_ms: u32) -> Result<RequestId, Error> {
        self.may_ask(WATCH)?;
        let request = self.begin_request().ok_or(Error::TooManyRequests)?;
        let asked = Asked {
            sensor,
            interval_ms: interval_ms.max(LEAST_INTERVAL_MS),
        };
        self.rooms.motion.watch(request, asked);
        self.watch_motion(request, asked, false);
        Ok(request)
    }

    fn take(&mut self, watch: RequestId) -> Result<Reading, Error> {
        self.may_take(CAPABILITY)?;
        let news = self.take_news(watch, |rooms| &mut rooms.motion);
        news.ok_or(Error::UnknownRequest)?
    }

    fn stop(&mut self, watch: RequestId) -> Result<(), Error> {
        self.may_take(CAPABILITY)?;
        let ended = self.end_watch(watch, |rooms| &mut rooms.motion);
        ended.then_some(()).ok_or(Error::UnknownRequest)
    }
}

impl InstanceState {
    fn watch_motion(&self, request: RequestId, asked: Asked, told: bool) {
        let Asked {
            sensor,
            interval_ms,
        } = asked;
        let wanted = Wanted {
            request,
            by: WATCH,
            about: word(sensor).to_owned(),
            denied: super::Answer::Motion(Err(Error::AccessDenied)),
            told,
        };
        self.begin_watch(wanted, move |session, teller| {
            let pace = Pace::every(interval_ms);
            let sensed = move |reading| match reading {
                Err(NoSensor) => teller.last(super::Answer::Motion(Err(Error::Unavailable))),
                Ok(reading) => {
                    let sound = sound(sensor, reading);
                    if let Some(reading) = sound.filter(|reading| pace.allows(reading.at_ms)) {
                        teller.tell(super::Answer::Motion(Ok(reading)));
                    }
                }
            };
            let provider = &session.providers.motion;
            provider.watch(&session.owner, sensor, interval_ms, Box::new(sensed))
        });
    }

    pub(super) fn ask_motion_again(&mut self, answered: &[RequestId]) {
        for Again {
            request,
            asked,
            told,
        } in self.rooms.motion.again(answered)
        {
            self.watch_motion(request, asked, told);
        }
    }
}

/// A reading that apps can rely on; `None` if the provider's is none.
fn sound(sensor: Sensor, reading: Reading) -> Option<Reading> {
    let Reading { x, y, z, at_ms } = reading;
    if ![x, y, z].into_iter().all(f64::is_finite) {
        return None;
    }
    Some(match sensor {
        Sensor::Accelerometer | Sensor::Gyroscope => reading,
        Sensor::Compass => Reading {
            x: x.rem_euclid(360.0),
            y: 0.0,
            z: 0.0,
            at_ms,
        },
    })
}

fn word(sensor: Sensor) -> &'static str {
    match sensor {
        Sensor::Accelerometer => "accelerometer",
        Sensor::Gyroscope => "gyroscope",
        Sensor::Compass => "compass",
    }
}

impl From<AccessDenied> for Error {
    fn from(_: AccessDenied) -> Self {
        Self::AccessDenied
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readings_are_numbers_and_directions_go_around_once() {
        let reading = |x, y| Reading {
            x,
            y,
            z: 1.0,
            at_ms: 5,
        };
        for wild in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            for sensor in [Sensor::Accelerometer, Sensor::Compass] {
                assert_eq!(sound(sensor, reading(0.0, wild)), None);
            }
        }
        let gyroscope = reading(-400.0, 2.0);
        assert_eq!(sound(Sensor::Gyroscope, gyroscope), Some(gyroscope));
        let north_west = Reading {
            x: 315.0,
            y: 0.0,
            z: 0.0,
            at_ms: 5,
        };
        assert_eq!(
            sound(Sensor::Compass, reading(-405.0, 2.0)),
            Some(north_west)
        );
    }
}
