//! The journal in other programs' formats, so that they can check it.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use rusqlite::Connection;

use super::books::{number, read_posted};
use super::entry::{Event, Posted, Posting};
use super::error::{OpenError, Stop};
use crate::clock::{date, rfc3339};
use crate::money::Currency;
use crate::name::AccountId;

/// A format to write the books in.
///
/// The ledger counts what each account has; accounting programs count debits above zero. What a person has the
/// operator owes, so every amount changes its sign in the formats for accounting programs, and not in CSV.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// RFC 4180, one line for each posting, amounts in minor units.
    Csv,
    /// A journal for hledger and ledger, ending with a balance assertion for every account.
    Hledger,
    /// A file for beancount, ending with a balance directive for every account.
    Beancount,
}

/// The export failed.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The ledger cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The ledger cannot be read.
    #[error("the ledger cannot be read: {0}")]
    Read(String),
    /// The export cannot be written.
    #[error("the export cannot be written: {0}")]
    Write(#[from] std::io::Error),
}

/// Whether an account is the operator's own, rather than owed to somebody.
pub(super) fn is_operators(id: &AccountId) -> bool {
    let kind = id.as_str().split(':').next().unwrap_or_default();
    ["assets", "equity", "income", "expenses"].contains(&kind)
}

pub(super) fn export(
    connection: &Connection,
    format: Format,
    to: &mut dyn Write,
) -> Result<(), ExportError> {
    // One transaction: what others write meanwhile is not seen.
    let transaction = connection.unchecked_transaction().map_err(read)?;
    let mut book = Book::default();
    match format {
        Format::Csv => writeln!(
            to,
            "seq,time,event,merchant,order,key,note,account,part,amount_minor,currency,hash"
        )?,
        Format::Hledger => writeln!(to, "; Lapak ledger\ndecimal-mark .\n")?,
        Format::Beancount => writeln!(to, "; Lapak ledger\n")?,
    }
    let mut statement = transaction
        .prepare("SELECT seq FROM journal ORDER BY seq")
        .map_err(read)?;
    let mut rows = statement.query([]).map_err(read)?;
    while let Some(row) = rows.next().map_err(read)? {
        let seq = number(row.get(0).map_err(read)?)?;
        let posted = read_posted(&transaction, seq)?
            .ok_or_else(|| ExportError::Read(format!("entry {seq}")))?;
        match format {
            Format::Csv => csv(&posted, to)?,
            Format::Hledger => hledger(&posted, to)?,
            Format::Beancount => book.beancount(&posted, to)?,
        }
        book.add(&posted);
    }
    match format {
        Format::Csv => {}
        Format::Hledger => book.hledger_assertions(to)?,
        Format::Beancount => book.beancount_assertions(to)?,
    }
    to.flush()?;
    Ok(())
}

/// What was written so far.
#[derive(Default)]
struct Book {
    opened: BTreeSet<AccountId>,
    balances: BTreeMap<(AccountId, bool), (Currency, i128)>,
    last_ms: i64,
}

impl Book {
    fn add(&mut self, posted: &Posted) {
        self.last_ms = posted.entry.at_ms;
        for posting in &posted.entry.postings {
            let key = (posting.account.clone(), posting.held);
            self.balances.entry(key).or_insert((posting.currency, 0)).1 +=
                i128::from(posting.amount_minor);
        }
    }

    fn hledger_assertions(&self, to: &mut dyn Write) -> std::io::Result<()> {
        if self.balances.is_empty() {
            return Ok(());
        }
        writeln!(to, "{} * balances", date(self.last_ms))?;
        for ((account, held), (currency, minor)) in &self.balances {
            let name = hledger_name(account, *held);
            writeln!(
                to,
                "    {name}  {} {currency} = {} {currency}",
                currency.decimal(0),
                decimal(*currency, -minor)
            )?;
        }
        Ok(())
    }

