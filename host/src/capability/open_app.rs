//! `open-app`: opening another mini-app, by its URI. Only while the app handles a tap, and only if the person agrees, each time.

mod asking;
pub mod simulated;

use serde::{Deserialize, Serialize};

use lapak_abi::address::MiniAppUri;

use crate::asking::Use;
use crate::bindings::lapak::app::open_app::{Error, Host};
use crate::bindings::lapak::app::requests::RequestId;
use crate::capability::storage::Owner;
use crate::grants::{AccessDenied, Capability};
use crate::instance::InstanceState;
use crate::requests::{Again, RoomRequests};
use crate::room::{Asks, Lent, Terms, Words};

/// The terms on which it is lent.
pub const TERMS: Terms = Terms {
    name: "open-app",
    lent: Lent::ToWhoAsks("system.permission.OPEN_APP"),
    allows: Words {
        en: "ask you, as you tap, to open another app",
        id: "meminta Anda membuka aplikasi lain, ketika Anda mengetuk",
    },
    asks: Asks::EachTime,
    bounds: "",
};

const CAPABILITY: Capability = Capability::OpenApp;
const OPEN: Use = Use {
    capability: CAPABILITY,
    function: "open",
    done: "asked",
};

/// There is no such app, or it cannot be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no such app")]
pub struct NotOpened;

/// Hears once, on any thread, whether an app was opened.
pub type Opened = Box<dyn FnOnce(Result<(), NotOpened>) + Send>;

/// Opens apps for a person who has agreed to it. It may take its time.
pub trait OpenAppProvider: Send + Sync {
    /// Opens the app that a URI names, in front of the one that asked for it. Where the shell does so itself, by
    /// [`Update::OpenApp`](crate::Update::OpenApp), this says whether there is one.
    fn open(&self, of: &Owner, uri: &MiniAppUri, opened: Opened);
}

/// What a session has asked for: URIs.
pub(crate) type OpenAppState = RoomRequests<Asked, Answer>;

/// A URI that was read once already.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Asked(String);

/// What a request came to.
pub(crate) type Answer = Result<(), Error>;

impl Host for InstanceState {
    fn open(&mut self, uri: String) -> Result<RequestId, Error> {
        self.may_ask(OPEN)?;
        if !self.handles_tap {
            self.refused(OPEN, "not a tap", "");
            return Err(Error::AccessDenied);
        }
        let parsed: MiniAppUri = uri.parse().map_err(|_| Error::Invalid)?;
        if self.rooms.open_app.in_flight() > 0 {
            return Err(Error::TooManyRequests);
        }
        let request = self.begin_request().ok_or(Error::TooManyRequests)?;
        self.rooms.open_app.ask(request, Asked(uri));
        self.ask_to_open(request, parsed);
        Ok(request)
    }

    fn take(&mut self, request: RequestId) -> Result<(), Error> {
        self.may_take(CAPABILITY)?;
        let taken = self.rooms.open_app.take(request, Ok);
        taken.unwrap_or(Err(Error::UnknownRequest))
    }
}

impl InstanceState {
    fn ask_to_open(&self, request: RequestId, uri: MiniAppUri) {
        let Some(finish) = self.finisher(request) else {
            return;
        };
        let session = self.session.clone();
        self.consented(OPEN, uri.to_string(), move |allowed| match allowed {
            Ok(()) => asking::ask(&session, uri, finish),
            Err(AccessDenied) => {
                finish.with(super::Answer::OpenApp(Err(Error::AccessDenied)));
            }
        });
    }

    pub(super) fn ask_open_app_again(&mut self, answered: &[RequestId]) {
        for Again { request, asked, .. } in self.rooms.open_app.again(answered) {
            if let Ok(uri) = asked.0.parse() {
                self.ask_to_open(request, uri);
            }
        }
    }
}

impl From<AccessDenied> for Error {
    fn from(_: AccessDenied) -> Self {
        Self::AccessDenied
    }
}
