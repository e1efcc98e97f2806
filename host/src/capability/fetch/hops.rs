//! From a request to its answer: one exchange after the other, as long as servers say that it is elsewhere, until it is there,
//! or it is too late, or nobody wants it any more.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Instant;

use super::{Answer, Exchange, FetchError, OUT_OF_REACH, Reply, SEND, checks, reaches};
use crate::asking::note;
use crate::bindings::lapak::app::fetch::Error;
use crate::flights::{Stop, Teller};
use crate::session::Shared;

/// The most redirects of a request.
const MOST_REDIRECTS: u32 = 5;

/// A request on its way.
struct Flight {
    session: Weak<Shared>,
    deadline: Instant,
    now: Mutex<Now>,
}

/// The exchange that is under way.
struct Now {
    /// Tells the app, once; `None`: it is over.
    teller: Option<Teller>,
    /// How many were before it.
    hops: u32,
    stop: Option<Stop>,
}

/// What a flight's place holds: the end of it ends what is under way.
struct Held {
    flight: Arc<Flight>,
    clock: tokio::task::AbortHandle,
}

/// Begins; what it gives ends it.
pub(super) fn begin(session: &Arc<Shared>, teller: Teller, exchange: Exchange) -> Stop {
    let flight = Arc::new(Flight {
        session: Arc::downgrade(session),
        deadline: Instant::now() + exchange.timeout,
        now: Mutex::new(Now {
            teller: Some(teller),
            hops: 0,
            stop: None,
        }),
    });
    // A provider that is late is not waited for, nor one that says nothing.
    let late = Arc::downgrade(&flight);
    let deadline = tokio::time::Instant::from_std(flight.deadline);
    let clock = session.host.io().spawn(async move {
        tokio::time::sleep_until(deadline).await;
        if let Some(flight) = late.upgrade() {
            flight.tell(Err(Error::TimedOut));
        }
    });
    flight.hop(session, exchange, 0);
    Box::new(Held {
        flight,
        clock: clock.abort_handle(),
    })
}

impl Flight {
    fn hop(self: &Arc<Self>, session: &Arc<Shared>, mut exchange: Exchange, hops: u32) {
        let left = self.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return self.tell(Err(Error::TimedOut));
        }
        exchange.timeout = left;
        self.now().hops = hops;
        // Weak, or a provider that keeps the call would keep itself.
        let (flight, sent) = (Arc::downgrade(self), exchange.clone());
        let replied = Box::new(move |reply| {
            if let Some(flight) = flight.upgrade() {
                flight.replied(&sent, hops, reply);
            }
        });
        let provider = &session.providers.fetch;
        let stop = provider.exchange(&session.owner, exchange, replied);
        let unwanted = {
            let mut now = self.now();
            // It may be over by now, or further.
            match now.teller.is_some() && now.hops == hops {
                true => now.stop.replace(stop),
                false => Some(stop),
            }
        };
        drop(unwanted);
    }

    fn replied(self: &Arc<Self>, sent: &Exchange, hops: u32, reply: Result<Reply, FetchError>) {
        let Some(session) = self.session.upgrade() else {
            return;
        };
        if let Err(error) = &reply {
            tracing::debug!(%error, host = sent.host, app = %session.owner.app_id, "not fetched");
        }
        match self.next(&session, sent, hops, reply) {
            Ok(Next::Answer(answer)) => self.tell(Ok(answer)),
            Ok(Next::Elsewhere(exchange)) => self.hop(&session, exchange, hops + 1),
            Err(error) => self.tell(Err(error)),
        }
    }

    fn next(
        &self,
        session: &Arc<Shared>,
        sent: &Exchange,
        hops: u32,
        reply: Result<Reply, FetchError>,
    ) -> Result<Next, Error> {
        let reply = reply?;
        let Some(next) = checks::redirect(sent, &reply)? else {
            return Ok(Next::Answer(checks::response(sent, reply)?));
        };
        if hops >= MOST_REDIRECTS {
            return Err(Error::Unavailable);
        }
        if session.grants.check(SEND.capability).is_err() || !reaches(session, &next.host) {
            note(session, SEND, Err(OUT_OF_REACH), "", &next.host, "denied");
            return Err(Error::AccessDenied);
        }
        if next.host != sent.host {
            note(session, SEND, Ok(()), "", &next.host, "redirected");
        }
        Ok(Next::Elsewhere(next))
    }

    /// Tells the app what came of it, which is the end of the flight.
    fn tell(&self, answer: Answer) {
        let teller = self.now().teller.take();
        if let Some(teller) = teller {
            teller.last(crate::capability::Answer::Fetch(answer));
        }
    }

    fn now(&self) -> MutexGuard<'_, Now> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

enum Next {
    Answer(crate::bindings::lapak::app::fetch::Response),
    Elsewhere(Exchange),
}

impl Drop for Held {
    fn drop(&mut self) {
        self.clock.abort();
        let (teller, stop) = {
            let mut now = self.flight.now();
            (now.teller.take(), now.stop.take())
        };
        drop((teller, stop));
    }
}
