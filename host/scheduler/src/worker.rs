//! One worker thread: takes the next entity, runs it, puts it where it belongs.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::entity::{Runnable, Turn};
use crate::gauges::count;
use crate::shared::{Origin, Shared};
use crate::slot::State;
use crate::sync::{caught, spin_loop};
use crate::turn;

/// A worker looks at another queue's load at each so many turns.
const BALANCE_EVERY: u64 = 8;

/// While the mean gap between work is shorter than so many times the longest spin, it is worth spinning.
const WORTH_SPINNING: u64 = 2;

/// Looks for work between two readings of the clock, while a worker spins.
const LOOKS: usize = 4;

pub(crate) struct Worker<R> {
    shared: Arc<Shared<R>>,
    index: usize,
    turns: u64,
    /// The thread's CPU time when the last turn ended, if it has not rested since.
    cpu_ns: Option<u64>,
    /// Mean time that it had nothing to do, over the last few times.
    mean_gap_ns: u64,
    /// The last turn, of an entity that is to be put back.
    ended: Option<Ended<R>>,
}

/// What became of a look at the queues.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// An entity has run.
    Turn,
    /// There is nothing to do.
    Nothing,
    /// The scheduler stops.
    Stop,
}

/// A turn that is over.
struct Ended<R> {
    task: Arc<R>,
    turn: Turn,
    used_ns: u64,
}

/// What to do next.
enum Next<R> {
    Run(Arc<R>),
    LookAround,
    Stop,
}

impl<R: Runnable> Worker<R> {
    pub(crate) fn new(shared: Arc<Shared<R>>, index: usize) -> Self {
        Self {
            index,
            turns: 0,
            cpu_ns: None,
            mean_gap_ns: longest_gap(shared.spin_ns),
            ended: None,
            shared,
        }
    }

    /// Runs entities until the scheduler stops.
    pub(crate) fn serve(mut self) {
        let shared = self.shared.clone();
        turn::enter(shared.clone(), self.index);
        (shared.around)(&mut || self.work());
        turn::leave();
    }

    fn work(&mut self) {
        loop {
            match self.step() {
                Step::Turn => {}
                Step::Nothing => self.rest(),
                Step::Stop => return,
            }
        }
    }

    /// Puts back the entity of the last turn, and runs the next one.
    pub(crate) fn step(&mut self) -> Step {
        let task = match self.settle() {
            Next::Run(task) => task,
            Next::Stop => return Step::Stop,
            Next::LookAround => match self.steal() {
                Some(task) => task,
                None => {
                    self.cpu_ns = None;
                    return Step::Nothing;
                }
            },
        };
        self.ended = Some(self.turn(task));
        Step::Turn
    }

    /// Puts the entity of the last turn where it belongs, and takes the next: under one lock.
    fn settle(&mut self) -> Next<R> {
        let ended = self.ended.take();
        let shared = &*self.shared;
        let slot = &shared.slots[self.index];
        let now_ns = shared.clock.now_ns();
        let moved = self.balance();
        let mut state = slot.lock();
        let rests = ended.and_then(|ended| self.put_back(&mut state, ended, now_ns));
        let refused = moved.and_then(|(task, origin)| {
            if state.stopped {
                task.entity().tenant().ended();
                return Some(task);
            }
            shared.place(&mut state, self.index, task, origin, now_ns);
            None
        });
        let released = shared.release_due(&mut state, self.index, now_ns);
        let next = if state.stopped {
            Next::Stop
        } else {
            state.queue.pick(now_ns).map_or(Next::LookAround, |next| {
                next.entity().begin_turn();
                Next::Run(next)
            })
        };
        slot.publish(&mut state);
        drop(state);
        // The session may end with this: not under the lock.
        rests
            .into_iter()
            .chain(refused)
            .for_each(|task| self.let_go(task));
        if released > 1 {
            shared.pushed(self.index, false);
        }
        next
    }

    fn let_go(&self, task: Arc<R>) {
        let class = task.entity().class();
        if let Err(message) = caught(|| drop(task)) {
            count(&self.shared.slots[self.index].gauges.panics);
            self.shared.sink.panicked(class, &message);
        }
    }

    /// Charges a turn. Gives the entity back if it is not to be queued.
    fn put_back(&self, state: &mut State<R>, ended: Ended<R>, now_ns: u64) -> Option<Arc<R>> {
        let Ended {
            task,
            turn,
            used_ns,
        } = ended;
        let entity = task.entity();
        let (terms, lag) = state.queue.finish(used_ns)?;
        entity.charge(used_ns, terms.budget_ns != u64::MAX);
        entity.set_vtime(state.queue.clock().before(lag));
        let rests = match turn {
            Turn::Idle => entity.end_turn_idle(),
            Turn::Again => {
                entity.end_turn_queued();
                false
            }
            Turn::Done => {
                entity.end();
                true
            }
        };
        if rests || state.stopped {
            entity.tenant().ended();
            return Some(task);
        }
        let origin = Origin::Turn(terms, lag);
        self.shared.place(state, self.index, task, origin, now_ns);
        None
    }

