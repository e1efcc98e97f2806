//! Timers go by the wall clock: what is left of one runs on the next host.

use std::sync::Arc;
use std::time::Duration;

use lapak_host::capability::Providers;
use lapak_host::capability::clock::simulated::SimulatedClock;
use lapak_host::capability::timer::simulated::SimulatedTimer;
use lapak_host::{RuntimeConfig, Session};

use super::support::{hostile, launch, settled, tap, text, until};
use super::{in_folder, start, suspend};

/// A host whose clock stands `later` than where all simulated clocks begin.
fn with_timer(config: RuntimeConfig, later: Duration) -> (RuntimeConfig, Arc<SimulatedTimer>) {
    let (timer, clock) = (
        Arc::new(SimulatedTimer::default()),
        SimulatedClock::default(),
    );
    clock.advance(later);
    let providers = Providers {
        timer: timer.clone(),
        clock: Arc::new(clock),
        ..Providers::simulated()
    };
    (
        RuntimeConfig {
            providers,
            ..config
        },
        timer,
    )
}

async fn rings(session: &Session) {
    until("it rings", || text(session, "text") == "timer=ok").await;
}

#[tokio::test]
async fn what_is_left_of_a_timer_runs_on_the_next_host() {
    let folder = tempfile::tempdir().expect("a folder");
    let (config, gone) = with_timer(in_folder(folder.path()), Duration::ZERO);
    let first = start(config);
    let app = first.load(hostile()).await.expect("load");
    // A timer of a second.
    let session = launch(&first, &app, "call-timer", "interaction");
    settled(&session).await;
    tap(&session, "tap").await;
    let id = session.id();
    drop((session, app));
    suspend(first).await;
    gone.advance(Duration::from_secs(10));

    let (config, timer) = with_timer(in_folder(folder.path()), Duration::from_millis(400));
    let second = start(config);
    let _app = second.load(hostile()).await.expect("load");
    let session = second.session(id).expect("resumed");
    settled(&session).await;
    let so_far = session.handled();
    timer.advance(Duration::from_millis(599));
    settled(&session).await;
    assert_eq!(session.handled(), so_far);
    timer.advance(Duration::from_millis(1));
    rings(&session).await;
    assert_eq!(session.handled(), so_far + 1);
}

#[tokio::test]
async fn a_timer_that_ran_out_while_no_host_was_there_rings_at_once_and_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let (config, _gone) = with_timer(in_folder(folder.path()), Duration::ZERO);
    let first = start(config);
    let app = first.load(hostile()).await.expect("load");
    let session = launch(&first, &app, "call-timer", "interaction");
    settled(&session).await;
    tap(&session, "tap").await;
    let id = session.id();
    drop((session, app));
    suspend(first).await;

    let (config, timer) = with_timer(in_folder(folder.path()), Duration::from_secs(86_400));
    let second = start(config);
    let _app = second.load(hostile()).await.expect("load");
    let session = second.session(id).expect("resumed");
    settled(&session).await;
    timer.advance(Duration::ZERO);
    rings(&session).await;
    let so_far = session.handled();
    timer.advance(Duration::from_secs(10));
    settled(&session).await;
    assert_eq!(session.handled(), so_far);
}
