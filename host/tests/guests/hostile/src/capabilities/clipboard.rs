//! Calls to `clipboard`. What they are about: the text.

use super::{Room, outcome};
use crate::lapak::app::clipboard::{read, take_done, take_text, write};

pub(super) const ROOM: Room = Room {
    prefix: "call-clipboard-",
    every,
    call,
    finished,
};

fn every() -> Vec<(&'static str, String)> {
    vec![
        ("clipboard.read", outcome(read())),
        ("clipboard.take-text", outcome(take_text(4_000_000_000))),
        ("clipboard.write", outcome(write("text"))),
        ("clipboard.take-done", outcome(take_done(4_000_000_000))),
    ]
}

fn call(action: &str, with: &str) -> String {
    match action {
        "call-clipboard-read" | "call-clipboard-forget" => outcome(read()),
        "call-clipboard-write" => outcome(write(with)),
        "call-clipboard-most" => outcome(write(&"x".repeat(64 * 1024))),
        "call-clipboard-huge" => outcome(write(&"x".repeat(64 * 1024 + 1))),
        "call-clipboard-flood" => {
            let refused = (0..100).filter(|_| write(with).is_err());
            format!("refused={}", refused.count())
        }
        "call-clipboard-foreign" => {
            let taken = (0..10_000).filter(|id| take_text(*id).is_ok() || take_done(*id).is_ok());
            format!("taken={}", taken.count())
        }
        _ => "no such call".into(),
    }
}

/// Tries to take each outcome as the other kind, and twice.
fn finished(action: &str, request: u32) -> String {
    match action {
        "call-clipboard-read" => {
            let wrong = take_done(request);
            format!(
                "{:?} {wrong:?} {:?}",
                take_text(request),
                take_text(request)
            )
        }
        "call-clipboard-forget" => "forgotten".into(),
        _ => {
            let wrong = take_text(request);
            format!(
                "{:?} {wrong:?} {:?}",
                take_done(request),
                take_done(request)
            )
        }
    }
}
