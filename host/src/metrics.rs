//! What a host counts of itself. Reading and writing take no lock.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::account::Cost;
use lapak_scheduler::{Class, SchedulerSink, Shards};

/// Upper bounds of a histogram's buckets, in nanoseconds: 1 µs to 10 s, three to a decade.
pub const BOUNDS_NS: [u64; 22] = [
    1_000,
    2_000,
    5_000,
    10_000,
    20_000,
    50_000,
    100_000,
    200_000,
    500_000,
    1_000_000,
    2_000_000,
    5_000_000,
    10_000_000,
    20_000_000,
    50_000_000,
    100_000_000,
    200_000_000,
    500_000_000,
    1_000_000_000,
    2_000_000_000,
    5_000_000_000,
    10_000_000_000,
];

/// Durations, counted by size.
#[derive(Debug, Default)]
pub struct Histogram {
    parts: Shards<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    /// One for each bound, and one for what is larger.
    buckets: [AtomicU64; BOUNDS_NS.len() + 1],
    sum_ns: AtomicU64,
}

/// A [`Histogram`] at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct HistogramReading {
    /// How many durations fell between the bound before and the one of the same index in [`BOUNDS_NS`]; the last
    /// entry counts what is larger.
    pub buckets: Vec<u64>,
    /// All durations together, in nanoseconds.
    pub sum_ns: u64,
}

impl Histogram {
    /// Counts one duration.
    pub fn observe(&self, duration: Duration) {
        let ns = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        let bucket = BOUNDS_NS.partition_point(|bound| *bound < ns);
        let counts = self.parts.mine();
        if let Some(bucket) = counts.buckets.get(bucket) {
            bucket.fetch_add(1, Ordering::Relaxed);
        }
        counts.sum_ns.fetch_add(ns, Ordering::Relaxed);
    }

    /// How many durations were counted.
    #[must_use]
    pub fn count(&self) -> u64 {
        let buckets = self.parts.iter().flat_map(|counts| &counts.buckets);
        buckets.map(|bucket| bucket.load(Ordering::Relaxed)).sum()
    }

    /// The counts at this moment.
    #[must_use]
    pub fn reading(&self) -> HistogramReading {
        let mut reading = HistogramReading {
            buckets: vec![0; BOUNDS_NS.len() + 1],
            sum_ns: 0,
        };
        for counts in self.parts.iter() {
            for (sum, bucket) in reading.buckets.iter_mut().zip(&counts.buckets) {
                *sum += bucket.load(Ordering::Relaxed);
            }
            reading.sum_ns += counts.sum_ns.load(Ordering::Relaxed);
        }
        reading
    }
}

impl HistogramReading {
    /// How many durations were counted.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.buckets.iter().sum()
    }
}

/// The classes in which sessions wait for a worker, in the order of all arrays by class.
pub const CLASSES: [&str; 3] = ["foreground", "visible", "background"];

/// The counters of one runtime.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    pub(crate) queue_delay: [Histogram; CLASSES.len()],
    pub(crate) event_cpu: Histogram,
    pub(crate) event_wall: Histogram,
    pub(crate) freeze: Histogram,
    pub(crate) thaw: Histogram,
    pub(crate) launched: AtomicU64,
    pub(crate) closed: AtomicU64,
    pub(crate) ends: Ends,
    pub(crate) spilled: AtomicU64,
    pub(crate) fetched: AtomicU64,
    pub(crate) store_errors: AtomicU64,
}

/// Counts what the scheduler tells.
pub(crate) struct QueueDelays(pub(crate) Arc<Metrics>);

impl SchedulerSink for QueueDelays {
    fn queue_delay(&self, class: Class, delay: Duration) {
        let histogram = Class::ALL.iter().position(|one| *one == class);
        if let Some(histogram) = histogram.and_then(|class| self.0.queue_delay.get(class)) {
            histogram.observe(delay);
        }
    }

    fn panicked(&self, class: Class, message: &str) {
        tracing::error!(?class, message, "a bug of the host's ended a session");
    }
}

/// The scheduler, at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct SchedulerReading {
    /// Sessions that wait for a worker, by class ([`CLASSES`]).
    pub waiting: [usize; CLASSES.len()],
    /// Sessions that run, by class.
    pub running: [usize; CLASSES.len()],
    /// Sessions that have used up their budget and wait for the next.
    pub parked: usize,
    /// Turns on a worker.
    pub turns: u64,
    /// Sessions that a worker took over from another.
    pub stolen: u64,
    /// Times that a session was told to make way for a more urgent one.
    pub preemptions: u64,
    /// Events that were refused because too much was to be done already.
    pub sheds: u64,
    /// Turns that ended in a bug of the host's.
    pub panics: u64,
}

