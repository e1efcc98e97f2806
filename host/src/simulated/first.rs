//! How everybody's device is in the beginning.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Lines that set a device before it is first used, and whose was.
#[derive(Debug, Default)]
pub(super) struct First {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    lines: Vec<String>,
    begun: HashSet<String>,
}

impl First {
    /// From now on.
    pub(super) fn add(&self, lines: Vec<String>) {
        self.lock().lines.extend(lines);
    }

    /// The lines for a person, the first time.
    pub(super) fn of(&self, person: &str) -> Vec<String> {
        let mut state = self.lock();
        match state.begun.insert(person.to_owned()) {
            true => state.lines.clone(),
            false => Vec::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
