//! What workers and wakers share: how an entity gets into a queue.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use crate::clock::Clock;
use crate::entity::Runnable;
use crate::gauges::{SchedulerSink, count};
use crate::idle::IdleWorkers;
use crate::policy::{Class, Numbers, nanos};
use crate::run_queue::{Place, Terms, lag_after_sleep, lag_of_runner};
use crate::scheduler::{Around, Config};
use crate::slot::{Slot, State};
use crate::sync::yield_now;
use crate::turn::Watch;
use crate::vtime::stretch;
use crate::window::Verdict;

/// The most workers that a scheduler starts.
const MAX_WORKERS: usize = 1024;

pub(crate) struct Shared<R> {
    pub(crate) slots: Box<[Slot<R>]>,
    pub(crate) idle: IdleWorkers,
    pub(crate) stopped: AtomicBool,
    pub(crate) numbers: Numbers,
    pub(crate) clock: Box<dyn Clock>,
    pub(crate) sink: Box<dyn SchedulerSink>,
    pub(crate) preempt: Box<dyn Fn() + Send + Sync>,
    pub(crate) around: Around,
    pub(crate) spin_ns: u64,
    pub(crate) max_runnable: usize,
    pub(crate) sheds: AtomicU64,
    /// Spreads entities that have no home over the workers.
    pub(crate) next_home: AtomicUsize,
}

/// Where an entity comes from that is put into a queue, and so what becomes of its lag.
#[derive(Clone, Copy)]
pub(crate) enum Origin {
    /// It slept or was parked.
    Sleep,
    /// It has just run, on these terms.
    Turn(Terms, i64),
    /// It comes out of a queue.
    Queue(i64),
}

impl<R: Runnable> Shared<R> {
    pub(crate) fn new(config: Config) -> Self {
        let workers = config.workers.clamp(1, MAX_WORKERS);
        let numbers = Numbers::from(&config.policy);
        Self {
            slots: (0..workers).map(|_| Slot::new(numbers.clone())).collect(),
            idle: IdleWorkers::new(),
            stopped: AtomicBool::new(false),
            numbers,
            clock: config.clock,
            sink: config.sink,
            preempt: config.preempt,
            around: config.around,
            spin_ns: nanos(config.spin),
            max_runnable: config.max_runnable,
            sheds: AtomicU64::new(0),
            next_home: AtomicUsize::new(0),
        }
    }

    pub(crate) fn wake(&self, task: &Arc<R>) {
        if task.entity().note_wake() {
            self.queue(task);
        }
    }

    /// Puts an entity into a queue that has just been woken.
    fn queue(&self, task: &Arc<R>) {
        let entity = task.entity();
        entity.tenant().began();
        let now_ns = self.clock.now_ns();
        entity.set_woken(now_ns);
        let claimed = self.idle.claim(&self.slots, entity.home());
        let worker = claimed.unwrap_or_else(|| self.busy_worker(task));
        let slot = &self.slots[worker];
        let mut state = slot.lock();
        if state.stopped {
            drop(state);
            entity.tenant().ended();
            return;
        }
        let placed = self.place(&mut state, worker, task.clone(), Origin::Sleep, now_ns);
        let tell = placed.is_some_and(|(place, terms)| state.queue.preempts(place, terms, now_ns));
        state.notified |= claimed.is_some();
        let sleeping = state.sleeping;
        slot.publish(&mut state);
        drop(state);
        if sleeping {
            slot.ready.notify_one();
        }
        if claimed.is_none() {
            self.pushed(worker, tell);
        }
    }

    /// Moves an entity to where its new class belongs, if it waits.
    pub(crate) fn set_class(&self, task: &Arc<R>, class: Class) {
        task.entity().set_class(class);
        while task.entity().is_queued() && !self.stopped.load(Ordering::Acquire) {
            if let Some(worker) = task.entity().home()
                && self.place_again(task, worker % self.slots.len())
            {
                return;
            }
            // On its way into a queue or from one to another, a matter of moments: it may be on old terms.
            yield_now();
        }
    }

    /// Files an entity anew that waits, or is parked, at `worker`. `false` if it is not there.
    fn place_again(&self, task: &Arc<R>, worker: usize) -> bool {
        let entity = task.entity();
        let slot = &self.slots[worker];
        let mut state = slot.lock();
        if state.stopped {
            return true;
        }
        if entity.home() != Some(worker) {
            return false;
        }
        let Some((task, lag)) = state.queue.remove(entity.place()) else {
            return false;
        };
        let origin = lag.map_or_else(
            || {
                entity.tenant().began();
                Origin::Sleep
            },
            Origin::Queue,
        );
        let now_ns = self.clock.now_ns();
        let placed = self.place(&mut state, worker, task, origin, now_ns);
        let tell = placed.is_some_and(|(place, terms)| state.queue.preempts(place, terms, now_ns));
        slot.publish(&mut state);
        drop(state);
        self.pushed(worker, tell);
        true
    }

    /// After something was put into a queue whose worker is perhaps busy.
    pub(crate) fn pushed(&self, worker: usize, tell: bool) {
        if let Some(idle) = self.idle.claim_after_push(&self.slots, Some(worker)) {
            self.nudge(idle);
        } else if tell {
            count(&self.slots[worker].gauges.preemptions);
            (self.preempt)();
        }
    }

