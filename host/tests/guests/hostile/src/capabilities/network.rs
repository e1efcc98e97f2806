//! Calls to `network`.

use super::{Room, outcome};
use crate::lapak::app::network::{now, stop, take, watch};

pub(super) const ROOM: Room = Room {
    prefix: "call-network-",
    every,
    call,
    finished: |_, request| format!("{:?}", take(request)),
};

fn every() -> Vec<(&'static str, String)> {
    vec![
        ("network.now", outcome(now())),
        (
            "network.watch",
            outcome(watch().inspect(|id| _ = stop(*id))),
        ),
        ("network.take", outcome(take(4_000_000_000))),
        ("network.stop", outcome(stop(4_000_000_000))),
    ]
}

fn call(action: &str, _with: &str) -> String {
    match action {
        "call-network-now" => format!("{:?}", now()),
        "call-network-watch" => format!("{:?}", watch()),
        "call-network-flood" => {
            let read = (0..10_000).filter(|_| now().is_ok()).count();
            let refused = (0..100).filter(|_| watch().is_err()).count();
            format!("read={read} refused={refused}")
        }
        "call-network-foreign" => {
            let taken = (0..10_000).filter(|id| take(*id).is_ok() || stop(*id).is_ok());
            format!("taken={}", taken.count())
        }
        "call-network-after-stop" => match watch().and_then(|id| stop(id).map(|()| id)) {
            Ok(id) => format!("{:?} {:?}", take(id), stop(id)),
            Err(error) => format!("{error:?}"),
        },
        _ => "no such call".into(),
    }
}
