//! The table: rows are added, and the oldest of a person, app and capability go.

use std::collections::BTreeSet;
use std::path::Path;

use lapak_ledger::database;
use rusqlite::{Connection, Row, TransactionBehavior, params};

use super::super::bounds::{KEPT_REFUSALS, KEPT_USES};
use super::super::{AuditEntry, AuditQuery};
use crate::grants::Capability;

/// Rows are added and none is changed. One is removed only once it is written down, for its person, app and capability, that all up
/// to its number are not kept any more.
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
    CREATE TABLE IF NOT EXISTS audit_kept (
        person     TEXT NOT NULL,
        app_id     TEXT NOT NULL,
        capability TEXT NOT NULL,
        allowed    INTEGER NOT NULL,
        entries    INTEGER NOT NULL,
        dropped    INTEGER NOT NULL DEFAULT 0,
        up_to      INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (person, app_id, capability, allowed)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS audit_of_person ON audit (person, app_id, at_ms);
    CREATE INDEX IF NOT EXISTS audit_of_group ON audit (person, app_id, capability, allowed);
    CREATE TRIGGER IF NOT EXISTS audit_is_not_changed BEFORE UPDATE ON audit BEGIN
        SELECT raise(ABORT, 'the audit is append-only');
    END;
    DROP TRIGGER IF EXISTS audit_is_not_removed;
    CREATE TRIGGER audit_is_not_removed BEFORE DELETE ON audit
    WHEN NOT EXISTS (
        SELECT 1 FROM audit_kept
        WHERE person = old.person AND app_id = old.app_id AND capability = old.capability AND allowed = old.allowed
        AND up_to >= old.number
    ) BEGIN
        SELECT raise(ABORT, 'the audit is append-only');
    END;
";
/// A file of before it was counted.
const COUNT: &str = "
    INSERT INTO audit_kept (person, app_id, capability, allowed, entries)
        SELECT person, app_id, capability, allowed, count(*) FROM audit
        WHERE NOT EXISTS (SELECT 1 FROM audit_kept)
        GROUP BY person, app_id, capability, allowed
";
/// Old entries that go in one transaction.
const MOST_AT_ONCE: i64 = 500;

/// Whose entries are counted together.
type Group = (String, String, &'static str, bool);

/// Opens the file for writing, and makes the tables if they are missing.
pub(super) fn open(path: &Path) -> rusqlite::Result<Connection> {
    let mut file = database::open(path)?;
    file.set_prepared_statement_cache_capacity(32);
    // Two hosts may open it at the same time.
    let transaction = file.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute_batch(SCHEMA)?;
    transaction.execute(COUNT, [])?;
    transaction.commit()?;
    Ok(file)
}

pub(super) fn insert(connection: &Connection, entries: &[AuditEntry]) -> rusqlite::Result<()> {
    if entries.is_empty() {
        return Ok(());
    }
    let transaction = connection.unchecked_transaction()?;
    let mut groups = BTreeSet::new();
    for entry in entries {
        add(&transaction, entry)?;
        groups.insert(group(entry));
    }
    for group in &groups {
        drop_oldest(&transaction, group)?;
    }
    transaction.commit()
}

fn group(entry: &AuditEntry) -> Group {
    let capability = entry.capability.name();
    let (person, app_id) = (entry.person.clone(), entry.app_id.clone());
    (person, app_id, capability, entry.allowed)
}

fn add(connection: &Connection, entry: &AuditEntry) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO audit (at_ms, person, app_id, capability, function, request, allowed, granted, consent,
                 about, outcome, times)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        )?
        .execute(params![
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
    let (person, app_id, capability, allowed) = group(entry);
    connection
        .prepare_cached(
            "INSERT INTO audit_kept (person, app_id, capability, allowed, entries) VALUES (?1, ?2, ?3, ?4, 1)
             ON CONFLICT DO UPDATE SET entries = entries + 1",
        )?
        .execute(params![person, app_id, capability, allowed])?;
    Ok(())
}

/// Drops the oldest of a group, a tenth of what is kept at a time.
fn drop_oldest(connection: &Connection, group: &Group) -> rusqlite::Result<()> {
    let (person, app_id, capability, allowed) = group;
    let of = params![person, app_id, capability, allowed];
    let entries: u32 = connection
        .prepare_cached(
            "SELECT entries FROM audit_kept WHERE person = ?1 AND app_id = ?2 AND capability = ?3 AND allowed = ?4",
        )?
        .query_row(of, |row| row.get(0))?;
    let most = match allowed {
        true => KEPT_USES,
        false => KEPT_REFUSALS,
    };
    if entries <= most + most / 10 {
        return Ok(());
    }
    let up_to: i64 = connection
        .prepare_cached(
            "SELECT number FROM audit WHERE person = ?1 AND app_id = ?2 AND capability = ?3 AND allowed = ?4
             ORDER BY number DESC LIMIT 1 OFFSET ?5",
        )?
        .query_row(params![person, app_id, capability, allowed, most], |row| row.get(0))?;
    connection
        .prepare_cached(
            "UPDATE audit_kept SET entries = ?5, dropped = dropped + entries - ?5, up_to = ?6
             WHERE person = ?1 AND app_id = ?2 AND capability = ?3 AND allowed = ?4",
        )?
        .execute(params![person, app_id, capability, allowed, most, up_to])?;
    connection
        .prepare_cached(
            "DELETE FROM audit
             WHERE person = ?1 AND app_id = ?2 AND capability = ?3 AND allowed = ?4 AND number <= ?5",
        )?
        .execute(params![person, app_id, capability, allowed, up_to])?;
    Ok(())
}

/// Drops what is older than this, some of it.
pub(super) fn drop_old(connection: &Connection, oldest_ms: i64) -> rusqlite::Result<()> {
    let old = {
        let mut first = connection.prepare_cached(
            "SELECT number, at_ms, person, app_id, capability, allowed FROM audit ORDER BY number LIMIT ?1",
        )?;
        let rows = first.query_map([MOST_AT_ONCE], |row| {
            let at_ms: i64 = row.get(1)?;
            let of: (String, String, String, bool) =
                (row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?);
            Ok((row.get::<_, i64>(0)?, at_ms, of))
        })?;
        rows.collect::<Result<Vec<_>, _>>()?
    };
    let old: Vec<_> = old
        .into_iter()
        .take_while(|(_, at_ms, _)| *at_ms < oldest_ms)
        .collect();
    if old.is_empty() {
        return Ok(());
    }
    let transaction = connection.unchecked_transaction()?;
    for (number, _, (person, app_id, capability, allowed)) in &old {
        transaction
            .prepare_cached(
                "UPDATE audit_kept SET entries = entries - 1, dropped = dropped + 1, up_to = max(up_to, ?5)
                 WHERE person = ?1 AND app_id = ?2 AND capability = ?3 AND allowed = ?4",
            )?
            .execute(params![person, app_id, capability, allowed, number])?;
        transaction
            .prepare_cached("DELETE FROM audit WHERE number = ?1")?
            .execute([number])?;
    }
    // Nothing stays of those of whom nothing is kept.
    transaction.execute("DELETE FROM audit_kept WHERE entries <= 0", [])?;
    transaction.commit()
}

/// Entries, newest first. Of one person they are found by their index: a flood of others costs nobody a look at it.
pub(super) fn read(
    connection: &Connection,
    query: AuditQuery<'_>,
) -> rusqlite::Result<Vec<AuditEntry>> {
    let of_person = match query.person {
        Some(_) => "person = ?1",
        None => "?1 IS NULL",
    };
    let mut rows = connection.prepare_cached(&format!(
        "SELECT at_ms, person, app_id, capability, function, request, allowed, granted, consent, about, outcome, times
         FROM audit
         WHERE {of_person} AND (?2 IS NULL OR app_id = ?2) AND at_ms >= ?3
         AND (?5 IS NULL OR capability = ?5)
         ORDER BY number DESC LIMIT ?4",
    ))?;
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
