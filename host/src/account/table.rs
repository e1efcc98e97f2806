//! Accounts by name, as long as somebody has a use for them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use super::{Account, Holder};

/// From so many entries on, those that nobody uses are looked for.
const SWEEP_FROM: usize = 1_024;

/// Never more than twice as many entries as there are accounts in use, or [`SWEEP_FROM`].
#[derive(Debug)]
pub(super) struct Table {
    holder: Holder,
    entries: Mutex<Entries>,
}

#[derive(Debug)]
struct Entries {
    by_name: HashMap<Arc<str>, Weak<Account>>,
    sweep_at: usize,
}

impl Table {
    pub(super) fn new(holder: Holder) -> Self {
        Self {
            holder,
            entries: Mutex::new(Entries {
                by_name: HashMap::new(),
                sweep_at: SWEEP_FROM,
            }),
        }
    }

    pub(super) fn holder(&self) -> Holder {
        self.holder
    }

    /// The account of this name, new if nobody uses it.
    pub(super) fn account(&self, name: &str) -> Arc<Account> {
        let mut entries = self.lock();
        if let Some(account) = entries.by_name.get(name).and_then(Weak::upgrade) {
            return account;
        }
        if entries.by_name.len() >= entries.sweep_at {
            entries
                .by_name
                .retain(|_, account| account.strong_count() > 0);
            entries.sweep_at = entries.by_name.len().saturating_mul(2).max(SWEEP_FROM);
            let room = entries.sweep_at;
            entries.by_name.shrink_to(room);
        }
        let name: Arc<str> = name.into();
        let account = Arc::new(Account::new(self.holder, name.clone()));
        entries.by_name.insert(name, Arc::downgrade(&account));
        account
    }

    /// How many entries there are.
    pub(super) fn count(&self) -> usize {
        self.lock().by_name.len()
    }

    /// Shows every account that is in use.
    pub(super) fn each(&self, mut show: impl FnMut(&Arc<Account>)) {
        let all: Vec<_> = self
            .lock()
            .by_name
            .values()
            .filter_map(Weak::upgrade)
            .collect();
        all.iter().for_each(&mut show);
    }

    fn lock(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
