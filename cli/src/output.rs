//! What the command says: results on standard output, for people or as JSON; everything else on standard error.
//! A reader that closes the pipe ends the command quietly.

use std::io::{ErrorKind, IsTerminal as _, Write as _};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::failure::Failure;

/// Writes a line to standard output.
pub(crate) fn line(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    match writeln!(out, "{text}").and_then(|()| out.flush()) {
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

/// What an app or a package says, without what a terminal would take for a command.
pub(crate) fn printable(text: &str) -> String {
    let odd = |c: char| c.is_control() && c != '\n' && c != '\t';
    text.replace(odd, "\u{fffd}")
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
