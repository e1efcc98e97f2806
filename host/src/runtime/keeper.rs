//! The thread that looks after a host: counts its coarse time, freezes who has been idle, writes who has changed,
//! moves to disk what does not fit into memory.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use super::ResumeError;
use super::host::{Host, TICK};
use crate::metrics::count;
use crate::snapshot::store::StoreError;

/// How often sessions that ended are removed from the disk where there are no checkpoints.
const TIDY: Duration = Duration::from_secs(1);

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
    give_way_to_workers();
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
        let mut kept = keep_on_disk(&host, &mut next_checkpoint, 0);
        // One large session at a time, and room for it first: for its snapshot, and for what it takes to write one.
        while kept.is_ok() && host.instances.must_relieve() {
            let room = host.limits.memory_bytes.saturating_mul(4);
            kept = keep_on_disk(&host, &mut next_checkpoint, room);
            if !host.instances.relieve() {
                break;
            }
        }
        if let Err(error) = kept {
            count(&host.metrics.store_errors);
            tracing::error!(%error, "sessions could not be written; they stay in memory, and this is tried again");
        }
    }
}

/// Nothing here is urgent: a worker with a tap goes first where there are not enough processors for all. Still a tenth or so
/// of one goes to this thread, or memory would not be given back on a busy machine.
fn give_way_to_workers() {
    const NICE: i32 = 10;
    // A host that may not do so works all the same. On Linux the priority is the thread's own.
    #[cfg(target_os = "linux")]
    let _ = rustix::process::setpriority_process(Some(rustix::thread::gettid()), NICE);
}

/// Leaves `room` bytes of the snapshots' memory free, if there is a disk to move sessions to.
fn keep_on_disk(
    host: &Arc<Host>,
    next_checkpoint: &mut Instant,
    room: usize,
) -> Result<(), StoreError> {
    let Some(snapshots) = &host.snapshots else {
        return Ok(());
    };
    let writing = snapshots.writing();
    let due = Instant::now() >= *next_checkpoint;
    if due {
        *next_checkpoint = Instant::now() + snapshots.checkpoint.unwrap_or(TIDY);
        // Before anything is written: on a full disk this is what makes room.
        snapshots.remove_gone(&writing)?;
    }
    let (_, held) = host.frozen();
    let most = snapshots.memory_bytes.saturating_sub(room);
    if held > most {
        // A tenth more than must be, so that the next spill is not due at once.
        let spare = snapshots.memory_bytes / 10;
        snapshots.spill(host, held - most + spare, &writing)?;
    }
    if due && snapshots.checkpoint.is_some() {
        snapshots.write_changed(host, &writing)?;
    }
    Ok(())
}

/// Writes every session, waiting for those in the middle of an event until `deadline`; tells how many are left.
pub(super) fn write_all(host: &Arc<Host>, deadline: Instant) -> Result<usize, ResumeError> {
    let snapshots = host.snapshots.as_ref().ok_or(ResumeError::NoStore)?;
    loop {
        // Held until all were looked at: a session that somebody else is about to write is not written yet.
        let writing = snapshots.writing();
        snapshots.remove_gone(&writing)?;
        snapshots.write_changed(host, &writing)?;
        let left = host.registry.all().filter(|session| {
            let kept_resident = !session.app.is_eligible();
            // First the lock: whoever was let in before the host was being stopped has left its letter then.
            let idle = session.lock().body.is_idle();
            let unsaved = session.unsaved.load(Ordering::Acquire);
            // One that is still being launched was never marked: it was never at rest.
            kept_resident || unsaved || !idle
        });
        let left: Vec<_> = left.collect();
        drop(writing);
        let hopeless = left.iter().all(|session| !session.app.is_eligible());
        if hopeless || Instant::now() >= deadline {
            return Ok(left.len());
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}
