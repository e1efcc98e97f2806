//! The embedder's door: one runtime in a process, apps loaded into it, sessions launched from them.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use lapak_abi::limits::Limits;
use lapak_abi::package::Package;
use lapak_abi::pages::PageStack;
use tokio::sync::broadcast;
use wasmtime::Engine;

use crate::app::{App, LoadError};
use crate::capability::Providers;
use crate::capability::storage::Owner;
use crate::code_cache::CodeCache;
use crate::engine::{EpochTicker, new_engine};
use crate::grants::{Capability, Grants};
use crate::instance::InstanceParts;
use crate::mailbox::Mailbox;
use crate::requests::Requests;
use crate::scheduler::Scheduler;
use crate::session::{Actor, Launch, Launching, Session, Update};

/// How a runtime is set up.
#[derive(Clone, Debug)]
pub struct RuntimeConfig {
    /// Folder for compiled code, private to this host; `None` compiles at each load.
    pub code_cache: Option<PathBuf>,
    /// What stands behind the capabilities.
    pub providers: Providers,
    /// What every new session is granted.
    pub grants: Vec<Capability>,
    /// What apps may use.
    pub limits: Limits,
    /// Threads that run guests; 0 takes one for each core.
    pub workers: usize,
    /// Most sessions at a time.
    pub max_sessions: usize,
}

impl RuntimeConfig {
    /// Simulated providers, no cache, everything granted that this host knows, the default limits: for tests,
    /// pictures and headless runs.
    #[must_use]
    pub fn simulated() -> Self {
        Self {
            code_cache: None,
            providers: Providers::simulated(),
            grants: Capability::ALL.to_vec(),
            limits: Limits::default(),
            workers: 0,
            max_sessions: 1_000,
        }
    }
}

/// Runs mini-apps. Cheap to clone.
#[derive(Clone)]
pub struct Runtime {
    inner: Arc<Inner>,
}

struct Inner {
    engine: Engine,
    cache: Option<CodeCache>,
    providers: Providers,
    grants: Vec<Capability>,
    limits: Arc<Limits>,
    sessions: Arc<AtomicUsize>,
    max_sessions: usize,
    /// One compilation at a time: a package that is slow to compile costs one core, not all.
    compiling: tokio::sync::Semaphore,
    scheduler: Scheduler,
    _ticker: EpochTicker,
}

/// Why a runtime could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum RuntimeError {
    /// wasmtime cannot run here.
    #[error("this machine cannot run WebAssembly: {0}")]
    Engine(String),
    /// The code cache's folder cannot be used.
    #[error("the code cache at {path} cannot be used: {source}")]
    CodeCache {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A thread could not be started.
    #[error("a thread could not be started: {0}")]
    Thread(std::io::Error),
    /// Called outside a tokio runtime.
    #[error("Runtime::new must be called within a tokio runtime, which serves timers and I/O")]
    NoTokio,
}

/// Why a session was not launched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LaunchError {
    /// As many sessions run as this host allows.
    #[error("{0} sessions run already, the most that this host allows; close one and try again")]
    TooManySessions(usize),
}

impl Runtime {
    /// Sets up the engine, the worker threads and the cache. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// See [`RuntimeError`].
    pub fn new(config: RuntimeConfig) -> Result<Self, RuntimeError> {
        let io = tokio::runtime::Handle::try_current().map_err(|_| RuntimeError::NoTokio)?;
        let engine = new_engine().map_err(|error| RuntimeError::Engine(error.to_string()))?;
        let cache = match config.code_cache {
            Some(path) => Some(
                CodeCache::open(&path)
                    .map_err(|source| RuntimeError::CodeCache { path, source })?,
            ),
            None => None,
        };
        let workers = match config.workers {
            0 => std::thread::available_parallelism().map_or(2, usize::from),
            workers => workers,
        };
        Ok(Self {
            inner: Arc::new(Inner {
                cache,
                providers: config.providers,
                grants: config.grants,
                limits: Arc::new(config.limits),
                sessions: Arc::new(AtomicUsize::new(0)),
                max_sessions: config.max_sessions,
                compiling: tokio::sync::Semaphore::new(1),
                scheduler: Scheduler::start(workers, &io).map_err(RuntimeError::Thread)?,
                _ticker: EpochTicker::start(&engine).map_err(RuntimeError::Thread)?,
                engine,
            }),
        })
    }

