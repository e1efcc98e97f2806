//! The scheduler as its user sees it.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::clock::{Clock, SystemClock};
use crate::entity::Runnable;
use crate::gauges::{Gauges, SchedulerSink, Snapshot, count};
use crate::policy::{Class, Policy};
use crate::shared::Shared;
use crate::slot::Slot;
use crate::sync::{Builder, JoinHandle, current};
use crate::worker::Worker;

/// Something around the whole work of a thread.
pub type Around = Box<dyn Fn(&mut dyn FnMut()) + Send + Sync>;

/// How a scheduler is set up. Start from [`Config::default`].
pub struct Config {
    /// How many worker threads; by default one for each processor. At least 1, at most 1,024.
    pub workers: usize,
    /// The numbers that decisions rest on.
    pub policy: Policy,
    /// How many sessions may be runnable before [`Handle::admit`] refuses; by default 10,000.
    pub max_runnable: usize,
    /// The longest time that a worker without work spins before it sleeps, while wakes are frequent. Zero for
    /// never; by default 50 µs, or zero on a machine with one processor.
    pub spin: Duration,
    /// What worker threads are called, before their number.
    pub thread_name: String,
    /// Called when a running session should look at [`should_yield`](crate::should_yield) at once, on the thread
    /// that woke another one. No lock is held.
    pub preempt: Box<dyn Fn() + Send + Sync>,
    /// Called on each worker thread with its whole work, to be called once: room for what the thread needs around it,
    /// such as the context of an I/O runtime.
    pub around: Around,
    /// Who is told what happens.
    pub sink: Box<dyn SchedulerSink>,
    /// Where time comes from.
    pub clock: Box<dyn Clock>,
}

impl Default for Config {
    fn default() -> Self {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            workers: processors,
            policy: Policy::default(),
            max_runnable: 10_000,
            spin: Duration::from_micros(if processors > 1 { 50 } else { 0 }),
            thread_name: "lapak-worker".into(),
            preempt: Box::new(|| {}),
            around: Box::new(|work| work()),
            sink: Box::new(()),
            clock: Box::new(SystemClock::new()),
        }
    }
}

/// Too much is to be done already for more to be let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{runnable} sessions want to run at the same time, more than the {max_runnable} that this host allows: \
     try again shortly, or raise max_runnable"
)]
pub struct Overloaded {
    /// How many are runnable.
    pub runnable: usize,
    /// How many may be.
    pub max_runnable: usize,
}

/// The worker threads. Dropping it stops them after the turns that they are in; what is queued is let go.
pub struct Scheduler<R: Runnable> {
    handle: Handle<R>,
    workers: Vec<JoinHandle<()>>,
}

/// Wakes entities. Cheap to clone; does not keep the workers alive.
pub struct Handle<R: Runnable> {
    shared: Arc<Shared<R>>,
}

impl<R: Runnable> Scheduler<R> {
    /// Starts the worker threads.
    ///
    /// # Errors
    /// When the operating system gives no thread.
    pub fn start(config: Config) -> std::io::Result<Self> {
        let thread_name = config.thread_name.clone();
        let shared = Arc::new(Shared::new(config));
        let workers = shared.slots.len();
        let mut scheduler = Self {
            handle: Handle { shared },
            workers: Vec::with_capacity(workers),
        };
        for index in 0..workers {
            let worker = Worker::new(scheduler.handle.shared.clone(), index);
            let thread = Builder::new().name(format!("{}-{index}", thread_name));
            scheduler
                .workers
                .push(thread.spawn(move || worker.serve())?);
        }
        Ok(scheduler)
    }

    /// A handle that outlives the scheduler harmlessly: then it does nothing.
    #[must_use]
    pub fn handle(&self) -> Handle<R> {
        self.handle.clone()
    }
}

impl<R: Runnable> std::ops::Deref for Scheduler<R> {
    type Target = Handle<R>;

    fn deref(&self) -> &Handle<R> {
        &self.handle
    }
}

impl<R: Runnable> Drop for Scheduler<R> {
    fn drop(&mut self) {
        drop(self.handle.shared.stop());
        for worker in self.workers.drain(..) {
            // It may be dropped by one of its own workers, at the end of its last session.
            if worker.thread().id() != current().id() {
                let _ = worker.join();
            }
        }
    }
}

impl<R: Runnable> Handle<R> {
    /// Has `task` run, unless it is queued already or done. If it runs just now, it runs again afterwards.
    pub fn wake(&self, task: &Arc<R>) {
        self.shared.wake(task);
    }

    /// Puts `task` into another class, at once even if it waits in a queue or for its budget; if it runs, from the
    /// end of its turn.
    pub fn set_class(&self, task: &Arc<R>, class: Class) {
        self.shared.set_class(task, class);
    }

    /// Asks whether more work may be let in from outside. Wakes are never refused.
    ///
    /// # Errors
    /// [`Overloaded`] when more sessions are runnable than the configuration allows.
    pub fn admit(&self) -> Result<(), Overloaded> {
        let slots = &self.shared.slots;
        // No more run than there are workers. Asked for every event, so it reads no more than it must.
        let waiting = |slot: &Slot<R>| slot.waiting.load(Ordering::Relaxed);
        let runnable = slots.iter().map(waiting).sum::<usize>() + slots.len();
        if runnable <= self.shared.max_runnable {
            return Ok(());
        }
        let runnable = slots.iter().map(|slot| slot.gauges.runnable()).sum();
        let max_runnable = self.shared.max_runnable;
        if runnable > max_runnable {
            count(&self.shared.sheds);
            return Err(Overloaded {
                runnable,
                max_runnable,
            });
        }
        Ok(())
    }

    /// The numbers of this moment.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let mut snapshot = Snapshot {
            sheds: self.shared.sheds.load(Ordering::Relaxed),
            ..Snapshot::default()
        };
        let gauges = self.shared.slots.iter().map(|slot| &slot.gauges);
        gauges.for_each(|gauges: &Gauges| gauges.add_to(&mut snapshot));
        snapshot
    }
}

impl<R: Runnable> Clone for Handle<R> {
    fn clone(&self) -> Self {
        Self {
            shared: self.shared.clone(),
        }
    }
}
