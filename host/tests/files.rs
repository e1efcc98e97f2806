//! `files`: allowed, denied, withdrawn, in order, within quotas, over restarts; links and other tricks; the folder and the
//! simulation alike.

mod support;

use std::path::{Path, PathBuf};
use std::sync::{Arc, mpsc};

use lapak_abi::file_path::FilePath;
use lapak_abi::limits::Limits;
use lapak_host::capability::Providers;
use lapak_host::capability::files::folder::FolderFiles;
use lapak_host::capability::files::simulated::SimulatedFiles;
use lapak_host::capability::files::{
    Done, Entry, FilesError, FilesProvider, Operation, Outcome, Quota,
};
use lapak_host::capability::storage::Owner;
use lapak_host::simulated::SimulatedDevices;
use lapak_host::{Capability, RuntimeConfig, SnapshotConfig};
use support::device::{Device, ask, told};
use support::{launch_as, tap, text};

/// As files lie on disk: in pages.
const PAGE: usize = 4_096;
const QUOTA: Quota = Quota {
    total_bytes: 8 * PAGE as u64,
    file_bytes: 3 * PAGE as u64,
    entries: 5,
    write_bytes_per_second: 1 << 20,
    write_burst_bytes: 16 << 20,
};

fn owner(app: &str, person: &str) -> Owner {
    Owner {
        app_id: app.into(),
        person: person.into(),
    }
}

fn ani() -> Owner {
    owner("app", "ani")
}

fn path(text: &str) -> FilePath {
    FilePath::folder(text).expect(text)
}

/// Does one thing and waits for it.
fn does(
    files: &dyn FilesProvider,
    owner: &Owner,
    operation: Operation,
) -> Result<Outcome, FilesError> {
    let (done, outcome) = mpsc::channel();
    let send = move |outcome| done.send(outcome).expect("heard");
    files.submit(owner, QUOTA, operation, Box::new(send));
    outcome.recv().expect("an outcome")
}

/// The same in words: `write a/b content`, `read a/b`.
fn says(files: &dyn FilesProvider, owner: &Owner, line: &str) -> String {
    let mut words = line.splitn(3, ' ');
    let verb = words.next().unwrap_or_default();
    let to = path(words.next().unwrap_or_default());
    let outcome = does(
        files,
        owner,
        match verb {
            "read" => Operation::Read(to),
            "write" => Operation::Write(to, words.next().unwrap_or_default().into()),
            "remove" => Operation::Remove(to),
            "folder" => Operation::MakeFolder(to),
            _ => Operation::Entries(to),
        },
    );
    match outcome {
        Ok(Outcome::Done) => "done".into(),
        Ok(Outcome::Bytes(bytes)) => String::from_utf8(bytes).expect("text"),
        Ok(Outcome::Entries(entries)) => {
            let shown = entries.iter().map(|entry| match entry.folder {
                true => format!("{}/", entry.name),
                false => format!("{}:{}", entry.name, entry.bytes),
            });
            shown.collect::<Vec<_>>().join(" ")
        }
        Err(FilesError::Unavailable(why)) => format!("unavailable: {why}"),
        Err(error) => format!("{error:?}"),
    }
}

fn both(test: impl Fn(&dyn FilesProvider)) {
    test(&SimulatedFiles::default());
    let folder = tempfile::tempdir().expect("a folder");
    test(&FolderFiles::open(folder.path()).expect("files"));
}

fn all(files: &dyn FilesProvider, lines: &[(&str, &str)]) {
    for (line, expected) in lines {
        assert_eq!(says(files, &ani(), line), *expected, "{line}");
    }
}

#[test]
fn files_and_folders_are_written_read_listed_and_removed() {
    both(|files| {
        all(
            files,
            &[
                ("list ", ""),
                ("read a", "NotFound"),
                ("write a one", "done"),
                ("write a three", "done"),
                ("read a", "three"),
                ("folder b", "done"),
                ("folder b", "done"),
                ("write b/c x", "done"),
                ("folder b/d", "done"),
                ("list ", "a:5 b/"),
                ("list b", "c:1 d/"),
                ("remove b", "WrongKind"),
                ("remove b/c", "done"),
                ("remove b/d", "done"),
                ("remove b/d", "done"),
                ("remove b", "done"),
                ("remove b/c", "done"),
                ("list b", "NotFound"),
                ("list ", "a:5"),
            ],
        );
    });
}

