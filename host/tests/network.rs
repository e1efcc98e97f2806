//! `network`: told, in the audit, whatever the provider tells. Its watches: `watched.rs`.

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
