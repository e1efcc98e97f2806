//! Worker threads that run guests, apart from the threads that serve I/O and timers.
//!
//! A session is one future. It is polled by a worker until it waits for its mailbox, or until its slice
//! is over and it yields; then it goes to the back of its queue. Foreground sessions go first, but one
//! background session runs after every [`BACKGROUND_SHARE`] foreground ones, so that none starves.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, Wake, Waker};

/// After so many polls of foreground sessions a waiting background session gets one.
const BACKGROUND_SHARE: u32 = 8;

type Work = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The worker threads and their queue. Dropping it stops them after the slice that they are in.
pub(crate) struct Scheduler {
    queue: Arc<Queue>,
    workers: Vec<std::thread::JoinHandle<()>>,
}

impl Scheduler {
    /// Starts `workers` threads, each of which can reach `io` (timers and sockets of WASI guests).
    pub(crate) fn start(workers: usize, io: &tokio::runtime::Handle) -> std::io::Result<Self> {
        let queue = Arc::new(Queue::default());
        let workers = (0..workers.max(1))
            .map(|index| {
                let (queue, io) = (queue.clone(), io.clone());
                std::thread::Builder::new()
                    .name(format!("lapak-worker-{index}"))
                    .spawn(move || {
                        let _io = io.enter();
                        queue.serve();
                    })
            })
            .collect::<Result<_, _>>()?;
        Ok(Self { queue, workers })
    }

    /// Runs `work` to its end. `background` is looked at each time it is queued.
    pub(crate) fn spawn(
        &self,
        background: Arc<AtomicBool>,
        work: impl Future<Output = ()> + Send + 'static,
    ) -> Arc<Task> {
        let task = Arc::new(Task {
            state: AtomicU8::new(IDLE),
            background,
            work: Mutex::new(Some(Box::pin(work))),
            queue: Arc::downgrade(&self.queue),
        });
        task.schedule();
        task
    }
}

impl Drop for Scheduler {
    fn drop(&mut self) {
        self.queue.lock().stopped = true;
        self.queue.ready.notify_all();
        for worker in self.workers.drain(..) {
            // The runtime may be dropped by one of its own workers, at the end of its last session.
            if worker.thread().id() != std::thread::current().id() {
                let _ = worker.join();
            }
        }
    }
}

