//! No room: a named error, nothing acknowledged is lost, and the store goes on once there is room.

use std::io::Write as _;
use std::path::Path;
use std::process::Command;

use lapak_host::SessionId;
use lapak_host::snapshot::store::sqlite::{SqliteOptions, SqliteSnapshots};
use lapak_host::snapshot::store::{SnapshotStore, StoreError};

use crate::{new_id, noise};

type Batch = Vec<(SessionId, Vec<u8>)>;

fn batch(number: u64) -> Batch {
    (0..20)
        .map(|at| (new_id(), noise(number * 20 + at, 3000)))
        .collect()
}

fn put(store: &dyn SnapshotStore, batch: &Batch) -> Result<(), StoreError> {
    let lent: Vec<_> = batch.iter().map(|(id, bytes)| (*id, &bytes[..])).collect();
    store.put(&lent)
}

/// Puts batches until there is no room: those that were acknowledged, and the one that was not.
fn fill(store: &dyn SnapshotStore) -> (Vec<Batch>, Batch) {
    let mut acknowledged = Vec::new();
    // Bounded, so that a store without a limit fails the test and not the disk.
    for number in 0..1000 {
        let batch = batch(number);
        match put(store, &batch) {
            Ok(()) => acknowledged.push(batch),
            Err(StoreError::Full { .. }) => {
                assert!(acknowledged.len() > 3, "there was some room at first");
                return (acknowledged, batch);
            }
            Err(other) => panic!("not told as a full disk: {other}"),
        }
    }
    panic!("never full");
}

fn assert_all_there(store: &dyn SnapshotStore, batches: &[Batch]) {
    for (id, bytes) in batches.iter().flatten() {
        assert!(
            store.get(*id).expect("read").as_ref() == Some(bytes),
            "{id:?}"
        );
    }
    let count = batches.iter().map(Vec::len).sum::<usize>();
    assert_eq!(store.len().expect("counted"), count as u64);
}

#[test]
fn the_limit_of_the_store() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("snapshots.sqlite");
    let options = SqliteOptions {
        max_bytes: Some(4 << 20),
        ..SqliteOptions::default()
    };
    let store = SqliteSnapshots::open_with(&path, options).expect("opened");
    let (mut kept, refused) = fill(&store);
    assert_all_there(&store, &kept);
    for (id, _) in &refused {
        assert_eq!(store.get(*id).expect("read"), None, "nothing of that batch");
    }
    // An image has no room either, and says so.
    let error = store
        .put_image([1; 32], &noise(1, 1 << 20))
        .expect_err("full");
    assert!(
        error.to_string().starts_with("no room to keep an image"),
        "{error}"
    );

    // Removing works on a full store, and makes room.
    let removed: Vec<_> = kept.drain(..2).flatten().map(|(id, _)| id).collect();
    store.remove(&removed).expect("removed");
    put(&store, &refused).expect("room again");
    kept.push(refused);
    assert_all_there(&store, &kept);
    drop(store);
    assert!(std::fs::metadata(&path).expect("the file").len() <= 4 << 20);

    // The limit is the opener's, not the file's.
    let store = SqliteSnapshots::open(&path).expect("opened");
    assert_all_there(&store, &kept);
    kept.push(batch(5000));
    put(&store, kept.last().expect("a batch")).expect("no limit");
    assert_all_there(&store, &kept);
}

#[test]
fn one_that_is_larger_than_any_can_be() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = SqliteSnapshots::open(&folder.path().join("s.sqlite")).expect("opened");
    let session = new_id();
    // SQLite's limit is 1,000,000,000 bytes; untouched zeros cost no memory here.
    let huge = vec![0; 1_000_000_001];
    let error = store
        .put(&[(session, b"small"), (new_id(), &huge)])
        .expect_err("too large");
    assert!(matches!(error, StoreError::TooLarge { .. }), "{error}");
    assert_eq!(store.get(session).expect("read"), None);
    store.put(&[(session, b"small")]).expect("kept");
    assert_eq!(store.len().expect("counted"), 1);
}

/// A small file system of its own, taken away at the end.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    /// `None`, and the reason on the terminal, where this cannot be made.
    fn new() -> Option<Self> {
        let folder = tempfile::tempdir().expect("a folder");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=8m", "lapak-test"])
            .arg(folder.path())
            .output();
        let reason = match mounted {
            Ok(output) if output.status.success() => return Some(Self(folder)),
            Ok(output) => String::from_utf8_lossy(&output.stderr).trim().to_owned(),
            Err(error) => error.to_string(),
        };
        // Not `eprintln!`: that is shown only when a test fails.
        let mut terminal = std::io::stderr();
        writeln!(
            terminal,
            "skipped: a_disk_that_is_full needs root and tmpfs ({reason})"
        )
        .expect("written");
        None
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg(self.path()).status();
        assert!(unmounted.is_ok_and(|status| status.success()) || std::thread::panicking());
    }
}

#[test]
fn a_disk_that_is_full() {
    let Some(disk) = SmallDisk::new() else {
        return;
    };
    let ballast = disk.path().join("ballast");
    std::fs::write(&ballast, vec![1; 2 << 20]).expect("written");
    let path = disk.path().join("snapshots.sqlite");
    let store = SqliteSnapshots::open(&path).expect("opened");
    let (mut kept, refused) = fill(&store);
    assert_all_there(&store, &kept);
    // It stays full and stays well, however often one tries. The same ones: others, whose random ids fall elsewhere in the tree, may
    // need a page less, and fit.
    for attempt in 0..5 {
        let again = put(&store, &refused);
        assert!(
            matches!(again, Err(StoreError::Full { .. })),
            "{attempt}: {again:?}"
        );
    }
    assert_all_there(&store, &kept);

    std::fs::remove_file(&ballast).expect("removed");
    put(&store, &refused).expect("room again");
    kept.push(refused);
    assert_all_there(&store, &kept);

    // Full to the brim once more, and everything is there after a restart.
    let (more, _) = fill_again(&store, &kept);
    kept.extend(more);
    drop(store);
    let store = SqliteSnapshots::open(&path).expect("opened");
    assert_all_there(&store, &kept);
    drop(store);
}

fn fill_again(store: &dyn SnapshotStore, kept: &[Batch]) -> (Vec<Batch>, Batch) {
    let filled = fill(store);
    let count: usize = kept.iter().chain(&filled.0).map(Vec::len).sum();
    assert_eq!(store.len().expect("counted"), count as u64);
    filled
}
