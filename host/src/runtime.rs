//! The embedder's door: one runtime in a process, apps loaded into it, sessions launched from them.

mod config;
mod errors;
mod host;
mod keeper;
mod offenders;
mod registry;
mod sheets;
mod snapshots;
mod uninstall;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use lapak_abi::limits::Limits;
use lapak_abi::package::Package;
use lapak_scheduler::{Class, Config, Policy, Scheduler};
use wasmtime::Engine;

use crate::account::{Accounts, Cost};
use crate::app::compile_queue::CompileQueue;
use crate::app::source::AppSource;
use crate::app::{App, LoadError, Model};
use crate::bell::Bell;
use crate::capability::Providers;
use crate::code_cache::CodeCache;
use crate::cpu_clock::WorkerClock;
use crate::engine::{EpochTicker, new_engine};
use crate::instances::Instances;
use crate::mailbox::Mailbox;
use crate::metrics::{Metrics, MetricsReading, QueueDelays, count};
use crate::pools::Pools;
use crate::recording::{Player, Recorder};
use crate::session::{
    Beginning, Body, Launch, Session, SessionId, Shared, SlowTurns, Updates, Watcher,
};
use crate::sheet::Desk;
use crate::updates::Adopted;
use crate::vendor::Vendor;

pub use config::RuntimeConfig;
pub use errors::{LaunchError, RuntimeError};
pub(crate) use host::{Host, TICK};
use keeper::Keeper;
use registry::Registry;
use snapshots::Snapshots;
pub use snapshots::{ResumeError, SnapshotConfig};
pub use uninstall::UninstallError;

/// Runs mini-apps. Cheap to clone. When the last clone goes, so do the sessions, except for what is on disk; see
/// [`suspend`](Self::suspend).
#[derive(Clone)]
pub struct Runtime {
    inner: Arc<Door>,
}

/// What holds the host up. The sessions refer to the host and the host to them, so that somebody has to say when it
/// is over.
struct Door {
    host: Arc<Host>,
    keeper: Mutex<Option<Keeper>>,
}

impl Drop for Door {
    fn drop(&mut self) {
        // First the thread that freezes and writes: it holds the host too.
        drop(
            self.keeper
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take(),
        );
        self.host.shut_down();
    }
}

impl Runtime {
    /// Sets up the engine, the worker threads and the cache. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// See [`RuntimeError`].
    pub fn new(config: RuntimeConfig) -> Result<Self, RuntimeError> {
        let io = tokio::runtime::Handle::try_current().map_err(|_| RuntimeError::NoTokio)?;
        let engine = new_engine().map_err(|error| RuntimeError::Engine(error.to_string()))?;
        let cache = code_cache(&config)?;
        let snapshots = snapshots(&config)?;
        let metrics = Arc::new(Metrics::default());
        let scheduler = scheduler(&config, &engine, &io, &metrics).map_err(RuntimeError::Thread)?;
        let vendors = config.vendors.into_iter().map(Vendor::new);
        let vendors = vendors.collect::<Result<Vec<_>, _>>()?;
        let lent = vendors.iter().map(|vendor| vendor.capability);
        let grants = config.grants.into_iter().chain(lent).collect();
        let bell = Arc::new(Bell::default());
        let host = Arc::new(Host {
            cache,
            providers: Arc::new(config.providers),
            grants,
            vendors,
            bounds: Arc::new(config.bounds),
            consents: config.consents,
            audit: config.audit,
            sheets: Desk::default(),
            pools: Pools::default(),
            limits: config.limits,
            accounts: Accounts::new(config.accounts),
            max_sessions: config.max_sessions,
            instances: Instances::new(config.max_instances, bell.clone()),
            slow_turns: SlowTurns::new(workers(config.workers)),
            registry: Registry::new(),
            snapshots,
            metrics,
            frozen: Default::default(),
            stored: Default::default(),
            waiting: Mutex::default(),
            suspending: AtomicBool::new(false),
            tenants: Mutex::new(HashMap::new()),
            apps: Mutex::new(HashMap::new()),
            io,
            now: AtomicU32::new(0),
            large_fetches: Arc::new(tokio::sync::Semaphore::new(1)),
            wanted: AtomicUsize::new(0),
            rounds: AtomicUsize::new(0),
            bell,
            compiling: CompileQueue::default(),
            compiler: config.compiler,
            record: config.record,
            scheduler,
            _ticker: EpochTicker::start(&engine).map_err(RuntimeError::Thread)?,
            engine,
        });
        host.providers.payments.begin(host.audit.clone());
        sheets::keep(&host);
        let keeper = Keeper::start(&host, config.freeze_after).map_err(RuntimeError::Thread)?;
        Ok(Self {
            inner: Arc::new(Door {
                host,
                keeper: Mutex::new(Some(keeper)),
            }),
        })
    }

