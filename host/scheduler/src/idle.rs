//! Which workers have nothing to do.
//!
//! No work waits while a worker sleeps: the waker writes first that work waits and then looks for idle workers, the
//! worker writes first that it is idle and then looks for work; a fence in between on both sides makes sure that at
//! least one of them sees the other.

use std::sync::atomic::Ordering;

use crate::slot::Slot;
use crate::sync::{AtomicUsize, fence};

pub(crate) struct IdleWorkers {
    count: AtomicUsize,
    /// The number of the worker that spins, plus one.
    spinner: AtomicUsize,
}

impl IdleWorkers {
    pub(crate) fn new() -> Self {
        Self {
            count: AtomicUsize::new(0),
            spinner: AtomicUsize::new(0),
        }
    }

    /// Takes an idle worker to give work to: the one that spins, or `home`, or any.
    pub(crate) fn claim<R>(&self, slots: &[Slot<R>], home: Option<usize>) -> Option<usize> {
        if self.count.load(Ordering::Relaxed) == 0 {
            return None;
        }
        let spinner = self.spinner.load(Ordering::Relaxed).checked_sub(1);
        let first = home.unwrap_or(0);
        let all = (0..slots.len()).map(|offset| (first + offset) % slots.len());
        spinner
            .into_iter()
            .chain(all)
            .find(|&worker| self.take(&slots[worker]))
    }

    /// As [`claim`](Self::claim), after work was put into a queue whose worker is busy.
    pub(crate) fn claim_after_push<R>(
        &self,
        slots: &[Slot<R>],
        home: Option<usize>,
    ) -> Option<usize> {
        fence(Ordering::SeqCst);
        self.claim(slots, home)
    }

    /// The worker has nothing to do. `false` if there is work after all: then it is not idle.
    pub(crate) fn enter<R>(&self, slots: &[Slot<R>], worker: usize) -> bool {
        self.count.fetch_add(1, Ordering::AcqRel);
        slots[worker].idle.store(true, Ordering::Release);
        fence(Ordering::SeqCst);
        let work = slots
            .iter()
            .any(|slot| slot.waiting.load(Ordering::Relaxed) > 0);
        if work {
            self.take(&slots[worker]);
        }
        !work
    }

    /// The worker is up again, whether or not somebody claimed it.
    pub(crate) fn leave<R>(&self, slot: &Slot<R>) {
        self.take(slot);
    }

    /// Whether this worker may spin: nobody else does. Until [`stop_spinning`](Self::stop_spinning).
    pub(crate) fn start_spinning(&self, worker: usize) -> bool {
        self.spinner
            .compare_exchange(0, worker + 1, Ordering::AcqRel, Ordering::Relaxed)
            .is_ok()
    }

    pub(crate) fn stop_spinning(&self) {
        self.spinner.store(0, Ordering::Release);
    }

    fn take<R>(&self, slot: &Slot<R>) -> bool {
        let taken = slot.idle.load(Ordering::Relaxed) && slot.idle.swap(false, Ordering::AcqRel);
        if taken {
            self.count.fetch_sub(1, Ordering::AcqRel);
        }
        taken
    }
}
