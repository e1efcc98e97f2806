//! How long a session has been at one event, for shells that show it and for a host that ends what waits for ever.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use super::{Shared, Update};
use crate::report::{EndCause, EndReport};
use crate::runtime::TICK;

/// From so many ticks of the host's coarse time on, a session counts as [busy](super::Session::busy_for).
const BUSY_TICKS: u32 = 3;

/// Since when a session does what it does, in ticks of the host's coarse time and one more; 0 is not at all.
#[derive(Debug, Default)]
pub(crate) struct Since {
    /// It carries a letter.
    letter: AtomicU32,
    /// It waits for what the app called, for the first time in this letter.
    waits: AtomicU32,
    /// Watchers were told that it is busy.
    told: AtomicBool,
    /// In the host's list of those who wait.
    listed: AtomicBool,
}

impl Shared {
    /// A letter begins.
    pub(super) fn is_busy(&self) {
        let now = self.host.coarse_now().saturating_add(1);
        self.since.letter.store(now, Ordering::Relaxed);
    }

    /// The letter is over.
    pub(super) fn is_free(&self) {
        self.since.letter.store(0, Ordering::Relaxed);
        self.since.waits.store(0, Ordering::Relaxed);
        if self.since.told.load(Ordering::Relaxed) && self.since.told.swap(false, Ordering::Relaxed)
        {
            self.lock().tell(Update::Busy(false));
        }
    }

    /// How long the letter in hand has been in hand, to a tick.
    pub(super) fn busy_for(&self) -> Option<Duration> {
        let ticks = self.ticks_since(&self.since.letter)?;
        (ticks >= BUSY_TICKS).then(|| TICK * ticks)
    }

    /// Tells watchers once that the letter in hand takes long.
    pub(crate) fn tell_if_busy(&self) {
        if self.since.told.load(Ordering::Relaxed) || self.busy_for().is_none() {
            return;
        }
        if !self.since.told.swap(true, Ordering::Relaxed) {
            self.lock().tell(Update::Busy(true));
        }
    }

    /// It waits for what the app called. The host looks after it until the letter is over.
    pub(super) fn waits_for_host(self: &Arc<Self>) {
        let now = self.host.coarse_now().saturating_add(1);
        let first = self
            .since
            .waits
            .compare_exchange(0, now, Ordering::Relaxed, Ordering::Relaxed);
        if first.is_ok() && !self.since.listed.swap(true, Ordering::AcqRel) {
            self.host.look_after(self);
        }
    }

    /// Ends a session that has waited too long; tells whether it is to be looked at again.
    pub(crate) fn goes_on_waiting(self: &Arc<Self>) -> bool {
        let Some(ticks) = self.ticks_since(&self.since.waits) else {
            self.since.listed.store(false, Ordering::Release);
            // It may have begun to wait again in between.
            return self.since.waits.load(Ordering::Relaxed) > 0
                && !self.since.listed.swap(true, Ordering::AcqRel);
        };
        self.tell_if_busy();
        let limit = self.limits().event_wait;
        if TICK * ticks <= limit {
            return true;
        }
        self.end(EndReport {
            cause: EndCause::WallLimit {
                limit_ms: u64::try_from(limit.as_millis()).unwrap_or(u64::MAX),
            },
            event: String::new(),
            stack: Vec::new(),
        });
        false
    }

    fn ticks_since(&self, since: &AtomicU32) -> Option<u32> {
        match since.load(Ordering::Relaxed) {
            0 => None,
            since => Some(
                self.host
                    .coarse_now()
                    .saturating_add(1)
                    .saturating_sub(since),
            ),
        }
    }
}
