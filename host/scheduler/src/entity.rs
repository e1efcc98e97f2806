//! What the scheduler keeps of one session: a few words inside it, nothing elsewhere while it is idle.

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use crate::account::Account;
use crate::policy::{Class, Factors, NORMAL_WEIGHT};
use crate::run_queue::Place;
use crate::sync::AtomicU8;
use crate::vtime::VTime;
use crate::window::Window;

/// Something that workers run.
pub trait Runnable: Send + Sync + 'static {
    /// Its scheduling part: always the same one, and of this runnable alone.
    fn entity(&self) -> &Entity;

    /// Runs until it waits, gives way or ends. Only one worker calls this at a time, and each call sees all that
    /// was written before any wake that led to it. A panic counts as [`Turn::Done`].
    fn run(self: &Arc<Self>) -> Turn;
}

/// How a call of [`Runnable::run`] ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// It waits to be woken. If it was woken since it began to run, it runs again.
    Idle,
    /// It has more to do and made way for others.
    Again,
    /// It never runs again.
    Done,
}

/// The scheduling part of a session. It belongs to one scheduler: the one that first wakes it.
///
/// The state decides who may touch the other words: the waker that made it `QUEUED`, then whoever holds the lock of
/// the queue that it is in, then the worker that runs it.
#[derive(Debug)]
pub struct Entity {
    tenant: Arc<Account>,
    app: Arc<Account>,
    cpu_ns: AtomicU64,
    /// Its virtual time by its home's clock, unless it waits: then [`Place::owed_from`].
    vtime: AtomicU64,
    deadline: AtomicU64,
    seq: AtomicU64,
    window_began_ns: AtomicU64,
    window_used_ns: AtomicU64,
    /// When it was woken, of a turn that has not begun yet; else 0.
    woken_ns: AtomicU64,
    weight: AtomicU32,
    /// CPU time since it was last idle; stays at its maximum, 4.29 s.
    burst_ns: AtomicU32,
    home: AtomicU16,
    class: std::sync::atomic::AtomicU8,
    state: AtomicU8,
}

const IDLE: u8 = 0;
const QUEUED: u8 = 1;
const RUNNING: u8 = 2;
/// Running, and woken meanwhile: to be queued again at once.
const WOKEN: u8 = 3;
const DONE: u8 = 4;

const NO_HOME: u16 = u16::MAX;

impl Entity {
    /// An idle entity of normal weight.
    #[must_use]
    pub fn new(class: Class, tenant: Arc<Account>, app: Arc<Account>) -> Self {
        Self {
            tenant,
            app,
            cpu_ns: AtomicU64::new(0),
            vtime: AtomicU64::new(0),
            deadline: AtomicU64::new(0),
            seq: AtomicU64::new(0),
            window_began_ns: AtomicU64::new(0),
            window_used_ns: AtomicU64::new(0),
            woken_ns: AtomicU64::new(0),
            weight: AtomicU32::new(NORMAL_WEIGHT),
            burst_ns: AtomicU32::new(0),
            home: AtomicU16::new(NO_HOME),
            class: std::sync::atomic::AtomicU8::new(class as u8),
            state: AtomicU8::new(IDLE),
        }
    }

    /// The class it is in.
    #[must_use]
    pub fn class(&self) -> Class {
        Class::from_index(self.class.load(Ordering::Relaxed))
    }

    /// Its own weight, in 1,024ths.
    #[must_use]
    pub fn weight(&self) -> u32 {
        self.weight.load(Ordering::Relaxed)
    }

    /// Changes its own weight (0 counts as 1) from the next time that it is queued.
    pub fn set_weight(&self, weight: u32) {
        self.weight.store(weight.max(1), Ordering::Relaxed);
    }

    /// CPU time of all its turns that are over.
    #[must_use]
    pub fn cpu(&self) -> Duration {
        Duration::from_nanos(self.cpu_ns.load(Ordering::Relaxed))
    }

    /// Whose it is.
    #[must_use]
    pub fn tenant(&self) -> &Arc<Account> {
        &self.tenant
    }

    /// What app it runs.
    #[must_use]
    pub fn app(&self) -> &Arc<Account> {
        &self.app
    }

    /// Whether it has ended: it never runs again.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.state.load(Ordering::Acquire) == DONE
    }
}

