//! Does a button answer while others spin? A light app is tapped now and then beside apps that never stop.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use lapak_abi::limits::Limits;
use lapak_abi::package::{Package, PackageLimits};
use lapak_host::view::Trigger;
use lapak_host::{Launch, Runtime, RuntimeConfig, Update};
use tokio::runtime::Runtime as Tokio;
use tokio::sync::mpsc;

use super::micros;
use crate::apps::{self, COUNTER, WILD};
use crate::bare::{self, Bare, Prepared};
use crate::live;
use crate::{Effort, Figure};

/// Taps in one run.
const TAPS: usize = 200;
/// Between two taps; odd, so that it does not keep step with the slices.
const PAUSE: Duration = Duration::from_micros(3_700);

pub(super) fn beside_1(tokio: &Tokio, effort: Effort) -> anyhow::Result<Vec<Figure>> {
    beside(tokio, effort, 1)
}

pub(super) fn beside_8(tokio: &Tokio, effort: Effort) -> anyhow::Result<Vec<Figure>> {
    beside(tokio, effort, 8)
}

pub(super) fn beside_64(tokio: &Tokio, effort: Effort) -> anyhow::Result<Vec<Figure>> {
    beside(tokio, effort, 64)
}

pub(super) fn beside_1000(tokio: &Tokio, effort: Effort) -> anyhow::Result<Vec<Figure>> {
    beside(tokio, effort, 1_000)
}

/// Milliseconds of the taps of one run, sorted.
struct Taps(Vec<f64>);

impl Taps {
    fn at(&self, part: f64) -> f64 {
        let last = self.0.len().saturating_sub(1);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "an index of a short list"
        )]
        let index = (last as f64 * part).round() as usize;
        self.0.get(index).copied().unwrap_or(f64::NAN)
    }
}

fn beside(tokio: &Tokio, effort: Effort, spinners: usize) -> anyhow::Result<Vec<Figure>> {
    let runs = effort.runs.min(3);
    let spin = spinners.div_ceil(effort.divide);
    let taps = if effort.divide > 1 { 5 } else { TAPS };
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..runs {
        ours.push(ours_beside(tokio, spin, taps)?);
        theirs.push(tokio_beside(spin, taps)?);
    }
    let reference = "tokio tasks with epoch yields, same guests";
    let figure = |name: &str, part: f64| {
        let read = |runs: &[Taps]| -> Vec<f64> { runs.iter().map(|run| run.at(part)).collect() };
        let id = format!("foreground-{name}-{spinners}");
        Figure::of(&id, "ms", &read(&ours), (reference, &read(&theirs)))
    };
    Ok(vec![
        figure("p50", 0.5),
        figure("p99", 0.99),
        figure("max", 1.0),
    ])
}

/// After that even one core has given each of them two slices.
fn warm_up(spinners: usize) -> Duration {
    Duration::from_millis(2) * u32::try_from(spinners + 1).unwrap_or(u32::MAX)
}

/// Sessions of a runtime; all of them in the foreground, the spinning ones too.
fn ours_beside(tokio: &Tokio, spinners: usize, taps: usize) -> anyhow::Result<Taps> {
    let _within = tokio.enter();
    let runtime = Runtime::new(RuntimeConfig {
        limits: Limits {
            foreground_cpu: Duration::from_secs(100_000),
            ..Limits::default()
        },
        max_sessions: spinners + 10,
        ..live::config(spinners + 10)
    })?;
    let light = tokio.block_on(live::load(&runtime, COUNTER))?;
    let wild = tokio.block_on(live::load(&runtime, WILD))?;
    let session = runtime.launch(&light, Launch::new("light"))?;
    let add = tokio.block_on(async {
        session.settled().await;
        session.screen().tree.find("+", Trigger::Tap)
    });
    let add = add.context("a plus")?;
    let neighbours = tokio.block_on(live::launch_many(&runtime, &wild, spinners))?;
    let spin = neighbours[0].screen().tree.find("spin", Trigger::Tap);
    let spin = spin.context("a spin button")?;
    for neighbour in &neighbours {
        neighbour.send(live::tap_on(spin))?;
    }
    // Who has only just been tapped looks like any app in use; they are to be seen spinning.
    std::thread::sleep(warm_up(spinners));
    let (_, mut updates) = session.watch();
    let mut times = Vec::with_capacity(taps);
    for _ in 0..taps {
        std::thread::sleep(PAUSE);
        let since = Instant::now();
        session.send(live::tap_on(add))?;
        while !matches!(updates.blocking_recv()?, Update::Patch(_)) {}
        times.push(micros(since) / 1e3);
    }
    times.sort_by(f64::total_cmp);
    Ok(Taps(times))
}

/// What servers of WebAssembly do today: a task for each instance, which yields at every epoch.
fn tokio_beside(spinners: usize, taps: usize) -> anyhow::Result<Taps> {
    let engine = bare::on_demand_engine()?;
    let _ticker = bare::Ticker::start(&engine);
    let light = Prepared::new(&engine, &package(COUNTER)?)?;
    let wild = Prepared::new(&engine, &package(WILD)?)?;
    let tasks = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let (taps_in, mut tapped) = mpsc::channel::<()>(1);
    let (answers_in, mut answers) = mpsc::channel::<()>(1);
    let mut app = tasks.block_on(light.launch())?;
    tasks.spawn(async move {
        while tapped.recv().await.is_some() {
            let handler = app.tap_handler(1).unwrap_or_default();
            if app.handle(&Bare::tap(handler)).await.is_err() || answers_in.send(()).await.is_err()
            {
                return;
            }
        }
    });
    let neighbours = (0..spinners).map(|_| tasks.block_on(wild.launch()));
    for mut neighbour in neighbours.collect::<Result<Vec<_>, _>>()? {
        tasks.spawn(async move {
            let spin = neighbour.tap_handler(0).unwrap_or_default();
            // Never comes back.
            let _ = neighbour.handle(&Bare::tap(spin)).await;
        });
    }
    std::thread::sleep(warm_up(spinners));
    let mut times = Vec::with_capacity(taps);
    let deadline = Instant::now() + Duration::from_secs(5);
    for _ in 0..taps {
        std::thread::sleep(PAUSE);
        let since = Instant::now();
        taps_in.blocking_send(())?;
        answers.blocking_recv().context("the light app has ended")?;
        times.push(micros(since) / 1e3);
        if Instant::now() > deadline {
            break;
        }
    }
    times.sort_by(f64::total_cmp);
    tasks.shutdown_timeout(Duration::from_millis(100));
    Ok(Taps(times))
}

fn package(app: &'static str) -> anyhow::Result<Package> {
    Ok(Package::read(
        apps::built(app)?.bytes.clone(),
        &PackageLimits::default(),
    )?)
}
