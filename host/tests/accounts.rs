//! What a session causes is charged to its app, its person and its package, and goes back with it.

mod support;

use std::sync::{Arc, Mutex};

use lapak_host::capability::Providers;
use lapak_host::capability::storage::{Done, Operation, Outcome, Owner, Quota, StorageProvider};
use lapak_host::view::Trigger;
use lapak_host::{
    AccountLimits, AppSource, Cost, Launch, Runtime, RuntimeConfig, Session, ShellEvent,
};
use support::component::component;
use support::{
    counter, frozen, hostile, launch, launch_as, settled, tap, tap_on, text, until, with_wasm,
};

fn charged(runtime: &Runtime, cost: Cost) -> usize {
    let charged = runtime.metrics().charged;
    let mut all = charged.into_iter();
    all.find(|(one, _)| *one == cost).expect("a cost").1
}

#[tokio::test]
async fn a_frozen_session_is_charged_until_it_ends() {
    let runtime = Runtime::new(RuntimeConfig::simulated()).expect("a runtime");
    let app = runtime.load(counter()).await.expect("load");
    let session = runtime.launch(&app, Launch::new("me")).expect("launch");
    settled(&session).await;
    frozen(&session).await;
    let before = charged(&runtime, Cost::Memory);
    assert!((1..64 << 10).contains(&before), "{before}");
    tap(&session, "+").await;
    frozen(&session).await;
    let after = charged(&runtime, Cost::Memory);
    assert!(after > 0 && after.abs_diff(before) <= 1_024, "{after}");
    session.send(ShellEvent::Close).expect("sent");
    session.ended().await;
    // By the time that everybody is told of its end, or a moment later.
    while charged(&runtime, Cost::Memory) > 0 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn whoever_has_too_much_launches_no_more_and_others_do() {
    let mut accounts = AccountLimits::default();
    accounts.person.memory_bytes = 1;
    let runtime = Runtime::new(RuntimeConfig {
        accounts,
        ..RuntimeConfig::simulated()
    })
    .expect("a runtime");
    let app = runtime.load(counter()).await.expect("load");
    let mine = runtime.launch(&app, Launch::new("me")).expect("launch");
    settled(&mine).await;
    mine.freeze();
    // The keeper notices it within a tick.
    let report = mine.ended().await;
    assert!(report.to_string().contains("this person"), "{report}");
    assert_eq!(report.cause.kind(), "account-limit");
    let others = runtime.launch(&app, Launch::new("you")).expect("launch");
    settled(&others).await;
    assert!(others.screen().ended.is_none());
}

/// A component that keeps a value in a global cannot be frozen: each session keeps its memory.
#[tokio::test]
async fn sessions_that_cannot_be_frozen_have_a_quota() {
    let wasm = component(RESIDENT, &[]);
    let mut accounts = AccountLimits::default();
    accounts.person.memory_bytes = 48 << 20;
    accounts.app.memory_bytes = 80 << 20;
    let runtime = Runtime::new(RuntimeConfig {
        accounts,
        ..RuntimeConfig::simulated()
    })
    .expect("a runtime");
    let app = runtime.load(with_wasm(&counter(), &wasm)).await;
    let app = app.expect("load");
    let mut held = Vec::new();
    let mut refused = Vec::new();
    for number in 0..40 {
        let person = if number < 20 { "me" } else { "you" };
        match runtime.launch(&app, Launch::new(person)) {
            Ok(session) => {
                session.settled().await;
                held.push(session);
            }
            Err(error) => refused.push((person, error.to_string())),
        }
    }
    held.retain(|session| session.screen().ended.is_none());
    // 16 MiB each: three of a person's, five of the app's.
    assert_eq!(held.len(), 5, "{refused:?}");
    assert!(charged(&runtime, Cost::Memory) <= 80 << 20);
    assert!(refused[0].1.contains("this person"), "{refused:?}");
    let last = refused.last().expect("one").1.clone();
    assert!(
        last.contains("this app") || last.contains("this package"),
        "{last}"
    );
    // Who closes one has room for another.
    held[0].kill();
    let again = runtime.launch(&app, Launch::new("me")).expect("room");
    settled(&again).await;
    assert!(again.screen().ended.is_none());
    // And an app that can be frozen is not concerned.
    let ours = runtime.load(counter()).await.expect("load");
    let ours = runtime.launch(&ours, Launch::new("them")).expect("launch");
    settled(&ours).await;
    tap(&ours, "+").await;
}

/// Storage that answers when it is told to.
#[derive(Default)]
struct Silent(Mutex<Vec<Done>>);

impl StorageProvider for Silent {
    fn submit(&self, _: &Owner, _: Quota, _: Operation, done: Done) {
        self.0.lock().expect("unbroken").push(done);
    }
}

impl Silent {
    fn count(&self) -> usize {
        self.0.lock().expect("unbroken").len()
    }

    fn answer(&self, outcome: &Outcome) {
        let all = std::mem::take(&mut *self.0.lock().expect("unbroken"));
        all.into_iter().for_each(|done| done(Ok(outcome.clone())));
    }
}

fn with_storage(storage: &Arc<Silent>, accounts: AccountLimits) -> Runtime {
    Runtime::new(RuntimeConfig {
        providers: Providers {
            storage: storage.clone(),
            ..Providers::simulated()
        },
        accounts,
        ..RuntimeConfig::simulated()
    })
    .expect("a runtime")
}

fn taps(session: &Session) {
    let node = session.screen().tree.find("tap", Trigger::Tap);
    session.send(tap_on(node.expect("a button"))).expect("sent");
}

/// The attack `writing`: sessions of ever new people asked for 32 MiB each to be kept, and nobody counted it.
#[tokio::test]
async fn values_that_are_asked_to_be_kept_are_charged_until_nobody_has_them() {
    let storage = Arc::new(Silent::default());
    let runtime = with_storage(&storage, AccountLimits::default());
    let app = runtime.load(hostile()).await.expect("load");
    let session = launch(&runtime, &app, "call-storage-fill", "interaction");
    session.painted().await;
    assert_eq!(charged(&runtime, Cost::Transit), 0);
    taps(&session);
    // Twelve of a MiB, which the room has and the provider.
    until("all are asked", || storage.count() == 12).await;
    let all = charged(&runtime, Cost::Transit);
    // Their keys too, in whole KiB.
    assert!((24 << 20..25 << 20).contains(&all), "{all}");
    session.kill();
    session.ended().await;
    assert_eq!(
        charged(&runtime, Cost::Transit),
        all,
        "the provider has them still"
    );
    storage.answer(&Outcome::Done);
    assert_eq!(charged(&runtime, Cost::Transit), 0);
}

#[tokio::test]
async fn an_app_that_has_too_much_under_way_is_refused_and_another_is_not() {
    let storage = Arc::new(Silent::default());
    let mut accounts = AccountLimits::default();
    accounts.app.transit_bytes = 5 << 20;
    let runtime = with_storage(&storage, accounts);
    let app = runtime.load(hostile()).await.expect("load");
    for person in ["a", "b", "c"] {
        let session = launch_as(&runtime, &app, person, "call-storage-fill", "interaction");
        session.painted().await;
        taps(&session);
        // The first one waits for two answers, and the others are told at once.
        match person {
            "a" => until("it has asked", || storage.count() == 2).await,
            _ => session.settled().await,
        }
    }
    assert_eq!(storage.count(), 2);
    let other = AppSource::Place("/elsewhere".into());
    let other = runtime.load_from(hostile(), other).await.expect("load");
    let session = launch(&runtime, &other, "call-storage-fill", "interaction");
    session.painted().await;
    taps(&session);
    until("it has asked", || storage.count() == 4).await;
    // What is small is nobody's concern.
    let small = launch(&runtime, &app, "call-storage-write", "interaction");
    small.painted().await;
    taps(&small);
    until("it has asked", || storage.count() == 5).await;
    storage.answer(&Outcome::Done);
    small.settled().await;
    until("all is given back", || {
        charged(&runtime, Cost::Transit) == 0
    })
    .await;
}

#[tokio::test]
async fn an_answer_for_which_there_is_no_room_is_lost_alone() {
    let storage = Arc::new(Silent::default());
    let mut accounts = AccountLimits::default();
    accounts.app.transit_bytes = 1 << 20;
    let runtime = with_storage(&storage, accounts);
    let app = runtime.load(hostile()).await.expect("load");
    for (bytes, lost) in [(1 << 10, false), (2 << 20, true)] {
        let session = launch(&runtime, &app, "call-storage-read", "interaction");
        session.painted().await;
        taps(&session);
        until("it has asked", || storage.count() == 1).await;
        storage.answer(&Outcome::Value(Some(vec![b'7'; bytes])));
        session.settled().await;
        let said = text(&session, "text");
        assert_eq!(
            said.contains("navailable"),
            lost,
            "{}",
            &said[..said.len().min(99)]
        );
    }
    until("all is given back", || {
        charged(&runtime, Cost::Transit) == 0
    })
    .await;
}

const RESIDENT: &str = r#"(module
    (memory (export "memory") 256)
    (global $free (mut i32) (i32.const 65536))
    (global $kept (mut i32) (i32.const 0))
    (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
        (global.set $free (i32.and (i32.add (global.get $free) (i32.const 15)) (i32.const -16)))
        (global.get $free)
        (global.set $free (i32.add (global.get $free) (local.get 3))))
    (func (export "lapak:app/app@0.1.0#handle") (param i32) (result i32)
        (global.set $kept (i32.add (global.get $kept) (i32.const 1)))
        (i32.store8 (i32.const 64) (i32.const 0))
        (global.set $free (i32.const 65536))
        (i32.const 64)))"#;