/// The state.
impl Entity {
    /// Notes a wake. Whether the caller is to queue it.
    pub(crate) fn note_wake(&self) -> bool {
        // Written even where it stays the same: so the turn that follows sees what was written before the wake.
        let before = self
            .state
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |state| match state {
                IDLE => Some(QUEUED),
                RUNNING => Some(WOKEN),
                DONE => None,
                same => Some(same),
            });
        before == Ok(IDLE)
    }

    /// Whether it is queued. If not, whoever queues it next sees what the caller has written before.
    pub(crate) fn is_queued(&self) -> bool {
        self.state.fetch_or(0, Ordering::AcqRel) == QUEUED
    }

    /// A worker took it out of its queue.
    pub(crate) fn begin_turn(&self) {
        self.state.swap(RUNNING, Ordering::AcqRel);
    }

    /// Its turn is over and it waits. `false`: it was woken meanwhile and is `QUEUED` now.
    pub(crate) fn end_turn_idle(&self) -> bool {
        let burst_ns = self.burst_ns.swap(0, Ordering::Relaxed);
        let idle = self
            .state
            .compare_exchange(RUNNING, IDLE, Ordering::AcqRel, Ordering::Acquire);
        if idle.is_err() {
            self.burst_ns.store(burst_ns, Ordering::Relaxed);
            self.end_turn_queued();
        }
        idle.is_ok()
    }

    /// Its turn is over and it goes on.
    pub(crate) fn end_turn_queued(&self) {
        self.state.swap(QUEUED, Ordering::AcqRel);
    }

    /// It never runs again.
    pub(crate) fn end(&self) {
        self.state.store(DONE, Ordering::Release);
    }
}

/// What the policy knows of it.
impl Entity {
    /// What makes up its weight now.
    pub(crate) fn factors(&self) -> Factors {
        Factors {
            class: self.class(),
            own: self.weight(),
            tenant: self.tenant.weight(),
            tenant_runnable: self.tenant.runnable(),
            burst_ns: u64::from(self.burst_ns.load(Ordering::Relaxed)),
        }
    }

    pub(crate) fn set_class(&self, class: Class) {
        self.class.store(class as u8, Ordering::Relaxed);
    }

    /// The worker it was last queued at.
    pub(crate) fn home(&self) -> Option<usize> {
        let home = self.home.load(Ordering::Relaxed);
        (home != NO_HOME).then_some(usize::from(home))
    }

    pub(crate) fn set_home(&self, worker: usize) {
        let home = u16::try_from(worker).unwrap_or(NO_HOME);
        self.home.store(home, Ordering::Relaxed);
    }

    pub(crate) fn vtime(&self) -> VTime {
        VTime::from_bits(self.vtime.load(Ordering::Relaxed))
    }

    pub(crate) fn set_vtime(&self, vtime: VTime) {
        self.vtime.store(vtime.to_bits(), Ordering::Relaxed);
    }

    pub(crate) fn place(&self) -> Place {
        Place {
            owed_from: self.vtime(),
            deadline: VTime::from_bits(self.deadline.load(Ordering::Relaxed)),
            seq: self.seq.load(Ordering::Relaxed),
        }
    }

    pub(crate) fn set_place(&self, place: Place) {
        self.set_vtime(place.owed_from);
        self.deadline
            .store(place.deadline.to_bits(), Ordering::Relaxed);
        self.seq.store(place.seq, Ordering::Relaxed);
    }

    pub(crate) fn window(&self) -> Window {
        Window {
            began_ns: self.window_began_ns.load(Ordering::Relaxed),
            used_ns: self.window_used_ns.load(Ordering::Relaxed),
        }
    }

    pub(crate) fn set_window(&self, window: Window) {
        self.window_began_ns
            .store(window.began_ns, Ordering::Relaxed);
        self.window_used_ns.store(window.used_ns, Ordering::Relaxed);
    }

    /// Charges a turn; `bounded` if it counts against a budget.
    pub(crate) fn charge(&self, used_ns: u64, bounded: bool) {
        self.cpu_ns.fetch_add(used_ns, Ordering::Relaxed);
        let used = u32::try_from(used_ns).unwrap_or(u32::MAX);
        let burst = self.burst_ns.load(Ordering::Relaxed).saturating_add(used);
        self.burst_ns.store(burst, Ordering::Relaxed);
        if bounded {
            let mut window = self.window();
            window.charge(used_ns);
            self.set_window(window);
        }
        self.tenant.charge(used_ns);
        self.app.charge(used_ns);
    }

    pub(crate) fn set_woken(&self, now_ns: u64) {
        self.woken_ns.store(now_ns.max(1), Ordering::Relaxed);
    }

    /// When it was woken, once: `None` if it had not been idle.
    pub(crate) fn take_woken(&self) -> Option<u64> {
        let woken = self.woken_ns.load(Ordering::Relaxed);
        if woken != 0 {
            self.woken_ns.store(0, Ordering::Relaxed);
        }
        (woken != 0).then_some(woken)
    }
}

#[cfg(all(test, not(feature = "model")))]
mod tests {
    use super::*;

    #[test]
    fn an_entity_is_small_enough_for_a_million() {
        assert!(size_of::<Entity>() <= 96, "{}", size_of::<Entity>());
    }

    #[test]
    fn a_long_turn_is_forgotten_only_when_it_really_rests() {
        let account = Arc::new(Account::new());
        let entity = Entity::new(Class::Foreground, account.clone(), account);
        assert!(entity.note_wake());
        entity.begin_turn();
        entity.charge(5_000, false);
        assert!(!entity.note_wake(), "it runs already");
        assert!(!entity.end_turn_idle(), "it was woken meanwhile");
        assert_eq!(entity.factors().burst_ns, 5_000);
        entity.begin_turn();
        assert!(entity.end_turn_idle());
        assert_eq!(entity.factors().burst_ns, 0);
    }
}
