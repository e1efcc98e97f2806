//! Calls to `files`. What they are about: `path,content`.

use super::{Room, outcome};
use crate::lapak::app::files::{
    Error, entries, make_folder, read, remove, take_bytes, take_done, take_entries, write,
};

pub(super) const ROOM: Room = Room {
    prefix: "call-files-",
    every,
    call,
    finished,
};

fn every() -> Vec<(&'static str, String)> {
    vec![
        ("files.read", outcome(read("a"))),
        ("files.write", outcome(write("a", b"a"))),
        ("files.remove", outcome(remove("a"))),
        ("files.make-folder", outcome(make_folder("a"))),
        ("files.entries", outcome(entries(""))),
        ("files.take-bytes", outcome(take_bytes(4_000_000_000))),
        ("files.take-done", outcome(take_done(4_000_000_000))),
        ("files.take-entries", outcome(take_entries(4_000_000_000))),
    ]
}

/// Paths that lead elsewhere, or are none.
const TRICKS: [&str; 20] = [
    "",
    "/",
    "/etc/passwd",
    "..",
    "../a",
    "a/../../b",
    "./a",
    "a//b",
    "a/",
    "a\0b",
    "a\nb",
    "a\\..\\b",
    "C:\\a",
    "a:stream",
    "nul",
    "COM1.txt",
    "a.",
    "a ",
    "a*",
    "1/2/3/4/5/6/7/8/9",
];

fn call(action: &str, with: &str) -> String {
    let (path, content) = with.split_once(',').unwrap_or((with, ""));
    match action {
        "call-files-read" => outcome(read(path)),
        "call-files-write" => outcome(write(path, content.as_bytes())),
        "call-files-remove" => outcome(remove(path)),
        "call-files-folder" => outcome(make_folder(path)),
        "call-files-entries" => outcome(entries(path)),
        "call-files-order" => {
            // Each follows from the one before it.
            let asked = [
                make_folder("order"),
                write("order/a", b"one"),
                write("order/a", b"two"),
                read("order/a"),
                remove("order/a"),
                entries("order"),
                remove("order"),
                entries("order"),
            ];
            asked.map(outcome).join(" ")
        }
        "call-files-tricks" => {
            let long = "n".repeat(129);
            let huge = "n/".repeat(1 << 20);
            let tricks = TRICKS.into_iter().chain([&*long, &*huge]);
            let taken = tricks.filter(|path| {
                read(path).is_ok()
                    || write(path, b"x").is_ok()
                    || remove(path).is_ok()
                    || make_folder(path).is_ok()
                    || (entries(path).is_ok() && !path.is_empty())
            });
            format!("taken={}", taken.count())
        }
        "call-files-large" => outcome(write("large", &vec![0; (1 << 20) + 1])),
        "call-files-fill" => {
            let asked = (0..12).map(|index| write(&format!("f{index}"), &vec![7; 1 << 20]));
            format!("refused={}", asked.filter(Result::is_err).count())
        }
        "call-files-flood" => {
            let refused = (0..100).filter(|_| read("a").is_err()).count();
            format!("refused={refused}")
        }
        "call-files-foreign" => {
            let taken = (0..10_000).filter(|id| {
                take_bytes(*id).is_ok() || take_done(*id).is_ok() || take_entries(*id).is_ok()
            });
            format!("taken={}", taken.count())
        }
        _ => "no such call".into(),
    }
}

/// Takes it as whatever it is, and as that alone.
fn finished(_: &str, request: u32) -> String {
    match take_bytes(request) {
        Err(Error::UnknownRequest) => {}
        Ok(bytes) => return format!("bytes={}", String::from_utf8_lossy(&bytes)),
        Err(error) => return format!("{error:?}"),
    }
    match take_entries(request) {
        Err(Error::UnknownRequest) => {}
        Ok(entries) => {
            let shown = entries.iter().map(|entry| match entry.folder {
                true => format!("{}/", entry.name),
                false => format!("{}:{}", entry.name, entry.bytes),
            });
            return format!("entries=[{}]", shown.collect::<Vec<_>>().join(" "));
        }
        Err(error) => return format!("{error:?}"),
    }
    match take_done(request) {
        Ok(()) => "done".into(),
        Err(error) => format!("{error:?}"),
    }
}
