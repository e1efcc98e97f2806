//! Events a second: ten thousand sessions, some of them much used and most of them seldom.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use lapak_abi::package::{Package, PackageLimits};
use lapak_host::view::{NodeId, NodeIds, Trigger, ViewLimits, update};
use lapak_host::{Runtime, Session};
use tokio::runtime::Runtime as Tokio;
use tokio::sync::mpsc;

use crate::apps::{self, COUNTER};
use crate::bare::{self, Bare, Prepared};
use crate::live;
use crate::process::{maps, next_random};
use crate::{Effort, Figure};

const SESSIONS: usize = 10_000;
/// The defaults of a host.
const LIMITS: ViewLimits = ViewLimits {
    nodes: 10_000,
    depth: 64,
    bytes: 1 << 20,
};
/// Events on their way at a time.
const IN_FLIGHT: u64 = 256;

/// A process without instances has fewer memory maps than this.
const FEW_MAPS: usize = 10_000;

/// Zipf over 10,000 sessions, on all cores; the thread that sends shares them.
pub(super) fn zipf(tokio: &Tokio, effort: Effort) -> anyhow::Result<Vec<Figure>> {
    let _within = tokio.enter();
    let events = if effort.divide > 1 { 200 } else { 100_000 };
    let count = effort.of(SESSIONS);
    let package = Package::read(
        apps::built(COUNTER)?.bytes.clone(),
        &PackageLimits::default(),
    )?;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..effort.runs.min(5) {
        // In turns, and each gone before the other begins: the kernel has not maps enough for the instances of both.
        let sessions = Sessions::start(tokio, count)?;
        sessions.run(events / 10)?;
        ours.push(sessions.run(events)?);
        drop(sessions);
        until_few_maps()?;
        let tasks = Tasks::start(&package, count)?;
        tasks.run(events / 10)?;
        theirs.push(tasks.run(events)?);
        drop(tasks);
        until_few_maps()?;
    }
    let reference = "tokio tasks, an instance each";
    Ok(vec![Figure::of(
        "events-per-second",
        "1/s",
        &ours,
        (reference, &theirs),
    )])
}

/// Sessions of a runtime that has an instance for each, as the reference has it.
struct Sessions {
    runtime: Runtime,
    sessions: Vec<Session>,
    add: NodeId,
}

impl Sessions {
    fn start(tokio: &Tokio, count: usize) -> anyhow::Result<Self> {
        let runtime = live::runtime_with(count + 1)?;
        let app = tokio.block_on(live::load(&runtime, COUNTER))?;
        let sessions = tokio.block_on(live::launch_many(&runtime, &app, count))?;
        let add = sessions[0].screen().tree.find("+", Trigger::Tap);
        Ok(Self {
            runtime,
            sessions,
            add: add.context("a plus")?,
        })
    }

    fn run(&self, events: u64) -> anyhow::Result<f64> {
        let mut zipf = Zipf::new(self.sessions.len());
        // As the reference does: one counter, not one of each session.
        let handled = || self.runtime.metrics().event_wall.count();
        let before = handled();
        let since = Instant::now();
        for sent in 0..events {
            if sent % IN_FLIGHT == 0 {
                wait_until(|| handled() + IN_FLIGHT >= before + sent);
            }
            let session = &self.sessions[zipf.next()];
            // The most used sessions have full mailboxes at times: then this waits, as a shell would.
            while session.send(live::tap_on(self.add)).is_err() {
                std::thread::sleep(Duration::from_micros(50));
            }
        }
        wait_until(|| handled() >= before + events);
        Ok(rate(events, since))
    }
}

/// A tokio task with an instance for each session.
struct Tasks {
    tokio: Tokio,
    inboxes: Vec<mpsc::UnboundedSender<()>>,
    handled: Arc<AtomicU64>,
    _ticker: bare::Ticker,
}

impl Tasks {
    fn start(package: &Package, count: usize) -> anyhow::Result<Self> {
        let engine = bare::on_demand_engine()?;
        let prepared = Prepared::new(&engine, package)?;
        let tokio = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()?;
        let handled = Arc::new(AtomicU64::new(0));
        let mut inboxes = Vec::with_capacity(count);
        for _ in 0..count {
            let (inbox, mut taps) = mpsc::unbounded_channel::<()>();
            let mut app: Bare = tokio.block_on(prepared.launch())?;
            let handled = handled.clone();
            tokio.spawn(async move {
                let (mut tree, mut ids) = (None, NodeIds::default());
                let mut handler = app.tap_handler(1).unwrap_or_default();
                while taps.recv().await.is_some() {
                    if app.handle(&Bare::tap(handler)).await.is_err() {
                        return;
                    }
                    // The same from end to end: an event in, a checked patch out.
                    handler = app.tap_handler(1).unwrap_or_default();
                    let Some(view) = app.view.take() else {
                        return;
                    };
                    let Ok((next, ops)) = update(tree.take(), view, &LIMITS, &mut ids) else {
                        return;
                    };
                    drop(std::hint::black_box(ops));
                    tree = Some(next);
                    handled.fetch_add(1, Ordering::Release);
                }
            });
            inboxes.push(inbox);
        }
        Ok(Self {
            tokio,
            inboxes,
            handled,
            _ticker: bare::Ticker::start(&engine),
        })
    }

    fn run(&self, events: u64) -> anyhow::Result<f64> {
        let _within = self.tokio.enter();
        let mut zipf = Zipf::new(self.inboxes.len());
        let before = self.handled.load(Ordering::Acquire);
        let since = Instant::now();
        for sent in 0..events {
            if sent % IN_FLIGHT == 0 {
                wait_until(|| self.handled.load(Ordering::Acquire) + IN_FLIGHT >= before + sent);
            }
            self.inboxes[zipf.next()].send(())?;
        }
        wait_until(|| self.handled.load(Ordering::Acquire) >= before + events);
        Ok(rate(events, since))
    }
}

/// Waits without holding a core that the workers need.
fn wait_until(reached: impl Fn() -> bool) {
    while !reached() {
        std::thread::sleep(Duration::from_micros(50));
    }
}

/// Waits, for ten seconds at most, until instances that were dropped are gone: threads give them back at their own time.
fn until_few_maps() -> anyhow::Result<()> {
    for _ in 0..1_000 {
        if maps()? < FEW_MAPS {
            break;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    Ok(())
}

#[expect(
    clippy::cast_precision_loss,
    reason = "numbers of events are far below 2^52"
)]
fn rate(events: u64, since: Instant) -> f64 {
    events as f64 / since.elapsed().as_secs_f64()
}

/// Picks one of many, the n-th with a likelihood of 1/n.
struct Zipf {
    /// Sums of the likelihoods up to each.
    sums: Vec<f64>,
    seed: u64,
}

impl Zipf {
    fn new(count: usize) -> Self {
        let mut sum = 0.0;
        let sums = (1..=count).map(|rank| {
            #[expect(
                clippy::cast_precision_loss,
                reason = "numbers of sessions are far below 2^52"
            )]
            let rank = rank as f64;
            sum += 1.0 / rank;
            sum
        });
        Self {
            sums: sums.collect(),
            seed: 0x9e37_79b9_7f4a_7c15,
        }
    }

    fn next(&mut self) -> usize {
        #[expect(clippy::cast_precision_loss, reason = "a part of the range is meant")]
        let part = next_random(&mut self.seed) as f64 / u64::MAX as f64;
        let sum = part * self.sums.last().copied().unwrap_or_default();
        let found = self.sums.partition_point(|one| *one < sum);
        found.min(self.sums.len().saturating_sub(1))
    }
}
