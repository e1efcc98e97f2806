//! Disks that are full, slow or away, and hosts that overlap.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use lapak_host::snapshot::store::{SnapshotStore, StoreError};
use lapak_host::view::Trigger;
use lapak_host::{Launch, Residence, ResumeError, Session};

use super::support::store::Troubled;
use super::support::{counter, hostile, launch, settled, tap, tap_on, text, until};
use super::{PATIENCE, over, start, suspend};

#[tokio::test]
async fn a_full_disk_loses_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Arc::new(Troubled::default());
    store.full.store(true, Ordering::SeqCst);
    let config = || {
        let mut config = over(&store, folder.path());
        let snapshots = config.snapshots.as_mut().expect("set");
        snapshots.checkpoint = Some(Duration::from_millis(1));
        snapshots.memory_bytes = 1;
        config.freeze_after = Duration::ZERO;
        config
    };
    let first = start(config());
    let app = first.load(counter()).await.expect("load");
    let mut sessions = Vec::new();
    for person in 0..10 {
        let session = first
            .launch(&app, Launch::new(format!("p{person}")))
            .expect("launch");
        settled(&session).await;
        sessions.push(session);
    }
    let tries = || store.refused.load(Ordering::SeqCst);
    until("some writes were refused", || tries() > 3).await;
    for session in &sessions {
        tap(session, "+").await;
    }
    let seen = tries();
    until("more writes were refused", || tries() > seen + 3).await;
    assert!(first.metrics().store_errors > 0);
    let refused = first.suspend(PATIENCE).await.expect_err("no room");
    assert!(
        matches!(refused, ResumeError::Store(StoreError::Full { .. })),
        "{refused}"
    );
    // They go on, all of them.
    for session in &sessions {
        tap(session, "+").await;
        assert_eq!(text(session, "count"), "2");
    }
    store.full.store(false, Ordering::SeqCst);
    until("all are written", || store.len().expect("counted") == 10).await;
    let ids: Vec<_> = sessions.iter().map(Session::id).collect();
    drop((sessions, app));
    suspend(first).await;

    let second = start(config());
    let _app = second.load(counter()).await.expect("load");
    for id in ids {
        let session = second.session(id).expect("resumed");
        settled(&session).await;
        assert_eq!(text(&session, "count"), "2");
    }
}

#[tokio::test]
async fn an_older_state_is_never_written_after_a_newer_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Arc::new(Troubled::default());
    let mut config = over(&store, folder.path());
    config.snapshots.as_mut().expect("set").checkpoint = Some(Duration::from_millis(1));
    let first = start(config);
    let app = first.load(counter()).await.expect("load");
    let session = first.launch(&app, Launch::new("me")).expect("launch");
    settled(&session).await;
    store.slow_put.shut();
    tap(&session, "+").await;
    until("a checkpoint is under way", || store.slow_put.holds_up()).await;
    // It has the session as it was then.
    tap(&session, "+").await;
    tap(&session, "+").await;
    let id = session.id();
    let suspending = tokio::spawn(async move { first.suspend(PATIENCE).await });
    // Time for a suspend that does not wait for the checkpoint to overtake it; one that waits cannot.
    for _ in 0..20 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    store.slow_put.open();
    assert_eq!(suspending.await.expect("ran").expect("suspended"), 0);

    let second = start(over(&store, folder.path()));
    let _app = second.load(counter()).await.expect("load");
    let session = second.session(id).expect("resumed");
    settled(&session).await;
    assert_eq!(text(&session, "count"), "3");
}

#[tokio::test]
async fn a_disk_that_cannot_be_read_for_a_while_costs_no_session() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Arc::new(Troubled::default());
    let mut config = over(&store, folder.path());
    config.snapshots.as_mut().expect("set").memory_bytes = 1;
    config.freeze_after = Duration::ZERO;
    let runtime = start(config);
    let app = runtime.load(counter()).await.expect("load");
    let session = runtime.launch(&app, Launch::new("me")).expect("launch");
    settled(&session).await;
    let node = session.screen().tree.find("+", Trigger::Tap);
    until("on disk", || session.residence() == Residence::Stored).await;
    store.unreadable.store(true, Ordering::SeqCst);
    session.send(tap_on(node.expect("a button"))).expect("sent");
    until("it was tried", || runtime.metrics().store_errors > 0).await;
    store.unreadable.store(false, Ordering::SeqCst);
    settled(&session).await;
    assert_eq!(text(&session, "count"), "1");
}

#[tokio::test]
async fn what_was_left_on_disk_is_not_taken_away_by_an_end_that_comes_later() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Arc::new(Troubled::default());
    let mut config = over(&store, folder.path());
    config.snapshots.as_mut().expect("set").checkpoint = Some(Duration::from_millis(1));
    config.limits.foreground_cpu = Duration::from_secs(3_600);
    let first = start(config);
    let app = first.load(hostile()).await.expect("load");
    let session = launch(&first, &app, "spin", "interaction");
    settled(&session).await;
    until("it is on disk", || store.len().expect("counted") == 1).await;
    let node = session.screen().tree.find("tap", Trigger::Tap);
    session.send(tap_on(node.expect("a button"))).expect("sent");
    // In the middle of the event: else the tap would only wait on disk.
    let runs = || first.metrics().scheduler.running != [0; 3];
    until("it spins", runs).await;
    first.suspend(Duration::ZERO).await.expect("suspended");
    // The old host is still there: its guest is stopped in the middle of its endless loop, its keeper goes on.
    until("the guest was stopped", || !runs()).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    let second = start(over(&store, folder.path()));
    let _app = second.load(hostile()).await.expect("load");
    assert!(second.session(session.id()).is_ok());
}
