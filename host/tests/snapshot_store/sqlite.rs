//! The SQLite store's file: opened again, refused, damaged.

use std::path::{Path, PathBuf};

use lapak_host::snapshot::store::sqlite::{Durability, SqliteOptions, SqliteSnapshots};
use lapak_host::snapshot::store::{SnapshotStore, StoreError};

use crate::{new_id, noise};

struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        Self { folder }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("snapshots.sqlite")
    }

    fn open(&self) -> SqliteSnapshots {
        SqliteSnapshots::open(&self.path()).expect("opened")
    }

    fn refused(&self) -> StoreError {
        SqliteSnapshots::open(&self.path()).expect_err("refused")
    }
}

#[test]
fn everything_is_there_when_it_is_opened_again() {
    let place = Place::new();
    let all: Vec<_> = (0..500).map(|seed| (new_id(), noise(seed, 3000))).collect();
    for batch in all.chunks(100) {
        let lent: Vec<_> = batch.iter().map(|(id, bytes)| (*id, &bytes[..])).collect();
        place.open().put(&lent).expect("kept");
    }
    place.open().put_image([1; 32], b"image").expect("kept");
    place.open().remove(&[all[0].0]).expect("removed");

    let options = SqliteOptions {
        durability: Durability::ProcessEnd,
        readers: 0,
        ..SqliteOptions::default()
    };
    let store = SqliteSnapshots::open_with(&place.path(), options).expect("opened");
    assert_eq!(store.len().expect("counted"), 499);
    assert_eq!(store.get(all[0].0).expect("read"), None);
    for (id, bytes) in &all[1..] {
        assert_eq!(store.get(*id).expect("read").as_ref(), Some(bytes));
    }
    assert_eq!(
        store.image([1; 32]).expect("read").as_deref(),
        Some(&b"image"[..])
    );
}

#[test]
fn a_reader_needs_nothing_that_a_writer_has() {
    let place = Place::new();
    let store = place.open();
    let session = new_id();
    store.put(&[(session, b"before")]).expect("kept");
    let writer = rusqlite::Connection::open(place.path()).expect("opened");
    writer
        .execute_batch("BEGIN EXCLUSIVE; UPDATE snapshots SET bytes = x'00'")
        .expect("begun");
    // A wait for the writer would end in an error: it does not end until this has its answers.
    assert_eq!(
        store.get(session).expect("read").as_deref(),
        Some(&b"before"[..])
    );
    assert_eq!(store.len().expect("counted"), 1);
    assert_eq!(store.after(None, 9).expect("listed"), [session]);
    writer.execute_batch("ROLLBACK").expect("ended");
}

#[test]
fn opening_reads_no_snapshot() {
    let place = Place::new();
    let ids: Vec<_> = (0..2000).map(|_| new_id()).collect();
    let bytes = noise(1, 3000);
    let batch: Vec<_> = ids.iter().map(|id| (*id, &bytes[..])).collect();
    place.open().put(&batch).expect("kept");
    // All pages behind the first few, which hold the roots of the tables, are ruined.
    let mut file = std::fs::read(place.path()).expect("the file");
    file[16 * 4096..].fill(0xff);
    std::fs::write(place.path(), file).expect("written");

    let store = place.open();
    assert_eq!(store.len().expect("counted"), 2000);
    let damaged = ids
        .iter()
        .filter(|id| matches!(store.get(**id), Err(StoreError::Damaged { .. })));
    assert!(
        damaged.count() > 1900,
        "damage is told, not passed on as a snapshot or as none"
    );
}

#[test]
fn a_newer_file_is_refused_and_left_as_it_is() {
    let place = Place::new();
    place.open().put(&[(new_id(), b"bytes")]).expect("kept");
    let file = rusqlite::Connection::open(place.path()).expect("opened");
    file.pragma_update(None, "user_version", 3).expect("set");
    drop(file);
    let before = std::fs::read(place.path()).expect("the file");
    let error = place.refused();
    let StoreError::NewerVersion {
        found: 3, known: 2, ..
    } = error
    else {
        panic!("{error}")
    };
    let text = error.to_string();
    assert!(text.contains("snapshots.sqlite"), "{text}");
    assert!(
        text.ends_with("has the store version 3, this Lapak knows up to 2; update Lapak"),
        "{text}"
    );
    assert_eq!(std::fs::read(place.path()).expect("the file"), before);
}

