//! Disks that are full, slow or away, and hosts that overlap.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use lapak_host::snapshot::store::{SnapshotStore, StoreError};
use lapak_host::view::Trigger;
use lapak_host::{Launch, Residence, ResumeError, Session};

use super::support::store::Troubled;
use super::support::{counter, hostile, launch, settled, spins_now, tap, tap_on, text, until};
use super::{PATIENCE, over, spilling, start, suspend};

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
    let runtime = start(spilling(&store, folder.path()));
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
async fn a_store_that_panics_costs_no_session_and_does_not_end_the_keeper() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Arc::new(Troubled::default());
    let runtime = start(spilling(&store, folder.path()));
    let app = runtime.load(counter()).await.expect("load");
    let session = runtime.launch(&app, Launch::new("me")).expect("launch");
    settled(&session).await;
    let node = session.screen().tree.find("+", Trigger::Tap);
    let stored = |session: &Session| session.residence() == Residence::Stored;
    let errors = || runtime.metrics().store_errors;
    until("on disk", || stored(&session)).await;

    // When it is read, which a person waits for.
    store.panics.store(true, Ordering::SeqCst);
    session.send(tap_on(node.expect("a button"))).expect("sent");
    until("it was tried", || errors() > 0).await;
    store.panics.store(false, Ordering::SeqCst);
    settled(&session).await;
    assert_eq!(text(&session, "count"), "1");

    // When it is written, by the keeper.
    store.panics.store(true, Ordering::SeqCst);
    let before = errors();
    let other = runtime.launch(&app, Launch::new("you")).expect("launch");
    settled(&other).await;
    until("it was tried", || errors() > before).await;
    store.panics.store(false, Ordering::SeqCst);
    until("both on disk", || stored(&session) && stored(&other)).await;
}

#[tokio::test]
async fn who_ends_while_others_are_written_does_not_live_on_in_the_next_host() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Arc::new(Troubled::default());
    let mut config = over(&store, folder.path());
    config.snapshots.as_mut().expect("set").memory_bytes = 1;
    config.freeze_after = Duration::from_secs(2);
    config.limits.foreground_cpu = Duration::from_secs(1);
    let first = start(config);
    let hostile = first.load(hostile()).await.expect("load");
    let spins = launch(&first, &hostile, "spin", "interaction");
    settled(&spins).await;
    let node = spins.screen().tree.find("tap", Trigger::Tap);
    until("it is on disk", || spins.residence() == Residence::Stored).await;
    let count = first.load(counter()).await.expect("load");
    let counts = first.launch(&count, Launch::new("me")).expect("launch");
    settled(&counts).await;
    spins.send(tap_on(node.expect("a button"))).expect("sent");
    spins_now(&first).await;
    store.slow_put.shut();
    let suspending = tokio::spawn(async move { first.suspend(PATIENCE).await });
    until("the other is being written", || store.slow_put.holds_up()).await;
    spins.ended().await;
    store.slow_put.open();
    assert_eq!(suspending.await.expect("ran").expect("suspended"), 0);

    let second = start(over(&store, folder.path()));
    let _app = second.load(counter()).await.expect("load");
    assert!(second.session(counts.id()).is_ok());
    let revived = second.session(spins.id());
    assert!(
        matches!(revived, Err(ResumeError::Unknown(_))),
        "{revived:?}"
    );
}

/// It may have been written down already: handled here too, it would be handled twice.
#[tokio::test]
async fn no_letter_is_begun_by_a_host_that_is_being_stopped() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Arc::new(Troubled::default());
    let mut config = over(&store, folder.path());
    config.max_instances = 1;
    config.limits.foreground_cpu = Duration::from_secs(1);
    let first = start(config);
    let count = first.load(counter()).await.expect("load");
    let hostile = first.load(hostile()).await.expect("load");
    let counts = first.launch(&count, Launch::new("me")).expect("launch");
    settled(&counts).await;
    let plus = counts.screen().tree.find("+", Trigger::Tap);
    let spins = launch(&first, &hostile, "spin", "interaction");
    settled(&spins).await;
    let node = spins.screen().tree.find("tap", Trigger::Tap);
    spins.send(tap_on(node.expect("a button"))).expect("sent");
    spins_now(&first).await;
    counts.send(tap_on(plus.expect("a button"))).expect("sent");
    store.slow_put.shut();
    let suspending = tokio::spawn(async move { first.suspend(PATIENCE).await });
    until("the tap is being written", || store.slow_put.holds_up()).await;
    // Now the instance is free.
    spins.ended().await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    store.slow_put.open();
    assert_eq!(suspending.await.expect("ran").expect("suspended"), 0);

    let second = start(over(&store, folder.path()));
    let _app = second.load(counter()).await.expect("load");
    let before = second.events_handled();
    let session = second.session(counts.id()).expect("resumed");
    settled(&session).await;
    assert_eq!(text(&session, "count"), "1");
    assert_eq!(second.events_handled() - before, 1);
}

#[tokio::test]
async fn a_host_that_nobody_waits_for_is_stopped_all_the_same() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Arc::new(Troubled::default());
    let first = start(over(&store, folder.path()));
    let count = first.load(counter()).await.expect("load");
    let session = first.launch(&count, Launch::new("me")).expect("launch");
    settled(&session).await;
    tap(&session, "+").await;
    store.slow_put.shut();
    let given_up = tokio::time::timeout(Duration::from_millis(50), first.suspend(PATIENCE)).await;
    assert!(given_up.is_err());
    until("it is being written", || store.slow_put.holds_up()).await;
    store.slow_put.open();
    until("no session is left", || first.sessions() == 0).await;

    let second = start(over(&store, folder.path()));
    let _app = second.load(counter()).await.expect("load");
    let session = second.session(session.id()).expect("resumed");
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
    spins_now(&first).await;
    first.suspend(Duration::ZERO).await.expect("suspended");
    // The old host is still there: its guest is stopped in the middle of its endless loop, its keeper goes on.
    let stopped = || first.metrics().scheduler.running == [0; 3];
    until("the guest was stopped", stopped).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    let second = start(over(&store, folder.path()));
    let _app = second.load(hostile()).await.expect("load");
    assert!(second.session(session.id()).is_ok());
}
