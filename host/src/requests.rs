//! Requests of one session: ids given once, a limited number in flight, outcomes delivered between events.

use std::sync::Arc;

use crate::bindings::lapak::app::requests::RequestId;
use crate::instance::InstanceState;
use crate::mailbox::Mailbox;

/// Puts an outcome where the app will take it. Run by the session itself, between two events.
pub(crate) type Deliver = Box<dyn FnOnce(&mut InstanceState) + Send>;

/// The requests that a session has begun.
#[derive(Debug)]
pub(crate) struct Requests {
    next: RequestId,
    in_flight: usize,
    most_in_flight: usize,
    mailbox: Arc<Mailbox>,
}

impl Requests {
    pub(crate) fn new(most_in_flight: usize, mailbox: Arc<Mailbox>) -> Self {
        Self {
            next: 1,
            in_flight: 0,
            most_in_flight,
            mailbox,
        }
    }

    /// A fresh id, or `None` when too many requests are in flight (or, after four thousand million requests,
    /// when the ids are used up).
    pub(crate) fn begin(&mut self) -> Option<RequestId> {
        if self.in_flight >= self.most_in_flight {
            return None;
        }
        let id = self.next;
        self.next = id.checked_add(1)?;
        self.in_flight += 1;
        Some(id)
    }

    /// What a provider's callback holds to end the request, from any thread.
    pub(crate) fn finisher(&self, request: RequestId) -> Finisher {
        Finisher {
            request,
            mailbox: self.mailbox.clone(),
        }
    }

    /// Counts a request as over. Called as its outcome is delivered.
    pub(crate) fn end(&mut self) {
        self.in_flight = self.in_flight.saturating_sub(1);
    }

    pub(crate) fn in_flight(&self) -> usize {
        self.in_flight
    }
}

/// Ends one request.
pub(crate) struct Finisher {
    request: RequestId,
    mailbox: Arc<Mailbox>,
}

impl Finisher {
    /// Hands the outcome over; the app gets `request-finished` afterwards.
    pub(crate) fn with(self, deliver: impl FnOnce(&mut InstanceState) + Send + 'static) {
        self.mailbox.finish(self.request, Box::new(deliver));
    }
}
