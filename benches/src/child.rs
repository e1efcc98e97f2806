//! Measurements that need a process of their own: what one takes of the machine's memory depends on what it did before.

use std::process::{Command, Stdio};

use anyhow::Context as _;
use tokio::runtime::Runtime as Tokio;

use crate::figures::{many, socket};

/// Tells a process of this program that it is such a child, and what it is to measure.
const ASKED: &str = "LAPAK_BENCH_CHILD";
/// Stands before the result.
const ANSWER: &str = "measured:";

/// What a child measures.
pub(crate) enum Task {
    /// Resident bytes of a frozen session of this app, of so many.
    Frozen(&'static str, usize),
    /// Resident bytes of a live pooled instance of this app, of so many.
    Pooled(&'static str, usize),
    /// Resident bytes of an open session in the preview server that nobody looks at.
    Open(&'static str, usize),
    /// Resident bytes of one that a page shows.
    Connected(&'static str, usize),
    /// Resident bytes of a connection of the bare echo.
    Echoing(&'static str, usize),
}

/// Has a fresh process measure something.
pub(crate) fn measured(task: &Task) -> anyhow::Result<f64> {
    let asked = match task {
        Task::Frozen(app, count) => format!("frozen {count} {app}"),
        Task::Pooled(app, count) => format!("pooled {count} {app}"),
        Task::Open(app, count) => format!("open {count} {app}"),
        Task::Connected(app, count) => format!("connected {count} {app}"),
        Task::Echoing(app, count) => format!("echoing {count} {app}"),
    };
    let output = Command::new(std::env::current_exe()?)
        // For a test program: the one test that is there for this.
        .args(["--exact", "child", "--include-ignored", "--nocapture"])
        .env(ASKED, asked)
        .output()?;
    let said = String::from_utf8_lossy(&output.stdout);
    let answer = said
        .lines()
        .find_map(|line| Some(line.split_once(ANSWER)?.1.trim()));
    answer
        .and_then(|answer| answer.parse().ok())
        .with_context(|| {
            let error = String::from_utf8_lossy(&output.stderr);
            format!("a measuring process failed: {said}{error}")
        })
}

/// Has a fresh process measure a figure, which writes it down; tells whether it could.
pub(crate) fn measures(id: &str) -> anyhow::Result<bool> {
    let mut child = Command::new(std::env::current_exe()?);
    Ok(child.arg(id).stdout(Stdio::null()).status()?.success())
}

/// Measures what another process of this program asked for; `false` if none did.
///
/// # Errors
/// When it cannot be measured.
pub fn serve() -> anyhow::Result<bool> {
    let Ok(asked) = std::env::var(ASKED) else {
        return Ok(false);
    };
    let (what, rest) = asked.split_once(' ').context("what to measure")?;
    let (count, app) = rest.split_once(' ').context("how many, and of what")?;
    let (count, app) = (count.parse()?, many::app_named(app)?);
    let tokio = Tokio::new()?;
    let bytes = match what {
        "frozen" => many::frozen_bytes(&tokio, app, count)?,
        "open" => socket::open_bytes(app, count)?,
        "connected" => socket::connected_bytes(app, count)?,
        "echoing" => socket::echoing_bytes(count)?,
        _ => many::pooled_bytes(&tokio, app, count)?,
    };
    println!("{ANSWER} {bytes}");
    Ok(true)
}
