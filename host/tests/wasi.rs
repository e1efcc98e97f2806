//! Components that other languages' toolchains made: they import WASI 0.2 beside the contract. They run, see nothing of this
//! process, wait for nothing, and their clocks and randomness are those that the platform lends.

mod support;

use std::sync::Arc;

use lapak_host::capability::Providers;
use lapak_host::capability::clock::SystemClock;
use lapak_host::capability::random::SystemRandom;
use lapak_host::recording::RecordOptions;
use lapak_host::{
    Capability, EndCause, EndReport, Launch, Runtime, RuntimeConfig, Session, ShellEvent,
};
use support::component::{at_every_event, component};
use support::{counter, settled, tap, text, with_wasm};

const CLOCK: &str =
    r#"(import "wasi:clocks/monotonic-clock@0.2.0" "now" (func $now (result i64)))"#;
const RANDOM: &str =
    r#"(import "wasi:random/random@0.2.0" "get-random-u64" (func $random (result i64)))"#;
const POLL: &str = r#"(import "wasi:clocks/monotonic-clock@0.2.0" "subscribe-duration"
        (func $after (param i64) (result i32)))
    (import "wasi:io/poll@0.2.0" "[method]pollable.block" (func $block (param i32)))
    (import "wasi:io/poll@0.2.0" "[method]pollable.ready" (func $ready (param i32) (result i32)))
    (import "wasi:io/poll@0.2.0" "[resource-drop]pollable" (func $drop (param i32)))
    (import "wasi:io/poll@0.2.0" "poll" (func $poll (param i32 i32 i32)))"#;
const WAITING: [&str; 2] = ["wasi:clocks/monotonic-clock", "wasi:io/poll"];

async fn launched(config: RuntimeConfig, wasm: &[u8]) -> (Runtime, Session) {
    let runtime = Runtime::new(config).expect("a runtime");
    let app = runtime.load(with_wasm(&counter(), wasm)).await;
    let session = runtime.launch(&app.expect("load"), Launch::new("me"));
    let session = session.expect("launch");
    settled(&session).await;
    (runtime, session)
}

async fn end_of(wasm: &[u8]) -> EndReport {
    let (_runtime, session) = launched(RuntimeConfig::simulated(), wasm).await;
    session.ended().await
}

fn real() -> RuntimeConfig {
    RuntimeConfig {
        providers: Providers {
            clock: Arc::new(SystemClock::new()),
            random: Arc::new(SystemRandom),
            ..Providers::simulated()
        },
        ..RuntimeConfig::simulated()
    }
}

#[tokio::test]
async fn a_component_with_wasi_runs_and_sees_nothing_of_this_process() {
    // It traps if the time stands still or if it is given arguments.
    let imports = format!(
        r#"{CLOCK} (import "wasi:cli/environment@0.2.0" "get-arguments" (func $arguments (param i32)))"#
    );
    let body = "(i64.store (i32.const 16) (call $now))
        (loop $on (br_if $on (i64.le_u (call $now) (i64.load (i32.const 16)))))
        (call $arguments (i32.const 32))
        (if (i32.load (i32.const 36)) (then unreachable))";
    let wasm = component(
        &at_every_event(&imports, body),
        &["wasi:clocks/monotonic-clock", "wasi:cli/environment"],
    );
    let imports = lapak_host::contract::import_names(&wasm);
    let clock = |name: &String| name == "wasi:clocks/monotonic-clock@0.2.0";
    assert!(imports.iter().any(clock), "{imports:?}");
    let (runtime, session) = launched(real(), &wasm).await;
    let screen = session.screen();
    assert!(screen.ended.is_none(), "{:?}", screen.ended);
    let before = session.handled();
    for event in [ShellEvent::Hide, ShellEvent::Show] {
        session.send(event).expect("sent");
    }
    settled(&session).await;
    // Each is two events: the page's and the app's.
    assert_eq!(session.handled(), before + 4);
    // Beside it, an app of ours goes on.
    let ours = runtime.load(counter()).await.expect("load");
    let ours = runtime.launch(&ours, Launch::new("me")).expect("launch");
    settled(&ours).await;
    tap(&ours, "+").await;
    assert_eq!(text(&ours, "count"), "1");
}

/// Ten minutes of sleep, as `time.sleep` and the like ask for them.
#[tokio::test]
async fn who_waits_is_ended_and_told_why() {
    let blocks = "(call $block (call $after (i64.const 600000000000)))";
    let polls = "(i32.store (i32.const 32) (call $after (i64.const 600000000000)))
        (call $poll (i32.const 32) (i32.const 1) (i32.const 40))";
    for (body, call) in [
        (blocks, "wasi:io/poll.pollable.block"),
        (polls, "wasi:io/poll.poll"),
    ] {
        let report = end_of(&component(&at_every_event(POLL, body), &WAITING)).await;
        let expected = EndCause::WouldWait { call: call.into() };
        assert_eq!(report.cause, expected, "{report}");
        assert_eq!(report.event, "global-launched");
        assert!(report.to_string().contains("timer"), "{report}");
    }
}

