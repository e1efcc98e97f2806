//! Very many sessions: what each takes, and whether an event among a million costs more than among a thousand.

use std::sync::Arc;
use std::time::Instant;

use anyhow::Context as _;
use lapak_abi::package::{Package, PackageLimits};
use lapak_host::view::{NodeId, TreeNode, Trigger};
use lapak_host::{App, Runtime, Session};
use tokio::runtime::Runtime as Tokio;

use super::micros;
use crate::apps::{self, COUNTER, WARUNG};
use crate::bare::{self, Prepared};
use crate::child::{self, Task};
use crate::live::{self, tap_and_see};
use crate::process::{pick, resident_bytes, settle};
use crate::result::middle;
use crate::{Effort, Figure};

/// Instances for many sessions.
const INSTANCES: usize = 64;

/// Bytes of a frozen counter.
pub(super) fn bytes_counter(_: &Tokio, effort: Effort) -> anyhow::Result<Vec<Figure>> {
    bytes(effort, "bytes-frozen-counter", COUNTER, 50_000)
}

/// Bytes of a frozen warung, three dishes in its basket.
pub(super) fn bytes_warung(_: &Tokio, effort: Effort) -> anyhow::Result<Vec<Figure>> {
    bytes(effort, "bytes-frozen-warung", WARUNG, 10_000)
}

fn bytes(effort: Effort, id: &str, app: &'static str, count: usize) -> anyhow::Result<Vec<Figure>> {
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..effort.runs.min(5) {
        ours.push(child::measured(&Task::Frozen(app, effort.of(count)))?);
        theirs.push(child::measured(&Task::Pooled(app, effort.of(2_000)))?);
    }
    let reference = "resident bytes of a live pooled instance";
    Ok(vec![Figure::of(id, "bytes", &ours, (reference, &theirs))])
}

/// The app of this path, and what is tapped in it before it is frozen.
pub(crate) fn app_named(path: &str) -> anyhow::Result<&'static str> {
    let known = [COUNTER, WARUNG];
    let found = known.into_iter().find(|app| *app == path);
    found.with_context(|| format!("{path} is not measured"))
}

fn taps(app: &str) -> &'static [&'static str] {
    match app {
        WARUNG => &["Add Nasi goreng", "Add Nasi rendang", "Add Nasi uduk"],
        _ => &["+"],
    }
}

/// Bytes for each frozen session: by how the process's resident memory grows, where everything is in it but what the
/// allocator had in store; or by what the host counts of the sessions; whichever is more. For a process that has done
/// nothing else.
pub(crate) fn frozen_bytes(tokio: &Tokio, app: &'static str, count: usize) -> anyhow::Result<f64> {
    let _within = tokio.enter();
    let runtime = live::runtime_with(INSTANCES)?;
    let loaded = tokio.block_on(live::load(&runtime, app))?;
    // The app's images, the instances and the room that launching takes are there before the count begins.
    let early = INSTANCES * 8;
    let mut all = tokio.block_on(used_sessions(&runtime, &loaded, early, taps(app)))?;
    settle();
    let before = resident_bytes()?;
    all.extend(tokio.block_on(used_sessions(&runtime, &loaded, count, taps(app)))?);
    for session in &all {
        session.freeze();
    }
    settle();
    let grown = (resident_bytes()? - before) / float(count);
    let told: usize = all.iter().map(Session::frozen_bytes).sum();
    Ok(grown.max(float(told) / float(all.len())))
}

async fn used_sessions(
    runtime: &Runtime,
    app: &Arc<App>,
    count: usize,
    taps: &[&str],
) -> anyhow::Result<Vec<Session>> {
    let sessions = live::launch_many(runtime, app, count).await?;
    for session in &sessions {
        for name in taps {
            let node = session.screen().tree.find(name, Trigger::Tap);
            let node = node.with_context(|| format!("there is no {name:?} to tap"))?;
            session.send(live::tap_on(node))?;
            session.settled().await;
        }
    }
    Ok(sessions)
}

/// Resident bytes of this process for each live instance in wasmtime's pool. For a process that has done nothing else.
pub(crate) fn pooled_bytes(tokio: &Tokio, app: &'static str, count: usize) -> anyhow::Result<f64> {
    let package = Package::read(apps::built(app)?.bytes.clone(), &PackageLimits::default())?;
    let slots = u32::try_from(count + 64)?;
    let engine = bare::pooled_engine(slots)?;
    let prepared = Prepared::new(&engine, &package)?;
    let mut kept = Vec::with_capacity(count + 64);
    for _ in 0..64 {
        kept.push(tokio.block_on(prepared.launch())?);
    }
    settle();
    let before = resident_bytes()?;
    for _ in 0..count {
        kept.push(tokio.block_on(prepared.launch())?);
    }
    settle();
    Ok((resident_bytes()? - before) / float(count))
}

/// Among a thousand sessions.
pub(super) fn event_at_1k(tokio: &Tokio, effort: Effort) -> anyhow::Result<Vec<Figure>> {
    event_at(tokio, effort, "event-at-1k", 1_000)
}

/// Among ten thousand.
pub(super) fn event_at_10k(tokio: &Tokio, effort: Effort) -> anyhow::Result<Vec<Figure>> {
    event_at(tokio, effort, "event-at-10k", 10_000)
}

