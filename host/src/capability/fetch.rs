//! `fetch`: HTTPS, to the hosts that the manifest lists and the platform allows.
//!
//! `checks` looks at what an app wants to send; `hops` carries it from one redirect to the next, each checked again; a
//! provider does one exchange at a time and follows nothing. Where a name leads is the provider's to check: see
//! [`FetchProvider`].

pub mod address;
mod checks;
mod hops;
pub mod https;
pub mod over;
pub mod simulated;

use std::sync::Arc;
use std::time::Duration;

use crate::asking::Use;
use crate::bindings::lapak::app::fetch::{Error, Host, Request, Response};
use crate::bindings::lapak::app::requests::RequestId;
use crate::capability::storage::Owner;
use crate::flights::{Backlog, Kept, Stop};
use crate::grants::{AccessDenied, Capability};
use crate::instance::InstanceState;
use crate::requests::{Again, RoomRequests};
use crate::room::{Asks, Lent, Terms, Words};
use crate::session::Shared;

/// The terms on which it is lent.
pub const TERMS: Terms = Terms {
    name: "fetch",
    lent: Lent::ToWhoAsks("system.permission.INTERNET"),
    allows: Words {
        en: "talk to the servers that it names",
        id: "berhubungan dengan server yang disebutkannya",
    },
    asks: Asks::Never,
    bounds: "which hosts",
};

const CAPABILITY: Capability = Capability::Fetch;
const SEND: Use = Use {
    capability: CAPABILITY,
    function: "send",
    done: "sent",
};

/// Fetches of a session in flight.
pub const MOST_IN_FLIGHT: usize = 10;
/// What a session may have asked for whose consent is being looked at, before another fetch.
const MOST_BEGINNING: u32 = 32;
/// The most that an app sends with a request, in bytes.
pub const MOST_SENT_BYTES: usize = 1 << 20;
/// The most that an app gets, in bytes.
pub const MOST_RECEIVED_BYTES: usize = 4 << 20;
/// The longest that a fetch takes, redirects included.
pub const MOST_TIME: Duration = Duration::from_secs(60);

/// One request to be sent, and one answer to be got. It was checked: HTTPS, port 443, a host that the app may reach, no header
/// that breaks out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// `GET`, `HEAD`, `POST`, `PUT`, `PATCH` or `DELETE`.
    pub method: String,
    /// Absolute, without a fragment.
    pub url: String,
    /// The host of the URL, in lower case.
    pub host: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// What is sent; nothing unless the method is `POST`, `PUT` or `PATCH`.
    pub body: Arc<[u8]>,
    /// How long it may take.
    pub timeout: Duration,
}

/// What a server said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// 200 to 599.
    pub status: u16,
    /// In their order.
    pub headers: Vec<(String, String)>,
    /// As it came.
    pub body: Vec<u8>,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// The host's name leads to an address that no app may reach.
    #[error("the name leads to an address that is not public")]
    NotPublic,
    /// More came than [`MOST_RECEIVED_BYTES`].
    #[error("the answer is too large")]
    TooLarge,
    /// It took longer than it may.
    #[error("there was no answer in time")]
    TimedOut,
    /// Anything else; the text is for the host's log and never reaches an app.
    #[error("{0}")]
    Unavailable(String),
}

/// Takes the answer, on any thread.
pub type Replied = Box<dyn FnOnce(Result<Reply, FetchError>) + Send>;

/// Sends requests.
///
/// # Security
/// A provider that reaches a network resolves the host's name itself, refuses it if any address is not
/// [public](address::is_public), and connects to an address that it has just looked at: with a second look-up, a name could
/// lead to another one. It follows no redirect, keeps no cookie and unpacks nothing.
pub trait FetchProvider: Send + Sync {
    /// Begins an exchange and returns at once. It is given up when what this gives is dropped: nobody waits for it then.
    fn exchange(&self, of: &Owner, exchange: Exchange, replied: Replied) -> Stop;
}

/// What a session has asked for. Nothing is kept of it: a request that may have arrived is not sent twice.
pub(crate) type FetchState = RoomRequests<(), Answer, MOST_IN_FLIGHT>;