    fn beancount(&mut self, posted: &Posted, to: &mut dyn Write) -> std::io::Result<()> {
        let Posted {
            seq, hash, entry, ..
        } = posted;
        let day = date(entry.at_ms);
        if let Event::Account(terms) = &entry.event {
            if self.opened.insert(terms.id.clone()) {
                for held in [false, true] {
                    writeln!(
                        to,
                        "{day} open {} {}",
                        beancount_name(&terms.id, held),
                        terms.currency
                    )?;
                }
            }
            return writeln!(to);
        }
        writeln!(to, "{day} * \"{}\"", what(&entry.event))?;
        writeln!(
            to,
            "  entry: {seq}\n  time: \"{}\"\n  hash: \"{hash}\"",
            rfc3339(entry.at_ms)
        )?;
        for Posting {
            account,
            currency,
            held,
            amount_minor,
        } in &entry.postings
        {
            let amount = decimal(*currency, -i128::from(*amount_minor));
            writeln!(
                to,
                "  {}  {amount} {currency}",
                beancount_name(account, *held)
            )?;
        }
        writeln!(to)
    }

    /// Beancount counts subaccounts in, and asserts what stands at the beginning of a day.
    fn beancount_assertions(&self, to: &mut dyn Write) -> std::io::Result<()> {
        let names: Vec<_> = self
            .balances
            .iter()
            .map(|((account, held), (currency, minor))| {
                (beancount_name(account, *held), *currency, *minor)
            })
            .collect();
        let day = date(self.last_ms + 86_400_000);
        for (name, currency, _) in &names {
            let inside = |other: &str| {
                other
                    .strip_prefix(name.as_str())
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
            };
            let sum: i128 = names
                .iter()
                .filter(|(other, c, _)| c == currency && inside(other))
                .map(|(_, _, minor)| minor)
                .sum();
            writeln!(
                to,
                "{day} balance {name}  {} {currency}",
                decimal(*currency, -sum)
            )?;
        }
        Ok(())
    }
}

fn csv(posted: &Posted, to: &mut dyn Write) -> std::io::Result<()> {
    let Posted {
        seq, hash, entry, ..
    } = posted;
    let (merchant, order) = entry.event.order().map_or(("", ""), |(merchant, order)| {
        (merchant.as_str(), order.as_str())
    });
    let (key, note) = match &entry.event {
        Event::Refunded { key, .. } => (key.as_str(), ""),
        Event::Transferred { key, note } => (key.as_str(), note.as_str()),
        _ => ("", ""),
    };
    let start = format!(
        "{seq},{},{},{merchant},{order},{key},{}",
        rfc3339(entry.at_ms),
        entry.event.word(),
        quoted(note)
    );
    for Posting {
        account,
        currency,
        held,
        amount_minor,
    } in &entry.postings
    {
        let part = if *held { "held" } else { "available" };
        writeln!(
            to,
            "{start},{account},{part},{amount_minor},{currency},{hash}"
        )?;
    }
    if let Event::Account(terms) = &entry.event {
        writeln!(to, "{start},{},,,{},{hash}", terms.id, terms.currency)?;
    }
    Ok(())
}

fn hledger(posted: &Posted, to: &mut dyn Write) -> std::io::Result<()> {
    let Posted {
        seq, hash, entry, ..
    } = posted;
    if let Event::Account(terms) = &entry.event {
        writeln!(
            to,
            "; {} entry {seq} {hash}\naccount {}\naccount {}\ncommodity {} {}\n",
            rfc3339(entry.at_ms),
            hledger_name(&terms.id, false),
            hledger_name(&terms.id, true),
            terms.currency.decimal(0),
            terms.currency
        )?;
        return Ok(());
    }
    writeln!(
        to,
        "{} * ({seq}) {}  ; {} {hash}",
        date(entry.at_ms),
        what(&entry.event),
        rfc3339(entry.at_ms)
    )?;
    for Posting {
        account,
        currency,
        held,
        amount_minor,
    } in &entry.postings
    {
        let amount = decimal(*currency, -i128::from(*amount_minor));
        writeln!(
            to,
            "    {}  {amount} {currency}",
            hledger_name(account, *held)
        )?;
    }
    writeln!(to)
}

