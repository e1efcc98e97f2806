//! Two packages of one `app_id` from two places: neither reads anything of the other's.

mod support;

use std::sync::Arc;

use lapak_host::audit::AuditQuery;
use lapak_host::capability::Providers;
use lapak_host::capability::storage::sqlite::SqliteStorage;
use lapak_host::grants::consent::memory::MemoryConsents;
use lapak_host::grants::consent::{Consent, ConsentStore as _, KeptConsent};
use lapak_host::{App, AppSource, Capability, Runtime, RuntimeConfig, Session};
use support::{hostile, launch, launch_as, tap, text};

fn place(name: &str) -> AppSource {
    AppSource::Place(name.into())
}

async fn loaded(runtime: &Runtime, source: AppSource) -> Arc<App> {
    runtime.load_from(hostile(), source).await.expect("loaded")
}

async fn tapped(runtime: &Runtime, app: &Arc<App>, what: &str) -> (Session, String) {
    let session = launch(runtime, app, what, "interaction");
    session.settled().await;
    tap(&session, "tap").await;
    let said = text(&session, "text");
    (session, said)
}

#[tokio::test]
async fn an_app_of_the_same_id_from_elsewhere_reads_nothing_of_the_first_ones() {
    let folder = tempfile::tempdir().expect("a folder");
    let storage = SqliteStorage::open(&folder.path().join("storage.sqlite")).expect("storage");
    let consents = Arc::new(MemoryConsents::default());
    let runtime = Runtime::new(RuntimeConfig {
        providers: Providers {
            storage: Arc::new(storage),
            ..Providers::simulated()
        },
        consents: consents.clone(),
        ..RuntimeConfig::simulated()
    })
    .expect("a runtime");
    let first = loaded(&runtime, place("/apps/shop")).await;
    let second = loaded(&runtime, place("/tmp/evil")).await;
    assert_eq!(first.manifest().app_id, second.manifest().app_id);

    let (session, said) = tapped(&runtime, &first, "call-storage-write").await;
    assert!(said.contains("done"), "{said}");
    let (other, said) = tapped(&runtime, &second, "call-storage-read").await;
    assert_eq!(said, "value=none");
    // The same place, loaded again, is the same app.
    let again = loaded(&runtime, place("/apps/shop")).await;
    let (_, said) = tapped(&runtime, &again, "call-storage-read").await;
    assert_eq!(said, "value=1");

    let (mine, theirs) = (session.owner(), other.owner());
    assert_eq!(mine.person, theirs.person);
    assert_ne!(
        mine, theirs,
        "files, identities and payments go by the owner"
    );
    let kept = KeptConsent {
        app_id: mine.app_id.to_string(),
        capability: Capability::Location,
        subject: String::new(),
        answer: Consent::Always,
        at_ms: 1,
    };
    consents.keep(&mine.person, &kept).expect("kept");
    let decided = |app: &Arc<App>| {
        let session = launch_as(&runtime, app, &mine.person, "still", "");
        session.grants().decide(Capability::Location)
    };
    assert_eq!(decided(&first), lapak_host::grants::Decision::Allowed);
    assert_eq!(decided(&second), lapak_host::grants::Decision::AskPerson);
}

/// What one did is in the audit as its own, and the other, of the same id and for the same person, has done nothing.
#[tokio::test]
async fn the_audit_tells_apart_who_has_the_same_id() {
    let runtime = Runtime::new(RuntimeConfig::simulated()).expect("a runtime");
    let first = loaded(&runtime, place("/apps/shop")).await;
    let second = loaded(&runtime, place("/tmp/evil")).await;
    let (mine, _) = tapped(&runtime, &first, "call-everything").await;
    let (theirs, _) = tapped(&runtime, &second, "call-storage-read").await;
    let (mine, theirs) = (mine.owner(), theirs.owner());
    assert_eq!(mine.person, theirs.person);
    let noted = |app_id: &str| {
        let query = AuditQuery {
            person: Some(&mine.person),
            app_id: Some(app_id),
            capability: None,
            since_ms: 0,
            limit: 100,
        };
        runtime.audit(query).expect("the audit").len()
    };
    assert!(noted(&mine.app_id) > 0, "it used what is audited");
    assert_eq!(noted(&theirs.app_id), 0);
    assert_eq!(noted(&first.manifest().app_id), 0, "nobody is only an id");
}

#[tokio::test]
async fn who_is_vouched_for_has_its_own_id_and_every_other_source_another() {
    let runtime = Runtime::new(RuntimeConfig::simulated()).expect("a runtime");
    let sources = [
        AppSource::Registry,
        AppSource::Developer([1; 32]),
        AppSource::Developer([2; 32]),
        place("/a"),
        place("/b"),
        AppSource::Package,
    ];
    let mut ids = Vec::new();
    for source in sources {
        let app = loaded(&runtime, source).await;
        let session = launch(&runtime, &app, "still", "");
        let id = session.owner().app_id.to_string();
        assert_eq!(id.split('@').next(), Some(app.manifest().app_id.as_str()));
        ids.push(id);
    }
    assert_eq!(ids[0], hostile().manifest().app_id);
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 6);
}
