//! A simulation of payments: no real money, and trouble on demand.
//!
//! It differs from a real provider in this:
//! - No real money moves; its label, its receipts and its receipts' ids (`simulated:…`) say so.
//! - It is the embedded ledger in memory: nothing outlives the process, so a request that is submitted again after a
//!   restart is a new one, and it is made a second time.
//! - Money comes from nowhere ([`SimulatedProvider::top_up`]).
//! - Without [`SimulatedProvider::next`] every request ends at once, as the books allow.
//! - A time-out ends in [`Outcome::Expired`] after the time that was asked for, whatever the order says.
//! - It can be told to answer late, several times, or never, which a real one does by itself.

use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::in_flight::{Id, InFlight};
use super::ledger::LedgerProvider;
use super::{
    Answer, Decline, Done, HistoryLine, Label, OrderState, Outcome, PaymentProvider, PersonAccount,
    Request,
};
use crate::addresses::AddressBook;
use crate::clock::Clock;
use crate::keys::SecretKey;
use crate::ledger::{
    AccountTerms, Ledger, LedgerError, LedgerOptions, OpenError, Operation, Transfer,
};
use crate::merchants::Merchants;
use crate::money::Amount;
use crate::name::{AccountId, MerchantId, NameError, OrderId, RequestKey};
use crate::schedule::{Later, Schedule};

/// What the next request meets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Behaviour {
    /// It is declined; no money moves.
    Decline(Decline),
    /// The person gives up at the provider's own page; no money moves.
    Cancel,
    /// It is not made in time: it expires after this long, and no money moves.
    TimeOut(Duration),
    /// It is made after this long; until then it can be cancelled.
    Slow(Duration),
    /// It is made at once, and its outcome told after this long.
    Late(Duration),
    /// It is made at once, and its outcome told so many times more, at once.
    Twice(u32),
    /// It is made at once, and its outcome never told; only submitting it again tells.
    Silent,
}

/// Payments for demonstrations and tests.
pub struct SimulatedProvider {
    shared: Arc<Shared>,
    schedule: Schedule,
}

struct Shared {
    books: LedgerProvider,
    ledger: Arc<Ledger>,
    in_flight: InFlight,
    next: Mutex<VecDeque<Behaviour>>,
    /// The requests that wait to be made, and can still be cancelled.
    unmade: Mutex<HashSet<Id>>,
    ignored: Mutex<u64>,
}

/// How an outcome is told.
#[derive(Clone, Copy)]
enum Tell {
    Times(u32),
    After(Duration),
    Never,
}

