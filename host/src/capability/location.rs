//! `location`: where the device is, once or again and again. The person is asked before an app first hears it.

mod grid;
pub mod simulated;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::asking::Use;
use crate::bindings::lapak::app::location::{Accuracy, Error, Host, Position};
use crate::bindings::lapak::app::requests::RequestId;
use crate::capability::storage::Owner;
use crate::flights::{Stop, Wanted};
use crate::grants::{AccessDenied, Capability};
use crate::instance::InstanceState;
use crate::requests::{Again, RoomRequests};
use crate::room::{Asks, Lent, Terms, Words};
use crate::session::Shared;

/// The terms on which it is lent.
pub const TERMS: Terms = Terms {
    name: "location",
    lent: Lent::ToWhoAsks("system.permission.LOCATION"),
    allows: Words {
        en: "see where you are",
        id: "melihat lokasi Anda",
    },
    asks: Asks::FirstUse,
    bounds: "coarse only",
};

const CAPABILITY: Capability = Capability::Location;
const ONCE: Use = Use {
    capability: CAPABILITY,
    function: "once",
    done: "read",
};
const WATCH: Use = Use {
    capability: CAPABILITY,
    function: "watch",
    done: "watched",
};

/// Where a device is, as it found out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fix {
    /// Degrees north of the equator, WGS 84.
    pub latitude: f64,
    /// Degrees east of Greenwich.
    pub longitude: f64,
    /// The true location is within this many metres, in 95 of 100 cases.
    pub accuracy_metres: f64,
    /// Metres above the ellipsoid.
    pub altitude_metres: Option<f64>,
    /// Direction of travel, degrees clockwise from north.
    pub heading_degrees: Option<f64>,
    /// Metres per second.
    pub speed: Option<f64>,
    /// When, in milliseconds since 1970.
    pub at_ms: u64,
}

/// The device cannot tell where it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the device cannot tell where it is")]
pub struct NoFix;

/// Takes one answer, on any thread.
pub type Found = Box<dyn FnOnce(Result<Fix, NoFix>) + Send>;

/// Takes one location after the other, on any thread. After an error comes nothing more.
pub type FoundAgain = Box<dyn Fn(Result<Fix, NoFix>) + Send + Sync>;

/// Finds out where a person's device is. Both functions return at once. How close a location the app gets is not the
/// provider's business: `precise` says what is worth the effort.
pub trait LocationProvider: Send + Sync {
    /// Finds it once.
    fn once(&self, of: &Owner, precise: bool, found: Found);

    /// Finds it again whenever the device has moved by `metres`, until what it gives is dropped.
    fn watch(&self, of: &Owner, precise: bool, metres: f64, found: FoundAgain) -> Stop;
}

/// What a session has asked for.
pub(crate) type LocationState = RoomRequests<Asked, Answer>;

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Asked {
    Once(Accuracy),
    Watch(Accuracy, f64),
}

/// What a request came to, or a watch's news.
pub(crate) type Answer = Result<Position, Error>;

impl Host for InstanceState {
    fn once(&mut self, accuracy: Accuracy) -> Result<RequestId, Error> {
        self.may_ask(ONCE)?;
        let request = self.begin_request().ok_or(Error::TooManyRequests)?;
        self.rooms.location.ask(request, Asked::Once(accuracy));
        self.locate(request, accuracy);
        Ok(request)
    }

    fn watch(&mut self, accuracy: Accuracy, metres: f64) -> Result<RequestId, Error> {
        self.may_ask(WATCH)?;
        if !(metres.is_finite() && metres >= 0.0) {
            return Err(Error::Invalid);
        }
        let request = self.begin_request().ok_or(Error::TooManyRequests)?;
        let asked = Asked::Watch(accuracy, metres);
        self.rooms.location.watch(request, asked);
        self.follow(request, accuracy, metres, false);
        Ok(request)
    }

    fn take(&mut self, request: RequestId) -> Result<Position, Error> {
        self.may_take(CAPABILITY)?;
        let taken = self.take_news(request, |rooms| &mut rooms.location);
        taken.ok_or(Error::UnknownRequest)?
    }

