//! `vibration`: on the screen and not behind it; denied, withdrawn; bounds; what the audit says; replayed.

mod support;

use lapak_host::audit::AuditQuery;
use lapak_host::capability::vibration::simulated::Shaken;
use lapak_host::recording::RecordOptions;
use lapak_host::simulated::SimulatedDevices;
use lapak_host::{Capability, Runtime, RuntimeConfig, Session, ShellEvent};
use support::device::{Device, PERSON};
use support::{hostile, tap, text};

fn shaken(device: &Device) -> Shaken {
    device.devices.vibration.of(PERSON)
}

async fn shown(session: &Session) -> String {
    tap(session, "tap").await;
    text(session, "text")
}

#[tokio::test]
async fn it_vibrates_until_it_is_stopped_and_nobody_is_asked() {
    let device = Device::unasked().await;
    let session = device.launch("call-vibration-vibrate", "200").await;
    assert_eq!(shown(&session).await, "ok");
    assert_eq!(
        device.devices.shown(PERSON)["vibration"]["milliseconds"],
        200
    );
    assert_eq!(shaken(&device).times, 1);
    assert!(session.sheets().is_empty());
    let session = device.launch("call-vibration-stop", "").await;
    assert_eq!(shown(&session).await, "ok");
    assert_eq!(shaken(&device).milliseconds, 0);
    let audit = device.runtime.audit(AuditQuery {
        limit: 10,
        ..AuditQuery::default()
    });
    let entry = audit.expect("the audit").remove(0);
    assert_eq!(
        (entry.capability, &*entry.outcome),
        (Capability::Vibration, "vibrated")
    );
}

#[tokio::test]
async fn withdrawn_is_refused_on_the_next_call() {
    let device = Device::new().await;
    let session = device.launch("call-vibration-vibrate", "200").await;
    assert_eq!(shown(&session).await, "ok");
    session.grants().withdraw(Capability::Vibration);
    assert!(shown(&session).await.contains("access-denied"));
    assert_eq!(shaken(&device).times, 1);
}

#[tokio::test]
async fn behind_the_screen_it_only_stops() {
    let device = Device::new().await;
    let session = device.launch("call-vibration-vibrate", "200").await;
    let stopping = device.launch("call-vibration-stop", "").await;
    assert_eq!(shown(&session).await, "ok");
    for hidden in [&session, &stopping] {
        hidden.send(ShellEvent::Hide).expect("sent");
        hidden.settled().await;
    }
    assert!(shown(&session).await.contains("access-denied"));
    assert_eq!(
        shaken(&device),
        Shaken {
            milliseconds: 200,
            times: 1
        }
    );
    assert_eq!(shown(&stopping).await, "ok");
    assert_eq!(shaken(&device).milliseconds, 0);
    session.send(ShellEvent::Show).expect("sent");
    session.settled().await;
    assert_eq!(shown(&session).await, "ok");
}

#[tokio::test]
async fn wild_calls_are_refused() {
    let device = Device::new().await;
    let session = device.launch("call-vibration-wild", "").await;
    let refused = shown(&session).await;
    assert_eq!(refused.matches("invalid").count(), 3, "{refused}");
    assert_eq!(shaken(&device).times, 0);
    let session = device.launch("call-vibration-flood", "").await;
    assert_eq!(shown(&session).await, "done=10000");
    let audit = device.runtime.audit(AuditQuery {
        limit: 1_000,
        ..AuditQuery::default()
    });
    let entries = audit.expect("the audit").into_iter();
    assert_eq!(entries.map(|entry| entry.times).sum::<u32>(), 1);
}

#[tokio::test]
async fn a_replay_shakes_nobodys_device() {
    let config = RuntimeConfig {
        record: Some(RecordOptions {
            most_bytes: 1 << 20,
            hashes: true,
        }),
        ..RuntimeConfig::simulated()
    };
    let device = Device::of(config, SimulatedDevices::default()).await;
    let session = device.launch("call-vibration-vibrate", "200").await;
    session.send(ShellEvent::Hide).expect("sent");
    session.settled().await;
    assert!(shown(&session).await.contains("access-denied"));
    session.send(ShellEvent::Show).expect("sent");
    session.settled().await;
    assert_eq!(shown(&session).await, "ok");
    let recording = session.recording().expect("a recording");
    let devices = SimulatedDevices::default();
    let mut config = RuntimeConfig::simulated();
    devices.put_behind(&mut config.providers);
    let runtime = Runtime::new(config).expect("a runtime");
    let app = runtime.load(hostile()).await.expect("loaded");
    let replayed = runtime.replay(&app, &recording).await.expect("plays");
    assert!(replayed.is_exact(), "{replayed:?}");
    assert_eq!(devices.vibration.of(PERSON).times, 0);
}
