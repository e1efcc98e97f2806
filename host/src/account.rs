//! Accounts: what a session, its app, its person and its package have caused in the host.
//!
//! CPU time has accounts of its own ([`lapak_scheduler::Account`]). Everything else that a guest, a package or a shell makes
//! the host keep or do is a [`Cost`], and is charged where it is caused, in one of two ways:
//!
//! - a `Charge` for what begins and ends: a value that is asked to be kept, an answer that waits. It is taken before the work begins
//!   and gives back when it is dropped, wherever that is.
//! - a *standing* amount for what a session simply has: its snapshot, its requests in flight. It is set, and the accounts hear of
//!   the difference. It costs nothing while it stays the same, and goes back with the session.
//!
//! Both go to five accounts at once: the session's, its app's, its person's, its package's, and the host's. A charge that would
//! pass a limit of any of them is refused as a value ([`OverLimit`]) that names the limit and whose account it is. Standing amounts
//! are not refused where they are set, since they are facts by then: nobody who is over a limit launches another session
//! ([`LaunchError::OverLimit`](crate::LaunchError)), no memory grows past it, and the host's keeper ends the sessions of who is
//! over it, those first that were used longest ago.
//!
//! No lock is taken to charge; a table's lock is taken once for each launch. Bytes are counted in whole KiB.

mod limits;
mod session;
mod table;

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Weak};

pub use self::limits::{AccountLimits, Allowance};
pub(crate) use self::session::SessionAccount;
use self::table::Table;
use crate::session::Shared;

/// What an account counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cost {
    /// Bytes held in the host's memory: snapshots, instances that cannot be frozen or are large.
    Memory,
    /// Bytes on disk, where the host knows them.
    Disk,
    /// Requests in flight.
    Requests,
    /// Sessions that cannot be frozen: each keeps an instance for as long as it lives.
    Residents,
    /// Pieces of work on threads other than those that run guests, begun or waiting.
    Work,
    /// Bytes of requests under way: values that were asked to be kept or sent, answers that the app has not taken.
    Transit,
}

impl Cost {
    /// Every cost, in the order of all arrays by cost.
    pub const ALL: [Self; 6] = [
        Self::Memory,
        Self::Disk,
        Self::Requests,
        Self::Residents,
        Self::Work,
        Self::Transit,
    ];

    /// What it is called where it is shown.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Memory => "bytes of memory",
            Self::Disk => "bytes on disk",
            Self::Requests => "requests in flight",
            Self::Residents => "sessions that cannot be frozen",
            Self::Work => "pieces of work in flight",
            Self::Transit => "bytes of requests under way",
        }
    }

    /// In what it is counted.
    fn unit(self) -> usize {
        match self {
            Self::Memory | Self::Disk | Self::Transit => 1 << 10,
            Self::Requests | Self::Residents | Self::Work => 1,
        }
    }
}

/// Whose account it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Holder {
    /// One session's.
    Session,
    /// That of all sessions of an app, whoever uses it.
    App,
    /// That of all sessions of a person, whatever they use.
    Person,
    /// That of all sessions of one build of an app.
    Package,
    /// That of everybody together.
    Host,
}

impl Holder {
    /// What it is called where it is shown.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Session => "this session",
            Self::App => "this app",
            Self::Person => "this person",
            Self::Package => "this package",
            Self::Host => "this host",
        }
    }
}

/// An account has as much as it may have: nothing was charged, and what was asked for is not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error, serde::Serialize)]
#[error("{} has {} {}, of {limit} that it may have: try again when some of it is over", holder.name(), used, cost.name())]
pub struct OverLimit {
    /// Whose account it is.
    pub holder: Holder,
    /// Of what.
    pub cost: Cost,
    /// What it may have.
    pub limit: usize,
    /// What it has.
    pub used: usize,
}

