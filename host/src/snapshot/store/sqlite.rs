//! Snapshots in one SQLite file: one connection writes, a few read, and no reader waits for the writer (WAL).
//!
//! Rows have a number of their own and an index on the session. With 100,000 snapshots of 3 KiB this measured,
//! against a table keyed by the session itself (`WITHOUT ROWID`): 2.6 times as fast for new sessions, 1.5 times
//! for sessions written again, 2.7 times for reads; sessions come at random in their order, and large leaves
//! are costly to split. Of pages of 4, 8 and 16 KiB, 4 KiB write a session again the fastest (18,000, 12,500
//! and 9,400 a second), which is what a host does most. The log grows to 32 MiB before it is copied back: less
//! copying of pages that change often.

mod file;

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::{
    Connection, ErrorCode, OpenFlags, OptionalExtension, Transaction, TransactionBehavior, params,
};

use lapak_ledger::private_files::{self, FolderLock};

use super::{ImageHash, SnapshotStore, StoreError};
use crate::session_id::SessionId;

/// What an acknowledged write survives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// A power cut: every write waits for the disk (`synchronous=FULL`).
    PowerCut,
    /// The end of this process in whatever way, but a power cut may take back the last writes
    /// (`synchronous=NORMAL`).
    ProcessEnd,
}

/// How a store is opened.
#[derive(Debug, Clone, Copy)]
pub struct SqliteOptions {
    /// What an acknowledged write survives.
    pub durability: Durability,
    /// The most that the file may grow to, in bytes; the log beside it takes some 32 MiB more. `None`: what
    /// the disk has.
    pub max_bytes: Option<u64>,
    /// How many threads can read at the same instant; a further one waits for a read, never for a write. At
    /// least 1.
    pub readers: usize,
}

impl Default for SqliteOptions {
    fn default() -> Self {
        Self {
            durability: Durability::PowerCut,
            max_bytes: None,
            readers: 4,
        }
    }
}

/// Snapshots and images in one SQLite file.
///
/// Opening reads a few pages, whatever the file holds. Room that removed snapshots took is used again; the file
/// does not shrink.
///
/// # Security
/// The file is made for its owner alone (0600, on Unix). Its contents are as secret as what is put into it; the
/// names of the sessions are not sealed, and whoever reads them may act in these sessions ([`SessionId`]).
#[derive(Debug)]
pub struct SqliteSnapshots {
    // Closed first: the writer, closing last, then copies the log back.
    readers: Vec<Mutex<Connection>>,
    next_reader: AtomicUsize,
    writer: Mutex<Connection>,
    /// The folder is this store's alone, until it is released.
    alone: Mutex<Option<FolderLock>>,
}

impl SqliteSnapshots {
    /// The file `name` in `folder`, which is made for its owner alone, or looked at, and held: no other host uses it as long as
    /// this store lives.
    ///
    /// # Errors
    /// As [`SqliteSnapshots::open`], and [`StoreError::InUse`] while another has the folder.
    pub fn open_alone(folder: &Path, name: &str) -> Result<Self, StoreError> {
        private_files::folder(folder).map_err(|error| unavailable(OPEN, error))?;
        let alone = FolderLock::hold(folder).map_err(StoreError::InUse)?;
        private_files::file(&folder.join(name)).map_err(|error| unavailable(OPEN, error))?;
        Ok(Self {
            alone: Mutex::new(Some(alone)),
            ..Self::open(&folder.join(name))?
        })
    }

