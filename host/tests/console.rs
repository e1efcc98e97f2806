//! `console`: allowed, denied, hostile.

mod support;

use lapak_host::capability::console::{
    MAX_BYTES_PER_EVENT, MAX_LINES_PER_EVENT, MAX_MESSAGE_BYTES,
};
use lapak_host::session::Hears;
use lapak_host::{Capability, Session, Update};
use support::{hostile_app, launch, still_works, tap, text};
use tokio::sync::broadcast::error::TryRecvError;

/// What the app wrote while it was tapped once.
async fn written(session: &Session) -> Vec<String> {
    // Of its lines alone: its screens are more than a backlog holds.
    let (_, mut updates) = session.watch_for(Hears::Lines);
    tap(session, "tap").await;
    let mut lines = Vec::new();
    loop {
        match updates.try_recv() {
            Ok(Update::Log(line)) => lines.push(line.message.clone()),
            Ok(_) | Err(TryRecvError::Lagged(_)) => {}
            Err(_) => return lines,
        }
    }
}

#[tokio::test]
async fn a_line_reaches_whoever_watches() {
    let (runtime, app) = hostile_app().await;
    let session = launch(&runtime, &app, "call-everything", "interaction");
    session.settled().await;
    assert_eq!(written(&session).await, ["hello"]);
    session.grants().withdraw(Capability::Console);
    assert!(written(&session).await.is_empty());
}

#[tokio::test]
async fn a_flood_is_dropped_and_the_app_is_told() {
    let (runtime, app) = hostile_app().await;
    let session = launch(&runtime, &app, "call-console-flood", "interaction");
    session.settled().await;
    tap(&session, "tap").await;
    assert_eq!(
        text(&session, "text"),
        format!("dropped={}", 5_000 - MAX_LINES_PER_EVENT)
    );
    // The next event may write again.
    tap(&session, "tap").await;
    assert_eq!(
        text(&session, "text"),
        format!("dropped={}", 5_000 - MAX_LINES_PER_EVENT)
    );
    still_works(&session).await;
}

#[tokio::test]
async fn a_huge_line_is_cut() {
    let (runtime, app) = hostile_app().await;
    let session = launch(&runtime, &app, "call-console-huge", "interaction");
    session.settled().await;
    let lines = written(&session).await;
    assert_eq!(lines.len(), 1);
    assert!(lines[0].len() <= MAX_MESSAGE_BYTES && MAX_MESSAGE_BYTES < MAX_BYTES_PER_EVENT);
}
