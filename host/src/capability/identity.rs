//! `identity`: who the person is to this app, and what they tell about themselves.
//!
//! To log in they are asked once, as for any capability; claims they are asked for each time, on a sheet that shows what would be
//! told.

pub mod codes;
pub mod host;
pub mod simulated;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::asking::{Question, Use, ask_each_time};
use crate::bindings::lapak::app::identity::{Error, Host};
use crate::bindings::lapak::app::requests::RequestId;
use crate::capability::storage::Owner;
use crate::grants::{AccessDenied, Capability};
use crate::instance::InstanceState;
use crate::requests::{Again, Finisher, RoomRequests};
use crate::room::{Asks, Lent, Terms, Words};
use crate::session::Shared;
use crate::sheet::ConsentLine;

pub use crate::bindings::lapak::app::identity::{Claim, Claimed, Login};
pub use codes::IdentityCodes;
pub use host::{ClaimsOfPeople, HostIdentity};

/// The terms on which it is lent.
pub const TERMS: Terms = Terms {
    name: "identity",
    lent: Lent::ToWhoAsks("system.permission.IDENTITY"),
    allows: Words {
        en: "know you again, and ask you each time for more about yourself",
        id: "mengenali Anda kembali, dan setiap kali meminta data lain tentang Anda",
    },
    asks: Asks::FirstUse,
    bounds: "",
};

const CAPABILITY: Capability = Capability::Identity;
const LOGIN: Use = Use {
    capability: CAPABILITY,
    function: "log-on",
    done: "logged in",
};
const CLAIMS: Use = Use {
    capability: CAPABILITY,
    function: "claims",
    done: "told",
};

/// The longest value of a claim, in characters.
pub const MOST_VALUE_CHARS: usize = 256;
/// The longest subject or code, in bytes.
const MOST_ID_BYTES: usize = 256;

/// It cannot be told who somebody is; the text is for the host's log and never reaches an app.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NoIdentity(pub String);

/// Takes an answer, on any thread.
pub type Told<T> = Box<dyn FnOnce(Result<T, NoIdentity>) + Send>;

/// Knows who people are. Both functions return at once.
pub trait IdentityProvider: Send + Sync {
    /// A person to an app: a subject that is the same each time, and that two apps cannot tell to be the same person's; and a
    /// new code for the app's server. See [`HostIdentity`].
    fn log_in(&self, of: &Owner, told: Told<Login>);

    /// What is known of these things. Whether it is told is the person's to say, who is asked afterwards.
    fn claims(&self, of: &Owner, wanted: &[Claim], told: Told<Vec<Claimed>>);
}

/// What a session has asked for.
pub(crate) type IdentityState = RoomRequests<Asked, Answer>;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Asked {
    Login,
    Claims(Vec<Claim>),
}

/// What a request came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Answer {
    Login(Result<Login, Error>),
    Claims(Result<Vec<Claimed>, Error>),
}

impl Host for InstanceState {
    fn log_on(&mut self) -> Result<RequestId, Error> {
        self.may_ask(LOGIN)?;
        let request = self.begin_request().ok_or(Error::TooManyRequests)?;
        self.rooms.identity.ask(request, Asked::Login);
        self.tell_who(request);
        Ok(request)
    }

    fn take_login(&mut self, request: RequestId) -> Result<Login, Error> {
        self.may_take(CAPABILITY)?;
        let taken = self.rooms.identity.take(request, |answer| match answer {
            Answer::Login(login) => Ok(login),
            other => Err(other),
        });
        taken.unwrap_or(Err(Error::UnknownRequest))
    }

    fn claims(&mut self, wanted: Vec<Claim>) -> Result<RequestId, Error> {
        self.may_ask(CLAIMS)?;
        let is_twice =
            |(at, claim): (usize, &Claim)| wanted.iter().take(at).any(|one| one == claim);
        if wanted.is_empty() || wanted.iter().enumerate().any(is_twice) {
            return Err(Error::Invalid);
        }
        let request = self.begin_request().ok_or(Error::TooManyRequests)?;
        let asked = Asked::Claims(wanted.clone());
        self.rooms.identity.ask(request, asked);
        self.ask_for_claims(request, wanted);
        Ok(request)
    }

    fn take_claims(&mut self, request: RequestId) -> Result<Vec<Claimed>, Error> {
        self.may_take(CAPABILITY)?;
        let taken = self.rooms.identity.take(request, |answer| match answer {
            Answer::Claims(claims) => Ok(claims),
            other => Err(other),
        });
        taken.unwrap_or(Err(Error::UnknownRequest))
    }
}