    /// Opens the file `path`, which is created if it is missing, with the default options: durable against
    /// power cuts. Its folder must be there. Reaches the file system with the process's own rights.
    ///
    /// # Errors
    /// When the file cannot be opened or made, is not a snapshot store, or was made by a newer Lapak.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Self::open_with(path, SqliteOptions::default())
    }

    /// Opens the file `path` as [`SqliteSnapshots::open`], with `options`.
    ///
    /// # Errors
    /// As [`SqliteSnapshots::open`].
    pub fn open_with(path: &Path, options: SqliteOptions) -> Result<Self, StoreError> {
        file::make_file(path).map_err(|error| unavailable(OPEN, error))?;
        let mut writer = file::connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        file::prepare_file(&mut writer, path)?;
        file::use_log(&writer)?;
        file::tune_writer(&writer, options).map_err(|error| failed(OPEN, error))?;
        let readers = (0..options.readers.max(1))
            .map(|_| file::connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY).map(Mutex::new))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            readers,
            next_reader: AtomicUsize::new(0),
            writer: Mutex::new(writer),
            alone: Mutex::default(),
        })
    }

    /// Carries `work` out in one transaction, which is rolled back unless all of it succeeds.
    fn write<T>(
        &self,
        doing: &'static str,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, Failure>,
    ) -> Result<T, StoreError> {
        let mut writer = lock(&self.writer);
        let whole = || {
            let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let done = work(&transaction)?;
            transaction.commit()?;
            Ok(done)
        };
        whole().map_err(|failure| match failure {
            Failure::Database(error) => failed(doing, error),
            Failure::Caller(error) => error,
        })
    }

    fn read<T>(
        &self,
        doing: &'static str,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        work(&self.reader()).map_err(|error| failed(doing, error))
    }

    /// A reader that nobody uses, or the next one in turn when all are busy.
    fn reader(&self) -> MutexGuard<'_, Connection> {
        let first = self.next_reader.fetch_add(1, Ordering::Relaxed) % self.readers.len();
        let (before, from) = self.readers.split_at(first);
        from.iter()
            .chain(before)
            .find_map(|reader| reader.try_lock().ok())
            .unwrap_or_else(|| lock(&self.readers[first]))
    }
}

/// Why a transaction is rolled back.
enum Failure {
    Database(rusqlite::Error),
    /// What was to be written could not be had.
    Caller(StoreError),
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error)
    }
}

const OPEN: &str = "open the file";
const KEEP: &str = "keep the snapshots";

const PUT: &str = "INSERT INTO snapshots (session, bytes) VALUES (?1, ?2)
                   ON CONFLICT (session) DO UPDATE SET bytes = excluded.bytes";
const REMOVE_PARTS: &str = "DELETE FROM parts WHERE session = ?1";

impl SnapshotStore for SqliteSnapshots {
    fn put(&self, snapshots: &[(SessionId, &[u8])]) -> Result<(), StoreError> {
        if snapshots.is_empty() {
            return Ok(());
        }
        self.write(KEEP, |transaction| {
            let mut put = transaction.prepare_cached(PUT)?;
            let mut remove_parts = transaction.prepare_cached(REMOVE_PARTS)?;
            // Mostly there are none at all, and nobody need look for them.
            let any_parts: bool = transaction
                .prepare_cached("SELECT EXISTS (SELECT 1 FROM parts)")?
                .query_row([], |row| row.get(0))?;
            for (session, bytes) in snapshots {
                put.execute(params![session.as_bytes(), bytes])?;
                if any_parts {
                    remove_parts.execute([session.as_bytes()])?;
                }
            }
            Ok(())
        })
    }

    fn put_parts(
        &self,
        session: SessionId,
        parts: &mut dyn Iterator<Item = Result<Vec<u8>, StoreError>>,
    ) -> Result<(), StoreError> {
        self.write(KEEP, |transaction| {
            let Some(first) = parts.next() else {
                return Ok(());
            };
            let first = first.map_err(Failure::Caller)?;
            transaction
                .prepare_cached(PUT)?
                .execute(params![session.as_bytes(), first])?;
            transaction
                .prepare_cached(REMOVE_PARTS)?
                .execute([session.as_bytes()])?;
            let mut put = transaction
                .prepare_cached("INSERT INTO parts (session, part, bytes) VALUES (?1, ?2, ?3)")?;
            for (part, bytes) in (1_i64..).zip(parts) {
                let bytes = bytes.map_err(Failure::Caller)?;
                put.execute(params![session.as_bytes(), part, bytes])?;
            }
            Ok(())
        })
    }

    fn put_first_part(&self, session: SessionId, bytes: &[u8]) -> Result<(), StoreError> {
        self.write(KEEP, |transaction| {
            transaction
                .prepare_cached("UPDATE snapshots SET bytes = ?2 WHERE session = ?1")?
                .execute(params![session.as_bytes(), bytes])?;
            Ok(())
        })
    }

    fn parts(
        &self,
        session: SessionId,
        each: &mut dyn FnMut(&[u8]) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        self.read("read a snapshot", |connection| {
            // One statement, and so one instant. Of each row only what is shown is in memory.
            let mut select = connection.prepare_cached(
                "SELECT 0 AS part, bytes FROM snapshots WHERE session = ?1
                 UNION ALL
                 SELECT part, bytes FROM parts WHERE session = ?1
                 ORDER BY part",
            )?;
            let mut rows = select.query([session.as_bytes()])?;
            while let Some(row) = rows.next()? {
                let bytes = row.get_ref(1)?.as_blob()?;
                if each(bytes).is_break() {
                    break;
                }
            }
            Ok(())
        })
    }

