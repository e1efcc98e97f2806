//! `device`: now and watched; denied, withdrawn; over freezes and restarts; hostile input and providers.

mod support;

use std::sync::Arc;

use lapak_host::audit::AuditQuery;
use lapak_host::capability::Providers;
use lapak_host::capability::device::simulated::SimulatedDevice;
use lapak_host::capability::device::{Changed, DeviceProvider, Information};
use lapak_host::capability::storage::Owner;
use lapak_host::flights::Stop;
use lapak_host::simulated::SimulatedDevices;
use lapak_host::{Capability, RuntimeConfig};
use support::device::{Device, a_while, ask, told};
use support::{tap, text};

#[tokio::test]
async fn it_tells_what_the_app_runs_on_and_nobody_is_asked() {
    let device = Device::unasked().await;
    device.set("device theme dark");
    device.set("device locale id-ID");
    device.set("device screen 411 823 2.5");
    device.set("device model Fairphone 5");
    let session = device.launch("call-device-now", "").await;
    tap(&session, "tap").await;
    let shown = text(&session, "text");
    for part in [
        "Theme::Dark",
        "id-ID",
        "width: 411",
        "scale: 2.5",
        "Fairphone 5",
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    assert!(session.sheets().is_empty());
    let audit = device.runtime.audit(AuditQuery {
        limit: 10,
        ..AuditQuery::default()
    });
    assert!(audit.expect("the audit").is_empty());
}

#[tokio::test]
async fn without_a_grant_nothing_is_told() {
    let device = Device::new().await;
    for action in ["call-device-now", "call-device-watch"] {
        let session = device.launch(action, "").await;
        session.grants().withdraw(Capability::Device);
        tap(&session, "tap").await;
        assert!(text(&session, "text").contains("access-denied"), "{action}");
    }
}

#[tokio::test]
async fn a_watch_tells_at_once_and_of_changes() {
    let device = Device::new().await;
    let session = device.launch("call-device-watch", "").await;
    ask(&session).await;
    told(&session, "Theme::Light").await;
    let handled = session.handled();
    // The same, and somebody else's.
    device.set("device theme light");
    device
        .devices
        .set("budi", "device theme dark")
        .expect("set");
    a_while().await;
    assert_eq!(session.handled(), handled);
    assert!(session.freeze());
    device.set("device screen 640 360");
    told(&session, "width: 640").await;
}

#[tokio::test]
async fn withdrawing_ends_a_watch_and_the_app_hears_so() {
    let device = Device::new().await;
    let session = device.launch("call-device-watch", "").await;
    ask(&session).await;
    told(&session, "Theme::Light").await;
    session.grants().withdraw(Capability::Device);
    told(&session, "access-denied").await;
    let handled = session.handled();
    device.set("device theme dark");
    a_while().await;
    assert_eq!(session.handled(), handled);
}

#[tokio::test]
async fn a_watch_goes_on_after_a_restart_of_the_host() {
    let folder = tempfile::tempdir().expect("a folder");
    let devices = SimulatedDevices::default();
    let device = Device::on_disk(folder.path(), devices.clone()).await;
    let session = device.launch("call-device-watch", "").await;
    ask(&session).await;
    told(&session, "Theme::Light").await;
    let id = session.id();
    let device = device.restarted(folder.path(), devices).await;
    let session = device.runtime.session(id).expect("resumed");
    device.set("device theme dark");
    told(&session, "Theme::Dark").await;
}

#[tokio::test]
async fn wild_calls_are_refused() {
    let device = Device::new().await;
    for (action, expected) in [
        ("call-device-flood", "read=10000 refused=68"),
        ("call-device-foreign", "taken=0"),
        ("call-device-after-stop", "unknown-request"),
    ] {
        let session = device.launch(action, "").await;
        tap(&session, "tap").await;
        let shown = text(&session, "text");
        assert!(shown.contains(expected), "{action}: {shown}");
    }
}

/// Says far too much.
struct Mad(SimulatedDevice);

impl Mad {
    fn information(&self) -> Information {
        let mut information = self.0.of("anybody");
        information.brand = "b".repeat(1 << 20);
        information.locale = "<script>".into();
        information.screen.scale = f64::INFINITY;
        information
    }
}

impl DeviceProvider for Mad {
    fn now(&self, _: &Owner) -> Information {
        self.information()
    }

    fn watch(&self, _: &Owner, changed: Changed) -> Stop {
        for _ in 0..100 {
            changed(self.information());
        }
        Box::new(())
    }
}

#[tokio::test]
async fn a_provider_that_tells_nonsense_is_put_right() {
    let config = RuntimeConfig {
        providers: Providers {
            device: Arc::new(Mad(SimulatedDevice::default())),
            ..Providers::simulated()
        },
        ..RuntimeConfig::simulated()
    };
    let device = Device::with(config, SimulatedDevices::default()).await;
    for action in ["call-device-now", "call-device-watch"] {
        let session = device.launch(action, "").await;
        ask(&session).await;
        told(&session, "locale: \"und\"").await;
        let shown = text(&session, "text");
        assert!(shown.contains("bb…") && shown.len() < 1_000, "{shown}");
        assert!(shown.contains("scale: 1.0"), "{shown}");
    }
}
