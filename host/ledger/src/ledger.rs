//! The ledger: double-entry, append-only, durable.
//!
//! Every entry's postings add up to nothing in each currency; no account goes below its floor; an order is paid once;
//! refunds never exceed the payment. One thread writes, and nothing is acknowledged before it is on disk
//! (SQLite, write-ahead log, `synchronous=FULL`). The journal is chained by hash: [`Ledger::verify`] proves that
//! nothing in it was changed and that every balance follows from it.

mod accounts;
mod books;
mod entry;
mod error;
mod export;
mod operation;
mod orders;
mod schema;
mod verify;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};

use rusqlite::Connection;

use crate::clock::{Clock, SystemClock};
use crate::money::Currency;
use crate::name::{AccountId, MerchantId, OrderId};

pub use entry::{Entry, Event, Posted, Posting};
pub use error::{LedgerError, OpenError, Refusal};
pub use export::{ExportError, Format};
pub use operation::{AccountTerms, MAX_NOTE_BYTES, Operation, Payment, Refund, Transfer};
pub use orders::OrderStatus;
pub use verify::{Anchor, Broken, Proof};
pub use writer::Done;

/// How a ledger is kept.
#[derive(Clone)]
pub struct LedgerOptions {
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Whether a notice is kept for the merchant with every order that is paid or refunded, in the same transaction,
    /// until somebody says that it was delivered.
    pub notices: bool,
    /// The most pages of 4 KiB that the file may have; `None` leaves it to the disk. Past it, operations end in
    /// [`LedgerError::DiskFull`].
    pub max_pages: Option<u32>,
}

/// The books in one SQLite file. Shared by reference; every method may be called from any thread.
#[derive(Debug)]
pub struct Ledger {
    writer: writer::Writer,
    reader: Mutex<Connection>,
    noticed: Arc<writer::Noticed>,
    path: PathBuf,
}

/// What is in an account, in minor units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Balance {
    /// In which currency.
    pub currency: Currency,
    /// What can be spent.
    pub available_minor: i64,
    /// What is set aside for orders.
    pub held_minor: i64,
}

/// An entry as one account sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Movement {
    /// How much more or less was available afterwards, in minor units.
    pub available_minor: i64,
    /// The entry.
    pub posted: Posted,
}

/// A merchant is to be told of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// The entry: an order was paid, captured or refunded.
    pub posted: Posted,
    /// How often it was tried.
    pub attempts: u32,
}

impl Default for LedgerOptions {
    fn default() -> Self {
        Self {
            clock: Arc::new(SystemClock),
            notices: false,
            max_pages: None,
        }
    }
}

impl Ledger {
    /// Opens the ledger in the file `path`, which is made if it is missing. What was acknowledged before a crash is
    /// there; what was not may be, once.
    ///
    /// # Errors
    /// When it cannot be opened, is no ledger, or was made by a newer version.
    pub fn open(path: &Path, options: LedgerOptions) -> Result<Self, OpenError> {
        let connection = schema::open_to_write(path)?;
        if let Some(pages) = options.max_pages {
            connection.pragma_update(None, "max_page_count", pages)?;
        }
        let noticed = Arc::new(writer::Noticed::default());
        Ok(Self {
            reader: Mutex::new(schema::open_to_read(path)?),
            writer: writer::Writer::start(
                connection,
                options.clock,
                options.notices,
                Arc::clone(&noticed),
            )?,
            noticed,
            path: path.to_owned(),
        })
    }

