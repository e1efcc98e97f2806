//! `clock`: allowed, denied, and the same in every simulated run.

mod support;

use lapak_host::Capability;
use support::{hostile_app, launch, tap, text};

#[tokio::test]
async fn tells_the_time_until_it_is_withdrawn() {
    let (runtime, app) = hostile_app().await;
    let session = launch(&runtime, &app, "call-clock", "interaction");
    session.settled().await;
    tap(&session, "tap").await;
    assert!(
        text(&session, "text").contains("Ok"),
        "{}",
        text(&session, "text")
    );
    session.grants().withdraw(Capability::Clock);
    tap(&session, "tap").await;
    let refused = text(&session, "text");
    assert_eq!(refused.matches("access-denied").count(), 2, "{refused}");
}

#[tokio::test]
async fn a_simulated_clock_tells_the_same_in_every_run() {
    let mut told = Vec::new();
    for _ in 0..2 {
        let (runtime, app) = hostile_app().await;
        let session = launch(&runtime, &app, "call-clock", "interaction");
        session.settled().await;
        tap(&session, "tap").await;
        told.push(text(&session, "text"));
    }
    assert_eq!(told[0], told[1]);
}
