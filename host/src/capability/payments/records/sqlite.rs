//! Records in one SQLite file, durable against power cuts.

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use lapak_ledger::database;
use lapak_ledger::money::Currency;
use lapak_ledger::name::RequestKey;
use rusqlite::{Connection, OptionalExtension, Row, TransactionBehavior, params};

use super::{Agreed, DAY_MS, PaymentRecords, PaymentResult, Record, RecordsError, Written, within};

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS payments (
        key          TEXT PRIMARY KEY,
        person       TEXT NOT NULL,
        app_id       TEXT NOT NULL,
        currency     TEXT NOT NULL,
        amount_minor INTEGER NOT NULL,
        at_ms        INTEGER NOT NULL,
        -- Counts against the bound of a day.
        counts       INTEGER NOT NULL,
        agreed       TEXT NOT NULL,
        result       TEXT
    ) STRICT;
    CREATE INDEX IF NOT EXISTS payments_of_day ON payments (person, app_id, currency, at_ms) WHERE counts;
    CREATE INDEX IF NOT EXISTS payments_unfinished ON payments (key) WHERE result IS NULL;
    CREATE INDEX IF NOT EXISTS payments_over ON payments (person, app_id, at_ms) WHERE result IS NOT NULL AND NOT counts;
";
/// What came to nothing, and refunds, of one person in one app: only the newest are kept. The provider knows a key for good; what is
/// asked for again with one that is forgotten here moves no money twice.
const FORGET: &str = "
    DELETE FROM payments WHERE key IN (
        SELECT other.key FROM payments AS one JOIN payments AS other USING (person, app_id)
        WHERE one.key = ?1 AND other.result IS NOT NULL AND NOT other.counts
        ORDER BY other.at_ms DESC, other.key DESC LIMIT -1 OFFSET ?2
    )
";
/// See [`FORGET`].
const KEPT: i64 = 256;
const SPENT: &str = "
    SELECT coalesce(sum(amount_minor), 0) FROM payments
    WHERE counts AND person = ?1 AND app_id = ?2 AND currency = ?3 AND at_ms > ?4
";

/// One row for each request.
#[derive(Debug)]
pub struct SqliteRecords {
    connection: Mutex<Connection>,
    /// Who looks a payment up does not wait for another's that is being written.
    reader: Mutex<Connection>,
}

impl SqliteRecords {
    /// Opens the file, which is made if it is missing.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn open(path: &Path) -> Result<Self, RecordsError> {
        let connection = database::open(path)?;
        connection.execute_batch(SCHEMA)?;
        Ok(Self {
            connection: Mutex::new(connection),
            reader: Mutex::new(database::open_to_read(path)?),
        })
    }

    fn reader(&self) -> MutexGuard<'_, Connection> {
        self.reader.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn connection(&self) -> MutexGuard<'_, Connection> {
        // A transaction of a thread that panicked was rolled back.
        self.connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl PaymentRecords for SqliteRecords {
    fn agree(&self, agreed: &Agreed, most_minor: Option<i64>) -> Result<Written, RecordsError> {
        let mut connection = self.connection();
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        if let Some(known) = find(&transaction, &agreed.key)? {
            return Ok(Written::Known(Box::new(known)));
        }
        let spends = agreed.ask.spends();
        if spends && most_minor.is_some() {
            let since = agreed.at_ms.saturating_sub(DAY_MS);
            let of_day = params![agreed.person, agreed.app_id, agreed.currency.code(), since];
            let spent = transaction
                .prepare_cached(SPENT)?
                .query_row(of_day, |row| row.get(0))?;
            if !within(spent, agreed.amount_minor, most_minor) {
                return Ok(Written::OverBound);
            }
        }
        transaction
            .prepare_cached(
                "INSERT INTO payments (key, person, app_id, currency, amount_minor, at_ms, counts, agreed)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            )?
            .execute(params![
                agreed.key.as_str(),
                agreed.person,
                agreed.app_id,
                agreed.currency.code(),
                agreed.amount_minor,
                agreed.at_ms,
                spends,
                serde_json::to_string(agreed)?
            ])?;
        transaction.commit()?;
        Ok(Written::New)
    }

    fn finish(&self, key: &RequestKey, result: &PaymentResult) -> Result<(), RecordsError> {
        let moved = matches!(result, PaymentResult::Paid(_));
        let connection = self.connection();
        let transaction = connection.unchecked_transaction()?;
        transaction
            .prepare_cached(
                "UPDATE payments SET result = ?2, counts = counts AND ?3 WHERE key = ?1 AND result IS NULL",
            )?
            .execute(params![key.as_str(), serde_json::to_string(result)?, moved])?;
        transaction
            .prepare_cached(FORGET)?
            .execute(params![key.as_str(), KEPT])?;
        transaction.commit()?;
        Ok(())
    }

    fn find(&self, key: &RequestKey) -> Result<Option<Record>, RecordsError> {
        find(&self.reader(), key)
    }

    fn unfinished(&self) -> Result<Vec<Agreed>, RecordsError> {
        let connection = self.connection();
        let mut unknown = connection.prepare_cached(
            "SELECT agreed FROM payments WHERE result IS NULL ORDER BY at_ms, key",
        )?;
        let rows = unknown.query_map([], |row| row.get::<_, String>(0))?;
        rows.map(|row| Ok(serde_json::from_str(&row?)?)).collect()
    }

    fn spent_minor(
        &self,
        person: &str,
        app_id: &str,
        currency: Currency,
        since_ms: i64,
    ) -> Result<i64, RecordsError> {
        let connection = self.reader();
        let spent = connection
            .prepare_cached(SPENT)?
            .query_row(params![person, app_id, currency.code(), since_ms], |row| {
                row.get(0)
            })?;
        Ok(spent)
    }
}

fn find(connection: &Connection, key: &RequestKey) -> Result<Option<Record>, RecordsError> {
    let text = |row: &Row<'_>| Ok((row.get::<_, String>(0)?, row.get::<_, Option<String>>(1)?));
    let found = connection
        .prepare_cached("SELECT agreed, result FROM payments WHERE key = ?1")?
        .query_row([key.as_str()], text)
        .optional()?;
    let Some((agreed, result)) = found else {
        return Ok(None);
    };
    Ok(Some(Record {
        agreed: serde_json::from_str(&agreed)?,
        result: result
            .map(|result| serde_json::from_str(&result))
            .transpose()?,
    }))
}

impl From<rusqlite::Error> for RecordsError {
    fn from(error: rusqlite::Error) -> Self {
        Self(error.to_string())
    }
}

impl From<serde_json::Error> for RecordsError {
    fn from(error: serde_json::Error) -> Self {
        Self(error.to_string())
    }
}
