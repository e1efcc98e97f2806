//! Accounts: opened, given other limits, read.

use rusqlite::{Connection, OptionalExtension, params};

use super::books::{Books, number, row_id};
use super::entry::{Event, Posted};
use super::error::{Refusal, Stop};
use super::operation::AccountTerms;
use crate::name::AccountId;

/// An account as it stands.
#[derive(Clone)]
pub(super) struct Account {
    pub(super) number: i64,
    pub(super) terms: AccountTerms,
    pub(super) available_minor: i64,
    pub(super) held_minor: i64,
}

impl Books<'_> {
    pub(super) fn open_account(&mut self, terms: &AccountTerms) -> Result<Posted, Stop> {
        let known = self.account(&terms.id)?;
        if let Some(account) = &known {
            if account.terms.currency != terms.currency {
                return Err(Refusal::WrongCurrency {
                    account: terms.id.clone(),
                    has: account.terms.currency,
                    asked: terms.currency,
                }
                .into());
            }
            if account.terms == *terms {
                return self.repeated(terms_seq(self.connection, account)?);
            }
        }
        check_terms(terms, known.as_ref())?;
        let posted = self.post(Event::Account(terms.clone()), vec![])?;
        self.connection
            .prepare_cached(
                "INSERT INTO accounts (id, currency, floor_minor, ceiling_minor, terms_seq)
                 VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT (id) DO UPDATE SET floor_minor = excluded.floor_minor,
                     ceiling_minor = excluded.ceiling_minor, terms_seq = excluded.terms_seq",
            )?
            .execute(params![
                terms.id.as_str(),
                terms.currency.code(),
                terms.floor_minor,
                terms.ceiling_minor,
                row_id(posted.seq)?
            ])?;
        self.has_terms(terms);
        Ok(posted)
    }
}

/// Limits must not contradict each other, nor what is in the account.
fn check_terms(terms: &AccountTerms, known: Option<&Account>) -> Result<(), Refusal> {
    let refused = |why| Err(Refusal::Limits(terms.id.clone(), why));
    let available = known.map_or(0, |account| account.available_minor);
    let (floor, ceiling) = (terms.floor_minor, terms.ceiling_minor);
    if floor
        .zip(ceiling)
        .is_some_and(|(floor, ceiling)| ceiling < floor)
    {
        return refused("the ceiling is below the floor");
    }
    if floor.is_some_and(|floor| available < floor) {
        return refused("what is available is below this floor");
    }
    if ceiling.is_some_and(|ceiling| known.map_or(0, total) > i128::from(ceiling)) {
        return refused("what is in the account is above this ceiling");
    }
    Ok(())
}

/// An account as the tables have it.
pub(super) fn read_account(
    connection: &Connection,
    id: &AccountId,
) -> Result<Option<Account>, Stop> {
    let row = connection
        .prepare_cached(
            "SELECT number, currency, floor_minor, ceiling_minor, available_minor, held_minor
             FROM accounts WHERE id = ?1",
        )?
        .query_row([id.as_str()], |row| {
            Ok((
                row.get(0)?,
                row.get::<_, String>(1)?,
                row.get(2)?,
                row.get(3)?,
                row.get(4)?,
                row.get(5)?,
            ))
        })
        .optional()?;
    let Some((number, currency, floor_minor, ceiling_minor, available_minor, held_minor)) = row
    else {
        return Ok(None);
    };
    let currency = currency
        .parse()
        .map_err(|error| Stop::Broken(format!("account {id}: {error}")))?;
    let terms = AccountTerms {
        id: id.clone(),
        currency,
        floor_minor,
        ceiling_minor,
    };
    Ok(Some(Account {
        number,
        terms,
        available_minor,
        held_minor,
    }))
}

/// What is in an account, held money included.
pub(super) fn total(account: &Account) -> i128 {
    i128::from(account.available_minor) + i128::from(account.held_minor)
}

fn terms_seq(connection: &Connection, account: &Account) -> Result<u64, Stop> {
    let seq = connection
        .prepare_cached("SELECT terms_seq FROM accounts WHERE number = ?1")?
        .query_row([account.number], |row| row.get(0))?;
    number(seq)
}