    fn stop(&mut self, watch: RequestId) -> Result<(), Error> {
        self.may_take(CAPABILITY)?;
        let ended = self.end_watch(watch, |rooms| &mut rooms.location);
        ended.then_some(()).ok_or(Error::UnknownRequest)
    }
}

impl InstanceState {
    fn locate(&self, request: RequestId, accuracy: Accuracy) {
        let Some(finish) = self.finisher(request) else {
            return;
        };
        let session = self.session.clone();
        self.consented(ONCE, word(accuracy).into(), move |agreed| {
            if agreed.is_err() {
                return finish.with(super::Answer::Location(Err(Error::AccessDenied)));
            }
            let told = session.clone();
            let found = Box::new(move |found| {
                let answer = answer(&told, accuracy, found);
                finish.with(super::Answer::Location(answer));
            });
            let precise = is_precise(&session, accuracy);
            let provider = &session.providers.location;
            provider.once(&session.owner, precise, found);
        });
    }

    fn follow(&self, request: RequestId, accuracy: Accuracy, metres: f64, told: bool) {
        let wanted = Wanted {
            request,
            by: WATCH,
            about: word(accuracy).into(),
            denied: super::Answer::Location(Err(Error::AccessDenied)),
            told,
        };
        self.begin_watch(wanted, move |session, teller| {
            // Weak, or a watch would keep its session.
            let told = Arc::downgrade(session);
            let found = Box::new(move |found: Result<Fix, NoFix>| {
                let Some(session) = told.upgrade() else {
                    return;
                };
                let over = found.is_err();
                let news = super::Answer::Location(answer(&session, accuracy, found));
                match over {
                    true => teller.last(news),
                    false => teller.tell(news),
                }
            });
            let precise = is_precise(session, accuracy);
            let provider = &session.providers.location;
            provider.watch(&session.owner, precise, metres, found)
        });
    }

    pub(super) fn ask_location_again(&mut self, answered: &[RequestId]) {
        for Again {
            request,
            asked,
            told,
        } in self.rooms.location.again(answered)
        {
            match asked {
                Asked::Once(accuracy) => self.locate(request, accuracy),
                Asked::Watch(accuracy, metres) => self.follow(request, accuracy, metres, told),
            }
        }
    }
}

/// Within the bounds of this moment: they may have moved since it was asked for.
fn is_precise(session: &Shared, wanted: Accuracy) -> bool {
    wanted == Accuracy::Precise && !session.grants.bounds().location.coarse_only
}

fn answer(session: &Shared, wanted: Accuracy, found: Result<Fix, NoFix>) -> Answer {
    let fix = found.map_err(|NoFix| Error::Unavailable)?;
    let position = sound(fix).ok_or(Error::Unavailable)?;
    match is_precise(session, wanted) {
        true => Ok(position),
        false => Ok(grid::coarse(position)),
    }
}

/// A position that apps can rely on; `None` if the provider's is none.
fn sound(fix: Fix) -> Option<Position> {
    let within = |value: f64, most: f64| value.is_finite() && value.abs() <= most;
    if !within(fix.latitude, 90.0) || !within(fix.longitude, 180.0) {
        return None;
    }
    let positive = |value: &f64| value.is_finite() && *value >= 0.0;
    Some(Position {
        latitude: fix.latitude,
        longitude: fix.longitude,
        accuracy_metres: Some(fix.accuracy_metres).filter(positive)?,
        accuracy: Accuracy::Precise,
        altitude_metres: fix.altitude_metres.filter(|metres| metres.is_finite()),
        heading_degrees: fix
            .heading_degrees
            .filter(positive)
            .map(|degrees| degrees % 360.0),
        speed_metres_per_second: fix.speed.filter(positive),
        at_ms: fix.at_ms,
    })
}

fn word(accuracy: Accuracy) -> &'static str {
    match accuracy {
        Accuracy::Coarse => "coarse",
        Accuracy::Precise => "precise",
    }
}

impl From<AccessDenied> for Error {
    fn from(_: AccessDenied) -> Self {
        Self::AccessDenied
    }
}
