//! An app is uninstalled: what it kept for the person is gone, and nothing else.

mod support;

use std::sync::Arc;
use std::sync::mpsc;

use lapak_abi::file_path::FilePath;
use lapak_host::capability::files::folder::FolderFiles;
use lapak_host::capability::files::{self, FilesError};
use lapak_host::capability::storage::sqlite::SqliteStorage;
use lapak_host::capability::storage::{self, Owner};
use lapak_host::capability::{Providers, files::FilesProvider};
use lapak_host::grants::consent::memory::MemoryConsents;
use lapak_host::grants::consent::{Consent, ConsentStore as _, KeptConsent};
use lapak_host::{Capability, Runtime, RuntimeConfig};

fn owner(app: &str, person: &str) -> Owner {
    Owner {
        app_id: app.into(),
        person: person.into(),
    }
}

fn note() -> FilePath {
    FilePath::parse("notes/today").expect("a path")
}

fn file(
    runtime: &Runtime,
    of: &Owner,
    operation: files::Operation,
) -> Result<files::Outcome, FilesError> {
    let (done, outcome) = mpsc::channel();
    let quota = files::Quota::of(runtime.limits());
    let done = Box::new(move |outcome| done.send(outcome).expect("awaited"));
    runtime.providers().files.submit(of, quota, operation, done);
    outcome.recv().expect("an outcome")
}

fn store(runtime: &Runtime, of: &Owner, operation: storage::Operation) -> storage::Outcome {
    let (done, outcome) = mpsc::channel();
    let quota = storage::Quota::of(runtime.limits());
    let done = Box::new(move |outcome| done.send(outcome).expect("awaited"));
    runtime
        .providers()
        .storage
        .submit(of, quota, operation, done);
    outcome.recv().expect("an outcome").expect("done")
}

fn fill(runtime: &Runtime, consents: &MemoryConsents, of: &Owner) {
    store(
        runtime,
        of,
        storage::Operation::Set("k".into(), b"v".to_vec()),
    );
    let folder = FilePath::parse("notes").expect("a path");
    file(runtime, of, files::Operation::MakeFolder(folder)).expect("made");
    file(
        runtime,
        of,
        files::Operation::Write(note(), b"hello".to_vec()),
    )
    .expect("written");
    let consent = KeptConsent {
        app_id: of.app_id.to_string(),
        capability: Capability::Location,
        subject: String::new(),
        answer: Consent::Always,
        at_ms: 1,
    };
    consents.keep(&of.person, &consent).expect("kept");
}

/// Values stored, whether the file is there, answers kept.
fn left(runtime: &Runtime, consents: &MemoryConsents, of: &Owner) -> (usize, bool, usize) {
    let keys = match store(runtime, of, storage::Operation::Keys) {
        storage::Outcome::Keys(keys) => keys.len(),
        other => panic!("{other:?}"),
    };
    let read = file(runtime, of, files::Operation::Read(note()));
    let all = consents.all(&of.person).expect("answers");
    let answers = all.iter().filter(|one| *one.app_id == *of.app_id);
    (keys, read.is_ok(), answers.count())
}

#[tokio::test]
async fn what_the_app_kept_for_the_person_is_gone_and_nothing_else() {
    let folder = tempfile::tempdir().expect("a folder");
    let consents = Arc::new(MemoryConsents::default());
    let files: Arc<dyn FilesProvider> =
        Arc::new(FolderFiles::open(&folder.path().join("files")).expect("files"));
    let storage = SqliteStorage::open(&folder.path().join("storage")).expect("storage");
    let runtime = Runtime::new(RuntimeConfig {
        providers: Providers {
            files,
            storage: Arc::new(storage),
            ..Providers::simulated()
        },
        consents: consents.clone(),
        ..RuntimeConfig::simulated()
    });
    let runtime = runtime.expect("a runtime");
    let gone = owner("shop", "ani");
    let others = [owner("shop", "budi"), owner("bank", "ani")];
    for of in others.iter().chain([&gone]) {
        fill(&runtime, &consents, of);
        assert_eq!(left(&runtime, &consents, of), (1, true, 1));
    }
    // Twice: the second finds nothing to do.
    for _ in 0..2 {
        runtime.uninstall(&gone).await.expect("uninstalled");
        assert_eq!(left(&runtime, &consents, &gone), (0, false, 0));
    }
    for of in &others {
        assert_eq!(left(&runtime, &consents, of), (1, true, 1));
    }
}
