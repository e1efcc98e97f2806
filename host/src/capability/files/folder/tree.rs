//! One owner's files.

use std::io::{ErrorKind, Read as _, Write as _};

use cap_std::fs::{Dir, Metadata, OpenOptions};
use lapak_abi::file_path::{FilePath, is_name, same_name};

use super::super::{Entry, FilesError, Quota};

/// Where an owner's files are, and where one that is being written is.
const TREE: &str = "files";
const ASIDE: &str = "aside";
const NEW: &str = "new";

pub(super) struct Tree {
    tree: Dir,
    aside: Dir,
}

/// What there is of a name.
struct Found {
    /// As it is written there.
    name: String,
    metadata: Metadata,
}

impl Tree {
    pub(super) fn in_folder(folder: &Dir) -> Result<Self, FilesError> {
        Ok(Self {
            tree: real_folder(folder, TREE)?,
            aside: real_folder(folder, ASIDE)?,
        })
    }

    pub(super) fn read(&self, path: &FilePath, quota: Quota) -> Result<Vec<u8>, FilesError> {
        let (folder, name) = self.folder_of(path)?;
        let found = find(&folder, name)?.ok_or(FilesError::NotFound)?;
        if !found.metadata.is_file() {
            return Err(FilesError::WrongKind);
        }
        let mut bytes = Vec::new();
        let file = folder.open(&found.name)?;
        // One byte more shows a file that is too large, without reading all of it.
        let most = quota.file_bytes.saturating_add(1);
        file.take(most).read_to_end(&mut bytes)?;
        match bytes.len() as u64 > quota.file_bytes {
            true => Err(FilesError::TooLarge),
            false => Ok(bytes),
        }
    }

    pub(super) fn write(
        &self,
        path: &FilePath,
        bytes: &[u8],
        quota: Quota,
    ) -> Result<(), FilesError> {
        let (folder, name) = self.folder_of(path)?;
        let old = find(&folder, name)?;
        if old.as_ref().is_some_and(|old| !old.metadata.is_file()) {
            return Err(FilesError::WrongKind);
        }
        let size = bytes.len() as u64;
        if size > quota.file_bytes {
            return Err(FilesError::TooLarge);
        }
        let (total, entries) = usage(&self.tree)?;
        let replaced = old.as_ref();
        let replaced = replaced.map_or(0, |old| Quota::counted(old.metadata.len()));
        let total = total
            .saturating_sub(replaced)
            .saturating_add(Quota::counted(size));
        let entries = entries + usize::from(old.is_none());
        if total > quota.total_bytes || entries > quota.entries {
            return Err(FilesError::QuotaExceeded);
        }
        let name = old.map_or_else(|| name.to_owned(), |old| old.name);
        let written = self.place(&folder, &name, bytes);
        if written.is_err() {
            let _ = self.aside.remove_file(NEW);
        }
        written
    }

    /// Writes a file aside and gives it its name.
    fn place(&self, folder: &Dir, name: &str, bytes: &[u8]) -> Result<(), FilesError> {
        match self.aside.remove_file(NEW) {
            // What a host that died had begun.
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(failed(&error)),
        }
        let mut file = self
            .aside
            .open_with(NEW, OpenOptions::new().write(true).create_new(true))
            .map_err(|error| failed(&error))?;
        file.write_all(bytes).map_err(|error| failed(&error))?;
        file.sync_all().map_err(|error| failed(&error))?;
        self.aside.rename(NEW, folder, name)?;
        sync(folder)
    }

    pub(super) fn remove(&self, path: &FilePath) -> Result<(), FilesError> {
        let (folder, name) = match self.folder_of(path) {
            Err(FilesError::NotFound) => return Ok(()),
            other => other?,
        };
        let Some(found) = find(&folder, name)? else {
            return Ok(());
        };
        if found.metadata.is_dir() {
            folder.remove_dir(&found.name)?;
        } else if found.metadata.is_file() {
            folder.remove_file(&found.name)?;
        } else {
            return Err(FilesError::WrongKind);
        }
        sync(&folder)
    }

    pub(super) fn make_folder(&self, path: &FilePath, quota: Quota) -> Result<(), FilesError> {
        let (folder, name) = self.folder_of(path)?;
        match find(&folder, name)? {
            Some(found) if found.metadata.is_dir() => return Ok(()),
            Some(_) => return Err(FilesError::WrongKind),
            None => {}
        }
        let (total, entries) = usage(&self.tree)?;
        let total = total.saturating_add(Quota::counted(0));
        if entries >= quota.entries || total > quota.total_bytes {
            return Err(FilesError::QuotaExceeded);
        }
        folder.create_dir(name)?;
        sync(&folder)
    }

