//! The thread that looks after a host: counts its coarse time, freezes who has been idle, writes who has changed,
//! moves to disk what does not fit into memory.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use super::ResumeError;
use super::host::{Host, TICK};
use crate::metrics::count;
use crate::session::Body;
use crate::snapshot::store::StoreError;

/// Stops when dropped.
pub(super) struct Keeper {
    stop: Arc<Stop>,
    thread: Option<std::thread::JoinHandle<()>>,
}

#[derive(Default)]
struct Stop {
    wanted: AtomicBool,
    lock: Mutex<()>,
    told: Condvar,
}

impl Keeper {
    pub(super) fn start(host: &Arc<Host>, freeze_after: Duration) -> std::io::Result<Self> {
        let stop = Arc::new(Stop::default());
        let (host, stopped) = (Arc::downgrade(host), stop.clone());
        let thread = std::thread::Builder::new()
            .name("lapak-keeper".into())
            .spawn(move || keep(&host, &stopped, ticks(freeze_after)))?;
        Ok(Self {
            stop,
            thread: Some(thread),
        })
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.stop.wanted.store(true, Ordering::Release);
        self.stop.told.notify_all();
        if let Some(thread) = self.thread.take()
            && thread.thread().id() != std::thread::current().id()
        {
            // A keeper that panicked has nothing left to stop.
            let _ = thread.join();
        }
    }
}

fn ticks(duration: Duration) -> u32 {
    u32::try_from(duration.as_millis() / TICK.as_millis()).unwrap_or(u32::MAX)
}

fn keep(host: &Weak<Host>, stop: &Stop, freeze_after: u32) {
    let mut next_checkpoint = Instant::now();
    while !stop.wanted.load(Ordering::Acquire) {
        let guard = stop.lock.lock().unwrap_or_else(PoisonError::into_inner);
        // Told or not, what follows does no harm.
        drop(stop.told.wait_timeout(guard, TICK));
        let Some(host) = host.upgrade() else {
            return;
        };
        let now = host.now.fetch_add(1, Ordering::Relaxed);
        host.instances.freeze_idle(now, freeze_after);
        host.instances.look_after_waiting();
        let mut kept = keep_on_disk(&host, &mut next_checkpoint);
        // One large session at a time, so that no more of them are frozen in memory than there is room for.
        while kept.is_ok() && host.instances.relieve() {
            kept = keep_on_disk(&host, &mut next_checkpoint);
        }
        if let Err(error) = kept {
            count(&host.metrics.store_errors);
            tracing::error!(%error, "sessions could not be written; they stay in memory, and this is tried again");
        }
    }
}

fn keep_on_disk(host: &Arc<Host>, next_checkpoint: &mut Instant) -> Result<(), StoreError> {
    let Some(snapshots) = &host.snapshots else {
        return Ok(());
    };
    let (_, held) = host.frozen();
    if held > snapshots.memory_bytes {
        // A tenth more than must be, so that the next spill is not due at once.
        let spare = snapshots.memory_bytes / 10;
        snapshots.spill(host, held - snapshots.memory_bytes + spare)?;
    }
    if let Some(every) = snapshots.checkpoint
        && Instant::now() >= *next_checkpoint
    {
        *next_checkpoint = Instant::now() + every;
        snapshots.write_changed(host)?;
    }
    Ok(())
}

/// Writes every session, waiting for those in the middle of an event until `deadline`; tells how many are left.
pub(super) fn write_all(host: &Arc<Host>, deadline: Instant) -> Result<usize, ResumeError> {
    let snapshots = host.snapshots.as_ref().ok_or(ResumeError::NoStore)?;
    loop {
        snapshots.write_changed(host)?;
        let left = host.registry.all().filter(|session| {
            let kept_resident = !session.app.is_eligible();
            let unsaved = session.unsaved.load(Ordering::Acquire);
            let begun = !matches!(session.lock().body, Body::New(_));
            kept_resident || unsaved || !begun
        });
        let left: Vec<_> = left.collect();
        let hopeless = left.iter().all(|session| !session.app.is_eligible());
        if hopeless || Instant::now() >= deadline {
            return Ok(left.len());
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}
