//! What a test says that the sensors read: a device that is held upright and still, to the north, at first.

use super::observed::Observed;
use super::{Capability, Host, clock, with};
use crate::bindings::wit::lapak::app::motion::{Error, Reading, Sensor};

pub(crate) struct Motion {
    accelerometer: Observed<Reading, Error>,
    gyroscope: Observed<Reading, Error>,
    compass: Observed<Reading, Error>,
}

impl Default for Motion {
    fn default() -> Self {
        let first = |x, y, z| Observed::new(Ok(reading(x, y, z)));
        Self {
            accelerometer: first(0.0, 9.8, 0.0),
            gyroscope: first(0.0, 0.0, 0.0),
            compass: first(0.0, 0.0, 0.0),
        }
    }
}

impl Motion {
    pub(crate) fn sensor(&mut self, sensor: Sensor) -> &mut Observed<Reading, Error> {
        match sensor {
            Sensor::Accelerometer => &mut self.accelerometer,
            Sensor::Gyroscope => &mut self.gyroscope,
            Sensor::Compass => &mut self.compass,
        }
    }

    fn every(&mut self) -> [&mut Observed<Reading, Error>; 3] {
        [
            &mut self.accelerometer,
            &mut self.gyroscope,
            &mut self.compass,
        ]
    }
}

/// A reading of the moment at which a test's time stands.
pub(crate) fn reading(x: f64, y: f64, z: f64) -> Reading {
    Reading {
        x,
        y,
        z,
        at_ms: clock::UNIX_MS,
    }
}

fn lent<T>(work: impl FnOnce(&mut Host) -> Result<T, Error>) -> Result<T, Error> {
    with(|host| match host.denies(Capability::Motion) {
        true => Err(Error::AccessDenied),
        false => work(host),
    })
}

pub(crate) fn watch(sensor: Sensor, _interval_ms: u32) -> Result<u32, Error> {
    lent(|host| {
        let watch = host.finished_request();
        host.motion.sensor(sensor).open(watch);
        Ok(watch)
    })
}

pub(crate) fn take(watch: u32) -> Result<Reading, Error> {
    lent(|host| {
        let mut sensors = host.motion.every().into_iter();
        let news = sensors.find_map(|sensor| sensor.take(watch));
        news.unwrap_or(Err(Error::UnknownRequest))
    })
}

pub(crate) fn stop(watch: u32) -> Result<(), Error> {
    lent(|host| {
        let mut sensors = host.motion.every().into_iter();
        match sensors.any(|sensor| sensor.stop(watch)) {
            true => Ok(()),
            false => Err(Error::UnknownRequest),
        }
    })
}
