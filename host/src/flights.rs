//! Requests that keep something of a provider's going: watches, which finish again and again, and whatever is to end at the
//! moment when its grant is taken back.
//!
//! They belong to a session's record and not to its memory: a session that is only bytes is watched for all the same.

mod begin;

use std::any::Any;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Weak};

use crate::bindings::lapak::app::requests::RequestId;
use crate::capability::{Answer, Rooms};
use crate::grants::Capability;
use crate::instance::InstanceState;
use crate::requests::RoomRequests;
use crate::session::Shared;

pub(crate) use begin::{Observed, Wanted};

/// What a provider gives for something that goes on: it ends when this is dropped.
pub type Stop = Box<dyn Any + Send>;

/// How much news waits while an earlier one was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Backlog {
    /// The latest.
    Latest,
    /// So many; then the oldest goes.
    Most(usize),
}

/// What of a session's is in flight.
#[derive(Default)]
pub(crate) struct Flights {
    all: BTreeMap<RequestId, Flight>,
}

struct Flight {
    capability: Capability,
    /// What the app hears when the capability is taken back.
    denied: Answer,
    backlog: usize,
    /// Waits for the app to take what it was told of.
    news: VecDeque<Answer>,
    /// The app was told of news that it has not taken.
    told: bool,
    stop: Option<Stop>,
}

impl Flights {
    fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// What to tell the app now, if it may be told.
    fn news(&mut self, request: RequestId, news: Answer) -> Option<Answer> {
        let flight = self.all.get_mut(&request)?;
        if !flight.told {
            flight.told = true;
            return Some(news);
        }
        if flight.news.len() >= flight.backlog {
            flight.news.pop_front();
        }
        flight.news.push_back(news);
        None
    }

    /// The app has taken its news: what to tell it next.
    fn taken(&mut self, request: RequestId) -> Option<Answer> {
        let flight = self.all.get_mut(&request)?;
        let next = flight.news.pop_front();
        flight.told = next.is_some();
        next
    }
}

/// Tells a session of a watch's news, from any thread.
pub(crate) struct Teller {
    request: RequestId,
    session: Weak<Shared>,
}

impl Teller {
    /// There is news. Once the watch has ended nobody hears it.
    pub(crate) fn tell(&self, news: Answer) {
        if let Some(session) = self.session.upgrade() {
            session.news(self.request, news);
        }
    }

    /// The last news: the watch ends.
    pub(crate) fn last(&self, news: Answer) {
        if let Some(session) = self.session.upgrade() {
            session.land(self.request, Some(news));
        }
    }
}

impl Shared {
    fn news(self: &Arc<Self>, request: RequestId, news: Answer) {
        {
            let mut state = self.lock();
            let flights = state.flights.as_deref_mut();
            let Some(news) = flights.and_then(|flights| flights.news(request, news)) else {
                return;
            };
            if !state.deliver(self, request, Answer::News(Box::new(news))) {
                return;
            }
            self.changed();
        }
        self.host.scheduler.wake(self);
    }

    /// Ends what is in flight under this id, and tells the app if there is something to tell.
    fn land(self: &Arc<Self>, request: RequestId, last: Option<Answer>) {
        let (flight, told) = {
            let mut state = self.lock();
            let Some(flights) = state.flights.as_deref_mut() else {
                return;
            };
            let flight = flights.all.remove(&request);
            if flights.is_empty() {
                state.flights = None;
            }
            let last = last.filter(|_| flight.is_some());
            let told = last.is_some_and(|last| state.deliver(self, request, last));
            if told {
                self.changed();
            }
            (flight, told)
        };
        // A provider may take its own locks as it stops.
        drop(flight);
        if told {
            self.host.scheduler.wake(self);
        }
    }

    /// Ends what is in flight for a capability that may not be used any more.
    pub(crate) fn end_denied_flights(self: &Arc<Self>) {
        let denied: Vec<_> = {
            let state = self.lock();
            let flights = state.flights.iter().flat_map(|flights| &flights.all);
            flights
                // One that the person is still asked about is not denied yet.
                .filter(|(_, flight)| self.grants.why_not(flight.capability).is_some())
                .map(|(request, flight)| (*request, flight.denied.clone()))
                .collect()
        };
        for (request, answer) in denied {
            self.land(request, Some(answer));
        }
    }
}

/// A request under which something is kept going.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    pub(crate) request: RequestId,
    /// When this is taken back it ends,
    pub(crate) capability: Capability,
    /// and the app hears this.
    pub(crate) denied: Answer,
    pub(crate) backlog: Backlog,
    /// The app has news that it did not take; only after a restart.
    pub(crate) told: bool,
}

