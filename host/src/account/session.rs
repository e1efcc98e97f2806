//! A session's own account: a few words in its record.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use super::{Account, Accounts, Charge, Cost, OverLimit};
use crate::session::Shared;

/// What one session has, and its person's account. Those of its app and package are the [`App`](crate::App)'s.
#[derive(Debug)]
pub(crate) struct SessionAccount {
    person: Arc<Account>,
    /// Charges, in units.
    charged: [AtomicU32; Cost::ALL.len()],
    /// What it has of the first ones besides, in units: work and what is under way begin and end.
    standing: [AtomicU32; 4],
}

impl SessionAccount {
    pub(crate) fn new(person: Arc<Account>) -> Self {
        Self {
            person,
            charged: Default::default(),
            standing: Default::default(),
        }
    }

    /// Counts a charge; tells what the session has then, in units.
    pub(super) fn charge(&self, cost: Cost, units: usize) -> usize {
        let units = saturated(units);
        let before = self.charged[cost as usize].fetch_add(units, Ordering::Relaxed);
        let charged = before.saturating_add(units);
        wide(charged) + self.standing(cost)
    }

    pub(super) fn give_back(&self, cost: Cost, units: usize) {
        self.charged[cost as usize].fetch_sub(saturated(units), Ordering::Relaxed);
    }

    /// What it has without having been charged, in units.
    fn standing(&self, cost: Cost) -> usize {
        let standing = self.standing.get(cost as usize);
        standing.map_or(0, |units| wide(units.load(Ordering::Relaxed)))
    }
}

impl Shared {
    /// Charges the session, and its app, its person, its package and the host, for `amount` (bytes, or a number) of
    /// something that it is about to cause. To be kept until that is over.
    ///
    /// # Errors
    /// [`OverLimit`]: it is not to be done.
    pub(crate) fn charge(self: &Arc<Self>, cost: Cost, amount: usize) -> Result<Charge, OverLimit> {
        let [app, package] = self.app.accounts(self.accounts());
        let payers = [app.clone(), self.account.person.clone(), package.clone()];
        let session = Arc::downgrade(self);
        self.accounts().charge_with(session, payers, cost, amount)
    }

    /// The session has so much of something now: bytes of memory or of disk, or requests in flight. Writes nothing where that is
    /// what it had.
    pub(crate) fn stands(&self, cost: Cost, amount: usize) {
        let Some(standing) = self.account.standing.get(cost as usize) else {
            return;
        };
        let now = saturated(amount.div_ceil(cost.unit()));
        // Only where the session's course is changes it, one thread at a time; but at its end two may meet.
        if standing.load(Ordering::Relaxed) == now {
            return;
        }
        let before = standing.swap(now, Ordering::Relaxed);
        self.accounts()
            .stands(self.payers(), cost, wide(before), wide(now));
    }

    /// Whether the session may have `amount` of something, where it has less now.
    pub(crate) fn may_have(&self, cost: Cost, amount: usize) -> Result<(), OverLimit> {
        let more = amount.saturating_sub(self.standing(cost));
        self.accounts().may(self.payers(), cost, more)
    }

    /// Nothing is left of the session: what it had goes back.
    pub(crate) fn settle_account(&self) {
        for cost in [Cost::Memory, Cost::Disk, Cost::Requests, Cost::Residents] {
            self.stands(cost, 0);
        }
    }

    fn accounts(&self) -> &Arc<Accounts> {
        &self.host.accounts
    }

    fn payers(&self) -> [&Account; 3] {
        let [app, package] = self.app.accounts(self.accounts());
        [app, &self.account.person, package]
    }

    /// Whether it is one of those whose account this is.
    pub(crate) fn pays_into(&self, account: &Account) -> bool {
        self.payers().iter().any(|one| std::ptr::eq(*one, account))
    }

    /// What it has of something without having been charged.
    pub(crate) fn standing(&self, cost: Cost) -> usize {
        self.account.standing(cost).saturating_mul(cost.unit())
    }
}

fn saturated(units: usize) -> u32 {
    u32::try_from(units).unwrap_or(u32::MAX)
}

fn wide(units: u32) -> usize {
    usize::try_from(units).unwrap_or(usize::MAX)
}
