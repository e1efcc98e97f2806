//! `scan`: reading codes, out of what the scanner sees or out of a picture of the app's. The scanner is the shell's, and closing
//! it is how a person says no: nobody is asked besides.

mod codes;
mod picture;
mod scanner;
pub mod simulated;

use serde::{Deserialize, Serialize};

use crate::account::Cost;
use crate::asking::Use;
use crate::bindings::lapak::app::requests::RequestId;
use crate::bindings::lapak::app::scan::{Code, Error, Host, Symbology};
use crate::capability::storage::Owner;
use crate::flights::{Backlog, Kept, Stop};
use crate::grants::{AccessDenied, Capability};
use crate::instance::InstanceState;
use crate::requests::{Again, RoomRequests};
use crate::room::{Asks, Lent, Terms, Words};

pub(crate) use codes::Kinds;
use scanner::Scanner;

/// The terms on which it is lent.
pub const TERMS: Terms = Terms {
    name: "scan",
    lent: Lent::ToWhoAsks("system.permission.SCAN"),
    allows: Words {
        en: "open the scanner, and hear what the code says that you show it",
        id: "membuka pemindai, dan membaca kode yang Anda tunjukkan",
    },
    // Who does not want to scan closes the scanner.
    asks: Asks::Never,
    bounds: "",
};

const CAPABILITY: Capability = Capability::Scan;
const SCAN: Use = Use {
    capability: CAPABILITY,
    function: "scan",
    done: "opened",
};
const READ: Use = Use {
    capability: CAPABILITY,
    function: "read",
    done: "read",
};

/// Pictures of one session that are being read.
const MOST_PICTURES: usize = 2;

/// What a scanner sees at a moment.
#[derive(Clone, PartialEq, Eq)]
pub enum Frame {
    /// A picture as it is in a file: PNG or JPEG.
    Picture(Vec<u8>),
    /// Grey pixels, row by row, 0 is black: the Y plane of a camera's picture.
    Grey {
        /// Pixels in a row.
        width: u32,
        /// Rows.
        height: u32,
        /// `width` times `height` of them.
        pixels: Vec<u8>,
    },
}

/// What becomes of an open scanner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// It sees this. Frames that come while one is read wait, a few of them; then the oldest goes.
    Frame(Frame),
    /// The person has closed it.
    Closed,
    /// There is no camera, or it is in use.
    Unavailable,
}

/// Takes what a scanner sees, on any thread, and returns at once.
pub type Sees = Box<dyn Fn(Seen) + Send + Sync>;

/// Shows a person a scanner, outside the app's box.
pub trait ScanProvider: Send + Sync {
    /// Opens it, and gives at once what closes it when it is dropped: a code was found, time is up, or the app may not any more.
    fn open(&self, of: &Owner, sees: Sees) -> Stop;
}

/// What a session has asked for.
pub(crate) type ScanState = RoomRequests<Asked, Answer>;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Asked {
    Scan(Kinds),
    /// The picture is not kept.
    Read,
}

/// What a request came to.
pub(crate) type Answer = Result<Option<Code>, Error>;

/// How many scanners are open: they wait for the person, perhaps for minutes.
pub(crate) fn open_scanners(state: &ScanState) -> usize {
    let asked = state.asked();
    asked.filter(|one| matches!(one, Asked::Scan(_))).count()
}

impl Host for InstanceState {
    fn scan(&mut self, kinds: Vec<Symbology>) -> Result<RequestId, Error> {
        self.may_ask(SCAN)?;
        if open_scanners(&self.rooms.scan) > 0 {
            return Err(Error::TooManyRequests);
        }
        let kinds = Kinds::of(&kinds);
        let request = self.begin_request().ok_or(Error::TooManyRequests)?;
        self.rooms.scan.ask(request, Asked::Scan(kinds.clone()));
        self.open_scanner(request, kinds);
        Ok(request)
    }

    fn read(&mut self, bytes: Vec<u8>, kinds: Vec<Symbology>) -> Result<RequestId, Error> {
        self.may_ask(READ)?;
        if !picture::may_be_one(&bytes) {
            return Err(Error::Invalid);
        }
        let reading = self.rooms.scan.asked();
        if reading.filter(|one| matches!(one, Asked::Read)).count() >= MOST_PICTURES {
            return Err(Error::TooManyRequests);
        }
        let request = self.begin_request().ok_or(Error::TooManyRequests)?;
        self.rooms.scan.ask(request, Asked::Read);
        self.read_picture(request, bytes, Kinds::of(&kinds));
        Ok(request)
    }

    fn take(&mut self, request: RequestId) -> Result<Option<Code>, Error> {
        self.may_take(CAPABILITY)?;
        let taken = self.rooms.scan.take(request, Ok);
        taken.unwrap_or(Err(Error::UnknownRequest))
    }
}

impl InstanceState {
    fn open_scanner(&self, request: RequestId, kinds: Kinds) {
        let denied = super::Answer::Scan(Err(Error::AccessDenied));
        self.keep_place(Kept {
            request,
            capability: CAPABILITY,
            denied: denied.clone(),
            backlog: Backlog::Latest,
            told: false,
        });
        let session = self.session.clone();
        self.consented(SCAN, kinds.in_words(), move |agreed| {
            if agreed.is_err() {
                return session.decline(request, denied);
            }
            session.take_off(request, |teller| Scanner::open(&session, teller, kinds));
        });
    }

    fn read_picture(&self, request: RequestId, bytes: Vec<u8>, kinds: Kinds) {
        let Some(finish) = self.finisher(request) else {
            return;
        };
        let session = self.session.clone();
        self.consented(READ, kinds.in_words(), move |agreed| {
            if agreed.is_err() {
                return finish.with(super::Answer::Scan(Err(Error::AccessDenied)));
            }
            let frame = Frame::Picture(bytes);
            let pixels = picture::pixels(&frame);
            let pools = &session.host.pools;
            let charge = session.charge(Cost::Work, 1);
            pools.read_picture(&session.owner, pixels, move |has_room| {
                let read = match has_room && charge.is_ok() {
                    true => read_codes(&frame, &kinds),
                    false => Err(Error::Unavailable),
                };
                drop(charge);
                finish.with(super::Answer::Scan(read));
            });
        });
    }

    pub(super) fn ask_scan_again(&mut self, answered: &[RequestId]) {
        for Again { request, asked, .. } in self.rooms.scan.again(answered) {
            match asked {
                Asked::Scan(kinds) => self.open_scanner(request, kinds),
                Asked::Read => {
                    let Some(finish) = self.finisher(request) else {
                        continue;
                    };
                    let lost = super::Answer::Scan(Err(Error::Unavailable));
                    let pools = &self.session.host.pools;
                    pools.off_workers(&self.session, move || finish.with(lost));
                }
            }
        }
    }
}

fn read_codes(frame: &Frame, kinds: &Kinds) -> Answer {
    let seen = picture::decode(frame).ok_or(Error::Invalid)?;
    codes::read(&seen, kinds)
}

impl std::fmt::Debug for Frame {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Picture(bytes) => write!(f, "Picture({} bytes)", bytes.len()),
            Self::Grey { width, height, .. } => write!(f, "Grey({width} by {height})"),
        }
    }
}

impl From<AccessDenied> for Error {
    fn from(_: AccessDenied) -> Self {
        Self::AccessDenied
    }
}
