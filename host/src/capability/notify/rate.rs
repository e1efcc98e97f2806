//! How many messages an app may send a person.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use lapak_ledger::Clock;

use super::NotifyProvider;
use crate::capability::storage::Owner;

/// Messages of an app to a person, in an hour.
pub const MOST_MESSAGES: usize = 10;
const HOUR_MS: i64 = 60 * 60_000;

/// A provider, and how many messages went to it. The count begins anew with the process.
pub struct Notifications {
    provider: Arc<dyn NotifyProvider>,
    clock: Arc<dyn Clock>,
    sent: Mutex<HashMap<Owner, VecDeque<i64>>>,
}

impl Notifications {
    /// Messages go to this provider; hours are this clock's.
    #[must_use]
    pub fn new(provider: Arc<dyn NotifyProvider>, clock: Arc<dyn Clock>) -> Arc<Self> {
        Arc::new(Self {
            provider,
            clock,
            sent: Mutex::default(),
        })
    }

    pub(super) fn provider(&self) -> &dyn NotifyProvider {
        &*self.provider
    }

    /// Counts a message, if there may be one more.
    pub(super) fn one_more(&self, owner: &Owner) -> bool {
        let now = self.clock.now_ms();
        let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        // Nobody is remembered for longer than it matters. A clock that was set back forgets nothing for an hour of its own.
        let is_old = |at: &i64| now.saturating_sub(*at) >= HOUR_MS;
        if !sent.contains_key(owner) {
            sent.retain(|_, times| times.back().is_some_and(|last| !is_old(last)));
        }
        let times = sent.entry(owner.clone()).or_default();
        while times.front().is_some_and(is_old) {
            times.pop_front();
        }
        if times.len() >= MOST_MESSAGES {
            return false;
        }
        times.push_back(now);
        true
    }
}

impl fmt::Debug for Notifications {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Notifications").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI64, Ordering};

    use super::*;
    use crate::capability::notify::simulated::SimulatedNotify;

    struct Hand(AtomicI64);

    impl Clock for Hand {
        fn now_ms(&self) -> i64 {
            self.0.load(Ordering::SeqCst)
        }
    }

    #[test]
    fn ten_in_any_hour_and_each_by_themselves() {
        let clock = Arc::new(Hand(AtomicI64::new(0)));
        let all = Notifications::new(Arc::new(SimulatedNotify::default()), clock.clone());
        let owner = |person: &str| Owner {
            app_id: "app".into(),
            person: person.into(),
        };
        let sent = |person: &str| (0..20).filter(|_| all.one_more(&owner(person))).count();
        assert!(all.one_more(&owner("ani")));
        clock.0.store(HOUR_MS / 2, Ordering::SeqCst);
        assert_eq!(
            (sent("ani"), sent("budi")),
            (MOST_MESSAGES - 1, MOST_MESSAGES)
        );
        clock.0.store(HOUR_MS, Ordering::SeqCst);
        assert_eq!((sent("ani"), sent("budi")), (1, 0));
        clock.0.store(2 * HOUR_MS, Ordering::SeqCst);
        assert_eq!(sent("citra"), MOST_MESSAGES);
        assert_eq!(all.sent.lock().expect("not poisoned").len(), 1);
    }
}
