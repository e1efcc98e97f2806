//! A watch from the call that asks for it to the provider that tells.

use std::sync::{Arc, Mutex, PoisonError};

use super::{Backlog, Kept, Stop, Teller};
use crate::asking::Use;
use crate::bindings::lapak::app::requests::RequestId;
use crate::capability::Answer;
use crate::grants::AccessDenied;
use crate::instance::InstanceState;
use crate::session::Shared;

/// A watch that an app asks for, or that goes on after a restart.
pub(crate) struct Wanted {
    pub(crate) request: RequestId,
    /// Which function asks for it.
    pub(crate) by: Use,
    /// What it is about, for the audit.
    pub(crate) about: String,
    /// What the app hears if it may not, or may not any more.
    pub(crate) denied: Answer,
    /// The app has news that it did not take; only after a restart.
    pub(crate) told: bool,
}

impl InstanceState {
    /// Begins a watch when the person has agreed, if they need to be asked: `start` gets what tells of news, of which the latest
    /// waits, and gives what ends it. On a thread that may wait. What `start` leaves behind must not hold the session.
    pub(crate) fn begin_watch(
        &self,
        wanted: Wanted,
        start: impl FnOnce(&Arc<Shared>, Teller) -> Stop + Send + 'static,
    ) {
        let (request, denied) = (wanted.request, wanted.denied);
        self.keep_place(Kept {
            request,
            capability: wanted.by.capability,
            denied: denied.clone(),
            backlog: Backlog::Latest,
            told: wanted.told,
        });
        let session = self.session.clone();
        self.consented(wanted.by, wanted.about, move |agreed| match agreed {
            Ok(()) => session.take_off(request, |teller| start(&session, teller)),
            Err(_) => session.stay(request, denied),
        });
    }
}

/// A watch of something that is one value at a time, of which the app hears when it changes.
pub(crate) struct Observed<T, E> {
    pub(crate) request: RequestId,
    /// Which function asks for it.
    pub(crate) by: Use,
    /// How the room is told.
    pub(crate) answer: fn(Result<T, E>) -> Answer,
    /// The app has news that it did not take; only after a restart.
    pub(crate) told: bool,
}

impl InstanceState {
    /// [Begins](Self::begin_watch) such a watch.
    pub(crate) fn observe<T: 'static, E: From<AccessDenied> + 'static>(
        &self,
        observed: Observed<T, E>,
        start: impl FnOnce(&Arc<Shared>, Changes<T, E>) -> Stop + Send + 'static,
    ) {
        let answer = observed.answer;
        let wanted = Wanted {
            request: observed.request,
            by: observed.by,
            about: String::new(),
            denied: answer(Err(AccessDenied.into())),
            told: observed.told,
        };
        self.begin_watch(wanted, move |session, teller| {
            let last = Mutex::new(None);
            let changes = Changes {
                teller,
                answer,
                last,
            };
            start(session, changes)
        });
    }
}

/// Tells of news only when they are not what was told last. An error is the last.
pub(crate) struct Changes<T, E> {
    teller: Teller,
    answer: fn(Result<T, E>) -> Answer,
    last: Mutex<Option<Result<T, E>>>,
}

impl<T: Clone + PartialEq, E: Clone + PartialEq> Changes<T, E> {
    /// What there is now.
    pub(crate) fn tell(&self, now: Result<T, E>) {
        // Locked until it is told: what is told last is what was last.
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.as_ref() == Some(&now) {
            return;
        }
        *last = Some(now.clone());
        match now.is_err() {
            true => self.teller.last((self.answer)(now)),
            false => self.teller.tell((self.answer)(now)),
        }
    }
}