/// What many sessions have in common: their app, their person, their package, or the host.
#[derive(Debug)]
pub struct Account {
    holder: Holder,
    name: Arc<str>,
    used: [AtomicUsize; Cost::ALL.len()],
}

impl Account {
    fn new(holder: Holder, name: Arc<str>) -> Self {
        Self {
            holder,
            name,
            used: Default::default(),
        }
    }

    /// Whose it is.
    #[must_use]
    pub fn holder(&self) -> Holder {
        self.holder
    }

    /// The person, the app or the package, as the host names them.
    #[must_use]
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// What it has now.
    #[must_use]
    pub fn used(&self, cost: Cost) -> usize {
        let units = self.used[cost as usize].load(Ordering::Relaxed);
        units.saturating_mul(cost.unit())
    }

    fn add(&self, cost: Cost, units: usize) -> usize {
        self.used[cost as usize].fetch_add(units, Ordering::Relaxed) + units
    }

    fn take_off(&self, cost: Cost, units: usize) {
        self.used[cost as usize].fetch_sub(units, Ordering::Relaxed);
    }
}

/// The accounts of one host.
#[derive(Debug)]
pub(crate) struct Accounts {
    limits: AccountLimits,
    host: Account,
    apps: Table,
    people: Table,
    packages: Table,
    refused: [AtomicU64; Cost::ALL.len()],
    /// Somebody has come over a limit since it was last looked at.
    over_limit: AtomicBool,
}

/// Who pays for something: an app, a person, a package; the host always does.
pub(crate) type Payers = [Arc<Account>; 3];

impl Accounts {
    pub(crate) fn new(limits: AccountLimits) -> Arc<Self> {
        Arc::new(Self {
            limits,
            host: Account::new(Holder::Host, "".into()),
            apps: Table::new(Holder::App),
            people: Table::new(Holder::Person),
            packages: Table::new(Holder::Package),
            refused: Default::default(),
            over_limit: AtomicBool::new(false),
        })
    }

    pub(crate) fn limits(&self) -> &AccountLimits {
        &self.limits
    }

    /// The account of everybody together.
    pub(crate) fn host(&self) -> &Account {
        &self.host
    }

    pub(crate) fn app(&self, name: &str) -> Arc<Account> {
        self.apps.account(name)
    }

    pub(crate) fn person(&self, name: &str) -> Arc<Account> {
        self.people.account(name)
    }

    pub(crate) fn package(&self, name: &str) -> Arc<Account> {
        self.packages.account(name)
    }

    /// How many people and packages have accounts just now.
    pub(crate) fn holders(&self) -> (usize, usize) {
        (self.people.count(), self.packages.count())
    }

    /// How many charges were refused, by cost.
    pub(crate) fn refusals(&self) -> [(Cost, u64); Cost::ALL.len()] {
        Cost::ALL.map(|cost| {
            let refused = &self.refused[cost as usize];
            (cost, refused.load(Ordering::Relaxed))
        })
    }

    /// Every account above a single session's that has more of `cost` than it may.
    pub(crate) fn over(&self, cost: Cost) -> Vec<Arc<Account>> {
        let tables = [&self.people, &self.apps, &self.packages];
        let mut over = Vec::new();
        for table in tables {
            let limit = self.limits.of(table.holder()).of(cost);
            table.each(|account| {
                if account.used(cost) > limit {
                    over.push(account.clone());
                }
            });
        }
        over
    }

    /// Whether somebody may have come over a limit since this was last asked.
    pub(crate) fn take_over_limit(&self) -> bool {
        self.over_limit.load(Ordering::Relaxed) && self.over_limit.swap(false, Ordering::Relaxed)
    }

    /// The app that has most of `cost`.
    pub(crate) fn largest_app(&self, cost: Cost) -> Option<Arc<Account>> {
        let mut largest: Option<Arc<Account>> = None;
        self.apps.each(|account| {
            let most = largest.as_ref().map_or(0, |most| most.used(cost));
            if account.used(cost) > most {
                largest = Some(account.clone());
            }
        });
        largest
    }

