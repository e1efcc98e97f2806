//! The turn that the calling thread is in.

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use crate::sync::thread_local;

/// The scheduler, as a running session sees it.
pub(crate) trait Watch {
    /// Whether the turn on `worker` should end that began when the thread had used `began_cpu_ns`.
    fn should_yield(&self, worker: usize, began_cpu_ns: u64) -> bool;
}

struct OnWorker {
    watch: Arc<dyn Watch>,
    worker: usize,
    /// The thread's CPU time when the turn began.
    began_cpu_ns: Cell<Option<u64>>,
}

thread_local! {
    static WORKER: RefCell<Option<OnWorker>> = RefCell::new(None);
}

/// Whether the session that runs on this thread should give way: somebody with an earlier deadline waits for this
/// worker, its budget is spent, or the scheduler stops. `false` on threads that are not workers.
///
/// A few nanoseconds when nobody waits; else one reading of the thread's CPU time and an uncontended lock.
#[must_use]
pub fn should_yield() -> bool {
    WORKER.with(|worker| {
        let worker = worker.borrow();
        worker.as_ref().is_some_and(|worker| {
            let began = worker.began_cpu_ns.get();
            began.is_some_and(|began| worker.watch.should_yield(worker.worker, began))
        })
    })
}

/// Makes the calling thread the worker of this number, until [`leave`].
pub(crate) fn enter(watch: Arc<dyn Watch>, worker: usize) {
    WORKER.with(|slot| {
        slot.replace(Some(OnWorker {
            watch,
            worker,
            began_cpu_ns: Cell::new(None),
        }))
    });
}

pub(crate) fn leave() {
    let worker = WORKER.with(RefCell::take);
    drop(worker);
}

/// A turn begins (`Some` CPU time of the thread) or ends.
pub(crate) fn set(began_cpu_ns: Option<u64>) {
    WORKER.with(|worker| {
        if let Some(worker) = worker.borrow().as_ref() {
            worker.began_cpu_ns.set(began_cpu_ns);
        }
    });
}
