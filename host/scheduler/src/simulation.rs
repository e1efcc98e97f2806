//! The scheduler without threads and without time: tests step the workers by hand, and sessions use CPU time that is
//! only counted. What is tested is everything but the sleeping.

mod promises;
mod shares;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use crate::account::Account;
use crate::clock::Clock;
use crate::entity::{Entity, Runnable, Turn};
use crate::policy::{Class, Policy};
use crate::scheduler::Config;
use crate::shared::Shared;
use crate::turn;
use crate::worker::{Step, Worker};

pub(super) const US: u64 = 1_000;
pub(super) const MS: u64 = 1_000_000;

/// A session uses CPU time in pieces of this size; between two of them, others may be woken.
const PIECE: u64 = 20 * US;

/// A guest looks at its epoch this often.
const EPOCH: u64 = MS;

/// What a session does with its turns.
#[derive(Clone, Copy, Debug)]
pub(super) enum Habit {
    /// Never rests.
    Spin,
    /// Uses so much for each event, in nanoseconds, then rests for so long, unless that is zero: then it is over.
    Event { cost: u64, rest: u64 },
}

/// Time, the agenda, and what was noted.
pub(super) struct World {
    now: AtomicU64,
    epoch: AtomicU64,
    shared: OnceLock<Arc<Shared<Session>>>,
    /// Who is to be woken, when.
    agenda: Mutex<BTreeSet<(u64, usize)>>,
    sessions: Mutex<Vec<Arc<Session>>>,
}

pub(super) struct Session {
    number: usize,
    entity: Entity,
    habit: Habit,
    /// What is left of the running event.
    left: AtomicU64,
    woken: AtomicU64,
    /// From wake to the event's end, the longest so far, in nanoseconds.
    longest: AtomicU64,
    turns: AtomicU64,
    events: AtomicU64,
    world: Arc<World>,
}

struct WorldClock(Arc<World>);

impl Clock for WorldClock {
    fn now_ns(&self) -> u64 {
        self.0.now.load(Ordering::Relaxed)
    }

    /// Nothing but sessions uses time here.
    fn thread_cpu_ns(&self) -> u64 {
        self.now_ns()
    }
}

impl World {
    pub(super) fn now(&self) -> u64 {
        self.now.load(Ordering::Relaxed)
    }

    /// Lets time pass; wakes those whose time has come, each at its own moment.
    fn pass(&self, ns: u64) {
        let then = self.now() + ns;
        while let Some((due, number)) = self.first_due(then) {
            self.now.fetch_max(due, Ordering::Relaxed);
            self.wake(number);
        }
        self.now.store(then, Ordering::Relaxed);
    }

    fn first_due(&self, then: u64) -> Option<(u64, usize)> {
        let mut agenda = self.agenda.lock().expect("no panic");
        let first = *agenda.first()?;
        (first.0 <= then).then(|| agenda.pop_first()).flatten()
    }

    fn wake(&self, number: usize) {
        let session = self.sessions.lock().expect("no panic")[number].clone();
        session.woken.store(self.now(), Ordering::Relaxed);
        self.shared.get().expect("set at first").wake(&session);
    }
}

impl Runnable for Session {
    fn entity(&self) -> &Entity {
        &self.entity
    }

    fn run(self: &Arc<Self>) -> Turn {
        self.turns.fetch_add(1, Ordering::Relaxed);
        let (mut used, mut epoch) = (0, self.world.epoch.load(Ordering::Relaxed));
        loop {
            self.world.pass(PIECE);
            used += PIECE;
            if let Habit::Event { cost, rest } = self.habit {
                let left = self.left.load(Ordering::Relaxed).saturating_sub(PIECE);
                self.left.store(left, Ordering::Relaxed);
                if left == 0 {
                    self.left.store(cost, Ordering::Relaxed);
                    return self.end_event(rest);
                }
            }
            let now = self.world.epoch.load(Ordering::Relaxed);
            if (used % EPOCH == 0 || now != epoch) && turn::should_yield() {
                return Turn::Again;
            }
            epoch = now;
            // The simulation wants its turn too.
            if used >= 10 * EPOCH {
                return Turn::Again;
            }
        }
    }
}

