//! The tables, and what is done in them. What an owner has counts as what it takes on disk: see [`Quota::entry_bytes`].

use std::path::Path;

use lapak_ledger::database;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

use super::super::{Operation, Outcome, Owner, Quota, StorageError};

/// Owners have numbers: their names do not stand in every row.
const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS owners (
        number INTEGER PRIMARY KEY,
        app_id TEXT NOT NULL,
        person TEXT NOT NULL,
        bytes  INTEGER NOT NULL DEFAULT 0,
        keys   INTEGER NOT NULL DEFAULT 0,
        UNIQUE (app_id, person)
    ) STRICT;
    CREATE TABLE IF NOT EXISTS entries (
        owner INTEGER NOT NULL,
        key   TEXT NOT NULL,
        value BLOB NOT NULL,
        PRIMARY KEY (owner, key)
    ) STRICT, WITHOUT ROWID;
";
/// A file of before owners had numbers.
const IS_OLD: &str = "SELECT EXISTS (SELECT 1 FROM pragma_table_info('app_data'))";
const TAKE_OVER: &str = "
    INSERT INTO owners (app_id, person) SELECT DISTINCT app_id, person FROM app_data;
    INSERT INTO entries (owner, key, value)
        SELECT number, key, value FROM app_data JOIN owners USING (app_id, person);
    DROP TABLE app_data;
    DROP TABLE app_data_bytes;
";
const COUNT_AGAIN: &str = "SELECT owner, length(CAST(key AS BLOB)), length(value) FROM entries";

/// Opens the file for writing, and makes the tables if they are missing.
pub(super) fn open(path: &Path) -> rusqlite::Result<Connection> {
    let mut file = database::open(path)?;
    // Two hosts may open it at the same time.
    let transaction = file.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute_batch(SCHEMA)?;
    if transaction.query_row(IS_OLD, [], |row| row.get(0))? {
        transaction.execute_batch(TAKE_OVER)?;
        count_again(&transaction)?;
    }
    transaction.commit()?;
    Ok(file)
}

fn count_again(connection: &Connection) -> rusqlite::Result<()> {
    let mut all = connection.prepare(COUNT_AGAIN)?;
    let mut rows = all.query([])?;
    while let Some(row) = rows.next()? {
        let owner: i64 = row.get(0)?;
        let bytes = counted(row.get(1)?, row.get(2)?);
        connection
            .prepare_cached(
                "UPDATE owners SET bytes = bytes + ?2, keys = keys + 1 WHERE number = ?1",
            )?
            .execute(params![owner, bytes])?;
    }
    Ok(())
}

/// Reads a value, or the keys.
pub(super) fn read(
    connection: &Connection,
    owner: &Owner,
    operation: &Operation,
) -> rusqlite::Result<Outcome> {
    let owner = Has::of(connection, owner)?.map(|has| has.number);
    Ok(match operation {
        Operation::Get(key) => Outcome::Value(match owner {
            None => None,
            Some(owner) => connection
                .prepare_cached("SELECT value FROM entries WHERE owner = ?1 AND key = ?2")?
                .query_row(params![owner, key], |row| row.get(0))
                .optional()?,
        }),
        _ => Outcome::Keys(
            connection
                .prepare_cached("SELECT key FROM entries WHERE owner = ?1 ORDER BY key")?
                .query_map([owner], |row| row.get(0))?
                .collect::<Result<_, _>>()?,
        ),
    })
}

/// Writes, within a transaction.
pub(super) fn write(
    connection: &Connection,
    owner: &Owner,
    quota: Quota,
    operation: &Operation,
) -> rusqlite::Result<Result<Outcome, StorageError>> {
    let has = Has::of(connection, owner)?;
    match operation {
        Operation::Set(key, value) => {
            let has = match has {
                Some(has) => has,
                None => Has::begin(connection, owner)?,
            };
            if !has.set(connection, quota, key, value)? {
                return Ok(Err(StorageError::QuotaExceeded));
            }
        }
        Operation::Remove(key) => {
            if let Some(has) = has {
                has.remove(connection, key)?;
            }
        }
        Operation::Clear => {
            if let Some(has) = has {
                has.clear(connection)?;
            }
        }
        Operation::Get(_) | Operation::Keys => return read(connection, owner, operation).map(Ok),
    }
    Ok(Ok(Outcome::Done))
}

