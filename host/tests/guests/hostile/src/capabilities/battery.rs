//! Calls to `battery`.

use super::{Room, outcome};
use crate::lapak::app::battery::{now, stop, take, watch};

pub(super) const ROOM: Room = Room {
    prefix: "call-battery-",
    every,
    call,
    finished: |_, request| format!("{:?}", take(request)),
};

fn every() -> Vec<(&'static str, String)> {
    vec![
        ("battery.now", outcome(now())),
        (
            "battery.watch",
            outcome(watch().inspect(|id| _ = stop(*id))),
        ),
        ("battery.take", outcome(take(4_000_000_000))),
        ("battery.stop", outcome(stop(4_000_000_000))),
    ]
}

fn call(action: &str, _with: &str) -> String {
    match action {
        "call-battery-now" => format!("{:?}", now()),
        "call-battery-watch" => format!("{:?}", watch()),
        "call-battery-flood" => {
            let read = (0..10_000).filter(|_| now().is_ok()).count();
            let refused = (0..100).filter(|_| watch().is_err()).count();
            format!("read={read} refused={refused}")
        }
        "call-battery-foreign" => {
            let taken = (0..10_000).filter(|id| take(*id).is_ok() || stop(*id).is_ok());
            format!("taken={}", taken.count())
        }
        "call-battery-after-stop" => match watch().and_then(|id| stop(id).map(|()| id)) {
            Ok(id) => format!("{:?} {:?}", take(id), stop(id)),
            Err(error) => format!("{error:?}"),
        },
        _ => "no such call".into(),
    }
}