    /// Checks and compiles a package, or finds its compiled code in the cache. Runs on a thread of its own: events of other apps
    /// go on meanwhile. The app is whose its `app_id` says, as of [`AppSource::Registry`].
    ///
    /// # Errors
    /// See [`LoadError`].
    ///
    /// # Security
    /// For packages whose `app_id` nobody vouches for there is [`load_from`](Self::load_from).
    pub async fn load(&self, package: Package) -> Result<Arc<App>, LoadError> {
        self.load_from(package, AppSource::Registry).await
    }

    /// Loads a package, as [`load`](Self::load) does, from where it comes: what it keeps is no other source's.
    ///
    /// # Errors
    /// See [`LoadError`].
    pub async fn load_from(
        &self,
        package: Package,
        source: AppSource,
    ) -> Result<Arc<App>, LoadError> {
        let host = self.host();
        let (line, package) = (source.line(&package), Arc::new(package));
        let loading = (package, source);
        // Compiled code is looked up, and what must not be compiled refused, without waiting for who compiles.
        let found = host.loading(&loading, |to_load, _| {
            let found = App::find(to_load)?;
            if found.is_none() {
                App::look_at(to_load)?;
            }
            Ok(found)
        });
        let app = match found.await? {
            Some(app) => app,
            None => {
                let turn = host.compiling.turn(&line).await;
                let _turn = turn.map_err(|_| LoadError::Busy)?;
                host.loading(&loading, App::load).await?
            }
        };
        if host.snapshots.is_some() {
            host.remember(&app);
        }
        Ok(app)
    }

    /// Starts a session. Its first view comes soon; wait for it with [`Session::painted`].
    ///
    /// # Errors
    /// [`LaunchError`].
    pub fn launch(&self, app: &Arc<App>, launch: Launch) -> Result<Session, LaunchError> {
        let session = self.begin(app, launch, None)?;
        self.host().scheduler.wake(&session.shared);
        Ok(session)
    }

    /// The same, after a session whose payments it goes on with.
    pub(crate) fn launch_after(
        &self,
        app: &Arc<App>,
        launch: Launch,
        adopted: Option<Box<Adopted>>,
        watcher: Option<Weak<dyn Watcher>>,
    ) -> Result<Session, LaunchError> {
        let session = self.begin(app, launch, adopted)?;
        if let Some(watcher) = watcher {
            session.watch_by(watcher);
        }
        self.host().scheduler.wake(&session.shared);
        Ok(session)
    }

    /// Starts a session, and hands over every update from the first on.
    ///
    /// # Errors
    /// [`LaunchError`].
    pub fn launch_watched(
        &self,
        app: &Arc<App>,
        launch: Launch,
    ) -> Result<(Session, Updates), LaunchError> {
        let session = self.begin(app, launch, None)?;
        let (_, updates) = session.watch();
        self.host().scheduler.wake(&session.shared);
        Ok((session, updates))
    }

    /// Starts a session, and tells this watcher of everything from the first on.
    ///
    /// # Errors
    /// [`LaunchError`].
    pub fn launch_watched_by(
        &self,
        app: &Arc<App>,
        launch: Launch,
        watcher: Weak<dyn Watcher>,
    ) -> Result<Session, LaunchError> {
        self.launch_after(app, launch, None, Some(watcher))
    }

    /// A session that has not been woken yet.
    fn begin(
        &self,
        app: &Arc<App>,
        launch: Launch,
        adopted: Option<Box<Adopted>>,
    ) -> Result<Session, LaunchError> {
        let host = self.host();
        self.may_launch(app, &launch.person)?;
        let recorder = host
            .record
            .map(|options| Recorder::new(&app.manifest().app_id, app.package().digest(), options));
        let beginning = self.beginning(app, launch, host.providers.clone())?;
        let shared = Shared::new(
            host.clone(),
            Beginning {
                recorder,
                adopted,
                ..beginning
            },
        );
        if !host.registry.insert(&shared, host.max_sessions) {
            return Err(LaunchError::TooManySessions(host.max_sessions));
        }
        if !app.is_eligible() {
            shared.stands(Cost::Residents, 1);
        }
        host.check_consents(&shared);
        count(&host.metrics.launched);
        Ok(Session { shared })
    }