/// What an owner has.
#[derive(Clone, Copy)]
struct Has {
    number: i64,
    bytes: i64,
    keys: i64,
}

impl Has {
    fn of(connection: &Connection, owner: &Owner) -> rusqlite::Result<Option<Self>> {
        connection
            .prepare_cached(
                "SELECT number, bytes, keys FROM owners WHERE app_id = ?1 AND person = ?2",
            )?
            .query_row(params![owner.app_id, owner.person], |row| {
                Ok(Self {
                    number: row.get(0)?,
                    bytes: row.get(1)?,
                    keys: row.get(2)?,
                })
            })
            .optional()
    }

    fn begin(connection: &Connection, owner: &Owner) -> rusqlite::Result<Self> {
        connection
            .prepare_cached("INSERT INTO owners (app_id, person) VALUES (?1, ?2)")?
            .execute(params![owner.app_id, owner.person])?;
        Ok(Self {
            number: connection.last_insert_rowid(),
            bytes: 0,
            keys: 0,
        })
    }

    /// Whether it fits, and was written. What is no larger than what it replaces always fits.
    fn set(
        self,
        connection: &Connection,
        quota: Quota,
        key: &str,
        value: &[u8],
    ) -> rusqlite::Result<bool> {
        let old = self.entry_bytes(connection, key)?;
        let new = counted(length(key.as_bytes()), length(value));
        let bytes = self.bytes.saturating_sub(old.unwrap_or(0)) + new;
        let keys = self.keys + i64::from(old.is_none());
        let grows = old.is_none_or(|old| new > old);
        let passes = |has: i64, most: u64| u64::try_from(has).unwrap_or(0) > most;
        if grows && (passes(bytes, quota.total_bytes) || passes(keys, quota.keys)) {
            return Ok(false);
        }
        connection
            .prepare_cached(
                "INSERT INTO entries (owner, key, value) VALUES (?1, ?2, ?3)
                 ON CONFLICT DO UPDATE SET value = excluded.value",
            )?
            .execute(params![self.number, key, value])?;
        self.note(connection, bytes, keys)?;
        Ok(true)
    }

    fn remove(self, connection: &Connection, key: &str) -> rusqlite::Result<()> {
        let Some(old) = self.entry_bytes(connection, key)? else {
            return Ok(());
        };
        connection
            .prepare_cached("DELETE FROM entries WHERE owner = ?1 AND key = ?2")?
            .execute(params![self.number, key])?;
        self.note(connection, self.bytes - old, self.keys - 1)
    }

    /// Nothing stays of an owner who has nothing.
    fn clear(self, connection: &Connection) -> rusqlite::Result<()> {
        connection
            .prepare_cached("DELETE FROM entries WHERE owner = ?1")?
            .execute([self.number])?;
        connection
            .prepare_cached("DELETE FROM owners WHERE number = ?1")?
            .execute([self.number])?;
        Ok(())
    }

    fn entry_bytes(self, connection: &Connection, key: &str) -> rusqlite::Result<Option<i64>> {
        connection
            .prepare_cached(
                "SELECT length(CAST(key AS BLOB)), length(value) FROM entries WHERE owner = ?1 AND key = ?2",
            )?
            .query_row(params![self.number, key], |row| {
                Ok(counted(row.get(0)?, row.get(1)?))
            })
            .optional()
    }

    fn note(self, connection: &Connection, bytes: i64, keys: i64) -> rusqlite::Result<()> {
        connection
            .prepare_cached("UPDATE owners SET bytes = ?2, keys = ?3 WHERE number = ?1")?
            .execute(params![self.number, bytes, keys])?;
        Ok(())
    }
}

fn length(bytes: &[u8]) -> i64 {
    i64::try_from(bytes.len()).unwrap_or(i64::MAX)
}

fn counted(key: i64, value: i64) -> i64 {
    let [key, value] = [key, value].map(|length| u64::try_from(length).unwrap_or(0));
    i64::try_from(Quota::entry_bytes(key, value)).unwrap_or(i64::MAX)
}