/// Among a hundred thousand.
pub(super) fn event_at_100k(tokio: &Tokio, effort: Effort) -> anyhow::Result<Vec<Figure>> {
    event_at(tokio, effort, "event-at-100k", 100_000)
}

/// Among a million, each of which has answered rightly before.
pub(super) fn event_at_1m(tokio: &Tokio, effort: Effort) -> anyhow::Result<Vec<Figure>> {
    event_at(tokio, effort, "event-at-1m", 1_000_000)
}

/// Taps sessions picked at random, of a small population and a large one in turns.
fn event_at(tokio: &Tokio, effort: Effort, id: &str, count: usize) -> anyhow::Result<Vec<Figure>> {
    let _within = tokio.enter();
    let small = Population::new(tokio, effort.of(1_000))?;
    let large = Population::new(tokio, effort.of(count))?;
    let mut seed = 0x2545_f491_4f6c_dd1d;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..effort.runs {
        // In turns, so that whatever else the machine does meets both; but not at the same time: the one's workers would
        // wait for the other's.
        ours.push(large.tap_many(&mut seed, effort.repeats)?);
        theirs.push(small.tap_many(&mut seed, effort.repeats)?);
    }
    let reference = ("the same among 1,000 sessions", &theirs[..]);
    let mut figures = vec![Figure::of(id, "us", &ours, reference)];
    if count == 1_000_000 {
        drop(small);
        figures.push(sessions_live(tokio, effort, large, count)?);
    }
    Ok(figures)
}

/// Runs of `sessions-live`: each launches a million, which takes minutes.
const LIVE_RUNS: usize = 2;

/// How many sessions answer rightly in one process, beside how many instances a pool gives. The first population is there.
fn sessions_live(
    tokio: &Tokio,
    effort: Effort,
    first: Population,
    count: usize,
) -> anyhow::Result<Figure> {
    let (mut answered, mut stopped) = (Vec::new(), Vec::new());
    let mut population = first;
    loop {
        answered.push(population.answer_all()?);
        stopped.push(tokio.block_on(where_pools_stop(&population.app, effort))?);
        // Two populations at a time would be two millions.
        drop(population);
        if answered.len() == effort.runs.min(LIVE_RUNS) {
            break;
        }
        population = Population::new(tokio, effort.of(count))?;
    }
    let reference = "bare pooled instances, until the kernel refuses";
    let reference = (reference, &stopped[..]);
    Ok(Figure::of(
        "sessions-live",
        "sessions",
        &answered,
        reference,
    ))
}

struct Population {
    _runtime: Runtime,
    app: Arc<App>,
    sessions: Vec<Session>,
    add: NodeId,
}

impl Population {
    fn new(tokio: &Tokio, count: usize) -> anyhow::Result<Self> {
        let runtime = live::runtime_with(INSTANCES)?;
        let app = tokio.block_on(live::load(&runtime, COUNTER))?;
        let sessions = tokio.block_on(live::launch_many(&runtime, &app, count))?;
        let first = sessions.first().context("a session")?;
        let add = first
            .screen()
            .tree
            .find("+", Trigger::Tap)
            .context("a plus")?;
        Ok(Self {
            _runtime: runtime,
            app,
            sessions,
            add,
        })
    }

    /// Microseconds of an event, the middle of so many.
    fn tap_many(&self, seed: &mut u64, count: usize) -> anyhow::Result<f64> {
        let times: Result<Vec<f64>, _> = (0..count).map(|_| self.tap_one(seed)).collect();
        Ok(middle(&times?))
    }

    fn tap_one(&self, seed: &mut u64) -> anyhow::Result<f64> {
        let session = &self.sessions[pick(seed, self.sessions.len())];
        let since = Instant::now();
        tap_and_see(session, self.add)?;
        Ok(micros(since))
    }

    /// Taps every session once more, and looks whether each shows one more than it did; gives how many there are.
    fn answer_all(&self) -> anyhow::Result<f64> {
        for session in &self.sessions {
            let before = shown(session);
            tap_and_see(session, self.add)?;
            anyhow::ensure!(
                shown(session) == before + 1,
                "a session shows {} after {before}",
                shown(session)
            );
        }
        Ok(float(self.sessions.len()))
    }
}

/// The number on show.
fn shown(session: &Session) -> i64 {
    let tree = session.screen().tree;
    let count = |node: &TreeNode| node.node.key.as_deref() == Some("count");
    let at = tree.nodes.iter().position(count);
    at.and_then(|at| tree.text_of(at).parse().ok())
        .unwrap_or(-1)
}

async fn where_pools_stop(app: &App, effort: Effort) -> anyhow::Result<f64> {
    let slots = effort.of(20_000);
    let engine = bare::pooled_engine(u32::try_from(slots)?)?;
    let prepared = Prepared::new(&engine, app.package())?;
    let mut kept = Vec::new();
    while kept.len() < slots {
        match prepared.launch().await {
            Ok(bare) => kept.push(bare),
            Err(_) => break,
        }
    }
    Ok(float(kept.len()))
}

#[expect(
    clippy::cast_precision_loss,
    reason = "numbers of sessions are far below 2^52"
)]
fn float(count: usize) -> f64 {
    count as f64
}
