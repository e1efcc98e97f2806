//! Calls to `notify`. What they are about: templates, or a template and the values of `table` and `dish`.

use super::{Room, outcome};
use crate::lapak::app::notify::{Error, Field, send, subscribe, take_answers, take_done};

pub(super) const ROOM: Room = Room {
    prefix: "call-notify-",
    every,
    call,
    finished,
};

fn every() -> Vec<(&'static str, String)> {
    vec![
        ("notify.subscribe", outcome(subscribe(&["late".into()]))),
        ("notify.take-answers", outcome(take_answers(4_000_000_000))),
        ("notify.send", outcome(send("late", &[]))),
        ("notify.take-done", outcome(take_done(4_000_000_000))),
    ]
}

fn field(name: &str, value: &str) -> Field {
    Field {
        name: name.into(),
        value: value.into(),
    }
}

fn ready(table: &str, dish: &str) -> [Field; 2] {
    [field("table", table), field("dish", dish)]
}

fn call(action: &str, with: &str) -> String {
    let parts: Vec<String> = with.split(',').map(str::to_owned).collect();
    let part = |at: usize| parts.get(at).map(String::as_str).unwrap_or_default();
    match action {
        "call-notify-subscribe" => outcome(subscribe(&parts)),
        "call-notify-send" if part(0) == "ready" => {
            outcome(send("ready", &ready(part(1), part(2))))
        }
        "call-notify-send" => outcome(send(part(0), &[])),
        "call-notify-wild" => wild().map(outcome).join(" "),
        "call-notify-flood" => {
            let refused = (0..100).filter(|_| send("late", &[]).is_err()).count();
            format!("refused={refused}")
        }
        "call-notify-foreign" => {
            let taken =
                (0..10_000).filter(|id| take_answers(*id).is_ok() || take_done(*id).is_ok());
            format!("taken={}", taken.count())
        }
        _ => "no such call".into(),
    }
}

/// Calls that are none.
fn wild() -> [Result<u32, Error>; 15] {
    let long = "x".repeat(65);
    let huge = "x".repeat(1 << 20);
    let texts = |texts: &[&str]| -> Vec<String> { texts.iter().map(|one| (*one).into()).collect() };
    [
        subscribe(&[]),
        subscribe(&texts(&["unknown"])),
        subscribe(&texts(&["ready", "ready"])),
        subscribe(&texts(&["ready", "late", "third", "fourth"])),
        subscribe(&vec![huge.clone(); 3]),
        send("unknown", &[]),
        send(&huge, &[]),
        send("ready", &[]),
        send("ready", &[field("table", "1")]),
        send("ready", &[field("table", "1"), field("table", "2")]),
        send("ready", &[field("table", "1"), field("other", "2")]),
        send("ready", &ready(&long, "")),
        send("ready", &ready("a\nb", "")),
        send("ready", &ready("a\u{202e}b", "")),
        send("late", &ready("1", "2")),
    ]
}

/// Takes it as whatever it is, and as that alone.
fn finished(_: &str, request: u32) -> String {
    match take_answers(request) {
        Err(Error::UnknownRequest) => {}
        Ok(answers) => {
            let said = answers
                .iter()
                .map(|said| format!("{}={}", said.template, said.agreed));
            return format!("said=[{}]", said.collect::<Vec<_>>().join(" "));
        }
        Err(error) => return format!("{error:?}"),
    }
    match take_done(request) {
        Ok(()) => "done".into(),
        Err(error) => format!("{error:?}"),
    }
}
