//! The file of a SQLite store: made, known again, of this version, tuned.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags, Transaction, TransactionBehavior};

use super::{Durability, OPEN, SqliteOptions, failed, unavailable};
use crate::snapshot::store::StoreError;

/// Says that a database is ours: "LSNP".
const APPLICATION_ID: i32 = 0x4c53_4e50;
/// The version of the tables below. Version 1 had no parts.
const VERSION: i32 = 2;
const PAGE_BYTES: i64 = 4096;
const LOG_BYTES: i64 = 32 << 20;
/// How long to wait for another process that has the file, before it counts as unavailable.
const BUSY: Duration = Duration::from_secs(5);

const SCHEMA: &str = "
    CREATE TABLE snapshots (
        number  INTEGER PRIMARY KEY,
        session BLOB NOT NULL UNIQUE,
        bytes   BLOB NOT NULL
    ) STRICT;
    CREATE TABLE snapshot_count (
        snapshots INTEGER NOT NULL
    ) STRICT;
    INSERT INTO snapshot_count VALUES (0);
    CREATE TRIGGER snapshot_added AFTER INSERT ON snapshots BEGIN
        UPDATE snapshot_count SET snapshots = snapshots + 1;
    END;
    CREATE TRIGGER snapshot_removed AFTER DELETE ON snapshots BEGIN
        UPDATE snapshot_count SET snapshots = snapshots - 1;
    END;
    CREATE TABLE images (
        number INTEGER PRIMARY KEY,
        hash   BLOB NOT NULL UNIQUE,
        bytes  BLOB NOT NULL
    ) STRICT;
";

/// What is behind the first part of a large snapshot. SQLite has all of a row in memory, so that the parts are rows.
const PARTS: &str = "
    CREATE TABLE parts (
        session BLOB NOT NULL,
        part    INTEGER NOT NULL,
        bytes   BLOB NOT NULL,
        UNIQUE (session, part)
    ) STRICT;
    CREATE TRIGGER parts_removed AFTER DELETE ON snapshots BEGIN
        DELETE FROM parts WHERE session = old.session;
    END;
";

/// Makes an empty file, for its owner alone, if there is none. SQLite gives its log the same rights.
pub(super) fn make_file(path: &Path) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

pub(super) fn connect(path: &Path, access: OpenFlags) -> Result<Connection, StoreError> {
    // Each connection stands behind a lock of ours.
    let flags = access | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection =
        Connection::open_with_flags(path, flags).map_err(|error| failed(OPEN, error))?;
    connection
        .busy_timeout(BUSY)
        .map_err(|error| failed(OPEN, error))?;
    Ok(connection)
}

/// Refuses a file that is not ours or too new, and makes the tables in an empty one.
pub(super) fn prepare_file(writer: &mut Connection, path: &Path) -> Result<(), StoreError> {
    let not_a_store = || StoreError::NotAStore {
        path: path.display().to_string(),
    };
    let opening = |error: rusqlite::Error| match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => not_a_store(),
        _ => failed(OPEN, error),
    };
    // Has no effect on a database that is there, nor on any but the first process that comes.
    writer
        .pragma_update(None, "page_size", PAGE_BYTES)
        .map_err(opening)?;
    let transaction = writer
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(opening)?;
    match contents(&transaction).map_err(opening)? {
        Contents::Nothing => {
            create(&transaction).map_err(opening)?;
        }
        Contents::Snapshots { version } if version > VERSION => {
            return Err(StoreError::NewerVersion {
                path: path.display().to_string(),
                found: version,
                known: VERSION,
            });
        }
        Contents::Snapshots { version } => {
            if version < VERSION {
                add_parts(&transaction).map_err(opening)?;
            }
        }
        Contents::SomethingElse => return Err(not_a_store()),
    }
    transaction.commit().map_err(opening)
}

enum Contents {
    Nothing,
    Snapshots { version: i32 },
    SomethingElse,
}

fn contents(connection: &Connection) -> rusqlite::Result<Contents> {
    let number = |pragma| connection.pragma_query_value(None, pragma, |row| row.get::<_, i32>(0));
    let tables: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    let (application, version) = (number("application_id")?, number("user_version")?);
    Ok(match (application, version, tables) {
        (0, 0, 0) => Contents::Nothing,
        (APPLICATION_ID, version, _) => Contents::Snapshots { version },
        _ => Contents::SomethingElse,
    })
}

fn create(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    transaction.execute_batch(SCHEMA)?;
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    add_parts(transaction)
}

/// Makes version 2 of version 1.
fn add_parts(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    transaction.execute_batch(PARTS)?;
    transaction.pragma_update(None, "user_version", VERSION)
}

/// Has writes go to a log beside the file, so that readers never wait. Kept in the file: it holds for the
/// readers too.
pub(super) fn use_log(writer: &Connection) -> Result<(), StoreError> {
    let mode = lapak_ledger::database::use_log(writer, BUSY);
    match mode.map_err(|error| failed(OPEN, error))?.as_str() {
        "wal" => Ok(()),
        _ => Err(unavailable(
            OPEN,
            "its file system has no shared memory, which a write-ahead log needs; use a local disk",
        )),
    }
}

pub(super) fn tune_writer(writer: &Connection, options: SqliteOptions) -> rusqlite::Result<()> {
    let synchronous = match options.durability {
        Durability::PowerCut => "FULL",
        Durability::ProcessEnd => "NORMAL",
    };
    writer.pragma_update(None, "synchronous", synchronous)?;
    let page_bytes = writer.pragma_query_value(None, "page_size", |row| row.get::<_, i64>(0))?;
    writer.pragma_update(None, "wal_autocheckpoint", LOG_BYTES / page_bytes)?;
    writer.pragma_update(None, "journal_size_limit", LOG_BYTES)?;
    if let Some(max_bytes) = options.max_bytes {
        let pages = i64::try_from(max_bytes).unwrap_or(i64::MAX) / page_bytes;
        writer.pragma_update(None, "max_page_count", pages.max(1))?;
    }
    Ok(())
}
