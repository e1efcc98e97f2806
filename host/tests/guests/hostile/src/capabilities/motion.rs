//! Calls to `motion`. What they are about: `sensor,interval`.

use super::{Room, outcome};
use crate::lapak::app::motion::{Sensor, stop, take, watch};

pub(super) const ROOM: Room = Room {
    prefix: "call-motion-",
    every,
    call,
    finished: |_, request| format!("{:?}", take(request)),
};

fn every() -> Vec<(&'static str, String)> {
    let watched = watch(Sensor::Compass, 1_000).inspect(|id| _ = stop(*id));
    vec![
        ("motion.watch", outcome(watched)),
        ("motion.take", outcome(take(4_000_000_000))),
        ("motion.stop", outcome(stop(4_000_000_000))),
    ]
}

fn call(action: &str, with: &str) -> String {
    let (sensor, interval) = with.split_once(',').unwrap_or((with, "0"));
    let sensor = match sensor {
        "gyroscope" => Sensor::Gyroscope,
        "compass" => Sensor::Compass,
        _ => Sensor::Accelerometer,
    };
    let interval = interval.parse().unwrap_or(0);
    match action {
        "call-motion-watch" => format!("{:?}", watch(sensor, interval)),
        "call-motion-flood" => {
            let refused = (0..100).filter(|_| watch(sensor, 0).is_err());
            format!("refused={}", refused.count())
        }
        "call-motion-foreign" => {
            let taken = (0..10_000).filter(|id| take(*id).is_ok() || stop(*id).is_ok());
            format!("taken={}", taken.count())
        }
        "call-motion-after-stop" => match watch(sensor, 0).and_then(|id| stop(id).map(|()| id)) {
            Ok(id) => format!("{:?} {:?}", take(id), stop(id)),
            Err(error) => format!("{error:?}"),
        },
        _ => "no such call".into(),
    }
}
