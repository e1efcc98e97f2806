//! Wakes the host's keeper before its next tick.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// Rung by whoever needs the keeper now: a session that waits for what only the keeper may do.
#[derive(Default)]
pub(crate) struct Bell {
    rung: Mutex<bool>,
    heard: Condvar,
}

impl Bell {
    pub(crate) fn ring(&self) {
        if !std::mem::replace(&mut *self.lock(), true) {
            self.heard.notify_all();
        }
    }

    /// Returns at once if it was rung since the last time, when it is rung, or at `deadline`.
    pub(crate) fn wait_until(&self, deadline: Instant) {
        let mut rung = self.lock();
        while !*rung {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            let waited = self.heard.wait_timeout(rung, left);
            rung = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        *rung = false;
    }

    fn lock(&self) -> MutexGuard<'_, bool> {
        self.rung.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_ring_that_nobody_waited_for_is_heard_the_next_time() {
        let bell = Bell::default();
        bell.ring();
        bell.ring();
        // Would hang else.
        bell.wait_until(Instant::now() + Duration::from_secs(3_600));
        let soon = Instant::now() + Duration::from_millis(1);
        bell.wait_until(soon);
        assert!(Instant::now() >= soon, "one ring was heard twice");
    }

    #[test]
    fn a_ring_wakes_who_waits() {
        let bell = Bell::default();
        std::thread::scope(|scope| {
            scope.spawn(|| bell.wait_until(Instant::now() + Duration::from_secs(3_600)));
            bell.ring();
        });
    }
}
