//! `files`: an app's own folder, one for each person.

pub mod folder;
pub mod simulated;

use lapak_abi::file_path::{FilePath, FilePathError, is_name};
use lapak_abi::limits::Limits;
use serde::{Deserialize, Serialize};

use crate::bindings::lapak::app::files::{Error, Host};
use crate::bindings::lapak::app::requests::RequestId;
use crate::capability::storage::Owner;
use crate::grants::{AccessDenied, Capability};
use crate::instance::InstanceState;
use crate::requests::{Again, RoomRequests};
use crate::room::{Asks, Lent, Terms, Words};

pub use crate::bindings::lapak::app::files::Entry;

/// The terms on which it is lent.
pub const TERMS: Terms = Terms {
    name: "files",
    lent: Lent::ToEveryApp,
    allows: Words {
        en: "keep files of its own",
        id: "menyimpan berkasnya sendiri",
    },
    asks: Asks::Never,
    bounds: "",
};

/// How much an owner may keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// All files and folders, in bytes as they count: see [`Quota::counted`].
    pub total_bytes: u64,
    /// The largest file, in bytes.
    pub file_bytes: u64,
    /// Files and folders.
    pub entries: usize,
    /// What may be written in the long run, in bytes a second. Past it, writes of this owner wait.
    pub write_bytes_per_second: u64,
    /// What may be written at once before that, in bytes.
    pub write_burst_bytes: u64,
}

/// A page of the medium, in bytes.
const PAGE_BYTES: u64 = 4_096;

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
            total_bytes: size(limits.files_total_bytes),
            file_bytes: size(limits.file_bytes),
            entries: limits.files_entries,
            write_bytes_per_second: size(limits.write_bytes_per_second),
            write_burst_bytes: size(limits.write_burst_bytes),
        }
    }

    /// What a file of so many bytes counts as, or a folder (0): whole pages, at least one.
    #[must_use]
    pub fn counted(bytes: u64) -> u64 {
        bytes.div_ceil(PAGE_BYTES).max(1).saturating_mul(PAGE_BYTES)
    }
}

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Operation {
    /// Read a file.
    Read(FilePath),
    /// Write a file as a whole.
    Write(FilePath, Vec<u8>),
    /// Remove a file or an empty folder, if it is there.
    Remove(FilePath),
    /// Make a folder, unless it is there.
    MakeFolder(FilePath),
    /// List a folder.
    Entries(FilePath),
    /// Remove everything. Never asked by an app: a host does so when one is uninstalled.
    Clear,
}

/// What was done.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// What was read.
    Bytes(Vec<u8>),
    /// It was written, removed or made, and is on disk.
    Done,
    /// What is in the folder, by name.
    Entries(Vec<Entry>),
}

/// Why it was not done. Nothing was changed then.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FilesError {
    /// A folder for a file, a file for a folder, a folder that is not empty, or something that is neither.
    #[error("not of this kind")]
    WrongKind,
    /// It is not there.
    #[error("not there")]
    NotFound,
    /// The file is larger than [`Quota::file_bytes`].
    #[error("the file is too large")]
    TooLarge,
    /// The owner's files would pass [`Quota::total_bytes`] or [`Quota::entries`].
    #[error("the quota is used up")]
    QuotaExceeded,
    /// The owner has more waiting than fits.
    #[error("too much waits already")]
    Busy,
    /// The medium failed; the text is for the host's log and never reaches an app.
    #[error("files failed: {0}")]
    Unavailable(String),
}

/// Called once, from any thread, when an operation is over. A change is on disk by then.
pub type Done = Box<dyn FnOnce(Result<Outcome, FilesError>) + Send>;

/// Keeps files. Operations of one owner are carried out in the order in which they were submitted; doing some of them again in
/// the same order leaves the same files.
pub trait FilesProvider: Send + Sync {
    /// Begins an operation and returns at once.
    fn submit(&self, owner: &Owner, quota: Quota, operation: Operation, done: Done);
}

/// What a session has asked of its files.
pub(crate) type FilesState = RoomRequests<Operation, Answer>;

/// What a request came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Answer {
    Bytes(Result<Vec<u8>, Error>),
    Done(Result<(), Error>),
    Entries(Result<Vec<Entry>, Error>),
}

impl Host for InstanceState {
    fn read(&mut self, path: String) -> Result<RequestId, Error> {
        self.check(Capability::Files)?;
        self.operate(Operation::Read(FilePath::parse(&path)?))
    }

    fn write(&mut self, path: String, bytes: Vec<u8>) -> Result<RequestId, Error> {
        self.check(Capability::Files)?;
        let path = FilePath::parse(&path)?;
        if bytes.len() > self.limits().file_bytes {
            return Err(Error::TooLarge);
        }
        self.operate(Operation::Write(path, bytes))
    }

