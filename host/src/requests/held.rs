//! What a session's requests hold of large values, charged for as long as somebody holds it.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::weight::{ASKED_BYTES, SMALL};
use crate::account::{Charge, Cost};
use crate::bindings::lapak::app::requests::RequestId;
use crate::capability::Rooms;
use crate::instance::InstanceState;

/// Charges for values that a session's rooms keep. What is small has none.
///
/// They go when the session is frozen, whose snapshot is charged as a whole; a provider that still has the value has the charge
/// with it.
#[derive(Debug, Default)]
pub(crate) struct Held {
    of: BTreeMap<RequestId, Arc<Charge>>,
}

impl Held {
    /// What a request holds.
    pub(super) fn of(&self, request: RequestId) -> Option<Arc<Charge>> {
        self.of.get(&request).cloned()
    }

    /// A request has finished: from now on it holds its answer.
    pub(crate) fn finished(&mut self, request: RequestId, answer: Option<Charge>) {
        match answer {
            Some(charge) => self.of.insert(request, Arc::new(charge)),
            None => self.of.remove(&request),
        };
    }

    /// Gives back what the rooms do not keep any more.
    pub(crate) fn forget_taken(&mut self, rooms: &Rooms) {
        if !self.of.is_empty() {
            self.of.retain(|request, _| rooms.holds(*request));
        }
    }
}

impl InstanceState {
    /// A fresh request that holds a value of so many bytes until it has finished: the room has it, and the provider. `None` when too
    /// many are in flight, or too many bytes of this session, its app, its person, its package or the host.
    pub(crate) fn begin_request_of(&mut self, bytes: usize) -> Option<RequestId> {
        if bytes <= SMALL {
            return self.begin_request();
        }
        if self.rooms.asked_bytes().saturating_add(bytes) > ASKED_BYTES {
            return None;
        }
        let session = self.session.clone();
        let mut charge = None;
        // What others have does not follow from the session.
        let may = self.answer(|| {
            charge = session.charge(Cost::Transit, bytes.saturating_mul(2)).ok();
            charge.is_some()
        });
        let request = may.then(|| self.begin_request()).flatten()?;
        self.held.finished(request, charge);
        Some(request)
    }
}
