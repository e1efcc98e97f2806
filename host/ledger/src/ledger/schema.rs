//! The file: one journal that only grows, and tables that follow from it.

use std::path::Path;

use rusqlite::Connection;

use super::error::OpenError;
use crate::database;

/// `LPLG`: marks the file as a ledger (SQLite's `application_id`).
const APPLICATION_ID: i64 = 0x4c50_4c47;
/// The format that is written, and the newest that is read (SQLite's `user_version`).
const FORMAT: i64 = 1;

/// `journal` is the truth: bodies chained by hash. The others are derived from it, and `verify` proves that they are.
/// Nothing in `journal` or `postings` is ever changed or removed, not even by a mistake in this program.
const SCHEMA: &str = "
    CREATE TABLE journal (
        seq  INTEGER PRIMARY KEY,
        body TEXT NOT NULL,
        hash BLOB NOT NULL
    ) STRICT;
    CREATE TABLE accounts (
        number          INTEGER PRIMARY KEY,
        id              TEXT NOT NULL UNIQUE,
        currency        TEXT NOT NULL,
        floor_minor     INTEGER,
        ceiling_minor   INTEGER,
        available_minor INTEGER NOT NULL DEFAULT 0,
        held_minor      INTEGER NOT NULL DEFAULT 0 CHECK (held_minor >= 0),
        terms_seq      INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE postings (
        account      INTEGER NOT NULL REFERENCES accounts (number),
        seq          INTEGER NOT NULL REFERENCES journal (seq),
        line         INTEGER NOT NULL,
        held         INTEGER NOT NULL,
        amount_minor INTEGER NOT NULL,
        PRIMARY KEY (account, seq, line)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE orders (
        merchant       TEXT NOT NULL,
        order_id       TEXT NOT NULL,
        digest         BLOB NOT NULL,
        payer          INTEGER NOT NULL REFERENCES accounts (number),
        payee          INTEGER NOT NULL REFERENCES accounts (number),
        amount_minor   INTEGER NOT NULL,
        held_minor     INTEGER NOT NULL,
        paid_minor     INTEGER NOT NULL,
        refunded_minor INTEGER NOT NULL DEFAULT 0 CHECK (refunded_minor BETWEEN 0 AND paid_minor),
        expires_at_ms  INTEGER NOT NULL,
        held_seq       INTEGER,
        paid_seq       INTEGER,
        released_seq   INTEGER,
        PRIMARY KEY (merchant, order_id)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX orders_held ON orders (expires_at_ms) WHERE held_minor > 0;
    CREATE TABLE requests (
        scope  TEXT NOT NULL,
        key    TEXT NOT NULL,
        digest BLOB NOT NULL,
        seq    INTEGER NOT NULL,
        PRIMARY KEY (scope, key)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE notices (
        seq      INTEGER PRIMARY KEY REFERENCES journal (seq),
        attempts INTEGER NOT NULL DEFAULT 0,
        due_ms   INTEGER NOT NULL DEFAULT 0,
        merchant TEXT NOT NULL DEFAULT ''
    ) STRICT;
    CREATE INDEX notices_due ON notices (due_ms);
    CREATE INDEX notices_of_merchant ON notices (merchant, due_ms);
    CREATE TRIGGER journal_is_never_changed BEFORE UPDATE ON journal
        BEGIN SELECT RAISE(ABORT, 'the journal only grows'); END;
    CREATE TRIGGER journal_is_never_cut BEFORE DELETE ON journal
        BEGIN SELECT RAISE(ABORT, 'the journal only grows'); END;
    CREATE TRIGGER postings_are_never_changed BEFORE UPDATE ON postings
        BEGIN SELECT RAISE(ABORT, 'postings only grow'); END;
    CREATE TRIGGER postings_are_never_cut BEFORE DELETE ON postings
        BEGIN SELECT RAISE(ABORT, 'postings only grow'); END;
";

/// Opens for writing; makes the tables in an empty file.
pub(super) fn open_to_write(path: &Path) -> Result<Connection, OpenError> {
    let mut connection = database::open(path)?;
    prepare(&connection)?;
    // On macOS an ordinary fsync leaves the data in the drive's cache.
    connection.pragma_update(None, "fullfsync", true)?;
    connection.pragma_update(None, "checkpoint_fullfsync", true)?;
    let transaction =
        connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let application: i64 =
        transaction.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let tables: i64 =
        transaction.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if application == 0 && tables == 0 {
        transaction.execute_batch(SCHEMA)?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", FORMAT)?;
    }
    check_format(&transaction)?;
    bring_up_to_date(&transaction)?;
    transaction.commit()?;
    synchronise_folder(path)?;
    Ok(connection)
}

/// Numbers that others keep here, so that whoever puts their file back has to put the books back too.
const MARKS: &str = "
    CREATE TABLE IF NOT EXISTS marks (
        name   TEXT PRIMARY KEY,
        number INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
";

/// What files of before do not have. Notices of before they had their merchant beside them get it from the journal.
fn bring_up_to_date(connection: &Connection) -> Result<(), OpenError> {
    connection.execute_batch(MARKS)?;
    let is_there: bool = connection.query_row(
        "SELECT EXISTS (SELECT 1 FROM pragma_table_info('notices') WHERE name = 'merchant')",
        [],
        |row| row.get(0),
    )?;
    if !is_there {
        connection.execute_batch(
            "ALTER TABLE notices ADD COLUMN merchant TEXT NOT NULL DEFAULT '';
             CREATE INDEX notices_of_merchant ON notices (merchant, due_ms);",
        )?;
    }
    let unnamed = {
        let mut unnamed = connection.prepare(
            "SELECT seq, body FROM notices JOIN journal USING (seq) WHERE merchant = ''",
        )?;
        let rows = unnamed.query_map([], |row| Ok((row.get::<_, i64>(0)?, row.get(1)?)))?;
        rows.collect::<Result<Vec<(i64, String)>, _>>()?
    };
    for (seq, body) in unnamed {
        // What cannot be read is told by nobody, and found by `verify`.
        let Ok(entry) = super::books::read_entry(&body) else {
            continue;
        };
        if let Some((merchant, _)) = entry.event.order() {
            connection.execute(
                "UPDATE notices SET merchant = ?2 WHERE seq = ?1",
                rusqlite::params![seq, merchant.as_str()],
            )?;
        }
    }
    Ok(())
}

/// Opens for reading only, beside a ledger that is being written.
pub(super) fn open_to_read(path: &Path) -> Result<Connection, OpenError> {
    let connection = database::open_to_read(path)?;
    prepare(&connection)?;
    check_format(&connection)?;
    Ok(connection)
}

fn prepare(connection: &Connection) -> Result<(), rusqlite::Error> {
    connection.set_prepared_statement_cache_capacity(64);
    connection.pragma_update(None, "foreign_keys", true)?;
    // A schema that was tampered with cannot run functions of its own.
    connection.pragma_update(None, "trusted_schema", false)
}

fn check_format(connection: &Connection) -> Result<(), OpenError> {
    let application: i64 =
        connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let format: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    match (application, format) {
        (APPLICATION_ID, FORMAT) => Ok(()),
        (APPLICATION_ID, found) => Err(OpenError::Newer {
            found,
            known: FORMAT,
        }),
        _ => Err(OpenError::NotALedger),
    }
}

/// A new file's name is durable only once its folder is. (Other systems than Unix cannot synchronise a folder.)
fn synchronise_folder(path: &Path) -> std::io::Result<()> {
    match path.parent() {
        Some(folder) if cfg!(unix) && path.is_file() => {
            let folder = if folder.as_os_str().is_empty() {
                Path::new(".")
            } else {
                folder
            };
            std::fs::File::open(folder)?.sync_all()
        }
        _ => Ok(()),
    }
}
