//! `timer`: waking the app later.

pub mod simulated;

use std::time::Duration;

use crate::bindings::lapak::app::requests::RequestId;
use crate::bindings::lapak::app::timer::{Error, Host};
use crate::grants::{AccessDenied, Capability};
use crate::instance::InstanceState;
use crate::requests::{Again, RoomRequests};
use crate::room::{Asks, Lent, Terms, Words};

/// The terms on which it is lent.
pub const TERMS: Terms = Terms {
    name: "timer",
    lent: Lent::ToEveryApp,
    allows: Words {
        en: "do something later, while it is open",
        id: "melakukan sesuatu nanti, selama dibuka",
    },
    asks: Asks::Never,
    bounds: "",
};

/// The longest that a timer runs: a day.
pub const MAX_DELAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Called once, from any thread, when the time has passed.
pub type Done = Box<dyn FnOnce() + Send>;

/// Lets time pass.
pub trait TimerProvider: Send + Sync {
    /// Calls `done` when `delay` has passed, not sooner.
    fn after(&self, delay: Duration, done: Done);
}

/// Real time, kept by tokio's timer wheel: a waiting timer is an entry in it, not a thread.
#[derive(Debug)]
pub struct SystemTimer {
    io: tokio::runtime::Handle,
}

impl SystemTimer {
    /// Timers of the tokio runtime behind this handle, which must have its time driver on.
    #[must_use]
    pub fn new(io: tokio::runtime::Handle) -> Self {
        Self { io }
    }
}

impl TimerProvider for SystemTimer {
    fn after(&self, delay: Duration, done: Done) {
        self.io.spawn(async move {
            tokio::time::sleep(delay).await;
            done();
        });
    }
}

/// The timers of a session, each with the moment at which it runs out, in milliseconds since 1970: that is what another
/// process can go on from.
pub(crate) type TimerState = RoomRequests<u64, ()>;

impl Host for InstanceState {
    fn after(&mut self, milliseconds: u32) -> Result<RequestId, Error> {
        self.check(Capability::Timer)?;
        let request = self.begin_request().ok_or(Error::TooManyRequests)?;
        let delay = Duration::from_millis(milliseconds.into()).min(MAX_DELAY);
        let clock = self.providers().clock.clone();
        let now = self.answer(|| clock.now().unix_ms);
        let due = now.saturating_add(whole_ms(delay));
        self.rooms.timer.ask(request, due);
        self.start_timer(request, delay);
        Ok(request)
    }

    fn take(&mut self, request: RequestId) -> Result<(), Error> {
        self.check(Capability::Timer)?;
        let out = self.rooms.timer.take(request, Ok);
        out.ok_or(Error::UnknownRequest)
    }
}

impl InstanceState {
    fn start_timer(&mut self, request: RequestId, delay: Duration) {
        if let Some(finish) = self.finisher(request) {
            let timer = self.providers().timer.clone();
            timer.after(delay, Box::new(move || finish.with(super::Answer::Timer)));
        }
    }

    /// Goes on with the timers of a session that another process had.
    pub(super) fn restart_timers(&mut self, answered: &[RequestId]) {
        let now = self.providers().clock.now().unix_ms;
        for Again { request, asked, .. } in self.rooms.timer.again(answered) {
            let left = Duration::from_millis(asked.saturating_sub(now)).min(MAX_DELAY);
            self.start_timer(request, left);
        }
    }
}

impl From<AccessDenied> for Error {
    fn from(_: AccessDenied) -> Self {
        Self::AccessDenied
    }
}

fn whole_ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