#[test]
fn a_folder_is_no_file_and_a_file_is_no_folder() {
    both(|files| {
        all(
            files,
            &[
                ("write a x", "done"),
                ("folder b", "done"),
                ("read b", "WrongKind"),
                ("write b x", "WrongKind"),
                ("folder a", "WrongKind"),
                ("list a", "WrongKind"),
                ("read a/b", "WrongKind"),
                ("write a/b x", "WrongKind"),
                ("remove a/b", "WrongKind"),
                ("write c/d x", "NotFound"),
                ("folder c/d", "NotFound"),
                ("list c", "NotFound"),
                ("list ", "a:1 b/"),
            ],
        );
    });
}

#[test]
fn names_that_differ_in_case_or_accents_are_one() {
    both(|files| {
        all(
            files,
            &[
                ("write Caf\u{e9} one", "done"),
                ("write CAFE\u{301} two", "done"),
                ("read caf\u{e9}", "two"),
                ("list ", "Caf\u{e9}:3"),
                ("folder B", "done"),
                ("folder b", "done"),
                ("write b/C x", "done"),
                ("read B/c", "x"),
                ("list ", "B/ Caf\u{e9}:3"),
                ("remove CAF\u{e9}", "done"),
                ("list ", "B/"),
            ],
        );
    });
}

#[test]
fn quotas_hold_and_nothing_is_written_past_them() {
    both(|files| {
        let of = |bytes: usize| "x".repeat(bytes);
        let three = of(2 * PAGE + 1);
        let write = |name: &str| says(files, &ani(), &format!("write {name} {three}"));
        assert_eq!(
            [write("a"), write("b"), write("c")],
            ["done", "done", "QuotaExceeded"]
        );
        // In the place of another there is room.
        assert_eq!(write("a"), "done");
        let large = format!("write a {}", of(3 * PAGE + 1));
        assert_eq!(says(files, &ani(), &large), "TooLarge");
        all(
            files,
            &[
                ("list ", "a:8193 b:8193"),
                ("folder d", "done"),
                // A page too many.
                (&format!("write e {}", of(PAGE + 1)), "QuotaExceeded"),
                ("remove b", "done"),
                ("folder d/e", "done"),
                ("write d/e/f ", "done"),
                ("write g ", "done"),
                // A name too many.
                ("write h ", "QuotaExceeded"),
                ("folder h", "QuotaExceeded"),
                ("write g x", "done"),
                ("remove d/e/f", "done"),
                ("write h ", "done"),
            ],
        );
    });
}

#[test]
fn nobody_reaches_anothers_files() {
    both(|files| {
        let owners = [
            ani(),
            owner("app", "budi"),
            owner("other", "ani"),
            // Written after one another they would be Ani's.
            owner("appani", ""),
            owner("ap", "pani"),
        ];
        for (index, owner) in owners.iter().enumerate() {
            assert_eq!(says(files, owner, "list "), "");
            assert_eq!(says(files, owner, &format!("write a {index}")), "done");
        }
        for (index, owner) in owners.iter().enumerate() {
            assert_eq!(says(files, owner, "read a"), index.to_string());
        }
    });
}

/// The folder of the only owner below `root`.
fn own_folder(root: &Path) -> PathBuf {
    let mut owners = std::fs::read_dir(root).expect("the folder");
    let owner = owners.next().expect("one owner").expect("readable");
    assert!(owners.next().is_none());
    owner.path()
}

#[test]
fn what_is_written_is_there_for_the_next_host_and_names_tell_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let files = FolderFiles::open(folder.path()).expect("files");
    assert_eq!(says(&files, &ani(), "write a one"), "done");
    drop(files);
    let files = FolderFiles::open(folder.path()).expect("files");
    assert_eq!(says(&files, &ani(), "read a"), "one");
    let own = own_folder(folder.path());
    let name = own.file_name().expect("a name").to_string_lossy();
    assert!(name.len() == 64 && !name.contains("ani") && !name.contains("app"));
    // What a host that died was writing is nobody's, and is written over.
    std::fs::write(own.join("aside/new"), "half").expect("written");
    assert_eq!(says(&files, &ani(), "write b two"), "done");
    assert_eq!(says(&files, &ani(), "list "), "a:3 b:3");
    assert!(!own.join("aside/new").exists());
}

