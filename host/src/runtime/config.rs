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
    /// Simulated providers, no cache, everything granted without bounds that this host knows, simulated people who agree to
    /// all that they are asked, the default limits, nothing kept: for tests, pictures and headless runs.
    #[must_use]
    pub fn simulated() -> Self {
        Self {
            code_cache: None,
            compiler: Compiler::InProcess,
            providers: Providers::simulated(),
            grants: Capability::ALL.to_vec(),
            vendors: Vec::new(),
            bounds: Bounds::unlimited(),
            consents: Arc::new(MemoryConsents::agreeing()),
            audit: Arc::new(MemoryAudit::default()),
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
}
