//! Every order in which a few threads may act, by `loom`: no wake is lost, nothing runs twice at a time, nothing is
//! left waiting while a worker sleeps, and a stop lets go of everything.
//!
//! `cargo test -p lapak-scheduler --features model --test model`
//!
//! What goes wrong shows as a deadlock (somebody waits for a turn that never comes) or as a failed assertion.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use lapak_scheduler::{
    Account, Class, Clock, Config, Entity, Handle, Policy, Runnable, Scheduler, Turn,
};
use loom::cell::UnsafeCell;
use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::sync::{Condvar, Mutex};

/// Explores what can happen with so many switches that no thread asked for.
fn explore(switches: usize, scenario: impl Fn() + Send + Sync + 'static) {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(switches);
    model.check(scenario);
}

/// Goes on with each look at it, so that nothing that waits for a moment waits for ever.
#[derive(Default)]
struct TickingClock(AtomicU64);

impl Clock for TickingClock {
    fn now_ns(&self) -> u64 {
        self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed)
    }

    fn thread_cpu_ns(&self) -> u64 {
        self.now_ns()
    }
}

fn start(workers: usize, spin_ns: u64) -> Scheduler<Job> {
    Scheduler::start(Config {
        workers,
        spin: std::time::Duration::from_nanos(spin_ns),
        policy: Policy {
            budgets: [None; 3],
            ..Policy::default()
        },
        clock: Box::new(TickingClock::default()),
        ..Config::default()
    })
    .expect("loom has threads")
}

/// Something that can be waited for.
#[derive(Default)]
struct Gate {
    open: Mutex<bool>,
    opened: Condvar,
}

impl Gate {
    fn open(&self) {
        *self.open.lock().expect("no panic") = true;
        self.opened.notify_all();
    }

    fn wait(&self) {
        let mut open = self.open.lock().expect("no panic");
        while !*open {
            open = self.opened.wait(open).expect("no panic");
        }
    }
}

type Work = Box<dyn Fn(&Job) -> Turn + Send + Sync>;

struct Job {
    entity: Entity,
    /// Loom complains if two threads are in here at once.
    alone: UnsafeCell<usize>,
    /// Written before a wake with no ordering of its own: the wake must carry it.
    sent: AtomicUsize,
    work: Work,
}

// SAFETY: `alone` is only touched by `run`, and that nobody else runs meanwhile is what loom checks.
#[expect(
    unsafe_code,
    reason = "loom's cell is how it finds two threads in one place"
)]
unsafe impl Sync for Job {}

impl Runnable for Job {
    fn entity(&self) -> &Entity {
        &self.entity
    }

    fn run(self: &Arc<Self>) -> Turn {
        self.alone.with_mut(|turns| {
            // SAFETY: the scheduler runs a job on one worker at a time; loom fails the test if not.
            #[expect(
                unsafe_code,
                reason = "loom's cell is how it finds two threads in one place"
            )]
            unsafe {
                *turns += 1;
            }
        });
        (self.work)(self)
    }
}

fn job(work: impl Fn(&Job) -> Turn + Send + Sync + 'static) -> Arc<Job> {
    let account = Arc::new(Account::new());
    Arc::new(Job {
        entity: Entity::new(Class::Foreground, account.clone(), account),
        alone: UnsafeCell::new(0),
        sent: AtomicUsize::new(0),
        work: Box::new(work),
    })
}

/// A job that opens the gate once it has seen `expected` messages.
fn reader(expected: usize, gate: &Arc<Gate>) -> Arc<Job> {
    let gate = gate.clone();
    job(move |job| {
        if job.sent.load(Ordering::Relaxed) == expected {
            gate.open();
        }
        Turn::Idle
    })
}

fn send(handle: &Handle<Job>, job: &Arc<Job>) {
    job.sent.fetch_add(1, Ordering::Relaxed);
    handle.wake(job);
}

