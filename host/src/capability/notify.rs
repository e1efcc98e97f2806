//! `notify`: messages of templates that the person has agreed to, each by itself.
//!
//! What they said is read anew for each message, so what is taken back ends with the next one.

mod messages;
mod rate;
pub mod simulated;

use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use crate::asking::{Question, Use, consented_to, note};
use crate::bindings::lapak::app::notify::{Answer as Said, Error, Field, Host};
use crate::bindings::lapak::app::requests::RequestId;
use crate::capability::storage::Owner;
use crate::grants::consent::Consent;
use crate::grants::{AccessDenied, Capability};
use crate::instance::InstanceState;
use crate::requests::{Again, Finisher, RoomRequests};
use crate::room::{Asks, Lent, Terms, Words};
use crate::session::Shared;
use crate::sheet::ConsentLine;

pub use messages::Message;
pub use rate::{MOST_MESSAGES, Notifications};

/// The terms on which it is lent.
pub const TERMS: Terms = Terms {
    name: "notify",
    lent: Lent::ToWhoAsks("system.permission.NOTIFY"),
    allows: Words {
        en: "send you messages like this while you do not use it",
        id: "mengirimi Anda pesan seperti ini ketika Anda tidak memakainya",
    },
    asks: Asks::EachTime,
    bounds: "",
};

const CAPABILITY: Capability = Capability::Notify;
const SUBSCRIBE: Use = Use {
    capability: CAPABILITY,
    function: "subscribe",
    done: "subscribed",
};
const SEND: Use = Use {
    capability: CAPABILITY,
    function: "send",
    done: "sent",
};

/// Templates that are asked for at a time.
const MOST_AT_A_TIME: usize = 3;

/// A message was not delivered; the text is for the host's log and never reaches an app.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotDelivered(pub String);

/// Called once, from any thread, when a message was handed on.
pub type Delivered = Box<dyn FnOnce(Result<(), NotDelivered>) + Send>;

/// Brings messages to people.
pub trait NotifyProvider: Send + Sync {
    /// Hands a message on, and returns at once.
    fn deliver(&self, of: &Owner, message: Message, delivered: Delivered);
}

/// What a session has asked for.
pub(crate) type NotifyState = RoomRequests<Asked, Answer>;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Asked {
    Subscribe(Vec<String>),
    /// Nothing is kept of it: a message that may have been sent is not sent twice.
    Send,
}

/// What a request came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Answer {
    Said(Result<Vec<Said>, Error>),
    Done(Result<(), Error>),
}

impl Host for InstanceState {
    fn subscribe(&mut self, templates: Vec<String>) -> Result<RequestId, Error> {
        self.may_ask(SUBSCRIBE)?;
        let known = &self.session.app.manifest().templates;
        let is_known = |id: &String| known.iter().any(|template| template.id == *id);
        let fits = (1..=MOST_AT_A_TIME).contains(&templates.len());
        let is_twice = |(at, id): (usize, &String)| templates.iter().take(at).any(|one| one == id);
        if !fits || !templates.iter().all(is_known) || templates.iter().enumerate().any(is_twice) {
            return Err(Error::Invalid);
        }
        let request = self.begin_request().ok_or(Error::TooManyRequests)?;
        let asked = Asked::Subscribe(templates.clone());
        self.rooms.notify.ask(request, asked);
        self.ask_to_subscribe(request, templates);
        Ok(request)
    }

    fn take_answers(&mut self, request: RequestId) -> Result<Vec<Said>, Error> {
        self.may_take(CAPABILITY)?;
        let taken = self.rooms.notify.take(request, |answer| match answer {
            Answer::Said(said) => Ok(said),
            other => Err(other),
        });
        taken.unwrap_or(Err(Error::UnknownRequest))
    }

    fn send(&mut self, template: String, fields: Vec<Field>) -> Result<RequestId, Error> {
        self.may_ask(SEND)?;
        let message = messages::message(&self.session.app, &template, fields)?;
        let request = self.begin_request().ok_or(Error::TooManyRequests)?;
        self.rooms.notify.ask(request, Asked::Send);
        self.deliver(request, message);
        Ok(request)
    }

    fn take_done(&mut self, request: RequestId) -> Result<(), Error> {
        self.may_take(CAPABILITY)?;
        let taken = self.rooms.notify.take(request, |answer| match answer {
            Answer::Done(done) => Ok(done),
            other => Err(other),
        });
        taken.unwrap_or(Err(Error::UnknownRequest))
    }
}

