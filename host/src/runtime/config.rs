//! How a runtime is set up.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use lapak_abi::limits::Limits;
use lapak_scheduler::{Budget, Policy};

use super::SnapshotConfig;
use crate::account::AccountLimits;
use crate::app::compiler::Compiler;
use crate::audit::AuditLog;
use crate::audit::memory::MemoryAudit;
use crate::capability::Providers;
use crate::capability::random::SystemRandom;
use crate::grants::consent::ConsentStore;
use crate::grants::consent::memory::MemoryConsents;
use crate::grants::{Bounds, Capability};
use crate::metrics::CLASSES;
use crate::recording::RecordOptions;
use crate::vendor::VendorCapability;

/// How a runtime is set up.
#[derive(Clone)]
pub struct RuntimeConfig {
    /// Folder for compiled code, private to this host; `None` compiles at each load.
    pub code_cache: Option<PathBuf>,
    /// Where packages are compiled that the cache does not know.
    pub compiler: Compiler,
    /// What stands behind the capabilities.
    pub providers: Providers,
    /// What every new session is granted.
    pub grants: Vec<Capability>,
    /// Capabilities of the platform's own, which are lent to apps that ask for their permission.
    pub vendors: Vec<Arc<dyn VendorCapability>>,
    /// How far every new session's grants go.
    pub bounds: Bounds,
    /// What people have answered to questions that they need not be asked again.
    pub consents: Arc<dyn ConsentStore>,
    /// Who asked for what, and what came of it.
    pub audit: Arc<dyn AuditLog>,
    /// What apps may use.
    pub limits: Limits,
    /// What sessions, apps, people and packages may have of this host's memory, disk and threads.
    pub accounts: AccountLimits,
    /// Threads that run guests; 0 takes one for each core.
    pub workers: usize,
    /// Most sessions at a time, frozen ones among them.
    pub max_sessions: usize,
    /// Most instances at a time: sessions that run, or are idle and not frozen. Each takes about ten of the kernel's
    /// memory maps, of which a process has 65,530 by default.
    pub max_instances: usize,
    /// Most sessions that may have work waiting; past it, shells are told to slow down.
    pub max_runnable: usize,
    /// How much CPU time a session of each class ([`CLASSES`](crate::metrics::CLASSES)) may use in how long; past it, the
    /// session waits for the next window. `None` is no bound.
    pub budgets: [Option<Budget>; CLASSES.len()],
    /// How long an idle session keeps its instance while nobody else needs it.
    pub freeze_after: Duration,
    /// Keeps sessions on disk; `None` keeps them in memory alone, and they end with the process.
    pub snapshots: Option<SnapshotConfig>,
    /// Writes down what goes into each session, for [`Session::recording`](crate::Session::recording).
    pub record: Option<RecordOptions>,
}

impl std::fmt::Debug for RuntimeConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RuntimeConfig")
            .field("code_cache", &self.code_cache)
            .field("grants", &self.grants)
            .field("bounds", &self.bounds)
            .field("limits", &self.limits)
            .field("snapshots", &self.snapshots)
            .finish_non_exhaustive()
    }
}

impl RuntimeConfig {
    /// A host that lends nothing: no grants, and bounds within which no money moves and no host or device is reached. What is to be lent is said by name, or by a
    /// [profile](crate::profile). No cache, the default limits, no sessions on disk. Chance is the operating system's, whatever the
    /// providers say: set [`Providers::random`] afterwards where it is to be another.
    #[must_use]
    pub fn new(
        providers: Providers,
        consents: Arc<dyn ConsentStore>,
        audit: Arc<dyn AuditLog>,
    ) -> Self {
        Self {
            code_cache: None,
            compiler: Compiler::InProcess,
            providers: Providers {
                random: Arc::new(SystemRandom),
                ..providers
            },
            grants: Vec::new(),
            vendors: Vec::new(),
            bounds: Bounds::default(),
            consents,
            audit,
            limits: Limits::default(),
            accounts: AccountLimits::default(),
            workers: 0,
            max_sessions: 1_000,
            max_instances: 4_096,
            max_runnable: 100_000,
            budgets: Policy::default().budgets,
            freeze_after: Duration::from_secs(5),
            snapshots: None,
            record: None,
        }
    }

    /// For tests, pictures and headless runs, and never for a host that people use: simulated providers, guessable chance,
    /// everything granted without bounds that this host knows, simulated people who agree to all that they are asked.
    #[must_use]
    pub fn simulated() -> Self {
        let providers = Providers::simulated();
        let random = providers.random.clone();
        let consents = Arc::new(MemoryConsents::agreeing());
        let mut config = Self {
            grants: Capability::ALL.to_vec(),
            bounds: Bounds::unlimited(),
            ..Self::new(providers, consents, Arc::new(MemoryAudit::default()))
        };
        config.providers.random = random;
        config
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chance(config: &RuntimeConfig) -> [u8; 32] {
        let mut bytes = [0; 32];
        config.providers.random.fill(&mut bytes).expect("filled");
        bytes
    }

    #[test]
    fn what_nobody_set_lends_nothing_and_cannot_be_guessed() {
        let new = || {
            let consents = Arc::new(MemoryConsents::default());
            let audit = Arc::new(MemoryAudit::default());
            RuntimeConfig::new(Providers::simulated(), consents, audit)
        };
        assert_eq!(new().grants, []);
        assert_eq!(new().bounds, Bounds::default());
        assert_ne!(chance(&new()), chance(&new()));
        let simulated = RuntimeConfig::simulated;
        assert_eq!(chance(&simulated()), chance(&simulated()));
    }
}
