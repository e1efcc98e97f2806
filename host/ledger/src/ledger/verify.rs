//! Proves that the books are sound: the journal is whole and every table follows from it.

use std::collections::{BTreeMap, HashMap};

use rusqlite::Connection;

use super::books::{number, read_entry, request_digest, sums};
use super::entry::{Entry, Event, GENESIS, Posting, chained};
use super::error::{OpenError, Stop};
use super::operation::{Refund, Transfer};
use crate::digest::Digest;
use crate::money::{Amount, Currency};
use crate::name::{AccountId, MerchantId, OrderId, RequestKey};

/// What [`super::Ledger::verify`] found to be true: the hashes chain from the first entry to the last; every entry
/// balances in each currency; no account ever went below its floor, and none of its held money below nothing; every
/// order was paid at most once and refunded at most what was paid; balances, orders, requests and postings are what
/// the journal says.
///
/// # Security
/// Somebody who can write the file can also write a whole new chain. `head` tells: keep it elsewhere (every receipt
/// carries a hash of the chain) and give it as an [`Anchor`] the next time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// How many entries there are.
    pub entries: u64,
    /// How many postings they have.
    pub postings: u64,
    /// How many accounts there are.
    pub accounts: u64,
    /// The hash of the whole chain.
    pub head: Digest,
    /// What the people's and merchants' accounts hold in each currency, in minor units, held money included: what the
    /// operator owes. The operator's own accounts hold the opposite.
    pub owed: BTreeMap<Currency, i128>,
}

/// What is known of the chain from elsewhere, from a receipt say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Anchor {
    /// An entry's number.
    pub seq: u64,
    /// The hash of the chain up to and with it.
    pub hash: Digest,
}

/// What is wrong with the books.
#[derive(Debug, thiserror::Error)]
pub enum Broken {
    /// The file is no ledger, or cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The file is damaged.
    #[error("the file cannot be read: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// The journal is not what was written.
    #[error("entry {seq}: {what}")]
    Entry {
        /// Which entry.
        seq: u64,
        /// What is wrong with it.
        what: String,
    },
    /// A table does not follow from the journal.
    #[error("the table of {table} does not follow from the journal: {what}")]
    Table {
        /// Which table.
        table: &'static str,
        /// What is wrong with it.
        what: String,
    },
    /// The journal ends before an anchor.
    #[error("the journal ends with entry {entries}, but entry {seq} was acknowledged")]
    Cut {
        /// How many entries there are.
        entries: u64,
        /// The anchor's.
        seq: u64,
    },
}

/// The books as the journal alone makes them.
#[derive(Default)]
struct Replay {
    accounts: HashMap<AccountId, Replayed>,
    orders: HashMap<[u8; 16], Order>,
    requests: HashMap<[u8; 16], (u64, Digest)>,
    postings: u64,
}

struct Replayed {
    currency: Currency,
    floor_minor: Option<i64>,
    ceiling_minor: Option<i64>,
    terms_seq: u64,
    available_minor: i128,
    held_minor: i128,
    /// A sum over digests of its postings, whatever their order.
    fingerprint: u64,
}

#[derive(Default)]
struct Order {
    /// Stands for what the order says, its payer, its payee and its amount.
    terms: [u8; 16],
    held_minor: i128,
    paid_minor: i128,
    refunded_minor: i128,
    held_seq: Option<u64>,
    paid_seq: Option<u64>,
    released_seq: Option<u64>,
}