    /// Charges an app, a person and a package for something that no session does, or none that still lives.
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "what is charged without a session follows")
    )]
    pub(crate) fn charge(
        self: &Arc<Self>,
        payers: Payers,
        cost: Cost,
        amount: usize,
    ) -> Result<Charge, OverLimit> {
        self.charge_with(Weak::new(), payers, cost, amount)
    }

    fn charge_with(
        self: &Arc<Self>,
        session: Weak<Shared>,
        payers: Payers,
        cost: Cost,
        amount: usize,
    ) -> Result<Charge, OverLimit> {
        let units = amount.div_ceil(cost.unit());
        // Given back in part if somebody refuses: what was charged is in it.
        let mut charge = Charge {
            accounts: self.clone(),
            session: Weak::new(),
            payers,
            paid: 0,
            cost,
            units,
        };
        if let Some(shared) = session.upgrade() {
            self.check(Holder::Session, cost, shared.account.charge(cost, units))
                .inspect_err(|_| shared.account.give_back(cost, units))?;
            charge.session = session;
        }
        for account in &charge.payers {
            charge.paid += 1;
            self.check(account.holder, cost, account.add(cost, units))?;
        }
        charge.paid += 1;
        self.check(Holder::Host, cost, self.host.add(cost, units))?;
        Ok(charge)
    }

    /// Whether an account may have so many units.
    fn check(&self, holder: Holder, cost: Cost, units: usize) -> Result<(), OverLimit> {
        let limit = self.limits.of(holder).of(cost);
        let used = units.saturating_mul(cost.unit());
        if used <= limit {
            return Ok(());
        }
        self.refused[cost as usize].fetch_add(1, Ordering::Relaxed);
        Err(OverLimit {
            holder,
            cost,
            limit,
            used,
        })
    }

    /// Whether these and the host may have `more` of something, without charging it.
    pub(crate) fn may(
        &self,
        payers: [&Account; 3],
        cost: Cost,
        more: usize,
    ) -> Result<(), OverLimit> {
        let units = more.div_ceil(cost.unit());
        for account in payers.into_iter().chain([&self.host]) {
            let used = account.used[cost as usize].load(Ordering::Relaxed);
            self.check(account.holder, cost, used.saturating_add(units))?;
        }
        Ok(())
    }

    /// What a session has of something has changed from so many units to so many.
    fn stands(&self, payers: [&Account; 3], cost: Cost, before: usize, now: usize) {
        for account in payers.into_iter().chain([&self.host]) {
            if now > before {
                let units = account.add(cost, now - before);
                let limit = self.limits.of(account.holder).of(cost);
                if units.saturating_mul(cost.unit()) > limit {
                    self.over_limit.store(true, Ordering::Relaxed);
                }
            } else {
                account.take_off(cost, before - now);
            }
        }
    }
}

/// Something that is charged, until it is dropped. Whoever does the work, or keeps the bytes, keeps this with it.
#[must_use = "what is charged is given back when this is dropped"]
pub(crate) struct Charge {
    accounts: Arc<Accounts>,
    /// It may end before what it caused does; its account ends with it.
    session: Weak<Shared>,
    payers: Payers,
    /// How many of the payers have paid, the host being the last.
    paid: usize,
    cost: Cost,
    units: usize,
}

impl Drop for Charge {
    fn drop(&mut self) {
        if let Some(session) = self.session.upgrade() {
            session.account.give_back(self.cost, self.units);
        }
        let payers = self.payers.iter().map(Arc::as_ref);
        let payers = payers.chain([&self.accounts.host]);
        for account in payers.take(self.paid) {
            account.take_off(self.cost, self.units);
        }
    }
}

impl std::fmt::Debug for Charge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Charge")
            .field("cost", &self.cost)
            .field("units", &self.units)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
