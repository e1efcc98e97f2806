//! Requests under way: whoever ends one ends it once, however often an answer comes.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{Decline, Done, Outcome, Request};
use crate::name::{AccountId, RequestKey};

/// Which request.
pub(super) type Id = (AccountId, RequestKey);

/// The requests whose outcome has not come, with all who wait for it.
#[derive(Default)]
pub(super) struct InFlight {
    waiting: Mutex<HashMap<Id, (Request, Vec<Done>)>>,
}

impl InFlight {
    /// Waits for a request's outcome; whether it is the first to do so, and the request is to be begun.
    pub(super) fn begin(&self, request: &Request, done: Done) -> bool {
        let mut waiting = self.waiting();
        let (known, all) = waiting
            .entry(request.id())
            .or_insert_with(|| (request.clone(), Vec::new()));
        if known == request {
            all.push(done);
            return all.len() == 1;
        }
        drop(waiting);
        done(Outcome::Declined(Decline::KeyUsed));
        false
    }

    /// The request that waits, if it does.
    pub(super) fn request(&self, id: &Id) -> Option<Request> {
        self.waiting().get(id).map(|(request, _)| request.clone())
    }

    /// Tells the outcome; whether anybody was waiting for it.
    pub(super) fn end(&self, id: &Id, outcome: &Outcome) -> bool {
        let ended = self.waiting().remove(id);
        let waited = ended.is_some();
        // Outside the lock: whoever is told may submit the next request.
        for done in ended.into_iter().flat_map(|(_, all)| all) {
            done(outcome.clone());
        }
        waited
    }

    /// Nobody is told.
    pub(super) fn forget(&self, id: &Id) {
        let all = self.waiting().remove(id);
        drop(all);
    }

    fn waiting(&self) -> MutexGuard<'_, HashMap<Id, (Request, Vec<Done>)>> {
        // Nothing under this lock can stop half-way.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