#[test]
fn a_file_of_the_first_version_goes_on_as_one_of_this() {
    let place = Place::new();
    let (old, new) = (new_id(), new_id());
    place.open().put(&[(old, b"bytes")]).expect("kept");
    let file = rusqlite::Connection::open(place.path()).expect("opened");
    // All that it had not.
    file.execute_batch("DROP TRIGGER parts_removed; DROP TABLE parts; PRAGMA user_version = 1;")
        .expect("made old");
    drop(file);
    let store = place.open();
    assert_eq!(
        store.get(old).expect("read").as_deref(),
        Some(&b"bytes"[..])
    );
    for id in [old, new] {
        let mut parts = [Ok(b"one".to_vec()), Ok(b"two".to_vec())].into_iter();
        store.put_parts(id, &mut parts).expect("kept");
    }
    drop(store);
    let (store, mut parts) = (place.open(), Vec::new());
    let all = store.parts(old, &mut |part| {
        parts.push(part.to_vec());
        std::ops::ControlFlow::Continue(())
    });
    all.expect("read");
    assert_eq!(parts, [b"one", b"two"]);
    assert_eq!(store.len().expect("counted"), 2);
}

#[test]
fn somebody_elses_file_is_refused_and_left_as_it_is() {
    let text = |path: &Path| std::fs::write(path, [b'x'; 5000]).expect("written");
    let database = |path: &Path| {
        let file = rusqlite::Connection::open(path).expect("opened");
        file.execute_batch("CREATE TABLE theirs (a)").expect("made");
    };
    let versioned = |path: &Path| {
        let file = rusqlite::Connection::open(path).expect("opened");
        file.pragma_update(None, "user_version", 1).expect("set");
    };
    let makers: [&dyn Fn(&Path); 3] = [&text, &database, &versioned];
    for (number, make) in makers.into_iter().enumerate() {
        let place = Place::new();
        make(&place.path());
        let before = std::fs::read(place.path()).expect("the file");
        let error = place.refused();
        assert!(
            matches!(error, StoreError::NotAStore { .. }),
            "{number}: {error}"
        );
        assert_eq!(
            std::fs::read(place.path()).expect("the file"),
            before,
            "{number}"
        );
    }
}

#[test]
fn a_place_where_no_file_can_be_is_an_error() {
    let place = Place::new();
    std::fs::create_dir(place.path()).expect("a folder in its place");
    let error = place.refused();
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error}");
    let missing = place.folder.path().join("missing/snapshots.sqlite");
    let error = SqliteSnapshots::open(&missing).expect_err("no folder");
    assert!(
        error
            .to_string()
            .starts_with("the snapshot store cannot open the file"),
        "{error}"
    );
}

#[test]
fn two_hosts_on_one_file_do_not_lose_anything() {
    let place = Place::new();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let store = place.open();
                for _ in 0..20 {
                    store.put(&[(new_id(), b"bytes")]).expect("kept");
                }
            });
        }
    });
    assert_eq!(place.open().len().expect("counted"), 80);
}

#[test]
fn hosts_that_make_one_file_at_the_same_time_all_open_it() {
    for _ in 0..50 {
        let place = Place::new();
        let all_here = std::sync::Barrier::new(4);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    all_here.wait();
                    place.open();
                });
            }
        });
    }
}

#[cfg(unix)]
#[test]
fn only_the_owner_can_read_it() {
    use std::os::unix::fs::PermissionsExt as _;

    let place = Place::new();
    let store = place.open();
    store.put(&[(new_id(), b"bytes")]).expect("kept");
    let files: Vec<_> = std::fs::read_dir(place.folder.path())
        .expect("the folder")
        .map(|file| file.expect("a file"))
        .collect();
    assert_eq!(files.len(), 3, "the file, its log, the log's index");
    for file in files {
        let mode = file.metadata().expect("there").permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{:?}", file.file_name());
    }
}
