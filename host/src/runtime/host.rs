//! What all sessions of one runtime share.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use lapak_abi::limits::Limits;
use lapak_abi::package::Package;
use lapak_scheduler::{Account, NORMAL_WEIGHT, Scheduler};
use wasmtime::Engine;

use super::registry::Registry;
use super::snapshots::{ResumeError, Snapshots};
use crate::account::{Accounts, Cost};
use crate::app::compile_queue::CompileQueue;
use crate::app::compiler::Compiler;
use crate::app::source::AppSource;
use crate::app::{App, LoadError, ToLoad};
use crate::audit::AuditLog;
use crate::bell::Bell;
use crate::capability::Providers;
use crate::code_cache::CodeCache;
use crate::delays;
use crate::engine::EpochTicker;
use crate::grants::consent::ConsentStore;
use crate::grants::{Bounds, Capability};
use crate::instances::Instances;
use crate::metrics::{CLASSES, Histogram, MOST_TENANTS, Metrics, MetricsReading, count};
use crate::pools::Pools;
use crate::recording::RecordOptions;
use crate::report::EndCause;
use crate::session::{Screen, Shared, SlowTurns, nanos};
use crate::sheet::Desk;
use crate::snapshot::store::StoreError;
use crate::vendor::Vendor;

/// Tenants that are kept though nobody uses them, before it is looked who need not be.
const MOST_UNUSED: usize = 1_024;
/// Apps that are kept though no session is left of them in memory and nobody shows them.
const MOST_UNUSED_APPS: usize = 64;

/// One tick of the host's coarse time.
pub(crate) const TICK: Duration = Duration::from_millis(100);

/// When a session is asked for again that the disk did not give.
const FETCH_AGAIN: Duration = Duration::from_secs(1);

/// How often it is looked whether there is room for a large session, and whether one that was brought has its instance; and how
/// many times, at most.
const LARGE_AGAIN: Duration = Duration::from_millis(5);
const LARGE_ASKED: usize = 2_000;

/// The inside of a [`Runtime`](super::Runtime).
pub(crate) struct Host {
    pub(crate) engine: Engine,
    pub(super) cache: Option<CodeCache>,
    pub(super) providers: Arc<Providers>,
    pub(super) grants: Vec<Capability>,
    pub(crate) vendors: Vec<Vendor>,
    pub(super) bounds: Arc<Bounds>,
    pub(crate) consents: Arc<dyn ConsentStore>,
    pub(crate) audit: Arc<dyn AuditLog>,
    pub(crate) sheets: Desk,
    /// Who does what may wait.
    pub(crate) pools: Pools,
    pub(crate) limits: Limits,
    pub(crate) accounts: Arc<Accounts>,
    pub(super) max_sessions: usize,
    pub(crate) instances: Arc<Instances>,
    pub(crate) slow_turns: SlowTurns,
    pub(super) registry: Registry,
    pub(crate) snapshots: Option<Snapshots>,
    pub(crate) metrics: Arc<Metrics>,
    /// Sessions that are frozen in memory, and their bytes.
    pub(super) frozen: (AtomicUsize, AtomicUsize),
    /// Sessions that are on disk alone, and their bytes.
    pub(super) stored: (AtomicUsize, AtomicUsize),
    /// Large sessions that are brought from there: one after the other. Small ones have a crew.
    pub(super) large_fetches: Arc<tokio::sync::Semaphore>,
    /// Bytes that a large session which is being brought needs of the snapshots' memory.
    pub(super) wanted: AtomicUsize,
    /// Wakes the keeper.
    pub(super) bell: Arc<Bell>,
    /// How often the keeper has gone round.
    pub(super) rounds: AtomicUsize,
    /// Sessions that wait for what their app called, each once.
    pub(super) waiting: Mutex<Vec<Weak<Shared>>>,
    pub(super) suspending: AtomicBool,
    pub(super) tenants: Mutex<HashMap<Arc<str>, Arc<Account>>>,
    /// Apps that sessions on disk may belong to, by their marks.
    pub(super) apps: Mutex<HashMap<[u8; 32], Arc<App>>>,
    pub(super) io: tokio::runtime::Handle,
    /// Ticks since the host began.
    pub(super) now: AtomicU32,
    pub(super) record: Option<RecordOptions>,
    /// One compilation at a time: a package that is slow to compile costs one core, not all. Its line is fair to sources.
    pub(super) compiling: CompileQueue,
    /// Where packages are compiled.
    pub(super) compiler: Compiler,
    pub(crate) scheduler: Scheduler<Shared>,
    pub(super) _ticker: EpochTicker,
}

