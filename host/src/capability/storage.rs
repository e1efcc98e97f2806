//! `storage`: small values per person and per app, which outlive the session.

pub mod simulated;
pub mod sqlite;

use std::sync::Arc;

use lapak_abi::limits::Limits;

use crate::bindings::lapak::app::requests::RequestId;
use crate::bindings::lapak::app::storage::{Error, Host};
use crate::grants::{AccessDenied, Capability};
use crate::instance::InstanceState;
use crate::requests::{Again, RoomRequests};
use crate::room::{Asks, Lent, Terms, Words};

pub use crate::bindings::lapak::app::storage::Outcome;

/// The terms on which it is lent.
pub const TERMS: Terms = Terms {
    name: "storage",
    lent: Lent::ToEveryApp,
    allows: Words {
        en: "keep what you do in it, for itself",
        id: "menyimpan datanya sendiri",
    },
    asks: Asks::Never,
    bounds: "",
};

/// The longest key, in bytes of UTF-8.
pub const MAX_KEY_BYTES: usize = 256;

/// Whose data: nobody else's session ever reaches it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Owner {
    /// The app, by its id on this host: the manifest's `app_id` (compared code point by code point) and, unless somebody vouches
    /// for that, `@` and a mark of whose package it is; see [`AppSource`](crate::AppSource).
    pub app_id: Arc<str>,
    /// The person, as the platform names them.
    pub person: Arc<str>,
}

/// How much an owner may keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// Keys and values together, in bytes as they count: see [`Quota::entry_bytes`].
    pub total_bytes: u64,
    /// The largest value, in bytes.
    pub value_bytes: u64,
    /// Keys.
    pub keys: u64,
    /// What may be written in the long run, in bytes a second. Past it, writes of this owner wait.
    pub write_bytes_per_second: u64,
    /// What may be written at once before that, in bytes.
    pub write_burst_bytes: u64,
}

/// What an entry takes on disk besides its key and value, in bytes: its row, and what is left free beside it.
const ENTRY_BYTES: u64 = 64;
/// A page of the medium, and the longest entry that lies within one.
const PAGE_BYTES: u64 = 4_096;
const WITHIN_PAGE: u64 = 1_000;

/// Of the default limits.
impl Default for Quota {
    fn default() -> Self {
        Self::of(&Limits::default())
    }
}

impl Quota {
    /// As a host's limits have it.
    #[must_use]
    pub fn of(limits: &Limits) -> Self {
        let size = |bytes| u64::try_from(bytes).unwrap_or(u64::MAX);
        Self {
            total_bytes: size(limits.storage_total_bytes),
            value_bytes: size(limits.storage_value_bytes),
            keys: size(limits.storage_keys),
            write_bytes_per_second: size(limits.write_bytes_per_second),
            write_burst_bytes: size(limits.write_burst_bytes),
        }
    }

    /// What a key and a value of so many bytes count as: what they take on disk, so that a hundred thousand small ones are
    /// counted as what they are. What is larger than a quarter of a page lies in pages of its own.
    #[must_use]
    pub fn entry_bytes(key: u64, value: u64) -> u64 {
        let bytes = key.saturating_add(value).saturating_add(ENTRY_BYTES);
        if bytes <= WITHIN_PAGE {
            return bytes;
        }
        bytes.div_ceil(PAGE_BYTES).saturating_mul(PAGE_BYTES)
    }
}

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Operation {
    /// Read a value.
    Get(String),
    /// Write a value.
    Set(String, Vec<u8>),
    /// Remove a key.
    Remove(String),
    /// List the keys.
    Keys,
    /// Remove every key.
    Clear,
}

/// Why it was not done. Nothing was written then.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StorageError {
    /// The owner's data would pass [`Quota::total_bytes`] or [`Quota::keys`].
    #[error("the quota is used up")]
    QuotaExceeded,
    /// The owner has more waiting than fits.
    #[error("too much waits already")]
    Busy,
    /// The medium failed; the text is for the host's log and never reaches an app.
    #[error("storage failed: {0}")]
    Unavailable(String),
}

/// Called once, from any thread, when an operation is over. A write is on disk by then.
pub type Done = Box<dyn FnOnce(Result<Outcome, StorageError>) + Send>;

/// Keeps values. Operations of one owner are carried out in the order in which they were submitted.
pub trait StorageProvider: Send + Sync {
    /// Begins an operation and returns at once.
    fn submit(&self, owner: &Owner, quota: Quota, operation: Operation, done: Done);
}

/// What a storage request came to.
pub(crate) type Answer = Result<Outcome, Error>;

/// What a session has asked of its storage. Doing it twice in the same order leaves the same values.
pub(crate) type StorageState = RoomRequests<Operation, Answer>;

impl Host for InstanceState {
    fn get(&mut self, key: String) -> Result<RequestId, Error> {
        self.check(Capability::Storage)?;
        self.start(Operation::Get(valid_key(key)?))
    }

    fn set(&mut self, key: String, value: Vec<u8>) -> Result<RequestId, Error> {
        self.check(Capability::Storage)?;
        let key = valid_key(key)?;
        if value.len() > self.limits().storage_value_bytes {
            return Err(Error::ValueTooLarge);
        }
        self.start(Operation::Set(key, value))
    }

    fn remove(&mut self, key: String) -> Result<RequestId, Error> {
        self.check(Capability::Storage)?;
        self.start(Operation::Remove(valid_key(key)?))
    }

    fn keys(&mut self) -> Result<RequestId, Error> {
        self.check(Capability::Storage)?;
        self.start(Operation::Keys)
    }

    fn clear(&mut self) -> Result<RequestId, Error> {
        self.check(Capability::Storage)?;
        self.start(Operation::Clear)
    }

    fn take(&mut self, request: RequestId) -> Result<Outcome, Error> {
        self.check(Capability::Storage)?;
        let taken = self.rooms.storage.take(request, Ok);
        taken.unwrap_or(Err(Error::UnknownRequest))
    }
}

impl InstanceState {
    fn start(&mut self, operation: Operation) -> Result<RequestId, Error> {
        let request = self.begin_request_of(operation.bytes());
        let request = request.ok_or(Error::TooManyRequests)?;
        self.rooms.storage.ask(request, operation.clone());
        self.submit(request, operation);
        Ok(request)
    }

    fn submit(&mut self, request: RequestId, operation: Operation) {
        let Some(finish) = self.finisher(request) else {
            return;
        };
        let done: Done = Box::new(move |outcome| {
            if let Err(error) = &outcome {
                tracing::warn!(%error, "storage request failed");
            }
            finish.with(super::Answer::Storage(outcome.map_err(Error::from)));
        });
        let storage = self.providers().storage.clone();
        let quota = Quota::of(self.limits());
        storage.submit(self.owner(), quota, operation, done);
    }

    pub(super) fn ask_storage_again(&mut self, answered: &[RequestId]) {
        for Again { request, asked, .. } in self.rooms.storage.again(answered) {
            self.submit(request, asked);
        }
    }
}

impl From<AccessDenied> for Error {
    fn from(_: AccessDenied) -> Self {
        Self::AccessDenied
    }
}

impl From<StorageError> for Error {
    fn from(error: StorageError) -> Self {
        match error {
            StorageError::QuotaExceeded => Self::QuotaExceeded,
            StorageError::Busy => Self::TooManyRequests,
            StorageError::Unavailable(_) => Self::Unavailable,
        }
    }
}

fn valid_key(key: String) -> Result<String, Error> {
    if key.is_empty() || key.len() > MAX_KEY_BYTES {
        return Err(Error::InvalidKey);
    }
    Ok(key)
}
