//! What a session causes is charged to its app, its person and its package, and goes back with it.

mod support;

use lapak_host::{AccountLimits, Cost, Launch, Runtime, RuntimeConfig, ShellEvent};
use support::{counter, settled, tap};

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
    assert!(session.freeze());
    let frozen = charged(&runtime, Cost::Memory);
    assert!((1..64 << 10).contains(&frozen), "{frozen}");
    tap(&session, "+").await;
    assert!(session.freeze());
    assert_eq!(charged(&runtime, Cost::Memory), frozen);
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
    assert!(mine.freeze());
    // The keeper notices it within a tick.
    let report = mine.ended().await;
    assert!(report.to_string().contains("this person"), "{report}");
    assert_eq!(report.cause.kind(), "account-limit");
    let others = runtime.launch(&app, Launch::new("you")).expect("launch");
    settled(&others).await;
    assert!(others.screen().ended.is_none());
}