#[cfg(unix)]
#[test]
fn links_that_somebody_put_there_are_not_followed() {
    use std::os::unix::fs::symlink;

    let outside = tempfile::tempdir().expect("a folder");
    std::fs::write(outside.path().join("secret"), "secret").expect("written");
    let folder = tempfile::tempdir().expect("a folder");
    let files = FolderFiles::open(folder.path()).expect("files");
    assert_eq!(says(&files, &ani(), "write a one"), "done");
    let tree = own_folder(folder.path()).join("files");
    symlink(outside.path().join("secret"), tree.join("file")).expect("a link");
    symlink(outside.path(), tree.join("folder")).expect("a link");
    symlink("a", tree.join("inside")).expect("a link");
    symlink("nowhere", tree.join("dangling")).expect("a link");
    for name in ["file", "folder", "inside", "dangling"] {
        for line in ["read", "write", "remove", "folder", "list"] {
            let said = says(&files, &ani(), &format!("{line} {name}"));
            assert_eq!(said, "WrongKind", "{line} {name}");
        }
        assert_eq!(
            says(&files, &ani(), &format!("read {name}/secret")),
            "WrongKind"
        );
        assert_eq!(
            says(&files, &ani(), &format!("write {name}/x x")),
            "WrongKind"
        );
    }
    assert_eq!(says(&files, &ani(), "list "), "a:3");
    let secret = std::fs::read_to_string(outside.path().join("secret"));
    assert_eq!(secret.expect("there"), "secret");
    assert_eq!(std::fs::read_dir(outside.path()).expect("there").count(), 1);

    // Nor where the owner's folder is, or the parts of it.
    let own = own_folder(folder.path());
    for part in ["files", "aside"] {
        std::fs::rename(own.join(part), own.join("moved")).expect("moved");
        symlink(outside.path(), own.join(part)).expect("a link");
        assert!(says(&files, &ani(), "write a two").starts_with("unavailable"));
        std::fs::remove_file(own.join(part)).expect("removed");
        std::fs::rename(own.join("moved"), own.join(part)).expect("moved");
    }
    assert_eq!(says(&files, &ani(), "read a"), "one");
}

#[cfg(unix)]
#[test]
fn what_is_neither_file_nor_folder_keeps_nobody_waiting() {
    let folder = tempfile::tempdir().expect("a folder");
    let files = FolderFiles::open(folder.path()).expect("files");
    assert_eq!(says(&files, &ani(), "list "), "");
    let tree = own_folder(folder.path()).join("files");
    let _socket = std::os::unix::net::UnixListener::bind(tree.join("socket")).expect("a socket");
    assert_eq!(says(&files, &ani(), "read socket"), "WrongKind");
    assert_eq!(says(&files, &ani(), "write socket x"), "WrongKind");
    assert_eq!(says(&files, &ani(), "list "), "");
}

/// A runtime whose files are in a folder.
async fn device(folder: &Path) -> Device {
    let files = FolderFiles::open(&folder.join("files")).expect("files");
    let sessions = folder.join("sessions");
    std::fs::create_dir_all(&sessions).expect("a folder");
    let config = RuntimeConfig {
        providers: Providers {
            files: Arc::new(files),
            ..Providers::simulated()
        },
        snapshots: Some(SnapshotConfig::in_folder(&sessions).expect("a folder")),
        ..RuntimeConfig::simulated()
    };
    Device::with(config, SimulatedDevices::default()).await
}

#[tokio::test]
async fn requests_are_carried_out_in_their_order() {
    let folder = tempfile::tempdir().expect("a folder");
    for device in [Device::new().await, device(folder.path()).await] {
        let session = device.launch("call-files-order", "").await;
        tap(&session, "tap").await;
        let shown = text(&session, "text");
        let lines: Vec<_> = shown.lines().skip(1).collect();
        let expected = [
            "done",
            "done",
            "done",
            "bytes=two",
            "done",
            "entries=[]",
            "done",
        ];
        assert_eq!(lines[..7], expected, "{shown}");
        assert!(lines[7].contains("not-found"), "{shown}");
    }
}

