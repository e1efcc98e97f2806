//! How many messages a person may send, over all their connections.
//!
//! Whoever sends too many is not refused anything: their connections are not read until they may send again. So nothing is lost,
//! and what they would have had done meanwhile is done for others.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// How many messages a person may send. What is dear to answer counts as several; see `PROTOCOL.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessageRates {
    /// At once, after a pause.
    pub at_once: u32,
    /// From then on, in each second.
    pub a_second: u32,
}

impl MessageRates {
    /// No bound, for whoever measures.
    pub const UNBOUNDED: Self = Self {
        at_once: u32::MAX,
        a_second: u32::MAX,
    };

    /// How long a message has to itself.
    fn each(self) -> Duration {
        Duration::from_secs(1) / self.a_second.max(1)
    }
}

/// Typing and dragging send 60 in a second.
impl Default for MessageRates {
    fn default() -> Self {
        Self {
            at_once: 500,
            a_second: 200,
        }
    }
}

/// What a person has sent of late.
#[derive(Debug)]
pub(super) struct Spent {
    rates: MessageRates,
    /// When all of it will have had its time; in the past if they have sent little.
    until: Mutex<Instant>,
}

impl Spent {
    pub(super) fn new(rates: MessageRates, now: Instant) -> Self {
        Self {
            rates,
            until: Mutex::new(now),
        }
    }

    /// Counts a message that counts as so many.
    pub(super) fn spend(&self, messages: u32, now: Instant) {
        let mut until = self.until.lock().unwrap_or_else(PoisonError::into_inner);
        *until = (*until).max(now) + self.rates.each() * messages;
    }

    /// When the next message may be read; `None`: now.
    pub(super) fn waits_until(&self, now: Instant) -> Option<Instant> {
        let ahead = self.rates.each() * self.rates.at_once;
        let left = self.left(now);
        // Exactly as many as may be sent at once have been: the next one waits.
        let over = left.checked_sub(ahead)?;
        let is_bounded = !ahead.is_zero();
        is_bounded.then(|| now + over + self.rates.each())
    }

    /// Whether nothing is left of it: whoever comes anew has as much.
    pub(super) fn is_over(&self, now: Instant) -> bool {
        self.left(now).is_zero()
    }

    fn left(&self, now: Instant) -> Duration {
        let until = self.until.lock().unwrap_or_else(PoisonError::into_inner);
        until.saturating_duration_since(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_may_come_at_once_and_then_as_many_as_there_is_time_for() {
        let rates = MessageRates {
            at_once: 10,
            a_second: 10,
        };
        let now = Instant::now();
        let spent = Spent::new(rates, now);
        for _ in 0..10 {
            assert_eq!(spent.waits_until(now), None);
            spent.spend(1, now);
        }
        let later = now + Duration::from_millis(100);
        assert_eq!(spent.waits_until(now), Some(later));
        assert_eq!(spent.waits_until(later), None);
        // One that is dear is read, and paid for afterwards.
        spent.spend(10, later);
        let paid = now + Duration::from_millis(1_100);
        assert_eq!(spent.waits_until(later), Some(paid));
        assert_eq!(spent.waits_until(paid), None);
        assert!(!spent.is_over(paid));
        assert!(spent.is_over(now + Duration::from_secs(3)));
    }

    #[test]
    fn without_a_bound_nobody_waits() {
        let now = Instant::now();
        let spent = Spent::new(MessageRates::UNBOUNDED, now);
        for _ in 0..1_000 {
            spent.spend(1_000, now);
        }
        assert_eq!(spent.waits_until(now), None);
        assert!(spent.is_over(now));
    }
}