    /// A ledger in memory, gone with the last handle to it: for simulations and tests.
    ///
    /// # Errors
    /// When SQLite has no memory or the threads cannot be started.
    pub fn in_memory(options: LedgerOptions) -> Result<Self, OpenError> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        // A name beginning with a slash is one database for all connections of this process (SQLite's memdb).
        let path = format!(
            "file:/lapak-ledger-{}-{number}?vfs=memdb",
            std::process::id()
        );
        Self::open(Path::new(&path), options)
    }

    /// Begins an operation and returns at once. Operations are carried out in the order in which they come; those that
    /// wait together share one transaction.
    pub fn submit(&self, operation: Operation, done: Done) {
        self.writer.submit(writer::Job::Operation(operation, done));
    }

    /// Carries an operation out and waits until it is on disk. `None`: there was nothing to do.
    ///
    /// # Errors
    /// See [`LedgerError`].
    pub fn carry_out(&self, operation: Operation) -> Result<Option<Posted>, LedgerError> {
        self.wait(|done| writer::Job::Operation(operation, done))
    }

    fn wait(&self, job: impl FnOnce(Done) -> writer::Job) -> Result<Option<Posted>, LedgerError> {
        let (tell, told) = mpsc::channel();
        // Nobody listens only if this thread is gone.
        self.writer
            .submit(job(Box::new(move |outcome| drop(tell.send(outcome)))));
        told.recv().unwrap_or_else(|_| Err(writer::ended()))
    }

    /// What is in an account; `None` if there is no such account.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn balance(&self, account: &AccountId) -> Result<Option<Balance>, LedgerError> {
        Ok(accounts::read_account(&self.read(), account)?
            .as_ref()
            .map(balance))
    }

    /// The accounts whose names begin with `prefix`, in the order of their names.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn accounts_below(&self, prefix: &str) -> Result<Vec<(AccountId, Balance)>, LedgerError> {
        let connection = self.read();
        // Names are printable ASCII: DEL is after all of them.
        let end = format!("{prefix}\u{7f}");
        let mut statement = connection
            .prepare_cached("SELECT id FROM accounts WHERE id >= ?1 AND id < ?2 ORDER BY id")?;
        let ids = statement
            .query_map([prefix, &end], |row| row.get(0))?
            .collect::<Result<Vec<String>, _>>()?;
        let mut accounts = Vec::with_capacity(ids.len());
        for id in ids {
            let id = AccountId::try_from(id)
                .map_err(|error| LedgerError::Unavailable(error.to_string()))?;
            if let Some(account) = accounts::read_account(&connection, &id)? {
                accounts.push((id, balance(&account)));
            }
        }
        Ok(accounts)
    }

    /// An account's terms; `None` if there is no such account.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn terms(&self, account: &AccountId) -> Result<Option<AccountTerms>, LedgerError> {
        Ok(accounts::read_account(&self.read(), account)?.map(|account| account.terms))
    }

    /// What happened in an account, newest first: at most `limit` entries, with numbers below `before` if it is given.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn history(
        &self,
        account: &AccountId,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<Movement>, LedgerError> {
        let connection = self.read();
        let before = before
            .and_then(|seq| i64::try_from(seq).ok())
            .unwrap_or(i64::MAX);
        let mut statement = connection.prepare_cached(
            "SELECT seq, sum(CASE held WHEN 0 THEN amount_minor ELSE 0 END) FROM postings
             WHERE account = (SELECT number FROM accounts WHERE id = ?1) AND seq < ?2
             GROUP BY seq ORDER BY seq DESC LIMIT ?3",
        )?;
        let rows = statement
            .query_map(rusqlite::params![account.as_str(), before, limit], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })?
            .collect::<Result<Vec<(i64, i64)>, _>>()?;
        rows.into_iter()
            .map(|(seq, available_minor)| {
                let posted = books::read_posted(&connection, books::number(seq)?)?;
                let posted =
                    posted.ok_or_else(|| error::Stop::Broken(format!("entry {seq} is missing")))?;
                Ok(Movement {
                    available_minor,
                    posted: Posted {
                        repeated: false,
                        ..posted
                    },
                })
            })
            .collect::<Result<_, error::Stop>>()
            .map_err(Into::into)
    }

    /// How an order stands; `None` if it was never paid or held.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn order(
        &self,
        merchant: &MerchantId,
        order: &OrderId,
    ) -> Result<Option<OrderStatus>, LedgerError> {
        Ok(orders::read_order(&self.read(), merchant, order)?)
    }

    /// An entry by its number; `None` if the journal is not as long.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn entry(&self, seq: u64) -> Result<Option<Posted>, LedgerError> {
        let posted = books::read_posted(&self.read(), seq)?;
        Ok(posted.map(|posted| Posted {
            repeated: false,
            ..posted
        }))
    }

    /// The notices that are due at `now_ms`, oldest first, at most `limit`; and when the next one after them is due.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn notices(
        &self,
        now_ms: i64,
        limit: u32,
    ) -> Result<(Vec<Notice>, Option<i64>), LedgerError> {
        let connection = self.read();
        let mut statement = connection.prepare_cached(
            "SELECT seq, attempts FROM notices WHERE due_ms <= ?1 ORDER BY due_ms, seq LIMIT ?2",
        )?;
        let due = statement
            .query_map([now_ms, i64::from(limit)], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })?
            .collect::<Result<Vec<(i64, u32)>, _>>()?;
        let mut notices = Vec::with_capacity(due.len());
        for (seq, attempts) in due {
            if let Some(posted) = books::read_posted(&connection, books::number(seq)?)? {
                notices.push(Notice {
                    posted: Posted {
                        repeated: false,
                        ..posted
                    },
                    attempts,
                });
            }
        }
        let next = connection
            .prepare_cached("SELECT min(due_ms) FROM notices WHERE due_ms > ?1")?
            .query_row([now_ms], |row| row.get(0))?;
        Ok((notices, next))
    }

    /// The merchants that there are notices for, and when the first of each is due.
    pub(crate) fn merchants_to_tell(&self) -> Result<Vec<(String, i64)>, LedgerError> {
        let connection = self.read();
        // From one merchant to the next by the index, however many notices one of them has.
        let mut statement = connection.prepare_cached(
            "WITH RECURSIVE told (merchant) AS (
                 SELECT min(merchant) FROM notices
                 UNION ALL
                 SELECT (SELECT min(merchant) FROM notices WHERE merchant > told.merchant)
                 FROM told WHERE told.merchant IS NOT NULL
             )
             SELECT merchant, (SELECT min(due_ms) FROM notices WHERE notices.merchant = told.merchant)
             FROM told WHERE merchant IS NOT NULL",
        )?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The first notice for a merchant that is due.
    pub(crate) fn notice_of(
        &self,
        merchant: &str,
        now_ms: i64,
    ) -> Result<Option<Notice>, LedgerError> {
        use rusqlite::OptionalExtension as _;

        let connection = self.read();
        let found = connection
            .prepare_cached(
                "SELECT seq, attempts FROM notices WHERE merchant = ?1 AND due_ms <= ?2
                 ORDER BY due_ms, seq LIMIT 1",
            )?
            .query_row(rusqlite::params![merchant, now_ms], |row| {
                Ok((row.get::<_, i64>(0)?, row.get(1)?))
            })
            .optional()?;
        let Some((seq, attempts)) = found else {
            return Ok(None);
        };
        let posted = books::read_posted(&connection, books::number(seq)?)?;
        let posted =
            posted.ok_or_else(|| error::Stop::Broken(format!("entry {seq} is missing")))?;
        Ok(Some(Notice {
            posted: Posted {
                repeated: false,
                ..posted
            },
            attempts,
        }))
    }

    /// The merchant was told of the entry `seq`; or not, and the notice is due again at `again_at_ms`. Waits until that
    /// is on disk.
    ///
    /// # Errors
    /// When it cannot be written; the notice is then due as before.
    pub fn notice_told(&self, seq: u64, again_at_ms: Option<i64>) -> Result<(), LedgerError> {
        self.wait(|done| writer::Job::Notice {
            seq,
            again_at_ms,
            done,
        })
        .map(drop)
    }

    /// The largest number that was [marked](Self::set_mark) under a name; 0 if none was.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn mark(&self, name: &'static str) -> Result<u64, LedgerError> {
        use rusqlite::OptionalExtension as _;

        let connection = self.read();
        let found = connection
            .prepare_cached("SELECT number FROM marks WHERE name = ?1")?
            .query_row([name], |row| row.get::<_, i64>(0))
            .optional()?;
        Ok(found.map_or(Ok(0), books::number)?)
    }

    /// Keeps a number of somebody else's beside the books: whoever puts their file back as it was would have to put the books back
    /// with it. A smaller one than there is changes nothing. Waits until it is on disk.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn set_mark(&self, name: &'static str, number: u64) -> Result<(), LedgerError> {
        self.wait(|done| writer::Job::Mark { name, number, done })
            .map(drop)
    }

    /// How often something was written, and [`Ledger::notices`] may have changed.
    pub(crate) fn notices_seen(&self) -> u64 {
        self.noticed.count()
    }

    /// Something else changed for whoever waits for notices.
    pub(crate) fn wake_for_notices(&self) {
        self.noticed.more();
    }

    /// Waits until something was written since `seen`, but no longer than `wait`.
    pub(crate) fn wait_for_notices(&self, seen: u64, wait: std::time::Duration) {
        self.noticed.wait(seen, wait);
    }

    /// Proves the books: see [`Proof`]. Reads the whole journal, as it was when it began, while others go on writing.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn verify(&self, anchors: &[Anchor]) -> Result<Proof, Broken> {
        Self::verify_file(&self.path, anchors)
    }

    /// Proves the books in a file, without changing it.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn verify_file(path: &Path, anchors: &[Anchor]) -> Result<Proof, Broken> {
        verify::verify(schema::open_to_read(path)?, anchors)
    }

    /// Writes the whole journal, oldest first, without changing the file.
    ///
    /// # Errors
    /// When the file cannot be read or `to` cannot be written.
    pub fn export_file(
        path: &Path,
        format: Format,
        to: &mut dyn std::io::Write,
    ) -> Result<(), ExportError> {
        export::export(&schema::open_to_read(path)?, format, to)
    }

    fn read(&self) -> MutexGuard<'_, Connection> {
        // A reader that panicked left nothing half done: it cannot write.
        self.reader.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The ledger is what PINs are for: whoever puts back a file of PINs alone is noticed.
impl crate::pin::Witness for Ledger {
    fn last(&self) -> Result<u64, String> {
        self.mark("pins").map_err(|error| error.to_string())
    }

    fn saw(&self, number: u64) -> Result<(), String> {
        self.set_mark("pins", number)
            .map_err(|error| error.to_string())
    }
}

fn balance(account: &accounts::Account) -> Balance {
    Balance {
        currency: account.terms.currency,
        available_minor: account.available_minor,
        held_minor: account.held_minor,
    }
}
