//! Who does what may wait, away from the threads that run guests: a crew for each kind of it, so that none waits for another, with
//! a part of each for an app, a person and a merchant.

use std::sync::Arc;

use crate::capability::storage::Owner;
use crate::crew::{Bounds, Crew, Whose};
use crate::delays;
use crate::session::Shared;

/// Asking people, looking at what they said, beginning what providers do. Each piece belongs to a request in flight.
const REST: Bounds = Bounds {
    at_a_time: 32,
    of_app: 8,
    of_person: 4,
    at_place: usize::MAX,
    waiting: 16_384,
    waiting_of_owner: 1_024,
};
/// The same of payments: nobody's money waits for anything else.
const PAYMENTS: Bounds = Bounds {
    at_a_time: 16,
    of_app: 4,
    of_person: 2,
    ..REST
};
/// Having merchants sign orders: one that is silent keeps a few threads, as long as it may.
const MERCHANTS: Bounds = Bounds {
    at_a_time: 32,
    of_app: 8,
    of_person: 4,
    at_place: 4,
    waiting: 512,
    waiting_of_owner: 64,
};
/// What people answer to sheets: a PIN takes as long as a slow hash does.
const ANSWERS: Bounds = Bounds {
    at_a_time: 8,
    of_app: 8,
    of_person: 1,
    at_place: usize::MAX,
    waiting: 1_024,
    waiting_of_owner: 16,
};
/// Reading pictures: each that is read takes 16 MB and a core; each that waits has 4 MiB at most as a file, 16 MB as a frame.
const PICTURES: Bounds = Bounds {
    at_a_time: 2,
    of_app: 1,
    of_person: 1,
    at_place: usize::MAX,
    waiting: 32,
    waiting_of_owner: 4,
};

/// Bringing sessions from the disk, each once: a part of it stays for others than one app's and one person's.
const FETCHES: Bounds = Bounds {
    at_a_time: 4,
    of_app: 3,
    of_person: 2,
    at_place: usize::MAX,
    waiting: usize::MAX,
    waiting_of_owner: usize::MAX,
};

/// The crews of one host.
pub(crate) struct Pools {
    rest: Arc<Crew>,
    payments: Arc<Crew>,
    merchants: Arc<Crew>,
    answers: Arc<Crew>,
    pictures: Arc<Crew>,
    fetches: Arc<Crew>,
}

impl Default for Pools {
    fn default() -> Self {
        Self {
            rest: Crew::new("lapak-rest", REST),
            payments: Crew::new("lapak-payments", PAYMENTS),
            merchants: Crew::new("lapak-merchants", MERCHANTS),
            answers: Crew::new("lapak-answers", ANSWERS),
            pictures: Crew::new("lapak-pictures", PICTURES),
            fetches: Crew::new("lapak-fetches", FETCHES),
        }
    }
}

impl Pools {
    /// Does something of a session's that may wait. A session that has more in line than it can have requests in flight ends.
    pub(crate) fn off_workers(&self, session: &Arc<Shared>, work: impl FnOnce() + Send + 'static) {
        take_on(&self.rest, session, work);
    }

    /// The same for what belongs to a payment.
    pub(crate) fn for_payment(&self, session: &Arc<Shared>, work: impl FnOnce() + Send + 'static) {
        take_on(&self.payments, session, work);
    }

    /// Asks a merchant's server. The work is told whether there is room for it.
    pub(crate) fn ask_merchant(
        &self,
        owner: &Owner,
        merchant: &str,
        work: impl FnOnce(bool) + Send + 'static,
    ) {
        let whose = Whose {
            place: Some(merchant.into()),
            ..Whose::of(owner)
        };
        self.merchants.take_on(whose, Box::new(work));
    }

    /// Looks at a person's answer. The work is told whether there is room for it.
    pub(crate) fn look_at_answer(&self, owner: &Owner, work: impl FnOnce(bool) + Send + 'static) {
        self.answers.take_on(Whose::of(owner), Box::new(work));
    }

    /// Brings a session from the disk. What waits are sessions, each once: their number is its bound.
    pub(crate) fn bring(&self, owner: &Owner, work: impl FnOnce() + Send + 'static) {
        self.fetches.take_on(Whose::of(owner), Box::new(|_| work()));
    }

    /// Reads a picture of so many pixels. The work is told whether there is room for it.
    pub(crate) fn read_picture(
        &self,
        owner: &Owner,
        pixels: u64,
        work: impl FnOnce(bool) + Send + 'static,
    ) {
        let whose = Whose {
            cost: pixels.max(1),
            ..Whose::of(owner)
        };
        self.pictures.take_on(whose, Box::new(work));
    }
}

fn take_on(crew: &Arc<Crew>, session: &Arc<Shared>, work: impl FnOnce() + Send + 'static) {
    let whose = Whose::of(&session.owner);
    let session = session.clone();
    crew.take_on(
        whose,
        Box::new(move |has_room| {
            if !has_room {
                let why = "more of what it asked for waits than there is room for";
                return session.end(Shared::host_fault(why));
            }
            delays::at("off");
            work();
            delays::at("off-end");
        }),
    );
}
