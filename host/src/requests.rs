//! Requests of one session: ids given once, a limited number in flight, outcomes delivered between events.

mod held;
mod room;
pub(crate) mod weight;

use std::sync::{Arc, Weak};

use crate::account::Charge;
use crate::bindings::lapak::app::requests::RequestId;
use crate::capability::Answer;
use crate::session::Shared;

pub(crate) use held::Held;
pub(crate) use room::{Again, RoomRequests};

/// The requests that a session has begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Requests {
    next: RequestId,
    in_flight: usize,
}

impl Default for Requests {
    fn default() -> Self {
        Self {
            next: 1,
            in_flight: 0,
        }
    }
}

impl Requests {
    /// A fresh id, or `None` when `most` requests are in flight (or, after four thousand million requests, when
    /// the ids are used up).
    pub(crate) fn begin(&mut self, most: usize) -> Option<RequestId> {
        if self.in_flight >= most {
            return None;
        }
        let id = self.next;
        self.next = id.checked_add(1)?;
        self.in_flight += 1;
        Some(id)
    }

    /// Counts a request as over. Called as its outcome is delivered.
    pub(crate) fn end(&mut self) {
        self.in_flight = self.in_flight.saturating_sub(1);
    }

    /// For another session that goes on with `in_flight` of them: no id is given twice.
    pub(crate) fn taken_over(self, in_flight: usize) -> Self {
        Self { in_flight, ..self }
    }

    pub(crate) fn in_flight(&self) -> usize {
        self.in_flight
    }
}

/// Ends one request.
pub(crate) struct Finisher {
    request: RequestId,
    /// A provider may take a day: it does not keep a session that has ended meanwhile, nor the host.
    session: Weak<Shared>,
    /// What the provider has of the request, for as long as it has it.
    _held: Option<Arc<Charge>>,
}

impl Finisher {
    /// What a provider's callback holds to end the request, from any thread.
    pub(crate) fn new(request: RequestId, session: &Arc<Shared>, held: &Held) -> Self {
        Self {
            request,
            session: Arc::downgrade(session),
            _held: held.of(request),
        }
    }

    /// Hands the outcome over; the app gets `request-finished` afterwards.
    pub(crate) fn with(self, answer: Answer) {
        if let Some(session) = self.session.upgrade() {
            session.finish(self.request, answer);
        }
    }
}
