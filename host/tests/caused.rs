//! Events that an event causes are its own: one budget for all of them, bounds on their number and bytes, and a person can always
//! leave.

mod support;

use std::time::Duration;

use lapak_abi::limits::Limits;
use lapak_host::capability::storage::Owner;
use lapak_host::{EndCause, Runtime, RuntimeConfig, Session, ShellEvent, Update};
use support::{
    hostile, hostile_app, launch, launch_as, settled, spins_now, still_works, tap, tap_on, text,
};

#[tokio::test]
async fn who_relaunches_at_every_page_event_comes_to_rest() {
    let (runtime, app) = hostile_app().await;
    let session = launch(&runtime, &app, "call-navigation-relaunch", "page-ready");
    settled(&session).await;
    let said = text(&session, "text");
    assert!(said.contains("too-many"), "{said}");
    let most = u64::try_from(Limits::default().caused_events).expect("a number");
    // Those of the launch besides.
    assert!(session.handled() <= most + 8, "{}", session.handled());
    still_works(&session).await;
    session.send(ShellEvent::Close).expect("sent");
    let report = session.ended().await;
    assert_eq!(report.cause, EndCause::Closed);
    assert_eq!(runtime.sessions(), 0);
}

#[tokio::test]
async fn addresses_that_one_event_leads_to_are_bounded_in_bytes() {
    let (runtime, app) = hostile_app().await;
    let session = launch(&runtime, &app, "call-navigation-long", "interaction");
    settled(&session).await;
    tap(&session, "tap").await;
    let said = text(&session, "text");
    let (moved, error) = said.split_once(' ').expect("both");
    let moved = moved.strip_prefix("moved=").expect("a number");
    let moved: usize = moved.parse().expect("a number");
    assert!(error.contains("too-many"), "{error}");
    assert!(
        moved > 0 && moved * 8_000 <= Limits::default().caused_bytes,
        "{moved}"
    );
    // At the next one it may move again.
    tap(&session, "tap").await;
    assert_eq!(text(&session, "text"), said);
}

#[tokio::test]
async fn one_budget_is_for_an_event_and_all_that_it_leads_to() {
    let runtime = Runtime::new(RuntimeConfig {
        limits: Limits {
            foreground_cpu: Duration::from_millis(100),
            ..Limits::default()
        },
        ..RuntimeConfig::simulated()
    })
    .expect("a runtime");
    let app = runtime.load(hostile()).await.expect("load");
    // Each of its 256 events is far from the limit.
    let session = launch(
        &runtime,
        &app,
        "call-navigation-relaunch-slow",
        "page-ready",
    );
    let report = session.ended().await;
    assert_eq!(
        report.cause,
        EndCause::CpuLimit { limit_ms: 100 },
        "{report}"
    );
}

/// A runtime with one worker, on which an app may spin for an hour.
async fn spinning() -> (Runtime, Session) {
    let runtime = Runtime::new(RuntimeConfig {
        limits: Limits {
            foreground_cpu: Duration::from_secs(3_600),
            background_cpu: Duration::from_secs(3_600),
            ..Limits::default()
        },
        workers: 1,
        ..RuntimeConfig::simulated()
    })
    .expect("a runtime");
    let app = runtime.load(hostile()).await.expect("load");
    let session = launch_as(&runtime, &app, "me", "spin", "interaction");
    settled(&session).await;
    let node = session
        .screen()
        .tree
        .find("tap", lapak_host::view::Trigger::Tap);
    session.send(tap_on(node.expect("a button"))).expect("sent");
    spins_now(&runtime).await;
    (runtime, session)
}

async fn others_go_on(runtime: &Runtime, spun: &Session) {
    let tame = launch(runtime, spun.app(), "nothing", "never");
    settled(&tame).await;
    still_works(&tame).await;
    support::nothing_runs(runtime).await;
}

#[tokio::test]
async fn a_person_leaves_an_app_that_does_not_answer() {
    let (runtime, session) = spinning().await;
    session.kill();
    assert_eq!(session.ended().await.cause, EndCause::Closed);
    others_go_on(&runtime, &session).await;
    let (runtime, session) = spinning().await;
    session.close(Duration::from_millis(1)).await;
    assert_eq!(session.ended().await.cause, EndCause::Closed);
    others_go_on(&runtime, &session).await;
}

#[tokio::test]
async fn who_uninstalls_an_app_is_rid_of_it() {
    let (runtime, session) = spinning().await;
    let other = launch_as(&runtime, session.app(), "you", "nothing", "never");
    settled(&other).await;
    let owner: Owner = session.owner().clone();
    runtime.uninstall(&owner).await.expect("uninstalled");
    assert_eq!(session.ended().await.cause, EndCause::Closed);
    // Another person's goes on.
    still_works(&other).await;
    assert_eq!(runtime.sessions(), 1);
}

#[tokio::test]
async fn a_shell_is_told_that_an_app_is_busy_and_that_it_is_done() {
    let runtime = Runtime::new(RuntimeConfig::simulated()).expect("a runtime");
    let app = runtime.load(hostile()).await.expect("load");
    let session = launch_as(&runtime, &app, "me", "spin", "interaction");
    settled(&session).await;
    assert_eq!(session.busy_for(), None);
    let (_, mut updates) = session.watch();
    let node = session
        .screen()
        .tree
        .find("tap", lapak_host::view::Trigger::Tap);
    session.send(tap_on(node.expect("a button"))).expect("sent");
    loop {
        match updates.recv().await.expect("an update") {
            Update::Busy(busy) => {
                assert!(busy);
                break;
            }
            Update::Ended(report) => panic!("never told: {report}"),
            _ => {}
        }
    }
    assert!(session.busy_for().is_some());
    session.kill();
}
