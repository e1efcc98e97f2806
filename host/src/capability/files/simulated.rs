//! Files in memory, for tests, pictures and headless runs.
//!
//! Differs from real ones in that nothing outlives the process, that the medium never fails, and that every operation is over
//! before `submit` returns.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};

use lapak_abi::file_path::FilePath;

use super::{Done, Entry, FilesError, FilesProvider, Operation, Outcome, Quota};
use crate::capability::storage::Owner;

/// Owners for whom something is kept.
const MOST_OWNERS: usize = 10_000;

/// A tree for each owner.
#[derive(Debug, Default)]
pub struct SimulatedFiles {
    owners: Mutex<HashMap<Owner, Tree>>,
}

/// What there is, by folded path: a folder's is followed by those of what is in it.
type Tree = BTreeMap<String, Node>;

#[derive(Debug)]
struct Node {
    name: String,
    /// `None`: a folder.
    bytes: Option<Vec<u8>>,
}

impl FilesProvider for SimulatedFiles {
    fn submit(&self, owner: &Owner, quota: Quota, operation: Operation, done: Done) {
        let outcome = {
            let mut owners = self.owners.lock().unwrap_or_else(PoisonError::into_inner);
            let full = owners.len() >= MOST_OWNERS;
            match owners.get_mut(owner) {
                Some(tree) => carry_out(tree, quota, operation),
                // Who only looks has nothing kept for them.
                None if !matches!(operation, Operation::Write(..) | Operation::MakeFolder(_)) => {
                    carry_out(&mut Tree::new(), quota, operation)
                }
                None if full => Err(FilesError::QuotaExceeded),
                None => carry_out(owners.entry(owner.clone()).or_default(), quota, operation),
            }
        };
        done(outcome);
    }
}

fn carry_out(tree: &mut Tree, quota: Quota, operation: Operation) -> Result<Outcome, FilesError> {
    match operation {
        Operation::Read(path) => {
            is_folder(tree, &folder_of(&path))?;
            let node = tree.get(&path.folded()).ok_or(FilesError::NotFound)?;
            let bytes = node.bytes.as_ref().ok_or(FilesError::WrongKind)?;
            match bytes.len() as u64 > quota.file_bytes {
                true => Err(FilesError::TooLarge),
                false => Ok(Outcome::Bytes(bytes.clone())),
            }
        }
        Operation::Write(path, bytes) => put(tree, quota, &path, Some(bytes)),
        Operation::MakeFolder(path) => put(tree, quota, &path, None),
        Operation::Remove(path) => remove(tree, &path),
        Operation::Clear => {
            tree.clear();
            Ok(Outcome::Done)
        }
        Operation::Entries(folder) => {
            is_folder(tree, &folder)?;
            let entries = inside(tree, &folder).map(|node| Entry {
                name: node.name.clone(),
                folder: node.bytes.is_none(),
                bytes: node.bytes.as_ref().map_or(0, |bytes| bytes.len() as u64),
            });
            let mut entries: Vec<_> = entries.collect();
            entries.sort_by(|one, other| one.name.cmp(&other.name));
            Ok(Outcome::Entries(entries))
        }
    }
}

/// Puts a file, or a folder, where it is said.
fn put(
    tree: &mut Tree,
    quota: Quota,
    path: &FilePath,
    bytes: Option<Vec<u8>>,
) -> Result<Outcome, FilesError> {
    let (folder, name) = path.split().ok_or(FilesError::WrongKind)?;
    is_folder(tree, &folder)?;
    let folded = path.folded();
    let old = tree.get(&folded);
    match (old.map(|node| &node.bytes), &bytes) {
        (Some(None), None) => return Ok(Outcome::Done),
        (Some(None), Some(_)) | (Some(Some(_)), None) => return Err(FilesError::WrongKind),
        _ => {}
    }
    let size = |bytes: &Option<Vec<u8>>| bytes.as_ref().map_or(0, Vec::len) as u64;
    if size(&bytes) > quota.file_bytes {
        return Err(FilesError::TooLarge);
    }
    let counted = |bytes: &Option<Vec<u8>>| Quota::counted(size(bytes));
    let total: u64 = tree.values().map(|node| counted(&node.bytes)).sum();
    let total = total - old.map_or(0, |node| counted(&node.bytes)) + counted(&bytes);
    let entries = tree.len() + usize::from(old.is_none());
    if total > quota.total_bytes || entries > quota.entries {
        return Err(FilesError::QuotaExceeded);
    }
    let name = old.map_or(name, |node| &node.name).to_owned();
    tree.insert(folded, Node { name, bytes });
    Ok(Outcome::Done)
}

fn remove(tree: &mut Tree, path: &FilePath) -> Result<Outcome, FilesError> {
    match is_folder(tree, &folder_of(path)) {
        Err(FilesError::NotFound) => return Ok(Outcome::Done),
        other => other?,
    }
    if inside(tree, path).next().is_some() {
        return Err(FilesError::WrongKind);
    }
    tree.remove(&path.folded());
    Ok(Outcome::Done)
}

fn folder_of(path: &FilePath) -> FilePath {
    path.split()
        .map_or_else(FilePath::own_folder, |(folder, _)| folder)
}

/// Whether there is such a folder.
fn is_folder(tree: &Tree, folder: &FilePath) -> Result<(), FilesError> {
    let Some((parent, _)) = folder.split() else {
        return Ok(());
    };
    // A file on the way is no folder; one that is not there comes first.
    is_folder(tree, &parent)?;
    let node = tree.get(&folder.folded()).ok_or(FilesError::NotFound)?;
    match node.bytes {
        Some(_) => Err(FilesError::WrongKind),
        None => Ok(()),
    }
}

/// What is right in a folder.
fn inside<'a>(tree: &'a Tree, folder: &FilePath) -> impl Iterator<Item = &'a Node> {
    let mut prefix = folder.folded();
    if !prefix.is_empty() {
        prefix.push('/');
    }
    let from = tree.range(prefix.clone()..);
    let below = from.map_while(move |(path, node)| Some((path.strip_prefix(&prefix)?, node)));
    below
        .filter(|(rest, _)| !rest.contains('/'))
        .map(|(_, node)| node)
}
