//! Why an operation was not done.

use crate::money::{Amount, Currency};
use crate::name::AccountId;

/// Why it was not done. Nothing of it was written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LedgerError {
    /// The books do not allow it; asking again changes nothing until they change.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The disk is full. What was acknowledged is safe; make room and ask again.
    #[error(
        "the disk that holds the ledger is full: nothing was booked; make room and ask again ({0})"
    )]
    DiskFull(String),
    /// The medium failed. What was acknowledged is safe; whether this was booked, asking again with the same key tells.
    #[error("the ledger could not be written or read: {0}")]
    Unavailable(String),
}

/// What the books do not allow.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No such account.
    #[error("there is no account {0}")]
    UnknownAccount(AccountId),
    /// From an account to itself.
    #[error("{0} cannot pay itself")]
    SameAccount(AccountId),
    /// The account is counted in another currency.
    #[error("{account} is counted in {has}, not in {asked}")]
    WrongCurrency {
        /// Which account.
        account: AccountId,
        /// Its currency.
        has: Currency,
        /// What was asked.
        asked: Currency,
    },
    /// Less would be left than the account's floor.
    #[error("{0} has not enough")]
    InsufficientFunds(AccountId),
    /// More would be in it than the account's ceiling.
    #[error("{0} would hold more than it may")]
    AboveCeiling(AccountId),
    /// More than can be counted.
    #[error("{0} would pass what can be counted")]
    Overflow(AccountId),
    /// Limits that contradict each other, or what is in the account.
    #[error("limits of {0}: {1}")]
    Limits(AccountId, &'static str),
    /// No such order was paid or held.
    #[error("no such order was paid")]
    UnknownOrder,
    /// The merchant used this order id for another order.
    #[error("this order id was used for another order")]
    OrderDiffers,
    /// Somebody else pays or has paid this order.
    #[error("this order is somebody else's")]
    OrderOfAnother,
    /// Too late.
    #[error("the order has expired")]
    OrderExpired,
    /// The order's money is set aside: capture or release it.
    #[error("the order's money is held: capture or release it")]
    OrderHeld,
    /// The order's money was given back before it was captured; the id is used up.
    #[error("the order was released; its id is used up")]
    OrderReleased,
    /// The order was paid already, so there is nothing to capture or release, or it was captured with another amount.
    #[error("the order is paid")]
    OrderPaid,
    /// More than is held.
    #[error("only {0} is held for this order")]
    MoreThanHeld(Amount),
    /// The refunds together would be more than the payment.
    #[error("only {left_minor} minor units of this payment are left to refund")]
    RefundTooLarge {
        /// What is left, in minor units.
        left_minor: i64,
    },
    /// The key was used for another request.
    #[error("this key was used for another request")]
    KeyDiffers,
    /// The note is too long or has control characters.
    #[error("a note has at most {max} bytes and no control characters", max = super::operation::MAX_NOTE_BYTES)]
    BadNote,
}

/// The ledger could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Made by a newer version.
    #[error(
        "the ledger was made by a newer version (format {found}, this one reads up to {known}): use that version"
    )]
    Newer {
        /// The file's format.
        found: i64,
        /// The newest that is known here.
        known: i64,
    },
    /// Not a ledger.
    #[error("this file is another program's database, not a ledger")]
    NotALedger,
    /// SQLite's own word.
    #[error("the ledger could not be opened: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// The writing thread could not be started, or the folder not synchronised.
    #[error("the ledger could not be opened: {0}")]
    Io(#[from] std::io::Error),
}

/// What stops an operation in the middle of a transaction.
#[derive(Debug, thiserror::Error)]
pub(super) enum Stop {
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    /// The tables contradict each other, or the program would have written what does not balance.
    #[error("{0}")]
    Broken(String),
}

impl From<Stop> for LedgerError {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Refused(refusal) => Self::Refused(refusal),
            Stop::Sqlite(error) => error.into(),
            Stop::Broken(text) => Self::Unavailable(text),
        }
    }
}

impl From<rusqlite::Error> for LedgerError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DiskFull) => Self::DiskFull(error.to_string()),
            _ => Self::Unavailable(error.to_string()),
        }
    }
}