pub(super) fn verify(mut connection: Connection, anchors: &[Anchor]) -> Result<Proof, Broken> {
    // One transaction: what others write meanwhile is not seen.
    let transaction = connection.transaction()?;
    let mut replay = Replay::default();
    let mut before = (GENESIS, i64::MIN);
    let mut entries = 0;
    let mut statement = transaction.prepare("SELECT seq, body, hash FROM journal ORDER BY seq")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let seq = entries + 1;
        let wrong = |what: String| Broken::Entry { seq, what };
        if number(row.get(0)?).ok() != Some(seq) {
            return Err(wrong("is missing".into()));
        }
        let body: String = row.get(1)?;
        let hash = chained(before.0, seq, &body);
        if hash.0 != row.get::<_, [u8; 32]>(2)? {
            return Err(wrong(
                "is not what was written: its hash does not continue the chain".into(),
            ));
        }
        if anchors
            .iter()
            .any(|anchor| anchor.seq == seq && anchor.hash != hash)
        {
            return Err(wrong(
                "is not what was acknowledged: another chain was put in its place".into(),
            ));
        }
        let entry = read_entry(&body).map_err(|stop| wrong(stop.to_string()))?;
        if entry.body().ok().as_ref() != Some(&body) {
            return Err(wrong(
                "is not written in the one form that an entry has".into(),
            ));
        }
        if entry.at_ms < before.1 {
            return Err(wrong("is earlier than the one before it".into()));
        }
        replay.entry(seq, &entry).map_err(wrong)?;
        (before, entries) = ((hash, entry.at_ms), seq);
    }
    if let Some(anchor) = anchors.iter().find(|anchor| anchor.seq > entries) {
        return Err(Broken::Cut {
            entries,
            seq: anchor.seq,
        });
    }
    replay.compare_accounts(&transaction)?;
    replay.compare_orders(&transaction)?;
    replay.compare_requests(&transaction)?;
    Ok(Proof {
        entries,
        postings: replay.postings,
        accounts: replay.accounts.len() as u64,
        head: before.0,
        owed: replay.owed(),
    })
}

impl Replay {
    fn entry(&mut self, seq: u64, entry: &Entry) -> Result<(), String> {
        if let Some((currency, sum)) = sums(&entry.postings).into_iter().find(|(_, sum)| *sum != 0)
        {
            return Err(format!(
                "does not balance: {sum} minor units of {currency} are left over"
            ));
        }
        for (line, posting) in (0_u64..).zip(&entry.postings) {
            self.posting(seq, line, posting)?;
        }
        for posting in &entry.postings {
            self.check_floor(posting)?;
        }
        self.event(seq, entry)
    }

    fn posting(&mut self, seq: u64, line: u64, posting: &Posting) -> Result<(), String> {
        let account = self.accounts.get_mut(&posting.account);
        let account = account.ok_or_else(|| format!("{} was never opened", posting.account))?;
        if account.currency != posting.currency {
            return Err(format!(
                "{} is not counted in {}",
                posting.account, posting.currency
            ));
        }
        let part = if posting.held {
            &mut account.held_minor
        } else {
            &mut account.available_minor
        };
        *part += i128::from(posting.amount_minor);
        let print = fingerprint(seq, line, posting.held, posting.amount_minor);
        account.fingerprint = account.fingerprint.wrapping_add(print);
        self.postings += 1;
        Ok(())
    }

    fn check_floor(&self, posting: &Posting) -> Result<(), String> {
        let Some(account) = self.accounts.get(&posting.account) else {
            return Ok(());
        };
        let floor = account.floor_minor.map_or(i128::from(i64::MIN), i128::from);
        let below = posting.amount_minor < 0 && !posting.held && account.available_minor < floor;
        if below || account.held_minor < 0 {
            return Err(format!("{} goes below its limit", posting.account));
        }
        Ok(())
    }

