//! Timers that run out when they are told to.
//!
//! Differs from real ones in that time passes only by [`SimulatedTimer::advance`].

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::{Done, TimerProvider};

/// Begins at nought in every run.
#[derive(Default)]
pub struct SimulatedTimer {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    now: Duration,
    /// In the order in which they were set.
    running: Vec<(Duration, Done)>,
}

impl SimulatedTimer {
    /// Lets time pass: timers that run out by then do so in order of their moments.
    pub fn advance(&self, by: Duration) {
        let mut out = {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            state.now = state.now.saturating_add(by);
            let now = state.now;
            let (out, running): (Vec<_>, Vec<_>) =
                state.running.drain(..).partition(|(due, _)| *due <= now);
            state.running = running;
            out
        };
        // Stable: those of the same moment stay in the order in which they were set.
        out.sort_by_key(|(due, _)| *due);
        for (_, done) in out {
            done();
        }
    }
}

impl TimerProvider for SimulatedTimer {
    fn after(&self, delay: Duration, done: Done) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let due = state.now.saturating_add(delay);
        state.running.push((due, done));
    }
}

impl std::fmt::Debug for SimulatedTimer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SimulatedTimer").finish_non_exhaustive()
    }
}
