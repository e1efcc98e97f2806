//! Storage on SQLite: one file, one thread that writes, group commit.
//!
//! Operations that arrive while a transaction is being written share the next one, so that many small
//! writes cost one `fsync`. `synchronous=FULL`: an acknowledged write survives a power cut.

use std::path::Path;
use std::sync::mpsc;

use rusqlite::{Connection, OptionalExtension, params};

use super::{Done, Operation, Outcome, Owner, Quota, StorageError, StorageProvider};

/// The most operations that share a transaction.
const MAX_BATCH: usize = 256;

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS app_data (
        app_id TEXT NOT NULL,
        person TEXT NOT NULL,
        key    TEXT NOT NULL,
        value  BLOB NOT NULL,
        PRIMARY KEY (app_id, person, key)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS app_data_bytes (
        app_id TEXT NOT NULL,
        person TEXT NOT NULL,
        bytes  INTEGER NOT NULL,
        PRIMARY KEY (app_id, person)
    ) STRICT, WITHOUT ROWID;
";

/// Values of all apps and persons in one SQLite file.
#[derive(Debug)]
pub struct SqliteStorage {
    jobs: Option<mpsc::Sender<Job>>,
    writer: Option<std::thread::JoinHandle<()>>,
}

struct Job {
    owner: Owner,
    quota: Quota,
    operation: Operation,
    done: Done,
}

impl SqliteStorage {
    /// Opens the file `path`, which is created if it is missing.
    ///
    /// # Errors
    /// When it cannot be opened, is not a database, or the writing thread cannot be started.
    pub fn open(path: &Path) -> anyhow::Result<Self> {
        let connection = Connection::open(path)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.busy_timeout(std::time::Duration::from_secs(5))?;
        connection.execute_batch(SCHEMA)?;
        let (jobs, waiting) = mpsc::channel();
        let writer = std::thread::Builder::new()
            .name("lapak-storage".into())
            .spawn(move || serve(connection, &waiting))?;
        Ok(Self {
            jobs: Some(jobs),
            writer: Some(writer),
        })
    }
}

impl StorageProvider for SqliteStorage {
    fn submit(&self, owner: &Owner, quota: Quota, operation: Operation, done: Done) {
        let job = Job {
            owner: owner.clone(),
            quota,
            operation,
            done,
        };
        let refused = match &self.jobs {
            Some(jobs) => jobs.send(job).err().map(|refused| refused.0),
            None => Some(job),
        };
        if let Some(job) = refused {
            (job.done)(Err(StorageError::Unavailable(
                "the storage thread has ended".into(),
            )));
        }
    }
}

impl Drop for SqliteStorage {
    fn drop(&mut self) {
        // Closing the channel lets the thread finish what was submitted and end.
        drop(self.jobs.take());
        if let Some(writer) = self.writer.take()
            && writer.thread().id() != std::thread::current().id()
        {
            let _ = writer.join();
        }
    }
}

fn serve(mut connection: Connection, waiting: &mpsc::Receiver<Job>) {
    while let Ok(first) = waiting.recv() {
        let mut batch = vec![first];
        while batch.len() < MAX_BATCH
            && let Ok(job) = waiting.try_recv()
        {
            batch.push(job);
        }
        carry_out(&mut connection, batch);
    }
}

/// Carries a batch out in one transaction. If the medium fails anywhere, nothing of it is acknowledged.
fn carry_out(connection: &mut Connection, batch: Vec<Job>) {
    match try_batch(connection, &batch) {
        Ok(outcomes) => {
            for (job, outcome) in batch.into_iter().zip(outcomes) {
                (job.done)(outcome);
            }
        }
        Err(error) => {
            let error = error.to_string();
            for job in batch {
                (job.done)(Err(StorageError::Unavailable(error.clone())));
            }
        }
    }
}

fn try_batch(
    connection: &mut Connection,
    batch: &[Job],
) -> rusqlite::Result<Vec<Result<Outcome, StorageError>>> {
    let transaction = connection.transaction()?;
    let mut outcomes = Vec::with_capacity(batch.len());
    for job in batch {
        outcomes.push(operate(&transaction, job)?);
    }
    transaction.commit()?;
    Ok(outcomes)
}

fn operate(connection: &Connection, job: &Job) -> rusqlite::Result<Result<Outcome, StorageError>> {
    let Owner { app_id, person } = &job.owner;
    Ok(Ok(match &job.operation {
        Operation::Get(key) => Outcome::Value(
            connection
                .prepare_cached(
                    "SELECT value FROM app_data WHERE app_id = ?1 AND person = ?2 AND key = ?3",
                )?
                .query_row(params![app_id, person, key], |row| row.get(0))
                .optional()?,
        ),
        Operation::Set(key, value) => return set(connection, job, key, value),
        Operation::Remove(key) => {
            let freed = entry_bytes(connection, &job.owner, key)?;
            connection
                .prepare_cached(
                    "DELETE FROM app_data WHERE app_id = ?1 AND person = ?2 AND key = ?3",
                )?
                .execute(params![app_id, person, key])?;
            let total = total_bytes(connection, &job.owner)?;
            write_total(connection, &job.owner, total.saturating_sub(freed))?;
            Outcome::Done
        }
        Operation::Keys => Outcome::Keys(
            connection
                .prepare_cached(
                    "SELECT key FROM app_data WHERE app_id = ?1 AND person = ?2 ORDER BY key",
                )?
                .query_map(params![app_id, person], |row| row.get(0))?
                .collect::<Result<_, _>>()?,
        ),
        Operation::Clear => {
            connection
                .prepare_cached("DELETE FROM app_data WHERE app_id = ?1 AND person = ?2")?
                .execute(params![app_id, person])?;
            write_total(connection, &job.owner, 0)?;
            Outcome::Done
        }
    }))
}

fn set(
    connection: &Connection,
    job: &Job,
    key: &str,
    value: &[u8],
) -> rusqlite::Result<Result<Outcome, StorageError>> {
    let Owner { app_id, person } = &job.owner;
    let entry = i64::try_from(key.len().saturating_add(value.len())).unwrap_or(i64::MAX);
    let total = total_bytes(connection, &job.owner)?
        .saturating_sub(entry_bytes(connection, &job.owner, key)?)
        .saturating_add(entry);
    if u64::try_from(total).unwrap_or_default() > job.quota.total_bytes {
        return Ok(Err(StorageError::QuotaExceeded));
    }
    connection
        .prepare_cached(
            "INSERT INTO app_data (app_id, person, key, value) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT DO UPDATE SET value = excluded.value",
        )?
        .execute(params![app_id, person, key, value])?;
    write_total(connection, &job.owner, total)?;
    Ok(Ok(Outcome::Done))
}

fn total_bytes(connection: &Connection, owner: &Owner) -> rusqlite::Result<i64> {
    let total = connection
        .prepare_cached("SELECT bytes FROM app_data_bytes WHERE app_id = ?1 AND person = ?2")?
        .query_row(params![owner.app_id, owner.person], |row| row.get(0))
        .optional()?;
    Ok(total.unwrap_or(0))
}

fn entry_bytes(connection: &Connection, owner: &Owner, key: &str) -> rusqlite::Result<i64> {
    let bytes = connection
        .prepare_cached(
            "SELECT length(CAST(key AS BLOB)) + length(value) FROM app_data
             WHERE app_id = ?1 AND person = ?2 AND key = ?3",
        )?
        .query_row(params![owner.app_id, owner.person, key], |row| row.get(0))
        .optional()?;
    Ok(bytes.unwrap_or(0))
}

fn write_total(connection: &Connection, owner: &Owner, bytes: i64) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO app_data_bytes (app_id, person, bytes) VALUES (?1, ?2, ?3)
             ON CONFLICT DO UPDATE SET bytes = excluded.bytes",
        )?
        .execute(params![owner.app_id, owner.person, bytes])?;
    Ok(())
}
