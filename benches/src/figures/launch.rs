//! What it takes from a package's bytes to the first view.

use std::sync::Arc;
use std::time::Instant;

use lapak_abi::package::{Package, PackageLimits};
use lapak_host::{App, Launch, Runtime, RuntimeConfig, ShellEvent};
use tokio::runtime::Runtime as Tokio;

use super::micros;
use crate::apps::{self, WARUNG};
use crate::bare::{self, Compiled, Prepared};
use crate::live;
use crate::result::middle;
use crate::{Effort, Figure};

/// Compiling takes long: fewer runs than the short figures have.
const RUNS: usize = 7;

/// A package that this host has never seen: read, checked, compiled, launched.
pub(super) fn new(tokio: &Tokio, effort: Effort) -> anyhow::Result<Vec<Figure>> {
    let bytes = apps::built(WARUNG)?.bytes.clone();
    let _within = tokio.enter();
    let runtime = live::runtime()?;
    let (mut ours, mut bare) = (Vec::new(), Vec::new());
    for _ in 0..effort.runs.min(RUNS) {
        ours.push(tokio.block_on(open(&runtime, &bytes))? / 1e3);
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

/// An app whose compiled code is in the cache: launched, once it was loaded from there; and opened from the package's
/// bytes on. The references do the same without a host: one has the component linked already, one has its compiled code in
/// a file.
pub(super) fn cached(tokio: &Tokio, effort: Effort) -> anyhow::Result<Vec<Figure>> {
    let bytes = apps::built(apps::COUNTER)?.bytes.clone();
    let folder = tempfile::tempdir()?;
    let config = RuntimeConfig {
        code_cache: Some(folder.path().join("code")),
        ..RuntimeConfig::simulated()
    };
    let _within = tokio.enter();
    let runtime = Runtime::new(config)?;
    // Fills the cache.
    tokio.block_on(open(&runtime, &bytes))?;
    let app = tokio.block_on(load(&runtime, &bytes))?;
    anyhow::ensure!(app.from_cache(), "the cache is empty");
    let engine = bare::pooled_engine(16)?;
    let _ticker = bare::Ticker::start(&engine);
    let prepared = Prepared::new(&engine, app.package())?;
    let compiled = Compiled::write(&engine, app.package(), &folder.path().join("bare"))?;
    let (mut launched, mut opened) = (Vec::new(), Vec::new());
    let (mut bare_launched, mut bare_opened) = (Vec::new(), Vec::new());
    for _ in 0..effort.runs {
        let (mut launches, mut opens) = (Vec::new(), Vec::new());
        let (mut bare_launches, mut bare_opens) = (Vec::new(), Vec::new());
        for _ in 0..effort.repeats.div_ceil(10) {
            launches.push(tokio.block_on(first_view(&runtime, &app))?);
            let since = Instant::now();
            tokio.block_on(prepared.launch())?;
            bare_launches.push(micros(since));
            opens.push(tokio.block_on(open(&runtime, &bytes))?);
            let since = Instant::now();
            tokio.block_on(compiled.open())?;
            bare_opens.push(micros(since));
        }
        launched.push(middle(&launches));
        bare_launched.push(middle(&bare_launches));
        opened.push(middle(&opens));
        bare_opened.push(middle(&bare_opens));
    }
    let linked = "bare wasmtime: pooled, instantiate and call";
    let from_file = "bare wasmtime: deserialize, instantiate and call";
    Ok(vec![
        Figure::of("launch-cached", "us", &launched, (linked, &bare_launched)),
        Figure::of("open-cached", "us", &opened, (from_file, &bare_opened)),
    ])
}

async fn load(runtime: &Runtime, bytes: &[u8]) -> anyhow::Result<Arc<App>> {
    let package = Package::read(bytes.to_vec(), &PackageLimits::default())?;
    Ok(runtime.load(package).await?)
}

/// Microseconds from the package's bytes to the first view.
async fn open(runtime: &Runtime, bytes: &[u8]) -> anyhow::Result<f64> {
    let since = Instant::now();
    let app = load(runtime, bytes).await?;
    let loaded = micros(since);
    Ok(loaded + first_view(runtime, &app).await?)
}

/// Microseconds from the launch to the first view.
async fn first_view(runtime: &Runtime, app: &Arc<App>) -> anyhow::Result<f64> {
    let since = Instant::now();
    let session = runtime.launch(app, Launch::new("bench"))?;
    // Five events: launched, shown, page loaded, shown and ready. The first view is there after the third; looked at
    // without sleeping, so that this thread's own waking up is not in the figure.
    while session.handled() < 3 {
        std::hint::spin_loop();
    }
    let took = micros(since);
    session.painted().await;
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
