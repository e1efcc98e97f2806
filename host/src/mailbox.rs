//! A session's mailbox: what the shell sent, and the requests that have finished.
//!
//! The shell's side is bounded: past the bound `post` refuses and the shell is told to slow down. The
//! requests' side needs no bound of its own, since only so many requests can be in flight.

use std::collections::VecDeque;
use std::time::Instant;

use lapak_scheduler::Overloaded;

use crate::bindings::lapak::app::requests::RequestId;
use crate::capability::Answer;
use crate::session::ShellEvent;

/// One thing that waits for the session.
#[derive(Debug)]
pub(crate) enum Letter {
    /// The shell sent an event, at this time.
    Shell(ShellEvent, Instant),
    /// A request has finished.
    Finished(RequestId, Answer),
}

/// Why an event was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// Too many events wait already: slow down and send it again later.
    #[error("the app has {0} events waiting; slow down and send this one again")]
    MailboxFull(usize),
    /// The host has more work than it can do: send it again later.
    #[error(transparent)]
    Overloaded(#[from] Overloaded),
    /// The host is being stopped, and has written the session down: send it when the host is back.
    #[error("the host is being stopped; send this event again when it is back")]
    Suspending,
    /// The session has ended.
    #[error("the session has ended")]
    Ended,
}

/// Letters that wait. Takes no room while there are none.
#[derive(Debug, Default)]
pub(crate) struct Mailbox {
    waiting: Option<Box<Waiting>>,
}

#[derive(Debug, Default)]
struct Waiting {
    shell: VecDeque<(ShellEvent, Instant)>,
    finished: VecDeque<(RequestId, Answer)>,
}

impl Mailbox {
    /// Takes an event of the shell's, unless `capacity` of them wait already.
    pub(crate) fn post(&mut self, event: ShellEvent, capacity: usize) -> Result<(), SendError> {
        let waiting = self.waiting.get_or_insert_default();
        // There is always room for the event that makes room.
        if waiting.shell.len() >= capacity && !event.ends_the_session() {
            return Err(SendError::MailboxFull(capacity));
        }
        waiting.shell.push_back((event, Instant::now()));
        Ok(())
    }

    /// Takes the outcome of a request.
    pub(crate) fn finish(&mut self, request: RequestId, answer: Answer) {
        let waiting = self.waiting.get_or_insert_default();
        waiting.finished.push_back((request, answer));
    }

    /// The next letter: requests that have finished go first.
    pub(crate) fn next(&mut self) -> Option<Letter> {
        let waiting = self.waiting.as_mut()?;
        if let Some((request, answer)) = waiting.finished.pop_front() {
            return Some(Letter::Finished(request, answer));
        }
        let (event, since) = waiting.shell.pop_front()?;
        Some(Letter::Shell(event, since))
    }

    pub(crate) fn is_empty(&self) -> bool {
        let empty = |waiting: &Waiting| waiting.shell.is_empty() && waiting.finished.is_empty();
        self.waiting.as_deref().is_none_or(empty)
    }

    /// Gives back the room that earlier letters took.
    pub(crate) fn shrink(&mut self) {
        if self.is_empty() {
            self.waiting = None;
        }
    }

    /// What the answers that wait take.
    pub(crate) fn answer_bytes(&self) -> usize {
        let waiting = self.waiting.iter().flat_map(|waiting| &waiting.finished);
        waiting.map(|(_, answer)| answer.bytes()).sum()
    }

    /// The finished requests that wait.
    pub(crate) fn answered(&self) -> Vec<RequestId> {
        let waiting = self.waiting.iter().flat_map(|waiting| &waiting.finished);
        waiting.map(|(request, _)| *request).collect()
    }

    /// Copies of the letters, for a snapshot: the shell's events, and the finished requests.
    pub(crate) fn letters(&self) -> (Vec<ShellEvent>, Vec<(RequestId, Answer)>) {
        let Some(waiting) = &self.waiting else {
            return Default::default();
        };
        let shell = waiting.shell.iter().map(|(event, _)| event.clone());
        (shell.collect(), waiting.finished.iter().cloned().collect())
    }
}
