//! What belongs to one worker and is reached by all.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool as PlainBool, AtomicI64, AtomicU64, Ordering};

use crate::gauges::Gauges;
use crate::policy::{Class, Numbers};
use crate::run_queue::RunQueue;
use crate::sync::{self, AtomicBool, AtomicUsize, Condvar, Mutex, MutexGuard};
use crate::vtime::VTime;

/// One worker's queue, and what is known of it without its lock.
pub(crate) struct Slot<R> {
    state: Mutex<State<R>>,
    pub(crate) ready: Condvar,
    /// How many wait in the queue. Never too small for long: whoever changes the queue writes it under the lock.
    pub(crate) waiting: AtomicUsize,
    /// The worker has nothing to do. Whoever takes this back owes it a wake.
    pub(crate) idle: AtomicBool,
    /// Somebody has put work somewhere for this idle worker.
    pub(crate) nudged: AtomicBool,
    /// The running one has a budget to watch.
    pub(crate) bounded: PlainBool,
    clock: AtomicU64,
    load: AtomicU64,
    slack: AtomicI64,
    pub(crate) gauges: Gauges,
}

/// What the lock guards.
pub(crate) struct State<R> {
    pub(crate) queue: RunQueue<Arc<R>>,
    /// What [`Slot::waiting`] says.
    published: usize,
    /// Nothing is queued any more.
    pub(crate) stopped: bool,
    /// The worker waits for [`Slot::ready`].
    pub(crate) sleeping: bool,
    /// The worker is not to sleep, but to look around.
    pub(crate) notified: bool,
}

impl<R> Slot<R> {
    pub(crate) fn new(numbers: Numbers) -> Self {
        Self {
            state: Mutex::new(State {
                queue: RunQueue::new(numbers),
                published: 0,
                stopped: false,
                sleeping: false,
                notified: false,
            }),
            ready: Condvar::new(),
            waiting: AtomicUsize::new(0),
            idle: AtomicBool::new(false),
            nudged: AtomicBool::new(false),
            bounded: PlainBool::new(false),
            clock: AtomicU64::new(0),
            load: AtomicU64::new(0),
            slack: AtomicI64::new(i64::MAX),
            gauges: Gauges::default(),
        }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State<R>> {
        sync::lock(&self.state)
    }

    /// Writes down what others read without the lock. The caller holds it.
    pub(crate) fn publish(&self, state: &mut State<R>) {
        let queue = &state.queue;
        if state.published != queue.waiting() {
            state.published = queue.waiting();
            self.waiting.store(state.published, Ordering::Relaxed);
        }
        self.clock.store(queue.clock().to_bits(), Ordering::Relaxed);
        self.load.store(queue.load(), Ordering::Relaxed);
        let slack = queue.running_slack().unwrap_or(i64::MAX);
        self.slack.store(slack, Ordering::Relaxed);
        self.bounded
            .store(queue.running_is_bounded(), Ordering::Relaxed);
        let gauges = &self.gauges;
        gauges.parked.store(queue.parked(), Ordering::Relaxed);
        let waiting = queue.waiting_by_class();
        for class in Class::ALL {
            let index = class.index();
            gauges.waiting[index].store(waiting[index], Ordering::Relaxed);
            let runs = usize::from(queue.running() == Some(class));
            gauges.running[index].store(runs, Ordering::Relaxed);
        }
    }

    pub(crate) fn clock(&self) -> VTime {
        VTime::from_bits(self.clock.load(Ordering::Relaxed))
    }

    pub(crate) fn load(&self) -> u64 {
        self.load.load(Ordering::Relaxed)
    }

    /// How far ahead the running one's deadline lay when it began; whoever has less goes before it.
    pub(crate) fn slack(&self) -> i64 {
        self.slack.load(Ordering::Relaxed)
    }
}