impl Host {
    /// Time in ticks since the host began; good enough to tell who has been idle for long.
    pub(crate) fn coarse_now(&self) -> u32 {
        self.now.load(Ordering::Relaxed)
    }

    /// Does a part of loading a package, on a thread where waiting is fine.
    pub(super) async fn loading<T: Send + 'static>(
        self: &Arc<Self>,
        of: &(Arc<Package>, AppSource),
        work: impl FnOnce(&ToLoad<'_>, &Compiler) -> Result<T, LoadError> + Send + 'static,
    ) -> Result<T, LoadError> {
        let (host, (package, source)) = (self.clone(), of.clone());
        let loaded = tokio::task::spawn_blocking(move || {
            let to_load = ToLoad {
                engine: &host.engine,
                cache: host.cache.as_ref(),
                vendors: &host.vendors,
                package: &package,
                source: &source,
            };
            work(&to_load, &host.compiler)
        });
        let loaded = loaded.await;
        loaded.map_err(|error| LoadError::Host(error.to_string()))?
    }

    pub(crate) fn is_suspending(&self) -> bool {
        self.suspending.load(Ordering::Acquire)
    }

    /// What waits and does not serve guests.
    pub(crate) fn io(&self) -> &tokio::runtime::Handle {
        &self.io
    }

    /// Nothing more is written: the next host may have what sessions are kept in.
    pub(super) fn release_snapshots(&self) {
        if let Some(snapshots) = &self.snapshots {
            snapshots.release();
        }
    }

    /// Whether this platform lends a capability to anybody.
    pub(crate) fn offers(&self, capability: Capability) -> bool {
        self.grants.contains(&capability)
    }

