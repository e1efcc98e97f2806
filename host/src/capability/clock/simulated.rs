//! A clock that stands still until it is told to move.
//!
//! Differs from a real one in that time passes only by [`SimulatedClock::advance`].

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::{ClockProvider, Timestamp};

/// 2026-01-05T04:00:00Z, a Monday, eleven in the morning in Jakarta.
const START_UNIX_MS: u64 = 1_767_585_600_000;
const JAKARTA_OFFSET_MINUTES: i32 = 7 * 60;

/// Begins at the same moment in every run.
#[derive(Debug, Default)]
pub struct SimulatedClock {
    advanced_ms: AtomicU64,
}

impl SimulatedClock {
    /// Lets time pass.
    pub fn advance(&self, by: Duration) {
        let ms = u64::try_from(by.as_millis()).unwrap_or(u64::MAX);
        self.advanced_ms.fetch_add(ms, Ordering::Relaxed);
    }
}

impl ClockProvider for SimulatedClock {
    fn now(&self) -> Timestamp {
        Timestamp {
            unix_ms: START_UNIX_MS.saturating_add(self.advanced_ms.load(Ordering::Relaxed)),
            utc_offset_minutes: JAKARTA_OFFSET_MINUTES,
        }
    }

    fn monotonic(&self) -> Duration {
        Duration::from_millis(self.advanced_ms.load(Ordering::Relaxed))
    }
}
