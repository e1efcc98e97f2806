//! `battery`: how full it is, now and as it changes.

pub mod simulated;

use crate::asking::Use;
use crate::bindings::lapak::app::battery::{Error, Host};
use crate::bindings::lapak::app::requests::RequestId;
use crate::capability::storage::Owner;
use crate::flights::{Observed, Stop};
use crate::grants::{AccessDenied, Capability};
use crate::instance::InstanceState;
use crate::requests::{Again, RoomRequests};
use crate::room::{Asks, Lent, Terms, Words};

pub use crate::bindings::lapak::app::battery::Status;

/// The terms on which it is lent.
pub const TERMS: Terms = Terms {
    name: "battery",
    lent: Lent::ToWhoAsks("system.permission.BATTERY"),
    allows: Words {
        en: "see how full the battery is",
        id: "melihat sisa baterai",
    },
    asks: Asks::Never,
    bounds: "",
};

const CAPABILITY: Capability = Capability::Battery;
const NOW: Use = Use {
    capability: CAPABILITY,
    function: "now",
    done: "read",
};
const WATCH: Use = Use {
    capability: CAPABILITY,
    function: "watch",
    done: "watched",
};

/// The device has no battery, or does not tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the device has no battery, or does not tell")]
pub struct NoBattery;

/// Takes one status after the other, on any thread. After an error comes nothing more.
pub type Changed = Box<dyn Fn(Result<Status, NoBattery>) + Send + Sync>;

/// Knows people's batteries. How closely an app gets to know is not its business: it gives the percentage as it is.
pub trait BatteryProvider: Send + Sync {
    /// The battery of a person's device. Called on threads that run guests: what it answers is at hand.
    ///
    /// # Errors
    /// [`NoBattery`].
    fn now(&self, of: &Owner) -> Result<Status, NoBattery>;

    /// Tells of the battery now and whenever it changes, until what this gives is dropped. Returns at once.
    fn watch(&self, of: &Owner, changed: Changed) -> Stop;
}

/// The watches of a session.
pub(crate) type BatteryState = RoomRequests<(), Answer>;

/// A watch's news.
pub(crate) type Answer = Result<Status, Error>;

impl Host for InstanceState {
    fn now(&mut self) -> Result<Status, Error> {
        self.may_do(NOW)?;
        let session = self.session.clone();
        self.answer(|| rounded(session.providers.battery.now(&session.owner)))
    }

    fn watch(&mut self) -> Result<RequestId, Error> {
        self.may_ask(WATCH)?;
        let request = self.begin_request().ok_or(Error::TooManyRequests)?;
        self.rooms.battery.watch(request, ());
        self.watch_battery(request, false);
        Ok(request)
    }

    fn take(&mut self, watch: RequestId) -> Result<Status, Error> {
        self.may_take(CAPABILITY)?;
        let news = self.take_news(watch, |rooms| &mut rooms.battery);
        news.ok_or(Error::UnknownRequest)?
    }

    fn stop(&mut self, watch: RequestId) -> Result<(), Error> {
        self.may_take(CAPABILITY)?;
        let ended = self.end_watch(watch, |rooms| &mut rooms.battery);
        ended.then_some(()).ok_or(Error::UnknownRequest)
    }
}

impl InstanceState {
    fn watch_battery(&self, request: RequestId, told: bool) {
        let observed = Observed {
            request,
            by: WATCH,
            answer: super::Answer::Battery,
            told,
        };
        self.observe(observed, |session, changes| {
            let changed = Box::new(move |now| changes.tell(rounded(now)));
            session.providers.battery.watch(&session.owner, changed)
        });
    }

    pub(super) fn ask_battery_again(&mut self, answered: &[RequestId]) {
        for Again { request, told, .. } in self.rooms.battery.again(answered) {
            self.watch_battery(request, told);
        }
    }
}

/// In steps of 5, whatever the provider gives.
fn rounded(now: Result<Status, NoBattery>) -> Answer {
    const STEP: u8 = 5;
    let Status { percent, charging } = now.map_err(|NoBattery| Error::Unavailable)?;
    let percent = (percent.min(100) + STEP / 2) / STEP * STEP;
    Ok(Status { percent, charging })
}

impl From<AccessDenied> for Error {
    fn from(_: AccessDenied) -> Self {
        Self::AccessDenied
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentages_come_in_steps() {
        let percent = |percent| {
            let status = rounded(Ok(Status {
                percent,
                charging: false,
            }));
            status.expect("a battery").percent
        };
        assert_eq!(
            [0, 2, 3, 7, 8, 97, 98].map(percent),
            [0, 0, 5, 5, 10, 95, 100]
        );
        assert_eq!([100, 101, 255].map(percent), [100; 3]);
    }
}
