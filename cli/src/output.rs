//! What the command says: results on standard output, for people or as JSON; everything else on standard error.
//! A reader that closes the pipe ends the command quietly.
//!
//! Everything that is said goes through here, and comes out printable: what a package, an app, a merchant or a network wrote
//! must not command whoever's terminal shows it.

use std::borrow::Cow;
use std::io::{ErrorKind, IsTerminal as _, Write as _};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::failure::Failure;

/// Writes a line to standard output.
pub(crate) fn line(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    match writeln!(out, "{}", printable(text)).and_then(|()| out.flush()) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Err(Failure::silent()),
        Err(error) => Err(Failure::machine(format!("standard output: {error}"))),
    }
}

/// Writes a value as JSON, on several lines.
pub(crate) fn json(value: &impl Serialize) -> Result<(), Failure> {
    let text =
        serde_json::to_string_pretty(value).map_err(|error| Failure::machine(error.to_string()))?;
    line(&text)
}

/// Writes a line to standard error. If nobody listens there, nobody is told.
pub(crate) fn note(text: &str) {
    let _ = writeln!(std::io::stderr(), "{}", printable(text));
}

/// A text without what a terminal would take for a command, or show in another order than it has: its code instead, as JSON
/// writes it, so that JSON stays what it was.
pub(crate) fn printable(text: &str) -> Cow<'_, str> {
    lapak_abi::text::printable_json(text)
}

/// Writes the host's log to standard error, each entry printable.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Log;

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        // An entry comes whole.
        let text = String::from_utf8_lossy(bytes);
        let written = std::io::stderr()
            .lock()
            .write_all(printable(&text).as_bytes());
        written.map(|()| bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        std::io::stderr().flush()
    }
}

/// A size for people.
pub(crate) fn size(bytes: usize) -> String {
    #[expect(clippy::cast_precision_loss, reason = "shown with one digit")]
    let kib = bytes as f64 / 1024.0;
    match bytes {
        0..1024 => format!("{bytes} B"),
        1024..0x10_0000 => format!("{kib:.1} KiB"),
        _ => format!("{:.1} MiB", kib / 1024.0),
    }
}

/// Bytes as hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Tells what is being done, on standard error: on a terminal one line that moves while it lasts and then goes away,
/// elsewhere a line for each step.
pub(crate) struct Progress {
    name: String,
    spinner: Option<(mpsc::Sender<String>, JoinHandle<()>)>,
}

impl Progress {
    /// Of the thing called `name`.
    pub(crate) fn of(name: &str) -> Self {
        let spinner = std::io::stderr().is_terminal().then(|| {
            let (sender, steps) = mpsc::channel();
            (sender, std::thread::spawn(move || spin(&steps)))
        });
        Self {
            name: name.to_owned(),
            spinner,
        }
    }

    /// The next step has begun.
    pub(crate) fn step(&self, what: &str) {
        let text = format!("{}: {what} …", self.name);
        let text = printable(&text).into_owned();
        match &self.spinner {
            // The thread lives as long as the sender.
            Some((steps, _)) => drop(steps.send(text)),
            None => note(&text),
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some((steps, thread)) = self.spinner.take() {
            drop(steps);
            // Joined, so that nothing is written over what comes next.
            let _ = thread.join();
        }
    }
}

fn spin(steps: &mpsc::Receiver<String>) {
    let mut text = String::new();
    let mut since = Instant::now();
    for mark in "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏".chars().cycle() {
        let mut error = std::io::stderr().lock();
        if !text.is_empty() {
            // Carriage return, and the rest of the line cleared (ECMA-48).
            let _ = write!(
                error,
                "\r\u{1b}[K{mark} {text} {} s",
                since.elapsed().as_secs()
            );
            let _ = error.flush();
        }
        drop(error);
        match steps.recv_timeout(Duration::from_millis(100)) {
            Ok(next) => (text, since) = (next, Instant::now()),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    let mut error = std::io::stderr();
    let _ = write!(error, "\r\u{1b}[K").and_then(|()| error.flush());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_commands_the_terminal_and_json_stays_what_it_was() {
        for odd in [
            "\u{1b}[2J",
            "\u{9b}2J",
            "\r",
            "\u{7f}",
            "\u{8}",
            "\u{202e}",
            "\u{2066}",
            "\u{2028}",
            "\u{200b}",
            "\u{e0041}",
            "\0",
        ] {
            let said = printable(odd);
            assert!(said.starts_with('\\'), "{said:?}");
            let text = serde_json::json!({ "name": odd }).to_string();
            let read: serde_json::Value = serde_json::from_str(&printable(&text)).expect("JSON");
            assert_eq!(read["name"], odd);
        }
        let plain = "Warung “Bu Sari”\n\t→ ✓ 你好 مرحبا 👨‍👩‍👧";
        assert_eq!(printable(plain), plain);
        assert_eq!(printable("a\u{1b}]0;x\u{7}b"), "a\\u001b]0;x\\u0007b");
    }
}
