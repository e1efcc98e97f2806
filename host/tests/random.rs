//! `random`: allowed, denied, and never more than it may be.

mod support;

use lapak_host::Capability;
use support::{hostile_app, launch, still_works, tap, text};

async fn answer(action: &str, granted: bool) -> String {
    let (runtime, app) = hostile_app().await;
    let session = launch(&runtime, &app, action, "interaction");
    session.settled().await;
    if !granted {
        session.grants().withdraw(Capability::Random);
    }
    tap(&session, "tap").await;
    still_works(&session).await;
    text(&session, "text")
}

#[tokio::test]
async fn gives_bytes_until_it_is_withdrawn() {
    assert!(answer("call-random", true).await.starts_with("Ok(["));
    assert!(answer("call-random", false).await.contains("access-denied"));
}

#[tokio::test]
async fn too_many_bytes_are_refused_and_the_most_are_given() {
    assert_eq!(answer("call-random-most", true).await, "Ok(65536)");
    let huge = answer("call-random-huge", true).await;
    assert!(huge != "ok" && !huge.contains("access-denied"), "{huge}");
}

#[tokio::test]
async fn simulated_bytes_are_the_same_in_every_run() {
    assert_eq!(
        answer("call-random", true).await,
        answer("call-random", true).await
    );
}