    /// Whether none of those who would pay for one more session has too much already.
    fn may_launch(&self, app: &App, person: &str) -> Result<(), LaunchError> {
        let accounts = &self.host().accounts;
        let [of_app, package] = app.accounts(accounts);
        let payers = [&**of_app, &*accounts.person(person), &**package];
        // An app that cannot be frozen keeps its memory for as long as the session lives.
        let (bytes, residents) = match app.is_eligible() {
            true => (0, 0),
            false => (app.resident_bytes(), 1),
        };
        accounts.may(payers, Cost::Memory, bytes)?;
        if residents > 0 {
            accounts.may(payers, Cost::Residents, residents)?;
        }
        accounts.may(payers, Cost::Disk, 0)?;
        Ok(())
    }

    /// A session that is played from a recording. No list of the host's has it.
    pub(crate) fn begin_replay(
        &self,
        app: &Arc<App>,
        launch: Launch,
        player: Arc<Player>,
        recorder: Arc<Recorder>,
    ) -> Result<Session, LaunchError> {
        let beginning = self.beginning(app, launch, Arc::new(Providers::simulated()))?;
        let shared = Shared::new(
            self.host().clone(),
            Beginning {
                recorder: Some(recorder),
                player: Some(player),
                ..beginning
            },
        );
        Ok(Session { shared })
    }

    fn beginning(
        &self,
        app: &Arc<App>,
        launch: Launch,
        providers: Arc<Providers>,
    ) -> Result<Beginning, LaunchError> {
        let host = self.host();
        let (model, missing) = app.model(&launch);
        if missing {
            self.launch_model(app, &launch, &model)?;
        }
        let id = app.id();
        let tenant = launch.tenant.as_deref().unwrap_or(&id);
        Ok(Beginning {
            id: SessionId::random().map_err(|_| LaunchError::NoRandomness)?,
            app: app.clone(),
            person: launch.person.as_str().into(),
            grants: host.grants_for(app, &launch.person),
            providers,
            tenant: host.tenant(tenant),
            recorder: None,
            player: None,
            is_model: false,
            model,
            body: Body::New(Box::new(launch)),
            mailbox: Mailbox::default(),
            adopted: None,
        })
    }

    /// Launches a session that nobody sees, with simulated providers, to take its memory as the app's model.
    fn launch_model(
        &self,
        app: &Arc<App>,
        launch: &Launch,
        model: &Arc<Model>,
    ) -> Result<(), LaunchError> {
        let host = self.host();
        let mut launch = launch.clone();
        launch.person = String::new();
        launch.referrer = None;
        for page in &mut launch.pages {
            page.truncate(page.find('?').unwrap_or(page.len()));
        }
        let beginning = Beginning {
            id: SessionId::random().map_err(|_| LaunchError::NoRandomness)?,
            app: app.clone(),
            person: "".into(),
            grants: host.grants_for(app, ""),
            providers: Arc::new(Providers::simulated()),
            tenant: host.tenant(&app.id()),
            recorder: None,
            player: None,
            is_model: true,
            model: model.clone(),
            body: Body::New(Box::new(launch)),
            mailbox: Mailbox::default(),
            adopted: None,
        };
        let shared = Shared::new(host.clone(), beginning);
        host.scheduler.set_class(&shared, Class::Visible);
        host.scheduler.wake(&shared);
        Ok(())
    }

    /// The session of this id: one that lives in this process, or one that is on disk and goes on from there. Its app's
    /// package must be loaded.
    ///
    /// # Errors
    /// [`ResumeError`].
    pub fn session(&self, id: SessionId) -> Result<Session, ResumeError> {
        let host = self.host();
        if let Some(shared) = host.registry.find(id) {
            return Ok(Session { shared });
        }
        let snapshots = host.snapshots.as_ref().ok_or(ResumeError::NoStore)?;
        let shared = snapshots.take_up(host, id)?;
        Ok(Session { shared })
    }

