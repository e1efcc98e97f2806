//! `clock`: what time it is.

pub mod simulated;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::bindings::lapak::app::clock::{Error, Host};
use crate::grants::{AccessDenied, Capability};
use crate::instance::InstanceState;

pub use crate::bindings::lapak::app::clock::Timestamp;

/// Tells the time.
pub trait ClockProvider: Send + Sync {
    /// The present moment, in whole milliseconds.
    fn now(&self) -> Timestamp;

    /// Time since some fixed moment; never goes back.
    fn monotonic(&self) -> Duration;
}

/// The machine's own clocks.
///
/// The standard library knows no time zones, so the offset from UTC is set by the platform.
#[derive(Debug)]
pub struct SystemClock {
    started: std::time::Instant,
    utc_offset_minutes: i32,
}

impl SystemClock {
    /// The machine's clock, with the person's offset from UTC in minutes.
    #[must_use]
    pub fn new(utc_offset_minutes: i32) -> Self {
        Self {
            started: std::time::Instant::now(),
            utc_offset_minutes,
        }
    }
}

impl ClockProvider for SystemClock {
    fn now(&self) -> Timestamp {
        // A clock set before 1970 reads as 1970.
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Timestamp {
            unix_ms: whole_ms(since),
            utc_offset_minutes: self.utc_offset_minutes,
        }
    }

    fn monotonic(&self) -> Duration {
        self.started.elapsed()
    }
}

impl Host for InstanceState {
    fn now(&mut self) -> Result<Timestamp, Error> {
        self.grants.check(Capability::Clock)?;
        Ok(self.providers.clock.now())
    }

    fn elapsed_ms(&mut self) -> Result<u64, Error> {
        self.grants.check(Capability::Clock)?;
        let since = self
            .providers
            .clock
            .monotonic()
            .saturating_sub(self.launched_at);
        Ok(whole_ms(since))
    }
}

impl From<AccessDenied> for Error {
    fn from(_: AccessDenied) -> Self {
        Self::AccessDenied
    }
}

fn whole_ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
