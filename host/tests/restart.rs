//! Sessions on disk: they go on in the next process, whatever happened to the last one.

mod support;

use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use lapak_host::capability::Providers;
use lapak_host::capability::storage::{Done, Operation, Outcome, Owner, Quota, StorageProvider};
use lapak_host::snapshot::seal::SealError;
use lapak_host::snapshot::store::sqlite::SqliteSnapshots;
use lapak_host::snapshot::store::{SnapshotStore, StoreError};
use lapak_host::view::{InputValue, Trigger};
use lapak_host::{
    Capability, EndCause, Launch, Residence, ResumeError, Runtime, RuntimeConfig, Session,
    SessionId, ShellEvent, SnapshotConfig,
};
use support::store::Troubled;
use support::{
    built, counter, hostile, launch, launch_as, settled, still_works, tap, tap_on, text, until,
};

const PATIENCE: Duration = Duration::from_secs(30);

/// Sessions in SQLite in `folder`, written only when they must be.
fn in_folder(folder: &Path) -> RuntimeConfig {
    let snapshots = SnapshotConfig::in_folder(folder).expect("a store");
    RuntimeConfig {
        snapshots: Some(SnapshotConfig {
            checkpoint: None,
            ..snapshots
        }),
        freeze_after: Duration::from_secs(3_600),
        ..RuntimeConfig::simulated()
    }
}

/// Sessions in `store`, with the key in `folder`.
fn over(store: &Arc<Troubled>, folder: &Path) -> RuntimeConfig {
    let mut config = in_folder(folder);
    if let Some(snapshots) = &mut config.snapshots {
        snapshots.store = store.clone();
    }
    config
}

fn start(config: RuntimeConfig) -> Runtime {
    Runtime::new(config).expect("a runtime")
}

async fn suspend(runtime: Runtime) {
    assert_eq!(runtime.suspend(PATIENCE).await.expect("suspended"), 0);
}

/// A storage that answers when it is told to.
#[derive(Default)]
struct Slow {
    asked: Mutex<Vec<Done>>,
}

impl StorageProvider for Slow {
    fn submit(&self, _: &Owner, _: Quota, _: Operation, done: Done) {
        self.asked.lock().expect("not poisoned").push(done);
    }
}

impl Slow {
    fn answer(&self, value: &str) {
        for done in self.asked.lock().expect("not poisoned").drain(..) {
            done(Ok(Outcome::Value(Some(value.into()))));
        }
    }
}

fn with_slow(config: RuntimeConfig) -> (RuntimeConfig, Arc<Slow>) {
    let slow = Arc::new(Slow::default());
    let providers = Providers {
        storage: slow.clone(),
        ..Providers::simulated()
    };
    (
        RuntimeConfig {
            providers,
            ..config
        },
        slow,
    )
}

#[tokio::test]
async fn a_session_goes_on_with_everything_it_had() {
    let folder = tempfile::tempdir().expect("a folder");
    let first = start(in_folder(folder.path()));
    let count = first.load(counter()).await.expect("load");
    let warung = first.load(built("examples/warung")).await.expect("load");
    let counting = first.launch(&count, Launch::new("a")).expect("launch");
    settled(&counting).await;
    for _ in 0..3 {
        tap(&counting, "+").await;
    }
    let mut stack = Launch::new("b");
    stack.pages = vec!["pages/menu".into(), "pages/dish?id=rendang".into()];
    let ordering = first.launch(&warung, stack).expect("launch");
    settled(&ordering).await;
    tap(&ordering, "more").await;
    let note = ordering.screen().tree.find("note", Trigger::Input);
    let typed = ShellEvent::Input {
        node: note.expect("a note"),
        trigger: Trigger::Input,
        value: InputValue::Text("half a sen".into()),
    };
    ordering.send(typed).expect("sent");
    ordering.send(ShellEvent::Hide).expect("sent");
    settled(&ordering).await;
    let screens = [counting.screen(), ordering.screen()];
    assert_eq!(screens[1].depth, 2);
    assert!(screens[1].tree.to_text().contains("half a sen"));
    let ids = [counting.id(), ordering.id()];
    drop((counting, ordering, count, warung));
    suspend(first).await;

    let second = start(in_folder(folder.path()));
    let refused = second.session(ids[0]).expect_err("nothing is loaded");
    assert!(matches!(refused, ResumeError::AppNotLoaded(_)), "{refused}");
    let _count = second.load(counter()).await.expect("load");
    let _warung = second.load(built("examples/warung")).await.expect("load");
    let [counting, ordering] = ids.map(|id| second.session(id).expect("resumed"));
    assert_eq!([counting.screen(), ordering.screen()], screens);
    assert_eq!(&*ordering.owner().person, "b");
    settled(&counting).await;
    settled(&ordering).await;
    tap(&counting, "+").await;
    assert_eq!(text(&counting, "count"), "4");
    // What was typed is in the app's memory too, and not only on the screen.
    tap(&ordering, "more").await;
    assert!(ordering.screen().tree.to_text().contains("half a sen"));
    ordering.send(ShellEvent::Back).expect("sent");
    settled(&ordering).await;
    assert_eq!(ordering.screen().depth, 1);
}

