//! Answers in one SQLite file.

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use lapak_ledger::database;
use rusqlite::{Connection, OptionalExtension, Row, TransactionBehavior, params};

use super::{Consent, ConsentError, ConsentStore, KeptConsent};
use crate::grants::Capability;

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS consents (
        person     TEXT NOT NULL,
        app_id     TEXT NOT NULL,
        capability TEXT NOT NULL,
        subject    TEXT NOT NULL,
        agreed     INTEGER NOT NULL,
        at_ms      INTEGER NOT NULL,
        PRIMARY KEY (person, app_id, capability, subject)
    ) STRICT, WITHOUT ROWID;
";
/// A file of before there were subjects.
const IS_OLD: &str = "
    SELECT EXISTS (SELECT 1 FROM pragma_table_info('consents'))
       AND NOT EXISTS (SELECT 1 FROM pragma_table_info('consents') WHERE name = 'subject')
";
const PUT_ASIDE: &str = "ALTER TABLE consents RENAME TO consents_without_subject";
const TAKE_OVER: &str = "
    INSERT INTO consents (person, app_id, capability, subject, agreed, at_ms)
        SELECT person, app_id, capability, '', agreed, at_ms FROM consents_without_subject;
    DROP TABLE consents_without_subject;
";

/// One row for each answer, durable against power cuts.
#[derive(Debug)]
pub struct SqliteConsents {
    connection: Mutex<Connection>,
    /// Who looks for an answer does not wait for another that is being written.
    reader: Mutex<Connection>,
}

impl SqliteConsents {
    /// Opens the file, which is made if it is missing.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn open(path: &Path) -> Result<Self, ConsentError> {
        let mut connection = database::open(path)?;
        // Two hosts may open it at the same time.
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let is_old: bool = transaction.query_row(IS_OLD, [], |row| row.get(0))?;
        if is_old {
            transaction.execute_batch(PUT_ASIDE)?;
        }
        transaction.execute_batch(SCHEMA)?;
        if is_old {
            transaction.execute_batch(TAKE_OVER)?;
        }
        transaction.commit()?;
        Ok(Self {
            connection: Mutex::new(connection),
            reader: Mutex::new(database::open_to_read(path)?),
        })
    }

    fn reader(&self) -> MutexGuard<'_, Connection> {
        self.reader.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn connection(&self) -> MutexGuard<'_, Connection> {
        self.connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl ConsentStore for SqliteConsents {
    fn find(
        &self,
        person: &str,
        app_id: &str,
        capability: Capability,
        subject: &str,
    ) -> Result<Option<KeptConsent>, ConsentError> {
        let found = self.reader().query_row(
            "SELECT app_id, capability, agreed, at_ms, subject FROM consents
             WHERE person = ?1 AND app_id = ?2 AND capability = ?3 AND subject = ?4",
            params![person, app_id, capability.name(), subject],
            kept,
        );
        Ok(found.optional()?.flatten())
    }

    fn keep(&self, person: &str, consent: &KeptConsent) -> Result<(), ConsentError> {
        self.connection().execute(
            "INSERT OR REPLACE INTO consents (person, app_id, capability, agreed, at_ms, subject)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![
                person,
                consent.app_id,
                consent.capability.name(),
                consent.answer == Consent::Always,
                consent.at_ms,
                consent.subject
            ],
        )?;
        Ok(())
    }

    fn all(&self, person: &str) -> Result<Vec<KeptConsent>, ConsentError> {
        let connection = self.reader();
        let mut all = connection.prepare_cached(
            "SELECT app_id, capability, agreed, at_ms, subject FROM consents WHERE person = ?1
             ORDER BY app_id, capability, subject",
        )?;
        let rows = all.query_map([person], kept)?;
        let rows = rows.collect::<Result<Vec<_>, _>>()?;
        Ok(rows.into_iter().flatten().collect())
    }

    fn forget(
        &self,
        person: &str,
        app_id: &str,
        capability: Capability,
        subject: Option<&str>,
    ) -> Result<(), ConsentError> {
        self.connection().execute(
            "DELETE FROM consents WHERE person = ?1 AND app_id = ?2 AND capability = ?3
             AND (?4 IS NULL OR subject = ?4)",
            params![person, app_id, capability.name(), subject],
        )?;
        Ok(())
    }

    fn forget_app(&self, person: &str, app_id: &str) -> Result<(), ConsentError> {
        self.connection().execute(
            "DELETE FROM consents WHERE person = ?1 AND app_id = ?2",
            params![person, app_id],
        )?;
        Ok(())
    }
}

/// `None` for a capability that this host does not know.
fn kept(row: &Row<'_>) -> rusqlite::Result<Option<KeptConsent>> {
    let Some(capability) = Capability::named(&row.get::<_, String>(1)?) else {
        return Ok(None);
    };
    Ok(Some(KeptConsent {
        app_id: row.get(0)?,
        capability,
        answer: if row.get(2)? {
            Consent::Always
        } else {
            Consent::No
        },
        at_ms: row.get(3)?,
        subject: row.get(4)?,
    }))
}

impl From<rusqlite::Error> for ConsentError {
    fn from(error: rusqlite::Error) -> Self {
        Self(error.to_string())
    }
}
