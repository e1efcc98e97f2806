//! What apps ask of a platform's own capabilities and get an answer to later. Questions and answers are bytes, which travel
//! with the session's snapshot; what is in them is the capability's own business.

use serde::{Deserialize, Serialize};

use super::VendorCapability;
use crate::asking::Use;
use crate::bindings::lapak::app::requests::RequestId;
use crate::grants::vendor::name;
use crate::grants::{AccessDenied, Capability};
use crate::instance::{AppState, InstanceState, hosted};
use crate::requests::RoomRequests;

/// The most bytes of a question, and of an answer.
const MOST_BYTES: usize = 256 * 1024;
/// The most bytes that the audit is told of a question.
const MOST_ABOUT_BYTES: usize = 200;

/// Takes the answer to a question, once, on any thread. An answer of more than 256 KiB is not handed on: the app hears that
/// access is denied.
pub type Done = Box<dyn FnOnce(Vec<u8>) + Send>;

/// Why an app's question was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AskError {
    /// It may not ask.
    #[error(transparent)]
    AccessDenied(#[from] AccessDenied),
    /// Too many requests are in flight.
    #[error("too many requests are in flight")]
    TooManyRequests,
    /// The question has more than 256 KiB.
    #[error("the question is too long")]
    TooLong,
}

/// What a session has asked.
pub(crate) type VendorState = RoomRequests<Asked, Answer>;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Asked {
    /// The capability's name: places may be others after a restart.
    of: String,
    about: String,
    bytes: Vec<u8>,
}

/// What a request came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Answer {
    of: String,
    answer: Result<Vec<u8>, AccessDenied>,
}

impl AppState {
    /// Asks the provider for something that takes its time; the person is asked first where the terms say so. `function` and
    /// what it is `about` are for the audit. Answers with the request's id, for the app to wait for; then
    /// [`take`](Self::take) has the provider's [`answer`](VendorCapability::answer).
    ///
    /// # Errors
    /// [`AskError`].
    pub fn ask<V: VendorCapability>(
        &mut self,
        function: &'static str,
        about: &str,
        question: Vec<u8>,
    ) -> Result<u32, AskError> {
        let (capability, _) = self.vendor::<V>()?;
        let state = hosted(self);
        let wanted = asking(capability, function);
        state.may_ask(wanted)?;
        if question.len() > MOST_BYTES {
            return Err(AskError::TooLong);
        }
        let request = state.begin_request_of(question.len());
        let request = request.ok_or(AskError::TooManyRequests)?;
        let asked = Asked {
            of: capability.name().to_owned(),
            about: about[..about.floor_char_boundary(MOST_ABOUT_BYTES)].to_owned(),
            bytes: question,
        };
        state.rooms.vendor.ask(request, asked.clone());
        state.ask_vendor(request, wanted, asked);
        Ok(request)
    }

    /// The answer to a question, once: `None` where nothing waits to be taken under this id.
    ///
    /// # Errors
    /// [`AccessDenied`]: the person did not agree, or the grant was taken back.
    pub fn take<V: VendorCapability>(
        &mut self,
        request: u32,
    ) -> Result<Option<Vec<u8>>, AccessDenied> {
        let (capability, _) = self.vendor::<V>()?;
        let state = hosted(self);
        state.may_take(capability)?;
        let taken =
            state
                .rooms
                .vendor
                .take(request, |answer| match answer.of == capability.name() {
                    true => Ok(answer.answer),
                    false => Err(answer),
                });
        taken.transpose()
    }
}

impl Asked {
    /// What it takes besides its own few bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes.len()
    }
}

impl Answer {
    /// What it takes besides its own few bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.answer.as_ref().map_or(0, Vec::len)
    }
}

impl InstanceState {
    fn ask_vendor(&self, request: RequestId, wanted: Use, asked: Asked) {
        let Some(finish) = self.finisher(request) else {
            return;
        };
        let session = self.session.clone();
        let of = asked.of.clone();
        let finish = move |answer| {
            finish.with(crate::capability::Answer::Vendor(Answer { of, answer }));
        };
        self.consented(wanted, asked.about.clone(), move |agreed| {
            let mut vendors = session.host.vendors.iter();
            let vendor = vendors.find(|vendor| vendor.capability.name() == asked.of);
            let (Ok(()), Some(vendor)) = (agreed, vendor) else {
                return finish(Err(AccessDenied));
            };
            let done = Box::new(move |answer: Vec<u8>| {
                let fits = answer.len() <= MOST_BYTES;
                finish(fits.then_some(answer).ok_or(AccessDenied));
            });
            vendor.provider.answer(&session.owner, asked.bytes, done);
        });
    }

    pub(crate) fn ask_vendors_again(&mut self, answered: &[RequestId]) {
        for again in self.rooms.vendor.again(answered) {
            // Of a capability that this host does not have any more nothing comes.
            match Capability::named(name(&again.asked.of)) {
                Some(capability) => {
                    let wanted = asking(capability, "again");
                    self.ask_vendor(again.request, wanted, again.asked);
                }
                None => {
                    if let Some(finish) = self.finisher(again.request) {
                        let (of, answer) = (again.asked.of, Err(AccessDenied));
                        finish.with(crate::capability::Answer::Vendor(Answer { of, answer }));
                    }
                }
            }
        }
    }
}

fn asking(capability: Capability, function: &'static str) -> Use {
    Use {
        capability,
        function,
        done: "asked",
    }
}