/// Two threads wake the same job; the last message is always seen.
fn two_wakers(spin_ns: u64) {
    let scheduler = start(1, spin_ns);
    let gate = Arc::new(Gate::default());
    let job = reader(2, &gate);
    let (handle, other) = (scheduler.handle(), job.clone());
    let waker = loom::thread::spawn(move || send(&handle, &other));
    send(&scheduler, &job);
    gate.wait();
    waker.join().expect("no panic");
}

#[test]
fn no_wake_is_lost() {
    explore(2, || two_wakers(0));
}

#[test]
fn no_wake_is_lost_by_a_worker_that_spins() {
    explore(2, || two_wakers(2));
}

#[test]
fn nothing_runs_twice_at_a_time_with_two_workers() {
    explore(2, || {
        let scheduler = start(2, 0);
        let gate = Arc::new(Gate::default());
        let job = reader(2, &gate);
        send(&scheduler, &job);
        send(&scheduler, &job);
        gate.wait();
    });
}

#[test]
fn no_work_waits_behind_a_busy_worker_while_another_sleeps() {
    explore(2, || {
        let scheduler = start(2, 0);
        let (gate, done) = (Arc::new(Gate::default()), Arc::new(Gate::default()));
        let (behind, finished) = (gate.clone(), done.clone());
        // Keeps its worker until the other job has run: on the other worker, then.
        let blocker = job(move |_| {
            behind.wait();
            finished.open();
            Turn::Done
        });
        let opener = job(move |_| {
            gate.open();
            Turn::Idle
        });
        scheduler.wake(&blocker);
        scheduler.wake(&opener);
        done.wait();
    });
}

/// A job that has more to do for `turns` turns, then waits.
fn busy(turns: usize) -> Arc<Job> {
    let left = std::sync::atomic::AtomicUsize::new(turns);
    job(
        move |_| match left.fetch_sub(1, std::sync::atomic::Ordering::Relaxed) {
            1 => Turn::Idle,
            _ => Turn::Again,
        },
    )
}

#[test]
fn two_that_go_on_are_shared_by_two_workers() {
    explore(2, || {
        let scheduler = start(2, 0);
        let (gate, turns) = (Arc::new(Gate::default()), Arc::new(AtomicUsize::new(0)));
        let jobs = [0, 1].map(|_| {
            let (gate, turns) = (gate.clone(), turns.clone());
            job(move |job| {
                if turns.fetch_add(1, Ordering::Relaxed) == 2 {
                    gate.open();
                }
                match job.sent.swap(0, Ordering::Relaxed) {
                    0 => Turn::Done,
                    _ => Turn::Again,
                }
            })
        });
        jobs.iter().for_each(|job| send(&scheduler, job));
        gate.wait();
    });
}

#[test]
fn a_stop_lets_go_of_what_is_queued_and_of_what_comes_too_late() {
    explore(3, || {
        let scheduler = start(1, 0);
        let jobs = [busy(2), busy(1)];
        let handle = scheduler.handle();
        let late = jobs[1].clone();
        scheduler.wake(&jobs[0]);
        let waker = loom::thread::spawn(move || handle.wake(&late));
        drop(scheduler);
        waker.join().expect("no panic");
        for job in &jobs {
            assert_eq!(Arc::strong_count(job), 1);
            assert_eq!(job.entity.tenant().runnable(), 0);
        }
    });
}

#[test]
fn a_change_of_class_neither_loses_nor_doubles_what_waits() {
    explore(2, || {
        let scheduler = start(1, 0);
        let gate = Arc::new(Gate::default());
        let job = reader(1, &gate);
        let (handle, other) = (scheduler.handle(), job.clone());
        let changer = loom::thread::spawn(move || handle.set_class(&other, Class::Background));
        send(&scheduler, &job);
        gate.wait();
        changer.join().expect("no panic");
        drop(scheduler);
        assert_eq!(job.entity.class(), Class::Background);
        assert_eq!(Arc::strong_count(&job), 1);
    });
}