impl InstanceState {
    fn ask_to_subscribe(&self, request: RequestId, templates: Vec<String>) {
        let Some(finish) = self.finisher(request) else {
            return;
        };
        let session = self.session.clone();
        if session.is_model {
            return finish.with(said(Err(Error::AccessDenied)));
        }
        let pools = &self.session.host.pools;
        pools.off_workers(&self.session, move || {
            let answers = Arc::new(Answers::new(templates.clone(), finish));
            for (at, template) in templates.into_iter().enumerate() {
                let question = question(&session, &template);
                let answers = answers.clone();
                consented_to(&session, SUBSCRIBE, template, question, move |agreed| {
                    answers.put(at, agreed.is_ok());
                });
            }
        });
    }

    fn deliver(&self, request: RequestId, message: Message) {
        let Some(finish) = self.finisher(request) else {
            return;
        };
        let session = self.session.clone();
        if session.is_model {
            return finish.with(done(Err(Error::AccessDenied)));
        }
        let pools = &self.session.host.pools;
        pools.off_workers(&self.session, move || {
            if let Err(error) = may_send(&session, &message) {
                return finish.with(done(Err(error)));
            }
            let delivered = Box::new(move |delivered: Result<(), NotDelivered>| {
                finish.with(done(delivered.map_err(|error| {
                    tracing::warn!(%error, "a message was not delivered");
                    Error::Unavailable
                })));
            });
            let provider = session.providers.notify.provider();
            provider.deliver(&session.owner, message, delivered);
        });
    }

    pub(super) fn ask_notify_again(&mut self, answered: &[RequestId]) {
        for Again { request, asked, .. } in self.rooms.notify.again(answered) {
            match asked {
                Asked::Subscribe(templates) => self.ask_to_subscribe(request, templates),
                Asked::Send => {
                    if let Some(finish) = self.finisher(request) {
                        finish.with(done(Err(Error::Unavailable)));
                    }
                }
            }
        }
    }
}

fn said(said: Result<Vec<Said>, Error>) -> super::Answer {
    super::Answer::Notify(Answer::Said(said))
}

fn done(done: Result<(), Error>) -> super::Answer {
    super::Answer::Notify(Answer::Done(done))
}

/// What the person is asked about a template: its title and its text.
fn question(session: &Shared, id: &str) -> Question {
    let app = &session.app;
    let mut templates = app.manifest().templates.iter();
    let template = templates.find(|template| template.id == id);
    let line = template.map(|template| ConsentLine {
        name: app.package().localized(&template.title, "en"),
        value: app.package().localized(&template.text, "en"),
    });
    Question::for_good(line.into_iter().collect())
}

/// Whether the person wants this message, and there were not too many. Noted in the audit.
fn may_send(session: &Arc<Shared>, message: &Message) -> Result<(), Error> {
    let about = message.template();
    let refuse = |why: &str, error: Error| {
        note(session, SEND, Err(why), "", about, "denied");
        Err(error)
    };
    if let Some(why) = session.grants.why_not(CAPABILITY) {
        return refuse(&why, Error::AccessDenied);
    }
    let owner = &session.owner;
    let consents = &session.host.consents;
    let kept = consents.find(&owner.person, &owner.app_id, CAPABILITY, about);
    match kept.map(|kept| kept.map(|kept| kept.answer)) {
        Ok(Some(Consent::Always)) => {}
        Ok(_) => return refuse("the person did not subscribe to it", Error::AccessDenied),
        Err(error) => {
            tracing::warn!(%error, "a message is not sent");
            return refuse("what the person said cannot be read", Error::Unavailable);
        }
    }
    if !session.providers.notify.one_more(owner) {
        return refuse("too many messages", Error::TooManyMessages);
    }
    note(session, SEND, Ok(()), "agreed before", about, SEND.done);
    Ok(())
}

/// Collects what the person says to each template.
struct Answers(Mutex<Collected>);

struct Collected {
    templates: Vec<String>,
    answers: Vec<Option<bool>>,
    finish: Option<Finisher>,
}

impl Answers {
    fn new(templates: Vec<String>, finish: Finisher) -> Self {
        Self(Mutex::new(Collected {
            answers: vec![None; templates.len()],
            templates,
            finish: Some(finish),
        }))
    }

    fn put(&self, at: usize, agreed: bool) {
        let finished = {
            let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(answer) = all.answers.get_mut(at) {
                *answer = Some(agreed);
            }
            let answers: Option<Vec<bool>> = all.answers.iter().copied().collect();
            answers.and_then(|answers| Some((all.said(answers), all.finish.take()?)))
        };
        if let Some((answers, finish)) = finished {
            finish.with(said(Ok(answers)));
        }
    }
}

impl Collected {
    fn said(&self, answers: Vec<bool>) -> Vec<Said> {
        let pairs = self.templates.iter().cloned().zip(answers);
        pairs
            .map(|(template, agreed)| Said { template, agreed })
            .collect()
    }
}

impl From<AccessDenied> for Error {
    fn from(_: AccessDenied) -> Self {
        Self::AccessDenied
    }
}