#[tokio::test]
async fn what_was_withdrawn_stays_withdrawn() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Arc::new(Troubled::default());
    let config = || {
        let mut config = over(&store, folder.path());
        config.snapshots.as_mut().expect("set").checkpoint = Some(Duration::from_millis(1));
        config
    };
    let first = start(config());
    let app = first.load(hostile()).await.expect("load");
    let session = launch(&first, &app, "call-everything", "interaction");
    settled(&session).await;
    let written = || first.metrics().written;
    until("a checkpoint", || written() > 0).await;
    assert!(session.freeze());
    // Idle, frozen, and on disk as it was: the only change is what the platform allows.
    let mut before = 0;
    while before != written() {
        before = written();
        // Some of the keeper's rounds.
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    session.grants().withdraw(Capability::Random);
    until("the withdrawal is written", || written() > before).await;
    let id = session.id();
    // No `suspend`: the host dies.
    drop((session, first));

    let second = start(config());
    let _app = second.load(hostile()).await.expect("load");
    let session = second.session(id).expect("resumed");
    assert!(!session.grants().granted().contains(&Capability::Random));
    session.grants().withdraw(Capability::Clock);
    suspend(second).await;

    let third = start(config());
    let _app = third.load(hostile()).await.expect("load");
    let session = third.session(id).expect("resumed");
    settled(&session).await;
    tap(&session, "tap").await;
    let all = text(&session, "text");
    let came_to = |call: &str| all.lines().find_map(|line| line.strip_prefix(call));
    for (call, outcome) in [
        ("random.bytes=", "access-denied"),
        ("clock.now=", "access-denied"),
        ("storage.get=", "ok"),
    ] {
        assert!(
            came_to(call).is_some_and(|came| came.contains(outcome)),
            "{all}"
        );
    }
}

#[tokio::test]
async fn letters_that_waited_are_handled_by_the_next_host() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut config = in_folder(folder.path());
    config.max_instances = 1;
    config.workers = 1;
    let (config, slow) = with_slow(config);
    let first = start(config);
    let app = first.load(hostile()).await.expect("load");
    let tapped = launch_as(&first, &app, "a", "nothing", "never");
    settled(&tapped).await;
    let asking = launch_as(&first, &app, "b", "nothing", "request-finished");
    until("it has asked", || {
        !slow.asked.lock().expect("not poisoned").is_empty()
    })
    .await;
    asking.painted().await;
    let spinning = launch_as(&first, &app, "c", "spin", "interaction");
    settled(&spinning).await;
    let node = spinning
        .screen()
        .tree
        .find("tap", Trigger::Tap)
        .expect("a button");
    spinning.send(tap_on(node)).expect("sent");
    // The only instance is taken from here on: these wait.
    for _ in 0..3 {
        tapped.send(tap_on(node)).expect("sent");
    }
    slow.answer("late");
    let ids = [tapped.id(), asking.id()];
    let left = first.suspend(Duration::ZERO).await.expect("suspended");
    assert!(left <= 1, "all but the one that spins: {left}");
    drop((tapped, asking, spinning, app, first));

    let second = start(in_folder(folder.path()));
    let _app = second.load(hostile()).await.expect("load");
    let [tapped, asking] = ids.map(|id| second.session(id).expect("resumed"));
    settled(&tapped).await;
    assert_eq!(text(&tapped, "taps"), "3");
    settled(&asking).await;
    // Once: the outcome that was there, and no second one from asking again.
    assert_eq!(text(&asking, "text"), "value=late");
    still_works(&asking).await;
}

