//! `device`: told without asking, whatever the provider tells. Its watches: `watched.rs`.

mod support;

use std::sync::Arc;

use lapak_host::RuntimeConfig;
use lapak_host::audit::AuditQuery;
use lapak_host::capability::Providers;
use lapak_host::capability::device::simulated::SimulatedDevice;
use lapak_host::capability::device::{Changed, DeviceProvider, Information};
use lapak_host::capability::storage::Owner;
use lapak_host::flights::Stop;
use lapak_host::simulated::SimulatedDevices;
use support::device::{Device, ask, told};
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
