//! `battery`: in steps, in the audit, whatever the provider tells. Its watches: `watched.rs`.

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
async fn whoever_reads_it_without_end_is_written_down_once_for_each_event() {
    let device = Device::new().await;
    let session = device.launch("call-battery-flood", "").await;
    tap(&session, "tap").await;
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
