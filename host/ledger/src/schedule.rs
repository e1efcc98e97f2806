//! Work for later, on threads of its own: retries, slow answers.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

type Work = Box<dyn FnOnce() + Send>;

/// Carries work out when its time comes. What is not yet due when it is dropped is never carried out.
pub(crate) struct Schedule {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

/// Gives work to a [`Schedule`] without keeping it alive.
#[derive(Clone)]
pub(crate) struct Later(Arc<Shared>);

struct Shared {
    queue: Mutex<Queue>,
    changed: Condvar,
}

#[derive(Default)]
struct Queue {
    /// By time, then by number: work of one moment in the order in which it came.
    due: BinaryHeap<Reverse<Due>>,
    next: u64,
    ended: bool,
}

struct Due {
    at: (Instant, u64),
    work: Work,
}

impl Schedule {
    pub(crate) fn start(name: &str, threads: usize) -> std::io::Result<Self> {
        let shared = Arc::new(Shared {
            queue: Mutex::default(),
            changed: Condvar::new(),
        });
        let start = |_| {
            let shared = Arc::clone(&shared);
            std::thread::Builder::new()
                .name(name.to_owned())
                .spawn(move || shared.serve())
        };
        let threads = (0..threads).map(start).collect::<Result<_, _>>()?;
        Ok(Self { shared, threads })
    }

    pub(crate) fn later(&self) -> Later {
        Later(Arc::clone(&self.shared))
    }
}

impl Later {
    pub(crate) fn after(&self, wait: Duration, work: impl FnOnce() + Send + 'static) {
        let mut queue = self.0.queue();
        if queue.ended {
            return;
        }
        let at = (Instant::now() + wait, queue.next);
        queue.next += 1;
        queue.due.push(Reverse(Due {
            at,
            work: Box::new(work),
        }));
        drop(queue);
        self.0.changed.notify_one();
    }
}

impl Shared {
    fn serve(&self) {
        while let Some(work) = self.wait() {
            work();
        }
    }

    /// The next work, when its time has come; `None` at the end.
    fn wait(&self) -> Option<Work> {
        let mut queue = self.queue();
        loop {
            if queue.ended {
                return None;
            }
            let now = Instant::now();
            queue = match queue.due.peek().map(|Reverse(due)| due.at.0) {
                Some(at) if at <= now => {
                    let work = queue.due.pop().map(|Reverse(due)| due.work);
                    // Another thread may have slept for this very piece.
                    self.changed.notify_one();
                    return work;
                }
                Some(at) => {
                    let waited = self.changed.wait_timeout(queue, at - now);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
                None => self
                    .changed
                    .wait(queue)
                    .unwrap_or_else(PoisonError::into_inner),
            };
        }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        // Nothing under this lock can stop half-way.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Schedule {
    fn drop(&mut self) {
        let left = {
            let mut queue = self.shared.queue();
            queue.ended = true;
            std::mem::take(&mut queue.due)
        };
        self.shared.changed.notify_all();
        // Outside the lock: what was waiting may own things that end threads of their own.
        drop(left);
        for thread in self.threads.drain(..) {
            // The last handle may be dropped by a piece of work.
            if thread.thread().id() != std::thread::current().id() {
                let _ = thread.join();
            }
        }
    }
}

impl std::fmt::Debug for Schedule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Schedule")
            .field("threads", &self.threads.len())
            .finish_non_exhaustive()
    }
}

impl PartialEq for Due {
    fn eq(&self, other: &Self) -> bool {
        self.at == other.at
    }
}

impl Eq for Due {}

impl PartialOrd for Due {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Due {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.at.cmp(&other.at)
    }
}

/// How long to wait before the try after `tried` tries: doubled each time from `first` to `most`, less up to a half by
/// chance, so that those who failed together do not come back together.
pub(crate) fn backoff(first: Duration, most: Duration, tried: u32) -> Duration {
    let whole = first.saturating_mul(1 << tried.min(20)).min(most);
    let mut byte = [0];
    // Without random numbers everybody waits the whole time.
    let less = if getrandom::fill(&mut byte).is_ok() {
        u32::from(byte[0])
    } else {
        0
    };
    whole - whole / 2 * less / 255
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_is_done_in_the_order_of_its_time() {
        let schedule = Schedule::start("test", 1).expect("threads");
        let (tell, told) = std::sync::mpsc::channel();
        for wait in [40, 0, 20, 0] {
            let tell = tell.clone();
            schedule
                .later()
                .after(Duration::from_millis(wait), move || {
                    let _ = tell.send(wait);
                });
        }
        let order: Vec<_> = told.iter().take(4).collect();
        assert_eq!(order, [0, 0, 20, 40]);
    }

    #[test]
    fn waits_double_up_to_the_most() {
        let (first, most) = (Duration::from_millis(100), Duration::from_secs(1));
        for (tried, whole) in [(0, 100), (1, 200), (3, 800), (4, 1000), (u32::MAX, 1000)] {
            let wait = backoff(first, most, tried);
            let whole = Duration::from_millis(whole);
            assert!(wait <= whole && wait >= whole / 2, "{wait:?} after {tried}");
        }
    }
}