    fn event(&mut self, seq: u64, entry: &Entry) -> Result<(), String> {
        if let Some((merchant, order)) = entry.event.order() {
            let order = self.orders.entry(order_key(merchant, order)).or_default();
            order.event(seq, entry)?;
        }
        match &entry.event {
            Event::Account(terms) => {
                let account = self.accounts.entry(terms.id.clone()).or_insert(Replayed {
                    currency: terms.currency,
                    floor_minor: None,
                    ceiling_minor: None,
                    terms_seq: seq,
                    available_minor: 0,
                    held_minor: 0,
                    fingerprint: 0,
                });
                if account.currency != terms.currency {
                    return Err(format!("{} changes its currency", terms.id));
                }
                account.floor_minor = terms.floor_minor;
                account.ceiling_minor = terms.ceiling_minor;
                account.terms_seq = seq;
            }
            Event::Refunded {
                merchant,
                order,
                key,
            } => {
                let (_, _, amount) = moved(entry)?;
                let (merchant, order, key) = (merchant.clone(), order.clone(), key.clone());
                let scope = format!("refund {merchant} {order}");
                let refund = Refund {
                    merchant,
                    order,
                    key: key.clone(),
                    amount,
                };
                self.request(seq, &scope, &key, request_digest(&refund))?;
            }
            Event::Transferred { key, note } => {
                let (from, to, amount) = moved(entry)?;
                let scope = format!("transfer {from}");
                let (from, to, note) = (from.clone(), to.clone(), note.clone());
                let transfer = Transfer {
                    from,
                    to,
                    key: key.clone(),
                    amount,
                    note,
                };
                self.request(seq, &scope, key, request_digest(&transfer))?;
            }
            Event::Paid { .. }
            | Event::Held { .. }
            | Event::Captured { .. }
            | Event::Released { .. } => {}
        }
        Ok(())
    }

    fn request(
        &mut self,
        seq: u64,
        scope: &str,
        key: &RequestKey,
        digest: Result<Digest, Stop>,
    ) -> Result<(), String> {
        let digest = digest.map_err(|stop| stop.to_string())?;
        match self
            .requests
            .insert(short(&[scope, key.as_str()]), (seq, digest))
        {
            None => Ok(()),
            Some((first, _)) => Err(format!(
                "carries out again what entry {first} did ({scope} {key})"
            )),
        }
    }

