//! Who has more memory or disk than they may, and what becomes of their sessions.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::host::Host;
use crate::account::{Account, Cost, Holder, OverLimit};
use crate::report::{EndCause, EndReport};
use crate::session::Shared;

impl Host {
    /// Lets sessions of everybody who is over a limit go until they are within it: to disk, where that helps, else to their
    /// end. Those first that were used longest ago. Where the host as a whole has too much, the app that has most counts as over.
    pub(super) fn relieve_accounts(self: &Arc<Self>) {
        if !self.accounts.take_over_limit() {
            return;
        }
        for cost in [Cost::Memory, Cost::Disk] {
            for account in self.accounts.over(cost) {
                let limit = self.accounts.limits().of(account.holder()).of(cost);
                self.relieve(&account, cost, limit, account.holder());
            }
            let limit = self.accounts.limits().of(Holder::Host).of(cost);
            let excess = self.accounts.host().used(cost).saturating_sub(limit);
            if excess > 0
                && let Some(largest) = self.accounts.largest_app(cost)
            {
                let left = largest.used(cost).saturating_sub(excess);
                self.relieve(&largest, cost, left, Holder::Host);
            }
        }
    }

    /// Takes sessions from an account until it has `limit` of `cost`.
    fn relieve(self: &Arc<Self>, account: &Account, cost: Cost, limit: usize, whose: Holder) {
        let used = account.used(cost);
        if used <= limit {
            return;
        }
        if cost == Cost::Memory
            && let Some(snapshots) = &self.snapshots
            && let Err(error) = snapshots.spill_of(self, account, used - limit)
        {
            tracing::error!(%error, "sessions of who has too much memory were not moved to disk");
        }
        let over = OverLimit {
            holder: whose,
            cost,
            limit: self.accounts.limits().of(whose).of(cost),
            used,
        };
        for session in self.sessions_of(account, cost) {
            if account.used(cost) <= limit {
                return;
            }
            session.end(EndReport {
                cause: EndCause::over(over),
                event: String::new(),
                stack: Vec::new(),
            });
        }
    }

    /// Sessions that an account pays for and that have something of `cost`; who was used longest ago comes first.
    fn sessions_of(&self, account: &Account, cost: Cost) -> Vec<Arc<Shared>> {
        let all = self.registry.all();
        let mut found: Vec<_> = all
            .filter(|session| session.pays_into(account) && session.standing(cost) > 0)
            .collect();
        found.sort_by_key(|session| session.last_used.load(Ordering::Relaxed));
        found
    }
}