#[tokio::test]
async fn files_outlive_the_session_and_the_host() {
    let folder = tempfile::tempdir().expect("a folder");
    let first = device(folder.path()).await;
    let session = first.launch("call-files-write", "note.txt,bananas").await;
    tap(&session, "tap").await;
    assert!(text(&session, "text").ends_with("done"));
    drop((session, first));
    let second = device(folder.path()).await;
    let session = second.launch("call-files-read", "note.txt").await;
    tap(&session, "tap").await;
    assert!(text(&session, "text").ends_with("bytes=bananas"));
    let of_budi = launch_as(
        &second.runtime,
        &second.app,
        "budi",
        "call-files-entries",
        "interaction",
    );
    of_budi.settled().await;
    tap(&of_budi, "tap").await;
    assert!(text(&of_budi, "text").ends_with("entries=[]"));
}

#[tokio::test]
async fn what_was_not_answered_is_done_after_a_restart() {
    /// Answers nobody.
    struct Mute;
    impl FilesProvider for Mute {
        fn submit(&self, _: &Owner, _: Quota, _: Operation, done: Done) {
            drop(done);
        }
    }
    let folder = tempfile::tempdir().expect("a folder");
    let with = |files: Arc<dyn FilesProvider>| RuntimeConfig {
        providers: Providers {
            files,
            ..Providers::simulated()
        },
        snapshots: Some(SnapshotConfig::in_folder(folder.path()).expect("a folder")),
        ..RuntimeConfig::simulated()
    };
    let first = Device::with(with(Arc::new(Mute)), SimulatedDevices::default()).await;
    let session = first.launch("call-files-order", "").await;
    ask(&session).await;
    let id = session.id();
    let patience = std::time::Duration::from_secs(30);
    first.runtime.suspend(patience).await.expect("suspended");
    drop((session, first));
    let files = Arc::new(SimulatedFiles::default());
    let second = Device::with(with(files), SimulatedDevices::default()).await;
    let session = second.runtime.session(id).expect("resumed");
    told(&session, "bytes=two").await;
    told(&session, "not-found").await;
}

#[tokio::test]
async fn tricks_floods_and_other_peoples_requests_come_to_nothing() {
    let device = Device::new().await;
    for (action, expected) in [
        ("call-files-tricks", "taken=0"),
        ("call-files-large", "too-large"),
        ("call-files-flood", "refused=68"),
        ("call-files-foreign", "taken=0"),
        ("call-files-fill", "quota-exceeded"),
    ] {
        let session = device.launch(action, "").await;
        tap(&session, "tap").await;
        let shown = text(&session, "text");
        assert!(shown.contains(expected), "{action}: {shown}");
    }
    let limits = Limits::default();
    assert_eq!(
        (limits.files_total_bytes, limits.file_bytes),
        (10 << 20, 1 << 20)
    );
}

#[tokio::test]
async fn no_grant_no_files() {
    let device = Device::new().await;
    let session = device.launch("call-files-write", "a,x").await;
    session.grants().withdraw(Capability::Files);
    tap(&session, "tap").await;
    assert!(text(&session, "text").contains("access-denied"));
    session.grants().grant(Capability::Files);
    tap(&session, "tap").await;
    assert!(text(&session, "text").ends_with("done"));
}

#[tokio::test]
async fn a_medium_that_fails_or_answers_nonsense_is_unavailable() {
    struct Mad;
    impl FilesProvider for Mad {
        fn submit(&self, _: &Owner, _: Quota, operation: Operation, done: Done) {
            let entry = |name: &str| Entry {
                name: name.into(),
                folder: false,
                bytes: 0,
            };
            done(match operation {
                Operation::Read(_) => Ok(Outcome::Done),
                Operation::Write(..) => Err(FilesError::Unavailable("secret".into())),
                Operation::Entries(_) => {
                    let wild = ["../../etc", "", "b", "a"].map(entry);
                    Ok(Outcome::Entries(wild.into()))
                }
                _ => Ok(Outcome::Bytes(vec![])),
            });
        }
    }
    let config = RuntimeConfig {
        providers: Providers {
            files: Arc::new(Mad),
            ..Providers::simulated()
        },
        ..RuntimeConfig::simulated()
    };
    let device = Device::with(config, SimulatedDevices::default()).await;
    for (action, expected) in [
        ("call-files-read", "unavailable"),
        ("call-files-write", "unavailable"),
        ("call-files-remove", "unavailable"),
        ("call-files-entries", "entries=[a:0 b:0]"),
    ] {
        let session = device.launch(action, "a").await;
        tap(&session, "tap").await;
        let shown = text(&session, "text");
        assert!(
            shown.contains(expected) && !shown.contains("secret"),
            "{action}: {shown}"
        );
    }
}
