//! Whether the tables are what the journal makes them.

use std::collections::HashMap;

use rusqlite::{Connection, Row};

use super::Broken;
use super::order::order_terms;
use super::replay::{Replay, Replayed, fingerprint, short};
use crate::digest::Digest;
use crate::ledger::books::number;
use crate::name::AccountId;

impl Replay {
    pub(super) fn compare_accounts(&self, connection: &Connection) -> Result<(), Broken> {
        let wrong = |what| Broken::Table {
            table: "accounts",
            what,
        };
        let mut prints = fingerprints(connection)?;
        let mut statement = connection.prepare(
            "SELECT id, number, currency, floor_minor, ceiling_minor, available_minor, held_minor, terms_seq FROM accounts",
        )?;
        let mut rows = statement.query([])?;
        let mut count = 0;
        while let Some(row) = rows.next()? {
            count += 1;
            let id: String = row.get(0)?;
            let found = id
                .parse::<AccountId>()
                .ok()
                .and_then(|id| self.accounts.get(&id));
            let account = found.ok_or_else(|| wrong(format!("{id} was never opened")))?;
            compare_account(&id, row, account)?;
            if prints.remove(&row.get(1)?).unwrap_or_default() != account.fingerprint {
                return Err(Broken::Table {
                    table: "postings",
                    what: format!("those of {id} differ"),
                });
            }
        }
        if count != self.accounts.len() {
            return Err(wrong(format!(
                "{count} accounts instead of {}",
                self.accounts.len()
            )));
        }
        match prints.keys().next() {
            Some(number) => Err(Broken::Table {
                table: "postings",
                what: format!("account {number} does not exist"),
            }),
            None => Ok(()),
        }
    }

    pub(super) fn compare_orders(&self, connection: &Connection) -> Result<(), Broken> {
        let wrong = |what| Broken::Table {
            table: "orders",
            what,
        };
        let mut statement = connection.prepare(
            "SELECT merchant, order_id, orders.held_minor, paid_minor, refunded_minor, held_seq, paid_seq, released_seq,
                    digest, payer.id, payee.id, amount_minor
             FROM orders JOIN accounts payer ON payer.number = orders.payer
                         JOIN accounts payee ON payee.number = orders.payee",
        )?;
        let mut rows = statement.query([])?;
        let mut count = 0;
        while let Some(row) = rows.next()? {
            count += 1;
            let (merchant, id): (String, String) = (row.get(0)?, row.get(1)?);
            let order = self.orders.get(&short(&[&merchant, &id]));
            let order =
                order.ok_or_else(|| wrong(format!("{id} of {merchant} is not in the journal")))?;
            let (payer, payee): (String, String) = (row.get(9)?, row.get(10)?);
            let amount: i64 = row.get(11)?;
            if order.terms != order_terms(Digest(row.get(8)?), &payer, &payee, amount) {
                return Err(wrong(format!(
                    "{id} of {merchant} says something else in the journal"
                )));
            }
            let minor = |at| row.get::<_, i64>(at).map(i128::from);
            let seq = |at| {
                row.get::<_, Option<i64>>(at)
                    .map(|seq| seq.and_then(|seq| u64::try_from(seq).ok()))
            };
            if (minor(2)?, minor(3)?, minor(4)?)
                != (order.held_minor, order.paid_minor, order.refunded_minor)
                || (seq(5)?, seq(6)?, seq(7)?)
                    != (order.held_seq, order.paid_seq, order.released_seq)
            {
                return Err(wrong(format!(
                    "{id} of {merchant} stands differently in the journal"
                )));
            }
        }
        if count != self.orders.len() {
            return Err(wrong(format!(
                "{count} orders instead of {}",
                self.orders.len()
            )));
        }
        Ok(())
    }

    pub(super) fn compare_requests(&self, connection: &Connection) -> Result<(), Broken> {
        let wrong = |what| Broken::Table {
            table: "requests",
            what,
        };
        let mut statement = connection.prepare("SELECT scope, key, seq, digest FROM requests")?;
        let mut rows = statement.query([])?;
        let mut count = 0;
        while let Some(row) = rows.next()? {
            count += 1;
            let (scope, key): (String, String) = (row.get(0)?, row.get(1)?);
            let found = (number(row.get(2)?)?, Digest(row.get(3)?));
            if self.requests.get(&short(&[&scope, &key])) != Some(&found) {
                return Err(wrong(format!("{scope} {key} is not in the journal")));
            }
        }
        if count != self.requests.len() {
            return Err(wrong(format!(
                "{count} requests instead of {}",
                self.requests.len()
            )));
        }
        Ok(())
    }
}

fn compare_account(id: &str, row: &Row<'_>, account: &Replayed) -> Result<(), Broken> {
    let wrong = |what| Broken::Table {
        table: "accounts",
        what,
    };
    let (available, held) = (
        i128::from(row.get::<_, i64>(5)?),
        i128::from(row.get::<_, i64>(6)?),
    );
    if (available, held) != (account.available_minor, account.held_minor) {
        return Err(wrong(format!(
            "{id} has {available} and {held} held by the table, {} and {} held by the journal",
            account.available_minor, account.held_minor
        )));
    }
    let currency: String = row.get(2)?;
    let limits = (row.get(3)?, row.get(4)?);
    if currency != account.currency.code()
        || limits != (account.floor_minor, account.ceiling_minor)
        || number(row.get(7)?)? != account.terms_seq
    {
        return Err(wrong(format!("the terms of {id} differ")));
    }
    Ok(())
}

/// What the postings of each account, by its number, add up to as [`fingerprint`]s.
fn fingerprints(connection: &Connection) -> Result<HashMap<i64, u64>, Broken> {
    let mut prints: HashMap<i64, u64> = HashMap::new();
    let mut statement =
        connection.prepare("SELECT account, seq, line, held, amount_minor FROM postings")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let unsigned = |at| row.get::<_, i64>(at).map(i64::cast_unsigned);
        let print = fingerprint(unsigned(1)?, unsigned(2)?, row.get(3)?, row.get(4)?);
        let sum = prints.entry(row.get(0)?).or_default();
        *sum = sum.wrapping_add(print);
    }
    Ok(prints)
}