#[tokio::test]
async fn what_is_ready_is_told_without_waiting() {
    let body = "(local $now i32) (local $later i32)
        (local.set $now (call $after (i64.const 0)))
        (local.set $later (call $after (i64.const 600000000000)))
        (if (i32.eqz (call $ready (local.get $now))) (then unreachable))
        (if (call $ready (local.get $later)) (then unreachable))
        (call $block (local.get $now))
        (i32.store (i32.const 32) (local.get $later))
        (i32.store (i32.const 36) (local.get $now))
        (call $poll (i32.const 32) (i32.const 2) (i32.const 40))
        ;; One is ready: the second.
        (if (i32.ne (i32.load (i32.const 44)) (i32.const 1)) (then unreachable))
        (if (i32.ne (i32.load (i32.load (i32.const 40))) (i32.const 1)) (then unreachable))
        (call $drop (local.get $now))
        (call $drop (local.get $later))";
    let wasm = component(&at_every_event(POLL, body), &WAITING);
    let (_runtime, session) = launched(RuntimeConfig::simulated(), &wasm).await;
    let ended = session.screen().ended;
    assert!(ended.is_none(), "{ended:?}");
}

#[tokio::test]
async fn a_thousand_launches_of_who_waits_keep_nobody_out() {
    let body = "(call $block (call $after (i64.const 600000000000)))";
    let wasm = component(&at_every_event(POLL, body), &WAITING);
    let runtime = Runtime::new(RuntimeConfig::simulated()).expect("a runtime");
    let waits = runtime.load(with_wasm(&counter(), &wasm)).await;
    let waits = waits.expect("load");
    for _ in 0..1_000 {
        // Some are refused while as many as may be are about to end.
        let _ = runtime.launch(&waits, Launch::new("them"));
    }
    support::nothing_runs(&runtime).await;
    assert_eq!(runtime.sessions(), 0);
    let ours = runtime.load(counter()).await.expect("load");
    let ours = runtime.launch(&ours, Launch::new("me")).expect("launch");
    settled(&ours).await;
    tap(&ours, "+").await;
    assert_eq!(text(&ours, "count"), "1");
}

#[tokio::test]
async fn its_clock_and_randomness_are_on_the_tape() {
    let body = "(i64.store (i32.const 16) (call $now))
        (i64.store (i32.const 24) (call $random))";
    let wasm = component(
        &at_every_event(&format!("{CLOCK}{RANDOM}"), body),
        &["wasi:clocks/monotonic-clock", "wasi:random/random"],
    );
    let config = RuntimeConfig {
        record: Some(RecordOptions {
            most_bytes: 1 << 20,
            hashes: true,
        }),
        ..real()
    };
    let (_runtime, session) = launched(config, &wasm).await;
    session.send(ShellEvent::Hide).expect("sent");
    settled(&session).await;
    let recording = session.recording().expect("a recording");
    let runtime = Runtime::new(real()).expect("a runtime");
    let app = runtime.load(with_wasm(&counter(), &wasm)).await;
    let replayed = runtime.replay(&app.expect("load"), &recording).await;
    let replayed = replayed.expect("plays");
    assert!(replayed.is_exact(), "{replayed:?}");
    assert_eq!(replayed.events.len(), 7);
}

fn without(capability: Capability) -> RuntimeConfig {
    let mut config = real();
    config.grants.retain(|granted| *granted != capability);
    config
}

#[tokio::test]
async fn a_clock_that_the_platform_does_not_lend_stands_still() {
    let body = "(if (i64.ne (call $now) (i64.const 0)) (then unreachable))";
    let wasm = component(
        &at_every_event(CLOCK, body),
        &["wasi:clocks/monotonic-clock"],
    );
    let (_runtime, session) = launched(without(Capability::Clock), &wasm).await;
    let ended = session.screen().ended;
    assert!(ended.is_none(), "{ended:?}");
}

#[tokio::test]
async fn randomness_that_the_platform_does_not_lend_is_not_replaced() {
    let body = "(drop (call $random))";
    let wasm = component(&at_every_event(RANDOM, body), &["wasi:random/random"]);
    let (_runtime, session) = launched(without(Capability::Random), &wasm).await;
    let report = session.ended().await;
    let denied = EndCause::Denied {
        call: "wasi:random/random".into(),
    };
    assert_eq!(report.cause, denied, "{report}");
}

#[tokio::test]
async fn no_socket_is_made() {
    let imports = r#"(import "wasi:sockets/tcp-create-socket@0.2.0" "create-tcp-socket"
        (func $socket (param i32 i32)))"#;
    // An error, and that it is denied.
    let body = "(call $socket (i32.const 0) (i32.const 32))
        (if (i32.eqz (i32.load8_u (i32.const 32))) (then unreachable))
        (if (i32.ne (i32.load8_u (i32.const 36)) (i32.const 1)) (then unreachable))";
    let wasm = component(
        &at_every_event(imports, body),
        &["wasi:sockets/tcp-create-socket"],
    );
    let (_runtime, session) = launched(RuntimeConfig::simulated(), &wasm).await;
    let ended = session.screen().ended;
    assert!(ended.is_none(), "{ended:?}");
}

#[tokio::test]
async fn handles_are_bounded() {
    let imports = r#"(import "wasi:cli/stdout@0.2.0" "get-stdout" (func $stdout (result i32)))"#;
    let body = "(loop $on (drop (call $stdout)) (br $on))";
    let report = end_of(&component(
        &at_every_event(imports, body),
        &["wasi:cli/stdout"],
    ))
    .await;
    // Not by the two seconds that it may take.
    assert!(matches!(report.cause, EndCause::Trap { .. }), "{report}");
}