impl InstanceState {
    fn tell_who(&self, request: RequestId) {
        let Some(finish) = self.finisher(request) else {
            return;
        };
        let session = self.session.clone();
        self.consented(LOGIN, String::new(), move |agreed| {
            let answer = |login| super::Answer::Identity(Answer::Login(login));
            if agreed.is_err() {
                return finish.with(answer(Err(Error::AccessDenied)));
            }
            let told = Box::new(move |login: Result<Login, NoIdentity>| {
                let login = login.map_err(|error| {
                    tracing::warn!(%error, "nobody can log in");
                    Error::Unavailable
                });
                finish.with(answer(login.and_then(sound_login)));
            });
            session.providers.identity.log_in(&session.owner, told);
        });
    }

    fn ask_for_claims(&self, request: RequestId, wanted: Vec<Claim>) {
        let Some(finish) = self.finisher(request) else {
            return;
        };
        let session = self.session.clone();
        if session.is_model {
            return finish.with(claims(Err(Error::AccessDenied)));
        }
        let pools = &self.session.host.pools;
        pools.off_workers(&self.session, move || {
            // Weak, or a provider that says nothing would keep the session.
            let weak = Arc::downgrade(&session);
            let asked = wanted.clone();
            let told = Box::new(move |known: Result<Vec<Claimed>, NoIdentity>| {
                let Some(session) = weak.upgrade() else {
                    return;
                };
                match known {
                    Ok(known) => tell(&session, &asked, sound(known, &asked), finish),
                    Err(error) => {
                        tracing::warn!(%error, "no claims are known");
                        finish.with(claims(Err(Error::Unavailable)));
                    }
                }
            });
            let provider = &session.providers.identity;
            provider.claims(&session.owner, &wanted, told);
        });
    }

    pub(super) fn ask_identity_again(&mut self, answered: &[RequestId]) {
        for Again { request, asked, .. } in self.rooms.identity.again(answered) {
            match asked {
                Asked::Login => self.tell_who(request),
                Asked::Claims(wanted) => self.ask_for_claims(request, wanted),
            }
        }
    }
}

fn claims(claims: Result<Vec<Claimed>, Error>) -> super::Answer {
    super::Answer::Identity(Answer::Claims(claims))
}

/// Asks the person whether this may be told, and tells it.
fn tell(session: &Arc<Shared>, wanted: &[Claim], known: Vec<Claimed>, finish: Finisher) {
    let value = |claim: Claim| {
        let known = known.iter().find(|known| known.claim == claim);
        known.map_or_else(String::new, |known| known.value.clone())
    };
    // What is not known is on the sheet too: that it is not is told as well.
    let lines = wanted.iter().map(|claim| ConsentLine {
        name: word(*claim).to_owned(),
        value: value(*claim),
    });
    let question = Question::each_time(lines.collect());
    let about: Vec<_> = wanted.iter().map(|claim| word(*claim)).collect();
    ask_each_time(session, CLAIMS, about.join(" "), question, move |agreed| {
        finish.with(claims(match agreed {
            Ok(()) => Ok(known),
            Err(AccessDenied) => Err(Error::AccessDenied),
        }));
    });
}

/// Of a provider's claims those that were asked for, once each, and that a sheet can show.
fn sound(known: Vec<Claimed>, wanted: &[Claim]) -> Vec<Claimed> {
    let sound = |claim: &Claim| {
        let mut known = known.iter();
        let known = known.find(|known| known.claim == *claim && is_plain(&known.value));
        known.cloned()
    };
    wanted.iter().filter_map(sound).collect()
}

fn is_plain(value: &str) -> bool {
    !value.is_empty()
        && value.chars().count() <= MOST_VALUE_CHARS
        && !lapak_abi::text::hides_something(value)
}

fn sound_login(login: Login) -> Result<Login, Error> {
    let is_id = |id: &str| {
        !id.is_empty()
            && id.len() <= MOST_ID_BYTES
            && id.bytes().all(|byte| byte.is_ascii_graphic())
    };
    match is_id(&login.subject) && is_id(&login.code) {
        true => Ok(login),
        false => Err(Error::Unavailable),
    }
}

/// The claim's name in the WIT.
fn word(claim: Claim) -> &'static str {
    match claim {
        Claim::Name => "name",
        Claim::PhoneNumber => "phone-number",
        Claim::Email => "email",
        Claim::Address => "address",
        Claim::Birthdate => "birthdate",
    }
}

impl From<AccessDenied> for Error {
    fn from(_: AccessDenied) -> Self {
        Self::AccessDenied
    }
}