    /// Writes every session down and ends the runtime's part in them, for another process to go on with. Sessions in
    /// the middle of an event are waited for, `patience` at most; events that wait are begun by the next process, so that none is
    /// handled twice. Tells how many sessions could not be written: those of apps that cannot be frozen, and those that did
    /// not come to rest.
    ///
    /// # Errors
    /// [`ResumeError::NoStore`] or [`ResumeError::Store`]; the sessions go on then.
    pub async fn suspend(&self, patience: Duration) -> Result<usize, ResumeError> {
        let host = self.host().clone();
        if host.snapshots.is_none() {
            return Err(ResumeError::NoStore);
        }
        host.suspending.store(true, Ordering::Release);
        // To its end there, whether anybody waits for it or not: a host is never left half stopped.
        let suspended = tokio::task::spawn_blocking(move || {
            let suspended = keeper::write_all(&host, Instant::now() + patience);
            match &suspended {
                Ok(_) => {
                    host.shut_down();
                    host.release_snapshots();
                }
                Err(_) => host.go_on(),
            }
            suspended
        });
        match suspended.await {
            Ok(suspended) => suspended,
            Err(error) => {
                self.host().go_on();
                Err(ResumeError::Damaged(error.to_string()))
            }
        }
    }

    /// Whether this platform lends a capability to apps that ask for it.
    #[must_use]
    pub fn lends(&self, capability: crate::grants::Capability) -> bool {
        self.host().offers(capability)
    }

    /// The host's counters at this moment.
    #[must_use]
    pub fn metrics(&self) -> MetricsReading {
        self.host().metrics()
    }

    /// How many events apps have handled so far. To be asked often, where [`metrics`](Self::metrics) would cost more than it tells.
    #[must_use]
    pub fn events_handled(&self) -> u64 {
        self.host().metrics.event_wall.count()
    }

    /// How many sessions are live, frozen ones among them.
    #[must_use]
    pub fn sessions(&self) -> usize {
        self.host().registry.count()
    }

    /// Changes how much of the machine a tenant gets when it is short, in 1,024ths of the usual; see [`Launch::tenant`].
    pub fn set_tenant_weight(&self, tenant: &str, weight: u32) {
        self.host().tenant(tenant).set_weight(weight);
    }

    /// What stands behind the capabilities.
    #[must_use]
    pub fn providers(&self) -> &Providers {
        &self.host().providers
    }

    /// What apps may use here.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.host().limits
    }

    /// The engine, for embedders that measure or link beside this library.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.host().engine
    }

    pub(crate) fn host(&self) -> &Arc<Host> {
        &self.inner.host
    }
}

/// A worker without work spins for up to four times this while wakes are frequent: waking one that sleeps costs more than
/// most events.
const SPIN: Duration = Duration::from_micros(50);

fn code_cache(config: &RuntimeConfig) -> Result<Option<CodeCache>, RuntimeError> {
    let open = |path: &PathBuf| {
        CodeCache::open(path).map_err(|source| RuntimeError::CodeCache {
            path: path.clone(),
            source,
        })
    };
    config.code_cache.as_ref().map(open).transpose()
}

fn snapshots(config: &RuntimeConfig) -> Result<Option<Snapshots>, RuntimeError> {
    let open = |snapshots: &SnapshotConfig| {
        Snapshots::open(snapshots, &config.limits).map_err(|source| RuntimeError::Key {
            path: snapshots.key_folder.clone(),
            source,
        })
    };
    config.snapshots.as_ref().map(open).transpose()
}

/// How many threads run guests, where so many were asked for.
fn workers(asked: usize) -> usize {
    match asked {
        0 => Config::default().workers,
        workers => workers,
    }
}

fn scheduler(
    config: &RuntimeConfig,
    engine: &Engine,
    io: &tokio::runtime::Handle,
    metrics: &Arc<Metrics>,
) -> std::io::Result<Scheduler<Shared>> {
    let (engine, io) = (engine.clone(), io.clone());
    let default = Config::default();
    Scheduler::start(Config {
        workers: workers(config.workers),
        max_runnable: config.max_runnable,
        policy: Policy {
            budgets: config.budgets,
            ..Policy::default()
        },
        // A guest looks at the epoch at every loop and every call: it gives way at once, not at the slice's end.
        preempt: Box::new(move || engine.increment_epoch()),
        // Timers and sockets of WASI guests want to know their reactor.
        around: Box::new(move |serve| {
            let _io = io.enter();
            serve();
        }),
        clock: Box::new(WorkerClock::new()),
        spin: default.spin.min(SPIN) * 4,
        sink: Box::new(QueueDelays(metrics.clone())),
        ..default
    })
}

impl std::fmt::Debug for Runtime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Runtime")
            .field("sessions", &self.sessions())
            .finish_non_exhaustive()
    }
}
