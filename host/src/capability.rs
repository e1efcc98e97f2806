//! The rooms: one file for each capability, with its host half and its provider's trait, and a folder
//! beside it with the providers.
//!
//! A room depends on grants and on nothing of another room. The first line of every host function asks the
//! one decider, [`crate::grants::Grants::check`].

pub mod clock;
pub mod console;
pub mod random;
pub mod storage;

use std::sync::Arc;

/// What stands behind the capabilities. Empty places do not exist: a host that does not want to lend a
/// capability withholds its grant.
#[derive(Clone)]
pub struct Providers {
    /// Behind `clock`.
    pub clock: Arc<dyn clock::ClockProvider>,
    /// Behind `random`.
    pub random: Arc<dyn random::RandomProvider>,
    /// Behind `storage`.
    pub storage: Arc<dyn storage::StorageProvider>,
}

impl Providers {
    /// Simulated providers for everything: the same answers in every run, nothing kept.
    #[must_use]
    pub fn simulated() -> Self {
        Self {
            clock: Arc::new(clock::simulated::SimulatedClock::default()),
            random: Arc::new(random::simulated::SimulatedRandom::default()),
            storage: Arc::new(storage::simulated::SimulatedStorage::default()),
        }
    }
}

impl std::fmt::Debug for Providers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Providers { .. }")
    }
}