    /// Checks and compiles a package, or finds its compiled code in the cache. Runs on a thread of its own:
    /// events of other apps go on meanwhile.
    ///
    /// # Errors
    /// See [`LoadError`].
    pub async fn load(&self, package: Package) -> Result<Arc<App>, LoadError> {
        let inner = self.inner.clone();
        let permit = self.inner.compiling.acquire().await;
        let loaded = tokio::task::spawn_blocking(move || {
            App::load(&inner.engine, inner.cache.as_ref(), package)
        })
        .await;
        drop(permit);
        loaded.map_err(|error| LoadError::Host(error.to_string()))?
    }

    /// Starts a session. Its first view comes soon; wait for it with [`Session::painted`].
    ///
    /// # Errors
    /// [`LaunchError::TooManySessions`].
    pub fn launch(&self, app: &Arc<App>, launch: Launch) -> Result<Session, LaunchError> {
        self.launch_watched(app, launch).map(|(session, _)| session)
    }

    /// Starts a session, and hands over every update from the first on.
    ///
    /// # Errors
    /// [`LaunchError::TooManySessions`].
    pub fn launch_watched(
        &self,
        app: &Arc<App>,
        launch: Launch,
    ) -> Result<(Session, broadcast::Receiver<Update>), LaunchError> {
        let inner = &self.inner;
        let counted = Counted::one_of(&inner.sessions, inner.max_sessions)
            .ok_or(LaunchError::TooManySessions(inner.max_sessions))?;
        let owner = Owner {
            app_id: app.manifest().app_id.clone(),
            person: launch.person.clone(),
        };
        let session = Session::new(
            app.clone(),
            owner.clone(),
            Grants::of(inner.grants.iter().copied()),
            Mailbox::new(inner.limits.mailbox_events),
        );
        let shared = session.shared.clone();
        let parts = InstanceParts {
            grants: shared.grants.clone(),
            providers: inner.providers.clone(),
            console_sink: shared.clone(),
            owner,
            limits: inner.limits.clone(),
            requests: Requests::new(inner.limits.requests_in_flight, shared.mailbox.clone()),
            pages: page_stack(app, &inner.limits),
        };
        let launching = Launching {
            engine: inner.engine.clone(),
            shared: shared.clone(),
            parts,
            launch,
        };
        let (_, updates) = session.watch();
        let background = shared.background.clone();
        inner.scheduler.spawn(background, async move {
            Actor::run(launching).await;
            drop(counted);
        });
        Ok((session, updates))
    }

    /// How many sessions are live.
    #[must_use]
    pub fn sessions(&self) -> usize {
        self.inner.sessions.load(Ordering::Relaxed)
    }

    /// What stands behind the capabilities.
    #[must_use]
    pub fn providers(&self) -> &Providers {
        &self.inner.providers
    }

    /// What apps may use here.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.inner.limits
    }

    /// The engine, for embedders that measure or link beside this library.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.inner.engine
    }
}

impl std::fmt::Debug for Runtime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Runtime")
            .field("sessions", &self.sessions())
            .finish_non_exhaustive()
    }
}

fn page_stack(app: &App, limits: &Limits) -> PageStack {
    let manifest = app.manifest();
    let tabs = manifest
        .tab_bar
        .as_ref()
        .map(|bar| bar.list.iter().map(|tab| tab.page.clone()).collect())
        .unwrap_or_default();
    PageStack::new(manifest.pages.clone(), tabs, limits.page_stack)
}

/// One of a limited number, given back when dropped.
struct Counted(Arc<AtomicUsize>);

impl Counted {
    fn one_of(count: &Arc<AtomicUsize>, most: usize) -> Option<Self> {
        count
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |now| {
                (now < most).then_some(now + 1)
            })
            .ok()?;
        Some(Self(count.clone()))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}
