//! Who reads pictures: a few at a time, off the workers, and not more in line than fit into memory.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::bindings::lapak::app::scan::Error;
use crate::runtime::Host;

/// Pictures that are read at a time, by all sessions.
const AT_A_TIME: usize = 2;
/// Pictures that wait; each has at most 16 megapixels, and as a file at most 4 MiB.
const WAITING: usize = 32;

type Work = Box<dyn FnOnce(Result<Turn, Error>) + Send>;

/// Whose turn it is.
#[derive(Debug)]
pub(super) struct Turn(());

/// Lets pictures be read in turn.
#[derive(Default)]
pub(crate) struct Readers {
    line: Mutex<Line>,
}

#[derive(Default)]
struct Line {
    reading: usize,
    waiting: VecDeque<Work>,
}

impl Readers {
    /// Does the work when it is its turn; where too much waits it hears `unavailable`, at once.
    pub(super) fn read(
        &self,
        host: &Arc<Host>,
        work: impl FnOnce(Result<Turn, Error>) + Send + 'static,
    ) {
        let work: Work = Box::new(work);
        let begins = {
            let mut line = self.line();
            if line.waiting.len() >= WAITING {
                drop(line);
                return work(Err(Error::Unavailable));
            }
            line.waiting.push_back(work);
            let begins = line.reading < AT_A_TIME;
            line.reading += usize::from(begins);
            begins
        };
        if begins {
            let host = host.clone();
            host.clone().off_workers(move || host.readers.work_off());
        }
    }

    fn work_off(&self) {
        while let Some(work) = self.next() {
            work(Ok(Turn(())));
        }
    }

    fn next(&self) -> Option<Work> {
        let mut line = self.line();
        let next = line.waiting.pop_front();
        if next.is_none() {
            line.reading = line.reading.saturating_sub(1);
        }
        next
    }

    fn line(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