/// The simulation could not be started, or its books do not allow it.
#[derive(Debug, thiserror::Error)]
pub enum SimulationError {
    /// The books could not be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// A thread could not be started.
    #[error("a thread could not be started: {0}")]
    Thread(#[from] std::io::Error),
    /// The books do not allow it.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// Not a name.
    #[error(transparent)]
    Name(#[from] NameError),
}

impl SimulatedProvider {
    /// Starts with empty books. Receipts are signed with the host's `key`.
    ///
    /// # Errors
    /// When there is no memory, or no thread.
    pub fn new(
        key: Arc<SecretKey>,
        merchants: Arc<Merchants>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, SimulationError> {
        let ledger = Arc::new(Ledger::in_memory(LedgerOptions {
            clock,
            ..LedgerOptions::default()
        })?);
        let label = Label {
            name: "Simulated payments".into(),
            simulated: true,
        };
        let parties = (merchants, Arc::new(AddressBook::of_own_names()));
        let books =
            LedgerProvider::labelled(Arc::clone(&ledger), key, parties, "simulated", label)?;
        let shared = Arc::new(Shared {
            books,
            ledger,
            in_flight: InFlight::default(),
            next: Mutex::default(),
            unmade: Mutex::default(),
            ignored: Mutex::default(),
        });
        Ok(Self {
            shared,
            schedule: Schedule::start("lapak-simulated", 1)?,
        })
    }

    /// Opens an account, as [`Operation::Open`] does.
    ///
    /// # Errors
    /// When the terms contradict each other or what is there.
    pub fn open_account(&self, terms: AccountTerms) -> Result<(), SimulationError> {
        self.shared.ledger.carry_out(Operation::Open(terms))?;
        Ok(())
    }

    /// Gives an account money from nowhere. With a `key` that was used before it does nothing.
    ///
    /// # Errors
    /// When there is no such account.
    pub fn top_up(
        &self,
        account: &AccountId,
        key: RequestKey,
        amount: Amount,
    ) -> Result<(), SimulationError> {
        let from: AccountId = format!("equity:simulated:{}", amount.currency()).parse()?;
        self.open_account(AccountTerms {
            id: from.clone(),
            currency: amount.currency(),
            floor_minor: None,
            ceiling_minor: None,
        })?;
        let note = "simulated top-up".into();
        let transfer = Transfer {
            from,
            to: account.clone(),
            key,
            amount,
            note,
        };
        self.shared
            .ledger
            .carry_out(Operation::Transfer(transfer))?;
        Ok(())
    }

    /// What the request after those that were already told of meets.
    pub fn next(&self, behaviour: Behaviour) {
        locked(&self.shared.next).push_back(behaviour);
    }

    /// How many outcomes came for requests that had ended, and were ignored.
    pub fn ignored(&self) -> u64 {
        *locked(&self.shared.ignored)
    }

    /// The books, for a test to look into.
    pub fn ledger(&self) -> &Ledger {
        &self.shared.ledger
    }
}

impl PaymentProvider for SimulatedProvider {
    fn label(&self) -> Label {
        self.shared.books.label()
    }

    fn submit(&self, request: Request, done: Done) {
        let id = request.id();
        if !self.shared.in_flight.begin(&request, done) {
            return;
        }
        let later = self.schedule.later();
        let behaviour = locked(&self.shared.next).pop_front();
        match behaviour {
            None => self.shared.make(later, request, Tell::Times(1)),
            Some(Behaviour::Decline(decline)) => self.shared.end(&id, &Outcome::Declined(decline)),
            Some(Behaviour::Cancel) => self.shared.end(&id, &Outcome::Cancelled),
            Some(Behaviour::TimeOut(wait)) => {
                self.shared
                    .wait(&later, wait, request, |shared, _, request| {
                        shared.end(&request.id(), &Outcome::Expired);
                    })
            }
            Some(Behaviour::Slow(wait)) => {
                self.shared
                    .wait(&later, wait, request, |shared, later, request| {
                        shared.make(later, request, Tell::Times(1));
                    })
            }
            Some(Behaviour::Late(wait)) => self.shared.make(later, request, Tell::After(wait)),
            Some(Behaviour::Twice(more)) => {
                self.shared
                    .make(later, request, Tell::Times(more.saturating_add(1)))
            }
            Some(Behaviour::Silent) => self.shared.make(later, request, Tell::Never),
        }
    }

    fn cancel(&self, account: &AccountId, key: &RequestKey) {
        let id = (account.clone(), key.clone());
        if locked(&self.shared.unmade).remove(&id) {
            self.shared.end(&id, &Outcome::Cancelled);
        }
    }

    fn order(
        &self,
        account: &AccountId,
        merchant: &MerchantId,
        order: &OrderId,
        answer: Answer<OrderState>,
    ) {
        self.shared.books.order(account, merchant, order, answer);
    }

    fn accounts(&self, person: &str, answer: Answer<Vec<PersonAccount>>) {
        self.shared.books.accounts(person, answer);
    }

    fn history(
        &self,
        account: &AccountId,
        before: Option<&str>,
        limit: u32,
        answer: Answer<Vec<HistoryLine>>,
    ) {
        self.shared.books.history(account, before, limit, answer);
    }
}

impl Shared {
    /// Does something after a while, unless the request is cancelled before.
    fn wait(
        self: &Arc<Self>,
        later: &Later,
        wait: Duration,
        request: Request,
        then: impl FnOnce(&Arc<Self>, Later, Request) + Send + 'static,
    ) {
        let id = request.id();
        locked(&self.unmade).insert(id.clone());
        let (shared, next) = (Arc::downgrade(self), later.clone());
        later.after(wait, move || {
            let Some(shared) = shared.upgrade() else {
                return;
            };
            // Not under the lock: whoever is told may submit or cancel another.
            let still_wanted = locked(&shared.unmade).remove(&id);
            if still_wanted {
                then(&shared, next, request);
            }
        });
    }

    /// Lets the books do it, and tells what they say.
    fn make(self: &Arc<Self>, later: Later, request: Request, tell: Tell) {
        let id = request.id();
        let shared = Arc::downgrade(self);
        let done = move |outcome: Outcome| {
            let Some(shared) = shared.upgrade() else {
                return;
            };
            match tell {
                Tell::Times(times) => (0..times).for_each(|_| shared.end(&id, &outcome)),
                Tell::After(wait) => {
                    let shared = Arc::downgrade(&shared);
                    later.after(wait, move || {
                        shared
                            .upgrade()
                            .into_iter()
                            .for_each(|shared| shared.end(&id, &outcome))
                    });
                }
                Tell::Never => shared.in_flight.forget(&id),
            }
        };
        self.books.submit(request, Box::new(done));
    }

    fn end(&self, id: &Id, outcome: &Outcome) {
        if !self.in_flight.end(id, outcome) {
            *locked(&self.ignored) += 1;
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing under these locks can stop half-way.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl std::fmt::Debug for SimulatedProvider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SimulatedProvider").finish_non_exhaustive()
    }
}
