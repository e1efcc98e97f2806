//! Threads for what waits: so many at a time, the others in a line of bounded length.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What is to be done; it is told whether there is room for it.
pub(super) type Job = Box<dyn FnOnce(bool) + Send>;

pub(super) struct Crew {
    at_a_time: usize,
    most_waiting: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    at_work: usize,
    waiting: VecDeque<Job>,
}

impl Crew {
    pub(super) fn new(at_a_time: usize, most_waiting: usize) -> Self {
        Self {
            at_a_time: at_a_time.max(1),
            most_waiting,
            state: Mutex::default(),
        }
    }

    /// Has it done, now or later, on another thread; on this one it is only told that there is no room.
    pub(super) fn take_on(self: &Arc<Self>, job: Job) {
        let job = {
            let mut state = self.state();
            if state.at_work < self.at_a_time {
                state.at_work += 1;
                state.waiting.push_back(job);
                None
            } else if state.waiting.len() < self.most_waiting {
                state.waiting.push_back(job);
                return;
            } else {
                Some(job)
            }
        };
        let refused = match job {
            Some(job) => Some(job),
            None => self.hire(),
        };
        if let Some(job) = refused {
            job(false);
        }
    }

    /// One more thread; where there is none to be had, gives the job back that it was for.
    fn hire(self: &Arc<Self>) -> Option<Job> {
        let crew = self.clone();
        let hired = std::thread::Builder::new()
            .name("lapak-fetch".into())
            .spawn(move || crew.work());
        if hired.is_ok() {
            return None;
        }
        let mut state = self.state();
        state.at_work -= 1;
        state.waiting.pop_back()
    }

    fn work(&self) {
        loop {
            let job = {
                let mut state = self.state();
                let Some(job) = state.waiting.pop_front() else {
                    state.at_work -= 1;
                    return;
                };
                job
            };
            if catch_unwind(AssertUnwindSafe(|| job(true))).is_err() {
                tracing::error!("an exchange panicked; others go on");
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn so_many_at_a_time_the_rest_in_their_order_and_the_last_refused() {
        let crew = Arc::new(Crew::new(1, 2));
        let (done, all) = mpsc::channel();
        let (go, wait) = mpsc::channel::<()>();
        let (began, has_begun) = mpsc::channel();
        crew.take_on(Box::new(move |_| {
            began.send(()).expect("heard");
            wait.recv().expect("told");
        }));
        has_begun.recv().expect("begun");
        for job in 0..3 {
            let done = done.clone();
            crew.take_on(Box::new(move |has_room| {
                done.send((job, has_room)).expect("heard");
            }));
        }
        crew.state()
            .waiting
            .push_back(Box::new(|_| panic!("on purpose")));
        crew.state().waiting.push_back(Box::new(move |_| {
            done.send((9, true)).expect("heard");
        }));
        assert_eq!(all.recv(), Ok((2, false)));
        go.send(()).expect("heard");
        let rest: Vec<_> = all.iter().collect();
        assert_eq!(rest, [(0, true), (1, true), (9, true)]);
    }
}
