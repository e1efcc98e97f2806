//! Storage on SQLite: one file, one thread that writes, two that read, group commit.
//!
//! Each owner has a queue of their own, which keeps their order; whose operation is next goes by turns, by bytes. Writes that wait
//! together share a transaction of bounded size, so that many small ones cost one `fsync` and a large one holds nobody up for
//! long. Reads have connections of their own: they wait for no other owner's writes. `synchronous=FULL`: an acknowledged write
//! survives a power cut.

mod table;

use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;

use rusqlite::Connection;

use super::{Done, Operation, Outcome, Owner, Quota, StorageError, StorageProvider};
use crate::owner_queues::{Job, Lane, OwnerQueues, Rate};

/// The most operations that share a transaction, and the bytes after which it takes no more.
const MAX_BATCH: (usize, u64) = (256, 1 << 20);
/// Threads that read.
const READERS: usize = 2;

/// Values of all apps and persons in one SQLite file.
pub struct SqliteStorage {
    queues: Arc<Queues>,
    threads: Vec<JoinHandle<()>>,
}

type Queues = OwnerQueues<Work>;

struct Work {
    quota: Quota,
    operation: Operation,
    done: Done,
}

impl SqliteStorage {
    /// Opens the file `path`, which is created if it is missing.
    ///
    /// # Errors
    /// When it cannot be opened, is not a database, or the threads cannot be started.
    pub fn open(path: &Path) -> anyhow::Result<Self> {
        let writer = table::open(path)?;
        let queues = Arc::new(Queues::new(true));
        let mut storage = Self {
            queues: queues.clone(),
            threads: Vec::new(),
        };
        storage.start("lapak-storage", move |queues| write(writer, queues))?;
        for _ in 0..READERS {
            let reader = lapak_ledger::database::open_to_read(path)?;
            storage.start("lapak-storage-read", move |queues| read(&reader, queues))?;
        }
        Ok(storage)
    }

    fn start(
        &mut self,
        name: &str,
        serve: impl FnOnce(&Queues) + Send + 'static,
    ) -> std::io::Result<()> {
        let queues = self.queues.clone();
        let thread = std::thread::Builder::new().name(name.into());
        self.threads.push(thread.spawn(move || serve(&queues))?);
        Ok(())
    }
}

impl StorageProvider for SqliteStorage {
    fn submit(&self, owner: &Owner, quota: Quota, operation: Operation, done: Done) {
        let (lane, bytes) = match &operation {
            Operation::Get(_) | Operation::Keys => (Lane::Read, 0),
            Operation::Set(key, value) => (Lane::Write, key.len().saturating_add(value.len())),
            Operation::Remove(_) | Operation::Clear => (Lane::Write, 0),
        };
        let refused = self.queues.submit(Job {
            owner: owner.clone(),
            lane,
            bytes: u64::try_from(bytes).unwrap_or(u64::MAX),
            rate: Rate {
                bytes_per_second: quota.write_bytes_per_second,
                burst_bytes: quota.write_burst_bytes,
            },
            work: Work {
                quota,
                operation,
                done,
            },
        });
        for job in refused {
            (job.work.done)(Err(StorageError::Busy));
        }
    }
}

impl Drop for SqliteStorage {
    fn drop(&mut self) {
        // The threads finish what was submitted, and end.
        self.queues.end();
        for thread in self.threads.drain(..) {
            if thread.thread().id() != std::thread::current().id() {
                let _ = thread.join();
            }
        }
    }
}

fn read(reader: &Connection, queues: &Queues) {
    while let Some(job) = queues.take(Lane::Read) {
        let outcome = table::read(reader, &job.owner, &job.work.operation);
        if let Ok(outcome) = &outcome {
            queues.served(&job.owner, Lane::Read, bytes(outcome));
        }
        (job.work.done)(outcome.map_err(|error| StorageError::Unavailable(error.to_string())));
        // Told first: an owner hears of their operations in their order.
        queues.done(&job.owner, Lane::Read);
    }
}

fn write(mut writer: Connection, queues: &Queues) {
    while let Some(first) = queues.take(Lane::Write) {
        let (most, most_bytes) = MAX_BATCH;
        let mut bytes = first.bytes;
        let mut batch = vec![first];
        while batch.len() < most
            && bytes < most_bytes
            && let Some(job) = queues.take_now(Lane::Write)
        {
            bytes = bytes.saturating_add(job.bytes);
            batch.push(job);
        }
        carry_out(&mut writer, queues, batch);
    }
}

/// Carries a batch out in one transaction. If the medium fails anywhere, nothing of it is acknowledged.
fn carry_out(writer: &mut Connection, queues: &Queues, batch: Vec<Job<Work>>) {
    let outcomes = try_batch(writer, &batch);
    let owners: Vec<_> = batch.iter().map(|job| job.owner.clone()).collect();
    match outcomes {
        Ok(outcomes) => {
            for (job, outcome) in batch.into_iter().zip(outcomes) {
                (job.work.done)(outcome);
            }
        }
        Err(error) => {
            let error = error.to_string();
            for job in batch {
                (job.work.done)(Err(StorageError::Unavailable(error.clone())));
            }
        }
    }
    // Told first: an owner hears of their operations in their order.
    for owner in owners {
        queues.done(&owner, Lane::Write);
    }
}

/// What an answer takes, in bytes.
fn bytes(outcome: &Outcome) -> u64 {
    let bytes = match outcome {
        Outcome::Value(value) => value.as_ref().map_or(0, Vec::len),
        Outcome::Keys(keys) => keys.iter().map(String::len).sum(),
        Outcome::Done => 0,
    };
    u64::try_from(bytes).unwrap_or(u64::MAX)
}

fn try_batch(
    writer: &mut Connection,
    batch: &[Job<Work>],
) -> rusqlite::Result<Vec<Result<Outcome, StorageError>>> {
    let transaction = writer.transaction()?;
    let mut outcomes = Vec::with_capacity(batch.len());
    for job in batch {
        let work = &job.work;
        outcomes.push(table::write(
            &transaction,
            &job.owner,
            work.quota,
            &work.operation,
        )?);
    }
    transaction.commit()?;
    Ok(outcomes)
}

impl std::fmt::Debug for SqliteStorage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SqliteStorage").finish_non_exhaustive()
    }
}