    fn get(&self, session: SessionId) -> Result<Option<Vec<u8>>, StoreError> {
        self.read("read a snapshot", |connection| {
            connection
                .prepare_cached("SELECT bytes FROM snapshots WHERE session = ?1")?
                .query_row([session.as_bytes()], |row| row.get(0))
                .optional()
        })
    }

    fn remove(&self, sessions: &[SessionId]) -> Result<(), StoreError> {
        if sessions.is_empty() {
            return Ok(());
        }
        self.write("remove snapshots", |transaction| {
            let mut remove =
                transaction.prepare_cached("DELETE FROM snapshots WHERE session = ?1")?;
            for session in sessions {
                remove.execute([session.as_bytes()])?;
            }
            Ok(())
        })
    }

    fn after(&self, last: Option<SessionId>, limit: usize) -> Result<Vec<SessionId>, StoreError> {
        // No bytes at all come before every session.
        let last = last.as_ref().map_or(&[][..], |last| last.as_bytes());
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.read("list the sessions", |connection| {
            connection
                .prepare_cached(
                    "SELECT session FROM snapshots WHERE session > ?1 ORDER BY session LIMIT ?2",
                )?
                .query_map(params![last, limit], |row| {
                    row.get(0).map(SessionId::from_bytes)
                })?
                .collect()
        })
    }

    fn len(&self) -> Result<u64, StoreError> {
        let count: i64 = self.read("count the snapshots", |connection| {
            connection
                .prepare_cached("SELECT snapshots FROM snapshot_count")?
                .query_row([], |row| row.get(0))
        })?;
        // Never below zero: it goes down only with a row that it went up with.
        Ok(count.unsigned_abs())
    }

    fn put_image(&self, hash: ImageHash, bytes: &[u8]) -> Result<(), StoreError> {
        self.write("keep an image", |transaction| {
            // An image that the disk has damaged is written again; one that is well is not.
            transaction
                .prepare_cached(
                    "INSERT INTO images (hash, bytes) VALUES (?1, ?2)
                     ON CONFLICT (hash) DO UPDATE SET bytes = excluded.bytes
                     WHERE bytes IS NOT excluded.bytes",
                )?
                .execute(params![hash, bytes])?;
            Ok(())
        })
    }

    fn image(&self, hash: ImageHash) -> Result<Option<Vec<u8>>, StoreError> {
        self.read("read an image", |connection| {
            connection
                .prepare_cached("SELECT bytes FROM images WHERE hash = ?1")?
                .query_row([hash], |row| row.get(0))
                .optional()
        })
    }

    fn remove_images_except(&self, used: &[ImageHash]) -> Result<u64, StoreError> {
        let used: std::collections::HashSet<_> = used.iter().collect();
        self.write("remove images", |transaction| {
            let kept: Vec<ImageHash> = transaction
                .prepare_cached("SELECT hash FROM images")?
                .query_map([], |row| row.get(0))?
                .collect::<Result<_, _>>()?;
            let mut remove = transaction.prepare_cached("DELETE FROM images WHERE hash = ?1")?;
            let mut removed = 0;
            for hash in kept.iter().filter(|hash| !used.contains(hash)) {
                removed += remove.execute([hash])? as u64;
            }
            Ok(removed)
        })
    }

    fn release(&self) {
        let mut alone = self.alone.lock().unwrap_or_else(PoisonError::into_inner);
        drop(alone.take());
    }
}

fn failed(doing: &'static str, error: rusqlite::Error) -> StoreError {
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => StoreError::Full { doing },
        Some(ErrorCode::TooBig) => StoreError::TooLarge { doing },
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => StoreError::Damaged {
            doing,
            source: error.into(),
        },
        _ => unavailable(doing, error),
    }
}

fn unavailable(
    doing: &'static str,
    source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> StoreError {
    StoreError::Unavailable {
        doing,
        source: source.into(),
    }
}

fn lock(connection: &Mutex<Connection>) -> MutexGuard<'_, Connection> {
    // A thread that panicked has rolled its transaction back.
    connection.lock().unwrap_or_else(PoisonError::into_inner)
}
