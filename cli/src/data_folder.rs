//! The folder of a preview's data: its owner's alone, and one preview's at a time.

use std::path::{Path, PathBuf};

use lapak_host::HostKey;
use lapak_ledger::private_files::{self, FolderLock};
use lapak_preview::PeopleKey;

use crate::failure::Failure;
use crate::folders;

/// The folders within, all of whose files are closed to others.
const CLOSED: [&str; 2] = ["sessions", "bank"];
/// The databases: made before anybody opens them, so that nobody else ever reads one. SQLite gives its journals the same rights.
const DATABASES: [&str; 8] = [
    "storage.sqlite",
    "sessions/open.sqlite",
    "bank/addresses.sqlite",
    "bank/audit.sqlite",
    "bank/consents.sqlite",
    "bank/ledger.sqlite",
    "bank/payments.sqlite",
    "bank/pins.sqlite",
];

/// A folder that this process holds.
pub(crate) struct DataFolder {
    pub(crate) path: PathBuf,
    _lock: FolderLock,
}

impl DataFolder {
    /// Makes or looks at the folder `path`, and holds it. One that somebody named keeps the rights that it has: there may be
    /// more in it than is ours.
    pub(crate) fn take(path: PathBuf, is_named: bool) -> Result<Self, Failure> {
        let unusable = |error: std::io::Error| {
            Failure::machine(format!(
                "{}: {error}. Choose another folder with --data",
                path.display()
            ))
        };
        match is_named && path.exists() {
            true => folders::check_named(&path),
            false => folders::private_folder(&path),
        }
        .map_err(unusable)?;
        let lock = FolderLock::hold(&path)
            .map_err(|error| Failure::machine(format!("{error} with --data")))?;
        closed(&path).map_err(unusable)?;
        Ok(Self { path, _lock: lock })
    }

    /// What people's cookies are authenticated with: with the sessions' key.
    pub(crate) fn people(&self) -> Result<PeopleKey, Failure> {
        let key = HostKey::open(&self.path.join("sessions"));
        let key = key.map_err(|error| Failure::machine(error.to_string()))?;
        Ok(PeopleKey::of_host(&key))
    }
}

/// Closes what is within to everybody else.
fn closed(path: &Path) -> std::io::Result<()> {
    // Apps' files lie in folders of their own: whoever cannot enter the one above reaches none.
    private_files::folder(&path.join("files"))?;
    for name in CLOSED {
        private_files::folder(&path.join(name))?;
        private_files::everything_in(&path.join(name))?;
    }
    for name in DATABASES {
        private_files::file(&path.join(name))?;
    }
    for journal in ["storage.sqlite-wal", "storage.sqlite-shm"] {
        let journal = path.join(journal);
        if journal.symlink_metadata().is_ok() {
            private_files::file(&journal)?;
        }
    }
    Ok(())
}
