//! The audit in one SQLite file. A thread writes; what waits together shares a transaction.

use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::{Connection, Row, params};

use super::{AuditEntry, AuditError, AuditLog, AuditQuery};
use crate::grants::Capability;

/// Rows can be added; the file itself refuses to change or remove one.
const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS audit (
        number     INTEGER PRIMARY KEY,
        at_ms      INTEGER NOT NULL,
        person     TEXT NOT NULL,
        app_id     TEXT NOT NULL,
        capability TEXT NOT NULL,
        function   TEXT NOT NULL,
        request    TEXT NOT NULL,
        allowed    INTEGER NOT NULL,
        granted    TEXT NOT NULL,
        consent    TEXT NOT NULL,
        about      TEXT NOT NULL,
        outcome    TEXT NOT NULL,
        times      INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX IF NOT EXISTS audit_of_person ON audit (person, app_id, at_ms);
    CREATE TRIGGER IF NOT EXISTS audit_is_not_changed BEFORE UPDATE ON audit BEGIN
        SELECT raise(ABORT, 'the audit is append-only');
    END;
    CREATE TRIGGER IF NOT EXISTS audit_is_not_removed BEFORE DELETE ON audit BEGIN
        SELECT raise(ABORT, 'the audit is append-only');
    END;
";
const BUSY: Duration = Duration::from_secs(10);
/// The most entries of one transaction.
const BATCH: usize = 1_000;

/// One row for each entry.
pub struct SqliteAudit {
    reader: Mutex<Connection>,
    writer: Option<Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

enum Job {
    Note(Box<AuditEntry>),
    /// Answered when everything before it is written.
    Flush(Sender<()>),
}

impl SqliteAudit {
    /// Opens the file, which is made if it is missing, and starts the thread that writes.
    ///
    /// # Errors
    /// When the file cannot be opened, or there is no thread.
    pub fn open(path: &Path) -> Result<Self, AuditError> {
        let writer = connect(path)?;
        writer.execute_batch(SCHEMA)?;
        let reader = connect(path)?;
        let (sender, jobs) = channel();
        let thread = std::thread::Builder::new()
            .name("lapak-audit".into())
            .spawn(move || write(&writer, &jobs))
            .map_err(|error| AuditError(error.to_string()))?;
        Ok(Self {
            reader: Mutex::new(reader),
            writer: Some(sender),
            thread: Some(thread),
        })
    }

    fn send(&self, job: Job) {
        // The thread ends only with this.
        let _ = self.writer.as_ref().map(|writer| writer.send(job));
    }

    fn reader(&self) -> MutexGuard<'_, Connection> {
        self.reader.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl AuditLog for SqliteAudit {
    fn note(&self, entry: AuditEntry) {
        self.send(Job::Note(Box::new(entry)));
    }

    fn flush(&self) {
        let (done, written) = channel();
        self.send(Job::Flush(done));
        let _ = written.recv();
    }

    fn read(&self, query: AuditQuery<'_>) -> Result<Vec<AuditEntry>, AuditError> {
        self.flush();
        let reader = self.reader();
        let mut rows = reader.prepare_cached(
            "SELECT at_ms, person, app_id, capability, function, request, allowed, granted, consent, about, outcome, times
             FROM audit
             WHERE (?1 IS NULL OR person = ?1) AND (?2 IS NULL OR app_id = ?2) AND at_ms >= ?3
             AND (?5 IS NULL OR capability = ?5)
             ORDER BY number DESC LIMIT ?4",
        )?;
        let capability = query.capability.map(Capability::name);
        let limit = i64::try_from(query.limit).unwrap_or(i64::MAX);
        let found = rows.query_map(
            params![
                query.person,
                query.app_id,
                query.since_ms,
                limit,
                capability
            ],
            entry,
        )?;
        let found = found.collect::<Result<Vec<_>, _>>()?;
        Ok(found.into_iter().flatten().collect())
    }
}

impl Drop for SqliteAudit {
    fn drop(&mut self) {
        self.writer = None;
        if let Some(thread) = self.thread.take() {
            // It writes what waits, and ends.
            let _ = thread.join();
        }
    }
}

fn connect(path: &Path) -> Result<Connection, AuditError> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(BUSY)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    Ok(connection)
}

fn write(connection: &Connection, jobs: &Receiver<Job>) {
    while let Ok(first) = jobs.recv() {
        let (mut entries, mut flushed) = (Vec::new(), Vec::new());
        let mut next = Some(first);
        while let Some(job) = next {
            match job {
                Job::Note(entry) => add(&mut entries, *entry),
                Job::Flush(done) => flushed.push(done),
            }
            next = if entries.len() < BATCH {
                jobs.try_recv().ok()
            } else {
                None
            };
        }
        if let Err(error) = insert(connection, &entries) {
            // The payment that it tells of has its own record; what is lost here is said loudly.
            tracing::error!(%error, entries = entries.len(), "the audit could not be written");
        }
        for done in flushed {
            let _ = done.send(());
        }
    }
}

fn add(entries: &mut Vec<AuditEntry>, entry: AuditEntry) {
    match entries.last_mut() {
        Some(last) if last.repeats(&entry) => last.times = last.times.saturating_add(1),
        _ => entries.push(entry),
    }
}

fn insert(connection: &Connection, entries: &[AuditEntry]) -> Result<(), AuditError> {
    if entries.is_empty() {
        return Ok(());
    }
    let transaction = connection.unchecked_transaction()?;
    {
        let mut row = transaction.prepare_cached(
            "INSERT INTO audit (at_ms, person, app_id, capability, function, request, allowed, granted, consent,
                 about, outcome, times)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        )?;
        for entry in entries {
            row.execute(params![
                entry.at_ms,
                entry.person,
                entry.app_id,
                entry.capability.name(),
                entry.function,
                entry.request,
                entry.allowed,
                entry.grant,
                entry.consent,
                entry.about,
                entry.outcome,
                entry.times,
            ])?;
        }
    }
    transaction.commit()?;
    Ok(())
}

/// `None` for a capability that this host does not know.
fn entry(row: &Row<'_>) -> rusqlite::Result<Option<AuditEntry>> {
    let Some(capability) = Capability::named(&row.get::<_, String>(3)?) else {
        return Ok(None);
    };
    Ok(Some(AuditEntry {
        at_ms: row.get(0)?,
        person: row.get(1)?,
        app_id: row.get(2)?,
        capability,
        function: row.get(4)?,
        request: row.get(5)?,
        allowed: row.get(6)?,
        grant: row.get(7)?,
        consent: row.get(8)?,
        about: row.get(9)?,
        outcome: row.get(10)?,
        times: row.get(11)?,
    }))
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
