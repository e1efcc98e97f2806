//! What can be seen from outside.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use crate::policy::Class;

/// Is told what happens, on the thread that it happens on, with no lock held. It should be quick, and must not panic.
pub trait SchedulerSink: Send + Sync + 'static {
    /// A session that had been idle begins to run, `delay` after it was woken.
    fn queue_delay(&self, class: Class, delay: Duration) {
        let _ = (class, delay);
    }

    /// A session's [`run`](crate::Runnable::run) panicked with `message`, and the session is done; or its `drop` did.
    fn panicked(&self, class: Class, message: &str) {
        let _ = (class, message);
    }
}

/// Listens to nothing.
impl SchedulerSink for () {}

/// The scheduler at one moment. The numbers are read one after the other, so they may not quite fit together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Snapshot {
    /// Sessions that wait for a worker, by class ([`Class::ALL`]).
    pub waiting: [usize; 3],
    /// Sessions that run, by class.
    pub running: [usize; 3],
    /// Sessions past their budget, whose window has not ended.
    pub parked: usize,
    /// Turns so far.
    pub turns: u64,
    /// Sessions taken over from another worker's queue so far.
    pub stolen: u64,
    /// Wakes so far that told a running session to make way.
    pub preemptions: u64,
    /// Refusals of [`admit`](crate::Handle::admit) so far.
    pub sheds: u64,
    /// Panics of sessions so far.
    pub panics: u64,
}

impl Snapshot {
    /// Sessions that run or wait for a worker.
    #[must_use]
    pub fn runnable(&self) -> usize {
        self.waiting.iter().chain(&self.running).sum()
    }
}

/// One worker's numbers. Written by whoever holds its queue's lock or by the worker itself, read by anybody.
#[derive(Debug, Default)]
pub(crate) struct Gauges {
    pub(crate) waiting: [AtomicUsize; 3],
    pub(crate) running: [AtomicUsize; 3],
    pub(crate) parked: AtomicUsize,
    pub(crate) turns: AtomicU64,
    pub(crate) stolen: AtomicU64,
    pub(crate) preemptions: AtomicU64,
    pub(crate) panics: AtomicU64,
}

impl Gauges {
    pub(crate) fn add_to(&self, snapshot: &mut Snapshot) {
        for class in 0..3 {
            snapshot.waiting[class] += self.waiting[class].load(Ordering::Relaxed);
            snapshot.running[class] += self.running[class].load(Ordering::Relaxed);
        }
        snapshot.parked += self.parked.load(Ordering::Relaxed);
        snapshot.turns += self.turns.load(Ordering::Relaxed);
        snapshot.stolen += self.stolen.load(Ordering::Relaxed);
        snapshot.preemptions += self.preemptions.load(Ordering::Relaxed);
        snapshot.panics += self.panics.load(Ordering::Relaxed);
    }

    pub(crate) fn runnable(&self) -> usize {
        let both = self.waiting.iter().chain(&self.running);
        both.map(|gauge| gauge.load(Ordering::Relaxed)).sum()
    }
}

pub(crate) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}
