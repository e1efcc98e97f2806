//! A host starts again with a hundred thousand sessions on disk: how long until one of them answers?

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use lapak_host::view::Trigger;
use lapak_host::{Runtime, RuntimeConfig, SessionId, SnapshotConfig};
use tokio::runtime::Runtime as Tokio;

use super::micros;
use crate::apps::COUNTER;
use crate::live::{self, tap_and_see};
use crate::process::pick;
use crate::{Effort, Figure};

const SESSIONS: usize = 100_000;

/// From nothing to the answer of a session picked at random; against the same with one session on disk.
pub(super) fn restart(tokio: &Tokio, effort: Effort) -> anyhow::Result<Vec<Figure>> {
    let _within = tokio.enter();
    let (full, almost_empty) = (tempfile::tempdir()?, tempfile::tempdir()?);
    let many = leave_behind(tokio, full.path(), effort.of(SESSIONS))?;
    let one = leave_behind(tokio, almost_empty.path(), 1)?;
    let mut seed = 0x2545_f491_4f6c_dd1d;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..effort.runs.min(7) {
        ours.push(answer(
            tokio,
            full.path(),
            many[pick(&mut seed, many.len())],
        )?);
        theirs.push(answer(tokio, almost_empty.path(), one[0])?);
    }
    let reference = ("the same with 1 session on disk", &theirs[..]);
    Ok(vec![Figure::of("restart-100k", "ms", &ours, reference)])
}

fn config(folder: &Path) -> anyhow::Result<RuntimeConfig> {
    let snapshots = SnapshotConfig::in_folder(folder)?;
    Ok(RuntimeConfig {
        code_cache: Some(folder.join("code")),
        snapshots: Some(SnapshotConfig {
            checkpoint: None,
            ..snapshots
        }),
        ..live::config(64)
    })
}

/// Sessions that were launched, tapped once and written down.
fn leave_behind(tokio: &Tokio, folder: &Path, count: usize) -> anyhow::Result<Vec<SessionId>> {
    let runtime = Runtime::new(config(folder)?)?;
    let app = tokio.block_on(live::load(&runtime, COUNTER))?;
    let sessions = tokio.block_on(live::launch_many(&runtime, &app, count))?;
    let add = sessions[0].screen().tree.find("+", Trigger::Tap);
    let add = add.context("a plus")?;
    for session in &sessions {
        tap_and_see(session, add)?;
    }
    let left = tokio.block_on(runtime.suspend(Duration::from_secs(60)))?;
    anyhow::ensure!(left == 0, "{left} sessions were not written");
    Ok(sessions.iter().map(lapak_host::Session::id).collect())
}

/// Milliseconds from the start of a host to the answer of a session.
fn answer(tokio: &Tokio, folder: &Path, id: SessionId) -> anyhow::Result<f64> {
    let since = Instant::now();
    let runtime = Runtime::new(config(folder)?)?;
    tokio.block_on(live::load(&runtime, COUNTER))?;
    let session = runtime.session(id)?;
    let add = session.screen().tree.find("+", Trigger::Tap);
    tap_and_see(&session, add.context("a plus")?)?;
    let took = micros(since) / 1e3;
    let shown = session.screen().tree.to_text();
    anyhow::ensure!(shown.contains('2'), "it forgot its count:\n{shown}");
    Ok(took)
}
