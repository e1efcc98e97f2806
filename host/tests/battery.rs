//! `battery`: now and watched, in steps; denied, withdrawn; over freezes and restarts; hostile input and providers.

mod support;

use std::sync::Arc;

use lapak_host::audit::AuditQuery;
use lapak_host::capability::Providers;
use lapak_host::capability::battery::{BatteryProvider, Changed, NoBattery, Status};
use lapak_host::capability::storage::Owner;
use lapak_host::flights::Stop;
use lapak_host::simulated::SimulatedDevices;
use lapak_host::{Capability, RuntimeConfig};
use support::device::{Device, a_while, ask, told};
use support::{tap, text};

#[tokio::test]
async fn it_tells_the_battery_in_steps_and_the_audit_says_so() {
    let device = Device::unasked().await;
    device.set("battery 42 charging");
    let session = device.launch("call-battery-now", "").await;
    tap(&session, "tap").await;
    assert_eq!(
        text(&session, "text"),
        "Ok(Status { percent: 40, charging: true })"
    );
    device.set("battery none");
    tap(&session, "tap").await;
    assert!(text(&session, "text").contains("unavailable"));
    let audit = device.runtime.audit(AuditQuery {
        limit: 10,
        ..AuditQuery::default()
    });
    let entry = audit.expect("the audit").remove(0);
    assert_eq!(
        (entry.capability, &*entry.function, &*entry.outcome),
        (Capability::Battery, "now", "read")
    );
}

#[tokio::test]
async fn without_a_grant_nothing_is_told() {
    let device = Device::new().await;
    for action in ["call-battery-now", "call-battery-watch"] {
        let session = device.launch(action, "").await;
        session.grants().withdraw(Capability::Battery);
        tap(&session, "tap").await;
        assert!(text(&session, "text").contains("access-denied"), "{action}");
    }
}

#[tokio::test]
async fn a_watch_tells_at_once_and_of_changes_that_an_app_can_see() {
    let device = Device::new().await;
    device.set("battery 40");
    let session = device.launch("call-battery-watch", "").await;
    ask(&session).await;
    told(&session, "percent: 40").await;
    let handled = session.handled();
    // The same step, and somebody else's.
    device.set("battery 41");
    device.devices.set("budi", "battery 5").expect("set");
    a_while().await;
    assert_eq!(session.handled(), handled);
    assert!(session.freeze());
    device.set("battery 41 charging");
    told(&session, "percent: 40, charging: true").await;
    device.set("battery none");
    told(&session, "unavailable").await;
    let handled = session.handled();
    device.set("battery 10");
    a_while().await;
    assert_eq!(session.handled(), handled);
}

#[tokio::test]
async fn withdrawing_ends_a_watch_and_the_app_hears_so() {
    let device = Device::new().await;
    let session = device.launch("call-battery-watch", "").await;
    ask(&session).await;
    told(&session, "percent: 80").await;
    session.grants().withdraw(Capability::Battery);
    told(&session, "access-denied").await;
    let handled = session.handled();
    device.set("battery 10");
    a_while().await;
    assert_eq!(session.handled(), handled);
}

#[tokio::test]
async fn a_watch_goes_on_after_a_restart_of_the_host() {
    let folder = tempfile::tempdir().expect("a folder");
    let devices = SimulatedDevices::default();
    let device = Device::on_disk(folder.path(), devices.clone()).await;
    let session = device.launch("call-battery-watch", "").await;
    ask(&session).await;
    told(&session, "percent: 80").await;
    let id = session.id();
    let device = device.restarted(folder.path(), devices).await;
    let session = device.runtime.session(id).expect("resumed");
    device.set("battery 15");
    told(&session, "percent: 15").await;
}

#[tokio::test]
async fn wild_calls_are_refused() {
    let device = Device::new().await;
    for (action, expected) in [
        ("call-battery-flood", "read=10000 refused=68"),
        ("call-battery-foreign", "taken=0"),
        ("call-battery-after-stop", "unknown-request"),
    ] {
        let session = device.launch(action, "").await;
        tap(&session, "tap").await;
        let shown = text(&session, "text");
        assert!(shown.contains(expected), "{action}: {shown}");
    }
    // Once for each event, however often it was called.
    let audit = device.runtime.audit(AuditQuery {
        limit: 1_000,
        ..AuditQuery::default()
    });
    let reads = audit.expect("the audit").into_iter();
    let reads = reads.filter(|entry| entry.function == "now");
    assert_eq!(reads.map(|entry| entry.times).sum::<u32>(), 1);
}

/// Tells of more than there can be, again and again, and goes on after the end.
struct Mad;

impl BatteryProvider for Mad {
    fn now(&self, _: &Owner) -> Result<Status, NoBattery> {
        Ok(FULL)
    }

    fn watch(&self, _: &Owner, changed: Changed) -> Stop {
        for _ in 0..1_000 {
            changed(Ok(FULL));
        }
        changed(Err(NoBattery));
        changed(Ok(Status { percent: 7, ..FULL }));
        Box::new(())
    }
}

const FULL: Status = Status {
    percent: u8::MAX,
    charging: true,
};

#[tokio::test]
async fn a_provider_that_tells_nonsense_is_put_right() {
    let config = RuntimeConfig {
        providers: Providers {
            battery: Arc::new(Mad),
            ..Providers::simulated()
        },
        ..RuntimeConfig::simulated()
    };
    let device = Device::with(config, SimulatedDevices::default()).await;
    let session = device.launch("call-battery-now", "").await;
    tap(&session, "tap").await;
    assert!(text(&session, "text").contains("percent: 100"));
    let session = device.launch("call-battery-watch", "").await;
    ask(&session).await;
    told(&session, "unavailable").await;
    a_while().await;
    assert!(!text(&session, "text").contains("percent: 5"));
}
