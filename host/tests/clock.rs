//! `clock`: allowed, denied, and the same in every simulated run.

mod support;

use std::sync::Arc;

use lapak_host::{App, Capability, Launch, Runtime, Session, ShellEvent};
use support::{frozen, hostile_app, launch, tap, text};

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

/// Launched in a time zone; at each tap it tells the zone, the offset in January, where the clock stands, and in July.
fn in_zone(runtime: &Runtime, app: &Arc<App>, zone: Option<&str>) -> Session {
    let mut launch = Launch::new("tester");
    launch.pages = vec!["pages/main?do=call-clock-zone&at=interaction".into()];
    launch.zone = zone.map(str::to_owned);
    runtime.launch(app, launch).expect("launch")
}

async fn told(session: &Session) -> String {
    session.settled().await;
    tap(session, "tap").await;
    text(session, "text")
}

#[tokio::test]
async fn a_person_has_summer_and_winter_where_they_are() {
    let (runtime, app) = hostile_app().await;
    let berlin = told(&in_zone(&runtime, &app, Some("Europe/Berlin"))).await;
    assert!(
        berlin.starts_with("Ok(Some(\"Europe/Berlin\")) Ok(60) Ok(120) Err("),
        "{berlin}"
    );
    assert!(berlin.contains("out-of-range"), "{berlin}");
    // Without a zone, or with one that does not exist, the clock's own offset counts.
    for zone in [None, Some("Mars/Olympus")] {
        let jakarta = told(&in_zone(&runtime, &app, zone)).await;
        assert!(jakarta.starts_with("Ok(None) Ok(420) Ok(420)"), "{jakarta}");
    }
}

#[tokio::test]
async fn a_person_who_travels_is_told_the_time_of_where_they_are() {
    let (runtime, app) = hostile_app().await;
    let (session, mut updates) = {
        let mut launch = Launch::new("tester");
        launch.pages = vec!["pages/main?do=call-clock-zone&at=interaction".into()];
        launch.zone = Some("Asia/Jakarta".into());
        runtime.launch_watched(&app, launch).expect("launch")
    };
    assert!(
        told(&session)
            .await
            .starts_with("Ok(Some(\"Asia/Jakarta\")) Ok(420)")
    );
    session
        .send(ShellEvent::Zone("Europe/Berlin".into()))
        .expect("sent");
    assert!(
        told(&session)
            .await
            .starts_with("Ok(Some(\"Europe/Berlin\")) Ok(60)")
    );
    // The same once more is no news, and what is no zone changes nothing.
    session
        .send(ShellEvent::Zone("Europe/Berlin".into()))
        .expect("sent");
    session
        .send(ShellEvent::Zone("nowhere".into()))
        .expect("sent");
    assert!(
        told(&session)
            .await
            .starts_with("Ok(Some(\"Europe/Berlin\")) Ok(60)")
    );
    let mut heard = Vec::new();
    while let Ok(update) = updates.try_recv() {
        if let lapak_host::session::Update::Handled(record) = update {
            heard.push((record.event.clone(), record.dropped.clone()));
        }
    }
    let changes = heard
        .iter()
        .filter(|(event, _)| event == "global-zone-changed");
    assert_eq!(changes.count(), 1, "{heard:?}");
    assert!(
        heard
            .iter()
            .any(|(event, dropped)| event == "zone" && dropped.is_some()),
        "{heard:?}"
    );
    // It stays with the session when that is only bytes.
    frozen(&session).await;
    assert!(
        told(&session)
            .await
            .starts_with("Ok(Some(\"Europe/Berlin\")) Ok(60)")
    );
}