/// Waits once, so that whoever is queued behind gets its turn.
pub(crate) async fn yield_now() {
    let mut yielded = false;
    std::future::poll_fn(|cx| {
        if yielded {
            return Poll::Ready(());
        }
        yielded = true;
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// One session's future and where it stands.
pub(crate) struct Task {
    state: AtomicU8,
    background: Arc<AtomicBool>,
    /// `None` once it has finished. Locked by the one worker that polls it; `state` keeps others away.
    work: Mutex<Option<Work>>,
    queue: Weak<Queue>,
}

const IDLE: u8 = 0;
const QUEUED: u8 = 1;
const RUNNING: u8 = 2;
/// Running, and woken meanwhile: to be queued again at once.
const WOKEN: u8 = 3;

impl Task {
    /// Puts the task into the queue unless it is there already.
    pub(crate) fn schedule(self: &Arc<Self>) {
        let push =
            self.state
                .fetch_update(Ordering::AcqRel, Ordering::Acquire, |state| match state {
                    IDLE => Some(QUEUED),
                    RUNNING => Some(WOKEN),
                    _ => None,
                });
        if push == Ok(IDLE) {
            self.push();
        }
    }

    fn push(self: &Arc<Self>) {
        if let Some(queue) = self.queue.upgrade() {
            queue.push(self.clone());
        }
    }

    fn run(self: &Arc<Self>) {
        self.state.store(RUNNING, Ordering::Release);
        let waker = Waker::from(self.clone());
        let mut cx = Context::from_waker(&waker);
        {
            let mut slot = lock(&self.work);
            if let Some(work) = slot.as_mut()
                && work.as_mut().poll(&mut cx).is_ready()
            {
                // Everything the session held goes now, not when the last handle to it does.
                *slot = None;
            }
        }
        let woken = self
            .state
            .compare_exchange(RUNNING, IDLE, Ordering::AcqRel, Ordering::Acquire)
            .is_err();
        if woken {
            self.state.store(QUEUED, Ordering::Release);
            self.push();
        }
    }
}

impl Wake for Task {
    fn wake(self: Arc<Self>) {
        self.schedule();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.schedule();
    }
}

#[derive(Default)]
struct Queue {
    waiting: Mutex<Waiting>,
    ready: Condvar,
}

#[derive(Default)]
struct Waiting {
    foreground: VecDeque<Arc<Task>>,
    background: VecDeque<Arc<Task>>,
    foreground_in_a_row: u32,
    stopped: bool,
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        lock(&self.waiting)
    }

    fn push(&self, task: Arc<Task>) {
        let mut waiting = self.lock();
        if task.background.load(Ordering::Relaxed) {
            waiting.background.push_back(task);
        } else {
            waiting.foreground.push_back(task);
        }
        drop(waiting);
        self.ready.notify_one();
    }

    fn serve(&self) {
        loop {
            let mut waiting = self.lock();
            let task = loop {
                if waiting.stopped {
                    return;
                }
                if let Some(task) = waiting.next() {
                    break task;
                }
                waiting = self
                    .ready
                    .wait(waiting)
                    .unwrap_or_else(PoisonError::into_inner);
            };
            drop(waiting);
            task.run();
        }
    }
}

impl Waiting {
    fn next(&mut self) -> Option<Arc<Task>> {
        if self.foreground_in_a_row < BACKGROUND_SHARE
            && let Some(task) = self.foreground.pop_front()
        {
            self.foreground_in_a_row += 1;
            return Some(task);
        }
        self.foreground_in_a_row = 0;
        self.background
            .pop_front()
            .or_else(|| self.foreground.pop_front())
    }
}

/// A worker that panicked left nothing half-done behind these locks.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;
    use std::sync::mpsc;

    use super::*;

    fn scheduler(workers: usize) -> (Scheduler, tokio::runtime::Runtime) {
        let io = tokio::runtime::Builder::new_current_thread()
            .build()
            .expect("tokio");
        (Scheduler::start(workers, io.handle()).expect("start"), io)
    }

    #[test]
    fn a_task_that_yields_for_ever_does_not_keep_others_from_running() {
        let (scheduler, _io) = scheduler(1);
        let foreground = Arc::new(AtomicBool::new(false));
        scheduler.spawn(foreground.clone(), async {
            loop {
                yield_now().await;
            }
        });
        let (done, finished) = mpsc::channel();
        scheduler.spawn(foreground, async move { done.send(()).expect("receiver") });
        finished.recv().expect("the second task ran");
    }

    #[test]
    fn a_background_task_moves_although_foreground_tasks_never_rest() {
        let (scheduler, _io) = scheduler(1);
        scheduler.spawn(Arc::new(AtomicBool::new(false)), async {
            loop {
                yield_now().await;
            }
        });
        let (done, finished) = mpsc::channel();
        scheduler.spawn(Arc::new(AtomicBool::new(true)), async move {
            for _ in 0..10 {
                yield_now().await;
            }
            done.send(()).expect("receiver");
        });
        finished.recv().expect("the background task ran");
    }

    #[test]
    fn a_task_woken_while_it_runs_is_polled_again() {
        let (scheduler, _io) = scheduler(2);
        let polls = Arc::new(AtomicUsize::new(0));
        let (done, finished) = mpsc::channel();
        let counted = polls.clone();
        let task = scheduler.spawn(
            Arc::new(AtomicBool::new(false)),
            std::future::poll_fn(move |_| {
                if counted.fetch_add(1, Ordering::SeqCst) == 0 {
                    return Poll::Pending;
                }
                let _ = done.send(());
                Poll::Ready(())
            }),
        );
        while finished.try_recv().is_err() {
            task.schedule();
            std::thread::yield_now();
        }
        assert_eq!(polls.load(Ordering::SeqCst), 2);
    }
}
