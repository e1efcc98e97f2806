//! `clipboard`: the text that was copied. The person is asked before an app first uses it.

pub mod simulated;

use serde::{Deserialize, Serialize};

use crate::asking::Use;
use crate::bindings::lapak::app::clipboard::{Error, Host};
use crate::bindings::lapak::app::requests::RequestId;
use crate::capability::storage::Owner;
use crate::grants::{AccessDenied, Capability};
use crate::instance::InstanceState;
use crate::requests::RoomRequests;
use crate::room::{Asks, Lent, Terms, Words};

/// The terms on which it is lent.
pub const TERMS: Terms = Terms {
    name: "clipboard",
    lent: Lent::ToWhoAsks("system.permission.CLIPBOARD"),
    allows: Words {
        en: "read what you copied, and put something else there",
        id: "membaca yang Anda salin, dan menggantinya",
    },
    asks: Asks::FirstUse,
    bounds: "",
};

const CAPABILITY: Capability = Capability::Clipboard;
const READ: Use = Use {
    capability: CAPABILITY,
    function: "read",
    done: "read",
};
const WRITE: Use = Use {
    capability: CAPABILITY,
    function: "write",
    done: "written",
};

/// The longest text, both ways.
const MOST_BYTES: usize = 64 * 1024;

/// The clipboard cannot be used at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the clipboard cannot be used at the moment")]
pub struct NoClipboard;

/// Takes what was read, on any thread: `None` if there is no text.
pub type Copied = Box<dyn FnOnce(Result<Option<String>, NoClipboard>) + Send>;

/// Takes what came of writing, on any thread.
pub type Written = Box<dyn FnOnce(Result<(), NoClipboard>) + Send>;

/// Holds what people have copied: one clipboard for each person, which all their apps share. Both functions return at once.
pub trait ClipboardProvider: Send + Sync {
    /// Reads the text.
    fn read(&self, of: &Owner, copied: Copied);

    /// Puts a text there.
    fn write(&self, of: &Owner, text: String, written: Written);
}

/// What a session has asked for.
pub(crate) type ClipboardState = RoomRequests<Asked, Answer>;

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Asked {
    Read,
    Write,
}

/// What a request came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Answer {
    Text(Result<Option<String>, Error>),
    Done(Result<(), Error>),
}

impl Host for InstanceState {
    fn read(&mut self) -> Result<RequestId, Error> {
        self.may_ask(READ)?;
        let request = self.begin_request().ok_or(Error::TooManyRequests)?;
        self.rooms.clipboard.ask(request, Asked::Read);
        self.read_clipboard(request);
        Ok(request)
    }

    fn take_text(&mut self, request: RequestId) -> Result<Option<String>, Error> {
        self.may_take(CAPABILITY)?;
        let taken = self.rooms.clipboard.take(request, |answer| match answer {
            Answer::Text(text) => Ok(text),
            other @ Answer::Done(_) => Err(other),
        });
        taken.unwrap_or(Err(Error::UnknownRequest))
    }

    fn write(&mut self, text: String) -> Result<RequestId, Error> {
        self.may_ask(WRITE)?;
        if text.len() > MOST_BYTES {
            return Err(Error::TooLarge);
        }
        let request = self.begin_request_of(text.len());
        let request = request.ok_or(Error::TooManyRequests)?;
        self.rooms.clipboard.ask(request, Asked::Write);
        self.write_clipboard(request, text);
        Ok(request)
    }

    fn take_done(&mut self, request: RequestId) -> Result<(), Error> {
        self.may_take(CAPABILITY)?;
        let taken = self.rooms.clipboard.take(request, |answer| match answer {
            Answer::Done(done) => Ok(done),
            other @ Answer::Text(_) => Err(other),
        });
        taken.unwrap_or(Err(Error::UnknownRequest))
    }
}

impl InstanceState {
    fn read_clipboard(&self, request: RequestId) {
        let Some(finish) = self.finisher(request) else {
            return;
        };
        let session = self.session.clone();
        self.consented(READ, String::new(), move |agreed| {
            let finish = |text| finish.with(super::Answer::Clipboard(Answer::Text(text)));
            if agreed.is_err() {
                return finish(Err(Error::AccessDenied));
            }
            let copied = Box::new(move |text| finish(bounded(text)));
            session.providers.clipboard.read(&session.owner, copied);
        });
    }

    fn write_clipboard(&self, request: RequestId, text: String) {
        let Some(finish) = self.finisher(request) else {
            return;
        };
        let session = self.session.clone();
        self.consented(WRITE, String::new(), move |agreed| {
            let finish = |done| finish.with(super::Answer::Clipboard(Answer::Done(done)));
            if agreed.is_err() {
                return finish(Err(Error::AccessDenied));
            }
            let written = move |done: Result<(), NoClipboard>| {
                finish(done.map_err(|NoClipboard| Error::Unavailable));
            };
            let provider = &session.providers.clipboard;
            provider.write(&session.owner, text, Box::new(written));
        });
    }

    pub(super) fn ask_clipboard_again(&mut self, answered: &[RequestId]) {
        for again in self.rooms.clipboard.again(answered) {
            match again.asked {
                Asked::Read => self.read_clipboard(again.request),
                Asked::Write => self.give_up_writing(again.request),
            }
        }
    }

    /// A text may have been put there before the host was restarted, and another one since, which is not to be lost: so none is
    /// put there a second time.
    fn give_up_writing(&self, request: RequestId) {
        let Some(finish) = self.finisher(request) else {
            return;
        };
        let unknown = super::Answer::Clipboard(Answer::Done(Err(Error::Unavailable)));
        let pools = &self.session.host.pools;
        pools.off_workers(&self.session, || finish.with(unknown));
    }
}

/// A text that is too long is none for an app.
fn bounded(text: Result<Option<String>, NoClipboard>) -> Result<Option<String>, Error> {
    let text = text.map_err(|NoClipboard| Error::Unavailable)?;
    Ok(text.filter(|text| text.len() <= MOST_BYTES))
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
    fn a_text_that_is_too_long_is_none() {
        let most = "x".repeat(MOST_BYTES);
        assert_eq!(bounded(Ok(Some(most.clone()))), Ok(Some(most.clone())));
        assert_eq!(bounded(Ok(Some(most + "x"))), Ok(None));
        assert_eq!(bounded(Err(NoClipboard)), Err(Error::Unavailable));
    }
}
