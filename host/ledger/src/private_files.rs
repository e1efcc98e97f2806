//! Folders and files that are their owner's alone, and a lock for a folder that one process may use at a time.
//!
//! What a host keeps is made readable by nobody else (0700, 0600). What is there already is looked at before it is used: what
//! belongs to another user is refused, since they can change it at any time; so are links to elsewhere. What is one's own and
//! open to others is closed.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{Error, ErrorKind, Result};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The file that is locked, in the folder that it stands for.
const LOCK_FILE: &str = "lock";
/// How long a process that is just ending is waited for.
const ENDING: Duration = Duration::from_secs(3);

/// Makes the folder `path` for its owner alone, with those above it, or looks at the one that is there.
///
/// # Errors
/// When it is another user's, a link or no folder, or cannot be made.
pub fn folder(path: &Path) -> Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)?;
    let found = std::fs::symlink_metadata(path)?;
    if !found.is_dir() {
        return Err(refused(path, "is a link to elsewhere"));
    }
    own(path, &found, 0o700)
}

/// Makes the file `path`, empty and for its owner alone, or looks at the one that is there.
///
/// # Errors
/// When it is another user's, a link or no file, or cannot be made.
pub fn file(path: &Path) -> Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => look(path),
        Err(error) => Err(error),
    }
}

/// Looks at every file in the folder `path`; at those in folders within it too. Such folders are looked at themselves.
///
/// # Errors
/// When one is another user's or a link.
pub fn everything_in(path: &Path) -> Result<()> {
    for entry in std::fs::read_dir(path)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            folder(&entry.path())?;
            everything_in(&entry.path())?;
        } else {
            match look(&entry.path()) {
                // A journal that another thread has just done away with.
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                looked => looked?,
            }
        }
    }
    Ok(())
}

fn look(path: &Path) -> Result<()> {
    let found = std::fs::symlink_metadata(path)?;
    if !found.is_file() {
        return Err(refused(path, "is a link or no file"));
    }
    own(path, &found, 0o600)
}

/// Nobody else may do anything with what is one's own.
#[cfg(unix)]
fn own(path: &Path, found: &std::fs::Metadata, mode: u32) -> Result<()> {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

    if found.uid() != user() {
        return Err(refused(path, "belongs to another user"));
    }
    if found.mode() & 0o077 != 0 {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))?;
    }
    Ok(())
}

#[cfg(not(unix))]
fn own(_path: &Path, _found: &std::fs::Metadata, _mode: u32) -> Result<()> {
    Ok(())
}

/// The number of the user that this process runs as.
#[cfg(unix)]
#[must_use]
pub fn user() -> u32 {
    rustix::process::geteuid().as_raw()
}

fn refused(path: &Path, why: &str) -> Error {
    let path = path.display();
    let text = format!(
        "{path} {why}, and is not used: remove it, make it your own (chown), or choose another folder"
    );
    Error::new(ErrorKind::PermissionDenied, text)
}

/// Holds a folder for this process, until it is dropped or the process ends, however it ends.
#[derive(Debug)]
pub struct FolderLock {
    _file: File,
}

/// Why a folder cannot be held.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process has it.
    #[error(
        "{0} is in use by another process{1}: end that one first, or choose another folder for this one"
    )]
    InUse(PathBuf, String),
    /// It cannot be looked at.
    #[error("{0} cannot be locked: {1}")]
    Failed(PathBuf, Error),
}

