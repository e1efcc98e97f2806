//! Whom CPU time is charged to, above the single session: the tenant whose apps they are, and the app.

use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use crate::NORMAL_WEIGHT;
use crate::shards::Shards;

/// What many sessions have in common: a tenant, or an app.
///
/// As a tenant it also bounds what its sessions get together: see the crate's documentation.
#[derive(Debug)]
pub struct Account {
    weight: AtomicU32,
    runnable: AtomicUsize,
    cpu_ns: Shards<AtomicU64>,
}

impl Account {
    /// An account of [`NORMAL_WEIGHT`].
    #[must_use]
    pub fn new() -> Self {
        Self::with_weight(NORMAL_WEIGHT)
    }

    /// An account of so many 1,024ths of the usual weight. Zero counts as 1.
    #[must_use]
    pub fn with_weight(weight: u32) -> Self {
        Self {
            weight: AtomicU32::new(weight.max(1)),
            runnable: AtomicUsize::new(0),
            cpu_ns: Shards::default(),
        }
    }

    /// The weight, in 1,024ths of the usual one.
    #[must_use]
    pub fn weight(&self) -> u32 {
        self.weight.load(Ordering::Relaxed)
    }

    /// Changes the weight; sessions that wait in a queue keep the old one for one more turn.
    pub fn set_weight(&self, weight: u32) {
        self.weight.store(weight.max(1), Ordering::Relaxed);
    }

    /// How many of the tenant's sessions run or wait for a worker. Always 0 for an app's account.
    #[must_use]
    pub fn runnable(&self) -> usize {
        self.runnable.load(Ordering::Relaxed)
    }

    /// CPU time of all turns that are over.
    #[must_use]
    pub fn cpu(&self) -> Duration {
        let parts = self.cpu_ns.iter().map(|part| part.load(Ordering::Relaxed));
        Duration::from_nanos(parts.sum())
    }

    pub(crate) fn charge(&self, cpu_ns: u64) {
        self.cpu_ns.mine().fetch_add(cpu_ns, Ordering::Relaxed);
    }

    pub(crate) fn began(&self) {
        self.runnable.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn ended(&self) {
        self.runnable.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Default for Account {
    fn default() -> Self {
        Self::new()
    }
}