impl InstanceState {
    /// Keeps a place for something that will go on, so that it can be ended before it has begun.
    pub(crate) fn keep_place(&self, kept: Kept) {
        // In a replay nobody is asked: the news are on the tape.
        if self.is_replay() || self.session.is_model {
            return;
        }
        let flight = Flight {
            capability: kept.capability,
            denied: kept.denied,
            backlog: match kept.backlog {
                Backlog::Latest => 1,
                Backlog::Most(most) => most,
            },
            news: VecDeque::new(),
            told: kept.told,
            stop: None,
        };
        let mut state = self.session.lock();
        let flights = state.flights.get_or_insert_default();
        flights.all.insert(kept.request, flight);
    }

    /// The app has taken the news of a watch: if there is more it is told.
    pub(crate) fn took_news(&self, request: RequestId) {
        let next = {
            let mut state = self.session.lock();
            let flights = state.flights.as_deref_mut();
            let next = flights.and_then(|flights| flights.taken(request));
            next.is_some_and(|next| {
                let next = Answer::News(Box::new(next));
                state.deliver(&self.session, request, next)
            })
        };
        if next {
            self.session.host.scheduler.wake(&self.session);
        }
    }

    /// Takes the news of a watch out of its room, and tells of the next. `None` if there are none.
    pub(crate) fn take_news<Q: Clone + PartialEq, A, const MOST: usize>(
        &mut self,
        watch: RequestId,
        room: impl FnOnce(&mut Rooms) -> &mut RoomRequests<Q, A, MOST>,
    ) -> Option<A> {
        let news = room(&mut self.rooms).take(watch, Ok)?;
        // Of this room's: another's is not told anew for it.
        self.took_news(watch);
        Some(news)
    }

    /// The app wants no more news; tells whether it had any to expect.
    pub(crate) fn end_watch<Q: Clone + PartialEq, A, const MOST: usize>(
        &mut self,
        watch: RequestId,
        room: impl FnOnce(&mut Rooms) -> &mut RoomRequests<Q, A, MOST>,
    ) -> bool {
        let ended = room(&mut self.rooms).stop(watch);
        if ended {
            self.land(watch);
        }
        ended
    }

    /// The app ends something that goes on, and the request with it.
    pub(crate) fn land(&mut self, request: RequestId) {
        self.requests.end();
        self.session.land(request, None);
    }
}

impl Shared {
    /// Begins what a place was [kept](InstanceState::keep_place) for, if it is still wanted: `start` gets what tells of news, and
    /// gives what ends it. On a thread that may wait.
    pub(crate) fn take_off(
        self: &Arc<Self>,
        request: RequestId,
        start: impl FnOnce(Teller) -> Stop,
    ) {
        let wanted = |session: &Self| {
            let state = session.lock();
            let flights = state.flights.as_deref();
            flights.is_some_and(|flights| flights.all.contains_key(&request))
        };
        if !wanted(self) {
            return;
        }
        let stop = start(Teller {
            request,
            session: Arc::downgrade(self),
        });
        let unwanted = {
            let mut state = self.lock();
            let flights = state.flights.as_deref_mut();
            match flights.and_then(|flights| flights.all.get_mut(&request)) {
                Some(flight) => flight.stop.replace(stop),
                // Ended while it began.
                None => Some(stop),
            }
        };
        drop(unwanted);
        // Taken back while it began.
        self.end_denied_flights();
    }

    /// Looks at what is kept going under this id, if it has begun and is such a thing.
    pub(crate) fn kept<T: 'static, R>(
        &self,
        request: RequestId,
        look: impl FnOnce(&T) -> R,
    ) -> Option<R> {
        let state = self.lock();
        let flight = state.flights.as_deref()?.all.get(&request)?;
        flight.stop.as_ref()?.downcast_ref().map(look)
    }

    /// Ends what is kept going under this id; with an answer, the request too.
    pub(crate) fn let_go(self: &Arc<Self>, request: RequestId, last: Option<Answer>) {
        self.land(request, last);
    }

    /// A request that finishes once does not begin what a place was kept for. A model has no places, but comes to rest.
    pub(crate) fn decline(self: &Arc<Self>, request: RequestId, why: Answer) {
        match self.is_model {
            true => self.finish(request, why),
            false => self.land(request, Some(why)),
        }
    }

    /// What a place was kept for does not begin.
    pub(crate) fn stay(self: &Arc<Self>, request: RequestId, why: Answer) {
        self.land(request, Some(why));
    }
}
