//! A newer version takes over, or does not.

mod support;

use lapak_host::{Launch, Runtime, RuntimeConfig, ShellEvent};
use support::{counter, hostile, hostile_app, launch, still_works, tap, text};

#[tokio::test]
async fn an_app_that_migrates_hands_over_and_keeps_its_place() {
    let (runtime, old) = hostile_app().await;
    let session = launch(&runtime, &old, "call-carry-over", "global-updating");
    session.settled().await;
    for _ in 0..3 {
        tap(&session, "tap").await;
    }
    session
        .send(ShellEvent::Navigate("pages/second".into()))
        .expect("sent");
    session.settled().await;
    assert!(session.freeze());
    let newer = runtime.load(hostile()).await.expect("load");
    let went_on = runtime
        .update(&session, &newer, Launch::new("tester"))
        .await;
    let went_on = went_on.expect("launched").expect("it migrates");
    went_on.settled().await;
    assert_eq!(text(&went_on, "taps"), "3");
    assert_eq!(went_on.screen().route, "pages/second");
    assert_eq!(went_on.screen().depth, 2);
    assert!(session.screen().ended.is_some());
    assert_eq!(runtime.sessions(), 1);
}

#[tokio::test]
async fn an_app_that_keeps_its_version_goes_on_with_it() {
    let runtime = Runtime::new(RuntimeConfig::simulated()).expect("a runtime");
    let old = runtime.load(counter()).await.expect("load");
    let session = runtime.launch(&old, Launch::new("me")).expect("launch");
    session.settled().await;
    tap(&session, "+").await;
    let newer = runtime.load(counter()).await.expect("load");
    let update = runtime.update(&session, &newer, Launch::new("me")).await;
    assert!(update.expect("no error").is_none());
    tap(&session, "+").await;
    assert!(session.screen().tree.to_text().contains('2'));
}

#[tokio::test]
async fn handing_over_at_another_time_or_too_much_is_refused() {
    let (runtime, app) = hostile_app().await;
    let early = launch(&runtime, &app, "call-carry-over", "interaction");
    early.settled().await;
    tap(&early, "tap").await;
    assert!(text(&early, "text").contains("not-updating"));
    let huge = launch(&runtime, &app, "call-carry-over-huge", "interaction");
    huge.settled().await;
    tap(&huge, "tap").await;
    assert!(text(&huge, "text").contains("too-large"));
    still_works(&huge).await;
}

#[tokio::test]
async fn an_app_that_traps_while_it_hands_over_begins_anew() {
    let (runtime, app) = hostile_app().await;
    let session = launch(&runtime, &app, "trap", "global-updating");
    session.settled().await;
    tap(&session, "tap").await;
    let update = runtime.update(&session, &app, Launch::new("tester")).await;
    let anew = update.expect("launched").expect("it migrates");
    anew.settled().await;
    assert_eq!(text(&anew, "taps"), "0");
}
