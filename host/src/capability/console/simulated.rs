//! A console that remembers, for tests and headless runs.
//!
//! Differs from a real one in that it keeps every line for ever.

use std::sync::{Mutex, PoisonError};

use super::{ConsoleLine, ConsoleSink};

/// Keeps the lines it was given.
#[derive(Debug, Default)]
pub struct SimulatedConsole {
    lines: Mutex<Vec<ConsoleLine>>,
}

impl SimulatedConsole {
    /// Every line so far, in order.
    #[must_use]
    pub fn lines(&self) -> Vec<ConsoleLine> {
        self.lines
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl ConsoleSink for SimulatedConsole {
    fn write(&self, line: ConsoleLine) {
        self.lines
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(line);
    }
}
