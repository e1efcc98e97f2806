//! The names of a package, each given once.

use std::collections::{HashMap, HashSet};

use super::{PackageError, file_name};

/// The names that were claimed so far. What is made of them is bounded by their own bytes, each folder counted once.
pub(super) struct Names {
    /// Folders, as they were first written.
    folders: HashSet<String>,
    /// Folded name → name as it was first written.
    folded: HashMap<String, String>,
    /// How many bytes of names may still come.
    left: usize,
    limit: usize,
}

impl Names {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            folders: HashSet::new(),
            folded: HashMap::new(),
            left: limit,
            limit,
        }
    }

    /// No two names of one folder may fold to the same, and no file may have a folder's name.
    pub(super) fn claim(&mut self, path: &str, is_dir: bool) -> Result<(), PackageError> {
        for (at, _) in path.match_indices('/') {
            self.folder(path.get(..at).unwrap_or_default())?;
        }
        match is_dir {
            true => self.folder(path),
            false => self.add(path),
        }
    }

    fn folder(&mut self, name: &str) -> Result<(), PackageError> {
        if self.folders.contains(name) {
            return Ok(());
        }
        self.add(name)?;
        self.folders.insert(name.to_owned());
        Ok(())
    }

    fn add(&mut self, name: &str) -> Result<(), PackageError> {
        let left = self.left.checked_sub(name.len());
        self.left = left.ok_or(PackageError::NamesTooLong { limit: self.limit })?;
        let key = file_name::folded(name);
        if let Some(first) = self.folded.get(&key) {
            return Err(PackageError::SameName {
                first: first.clone(),
                second: name.to_owned(),
            });
        }
        self.folded.insert(key, name.to_owned());
        Ok(())
    }
}