/// The event in words that no format takes for syntax.
fn what(event: &Event) -> String {
    match (event, event.order()) {
        (Event::Refunded { key, .. }, Some((merchant, order))) => {
            format!("refunded {merchant} {order} {key}")
        }
        (_, Some((merchant, order))) => format!("{} {merchant} {order}", event.word()),
        (Event::Transferred { key, .. }, None) => format!("transferred {key}"),
        (_, None) => event.word().to_owned(),
    }
}

/// Minor units in major ones. What an account has fits 64 bits; its opposite may not.
fn decimal(currency: Currency, minor: i128) -> String {
    match i64::try_from(minor) {
        Ok(minor) => currency.decimal(minor),
        Err(_) => format!("{minor}e-{}", currency.exponent()),
    }
}

/// A field of CSV. A spreadsheet takes a text that begins with one of `=+-@` for a formula; an apostrophe prevents it.
fn quoted(text: &str) -> String {
    let guard = if text.starts_with(['=', '+', '-', '@']) {
        "'"
    } else {
        ""
    };
    format!("\"{guard}{}\"", text.replace('"', "\"\""))
}

fn hledger_name(id: &AccountId, held: bool) -> String {
    let root = if is_operators(id) { "" } else { "liabilities:" };
    let part = if held { ":held" } else { "" };
    format!("{root}{id}{part}")
}

/// Beancount's account names: components that begin with a capital letter or digit and go on with letters, digits and
/// hyphens. Everything else is written as a hyphen and two hexadecimal digits, so that no two names become one.
fn beancount_name(id: &AccountId, held: bool) -> String {
    let root = if is_operators(id) { "" } else { "Liabilities:" };
    let components: Vec<_> = id.as_str().split(':').map(beancount_component).collect();
    let part = if held { ":X-held" } else { "" };
    format!("{root}{}{part}", components.join(":"))
}

fn beancount_component(component: &str) -> String {
    let mut name = String::with_capacity(component.len() + 4);
    for (at, byte) in component.bytes().enumerate() {
        match byte {
            b'a'..=b'z' if at == 0 => name.push(char::from(byte.to_ascii_uppercase())),
            b'A'..=b'Z' if at == 0 => name.push_str(&format!("X-{byte:02x}")),
            byte if byte.is_ascii_alphanumeric() => name.push(char::from(byte)),
            byte if at == 0 => name.push_str(&format!("X-{byte:02x}")),
            byte => name.push_str(&format!("-{byte:02x}")),
        }
    }
    // An empty component ("a::b").
    if name.is_empty() { "X-".into() } else { name }
}

fn read(error: rusqlite::Error) -> ExportError {
    ExportError::Read(error.to_string())
}

impl From<Stop> for ExportError {
    fn from(stop: Stop) -> Self {
        Self::Read(stop.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_accounts_have_one_name_in_beancount() {
        let ids = [
            "person:ani",
            "Person:ani",
            "person:Ani",
            "person:ani/held",
            "person:x-61",
            "person:xa",
            "person:a-i",
            "person:a_i",
            "p:.",
            "p::a",
        ];
        let mut names: Vec<_> = ids
            .iter()
            .map(|id| beancount_name(&id.parse().expect("a name"), false))
            .collect();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), ids.len(), "{names:?}");
    }

    #[test]
    fn notes_are_neither_columns_nor_formulas() {
        assert_eq!(quoted("a,\"b\""), "\"a,\"\"b\"\"\"");
        assert_eq!(quoted("=1+1"), "\"'=1+1\"");
    }
}
