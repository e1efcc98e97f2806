//! The thread that looks after a host: counts its coarse time, freezes who has been idle, writes who has changed,
//! moves to disk what does not fit into memory.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use super::ResumeError;
use super::host::{Host, TICK};
use crate::bell::Bell;
use crate::delays;
use crate::metrics::count;
use crate::snapshot::store::StoreError;

/// How often sessions that ended are removed from the disk where there are no checkpoints.
const TIDY: Duration = Duration::from_secs(1);

/// Stops when dropped.
pub(super) struct Keeper {
    stop: Arc<AtomicBool>,
    bell: Arc<Bell>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Keeper {
    pub(super) fn start(host: &Arc<Host>, freeze_after: Duration) -> std::io::Result<Self> {
        let (stop, bell) = (Arc::new(AtomicBool::new(false)), host.bell.clone());
        let rounds = Rounds {
            freeze_after: ticks(freeze_after),
            next_tick: Instant::now() + TICK,
            next_checkpoint: Instant::now(),
        };
        let (host, stopped, rung) = (Arc::downgrade(host), stop.clone(), bell.clone());
        let thread = std::thread::Builder::new()
            .name("lapak-keeper".into())
            .spawn(move || keep(&host, &stopped, &rung, rounds))?;
        Ok(Self {
            stop,
            bell,
            thread: Some(thread),
        })
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        self.bell.ring();
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

/// A round at every tick, and another whenever somebody rings.
fn keep(host: &Weak<Host>, stop: &AtomicBool, bell: &Bell, mut rounds: Rounds) {
    give_way_to_workers();
    while !stop.load(Ordering::Acquire) {
        bell.wait_until(rounds.next_tick);
        let Some(host) = host.upgrade() else {
            return;
        };
        delays::at("keeper");
        let gone = rounds.go(&host);
        host.rounds.fetch_add(1, Ordering::Relaxed);
        match gone {
            // One large session a round: it takes long enough for a tick to come due meanwhile.
            Ok(true) => bell.ring(),
            Ok(false) => {}
            Err(error) => {
                count(&host.metrics.store_errors);
                tracing::error!(%error, "sessions could not be written; they stay in memory, and this is tried again");
            }
        }
    }
}

/// What the keeper does, and when.
struct Rounds {
    freeze_after: u32,
    next_tick: Instant,
    next_checkpoint: Instant,
}

impl Rounds {
    /// Tells whether there may be more to do at once.
    fn go(&mut self, host: &Arc<Host>) -> Result<bool, StoreError> {
        if Instant::now() >= self.next_tick {
            self.next_tick = Instant::now() + TICK;
            let now = host.now.fetch_add(1, Ordering::Relaxed);
            host.instances.freeze_idle(now, self.freeze_after);
            host.instances.look_after_waiting();
            host.slow_turns.look_after();
            host.relieve_accounts();
            host.end_who_waits();
        }
        let now = host.coarse_now();
        let large = host.instances.next_large(now, self.freeze_after);
        let bytes = large.as_ref().and_then(|large| large.kept_bytes());
        // First room for its snapshot. Where the disk takes nothing it is frozen all the same: what stays in memory is more than was
        // meant, but nobody waits for its place until the disk is well.
        let kept = self.keep_on_disk(host, host.wanted().saturating_add(bytes.unwrap_or(0)));
        let frozen = large.is_some_and(|large| host.instances.freeze_large(&large));
        kept.map(|()| frozen)
    }

    /// Leaves `room` bytes of the snapshots' memory free, if there is a disk to move sessions to.
    fn keep_on_disk(&mut self, host: &Arc<Host>, room: usize) -> Result<(), StoreError> {
        let Some(snapshots) = &host.snapshots else {
            return Ok(());
        };
        let writing = snapshots.writing();
        let due = Instant::now() >= self.next_checkpoint;
        if due {
            self.next_checkpoint = Instant::now() + snapshots.checkpoint.unwrap_or(TIDY);
            // Before anything is written: on a full disk this is what makes room.
            snapshots.remove_gone(&writing)?;
        }
        let (_, held) = host.frozen();
        // Parts on their way are in memory besides, and what was freed is the system's again only a moment later.
        let moving = if room == 0 {
            0
        } else {
            snapshots.memory_bytes / 16
        };
        let most = snapshots
            .memory_bytes
            .saturating_sub(room.saturating_add(moving));
        if held > most {
            // A tenth more than must be, so that the next spill is not due at once. A large session takes only its own room:
            // each that goes costs much.
            let spare = if room == 0 {
                snapshots.memory_bytes / 10
            } else {
                0
            };
            snapshots.spill(host, held - most + spare, &writing)?;
        }
        if due && snapshots.checkpoint.is_some() {
            snapshots.write_changed(host, &writing)?;
        }
        Ok(())
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
        // One that ended while the others were written is on disk still, and would live on in the next host. Looked at last: who is
        // no longer among the sessions is among these.
        snapshots.remove_gone(&writing)?;
        drop(writing);
        let hopeless = left.iter().all(|session| !session.app.is_eligible());
        if hopeless || Instant::now() >= deadline {
            return Ok(left.len());
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}
