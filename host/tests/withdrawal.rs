//! A withdrawal that has returned holds: no call that begins after it succeeds, with every core at work.

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use lapak_abi::limits::Limits;
use lapak_host::capability::Providers;
use lapak_host::capability::clock::{ClockProvider, Timestamp};
use lapak_host::view::Trigger;
use lapak_host::{Capability, Runtime, RuntimeConfig, Session};
use support::{hostile, launch, tap_on, text, until};

/// A clock that tells the app whether a withdrawal has returned.
#[derive(Default)]
struct Flag(AtomicU64);

impl ClockProvider for Flag {
    fn now(&self) -> Timestamp {
        Timestamp {
            unix_ms: self.0.load(Ordering::SeqCst),
            utc_offset_minutes: 0,
        }
    }

    fn monotonic(&self) -> Duration {
        Duration::ZERO
    }
}

async fn withdrawn_by(withdraw: impl Fn(&Session)) {
    let flag = Arc::new(Flag::default());
    let runtime = Runtime::new(RuntimeConfig {
        providers: Providers {
            clock: flag.clone(),
            ..Providers::simulated()
        },
        limits: Limits {
            foreground_cpu: Duration::from_secs(10_000),
            ..Limits::default()
        },
        ..RuntimeConfig::simulated()
    })
    .expect("a runtime");
    let app = runtime.load(hostile()).await.expect("loaded");
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    let mut sessions = Vec::new();
    for _ in 0..3 * cores {
        let session = launch(&runtime, &app, "call-random-until-refused", "interaction");
        session.settled().await;
        sessions.push(session);
    }
    for session in &sessions {
        let node = session.screen().tree.find("tap", Trigger::Tap);
        session.send(tap_on(node.expect("a button"))).expect("sent");
    }
    // In the middle of it.
    tokio::time::sleep(Duration::from_millis(100)).await;
    for session in &sessions {
        assert!(text(session, "text").is_empty());
        withdraw(session);
    }
    flag.0.store(1, Ordering::SeqCst);
    for session in &sessions {
        until("it is refused", || {
            text(session, "text").starts_with("refused")
        })
        .await;
        assert_eq!(text(session, "text"), "refused late=0");
    }
}

#[tokio::test]
async fn no_call_succeeds_after_the_platform_took_the_capability_back() {
    withdrawn_by(|session| session.grants().withdraw(Capability::Random)).await;
}

#[tokio::test]
async fn nor_from_another_thread_while_grants_come_and_go() {
    withdrawn_by(|session| {
        let session = session.clone();
        let other = std::thread::spawn(move || {
            for _ in 0..100 {
                session.grants().withdraw(Capability::Random);
                session.grants().grant(Capability::Random);
            }
            session.grants().withdraw(Capability::Random);
        });
        other.join().expect("withdrawn");
    })
    .await;
}
