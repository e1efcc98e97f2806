//! The audit in memory: for tests and headless runs. Differs from a real one in that nothing outlives the process, and that
//! only the newest entries are kept.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use super::{AuditEntry, AuditError, AuditLog, AuditQuery};

/// The most entries.
const MOST: usize = 10_000;

/// A list.
#[derive(Debug, Default)]
pub struct MemoryAudit {
    entries: Mutex<VecDeque<AuditEntry>>,
}

impl AuditLog for MemoryAudit {
    fn note(&self, entry: AuditEntry) {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(last) = entries.back_mut()
            && last.repeats(&entry)
        {
            last.times = last.times.saturating_add(1);
            return;
        }
        if entries.len() >= MOST {
            entries.pop_front();
        }
        entries.push_back(entry);
    }

    fn read(&self, query: AuditQuery<'_>) -> Result<Vec<AuditEntry>, AuditError> {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let wanted = entries.iter().rev().filter(|entry| {
            query.person.is_none_or(|person| entry.person == person)
                && query.app_id.is_none_or(|app_id| entry.app_id == app_id)
                && query.capability.is_none_or(|one| entry.capability == one)
                && entry.at_ms >= query.since_ms
        });
        Ok(wanted.take(query.limit).cloned().collect())
    }
}
