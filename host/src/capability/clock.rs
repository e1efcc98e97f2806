//! `clock`: what time it is.

pub mod simulated;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::tz::TimeZone;

use crate::bindings::lapak::app::clock::{Error, Host};
use crate::grants::{AccessDenied, Capability};
use crate::instance::InstanceState;
use crate::room::{Asks, Lent, Terms, Words};
use crate::zone;

pub use crate::bindings::lapak::app::clock::Timestamp;

/// The terms on which it is lent.
pub const TERMS: Terms = Terms {
    name: "clock",
    lent: Lent::ToEveryApp,
    allows: Words {
        en: "know what time it is where you are",
        id: "mengetahui jam di tempat Anda",
    },
    asks: Asks::Never,
    bounds: "",
};

/// The last moment of the calendar that we count by: 9999-12-30T22:00:00Z, the end of that year wherever one is.
const LAST_UNIX_MS: u64 = 253_402_207_200_000;

/// Tells the time.
pub trait ClockProvider: Send + Sync {
    /// The present moment, in whole milliseconds.
    fn now(&self) -> Timestamp;

    /// Time since some fixed moment; never goes back.
    fn monotonic(&self) -> Duration;

    /// What to add to UTC at another moment, in minutes, where the shell has not told the person's zone. At most the
    /// year 9999.
    fn utc_offset_minutes_at(&self, _unix_ms: u64) -> i32 {
        self.now().utc_offset_minutes
    }

    /// The name of the time zone, where the shell has not told the person's.
    fn zone(&self) -> Option<String> {
        None
    }
}

/// The machine's own clocks, in its own time zone.
#[derive(Debug)]
pub struct SystemClock {
    started: std::time::Instant,
}

impl SystemClock {
    /// The machine's clock.
    #[must_use]
    pub fn new() -> Self {
        Self {
            started: std::time::Instant::now(),
        }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl ClockProvider for SystemClock {
    fn now(&self) -> Timestamp {
        // A clock set before 1970 reads as 1970.
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let unix_ms = whole_ms(since);
        Timestamp {
            unix_ms,
            utc_offset_minutes: self.utc_offset_minutes_at(unix_ms),
        }
    }

    fn utc_offset_minutes_at(&self, unix_ms: u64) -> i32 {
        // Read anew after a while, so that a machine that travels need not be started again.
        zone::offset_minutes(&TimeZone::system(), unix_ms).unwrap_or(0)
    }

    fn zone(&self) -> Option<String> {
        TimeZone::system().iana_name().map(str::to_owned)
    }

    fn monotonic(&self) -> Duration {
        self.started.elapsed()
    }
}

impl Host for InstanceState {
    fn now(&mut self) -> Result<Timestamp, Error> {
        self.check(Capability::Clock)?;
        let clock = self.providers().clock.clone();
        let zone = self.zone.clone();
        Ok(self.answer(|| {
            let now = clock.now();
            let here = zone.offset_at(now.unix_ms);
            Timestamp {
                utc_offset_minutes: here.unwrap_or(now.utc_offset_minutes),
                ..now
            }
        }))
    }

    fn utc_offset_minutes_at(&mut self, unix_ms: u64) -> Result<i32, Error> {
        self.check(Capability::Clock)?;
        if unix_ms > LAST_UNIX_MS {
            return Err(Error::OutOfRange);
        }
        let clock = self.providers().clock.clone();
        let zone = self.zone.clone();
        let offset = || {
            zone.offset_at(unix_ms)
                .unwrap_or_else(|| clock.utc_offset_minutes_at(unix_ms))
        };
        Ok(self.answer(offset))
    }

    fn zone(&mut self) -> Result<Option<String>, Error> {
        self.check(Capability::Clock)?;
        let clock = self.providers().clock.clone();
        let zone = self.zone.clone();
        Ok(self.answer(|| zone.name().map(str::to_owned).or_else(|| clock.zone())))
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