impl From<lapak_scheduler::Snapshot> for SchedulerReading {
    fn from(snapshot: lapak_scheduler::Snapshot) -> Self {
        Self {
            waiting: snapshot.waiting,
            running: snapshot.running,
            parked: snapshot.parked,
            turns: snapshot.turns,
            stolen: snapshot.stolen,
            preemptions: snapshot.preemptions,
            sheds: snapshot.sheds,
            panics: snapshot.panics,
        }
    }
}

/// What a host counted, at one moment.
#[derive(Clone, Debug, Default, serde::Serialize)]
pub struct MetricsReading {
    /// CPU time of events: guest and host functions.
    pub event_cpu: HistogramReading,
    /// From the shell's event, or the request's end, to the patch.
    pub event_wall: HistogramReading,
    /// Time it takes to freeze a session.
    pub freeze: HistogramReading,
    /// Time it takes to thaw one, without the event that follows.
    pub thaw: HistogramReading,
    /// From a session's wake to its turn on a worker, by class ([`CLASSES`]).
    pub queue_delay: Vec<(&'static str, HistogramReading)>,
    /// The scheduler.
    pub scheduler: SchedulerReading,
    /// Sessions launched.
    pub launched: u64,
    /// Sessions that were closed.
    pub closed: u64,
    /// Sessions that ended by a fault, by its kind.
    pub faults: Vec<(&'static str, u64)>,
    /// Sessions live at this moment, wherever they are.
    pub sessions: usize,
    /// Instances at this moment: sessions that run or are idle and not frozen, and instances kept for the next one.
    pub instances: usize,
    /// Sessions in an instance, or on their way into one, at this moment.
    pub resident: usize,
    /// Linear memory of all instances at this moment, in bytes, as long as it was when they last came to rest. Pages that
    /// were never touched take no memory of the machine.
    pub resident_bytes: usize,
    /// Sessions that are on disk alone at this moment; of those that this host has taken up.
    pub stored: usize,
    /// Bytes of their snapshots, as they were in memory.
    pub stored_bytes: usize,
    /// Sessions frozen in memory at this moment.
    pub frozen: usize,
    /// Bytes of their snapshots.
    pub frozen_bytes: usize,
    /// Sessions moved to disk because memory was short, since the start.
    pub spilled: u64,
    /// Sessions brought back from disk.
    pub fetched: u64,
    /// Snapshots written to disk.
    pub written: u64,
    /// Times that the store of snapshots failed.
    pub store_errors: u64,
    /// What all accounts together have at this moment, by cost: bytes, or numbers.
    pub charged: Vec<(Cost, usize)>,
    /// Charges that were refused because an account had as much as it may have, by cost.
    pub refused: Vec<(Cost, u64)>,
    /// People and packages that have accounts at this moment.
    pub account_holders: (usize, usize),
    /// CPU time by tenant, in nanoseconds; the [`MOST_TENANTS`] that used most.
    pub tenants: Vec<(String, u64)>,
}

/// Tenants that are told apart in [`MetricsReading::tenants`]: their number is bounded, whoever launches what.
pub const MOST_TENANTS: usize = 50;

/// Sessions that ended by a fault, by its kind.
#[derive(Debug, Default)]
pub(crate) struct Ends {
    counts: [AtomicU64; FAULTS.len()],
}

/// The kinds of faults, as `EndCause` names them.
pub const FAULTS: [&str; 11] = [
    "panic",
    "cpu-limit",
    "memory-limit",
    "account-limit",
    "would-wait",
    "wall-limit",
    "denied",
    "stack-overflow",
    "invalid-view",
    "trap",
    "host-fault",
];

impl Ends {
    pub(crate) fn count(&self, fault: &str) {
        let kind = FAULTS.iter().position(|name| *name == fault);
        if let Some(counter) = kind.and_then(|index| self.counts.get(index)) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Each kind with its count.
    pub(crate) fn reading(&self) -> Vec<(&'static str, u64)> {
        let counts = self.counts.iter().map(|one| one.load(Ordering::Relaxed));
        FAULTS.into_iter().zip(counts).collect()
    }
}

/// Adds one.
pub(crate) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}
