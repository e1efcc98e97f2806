//! `timer`: allowed, denied, over a freeze, wild numbers.

mod support;

use std::sync::Arc;
use std::time::Duration;

use lapak_host::capability::Providers;
use lapak_host::capability::timer::simulated::SimulatedTimer;
use lapak_host::{Capability, Runtime, RuntimeConfig, Session};
use support::{hostile, launch, tap, text};

async fn session(action: &str) -> (Runtime, Arc<SimulatedTimer>, Session) {
    let timer = Arc::new(SimulatedTimer::default());
    let runtime = Runtime::new(RuntimeConfig {
        providers: Providers {
            timer: timer.clone(),
            ..Providers::simulated()
        },
        ..RuntimeConfig::simulated()
    })
    .expect("a runtime");
    let app = runtime.load(hostile()).await.expect("load");
    let session = launch(&runtime, &app, action, "interaction");
    session.settled().await;
    (runtime, timer, session)
}

/// Waits until the app has handled `count` more events.
async fn after_events(session: &Session, count: u64, so_far: u64) {
    while session.handled() < so_far + count {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    session.settled().await;
}

#[tokio::test]
async fn it_wakes_the_app_when_its_time_has_passed_and_not_before() {
    let (_runtime, timer, session) = session("call-timer").await;
    tap(&session, "tap").await;
    let so_far = session.handled();
    timer.advance(Duration::from_millis(999));
    session.settled().await;
    assert_eq!(session.handled(), so_far);
    timer.advance(Duration::from_millis(1));
    after_events(&session, 1, so_far).await;
    assert_eq!(text(&session, "text"), "timer=ok");
}

#[tokio::test]
async fn a_frozen_session_is_thawed_by_its_timer() {
    let (_runtime, timer, session) = session("call-timer").await;
    tap(&session, "tap").await;
    assert!(session.freeze());
    let so_far = session.handled();
    timer.advance(Duration::from_secs(1));
    after_events(&session, 1, so_far).await;
    assert_eq!(text(&session, "text"), "timer=ok");
}

#[tokio::test]
async fn withdrawn_it_is_refused_and_what_ran_out_cannot_be_taken() {
    let (_runtime, timer, session) = session("call-timer").await;
    tap(&session, "tap").await;
    session.grants().withdraw(Capability::Timer);
    let so_far = session.handled();
    timer.advance(Duration::from_secs(1));
    after_events(&session, 1, so_far).await;
    assert!(text(&session, "text").contains("access-denied"));
    tap(&session, "tap").await;
    assert!(text(&session, "text").contains("access-denied"));
}

#[tokio::test]
async fn no_more_than_the_requests_in_flight() {
    let (_runtime, _timer, session) = session("call-timer-flood").await;
    tap(&session, "tap").await;
    assert_eq!(text(&session, "text"), "refused=68");
}

#[tokio::test]
async fn timers_of_others_cannot_be_taken() {
    let (_runtime, timer, session) = session("call-timer-foreign").await;
    timer.advance(Duration::from_secs(100));
    tap(&session, "tap").await;
    assert_eq!(text(&session, "text"), "taken=0");
}