    pub(super) fn entries(&self, folder: &FilePath) -> Result<Vec<Entry>, FilesError> {
        let mut entries = Vec::new();
        for found in list(&self.folder(folder)?)? {
            entries.push(Entry {
                folder: found.metadata.is_dir(),
                bytes: match found.metadata.is_dir() {
                    true => 0,
                    false => found.metadata.len(),
                },
                name: found.name,
            });
        }
        entries.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(entries)
    }

    fn folder_of<'a>(&self, path: &'a FilePath) -> Result<(Dir, &'a str), FilesError> {
        let (folder, name) = path.split().ok_or(FilesError::WrongKind)?;
        Ok((self.folder(&folder)?, name))
    }

    fn folder(&self, path: &FilePath) -> Result<Dir, FilesError> {
        let mut folder = self.tree.try_clone()?;
        for name in path.names() {
            let found = find(&folder, name)?.ok_or(FilesError::NotFound)?;
            if !found.metadata.is_dir() {
                return Err(FilesError::WrongKind);
            }
            folder = folder.open_dir(&found.name)?;
        }
        Ok(folder)
    }
}

/// The folder with this name, made if it is missing; not what a link leads to.
pub(super) fn real_folder(within: &Dir, name: &str) -> Result<Dir, FilesError> {
    match within.symlink_metadata(name) {
        Ok(metadata) if metadata.is_dir() => {}
        Ok(_) => {
            return Err(FilesError::Unavailable(format!("{name} is no folder")));
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {
            within.create_dir(name).map_err(|error| failed(&error))?;
            sync(within)?;
        }
        Err(error) => return Err(failed(&error)),
    }
    within.open_dir(name).map_err(|error| failed(&error))
}

/// What has this name, however its case and accents are written; a link is not followed.
fn find(folder: &Dir, name: &str) -> Result<Option<Found>, FilesError> {
    match folder.symlink_metadata(name) {
        Ok(metadata) => {
            return Ok(Some(Found {
                name: name.to_owned(),
                metadata,
            }));
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(failed(&error)),
    }
    for entry in folder.entries()? {
        let entry = entry?;
        let Ok(written) = entry.file_name().into_string() else {
            continue;
        };
        if same_name(&written, name) {
            let metadata = folder.symlink_metadata(&written)?;
            return Ok(Some(Found {
                name: written,
                metadata,
            }));
        }
    }
    Ok(None)
}

/// The files and folders in a folder, and nothing else that may lie there.
fn list(folder: &Dir) -> Result<Vec<Found>, FilesError> {
    let mut all = Vec::new();
    for entry in folder.entries()? {
        let Ok(name) = entry?.file_name().into_string() else {
            continue;
        };
        let metadata = folder.symlink_metadata(&name)?;
        if is_name(&name) && (metadata.is_file() || metadata.is_dir()) {
            all.push(Found { name, metadata });
        }
    }
    Ok(all)
}

/// What all files and folders count as in bytes, and how many files and folders there are. Counted each time: what is on disk is the truth, and it is
/// never much.
fn usage(folder: &Dir) -> Result<(u64, usize), FilesError> {
    let (mut bytes, mut entries) = (0_u64, 0_usize);
    for found in list(folder)? {
        entries += 1;
        if found.metadata.is_dir() {
            let (inside, more) = usage(&folder.open_dir(&found.name)?)?;
            (bytes, entries) = (bytes.saturating_add(inside), entries + more);
            bytes = bytes.saturating_add(Quota::counted(0));
        } else {
            bytes = bytes.saturating_add(Quota::counted(found.metadata.len()));
        }
    }
    Ok((bytes, entries))
}

/// Has the names in a folder on disk too.
fn sync(folder: &Dir) -> Result<(), FilesError> {
    // Opened anew: `Dir` has its folder open for looking up names only.
    #[cfg(unix)]
    folder
        .open(".")
        .and_then(|folder| folder.sync_all())
        .map_err(|error| failed(&error))?;
    #[cfg(not(unix))]
    let _ = folder;
    Ok(())
}

/// Of the host's own doing, where nothing that is missing is the app's fault.
fn failed(error: &std::io::Error) -> FilesError {
    FilesError::Unavailable(error.to_string())
}
