//! `network`: whether there is one and of what kind, now and as it changes.

pub mod simulated;

use crate::asking::Use;
use crate::bindings::lapak::app::network::{Error, Host};
use crate::bindings::lapak::app::requests::RequestId;
use crate::capability::storage::Owner;
use crate::flights::{Observed, Stop};
use crate::grants::{AccessDenied, Capability};
use crate::instance::InstanceState;
use crate::requests::{Again, RoomRequests};
use crate::room::{Asks, Lent, Terms, Words};

pub use crate::bindings::lapak::app::network::{Kind, Status};

/// The terms on which it is lent.
pub const TERMS: Terms = Terms {
    name: "network",
    lent: Lent::ToWhoAsks("system.permission.NETWORK"),
    allows: Words {
        en: "see whether you are online, and how",
        id: "melihat apakah Anda daring, dan lewat apa",
    },
    asks: Asks::Never,
    bounds: "",
};

const CAPABILITY: Capability = Capability::Network;
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

/// The device does not tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the device does not tell what network it is on")]
pub struct Unknown;

/// Takes one status after the other, on any thread. After an error comes nothing more.
pub type Changed = Box<dyn Fn(Result<Status, Unknown>) + Send + Sync>;

/// Knows what networks people's devices are on.
pub trait NetworkProvider: Send + Sync {
    /// The network of a person's device. Called on threads that run guests: what it answers is at hand.
    ///
    /// # Errors
    /// [`Unknown`].
    fn now(&self, of: &Owner) -> Result<Status, Unknown>;

    /// Tells of the network now and whenever it changes, until what this gives is dropped. Returns at once.
    fn watch(&self, of: &Owner, changed: Changed) -> Stop;
}

/// The watches of a session.
pub(crate) type NetworkState = RoomRequests<(), Answer>;

/// A watch's news.
pub(crate) type Answer = Result<Status, Error>;

impl Host for InstanceState {
    fn now(&mut self) -> Result<Status, Error> {
        self.may_do(NOW)?;
        let session = self.session.clone();
        self.answer(|| sound(session.providers.network.now(&session.owner)))
    }

    fn watch(&mut self) -> Result<RequestId, Error> {
        self.may_ask(WATCH)?;
        let request = self.begin_request().ok_or(Error::TooManyRequests)?;
        self.rooms.network.watch(request, ());
        self.watch_network(request, false);
        Ok(request)
    }

    fn take(&mut self, watch: RequestId) -> Result<Status, Error> {
        self.may_take(CAPABILITY)?;
        let news = self.take_news(watch, |rooms| &mut rooms.network);
        news.ok_or(Error::UnknownRequest)?
    }

    fn stop(&mut self, watch: RequestId) -> Result<(), Error> {
        self.may_take(CAPABILITY)?;
        let ended = self.end_watch(watch, |rooms| &mut rooms.network);
        ended.then_some(()).ok_or(Error::UnknownRequest)
    }
}

impl InstanceState {
    fn watch_network(&self, request: RequestId, told: bool) {
        let observed = Observed {
            request,
            by: WATCH,
            answer: super::Answer::Network,
            told,
        };
        self.observe(observed, |session, changes| {
            let changed = Box::new(move |now| changes.tell(sound(now)));
            session.providers.network.watch(&session.owner, changed)
        });
    }

    pub(super) fn ask_network_again(&mut self, answered: &[RequestId]) {
        for Again { request, told, .. } in self.rooms.network.again(answered) {
            self.watch_network(request, told);
        }
    }
}

/// Whoever is offline pays nothing, whatever the provider says.
fn sound(now: Result<Status, Unknown>) -> Answer {
    let Status { kind, metered } = now.map_err(|Unknown| Error::Unavailable)?;
    let metered = metered && kind != Kind::None;
    Ok(Status { kind, metered })
}

impl From<AccessDenied> for Error {
    fn from(_: AccessDenied) -> Self {
        Self::AccessDenied
    }
}
