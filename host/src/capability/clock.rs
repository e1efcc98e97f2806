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
        self.check(Capability::Clock)?;
        let clock = self.providers().clock.clone();
        Ok(self.answer(|| clock.now()))
    }

    fn elapsed_ms(&mut self) -> Result<u64, Error> {
        self.check(Capability::Clock)?;
        let clock = self.providers().clock.clone();
        let now = self.answer(|| clock.monotonic());
        Ok(whole_ms(self.age.at(now)))
    }
}

/// How long a session has lived, in the clock provider's monotonic time. While the host is down it does not age.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Age {
    before: Duration,
    since: Duration,
}

impl Age {
    /// Born at this moment of the monotonic clock.
    pub(crate) fn born(now: Duration) -> Self {
        Self {
            before: Duration::ZERO,
            since: now,
        }
    }

    pub(crate) fn at(self, now: Duration) -> Duration {
        self.before.saturating_add(now.saturating_sub(self.since))
    }

    /// Goes on under another clock: it was `stopped` on the old one, and is `now` on the new one.
    pub(crate) fn moved(self, stopped: Duration, now: Duration) -> Self {
        Self {
            before: self.at(stopped),
            since: now,
        }
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
