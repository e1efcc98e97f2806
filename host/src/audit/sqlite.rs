//! The audit in one SQLite file. A thread writes; what waits together shares a transaction.

mod table;

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use lapak_ledger::database;
use rusqlite::Connection;

use super::line::Waiting;
use super::{AuditEntry, AuditError, AuditLog, AuditQuery, bounds};

/// The most entries of one transaction.
const BATCH: usize = 1_000;

/// One row for each entry.
pub struct SqliteAudit {
    reader: Mutex<Connection>,
    waiting: Arc<Waiting>,
    thread: Option<JoinHandle<()>>,
}

impl SqliteAudit {
    /// Opens the file, which is made if it is missing, and starts the thread that writes.
    ///
    /// # Errors
    /// When the file cannot be opened, or there is no thread.
    pub fn open(path: &Path) -> Result<Self, AuditError> {
        let writer = table::open(path)?;
        let reader = database::open_to_read(path)?;
        let waiting = Arc::new(Waiting::default());
        let taken = waiting.clone();
        let thread = std::thread::Builder::new()
            .name("lapak-audit".into())
            .spawn(move || write(&writer, &taken))
            .map_err(|error| AuditError(error.to_string()))?;
        Ok(Self {
            reader: Mutex::new(reader),
            waiting,
            thread: Some(thread),
        })
    }

    fn reader(&self) -> MutexGuard<'_, Connection> {
        self.reader.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl AuditLog for SqliteAudit {
    fn note(&self, entry: AuditEntry) {
        self.waiting.note(entry);
    }

    fn flush(&self, person: &str, app_id: &str) {
        self.waiting
            .flush(|owner| *owner.person == *person && *owner.app_id == *app_id);
    }

    fn read(&self, query: AuditQuery<'_>) -> Result<Vec<AuditEntry>, AuditError> {
        self.waiting.flush(|owner| {
            let of_person = query.person.is_none_or(|person| *owner.person == *person);
            of_person && query.app_id.is_none_or(|app_id| *owner.app_id == *app_id)
        });
        Ok(table::read(&self.reader(), query)?)
    }
}

impl Drop for SqliteAudit {
    fn drop(&mut self) {
        self.waiting.end();
        if let Some(thread) = self.thread.take() {
            // It writes what waits, and ends.
            let _ = thread.join();
        }
    }
}

fn write(writer: &Connection, waiting: &Waiting) {
    let mut number = 0_u64;
    while let Some(entries) = waiting.take(BATCH) {
        if let Err(error) = table::insert(writer, &entries) {
            // The payment that it tells of has its own record; what is lost here is said loudly.
            tracing::error!(%error, entries = entries.len(), "the audit could not be written");
        }
        waiting.wrote();
        // Now and then, and at the first: nobody waits for it.
        let newest_ms = entries.last().map_or(0, |entry| entry.at_ms);
        if number.is_multiple_of(64)
            && let Err(error) = table::drop_old(writer, oldest_ms(newest_ms))
        {
            tracing::warn!(%error, "old entries of the audit stay");
        }
        number = number.wrapping_add(1);
    }
}

/// What is older goes. By the entries' own clock, which may not be this machine's.
fn oldest_ms(newest_ms: i64) -> i64 {
    let kept_for = i64::try_from(bounds::KEPT_FOR.as_millis()).unwrap_or(i64::MAX);
    newest_ms.saturating_sub(kept_for)
}

impl From<rusqlite::Error> for AuditError {
    fn from(error: rusqlite::Error) -> Self {
        Self(error.to_string())
    }
}

impl std::fmt::Debug for SqliteAudit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SqliteAudit").finish_non_exhaustive()
    }
}