    fn compare_accounts(&self, connection: &Connection) -> Result<(), Broken> {
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
            let balance = (
                i128::from(row.get::<_, i64>(5)?),
                i128::from(row.get::<_, i64>(6)?),
            );
            if balance != (account.available_minor, account.held_minor) {
                return Err(wrong(format!(
                    "{id} has {} and {} held by the table, {} and {} held by the journal",
                    balance.0, balance.1, account.available_minor, account.held_minor
                )));
            }
            let terms = (
                row.get::<_, String>(2)?,
                row.get(3)?,
                row.get(4)?,
                number(row.get(7)?).ok(),
            );
            let replayed = (
                account.currency.code(),
                account.floor_minor,
                account.ceiling_minor,
                Some(account.terms_seq),
            );
            if (terms.0.as_str(), terms.1, terms.2, terms.3) != replayed {
                return Err(wrong(format!("the terms of {id} differ")));
            }
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

    fn compare_orders(&self, connection: &Connection) -> Result<(), Broken> {
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

    fn compare_requests(&self, connection: &Connection) -> Result<(), Broken> {
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

    fn owed(&self) -> BTreeMap<Currency, i128> {
        let mut owed = BTreeMap::new();
        for (id, account) in &self.accounts {
            if !super::export::is_operators(id) {
                *owed.entry(account.currency).or_default() +=
                    account.available_minor + account.held_minor;
            }
        }
        owed
    }
}

impl Order {
    fn event(&mut self, seq: u64, entry: &Entry) -> Result<(), String> {
        let gained: i128 = parts(entry)
            .filter(|(held, _)| !held)
            .map(|(_, minor)| minor.max(0))
            .sum();
        let held: i128 = parts(entry)
            .filter(|(held, _)| *held)
            .map(|(_, minor)| minor)
            .sum();
        match &entry.event {
            Event::Paid { .. } if self.held_seq.is_some() || self.paid_seq.is_some() => {
                return Err("pays an order a second time".into());
            }
            Event::Held { .. } if self.held_seq.is_some() || self.paid_seq.is_some() => {
                return Err("holds an order a second time".into());
            }
            Event::Captured { .. } | Event::Released { .. } if self.held_minor == 0 => {
                return Err("takes what is not held".into());
            }
            Event::Paid { digest, .. } => {
                let (payer, payee, amount) = moved(entry)?;
                self.terms = order_terms(*digest, payer.as_str(), payee.as_str(), amount.minor());
                (self.paid_seq, self.paid_minor) = (Some(seq), gained);
            }
            Event::Held { digest, payee, .. } => {
                let posting = entry
                    .postings
                    .iter()
                    .find(|posting| posting.held)
                    .ok_or("holds nothing")?;
                self.terms = order_terms(
                    *digest,
                    posting.account.as_str(),
                    payee.as_str(),
                    posting.amount_minor,
                );
                (self.held_seq, self.held_minor) = (Some(seq), held);
            }
            Event::Captured { .. } => {
                // The first available part is the payee's; the second, if any, goes back to the payer.
                let paid = parts(entry)
                    .find(|(held, _)| !held)
                    .map_or(0, |(_, minor)| minor);
                if held != -self.held_minor || gained != self.held_minor {
                    return Err("captures another amount than was held".into());
                }
                (self.paid_seq, self.paid_minor, self.held_minor) = (Some(seq), paid, 0);
            }
            Event::Released { .. } => {
                if held != -self.held_minor {
                    return Err("releases another amount than was held".into());
                }
                (self.released_seq, self.held_minor) = (Some(seq), 0);
            }
            Event::Refunded { .. } => {
                self.refunded_minor += gained;
                if self.refunded_minor > self.paid_minor {
                    return Err("gives back more than was paid".into());
                }
            }
            Event::Account(_) | Event::Transferred { .. } => {}
        }
        Ok(())
    }
}

/// From where, to where and how much an entry with two postings moved.
fn moved(entry: &Entry) -> Result<(&AccountId, &AccountId, Amount), String> {
    match entry.postings.as_slice() {
        [from, to] if !from.held && !to.held && from.amount_minor < 0 => {
            let amount =
                Amount::new(to.amount_minor, to.currency).map_err(|error| error.to_string())?;
            Ok((&from.account, &to.account, amount))
        }
        _ => Err("does not move money from one account to another".into()),
    }
}

fn order_terms(digest: Digest, payer: &str, payee: &str, amount_minor: i64) -> [u8; 16] {
    short(&[&digest.to_string(), payer, payee, &amount_minor.to_string()])
}

fn parts(entry: &Entry) -> impl Iterator<Item = (bool, i128)> {
    entry
        .postings
        .iter()
        .map(|posting| (posting.held, i128::from(posting.amount_minor)))
}

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

fn fingerprint(seq: u64, line: u64, held: bool, amount_minor: i64) -> u64 {
    let mut bytes = [0; 25];
    bytes[..8].copy_from_slice(&seq.to_le_bytes());
    bytes[8..16].copy_from_slice(&line.to_le_bytes());
    bytes[16..24].copy_from_slice(&amount_minor.to_le_bytes());
    bytes[24] = u8::from(held);
    let digest = Digest::blake3(&bytes).0;
    u64::from_le_bytes(std::array::from_fn(|at| digest[at]))
}

fn order_key(merchant: &MerchantId, order: &OrderId) -> [u8; 16] {
    short(&[merchant.as_str(), order.as_str()])
}

/// 128 bits for names that have no zero byte: millions of orders are compared in memory.
fn short(names: &[&str]) -> [u8; 16] {
    let digest = Digest::blake3(names.join("\0").as_bytes()).0;
    std::array::from_fn(|at| digest[at])
}

impl From<Stop> for Broken {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Sqlite(error) => Self::Sqlite(error),
            stop => Self::Entry {
                seq: 0,
                what: stop.to_string(),
            },
        }
    }
}
