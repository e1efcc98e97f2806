//! `network`: now and watched; denied, withdrawn; over freezes and restarts; hostile input and providers.

mod support;

use std::sync::Arc;

use lapak_host::audit::AuditQuery;
use lapak_host::capability::Providers;
use lapak_host::capability::network::{Changed, Kind, NetworkProvider, Status, Unknown};
use lapak_host::capability::storage::Owner;
use lapak_host::flights::Stop;
use lapak_host::simulated::SimulatedDevices;
use lapak_host::{Capability, RuntimeConfig};
use support::device::{Device, a_while, ask, told};
use support::{tap, text};

#[tokio::test]
async fn it_tells_the_network_and_the_audit_says_so() {
    let device = Device::unasked().await;
    device.set("network cellular metered");
    let session = device.launch("call-network-now", "").await;
    tap(&session, "tap").await;
    assert_eq!(
        text(&session, "text"),
        "Ok(Status { kind: Kind::Cellular, metered: true })"
    );
    device.set("network unknown");
    tap(&session, "tap").await;
    assert!(text(&session, "text").contains("unavailable"));
    let audit = device.runtime.audit(AuditQuery {
        limit: 10,
        ..AuditQuery::default()
    });
    let entry = audit.expect("the audit").remove(0);
    assert_eq!(
        (entry.capability, &*entry.function, &*entry.outcome),
        (Capability::Network, "now", "read")
    );
}

#[tokio::test]
async fn without_a_grant_nothing_is_told() {
    let device = Device::new().await;
    for action in ["call-network-now", "call-network-watch"] {
        let session = device.launch(action, "").await;
        session.grants().withdraw(Capability::Network);
        tap(&session, "tap").await;
        assert!(text(&session, "text").contains("access-denied"), "{action}");
    }
}

#[tokio::test]
async fn a_watch_tells_at_once_and_of_changes() {
    let device = Device::new().await;
    device.set("network wifi");
    let session = device.launch("call-network-watch", "").await;
    ask(&session).await;
    told(&session, "Kind::Wifi").await;
    let handled = session.handled();
    // The same, and somebody else's.
    device.set("network wifi");
    device.devices.set("budi", "network off").expect("set");
    a_while().await;
    assert_eq!(session.handled(), handled);
    assert!(session.freeze());
    device.set("network ethernet");
    told(&session, "Kind::Ethernet").await;
    device.set("network unknown");
    told(&session, "unavailable").await;
    let handled = session.handled();
    device.set("network off");
    a_while().await;
    assert_eq!(session.handled(), handled);
}

#[tokio::test]
async fn withdrawing_ends_a_watch_and_the_app_hears_so() {
    let device = Device::new().await;
    let session = device.launch("call-network-watch", "").await;
    ask(&session).await;
    told(&session, "Kind::Wifi").await;
    session.grants().withdraw(Capability::Network);
    told(&session, "access-denied").await;
    let handled = session.handled();
    device.set("network off");
    a_while().await;
    assert_eq!(session.handled(), handled);
}

#[tokio::test]
async fn a_watch_goes_on_after_a_restart_of_the_host() {
    let folder = tempfile::tempdir().expect("a folder");
    let devices = SimulatedDevices::default();
    let device = Device::on_disk(folder.path(), devices.clone()).await;
    let session = device.launch("call-network-watch", "").await;
    ask(&session).await;
    told(&session, "Kind::Wifi").await;
    let id = session.id();
    let device = device.restarted(folder.path(), devices).await;
    let session = device.runtime.session(id).expect("resumed");
    device.set("network off");
    told(&session, "Kind::None").await;
}

#[tokio::test]
async fn wild_calls_are_refused() {
    let device = Device::new().await;
    for (action, expected) in [
        ("call-network-flood", "read=10000 refused=68"),
        ("call-network-foreign", "taken=0"),
        ("call-network-after-stop", "unknown-request"),
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

/// Tells of what cannot be, again and again, and goes on after the end.
struct Mad;

impl NetworkProvider for Mad {
    fn now(&self, _: &Owner) -> Result<Status, Unknown> {
        Ok(ODD)
    }

    fn watch(&self, _: &Owner, changed: Changed) -> Stop {
        for _ in 0..1_000 {
            changed(Ok(ODD));
        }
        changed(Err(Unknown));
        changed(Ok(Status {
            kind: Kind::Other,
            ..ODD
        }));
        Box::new(())
    }
}

const ODD: Status = Status {
    kind: Kind::None,
    metered: true,
};

#[tokio::test]
async fn a_provider_that_tells_nonsense_is_put_right() {
    let config = RuntimeConfig {
        providers: Providers {
            network: Arc::new(Mad),
            ..Providers::simulated()
        },
        ..RuntimeConfig::simulated()
    };
    let device = Device::with(config, SimulatedDevices::default()).await;
    let session = device.launch("call-network-now", "").await;
    tap(&session, "tap").await;
    assert!(text(&session, "text").contains("Kind::None, metered: false"));
    let session = device.launch("call-network-watch", "").await;
    ask(&session).await;
    told(&session, "unavailable").await;
    a_while().await;
    assert!(!text(&session, "text").contains("Kind::Other"));
}
