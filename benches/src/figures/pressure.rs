//! Apps that hoard all the memory that they may have: does the host stay within its budget, and does a button of
//! somebody else's still answer?

use std::time::{Duration, Instant};

use anyhow::Context as _;
use lapak_host::view::Trigger;
use lapak_host::{Launch, Runtime, RuntimeConfig, Session, SnapshotConfig, Update};
use tokio::runtime::Runtime as Tokio;

use super::micros;
use crate::apps::{COUNTER, WILD};
use crate::live;
use crate::process::resident_bytes;
use crate::{Effort, Figure};

/// Sessions that hoard 56 MiB each.
const HOARDERS: usize = 40;
/// Instances, each of which can have 64 MiB.
const INSTANCES: usize = 8;
/// Bytes of snapshots in memory.
const SNAPSHOTS: usize = 256 << 20;
/// What one hoarder takes, by steps of 4 MiB.
const STEPS: usize = 14;
const TAPS: usize = 100;

/// The most memory that the process takes while forty apps hoard, as a part of its budget; and the p99 of a tap
/// beside them, against the p99 before.
pub(super) fn hoarders(tokio: &Tokio, effort: Effort) -> anyhow::Result<Vec<Figure>> {
    let _within = tokio.enter();
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
    let light = tokio.block_on(live::load(&runtime, COUNTER))?;
    let wild = tokio.block_on(live::load(&runtime, WILD))?;
    let session = runtime.launch(&light, Launch::new("light"))?;
    tokio.block_on(session.settled());
    let taps = if effort.divide > 1 { 5 } else { TAPS };
    let hoarders = tokio.block_on(live::launch_many(&runtime, &wild, effort.of(HOARDERS)))?;
    let start = resident_bytes()?;
    let alone = p99(&session, taps, || Ok(()))?;
    let mut most = start;
    let hoard = hoarders[0].screen().tree.find("hoard", Trigger::Tap);
    let hoard = hoard.context("a hoard button")?;
    let steps = if effort.divide > 1 { 1 } else { STEPS };
    let mut beside = Vec::new();
    for _ in 0..steps {
        let mut next = hoarders.iter().cycle();
        // Between two taps a hoarder takes 4 MiB more; until each has.
        let times = p99(&session, hoarders.len().max(taps / 4), || {
            if let Some(one) = next.next() {
                one.send(live::tap_on(hoard))?;
            }
            most = most.max(resident_bytes()?);
            Ok(())
        })?;
        beside.push(times);
    }
    for one in &hoarders {
        tokio.block_on(one.settled());
        most = most.max(resident_bytes()?);
        anyhow::ensure!(one.screen().ended.is_none(), "a hoarder has ended");
    }
    let budget = f64::from(u32::try_from((INSTANCES * (64 << 20) + SNAPSHOTS) >> 20)?);
    let taken = (most - start) / f64::from(1_u32 << 20);
    Ok(vec![
        Figure::of(
            "memory-pressure",
            "MiB",
            &[taken],
            ("the budget", &[budget]),
        ),
        Figure::of(
            "memory-pressure-p99",
            "ms",
            &beside,
            ("before they hoard", &[alone]),
        ),
    ])
}

/// Milliseconds within which 99 of 100 taps are answered; `between` runs before each.
fn p99(
    session: &Session,
    taps: usize,
    mut between: impl FnMut() -> anyhow::Result<()>,
) -> anyhow::Result<f64> {
    let add = session.screen().tree.find("+", Trigger::Tap);
    let add = add.context("a plus")?;
    let (_, mut updates) = session.watch();
    let mut times = Vec::with_capacity(taps);
    for _ in 0..taps {
        between()?;
        std::thread::sleep(Duration::from_millis(3));
        let since = Instant::now();
        session.send(live::tap_on(add))?;
        while !matches!(updates.blocking_recv()?, Update::Patch(_)) {}
        times.push(micros(since) / 1e3);
    }
    times.sort_by(f64::total_cmp);
    let last = times.len() - 1;
    Ok(times[last * 99 / 100])
}
