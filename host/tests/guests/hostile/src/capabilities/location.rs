//! Calls to `location`. What they are about: `accuracy,metres`, or a request's id.

use super::{Room, outcome};
use crate::lapak::app::location::{Accuracy, once, stop, take, watch};

pub(super) const ROOM: Room = Room {
    prefix: "call-location-",
    every,
    call,
    finished: |_, request| format!("{:?}", take(request)),
};

fn every() -> Vec<(&'static str, String)> {
    vec![
        ("location.once", outcome(once(Accuracy::Precise))),
        ("location.watch", outcome(watch(Accuracy::Precise, 0.0))),
        ("location.take", outcome(take(4_000_000_000))),
        ("location.stop", outcome(stop(4_000_000_000))),
    ]
}

fn call(action: &str, with: &str) -> String {
    let (accuracy, metres) = with.split_once(',').unwrap_or((with, "0"));
    let accuracy = match accuracy {
        "coarse" => Accuracy::Coarse,
        _ => Accuracy::Precise,
    };
    match action {
        "call-location-once" => outcome(once(accuracy)),
        "call-location-watch" => format!("{:?}", watch(accuracy, metres.parse().unwrap_or(0.0))),
        "call-location-stop" => outcome(stop(with.parse().unwrap_or(1))),
        "call-location-wild" => [-1.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY]
            .map(|metres| outcome(watch(accuracy, metres)))
            .join(" "),
        "call-location-flood" => {
            let watches = (0..100).filter(|_| watch(accuracy, 0.0).is_err());
            format!("refused={}", watches.count())
        }
        "call-location-foreign" => {
            let taken = (0..10_000).filter(|id| take(*id).is_ok() || stop(*id).is_ok());
            format!("taken={}", taken.count())
        }
        "call-location-after-stop" => {
            let stopped = watch(accuracy, 0.0).and_then(|id| stop(id).map(|()| id));
            match stopped {
                Ok(id) => format!("{:?} {:?}", take(id), stop(id)),
                Err(error) => format!("{error:?}"),
            }
        }
        _ => "no such call".into(),
    }
}
