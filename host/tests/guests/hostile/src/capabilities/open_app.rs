//! Calls to `open-app`. What they are about: a URI.

use super::{Room, outcome};
use crate::lapak::app::open_app::{open, take};

pub(super) const ROOM: Room = Room {
    prefix: "call-open-app-",
    every,
    call,
    finished: |_, request| format!("{:?}", take(request)),
};

const BANK: &str = "platform://miniapp/com.example.bank";

fn every() -> Vec<(&'static str, String)> {
    vec![
        ("open-app.open", outcome(open(BANK))),
        ("open-app.take", outcome(take(4_000_000_000))),
    ]
}

fn call(action: &str, with: &str) -> String {
    match action {
        "call-open-app-open" => outcome(open(if with.is_empty() { BANK } else { with })),
        "call-open-app-wild" => [
            outcome(open("")),
            outcome(open("com.example.bank")),
            outcome(open("https://example.com/")),
            outcome(open("javascript:alert(1)")),
            outcome(open("platform://miniapp/a b")),
            outcome(open(&format!("{BANK}/{}", "x".repeat(1 << 20)))),
        ]
        .join("\n"),
        "call-open-app-flood" => {
            let refused = (0..100).filter(|_| open(BANK).is_err());
            format!("refused={}", refused.count())
        }
        "call-open-app-foreign" => {
            let taken = (0..10_000).filter(|id| take(*id).is_ok());
            format!("taken={}", taken.count())
        }
        _ => "no such call".into(),
    }
}