#[tokio::test]
async fn a_request_in_flight_gets_its_outcome_from_the_next_host() {
    let folder = tempfile::tempdir().expect("a folder");
    let (config, never) = with_slow(in_folder(folder.path()));
    let first = start(config);
    let app = first.load(hostile()).await.expect("load");
    let session = launch(&first, &app, "nothing", "request-finished");
    until("it has asked", || {
        never.asked.lock().expect("not poisoned").len() == 1
    })
    .await;
    session.painted().await;
    assert_eq!(text(&session, "text"), "");
    let id = session.id();
    suspend(first).await;
    never.answer("too late: that host is gone");

    let (config, slow) = with_slow(in_folder(folder.path()));
    let second = start(config);
    let _app = second.load(hostile()).await.expect("load");
    let session = second.session(id).expect("resumed");
    assert_eq!(slow.asked.lock().expect("not poisoned").len(), 1);
    slow.answer("yes");
    settled(&session).await;
    assert_eq!(text(&session, "text"), "value=yes");
}

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
    let mut config = over(&store, folder.path());
    config.snapshots.as_mut().expect("set").memory_bytes = 1;
    config.freeze_after = Duration::ZERO;
    let runtime = start(config);
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
async fn a_closed_session_cannot_be_had_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Arc::new(Troubled::default());
    let mut config = over(&store, folder.path());
    config.snapshots.as_mut().expect("set").checkpoint = Some(Duration::from_millis(1));
    let runtime = start(config);
    let app = runtime.load(counter()).await.expect("load");
    for _ in 0..5 {
        let session = runtime.launch(&app, Launch::new("me")).expect("launch");
        settled(&session).await;
        until("it is on disk", || store.len().expect("counted") == 1).await;
        session.send(ShellEvent::Close).expect("sent");
        session.ended().await;
        // At once, and not only when the next checkpoint has removed it.
        until("it is out of the list", || runtime.sessions() == 0).await;
        let refused = runtime.session(session.id()).expect_err("it is over");
        assert!(matches!(refused, ResumeError::Unknown(_)), "{refused}");
        until("it is gone from the disk", || {
            store.is_empty().expect("counted")
        })
        .await;
    }
}

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
    let mut config = over(&store, folder.path());
    config.snapshots.as_mut().expect("set").memory_bytes = 1;
    config.freeze_after = Duration::ZERO;
    let runtime = start(config);
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

#[tokio::test]
async fn what_was_left_on_disk_is_not_taken_away_by_an_end_that_comes_later() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Arc::new(Troubled::default());
    let mut config = over(&store, folder.path());
    config.snapshots.as_mut().expect("set").checkpoint = Some(Duration::from_millis(1));
    config.limits.foreground_cpu = Duration::from_millis(500);
    let first = start(config);
    let app = first.load(hostile()).await.expect("load");
    let session = launch(&first, &app, "spin", "interaction");
    settled(&session).await;
    until("it is on disk", || store.len().expect("counted") == 1).await;
    let node = session.screen().tree.find("tap", Trigger::Tap);
    session.send(tap_on(node.expect("a button"))).expect("sent");
    first.suspend(Duration::ZERO).await.expect("suspended");
    // The old host is still there: its guest is ended for its endless loop, its keeper goes on.
    until("the guest was ended", || {
        session.cpu_time() > Duration::from_millis(500)
    })
    .await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    let second = start(over(&store, folder.path()));
    let _app = second.load(hostile()).await.expect("load");
    assert!(second.session(session.id()).is_ok());
}

#[tokio::test]
async fn a_provider_that_never_answers_keeps_no_session_that_has_ended() {
    let (config, slow) = with_slow(RuntimeConfig::simulated());
    let runtime = start(config);
    let app = runtime.load(hostile()).await.expect("load");
    let session = launch(&runtime, &app, "nothing", "request-finished");
    until("it has asked", || {
        slow.asked.lock().expect("not poisoned").len() == 1
    })
    .await;
    session.painted().await;
    session.send(ShellEvent::Close).expect("sent");
    session.ended().await;
    drop(session);
    until("nothing refers to the app but this test", || {
        Arc::strong_count(&app) == 1
    })
    .await;
}
