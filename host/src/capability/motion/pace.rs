//! Lets through no more than one reading in an interval, by the readings' own times.

use std::sync::{Mutex, PoisonError};

/// How fast a watch has news.
pub(super) struct Pace {
    interval_ms: u64,
    last: Mutex<Option<u64>>,
}

impl Pace {
    pub(super) fn every(interval_ms: u32) -> Self {
        Self {
            interval_ms: interval_ms.into(),
            last: Mutex::new(None),
        }
    }

    /// Whether a reading of this time is let through. If it is from before the last one the device's clock was set back, and
    /// the interval begins anew.
    pub(super) fn allows(&self, at_ms: u64) -> bool {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let since = last.and_then(|last| at_ms.checked_sub(last));
        let allowed = since.is_none_or(|since| since >= self.interval_ms);
        if allowed {
            *last = Some(at_ms);
        }
        allowed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_in_an_interval_and_a_clock_may_be_set_back() {
        let pace = Pace::every(16);
        let times = [100, 100, 115, 116, 131, 132, 1_000, 50, 60, 66];
        let allowed: Vec<_> = times.into_iter().filter(|at| pace.allows(*at)).collect();
        assert_eq!(allowed, [100, 116, 132, 1_000, 50, 66]);
    }
}