    /// A session waits for what its app called.
    pub(crate) fn look_after(&self, session: &Arc<Shared>) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.push(Arc::downgrade(session));
    }

    /// Ends sessions that have waited too long for what their app called.
    pub(super) fn end_who_waits(&self) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let listed = std::mem::take(&mut *waiting);
        drop(waiting);
        // Not under the lock: an end drops what the session had.
        let go_on = |session: &Weak<Shared>| {
            let session = session.upgrade();
            session.is_some_and(|session| session.goes_on_waiting())
        };
        let left: Vec<_> = listed.into_iter().filter(go_on).collect();
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.extend(left);
    }

    /// One more session is frozen in memory.
    pub(crate) fn held(&self, bytes: usize) {
        self.frozen.0.fetch_add(1, Ordering::Relaxed);
        self.frozen.1.fetch_add(bytes, Ordering::Relaxed);
    }

    /// One less.
    pub(crate) fn unheld(&self, bytes: usize) {
        self.frozen.0.fetch_sub(1, Ordering::Relaxed);
        self.frozen.1.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// One more session is on disk alone.
    pub(crate) fn put_away(&self, bytes: usize) {
        self.stored.0.fetch_add(1, Ordering::Relaxed);
        self.stored.1.fetch_add(bytes, Ordering::Relaxed);
    }

    /// One less.
    pub(crate) fn brought_back(&self, bytes: usize) {
        self.stored.0.fetch_sub(1, Ordering::Relaxed);
        self.stored.1.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// How many sessions are frozen in memory, and the bytes of their snapshots.
    pub(crate) fn frozen(&self) -> (usize, usize) {
        let (count, bytes) = &self.frozen;
        (count.load(Ordering::Relaxed), bytes.load(Ordering::Relaxed))
    }

    /// The account of a tenant, new if need be.
    pub(crate) fn tenant(&self, name: &str) -> Arc<Account> {
        let mut tenants = self.tenants.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(account) = tenants.get(name) {
            return account.clone();
        }
        if tenants.len() >= MOST_UNUSED {
            // One whose weight somebody has set is to have it when it comes again.
            let is_kept = |account: &Arc<Account>| {
                Arc::strong_count(account) > 1 || account.weight() != NORMAL_WEIGHT
            };
            // Not at each call where as many are in use: then the table is twice as large as it needs to be.
            if tenants.len() == tenants.capacity() {
                tenants.retain(|_, account| is_kept(account));
            }
        }
        let account = Arc::new(Account::new());
        tenants.insert(name.into(), account.clone());
        account
    }

    /// An app was loaded, whose sessions may be on disk. Of those that nobody else has any more so many are kept: builds come and
    /// go for as long as the host lives.
    pub(super) fn remember(&self, app: &Arc<App>) {
        let dropped: Vec<_> = {
            let mut apps = self.apps();
            apps.insert(app.mark(), app.clone());
            let unused = apps.iter().filter(|(_, app)| Arc::strong_count(app) == 1);
            let mut unused: Vec<_> = unused.map(|(mark, app)| (app.serial(), *mark)).collect();
            let over = unused.len().saturating_sub(MOST_UNUSED_APPS);
            unused.sort_unstable();
            let oldest = unused.into_iter().take(over);
            oldest.filter_map(|(_, mark)| apps.remove(&mark)).collect()
        };
        // Compiled code takes its time to go.
        drop(dropped);
    }

    /// The name of a tenant's account.
    pub(crate) fn tenant_name(&self, account: &Arc<Account>) -> String {
        let tenants = self.tenants.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all = tenants.iter();
        let found = all.find(|(_, one)| Arc::ptr_eq(one, account));
        found.map(|(name, _)| name.to_string()).unwrap_or_default()
    }

    pub(super) fn metrics(&self) -> MetricsReading {
        let metrics = &self.metrics;
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let (frozen, frozen_bytes) = self.frozen();
        let (stored, stored_bytes) = &self.stored;
        let (stored, stored_bytes) = (
            stored.load(Ordering::Relaxed),
            stored_bytes.load(Ordering::Relaxed),
        );
        let sessions = self.registry.count();
        let delays = metrics.queue_delay.iter().map(Histogram::reading);
        MetricsReading {
            event_cpu: metrics.event_cpu.reading(),
            event_wall: metrics.event_wall.reading(),
            freeze: metrics.freeze.reading(),
            thaw: metrics.thaw.reading(),
            queue_delay: CLASSES.into_iter().zip(delays).collect(),
            scheduler: self.scheduler.snapshot().into(),
            launched: read(&metrics.launched),
            closed: read(&metrics.closed),
            faults: metrics.ends.reading(),
            sessions,
            resident: sessions.saturating_sub(frozen).saturating_sub(stored),
            resident_bytes: self.instances.bytes(),
            stored,
            stored_bytes,
            instances: self.instances.count(),
            frozen,
            frozen_bytes,
            spilled: read(&metrics.spilled),
            fetched: read(&metrics.fetched),
            written: self.snapshots.as_ref().map_or(0, |one| read(&one.written)),
            store_errors: read(&metrics.store_errors),
            charged: Cost::ALL
                .map(|cost| (cost, self.accounts.host().used(cost)))
                .to_vec(),
            refused: self.accounts.refusals().to_vec(),
            account_holders: self.accounts.holders(),
            tenants: self.tenants_cpu(),
        }
    }

    fn tenants_cpu(&self) -> Vec<(String, u64)> {
        let tenants = self.tenants.lock().unwrap_or_else(PoisonError::into_inner);
        let mut used: Vec<(String, u64)> = tenants
            .iter()
            .map(|(name, account)| (name.to_string(), nanos(account.cpu())))
            .collect();
        drop(tenants);
        used.sort_by_key(|(_, cpu)| std::cmp::Reverse(*cpu));
        used.truncate(MOST_TENANTS);
        used
    }

    pub(super) fn apps(&self) -> MutexGuard<'_, HashMap<[u8; 32], Arc<App>>> {
        self.apps.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Brings a session's snapshot from the disk, on a thread that may wait for it, and wakes the session then. Once,
    /// however many letters ask for it meanwhile.
    pub(crate) fn fetch(self: &Arc<Self>, session: &Arc<Shared>) {
        if session.fetching.swap(true, Ordering::AcqRel) {
            return;
        }
        let (host, session) = (self.clone(), session.clone());
        if !session.large.load(Ordering::Relaxed) {
            let owner = session.owner.clone();
            return self.pools.bring(&owner, move || host.fetch_now(&session));
        }
        self.io.spawn(async move {
            // Never closed.
            let turn = host.large_fetches.clone().acquire_owned().await;
            let wanted = host.make_room(&session).await;
            let (fetching, fetched) = (host.clone(), session.clone());
            // A panic there has been told already.
            let _ = tokio::task::spawn_blocking(move || fetching.fetch_now(&fetched)).await;
            host.wanted.fetch_sub(wanted, Ordering::Relaxed);
            // It waits in memory for its instance; meanwhile no other is brought.
            wait_while(|| session.waits_in_memory()).await;
            drop(turn);
        });
    }

    /// Waits until the snapshots' memory has room for a large session that is on disk, or the keeper has done what it can. The
    /// room is kept for it: tells how many bytes are [wanted](Self::wanted), until it is there.
    async fn make_room(&self, session: &Shared) -> usize {
        let (Some(bytes), Some(snapshots)) = (session.stored_bytes(), &self.snapshots) else {
            return 0;
        };
        self.wanted.fetch_add(bytes, Ordering::Relaxed);
        let rounds = || self.rounds.load(Ordering::Relaxed);
        let before = rounds();
        // What one whole round does not free is not to be had: it is too small a memory, or the disk takes nothing. Half of one may
        // have been over.
        let full = || self.frozen().1.saturating_add(bytes) > snapshots.memory_bytes;
        let full = || full() && rounds().wrapping_sub(before) < 2;
        if full() {
            self.bell.ring();
            wait_while(full).await;
        }
        bytes
    }

    /// Bytes of the snapshots' memory that are to be left to somebody.
    pub(super) fn wanted(&self) -> usize {
        self.wanted.load(Ordering::Relaxed)
    }

    fn fetch_now(&self, session: &Arc<Shared>) {
        let Some(snapshots) = &self.snapshots else {
            return;
        };
        let fetched = snapshots.fetch(self, session);
        delays::at("fetched");
        session.fetching.store(false, Ordering::Release);
        match fetched {
            Ok(()) => self.scheduler.wake(session),
            Err(ResumeError::Store(error @ StoreError::Unavailable { .. })) => {
                count(&self.metrics.store_errors);
                tracing::error!(%error, session = ?session.id, "not fetched; this is tried again");
                let session = session.clone();
                self.io.spawn(async move {
                    tokio::time::sleep(FETCH_AGAIN).await;
                    session.host.scheduler.wake(&session);
                });
            }
            Err(error) => {
                count(&self.metrics.store_errors);
                session.end(Shared::host_fault(error.to_string()));
            }
        }
    }

    /// The screen of a session that is on disk.
    pub(crate) fn stored_screen(&self, session: &Shared) -> Option<Screen> {
        self.snapshots.as_ref()?.screen(session)
    }

    /// A session has ended: nothing of it stays.
    pub(crate) fn ended(&self, session: &Arc<Shared>, cause: &EndCause) {
        match cause {
            EndCause::Closed => count(&self.metrics.closed),
            fault => self.metrics.ends.count(fault.kind()),
        }
        if session.is_model {
            return;
        }
        // In this order: at no moment can it be taken up again from the disk.
        if let Some(snapshots) = &self.snapshots {
            snapshots.forget(session.id);
        }
        self.registry.remove(session.id);
        self.sheets.ended(session.id);
    }

    /// The host is not being stopped after all: the letters that waited are handled here.
    pub(super) fn go_on(self: &Arc<Self>) {
        self.suspending.store(false, Ordering::Release);
        for session in self.registry.all() {
            if !session.lock().mailbox().is_empty() {
                self.scheduler.wake(&session);
            }
        }
    }

    /// Drops every session and every instance, so that nothing refers to anything else in a circle.
    pub(super) fn shut_down(&self) {
        for session in self.registry.all() {
            session.abandon();
            self.registry.remove(session.id);
        }
        self.instances.clear();
        self.providers.payments.let_go();
    }
}

/// Waits while something is so, but not for ever.
async fn wait_while(so: impl Fn() -> bool) {
    for _ in 0..LARGE_ASKED {
        if !so() {
            return;
        }
        tokio::time::sleep(LARGE_AGAIN).await;
    }
}
