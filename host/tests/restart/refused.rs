//! What may not go on: rows that were changed, keys of others; and what may, on another host with the same key.

use std::path::Path;
use std::sync::Arc;

use lapak_host::snapshot::seal::SealError;
use lapak_host::snapshot::store::sqlite::SqliteSnapshots;
use lapak_host::snapshot::store::{SnapshotStore, StoreError};
use lapak_host::view::Trigger;
use lapak_host::{EndCause, Launch, Residence, ResumeError, SessionId, SnapshotConfig};

use super::support::store::Troubled;
use super::support::{counter, settled, tap, tap_on, text, until};
use super::{in_folder, over, spilling, start, suspend};

#[tokio::test]
async fn what_was_tampered_with_is_refused_and_others_go_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let runtime = start(in_folder(folder.path()));
    let app = runtime.load(counter()).await.expect("load");
    let mut ids = Vec::new();
    for _ in 0..3 {
        let session = runtime.launch(&app, Launch::new("me")).expect("launch");
        settled(&session).await;
        ids.push(session.id());
    }
    drop(app);
    suspend(runtime).await;
    let store = SqliteSnapshots::open(&folder.path().join("sessions.sqlite")).expect("opened");
    let row = |id: SessionId| store.get(id).expect("read").expect("there");
    let mut changed = row(ids[0]);
    *changed.last_mut().expect("bytes") ^= 1;
    let foreign = row(ids[2]);
    store
        .put(&[(ids[0], &changed), (ids[1], &foreign)])
        .expect("written");
    drop(store);

    let runtime = start(in_folder(folder.path()));
    let _app = runtime.load(counter()).await.expect("load");
    for id in &ids[..2] {
        let refused = runtime.session(*id).expect_err("refused");
        assert!(
            matches!(refused, ResumeError::Seal(SealError::Tampered)),
            "{refused}"
        );
    }
    let session = runtime.session(ids[2]).expect("resumed");
    tap(&session, "+").await;
    assert_eq!(text(&session, "count"), "1");
    assert_eq!(runtime.sessions(), 1);
}

#[tokio::test]
async fn a_live_session_whose_row_was_changed_ends_and_says_why() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Arc::new(Troubled::default());
    let runtime = start(spilling(&store, folder.path()));
    let app = runtime.load(counter()).await.expect("load");
    let sessions = ["a", "b"].map(|me| runtime.launch(&app, Launch::new(me)).expect("launch"));
    let [one, other] = &sessions;
    for session in &sessions {
        settled(session).await;
    }
    let node = one.screen().tree.find("+", Trigger::Tap).expect("a button");
    until("on disk", || {
        sessions
            .iter()
            .all(|one| one.residence() == Residence::Stored)
    })
    .await;
    let old = store.get(one.id()).expect("read").expect("there");
    one.send(tap_on(node)).expect("sent");
    settled(one).await;
    until("on disk", || one.residence() == Residence::Stored).await;
    // Sealed by this very host, for this very session, but older than what it wrote last.
    store.put(&[(one.id(), &old)]).expect("written");
    one.send(tap_on(node)).expect("sent");
    let report = one.ended().await;
    assert!(
        matches!(report.cause, EndCause::HostFault { .. }),
        "{report}"
    );
    assert!(report.to_string().contains("another state"), "{report}");
    tap(other, "+").await;
    assert_eq!(text(other, "count"), "1");
}

#[tokio::test]
async fn another_key_opens_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let runtime = start(in_folder(folder.path()));
    let app = runtime.load(counter()).await.expect("load");
    let session = runtime.launch(&app, Launch::new("me")).expect("launch");
    settled(&session).await;
    let id = session.id();
    suspend(runtime).await;

    let elsewhere = tempfile::tempdir().expect("a folder");
    let mut config = in_folder(folder.path());
    config.snapshots.as_mut().expect("set").key_folder = elsewhere.path().to_owned();
    let runtime = start(config);
    let _app = runtime.load(counter()).await.expect("load");
    let refused = runtime.session(id).expect_err("refused");
    assert!(
        matches!(refused, ResumeError::Seal(SealError::OtherKey { .. })),
        "{refused}"
    );
}

#[tokio::test]
async fn another_host_with_the_same_key_and_store_goes_on() {
    let (here, there) = (tempfile::tempdir(), tempfile::tempdir());
    let (here, there) = (here.expect("a folder"), there.expect("a folder"));
    let store = Arc::new(Troubled::default());
    let first = start(over(&store, here.path()));
    let app = first.load(counter()).await.expect("load");
    let session = first.launch(&app, Launch::new("me")).expect("launch");
    settled(&session).await;
    tap(&session, "+").await;
    let (id, screen) = (session.id(), session.screen());
    drop((session, app));
    suspend(first).await;
    // Nothing of the first host's folder is there but its key.
    let keys = |folder: &Path| folder.join("key");
    std::fs::copy(keys(here.path()), keys(there.path())).expect("copied");
    here.close().expect("removed");

    let second = start(over(&store, there.path()));
    let _app = second.load(counter()).await.expect("load");
    let session = second.session(id).expect("resumed");
    assert_eq!(session.screen(), screen);
    tap(&session, "+").await;
    assert_eq!(text(&session, "count"), "2");
}

/// Two hosts on one folder would serve the same session.
#[tokio::test]
async fn a_folder_is_one_hosts_at_a_time() {
    let folder = tempfile::tempdir().expect("a folder");
    let first = start(in_folder(folder.path()));
    let refused = SnapshotConfig::in_folder(folder.path()).expect_err("in use");
    assert!(matches!(refused, StoreError::InUse(_)), "{refused}");
    let text = refused.to_string();
    assert!(text.contains("in use by another process"), "{text}");
    assert!(text.contains("choose another folder"), "{text}");
    suspend(first).await;
    SnapshotConfig::in_folder(folder.path()).expect("free again");
}