    fn turn(&mut self, task: Arc<R>) -> Ended<R> {
        let shared = &self.shared;
        let gauges = &shared.slots[self.index].gauges;
        let class = task.entity().class();
        if let Some(woken_ns) = task.entity().take_woken() {
            let delay = shared.clock.now_ns().saturating_sub(woken_ns);
            shared.sink.queue_delay(class, Duration::from_nanos(delay));
        }
        count(&gauges.turns);
        self.turns += 1;
        let began_ns = self
            .cpu_ns
            .take()
            .unwrap_or_else(|| shared.clock.thread_cpu_ns());
        turn::set(Some(began_ns));
        let turn = caught(|| task.run()).unwrap_or_else(|message| {
            count(&gauges.panics);
            shared.sink.panicked(class, &message);
            Turn::Done
        });
        turn::set(None);
        let ended_ns = shared.clock.thread_cpu_ns();
        self.cpu_ns = Some(ended_ns);
        Ended {
            task,
            turn,
            used_ns: ended_ns.saturating_sub(began_ns),
        }
    }

    /// Takes an entity out of another worker's queue and begins its turn.
    fn steal(&self) -> Option<Arc<R>> {
        let shared = &*self.shared;
        let workers = shared.slots.len();
        for offset in 1..workers {
            let victim = (self.index + offset) % workers;
            if let Some((task, origin)) = self.take_from(victim, |state| state.queue.steal()) {
                return self.adopt(task, origin);
            }
        }
        None
    }

    /// Now and then: takes an entity over from a queue that is much fuller than this one.
    fn balance(&self) -> Option<(Arc<R>, Origin)> {
        let workers = self.shared.slots.len();
        if workers == 1 || !self.turns.is_multiple_of(BALANCE_EVERY) {
            return None;
        }
        let round = usize::try_from(self.turns / BALANCE_EVERY).unwrap_or_default();
        let victim = (self.index + 1 + round % (workers - 1)) % workers;
        let mine = self.shared.slots[self.index].load();
        let theirs = self.shared.slots[victim].load();
        if mine == 0 || theirs <= mine.saturating_add(mine / 4) {
            return None;
        }
        // More than half the difference would only turn the tables.
        let most = (theirs - mine) / 2;
        self.take_from(victim, |state| state.queue.take_surplus(most))
    }

    fn take_from(
        &self,
        victim: usize,
        take: impl FnOnce(&mut State<R>) -> Option<crate::run_queue::Moving<Arc<R>>>,
    ) -> Option<(Arc<R>, Origin)> {
        let slot = &self.shared.slots[victim];
        if slot.waiting.load(Ordering::Relaxed) == 0 {
            return None;
        }
        let mut state = slot.lock();
        let moving = take(&mut state)?;
        slot.publish(&mut state);
        drop(state);
        count(&self.shared.slots[self.index].gauges.stolen);
        Some((moving.task, Origin::Queue(moving.lag)))
    }

    fn adopt(&self, task: Arc<R>, origin: Origin) -> Option<Arc<R>> {
        let shared = &*self.shared;
        let slot = &shared.slots[self.index];
        let now_ns = shared.clock.now_ns();
        let mut state = slot.lock();
        if state.stopped {
            drop(state);
            task.entity().tenant().ended();
            return None;
        }
        shared.place(&mut state, self.index, task, origin, now_ns);
        let next = state.queue.pick(now_ns);
        if let Some(next) = &next {
            next.entity().begin_turn();
        }
        slot.publish(&mut state);
        next
    }

    /// Waits for work: spins a little if that has lately been worth it, then sleeps.
    fn rest(&mut self) {
        let shared = self.shared.clone();
        if !shared.idle.enter(&shared.slots, self.index) {
            return;
        }
        let began_ns = shared.clock.now_ns();
        self.spin(began_ns);
        self.sleep();
        shared.idle.leave(&shared.slots[self.index]);
        let gap = shared.clock.now_ns().saturating_sub(began_ns);
        // A long rest says no more than that it was too long.
        let gap = gap.min(longest_gap(shared.spin_ns));
        self.mean_gap_ns = self.mean_gap_ns / 4 * 3 + gap / 4;
    }

    fn spin(&self, began_ns: u64) {
        let shared = &self.shared;
        let longest = shared.spin_ns;
        if longest == 0 || self.mean_gap_ns >= longest.saturating_mul(WORTH_SPINNING) {
            return;
        }
        if !shared.idle.start_spinning(self.index) {
            return;
        }
        let slot = &shared.slots[self.index];
        let called = || {
            slot.waiting.load(Ordering::Acquire) > 0
                || slot.nudged.load(Ordering::Acquire)
                || shared.stopped.load(Ordering::Relaxed)
        };
        'spinning: while shared.clock.now_ns().saturating_sub(began_ns) < longest {
            // Reading the clock takes longer than looking.
            for _ in 0..LOOKS {
                if called() {
                    break 'spinning;
                }
                spin_loop();
            }
        }
        shared.idle.stop_spinning();
    }

    fn sleep(&self) {
        let shared = &self.shared;
        let slot = &shared.slots[self.index];
        let mut state = slot.lock();
        while !state.stopped && !state.notified && state.queue.waiting() == 0 {
            let left = state
                .queue
                .parked_until()
                .map(|until| until.saturating_sub(shared.clock.now_ns()));
            if left == Some(0) {
                break;
            }
            state.sleeping = true;
            state = match left {
                None => slot
                    .ready
                    .wait(state)
                    .unwrap_or_else(std::sync::PoisonError::into_inner),
                Some(left) => {
                    let timed = slot.ready.wait_timeout(state, Duration::from_nanos(left));
                    timed.unwrap_or_else(std::sync::PoisonError::into_inner).0
                }
            };
            state.sleeping = false;
        }
        state.notified = false;
        slot.nudged.store(false, Ordering::Relaxed);
    }
}

/// Longer gaps are all alike.
fn longest_gap(spin_ns: u64) -> u64 {
    spin_ns.saturating_mul(4 * WORTH_SPINNING)
}
