//! What changes about a session: its mailbox, its screen, where its memory is, how far it is.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use super::watch::Watchers;
use super::{Actor, Launch, Residence, Screen, Shared};
use crate::account::{Charge, Cost};
use crate::bindings::lapak::app::requests::RequestId;
use crate::capability::Answer;
use crate::flights::Flights;
use crate::mailbox::Mailbox;
use crate::requests::weight::{SMALL, WAITING_BYTES};
use crate::runtime::Host;
use crate::snapshot::frozen::Frozen;
use crate::updates::Adopted;

/// What changes. Locked for moments only, never while a guest runs.
pub(crate) struct State {
    pub(super) mailbox: Mailbox,
    /// `None` while the session is only bytes: the screen is among them.
    pub(super) screen: Option<Box<Screen>>,
    pub(super) watchers: Option<Box<Watchers>>,
    pub(super) progress: Progress,
    /// The end has begun: it happens once.
    pub(super) ending: bool,
    /// What an update leaves behind, or brings.
    pub(super) handover: Option<Box<Handover>>,
    /// Watches, and whatever else ends with its grant.
    pub(crate) flights: Option<Box<Flights>>,
    pub(crate) body: Body,
}

/// What goes from one version of an app to the next.
#[derive(Default)]
pub(super) struct Handover {
    /// What the app handed over.
    pub(super) carried: Option<Vec<u8>>,
    /// Payments in flight, which the next version goes on with, or which came from the last one.
    pub(super) adopted: Option<Box<Adopted>>,
}

/// Where the session's memory is.
pub(crate) enum Body {
    /// Not started yet.
    New(Box<Launch>),
    /// A worker has it.
    Running,
    /// In the middle of an event: gave way, or waits for what a WASI call asked.
    Suspended(Pin<Box<dyn Future<Output = Body> + Send>>),
    /// Idle, in an instance.
    Kept(Box<Actor>),
    /// Idle, as bytes in memory.
    Frozen(Frozen),
    /// Idle, as so many bytes on disk.
    Stored(usize),
    /// No more.
    Ended,
}

/// How far a session is, for those who wait.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Progress {
    pub(crate) painted: bool,
    /// Nothing waits.
    pub(crate) resting: bool,
    /// Nothing waits and no request is in flight.
    pub(crate) settled: bool,
    pub(crate) ended: bool,
    /// Requests in flight that the app waits for, as it last came to rest.
    pub(crate) in_flight: u32,
    /// Uses whose consent is being looked at, before the person is asked or a provider is.
    pub(crate) deciding: u32,
    /// Sheets that are open.
    pub(crate) sheets: u32,
}

impl Progress {
    /// There is something to do.
    pub(super) fn busy(&mut self) {
        self.resting = false;
        self.settled = false;
    }

    /// There is nothing to do.
    pub(super) fn rest(&mut self, in_flight: usize) {
        self.resting = true;
        self.settled = in_flight == 0;
        self.in_flight = u32::try_from(in_flight).unwrap_or(u32::MAX);
    }

    /// There is nothing to do until the person does something.
    pub(crate) fn is_at_rest(&self) -> bool {
        self.resting && self.deciding == 0 && self.in_flight <= self.sheets
    }
}

impl State {
    pub(super) fn beginning(mailbox: Mailbox, body: Body, adopted: Option<Box<Adopted>>) -> Self {
        let painted = !matches!(body, Body::New(_));
        Self {
            mailbox,
            screen: (!painted).then(Box::default),
            watchers: None,
            progress: Progress {
                painted,
                ..Progress::default()
            },
            ending: false,
            handover: adopted.map(|adopted| {
                Box::new(Handover {
                    adopted: Some(adopted),
                    ..Handover::default()
                })
            }),
            flights: None,
            body,
        }
    }

    /// Puts what a request came to into the mailbox; not that of a session that has ended.
    pub(crate) fn deliver(
        &mut self,
        session: &Arc<Shared>,
        request: RequestId,
        answer: Answer,
    ) -> bool {
        if self.progress.ended {
            return false;
        }
        let answer = match answer.bytes() {
            ..=SMALL => answer,
            bytes => match self.room_for(session, bytes) {
                Some(charge) => {
                    self.mailbox.keep_charge(request, charge);
                    answer
                }
                None => answer.lost(),
            },
        };
        self.mailbox.finish(request, answer);
        self.progress(Progress::busy);
        true
    }

    /// Charges a session for an answer of so many bytes that is to wait for it, if there is room for it.
    fn room_for(&self, session: &Arc<Shared>, bytes: usize) -> Option<Charge> {
        let waiting = self.mailbox.answer_bytes().saturating_add(bytes);
        let charge = match waiting <= WAITING_BYTES {
            true => session.charge(Cost::Transit, bytes).ok(),
            false => None,
        };
        if charge.is_none() {
            tracing::info!(bytes, session = ?session.id, "an answer is lost: its session, app or person takes too few of those there are");
        }
        charge
    }

    /// The screen of a session that is not only bytes.
    pub(super) fn screen_mut(&mut self) -> &mut Screen {
        self.screen.get_or_insert_default()
    }

    pub(crate) fn progress(&mut self, change: impl FnOnce(&mut Progress)) {
        let before = self.progress;
        change(&mut self.progress);
        let now = self.progress;
        if now == before {
            return;
        }
        let Some(watchers) = &mut self.watchers else {
            return;
        };
        // Telling nobody costs nearly as much as telling somebody.
        watchers
            .progress
            .take_if(|progress| progress.receiver_count() == 0);
        if let Some(sender) = &watchers.progress {
            sender.send_replace(now);
        }
    }

    /// Uses whose consent is being looked at.
    pub(crate) fn deciding(&self) -> u32 {
        self.progress.deciding
    }

    pub(crate) fn mailbox(&self) -> &Mailbox {
        &self.mailbox
    }

    pub(super) fn has_ended(&self) -> bool {
        self.progress.ended
    }

    /// Gives back what watchers who are gone have left behind.
    pub(super) fn shrink(&mut self) {
        self.mailbox.shrink();
        self.watchers.take_if(|watchers| watchers.shrink());
    }
}

impl Body {
    /// It is about to go: what the host counts of it goes too.
    pub(super) fn leaves(&self, host: &Host) {
        match self {
            Self::Frozen(frozen) => host.unheld(frozen.bytes()),
            Self::Stored(bytes) => host.brought_back(*bytes),
            _ => {}
        }
    }

    /// Between two events.
    pub(crate) fn is_idle(&self) -> bool {
        !matches!(self, Self::New(_) | Self::Running | Self::Suspended(_))
    }

    pub(crate) fn residence(&self) -> Residence {
        match self {
            Self::New(_) | Self::Running | Self::Suspended(_) | Self::Kept(_) => {
                Residence::Resident
            }
            Self::Frozen(_) => Residence::Frozen,
            Self::Stored(_) => Residence::Stored,
            Self::Ended => Residence::Ended,
        }
    }
}
