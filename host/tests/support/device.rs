//! A runtime over simulated devices, with the hostile app in it, and one person: Ani.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use lapak_host::grants::consent::Consent;
use lapak_host::grants::consent::memory::MemoryConsents;
use lapak_host::sheet::{ConsentSheet, SheetAnswer, SheetAsk};
use lapak_host::simulated::SimulatedDevices;
use lapak_host::{App, Launch, Runtime, RuntimeConfig, Session, SnapshotConfig};

pub use super::money::{ask, told};
use super::{hostile, until};

pub const PERSON: &str = "ani";

pub struct Device {
    pub runtime: Runtime,
    pub app: Arc<App>,
    pub devices: SimulatedDevices,
}

impl Device {
    /// Of people who agree to everything.
    pub async fn new() -> Self {
        Self::of(RuntimeConfig::simulated(), SimulatedDevices::default()).await
    }

    /// Of people who were not asked yet.
    pub async fn unasked() -> Self {
        let config = RuntimeConfig {
            consents: Arc::new(MemoryConsents::default()),
            ..RuntimeConfig::simulated()
        };
        Self::of(config, SimulatedDevices::default()).await
    }

    /// One that keeps its sessions in a folder.
    pub async fn on_disk(folder: &Path, devices: SimulatedDevices) -> Self {
        let config = RuntimeConfig {
            snapshots: Some(SnapshotConfig::in_folder(folder).expect("a folder")),
            ..RuntimeConfig::simulated()
        };
        Self::of(config, devices).await
    }

    /// The host is shut down in order, and started again over the same folder.
    pub async fn restarted(self, folder: &Path, devices: SimulatedDevices) -> Self {
        let patience = Duration::from_secs(30);
        self.runtime.suspend(patience).await.expect("suspended");
        drop(self);
        Self::on_disk(folder, devices).await
    }

    /// Devices that stand behind whatever the configuration does not say.
    pub async fn of(mut config: RuntimeConfig, devices: SimulatedDevices) -> Self {
        devices.put_behind(&mut config.providers);
        Self::with(config, devices).await
    }

    /// The configuration as it is.
    pub async fn with(config: RuntimeConfig, devices: SimulatedDevices) -> Self {
        let runtime = Runtime::new(config).expect("a runtime");
        let app = runtime.load(hostile()).await.expect("loaded");
        Self {
            runtime,
            app,
            devices,
        }
    }

    /// Sets a part of Ani's device.
    pub fn set(&self, line: &str) {
        self.devices.set(PERSON, line).expect(line);
    }

    /// Launches the hostile app for Ani, so that it does `action` at each tap.
    pub async fn launch(&self, action: &str, with: &str) -> Session {
        let mut launch = Launch::new(PERSON);
        launch.pages = vec![format!("pages/main?do={action}&at=interaction&with={with}")];
        let session = self.runtime.launch(&self.app, launch).expect("launched");
        session.settled().await;
        session
    }
}

/// Waits for the question whether the app may.
pub async fn asked(session: &Session) -> ConsentSheet {
    let sheet = super::money::sheet(session).await;
    match &sheet.ask {
        SheetAsk::Consent(asked) => asked.clone(),
        other => panic!("{other:?}"),
    }
}

/// The person answers the question.
pub async fn answer(session: &Session, consent: Consent) {
    let sheet = super::money::sheet(session).await;
    let answered = session.answer_sheet(sheet.id, SheetAnswer::Consent(consent));
    answered.await.expect("taken");
    until("the sheet is gone", || session.sheets().is_empty()).await;
}

/// Long enough for whoever would do something that they should not.
pub async fn a_while() {
    tokio::time::sleep(Duration::from_millis(50)).await;
}
