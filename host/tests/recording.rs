//! Recorded sessions play again, bit for bit.

mod support;

use lapak_abi::package::Package;
use lapak_host::recording::{FORMAT, RecordOptions, Recording, ReplayError};
use lapak_host::{Launch, Runtime, RuntimeConfig, ShellEvent};
use support::{built, counter, hostile, launch, tap};

fn recording_runtime() -> Runtime {
    Runtime::new(RuntimeConfig {
        record: Some(RecordOptions {
            most_bytes: 1 << 20,
            hashes: true,
        }),
        ..RuntimeConfig::simulated()
    })
    .expect("a runtime")
}

/// Taps through an app and gives its recording, and the screen at the end as text.
async fn recorded(package: Package, taps: &[&str]) -> (Recording, String) {
    let runtime = recording_runtime();
    let app = runtime.load(package).await.expect("load");
    let session = runtime.launch(&app, Launch::new("me")).expect("launch");
    session.settled().await;
    for name in taps {
        tap(&session, name).await;
        session.freeze();
    }
    let text = session.screen().tree.to_text();
    (session.recording().expect("a recording"), text)
}

#[tokio::test]
async fn a_session_plays_again_bit_for_bit_frozen_or_not() {
    let (recording, text) = recorded(counter(), &["+", "+", "−", "+"]).await;
    let recording = Recording::from_bytes(&recording.to_bytes()).expect("reads");
    let runtime = Runtime::new(RuntimeConfig::simulated()).expect("a runtime");
    let app = runtime.load(counter()).await.expect("load");
    let replayed = runtime.replay(&app, &recording).await.expect("plays");
    assert!(replayed.is_exact(), "{replayed:?}");
    assert_eq!(replayed.screen.tree.to_text(), text);
    // Five events of the launch and four taps.
    assert_eq!(replayed.events.len(), 9);
    assert_eq!(replayed.recorded, replayed.events);
    assert_eq!(replayed.names.len(), 9);
    assert!(replayed.names[8].contains("tap"), "{:?}", replayed.names);
}

#[tokio::test]
async fn answers_of_providers_come_from_the_tape() {
    let (recording, text) = recorded(built("examples/warung"), &[]).await;
    let runtime = Runtime::new(RuntimeConfig::simulated()).expect("a runtime");
    let app = runtime.load(built("examples/warung")).await.expect("load");
    let replayed = runtime.replay(&app, &recording).await.expect("plays");
    assert!(replayed.is_exact(), "{:?}", replayed.differs_at);
    assert_eq!(replayed.screen.tree.to_text(), text);
}

#[tokio::test]
async fn a_fault_plays_again() {
    let runtime = recording_runtime();
    let app = runtime.load(hostile()).await.expect("load");
    let session = launch(&runtime, &app, "panic", "interaction");
    session.settled().await;
    tap(&session, "tap").await;
    let report = session.ended().await;
    let recording = session.recording().expect("a recording");
    let replayed = runtime.replay(&app, &recording).await.expect("plays");
    assert_eq!(replayed.screen.ended, Some(report));
    assert!(!replayed.strayed);
}

#[tokio::test]
async fn another_course_is_noticed() {
    let (recording, _) = recorded(counter(), &["+", "+"]).await;
    let runtime = recording_runtime();
    let app = runtime.load(counter()).await.expect("load");
    let session = runtime.launch(&app, Launch::new("me")).expect("launch");
    session.settled().await;
    tap(&session, "+").await;
    tap(&session, "−").await;
    let other = session.recording().expect("a recording");
    let (mut bytes, other) = (recording.to_bytes(), other.to_bytes());
    assert_ne!(bytes, other);
    // A hash that was changed: the last bytes of a recording are the view's hash after its last event.
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    let changed = Recording::from_bytes(&bytes).expect("reads");
    let replayed = runtime.replay(&app, &changed).await.expect("plays");
    assert_eq!(replayed.differs_at, Some(replayed.events.len() - 1));
}

#[tokio::test]
async fn another_package_is_refused() {
    let (recording, _) = recorded(counter(), &[]).await;
    let runtime = Runtime::new(RuntimeConfig::simulated()).expect("a runtime");
    let app = runtime.load(hostile()).await.expect("load");
    let refused = runtime.replay(&app, &recording).await.expect_err("refused");
    assert!(matches!(refused, ReplayError::OtherPackage { .. }));
}

#[tokio::test]
async fn a_recording_ends_at_its_limit_and_says_so() {
    let runtime = Runtime::new(RuntimeConfig {
        record: Some(RecordOptions {
            most_bytes: 200,
            hashes: false,
        }),
        ..RuntimeConfig::simulated()
    })
    .expect("a runtime");
    let app = runtime.load(counter()).await.expect("load");
    let session = runtime.launch(&app, Launch::new("me")).expect("launch");
    session.settled().await;
    for _ in 0..100 {
        tap(&session, "+").await;
    }
    let recording = session.recording().expect("a recording");
    assert!(recording.cut);
    assert!(recording.letters() < 100);
    let replayed = runtime.replay(&app, &recording).await.expect("plays");
    assert!(!replayed.strayed);
    assert_eq!(replayed.screen.ended, None);
}

#[test]
fn bytes_that_are_no_recording_are_refused() {
    for bytes in [&b""[..], b"x", &[1, 200, 200, 200], &[255; 64]] {
        assert!(Recording::from_bytes(bytes).is_err());
    }
    for form in [FORMAT - 1, FORMAT + 1] {
        let form = u8::try_from(form).expect("small");
        let refused = Recording::from_bytes(&[form, 0, 0]).expect_err("another form");
        let says = format!("has form {form}, this host reads {FORMAT}");
        assert!(refused.to_string().contains(&says), "{refused}");
    }
}

#[tokio::test]
async fn what_the_shell_closed_is_recorded_to_the_end() {
    let runtime = recording_runtime();
    let app = runtime.load(counter()).await.expect("load");
    let session = runtime.launch(&app, Launch::new("me")).expect("launch");
    session.settled().await;
    session.send(ShellEvent::Close).expect("sent");
    session.ended().await;
    let recording = session.recording().expect("a recording");
    let replayed = runtime.replay(&app, &recording).await.expect("plays");
    assert!(replayed.is_exact());
    assert!(replayed.screen.ended.is_some());
}
