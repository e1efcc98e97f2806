//! Between memory and disk: what does not fit, and what is brought back.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use lapak_host::view::Trigger;
use lapak_host::{Launch, Residence, ResumeError, RuntimeConfig, Session, ShellEvent};

use super::support::store::Troubled;
use super::support::{
    counter, hostile, launch, launch_as, settled, still_works, tap, tap_on, text, until,
};
use super::{in_folder, over, spilling, start, suspend, with_slow};

#[tokio::test]
async fn what_does_not_fit_into_memory_goes_to_disk_and_comes_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut config = in_folder(folder.path());
    config.snapshots.as_mut().expect("set").memory_bytes = 1;
    config.freeze_after = Duration::ZERO;
    let runtime = start(config);
    let app = runtime.load(hostile()).await.expect("load");
    let mut sessions = Vec::new();
    for person in 0..20 {
        let session = launch_as(&runtime, &app, &format!("p{person}"), "nothing", "never");
        settled(&session).await;
        sessions.push((session, 0));
    }
    for round in 0..3 {
        let stored = |(session, _): &(Session, u32)| session.residence() == Residence::Stored;
        until("all are on disk", || sessions.iter().all(stored)).await;
        assert_eq!(runtime.metrics().frozen_bytes, 0);
        for (index, (session, taps)) in sessions.iter_mut().enumerate() {
            assert_eq!(
                text(session, "taps"),
                taps.to_string(),
                "read from the disk"
            );
            for _ in 0..(index + round) % 3 {
                still_works(session).await;
                *taps += 1;
            }
        }
    }
    let reading = runtime.metrics();
    assert!(
        reading.spilled >= 40 && reading.fetched >= 40,
        "{reading:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_session_that_is_asked_for_by_many_at_once_is_taken_up_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Arc::new(Troubled::default());
    let (config, _never) = with_slow(over(&store, folder.path()));
    let first = start(config);
    let app = first.load(hostile()).await.expect("load");
    let session = launch(&first, &app, "nothing", "request-finished");
    session.painted().await;
    let id = session.id();
    suspend(first).await;

    let (config, slow) = with_slow(over(&store, folder.path()));
    let second = start(RuntimeConfig {
        max_sessions: 1,
        ..config
    });
    let _app = second.load(hostile()).await.expect("load");
    store.reading.shut();
    let asking: Vec<_> = (0..4)
        .map(|_| {
            let runtime = second.clone();
            tokio::task::spawn_blocking(move || runtime.session(id).map(|one| one.id()))
        })
        .collect();
    for _ in 0..20 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    store.reading.open();
    for one in asking {
        assert_eq!(one.await.expect("ran").expect("resumed"), id);
    }
    assert_eq!(slow.asked.lock().expect("not poisoned").len(), 1);
    assert_eq!((second.sessions(), second.metrics().frozen), (1, 1));
}

#[tokio::test]
async fn a_session_is_brought_from_the_disk_once_for_all_its_letters() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Arc::new(Troubled::default());
    let runtime = start(spilling(&store, folder.path()));
    let app = runtime.load(counter()).await.expect("load");
    let session = runtime.launch(&app, Launch::new("me")).expect("launch");
    settled(&session).await;
    let node = session.screen().tree.find("+", Trigger::Tap);
    let node = node.expect("a button");
    until("on disk", || session.residence() == Residence::Stored).await;
    let reads = || store.reads.load(Ordering::SeqCst);
    let before = reads();
    store.reading.shut();
    for _ in 0..20 {
        session.send(tap_on(node)).expect("sent");
    }
    until("it is being read", || reads() > before).await;
    for _ in 0..20 {
        session.send(tap_on(node)).expect("sent");
    }
    assert_eq!(runtime.metrics().fetched, 0);
    store.reading.open();
    settled(&session).await;
    assert_eq!((reads(), runtime.metrics().fetched), (before + 1, 1));
    assert_eq!(text(&session, "count"), "40");
}

#[tokio::test]
async fn no_more_sessions_are_taken_up_than_the_host_allows() {
    let folder = tempfile::tempdir().expect("a folder");
    let first = start(in_folder(folder.path()));
    let app = first.load(counter()).await.expect("load");
    let mut ids = Vec::new();
    for _ in 0..3 {
        let session = first.launch(&app, Launch::new("me")).expect("launch");
        settled(&session).await;
        ids.push(session.id());
    }
    suspend(first).await;

    let second = start(RuntimeConfig {
        max_sessions: 2,
        ..in_folder(folder.path())
    });
    let _app = second.load(counter()).await.expect("load");
    let here = [ids[0], ids[1]].map(|id| second.session(id).expect("resumed"));
    let refused = second.session(ids[2]).expect_err("too many");
    assert!(
        matches!(refused, ResumeError::TooManySessions(2)),
        "{refused}"
    );
    here[0].send(ShellEvent::Close).expect("sent");
    here[0].ended().await;
    until("there is a place", || second.sessions() == 1).await;
    let last = second.session(ids[2]).expect("resumed");
    tap(&last, "+").await;
    assert_eq!(text(&last, "count"), "1");
}
