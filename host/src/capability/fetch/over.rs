//! Fetches over a simulated network: one that is off lets nothing through, and one that is slow holds everything back.

use std::sync::{Arc, Mutex, PoisonError};

use super::simulated::SimulatedFetch;
use super::{Exchange, FetchError, FetchProvider, Replied};
use crate::capability::network::simulated::SimulatedNetwork;
use crate::capability::storage::Owner;
use crate::flights::Stop;

/// What was written down answers first; the rest is asked of a real provider, if there is one.
///
/// Differs from a real network in that being slow is a delay before each exchange, whatever its size.
#[derive(Clone)]
pub struct OverNetwork {
    network: Arc<SimulatedNetwork>,
    written: Arc<SimulatedFetch>,
    beyond: Option<Arc<dyn FetchProvider>>,
}

impl OverNetwork {
    /// Over everybody's simulated network.
    #[must_use]
    pub fn new(
        network: Arc<SimulatedNetwork>,
        written: Arc<SimulatedFetch>,
        beyond: Option<Arc<dyn FetchProvider>>,
    ) -> Self {
        Self {
            network,
            written,
            beyond,
        }
    }

    fn now(&self, of: &Owner, exchange: Exchange, replied: Replied) -> Stop {
        if self.network.is_off(&of.person) {
            replied(Err(FetchError::Unavailable("the network is off".into())));
            return Box::new(());
        }
        let beyond = self.beyond.as_deref();
        self.written.answer_or(of, exchange, replied, beyond)
    }
}

impl FetchProvider for OverNetwork {
    fn exchange(&self, of: &Owner, exchange: Exchange, replied: Replied) -> Stop {
        let delay = self.network.delay(&of.person);
        if delay.is_zero() {
            return self.now(of, exchange, replied);
        }
        let pause = delay.min(exchange.timeout);
        let held = Held::back(exchange, replied);
        let (over, of, waits) = (self.clone(), of.clone(), held.clone());
        let begun = std::thread::Builder::new().spawn(move || {
            std::thread::sleep(pause);
            waits.let_go(
                |mut exchange, replied| match exchange.timeout.checked_sub(delay) {
                    Some(left) => {
                        exchange.timeout = left;
                        over.now(&of, exchange, replied)
                    }
                    None => failed(FetchError::TimedOut, replied),
                },
            );
        });
        if let Err(error) = begun {
            let why = FetchError::Unavailable(error.to_string());
            held.let_go(|_, replied| failed(why, replied));
        }
        Box::new(GivesUp(held))
    }
}

fn failed(why: FetchError, replied: Replied) -> Stop {
    replied(Err(why));
    Box::new(())
}

/// An exchange that is held back, and what ends it once it has begun.
struct Held(Mutex<How>);

enum How {
    Back(Exchange, Replied),
    Begins,
    Begun(#[expect(dead_code, reason = "it ends when it is dropped")] Stop),
    GivenUp,
}

impl Held {
    fn back(exchange: Exchange, replied: Replied) -> Arc<Self> {
        Arc::new(Self(Mutex::new(How::Back(exchange, replied))))
    }

    /// Begins it, unless it was given up. Nothing is locked meanwhile: an answer at once may give it up at once.
    fn let_go(&self, begin: impl FnOnce(Exchange, Replied) -> Stop) {
        let How::Back(exchange, replied) = self.put(How::Begins) else {
            self.put(How::GivenUp);
            return;
        };
        let stop = begin(exchange, replied);
        if matches!(self.put(How::Begun(stop)), How::GivenUp) {
            self.put(How::GivenUp);
        }
    }

    /// What was there is the caller's to drop, with nothing locked.
    fn put(&self, how: How) -> How {
        let mut now = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *now, how)
    }
}

/// Gives it up when nobody waits for it any more.
struct GivesUp(Arc<Held>);

impl Drop for GivesUp {
    fn drop(&mut self) {
        self.0.put(How::GivenUp);
    }
}

impl std::fmt::Debug for OverNetwork {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OverNetwork").finish_non_exhaustive()
    }
}
