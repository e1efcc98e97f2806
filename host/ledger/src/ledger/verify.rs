//! Proves that the books are sound: the journal is whole and every table follows from it.

mod compare;
mod order;
mod replay;

use std::collections::BTreeMap;

use rusqlite::Connection;

use super::books::{number, read_entry};
use super::entry::{GENESIS, chained};
use super::error::{OpenError, Stop};
use crate::digest::Digest;
use crate::money::Currency;
use replay::Replay;

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
