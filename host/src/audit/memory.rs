//! The audit in memory: for tests and headless runs. Differs from a real one in that nothing outlives the process, and that
//! only the newest entries are kept: where there is no more room, the oldest of whoever has most goes.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use super::{AuditEntry, AuditError, AuditLog, AuditQuery};

/// The most entries.
const MOST: usize = 10_000;

/// A list.
#[derive(Debug, Default)]
pub struct MemoryAudit {
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    entries: BTreeMap<u64, AuditEntry>,
    /// The numbers of each person's and app's, oldest first.
    of: HashMap<(String, String), VecDeque<u64>>,
    next: u64,
}

impl AuditLog for MemoryAudit {
    fn note(&self, entry: AuditEntry) {
        let entry = entry.cut();
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let owner = (entry.person.clone(), entry.app_id.clone());
        let last = kept.of.get(&owner).and_then(|of| of.back().copied());
        if let Some(last) = last.and_then(|last| kept.entries.get_mut(&last))
            && last.repeats(&entry)
        {
            last.times = last.times.saturating_add(1);
            return;
        }
        if kept.entries.len() >= MOST {
            kept.drop_one();
        }
        let number = kept.next;
        kept.next += 1;
        kept.entries.insert(number, entry);
        kept.of.entry(owner).or_default().push_back(number);
    }

    fn read(&self, query: AuditQuery<'_>) -> Result<Vec<AuditEntry>, AuditError> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let wanted = kept.entries.values().rev().filter(|entry| {
            query.person.is_none_or(|person| entry.person == person)
                && query.app_id.is_none_or(|app_id| entry.app_id == app_id)
                && query.capability.is_none_or(|one| entry.capability == one)
                && entry.at_ms >= query.since_ms
        });
        Ok(wanted.take(query.limit).cloned().collect())
    }
}

impl Kept {
    fn drop_one(&mut self) {
        let most = self.of.iter_mut().max_by_key(|(_, of)| of.len());
        let Some((owner, of)) = most else { return };
        if let Some(oldest) = of.pop_front() {
            self.entries.remove(&oldest);
        }
        if of.is_empty() {
            let owner = owner.clone();
            self.of.remove(&owner);
        }
    }
}
