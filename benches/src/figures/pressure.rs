//! Apps that hoard all the memory that they may have: does the host stay within its budget, and does a button of
//! somebody else's still answer?

use std::time::{Duration, Instant};

use anyhow::Context as _;
use lapak_host::view::{TreeNode, Trigger};
use lapak_host::{Launch, Runtime, RuntimeConfig, Session, SnapshotConfig, Update};
use tokio::runtime::Runtime as Tokio;

use super::micros;
use crate::apps::{COUNTER, WILD};
use crate::live;
use crate::process::resident_bytes;
use crate::{Effort, Figure};

/// Sessions that hoard 64 MiB each, the cap: twice as much as the budget together. Each step of each goes to the disk and comes
/// back, so more of them would take the disk's time and tell nothing more.
const HOARDERS: usize = 24;
/// Instances, each of which can have 64 MiB.
const INSTANCES: usize = 8;
/// Bytes of snapshots in memory.
const SNAPSHOTS: usize = 256 << 20;
/// Taps that bring a hoarder to the cap, each by 16 MiB, and the last by what is left.
const STEPS: usize = 4;
/// How far below the cap it ends, in pages of 64 KiB: what an allocator asks for besides.
const BELOW_CAP: usize = 4;
const PAGES: usize = (64 << 20) / (64 << 10);
const RUNS: usize = 3;
/// Taps of the quiet host's button at each step, at most.
const QUIET_TAPS: usize = 200;

/// The most memory that the process takes while 24 apps hoard, as a part of its budget; and the p99 of a tap
/// beside them, all the while until they have come to rest, against that of a quiet host's.
pub(super) fn hoarders(tokio: &Tokio, effort: Effort) -> anyhow::Result<Vec<Figure>> {
    let _within = tokio.enter();
    // What compiling an app takes is not of this budget, and stays in the process.
    Run::start(tokio, effort)?;
    // Once, and not before each run: what an allocator keeps from an earlier one counts.
    let start = resident_bytes()?;
    let budget = f64::from(u32::try_from((INSTANCES * (64 << 20) + SNAPSHOTS) >> 20)?);
    let (mut taken, mut beside, mut quiet) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..effort.runs.min(RUNS) {
        let run = Run::start(tokio, effort)?.measure(tokio, effort)?;
        taken.push((run.most - start) / f64::from(1_u32 << 20));
        beside.push(p99(run.beside));
        quiet.push(p99(run.quiet));
    }
    let budget = ("the budget", &[budget][..]);
    let twin = ("a host beside it, with nobody who hoards", &quiet[..]);
    Ok(vec![
        Figure::of("memory-pressure", "MiB", &taken, budget),
        Figure::of("memory-pressure-p99", "ms", &beside, twin),
    ])
}

/// A host with hoarders, and its quiet twin.
struct Run {
    _hosts: [Host; 2],
    light: [Session; 2],
    hoarders: Vec<Session>,
}

/// A host, and where its snapshots are.
struct Host {
    runtime: Runtime,
    _folder: tempfile::TempDir,
}

/// What a run came to: bytes, and milliseconds of each tap.
struct Measured {
    most: f64,
    beside: Vec<f64>,
    quiet: Vec<f64>,
}

impl Run {
    fn start(tokio: &Tokio, effort: Effort) -> anyhow::Result<Self> {
        let hosts = [Host::start()?, Host::start()?];
        let light = [hosts[0].light(tokio)?, hosts[1].light(tokio)?];
        let runtime = &hosts[0].runtime;
        let wild = tokio.block_on(live::load(runtime, WILD))?;
        let hoarders = tokio.block_on(live::launch_many(runtime, &wild, effort.of(HOARDERS)))?;
        Ok(Self {
            _hosts: hosts,
            light,
            hoarders,
        })
    }

    fn measure(&self, tokio: &Tokio, effort: Effort) -> anyhow::Result<Measured> {
        let hoard = self.hoarders[0].screen().tree.find("hoard", Trigger::Tap);
        let hoard = hoard.context("a hoard button")?;
        let [beside, quiet] = &self.light;
        let mut measured = Measured {
            most: 0.0,
            beside: Vec::new(),
            quiet: Vec::new(),
        };
        let steps = match effort.divide {
            1 => STEPS,
            _ => 1,
        };
        for _ in 0..steps {
            let mut next = self.hoarders.iter();
            let mut busy = self.hoarders.iter().peekable();
            let mut most = measured.most;
            // Between two taps a hoarder takes 16 MiB more, until each has; and then until each has come to rest.
            let taps = tap(beside, || {
                if let Some(one) = next.next() {
                    one.send(live::tap_on(hoard))?;
                }
                most = most.max(resident_bytes()?);
                if next.len() > 0 {
                    return Ok(true);
                }
                while busy.next_if(|one| tokio.block_on(rests(one))).is_some() {}
                Ok(busy.peek().is_some())
            })?;
            measured.most = most;
            // In turns: whatever else the machine does meets both.
            let mut left = taps.len().min(QUIET_TAPS);
            measured.beside.extend(taps);
            measured.quiet.extend(tap(quiet, || {
                left -= 1;
                Ok(left > 0)
            })?);
        }
        for one in &self.hoarders {
            let screen = one.screen();
            anyhow::ensure!(screen.ended.is_none(), "a hoarder has ended");
            let pages = |node: &TreeNode| node.node.key.as_deref() == Some("pages");
            let at = screen.tree.nodes.iter().position(pages);
            let pages = at.and_then(|at| screen.tree.text_of(at).parse::<usize>().ok());
            let all = pages.is_some_and(|pages| pages + BELOW_CAP >= PAGES);
            anyhow::ensure!(all || steps < STEPS, "a hoarder has only {pages:?} pages");
        }
        Ok(measured)
    }
}

impl Host {
    fn start() -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let snapshots = SnapshotConfig::in_folder(folder.path())?;
        let runtime = Runtime::new(RuntimeConfig {
            snapshots: Some(SnapshotConfig {
                checkpoint: None,
                memory_bytes: SNAPSHOTS,
                ..snapshots
            }),
            ..live::config(INSTANCES)
        })?;
        Ok(Self {
            runtime,
            _folder: folder,
        })
    }

    /// The session whose button is tapped.
    fn light(&self, tokio: &Tokio) -> anyhow::Result<Session> {
        let app = tokio.block_on(live::load(&self.runtime, COUNTER))?;
        let session = self.runtime.launch(&app, Launch::new("light"))?;
        tokio.block_on(session.settled());
        Ok(session)
    }
}

/// Whether a session is at rest now.
async fn rests(session: &Session) -> bool {
    let settled = tokio::time::timeout(Duration::ZERO, session.settled());
    settled.await.is_ok()
}

/// Milliseconds of each tap; `between` runs before each, and tells whether another is to follow.
fn tap(
    session: &Session,
    mut between: impl FnMut() -> anyhow::Result<bool>,
) -> anyhow::Result<Vec<f64>> {
    let add = session.screen().tree.find("+", Trigger::Tap);
    let add = add.context("a plus")?;
    let (_, mut updates) = session.watch();
    let mut times = Vec::new();
    let mut more = true;
    while more {
        more = between()?;
        std::thread::sleep(Duration::from_millis(3));
        let since = Instant::now();
        session.send(live::tap_on(add))?;
        while !matches!(updates.blocking_recv()?, Update::Patch(_)) {}
        times.push(micros(since) / 1e3);
    }
    Ok(times)
}

/// Within which 99 of 100 were answered.
fn p99(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    let last = times.len().saturating_sub(1);
    times.get(last * 99 / 100).copied().unwrap_or(f64::NAN)
}
