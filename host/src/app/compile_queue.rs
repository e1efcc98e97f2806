//! Who compiles when: one package at a time, and of each source one in the line, so that whoever brings many, or slow ones, waits
//! behind everybody else.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Semaphore, SemaphorePermit};

/// Most packages of one source that may wait.
const MOST_OF_ONE: usize = 16;
/// Most sources that may wait.
const MOST_SOURCES: usize = 256;

/// The line before the compiler.
#[derive(Debug)]
pub(crate) struct CompileQueue {
    compiler: Semaphore,
    sources: Mutex<HashMap<Arc<str>, Line>>,
}

/// Those of one source.
#[derive(Debug)]
struct Line {
    front: Arc<Semaphore>,
    waiting: usize,
}

/// More packages wait to be compiled than this host takes at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Busy;

impl Default for CompileQueue {
    fn default() -> Self {
        Self {
            compiler: Semaphore::new(1),
            sources: Mutex::default(),
        }
    }
}

impl CompileQueue {
    /// Waits until it is this source's turn. The turn ends when what it gives is dropped.
    pub(crate) async fn turn(&self, source: &Arc<str>) -> Result<Turn<'_>, Busy> {
        let place = self.place(source)?;
        // Neither is ever closed.
        let front = place
            .front
            .clone()
            .acquire_owned()
            .await
            .map_err(|_| Busy)?;
        let compiler = self.compiler.acquire().await.map_err(|_| Busy)?;
        Ok(Turn {
            _compiler: compiler,
            _front: front,
            _place: place,
        })
    }

    fn place(&self, source: &Arc<str>) -> Result<Place<'_>, Busy> {
        let mut sources = self.sources();
        if sources.len() >= MOST_SOURCES && !sources.contains_key(source) {
            return Err(Busy);
        }
        let line = sources.entry(source.clone()).or_insert_with(|| Line {
            front: Arc::new(Semaphore::new(1)),
            waiting: 0,
        });
        if line.waiting >= MOST_OF_ONE {
            return Err(Busy);
        }
        line.waiting += 1;
        Ok(Place {
            front: line.front.clone(),
            source: source.clone(),
            queue: self,
        })
    }

    fn sources(&self) -> MutexGuard<'_, HashMap<Arc<str>, Line>> {
        self.sources.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The compiler's turn for one package.
#[derive(Debug)]
pub(crate) struct Turn<'q> {
    // In the order in which they are given back.
    _compiler: SemaphorePermit<'q>,
    _front: tokio::sync::OwnedSemaphorePermit,
    _place: Place<'q>,
}

/// A place in a source's line, which is forgotten with its last one.
#[derive(Debug)]
struct Place<'q> {
    front: Arc<Semaphore>,
    source: Arc<str>,
    queue: &'q CompileQueue,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut sources = self.queue.sources();
        if let Some(line) = sources.get_mut(&self.source) {
            line.waiting -= 1;
            if line.waiting == 0 {
                sources.remove(&self.source);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    fn poll<F: Future>(future: std::pin::Pin<&mut F>) -> Poll<F::Output> {
        future.poll(&mut Context::from_waker(Waker::noop()))
    }

    #[test]
    fn whoever_brings_many_packages_waits_behind_everybody_else() {
        let queue = CompileQueue::default();
        let (many, one): (Arc<str>, Arc<str>) = ("many".into(), "one".into());
        let Poll::Ready(Ok(first)) = poll(pin!(queue.turn(&many))) else {
            panic!("nobody is before it");
        };
        let mut flood: Vec<_> = (1..MOST_OF_ONE)
            .map(|_| Box::pin(queue.turn(&many)))
            .collect();
        for waiting in &mut flood {
            assert!(poll(waiting.as_mut()).is_pending());
        }
        assert_eq!(
            poll(pin!(queue.turn(&many))).map(|turn| turn.err()),
            Poll::Ready(Some(Busy))
        );
        let mut other = Box::pin(queue.turn(&one));
        assert!(poll(other.as_mut()).is_pending());
        drop(first);
        // Those of the flood came first, and the other goes first.
        for waiting in &mut flood {
            assert!(poll(waiting.as_mut()).is_pending());
        }
        let Poll::Ready(Ok(turn)) = poll(other.as_mut()) else {
            panic!("it is the other's turn");
        };
        drop((turn, other));
        assert!(
            flood
                .iter_mut()
                .any(|waiting| poll(waiting.as_mut()).is_ready())
        );
        drop(flood);
        assert!(queue.sources().is_empty());
    }

    #[test]
    fn so_many_sources_wait_and_no_more() {
        let queue = CompileQueue::default();
        let sources: Vec<Arc<str>> = (0..=MOST_SOURCES)
            .map(|nth| nth.to_string().into())
            .collect();
        let mut waiting: Vec<_> = sources
            .iter()
            .map(|source| Box::pin(queue.turn(source)))
            .collect();
        let states: Vec<_> = waiting.iter_mut().map(|one| poll(one.as_mut())).collect();
        assert!(matches!(states.last(), Some(Poll::Ready(Err(Busy)))));
        assert_eq!(
            states.iter().filter(|one| one.is_pending()).count(),
            MOST_SOURCES - 1
        );
    }
}
