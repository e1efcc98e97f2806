//! Sessions on disk: they go on in the next process, whatever happened to the last one.

mod support;

#[path = "restart/fetching.rs"]
mod fetching;
#[path = "restart/parts.rs"]
mod parts;
#[path = "restart/refused.rs"]
mod refused;
#[path = "restart/timers.rs"]
mod timers;
#[path = "restart/trouble.rs"]
mod trouble;

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use lapak_host::capability::Providers;
use lapak_host::capability::storage::{Done, Operation, Outcome, Owner, Quota, StorageProvider};
use lapak_host::snapshot::store::SnapshotStore;
use lapak_host::view::{InputValue, Trigger};
use lapak_host::{
    Capability, Launch, ResumeError, Runtime, RuntimeConfig, ShellEvent, SnapshotConfig,
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

/// The same; whoever is idle goes to the store at once.
fn spilling(store: &Arc<Troubled>, folder: &Path) -> RuntimeConfig {
    let mut config = over(store, folder);
    config.snapshots.as_mut().expect("set").memory_bytes = 1;
    config.freeze_after = Duration::ZERO;
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