    /// Puts a queued entity into a worker's queue, or aside if its budget is spent. Where it now waits.
    pub(crate) fn place(
        &self,
        state: &mut State<R>,
        worker: usize,
        task: Arc<R>,
        origin: Origin,
        now_ns: u64,
    ) -> Option<(Place, Terms)> {
        let entity = task.entity();
        state.queue.catch_up(now_ns);
        let lag = match origin {
            Origin::Sleep if entity.home() == Some(worker) => {
                state.queue.clock().since(entity.vtime())
            }
            Origin::Sleep => self.lag_of_sleeper(&task),
            Origin::Turn(_, lag) | Origin::Queue(lag) => lag,
        };
        let factors = entity.factors();
        let mut window = entity.window();
        let verdict = window.ask(self.numbers.budgets[factors.class.index()], now_ns);
        entity.set_window(window);
        entity.set_home(worker);
        let budget_ns = match verdict {
            Verdict::Run(left) => left,
            Verdict::Wait(until_ns) => {
                let place = state.queue.parking_place(lag, until_ns);
                entity.set_place(place);
                entity.tenant().ended();
                state.queue.park(task, place);
                return None;
            }
        };
        let terms = Terms {
            class: factors.class,
            weight: self.numbers.weight(&factors),
            burst_ns: factors.burst_ns,
            budget_ns,
        };
        let lag = match origin {
            Origin::Sleep => lag_after_sleep(&self.numbers, terms.weight, lag),
            Origin::Turn(before, _) => {
                lag_of_runner(&self.numbers, &before, &terms, state.queue.load(), lag)
            }
            Origin::Queue(_) => lag,
        };
        let place = state.queue.place(&terms, lag);
        entity.set_place(place);
        state.queue.insert(task, terms, place);
        Some((place, terms))
    }

    /// Puts those back into the queue whose budget is whole again. How many.
    pub(crate) fn release_due(&self, state: &mut State<R>, worker: usize, now_ns: u64) -> usize {
        let mut released = 0;
        while let Some(task) = state.queue.take_due(now_ns) {
            task.entity().tenant().began();
            self.place(state, worker, task, Origin::Sleep, now_ns);
            released += 1;
        }
        released
    }

    /// Lets no more be queued, and takes out what is. The caller drops it, with no lock held.
    pub(crate) fn stop(&self) -> Vec<Arc<R>> {
        self.stopped.store(true, Ordering::Release);
        let mut left = Vec::new();
        for slot in &self.slots {
            let mut state = slot.lock();
            state.stopped = true;
            let (waiting, parked) = state.queue.clear();
            slot.publish(&mut state);
            drop(state);
            slot.ready.notify_all();
            for task in &waiting {
                task.entity().tenant().ended();
            }
            left.extend(waiting);
            left.extend(parked);
        }
        (self.preempt)();
        left
    }

    fn nudge(&self, worker: usize) {
        let slot = &self.slots[worker];
        slot.nudged.store(true, Ordering::Release);
        let mut state = slot.lock();
        state.notified = true;
        let sleeping = state.sleeping;
        drop(state);
        if sleeping {
            slot.ready.notify_one();
        }
    }

    /// Nobody is idle: the worker it last ran on, unless it would have to wait there and not at another.
    fn busy_worker(&self, task: &Arc<R>) -> usize {
        let workers = self.slots.len();
        let entity = task.entity();
        let turn = || self.next_home.fetch_add(1, Ordering::Relaxed);
        let home = entity.home().unwrap_or_else(turn) % workers;
        if workers == 1 {
            return home;
        }
        let weight = self.numbers.weight(&entity.factors());
        let lag = lag_after_sleep(&self.numbers, weight, self.lag_of_sleeper(task));
        let ahead = stretch(self.numbers.slice_ns, weight).saturating_sub(lag);
        if ahead < self.slots[home].slack() {
            return home;
        }
        let other = (home + 1 + turn() % (workers - 1)) % workers;
        if ahead < self.slots[other].slack() {
            other
        } else {
            home
        }
    }

    /// By what was last heard of the clock at its home.
    fn lag_of_sleeper(&self, task: &Arc<R>) -> i64 {
        let entity = task.entity();
        entity.home().map_or(0, |home| {
            let home = &self.slots[home % self.slots.len()];
            home.clock().since(entity.vtime())
        })
    }
}

impl<R: Runnable> Watch for Shared<R> {
    fn should_yield(&self, worker: usize, began_cpu_ns: u64) -> bool {
        if self.stopped.load(Ordering::Relaxed) {
            return true;
        }
        let slot = &self.slots[worker];
        let alone = slot.waiting.load(Ordering::Relaxed) == 0
            && slot.gauges.parked.load(Ordering::Relaxed) == 0
            && !slot.bounded.load(Ordering::Relaxed);
        if alone {
            return false;
        }
        let used_ns = self.clock.thread_cpu_ns().saturating_sub(began_cpu_ns);
        let now_ns = self.clock.now_ns();
        let mut state = slot.lock();
        let released = self.release_due(&mut state, worker, now_ns);
        let answer = state.queue.should_yield(used_ns);
        slot.publish(&mut state);
        drop(state);
        if released > 0 {
            self.pushed(worker, false);
        }
        answer
    }
}
