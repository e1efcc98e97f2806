//! A session's mailbox: what the shell sent, and the requests that have finished.
//!
//! The shell's side is bounded: past the bound `post` refuses and the shell is told to slow down. The
//! requests' side needs no bound of its own, since only so many requests can be in flight.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};
use std::time::Instant;

use crate::bindings::lapak::app::requests::RequestId;
use crate::requests::Deliver;
use crate::session::ShellEvent;

/// One thing that waits for the session.
pub(crate) enum Letter {
    /// The shell sent an event, at this time.
    Shell(ShellEvent, Instant),
    /// A request has finished.
    Finished(RequestId, Deliver),
}

/// Why an event was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// Too many events wait already: slow down and send it again later.
    #[error("the app has {0} events waiting; slow down and send this one again")]
    MailboxFull(usize),
    /// The session has ended.
    #[error("the session has ended")]
    Ended,
}

pub(crate) struct Mailbox {
    inner: Mutex<Inner>,
    capacity: usize,
}

#[derive(Default)]
struct Inner {
    shell: VecDeque<(ShellEvent, Instant)>,
    finished: VecDeque<(RequestId, Deliver)>,
    closed: bool,
    waker: Option<Waker>,
}

impl Mailbox {
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            inner: Mutex::default(),
            capacity,
        }
    }

    pub(crate) fn post(&self, event: ShellEvent) -> Result<(), SendError> {
        let mut inner = self.lock();
        if inner.closed {
            return Err(SendError::Ended);
        }
        // There is always room for the one event that makes room.
        if inner.shell.len() >= self.capacity && event != ShellEvent::Close {
            return Err(SendError::MailboxFull(self.capacity));
        }
        inner.shell.push_back((event, Instant::now()));
        wake(inner);
        Ok(())
    }

    pub(crate) fn finish(&self, request: RequestId, deliver: Deliver) {
        let mut inner = self.lock();
        if !inner.closed {
            inner.finished.push_back((request, deliver));
            wake(inner);
        }
    }

    /// The next letter, without waiting.
    pub(crate) fn try_next(&self) -> Option<Letter> {
        self.lock().next()
    }

    /// The next letter, when there is one.
    pub(crate) async fn next(&self) -> Letter {
        std::future::poll_fn(|cx| {
            let mut inner = self.lock();
            if let Some(letter) = inner.next() {
                return Poll::Ready(letter);
            }
            inner.waker = Some(cx.waker().clone());
            Poll::Pending
        })
        .await
    }

    /// Refuses everything from now on and drops what waits.
    pub(crate) fn close(&self) {
        let mut inner = self.lock();
        inner.closed = true;
        let dropped = (
            std::mem::take(&mut inner.shell),
            std::mem::take(&mut inner.finished),
        );
        drop(inner);
        drop(dropped);
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn next(&mut self) -> Option<Letter> {
        if let Some((request, deliver)) = self.finished.pop_front() {
            return Some(Letter::Finished(request, deliver));
        }
        let (event, since) = self.shell.pop_front()?;
        Some(Letter::Shell(event, since))
    }
}

/// Wakes outside the lock, since waking may run the scheduler's own locks.
fn wake(mut inner: MutexGuard<'_, Inner>) {
    let waker = inner.waker.take();
    drop(inner);
    if let Some(waker) = waker {
        waker.wake();
    }
}

impl std::fmt::Debug for Mailbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mailbox").finish_non_exhaustive()
    }
}