    fn remove(&mut self, path: String) -> Result<RequestId, Error> {
        self.check(Capability::Files)?;
        self.operate(Operation::Remove(FilePath::parse(&path)?))
    }

    fn make_folder(&mut self, path: String) -> Result<RequestId, Error> {
        self.check(Capability::Files)?;
        self.operate(Operation::MakeFolder(FilePath::parse(&path)?))
    }

    fn entries(&mut self, folder: String) -> Result<RequestId, Error> {
        self.check(Capability::Files)?;
        self.operate(Operation::Entries(FilePath::folder(&folder)?))
    }

    fn take_bytes(&mut self, request: RequestId) -> Result<Vec<u8>, Error> {
        self.check(Capability::Files)?;
        let taken = self.rooms.files.take(request, |answer| match answer {
            Answer::Bytes(bytes) => Ok(bytes),
            other => Err(other),
        });
        taken.unwrap_or(Err(Error::UnknownRequest))
    }

    fn take_done(&mut self, request: RequestId) -> Result<(), Error> {
        self.check(Capability::Files)?;
        let taken = self.rooms.files.take(request, |answer| match answer {
            Answer::Done(done) => Ok(done),
            other => Err(other),
        });
        taken.unwrap_or(Err(Error::UnknownRequest))
    }

    fn take_entries(&mut self, request: RequestId) -> Result<Vec<Entry>, Error> {
        self.check(Capability::Files)?;
        let taken = self.rooms.files.take(request, |answer| match answer {
            Answer::Entries(entries) => Ok(entries),
            other => Err(other),
        });
        taken.unwrap_or(Err(Error::UnknownRequest))
    }
}

impl InstanceState {
    fn operate(&mut self, operation: Operation) -> Result<RequestId, Error> {
        let request = self.begin_request_of(operation.bytes());
        let request = request.ok_or(Error::TooManyRequests)?;
        self.rooms.files.ask(request, operation.clone());
        self.submit_to_files(request, operation);
        Ok(request)
    }

    fn submit_to_files(&self, request: RequestId, operation: Operation) {
        let Some(finish) = self.finisher(request) else {
            return;
        };
        let quota = Quota::of(self.limits());
        let answer = answer_to(&operation, quota);
        let done: Done = Box::new(move |outcome| {
            if let Err(error @ FilesError::Unavailable(_)) = &outcome {
                tracing::warn!(%error, "a request of files failed");
            }
            finish.with(super::Answer::Files(answer(outcome)));
        });
        let files = self.providers().files.clone();
        files.submit(self.owner(), quota, operation, done);
    }

    pub(super) fn ask_files_again(&mut self, answered: &[RequestId]) {
        for Again { request, asked, .. } in self.rooms.files.again(answered) {
            self.submit_to_files(request, asked);
        }
    }
}

type Outcomes = Result<Outcome, FilesError>;

/// What makes an answer, of the kind that the operation has, of a provider's; nonsense is no answer.
fn answer_to(operation: &Operation, quota: Quota) -> Box<dyn FnOnce(Outcomes) -> Answer + Send> {
    match operation {
        Operation::Read(_) => Box::new(move |outcome| {
            Answer::Bytes(match outcome {
                Ok(Outcome::Bytes(bytes)) if bytes.len() as u64 > quota.file_bytes => {
                    Err(Error::TooLarge)
                }
                Ok(Outcome::Bytes(bytes)) => Ok(bytes),
                other => Err(why_not(other)),
            })
        }),
        Operation::Entries(_) => Box::new(move |outcome| {
            Answer::Entries(match outcome {
                Ok(Outcome::Entries(mut entries)) => {
                    entries.retain(|entry| is_name(&entry.name));
                    entries.truncate(quota.entries);
                    entries.sort_by(|one, other| one.name.cmp(&other.name));
                    Ok(entries)
                }
                other => Err(why_not(other)),
            })
        }),
        Operation::Write(..)
        | Operation::Remove(_)
        | Operation::MakeFolder(_)
        | Operation::Clear => Box::new(|outcome| {
            Answer::Done(match outcome {
                Ok(Outcome::Done) => Ok(()),
                other => Err(why_not(other)),
            })
        }),
    }
}

fn why_not(outcome: Outcomes) -> Error {
    match outcome {
        Err(FilesError::WrongKind) => Error::Invalid,
        Err(FilesError::NotFound) => Error::NotFound,
        Err(FilesError::TooLarge) => Error::TooLarge,
        Err(FilesError::QuotaExceeded) => Error::QuotaExceeded,
        Err(FilesError::Busy) => Error::TooManyRequests,
        Err(FilesError::Unavailable(_)) | Ok(_) => Error::Unavailable,
    }
}

impl From<AccessDenied> for Error {
    fn from(_: AccessDenied) -> Self {
        Self::AccessDenied
    }
}

impl From<FilePathError> for Error {
    fn from(_: FilePathError) -> Self {
        Self::Invalid
    }
}
