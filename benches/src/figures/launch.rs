//! What it takes from a package's bytes to the first view.

use std::time::Instant;

use lapak_abi::package::{Package, PackageLimits};
use lapak_host::{Launch, Runtime, RuntimeConfig, ShellEvent};
use tokio::runtime::Runtime as Tokio;

use super::micros;
use crate::apps::{self, WARUNG};
use crate::bare::{self, Bare};
use crate::live;
use crate::{Effort, Figure};

/// Compiling takes long: fewer runs than the short figures have.
const RUNS: usize = 7;

/// A package that this host has never seen: read, checked, compiled, launched.
pub(super) fn new(tokio: &Tokio, effort: Effort) -> anyhow::Result<Vec<Figure>> {
    let bytes = apps::built(WARUNG)?.bytes;
    let _within = tokio.enter();
    let runtime = live::runtime()?;
    let (mut ours, mut bare) = (Vec::new(), Vec::new());
    for _ in 0..effort.runs.min(RUNS) {
        ours.push(tokio.block_on(first_view(&runtime, &bytes))? / 1e3);
        let package = Package::read(bytes.clone(), &PackageLimits::default())?;
        let since = Instant::now();
        bare::compile(runtime.engine(), package.component())?;
        bare.push(micros(since) / 1e3);
    }
    let reference = "bare wasmtime: Component::new alone";
    Ok(vec![Figure::of(
        "launch-new",
        "ms",
        &ours,
        (reference, &bare),
    )])
}

/// A package whose compiled code is in the cache.
pub(super) fn cached(tokio: &Tokio, effort: Effort) -> anyhow::Result<Vec<Figure>> {
    let bytes = apps::built(apps::COUNTER)?.bytes;
    let folder = tempfile::tempdir()?;
    let config = RuntimeConfig {
        code_cache: Some(folder.path().join("code")),
        ..RuntimeConfig::simulated()
    };
    let _within = tokio.enter();
    let runtime = Runtime::new(config)?;
    // Fills the cache.
    tokio.block_on(first_view(&runtime, &bytes))?;
    let package = Package::read(bytes.clone(), &PackageLimits::default())?;
    let component = bare::compile(runtime.engine(), package.component())?;
    let (mut ours, mut bare) = (Vec::new(), Vec::new());
    for _ in 0..effort.runs {
        let (mut our_times, mut bare_times) = (Vec::new(), Vec::new());
        for _ in 0..effort.repeats.div_ceil(20) {
            our_times.push(tokio.block_on(first_view(&runtime, &bytes))?);
            let since = Instant::now();
            tokio.block_on(Bare::launch(runtime.engine(), &component))?;
            bare_times.push(micros(since));
        }
        ours.push(crate::result::middle(&our_times));
        bare.push(crate::result::middle(&bare_times));
    }
    let reference = "bare wasmtime: instantiate and call, code in memory";
    Ok(vec![Figure::of(
        "launch-cached",
        "us",
        &ours,
        (reference, &bare),
    )])
}

/// Microseconds from the package's bytes to the first view.
async fn first_view(runtime: &Runtime, bytes: &[u8]) -> anyhow::Result<f64> {
    let bytes = bytes.to_vec();
    let since = Instant::now();
    let package = Package::read(bytes, &PackageLimits::default())?;
    let app = runtime.load(package).await?;
    let session = runtime.launch(&app, Launch::new("bench"))?;
    session.painted().await;
    let took = micros(since);
    let screen = session.screen();
    anyhow::ensure!(
        screen.version > 0,
        "the app showed nothing: {:?}",
        screen.ended
    );
    session.send(ShellEvent::Close)?;
    session.ended().await;
    Ok(took)
}
