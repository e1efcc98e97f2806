//! `cargo run -p embedder -- profiles/lamp.json app.ma`: runs an app on the platform that the profile describes, and prints what it
//! shows.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use embedder::lamp::Lamps;
use lapak_abi::package::{Package, PackageLimits};
use lapak_host::audit::memory::MemoryAudit;
use lapak_host::grants::consent::memory::MemoryConsents;
use lapak_host::profile::Profile;
use lapak_host::simulated::SimulatedDevices;
use lapak_host::{AppSource, Launch, Runtime, RuntimeConfig};

const PERSON: &str = "ani";

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let usage = "usage: embedder PROFILE APP.ma";
    let (profile, app) = (
        arguments.next().context(usage)?,
        arguments.next().context(usage)?,
    );
    let devices = SimulatedDevices::default();
    let mut config = RuntimeConfig {
        vendors: vec![Arc::new(Lamps::default())],
        ..RuntimeConfig::new(
            devices.providers(),
            Arc::new(MemoryConsents::default()),
            Arc::new(MemoryAudit::default()),
        )
    };
    let notes = Profile::read(Path::new(&profile))?.set_up(&mut config, &devices)?;
    notes.iter().for_each(|note| eprintln!("{profile}: {note}"));

    // Nobody vouches for its app_id: what it keeps is this file's.
    let source = AppSource::Place(app.as_str().into());
    let package = Package::read(std::fs::read(app)?, &PackageLimits::default())?;
    let runtime = Runtime::new(config)?;
    let app = runtime.load_from(package, source).await?;
    devices.begin(PERSON);
    let session = runtime.launch(&app, Launch::new(PERSON))?;
    session.settled().await;
    println!("{}", session.screen().tree.to_text());
    Ok(())
}
