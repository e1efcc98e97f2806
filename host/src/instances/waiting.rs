//! Sessions that wait for an instance, first come first served.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, Weak};

use super::lock;
use crate::session::Shared;

#[derive(Default)]
pub(super) struct Waiting {
    sessions: Mutex<VecDeque<Weak<Shared>>>,
    /// How many these are: read at every event's end.
    count: AtomicUsize,
}

impl Waiting {
    pub(super) fn is_empty(&self) -> bool {
        self.count.load(Ordering::SeqCst) == 0
    }

    /// Once, however often it is woken meanwhile: each entry takes a place that comes free from somebody else.
    pub(super) fn add(&self, session: &Arc<Shared>) {
        if !session.waits.swap(true, Ordering::SeqCst) {
            lock(&self.sessions).push_back(Arc::downgrade(session));
            self.count.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// Wakes the first that still waits; tells whether there was one.
    pub(super) fn wake_one(&self) -> bool {
        loop {
            if self.is_empty() {
                return false;
            }
            let Some(session) = lock(&self.sessions).pop_front() else {
                return false;
            };
            self.count.fetch_sub(1, Ordering::SeqCst);
            if let Some(session) = session.upgrade()
                && session.waits.swap(false, Ordering::SeqCst)
            {
                session.host.scheduler.wake(&session);
                return true;
            }
        }
    }
}