impl FolderLock {
    /// Holds the folder `path`, which must be there. Waits a moment for a process that is just ending.
    ///
    /// # Errors
    /// [`LockError`].
    pub fn hold(path: &Path) -> std::result::Result<Self, LockError> {
        let failed = |error| LockError::Failed(path.to_owned(), error);
        let lock = path.join(LOCK_FILE);
        self::file(&lock).map_err(failed)?;
        let file = OpenOptions::new().read(true).write(true).open(&lock);
        let file = file.map_err(failed)?;
        let until = Instant::now() + ENDING;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if Instant::now() < until => {
                    std::thread::sleep(Duration::from_millis(20));
                }
                Err(TryLockError::WouldBlock) => {
                    return Err(LockError::InUse(path.to_owned(), holder(&lock)));
                }
                // Where there are no locks (some file systems), two processes must not be started.
                Err(TryLockError::Error(error)) if error.kind() == ErrorKind::Unsupported => break,
                Err(TryLockError::Error(error)) => return Err(failed(error)),
            }
        }
        // For whoever finds it taken. Not being able to say so harms nobody.
        let _ = file.set_len(0);
        let _ = std::io::Write::write_all(&mut &file, std::process::id().to_string().as_bytes());
        Ok(Self { _file: file })
    }
}

/// Who says that they hold a lock.
fn holder(lock: &Path) -> String {
    let text = lapak_abi::file::read_text(lock).unwrap_or_default();
    match text.trim().parse::<u32>() {
        Ok(process) => format!(" (process {process})"),
        Err(_) => String::new(),
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    fn mode(path: &Path) -> u32 {
        let found = std::fs::metadata(path).expect("there");
        found.permissions().mode() & 0o777
    }

    fn open_up(path: &Path, mode: u32) {
        let open = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(path, open).expect("opened up");
    }

    #[test]
    fn what_is_made_is_its_owners_alone_and_what_was_open_is_closed() {
        let above = tempfile::tempdir().expect("a folder");
        let path = above.path().join("one/two");
        folder(&path).expect("made");
        file(&path.join("a")).expect("made");
        assert_eq!((mode(&path), mode(&path.join("a"))), (0o700, 0o600));
        open_up(&path, 0o755);
        open_up(&path.join("a"), 0o644);
        folder(&path).expect("looked at");
        everything_in(&path).expect("looked at");
        assert_eq!((mode(&path), mode(&path.join("a"))), (0o700, 0o600));
    }

    #[test]
    fn links_are_not_followed() {
        let above = tempfile::tempdir().expect("a folder");
        let elsewhere = tempfile::tempdir().expect("a folder");
        std::fs::write(elsewhere.path().join("a"), "a").expect("written");
        symlink(elsewhere.path(), above.path().join("folder")).expect("a link");
        symlink(elsewhere.path().join("a"), above.path().join("file")).expect("a link");
        symlink(elsewhere.path().join("none"), above.path().join("none")).expect("a link");
        assert!(folder(&above.path().join("folder")).is_err());
        for name in ["file", "none"] {
            let error = file(&above.path().join(name)).expect_err("a link");
            assert!(error.to_string().contains("choose another"), "{error}");
        }
        assert!(!elsewhere.path().join("none").exists());
        assert!(everything_in(above.path()).is_err());
    }

    /// Only root can give a file away, so only root can try.
    #[test]
    fn what_belongs_to_another_user_is_refused() {
        if user() != 0 {
            return;
        }
        let above = tempfile::tempdir().expect("a folder");
        let (theirs, file_of_theirs) = (above.path().join("theirs"), above.path().join("a"));
        folder(&theirs).expect("made");
        file(&file_of_theirs).expect("made");
        for path in [&theirs, &file_of_theirs] {
            std::os::unix::fs::chown(path, Some(65_534), None).expect("given away");
        }
        for error in [folder(&theirs), file(&file_of_theirs)] {
            let error = error.expect_err("another user's").to_string();
            assert!(error.contains("belongs to another user"), "{error}");
        }
        assert!(everything_in(above.path()).is_err());
    }

    #[test]
    fn a_folder_is_held_by_one_at_a_time() {
        let above = tempfile::tempdir().expect("a folder");
        let first = FolderLock::hold(above.path()).expect("held");
        let error = FolderLock::hold(above.path()).expect_err("in use");
        let text = error.to_string();
        let own = format!("process {}", std::process::id());
        assert!(
            text.contains(&own) && text.contains("choose another folder"),
            "{text}"
        );
        drop(first);
        FolderLock::hold(above.path()).expect("free again");
    }
}
