//! What it costs that every call asks the decider, and how soon a withdrawal is felt.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use lapak_abi::limits::Limits;
use lapak_host::view::{NodeId, Trigger};
use lapak_host::{Capability, Launch, Runtime, RuntimeConfig, Session};
use tokio::runtime::Runtime as Tokio;

use super::micros;
use crate::apps::WILD;
use crate::bare::{self, Bare, Prepared};
use crate::live::{self, tap_and_see};
use crate::result::middle;
use crate::{Effort, Figure};

/// Calls in one event of the app: see `benches/guests/wild`.
const CALLS: f64 = 100_000.0;
/// Its buttons.
const CALL: &str = "call";
/// Where it is among what can be tapped.
const CALL_PLACE: usize = 2;
const SPIN: &str = "spin";
const UNTIL_REFUSED: &str = "until refused";
/// Long enough for every core to be busy.
const BUSY: Duration = Duration::from_millis(20);

/// A call of `clock.elapsed-ms`, all that is in it, against one that a bare host answers without asking anybody.
pub(super) fn checked(tokio: &Tokio, effort: Effort) -> anyhow::Result<Vec<Figure>> {
    let _within = tokio.enter();
    let runtime = live::runtime()?;
    let app = tokio.block_on(live::load(&runtime, WILD))?;
    let session = runtime.launch(&app, Launch::new("caller"))?;
    tokio.block_on(session.settled());
    let node = button(&session, CALL)?;
    let engine = bare::pooled_engine(16)?;
    let _ticker = bare::Ticker::start(&engine);
    let prepared = Prepared::new(&engine, app.package())?;
    let mut bare = tokio.block_on(prepared.launch())?;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..effort.runs {
        let (mut our_times, mut bare_times) = (Vec::new(), Vec::new());
        for _ in 0..effort.repeats.min(20) {
            let since = Instant::now();
            // Its view stays as it is: there is no patch to wait for.
            tap_and_see(&session, node)?;
            our_times.push(micros(since) * 1_000.0 / CALLS);
            let handler = bare.tap_handler(CALL_PLACE);
            let event = Bare::tap(handler.context("nothing to tap")?);
            let since = Instant::now();
            tokio.block_on(bare.handle(&event))?;
            bare_times.push(micros(since) * 1_000.0 / CALLS);
        }
        ours.push(middle(&our_times));
        theirs.push(middle(&bare_times));
    }
    let reference = "bare wasmtime, a host that checks nothing";
    let figure = Figure::of("host-call-checked", "ns", &ours, (reference, &theirs));
    Ok(vec![figure])
}

/// From a withdrawal that has returned to the end of the event in which the app was refused: it calls without end, once alone
/// and once beside spinners on all cores.
pub(super) fn revoked(tokio: &Tokio, effort: Effort) -> anyhow::Result<Vec<Figure>> {
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    let (mut loaded, mut alone) = (Vec::new(), Vec::new());
    for _ in 0..effort.runs {
        loaded.push(refused_beside(tokio, 2 * cores)?);
        alone.push(refused_beside(tokio, 0)?);
    }
    let reference = "the same on an idle host";
    let figure = Figure::of("revoke-to-refused", "us", &loaded, (reference, &alone));
    Ok(vec![figure])
}

fn refused_beside(tokio: &Tokio, spinners: usize) -> anyhow::Result<f64> {
    let _within = tokio.enter();
    let runtime = Runtime::new(RuntimeConfig {
        limits: Limits {
            foreground_cpu: Duration::from_secs(100_000),
            ..Limits::default()
        },
        ..RuntimeConfig::simulated()
    })?;
    let app = tokio.block_on(live::load(&runtime, WILD))?;
    let launch = |person: String| -> anyhow::Result<Session> {
        let session = runtime.launch(&app, Launch::new(person))?;
        tokio.block_on(session.settled());
        Ok(session)
    };
    for nth in 0..spinners {
        let spinner = launch(format!("spinner{nth}"))?;
        spinner.send(live::tap_on(button(&spinner, SPIN)?))?;
    }
    let session = launch("caller".into())?;
    let node = button(&session, UNTIL_REFUSED)?;
    let before = session.handled();
    session.send(live::tap_on(node))?;
    std::thread::sleep(BUSY);
    session.grants().withdraw(Capability::Clock);
    let since = Instant::now();
    while session.handled() == before {
        // Whoever waits does not take a core from those who work.
        std::thread::yield_now();
    }
    Ok(micros(since))
}

fn button(session: &Session, name: &str) -> anyhow::Result<NodeId> {
    let tree = session.screen().tree;
    tree.find(name, Trigger::Tap).context("nothing to tap")
}