/// What a request came to.
pub(crate) type Answer = Result<Response, Error>;

impl Host for InstanceState {
    fn send(&mut self, request: Request) -> Result<RequestId, Error> {
        self.may_ask(SEND)?;
        let exchange = checks::exchange(request).inspect_err(|error| {
            if *error == Error::AccessDenied {
                self.note_refusal(NO_HTTPS, "");
            }
        })?;
        self.may_reach(&exchange.host)?;
        // What was given up and has not been looked at yet counts too: it still has its bytes.
        let session = self.session.clone();
        let begins = self.answer(|| session.lock().deciding() < MOST_BEGINNING);
        if self.rooms.fetch.in_flight() >= MOST_IN_FLIGHT || !begins {
            return Err(Error::TooManyRequests);
        }
        let request = self.begin_request_of(exchange.body.len());
        let request = request.ok_or(Error::TooManyRequests)?;
        self.rooms.fetch.ask(request, ());
        self.fly(request, exchange);
        Ok(request)
    }

    fn take(&mut self, request: RequestId) -> Result<Response, Error> {
        self.may_take(CAPABILITY)?;
        let taken = self.rooms.fetch.take(request, Ok);
        taken.unwrap_or(Err(Error::UnknownRequest))
    }

    fn cancel(&mut self, request: RequestId) -> Result<(), Error> {
        self.may_take(CAPABILITY)?;
        if !self.rooms.fetch.cancel(request) {
            return Err(Error::UnknownRequest);
        }
        self.land(request);
        Ok(())
    }
}

impl InstanceState {
    fn may_reach(&mut self, host: &str) -> Result<(), AccessDenied> {
        let session = self.session.clone();
        if self.answer(|| reaches(&session, host)) {
            return Ok(());
        }
        self.note_refusal(OUT_OF_REACH, host);
        Err(AccessDenied)
    }

    fn note_refusal(&mut self, why: &str, host: &str) {
        self.refused(SEND, why, host);
    }

    fn fly(&self, request: RequestId, exchange: Exchange) {
        let denied = super::Answer::Fetch(Err(Error::AccessDenied));
        if self.session.is_model {
            // It keeps no places.
            if let Some(finish) = self.finisher(request) {
                finish.with(denied);
            }
            return;
        }
        self.keep_place(Kept {
            request,
            capability: CAPABILITY,
            denied: denied.clone(),
            backlog: Backlog::Latest,
            told: false,
        });
        let session = self.session.clone();
        self.consented(SEND, exchange.host.clone(), move |agreed| {
            if agreed.is_err() {
                return session.stay(request, denied);
            }
            session.take_off(request, |teller| hops::begin(&session, teller, exchange));
        });
    }

    /// Sends nothing again: it may have arrived.
    pub(super) fn end_fetches(&mut self, answered: &[RequestId]) {
        for Again { request, .. } in self.rooms.fetch.again(answered) {
            if let Some(finish) = self.finisher(request) {
                finish.with(super::Answer::Fetch(Err(Error::Unavailable)));
            }
        }
    }
}

const NO_HTTPS: &str = "not HTTPS to a host's port 443";
const OUT_OF_REACH: &str = "not one of the hosts that it may reach";

/// Whether a session may talk to a host, by its manifest and by the bounds of this moment.
fn reaches(session: &Shared, host: &str) -> bool {
    let mut wanted = session.app.manifest().domains.iter();
    wanted.any(|domain| domain.covers(host)) && session.grants.bounds().fetch.allows(host)
}

impl From<AccessDenied> for Error {
    fn from(_: AccessDenied) -> Self {
        Self::AccessDenied
    }
}

impl From<FetchError> for Error {
    fn from(error: FetchError) -> Self {
        match error {
            FetchError::NotPublic => Self::AccessDenied,
            FetchError::TooLarge => Self::TooLarge,
            FetchError::TimedOut => Self::TimedOut,
            FetchError::Unavailable(_) => Self::Unavailable,
        }
    }
}
