//! How a session that another process has left on disk goes on in this one.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::shared::Shared;
use super::state::Body;
use crate::account::Cost;
use crate::runtime::ResumeError;
use crate::snapshot::frozen::{Frozen, Unreadable};
use crate::snapshot::saved::Standing;

impl Shared {
    /// Goes on from a snapshot that another process wrote, `stopped` being that one's monotonic time. What the app asked
    /// of the providers is asked again.
    pub(crate) fn take_up(
        self: &Arc<Self>,
        frozen: Frozen,
        stopped: Duration,
        handled: u64,
        standing: Standing,
    ) -> Result<(), ResumeError> {
        let damaged = |error: Unreadable| ResumeError::Damaged(error.to_string());
        standing.give_to(self);
        self.handled.store(handled, Ordering::Relaxed);
        let answered = self.lock().mailbox.answered();
        let (frozen, in_flight) = frozen.moved(self, stopped, &answered).map_err(damaged)?;
        self.host.held(frozen.bytes());
        self.stands(Cost::Memory, frozen.bytes());
        let mut state = self.lock();
        state.body = Body::Frozen(frozen);
        // Nobody will put it to rest if there is nothing for it to do.
        if state.mailbox.is_empty() {
            state.progress(|progress| progress.rest(in_flight));
        }
        Ok(())
    }
}
