//! Calls to `vibration`. What they are about: how long.

use super::{Room, outcome};
use crate::lapak::app::vibration::{stop, vibrate};

pub(super) const ROOM: Room = Room {
    prefix: "call-vibration-",
    every,
    call,
    finished: |_, _| "it has no requests".into(),
};

fn every() -> Vec<(&'static str, String)> {
    vec![
        ("vibration.vibrate", outcome(vibrate(10))),
        ("vibration.stop", outcome(stop())),
    ]
}

fn call(action: &str, with: &str) -> String {
    match action {
        "call-vibration-vibrate" => outcome(vibrate(with.parse().unwrap_or(20))),
        "call-vibration-stop" => outcome(stop()),
        "call-vibration-wild" => [0, 5_001, u32::MAX]
            .map(|ms| outcome(vibrate(ms)))
            .join(" "),
        "call-vibration-flood" => {
            let done = (0..10_000).filter(|_| vibrate(5_000).is_ok() && stop().is_ok());
            format!("done={}", done.count())
        }
        _ => "no such call".into(),
    }
}