impl Session {
    fn end_event(&self, rest: u64) -> Turn {
        let now = self.world.now();
        let took = now.saturating_sub(self.woken.load(Ordering::Relaxed));
        self.longest.fetch_max(took, Ordering::Relaxed);
        self.events.fetch_add(1, Ordering::Relaxed);
        if rest == 0 {
            return Turn::Done;
        }
        let mut agenda = self.world.agenda.lock().expect("no panic");
        agenda.insert((now + rest, self.number));
        Turn::Idle
    }

    pub(super) fn cpu(&self) -> u64 {
        u64::try_from(self.entity.cpu().as_nanos()).expect("short")
    }

    pub(super) fn longest(&self) -> u64 {
        self.longest.load(Ordering::Relaxed)
    }

    pub(super) fn turns(&self) -> u64 {
        self.turns.load(Ordering::Relaxed)
    }

    pub(super) fn events(&self) -> u64 {
        self.events.load(Ordering::Relaxed)
    }
}

/// Workers that are stepped by hand, the one that is furthest behind first.
pub(super) struct Simulation {
    pub(super) world: Arc<World>,
    pub(super) shared: Arc<Shared<Session>>,
    workers: Vec<(u64, Worker<Session>)>,
}

impl Simulation {
    pub(super) fn new(workers: usize, policy: Policy) -> Self {
        let world = Arc::new(World {
            now: AtomicU64::new(1),
            epoch: AtomicU64::new(0),
            shared: OnceLock::new(),
            agenda: Mutex::default(),
            sessions: Mutex::default(),
        });
        let told = world.clone();
        let shared = Arc::new(Shared::new(Config {
            workers,
            policy,
            clock: Box::new(WorldClock(world.clone())),
            preempt: Box::new(move || {
                told.epoch.fetch_add(1, Ordering::Relaxed);
            }),
            ..Config::default()
        }));
        let set = world.shared.set(shared.clone());
        assert!(set.is_ok());
        let workers = (0..workers).map(|index| (1, Worker::new(shared.clone(), index)));
        Self {
            workers: workers.collect(),
            world,
            shared,
        }
    }

    /// Adds a session that is woken after `after` nanoseconds.
    pub(super) fn add(
        &self,
        class: Class,
        tenant: &Arc<Account>,
        habit: Habit,
        after: u64,
    ) -> Arc<Session> {
        let mut sessions = self.world.sessions.lock().expect("no panic");
        let cost = match habit {
            Habit::Spin => 0,
            Habit::Event { cost, .. } => cost,
        };
        let session = Arc::new(Session {
            number: sessions.len(),
            entity: Entity::new(class, tenant.clone(), Arc::new(Account::new())),
            habit,
            left: AtomicU64::new(cost),
            woken: AtomicU64::new(0),
            longest: AtomicU64::new(0),
            turns: AtomicU64::new(0),
            events: AtomicU64::new(0),
            world: self.world.clone(),
        });
        sessions.push(session.clone());
        let mut agenda = self.world.agenda.lock().expect("no panic");
        agenda.insert((self.world.now() + after, session.number));
        session
    }

    /// As [`add`](Self::add), at once, with a tenant of its own.
    pub(super) fn add_alone(&self, class: Class, habit: Habit) -> Arc<Session> {
        self.add(class, &Arc::new(Account::new()), habit, 0)
    }

    /// Runs until all workers have come to `ns` from now.
    pub(super) fn run(&mut self, ns: u64) {
        let end = self.world.now() + ns;
        loop {
            let behind = self
                .workers
                .iter()
                .enumerate()
                .min_by_key(|(_, (at, _))| *at);
            let (index, &(at, _)) = behind.expect("a worker");
            if at >= end {
                break;
            }
            self.world.now.store(at, Ordering::Relaxed);
            self.world.pass(0);
            turn::enter(self.shared.clone(), index);
            let (at, worker) = &mut self.workers[index];
            if worker.step() == Step::Nothing {
                self.world.now.fetch_add(PIECE, Ordering::Relaxed);
            }
            *at = self.world.now();
        }
        turn::leave();
        self.world.now.store(end, Ordering::Relaxed);
    }
}
