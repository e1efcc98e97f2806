//! `console`: lines for the app's author.

pub mod simulated;

use crate::bindings::lapak::app::console::{Error, Host};
use crate::grants::{AccessDenied, Capability};
use crate::instance::InstanceState;
use crate::room::{Asks, Lent, Terms, Words};

pub use crate::bindings::lapak::app::console::Level;

/// The terms on which it is lent.
pub const TERMS: Terms = Terms {
    name: "console",
    lent: Lent::ToEveryApp,
    allows: Words {
        en: "write lines for its author",
        id: "menulis catatan untuk pembuatnya",
    },
    asks: Asks::Never,
    bounds: "",
};

/// Most lines that one event may write.
pub const MAX_LINES_PER_EVENT: usize = 1_000;
/// Most bytes that one event may write.
pub const MAX_BYTES_PER_EVENT: usize = 256 * 1024;
/// The largest message, in bytes; the rest is cut.
pub const MAX_MESSAGE_BYTES: usize = 16 * 1024;

/// One line that an app wrote.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct ConsoleLine {
    /// How loud.
    pub level: Level,
    /// What it says, at most [`MAX_MESSAGE_BYTES`].
    pub message: String,
}

/// Where lines go. The shell's inspector, a log, or nowhere.
pub trait ConsoleSink: Send + Sync {
    /// Takes one line. Must not block: it is called while the guest runs.
    fn write(&self, line: ConsoleLine);
}

/// How much the running event has written.
#[derive(Debug, Default)]
pub(crate) struct ConsoleState {
    lines: usize,
    bytes: usize,
    dropped: usize,
}

impl ConsoleState {
    /// Begins a new event; tells how many lines of the last one were dropped.
    pub(crate) fn begin_event(&mut self) -> usize {
        std::mem::take(self).dropped
    }
}

impl Host for InstanceState {
    fn log(&mut self, level: Level, message: String) -> Result<(), Error> {
        self.check(Capability::Console)?;
        let state = &mut self.console;
        let message = cut(message, MAX_MESSAGE_BYTES);
        if state.lines >= MAX_LINES_PER_EVENT || state.bytes + message.len() > MAX_BYTES_PER_EVENT {
            state.dropped += 1;
            return Err(Error::Flooded);
        }
        state.lines += 1;
        state.bytes += message.len();
        self.session.write(ConsoleLine { level, message });
        Ok(())
    }
}

impl From<AccessDenied> for Error {
    fn from(_: AccessDenied) -> Self {
        Self::AccessDenied
    }
}

/// Cuts at a character's edge, so that the text has at most `most` bytes with the mark that it was cut.
pub(crate) fn cut(mut text: String, most: usize) -> String {
    const MARK: char = '…';
    if text.len() > most {
        text.truncate(text.floor_char_boundary(most.saturating_sub(MARK.len_utf8())));
        text.push(MARK);
    }
    text
}
