//! A session's mailbox: what the shell sent, and the requests that have finished.
//!
//! The shell's side is bounded, in number and in bytes: past the bound `post` refuses and the shell is told to slow down. The
//! requests' side needs no bound of its own, since only so many requests can be in flight.
//!
//! Requests that have finished go before what the shell sent, all that can be in flight at a time; not more in a row while that waits:
//! an app whose requests finish as fast as it makes them still hears the person.

use std::collections::VecDeque;
use std::time::Instant;

use lapak_scheduler::Overloaded;

use crate::account::Charge;
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
    /// Of what the shell sent.
    bytes: usize,
    finished: VecDeque<(RequestId, Answer)>,
    /// For those of them that are large.
    charges: Vec<(RequestId, Charge)>,
    /// Finished requests that were the last letters.
    in_a_row: u32,
}

/// Finished requests that go before what the shell sent: twice as many as there are in flight by default, so that the order of
/// letters does not count on who comes first.
const MOST_IN_A_ROW: u32 = 64;

/// Events that end the session may wait beyond the bound, so many.
const MOST_ENDS: usize = 8;

impl Mailbox {
    /// Takes an event of the shell's, unless `capacity` of them wait already, or as many bytes.
    pub(crate) fn post(
        &mut self,
        event: ShellEvent,
        (capacity, capacity_bytes): (usize, usize),
    ) -> Result<(), SendError> {
        let waiting = self.waiting.get_or_insert_default();
        let count = waiting.shell.len();
        let bytes = waiting.bytes.saturating_add(event.bytes());
        let full = count >= capacity || (count > 0 && bytes > capacity_bytes);
        // There is always room for the event that makes room; not for as many of them as somebody likes.
        let makes_room = event.ends_the_session() && count < capacity.saturating_add(MOST_ENDS);
        if full && !makes_room {
            return Err(SendError::MailboxFull(count));
        }
        waiting.bytes = bytes;
        waiting.shell.push_back((event, Instant::now()));
        Ok(())
    }

    /// Takes the outcome of a request.
    pub(crate) fn finish(&mut self, request: RequestId, answer: Answer) {
        let waiting = self.waiting.get_or_insert_default();
        waiting.finished.push_back((request, answer));
    }

    /// Keeps a charge for as long as the answer to this request waits here.
    pub(crate) fn keep_charge(&mut self, request: RequestId, charge: Charge) {
        let waiting = self.waiting.get_or_insert_default();
        waiting.charges.push((request, charge));
    }

    /// The charge for an answer that was just taken from here.
    pub(crate) fn take_charge(&mut self, request: RequestId) -> Option<Charge> {
        let charges = &mut self.waiting.as_mut()?.charges;
        let at = charges.iter().position(|(of, _)| *of == request)?;
        Some(charges.remove(at).1)
    }

    /// The next letter: requests that have finished go first.
    pub(crate) fn next(&mut self) -> Option<Letter> {
        let waiting = self.waiting.as_mut()?;
        let shells_turn = waiting.in_a_row >= MOST_IN_A_ROW && !waiting.shell.is_empty();
        if !shells_turn && let Some((request, answer)) = waiting.finished.pop_front() {
            waiting.in_a_row = waiting.in_a_row.saturating_add(1);
            return Some(Letter::Finished(request, answer));
        }
        let (event, since) = waiting.shell.pop_front()?;
        waiting.in_a_row = 0;
        waiting.bytes = waiting.bytes.saturating_sub(event.bytes());
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bindings::lapak::app::events::InputValue;
    use crate::view::{NodeId, Trigger};

    const ROOM: (usize, usize) = (4, 1_000);

    fn typed(bytes: usize) -> ShellEvent {
        ShellEvent::Input {
            node: NodeId(1),
            trigger: Trigger::Input,
            value: InputValue::Text("x".repeat(bytes)),
        }
    }

    #[test]
    fn requests_that_finish_do_not_keep_the_person_out() {
        let mut mailbox = Mailbox::default();
        mailbox.post(ShellEvent::Close, ROOM).expect("room");
        let mut letters = 0;
        for request in 0.. {
            mailbox.finish(request, Answer::Timer);
            letters += 1;
            if let Some(Letter::Shell(event, _)) = mailbox.next() {
                assert_eq!(event, ShellEvent::Close);
                break;
            }
            assert!(letters <= MOST_IN_A_ROW, "the person is not heard");
        }
    }

    #[test]
    fn what_waits_is_bounded_in_bytes_and_always_takes_one_and_the_last() {
        let mut mailbox = Mailbox::default();
        mailbox.post(typed(5_000), ROOM).expect("the first");
        assert_eq!(mailbox.post(typed(1), ROOM), Err(SendError::MailboxFull(1)));
        for _ in 0..ROOM.0 + MOST_ENDS - 1 {
            mailbox.post(ShellEvent::Close, ROOM).expect("an end");
        }
        assert!(mailbox.post(ShellEvent::Close, ROOM).is_err());
        assert!(mailbox.next().is_some());
        let mut mailbox = Mailbox::default();
        mailbox.post(typed(600), ROOM).expect("the first");
        assert!(mailbox.next().is_some());
        mailbox
            .post(typed(600), ROOM)
            .expect("what was taken leaves room");
    }
}
