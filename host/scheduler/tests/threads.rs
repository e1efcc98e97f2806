//! Real threads. What is asserted never depends on how fast they are.
#![cfg(not(feature = "model"))]

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, Weak, mpsc};
use std::time::{Duration, Instant};

use lapak_scheduler::{
    Account, Budget, Class, Config, Entity, Handle, Policy, Runnable, Scheduler, SchedulerSink,
    Turn, should_yield,
};

type Work = Box<dyn Fn() -> Turn + Send + Sync>;

struct Job {
    entity: Entity,
    work: Work,
}

impl Runnable for Job {
    fn entity(&self) -> &Entity {
        &self.entity
    }

    fn run(self: &Arc<Self>) -> Turn {
        (self.work)()
    }
}

fn job(class: Class, work: impl Fn() -> Turn + Send + Sync + 'static) -> Arc<Job> {
    let account = Arc::new(Account::new());
    job_of(class, account, work)
}

fn job_of(
    class: Class,
    tenant: Arc<Account>,
    work: impl Fn() -> Turn + Send + Sync + 'static,
) -> Arc<Job> {
    Arc::new(Job {
        entity: Entity::new(class, tenant, Arc::new(Account::new())),
        work: Box::new(work),
    })
}

fn start(workers: usize) -> Scheduler<Job> {
    start_with(Config {
        workers,
        ..Config::default()
    })
}

fn start_with(config: Config) -> Scheduler<Job> {
    Scheduler::start(config).expect("threads")
}

/// Spins as a guest does that looks at an epoch of 1 ms.
fn spin_for_a_slice() -> Turn {
    let began = Instant::now();
    while began.elapsed() < Duration::from_millis(1) && !should_yield() {
        std::hint::spin_loop();
    }
    Turn::Again
}

#[test]
fn every_wake_is_followed_by_a_turn_that_sees_what_came_before_it() {
    const JOBS: usize = 50;
    const WAKES: usize = 2_000;
    let scheduler = start(3);
    let sent: Arc<Vec<AtomicUsize>> = Arc::new((0..JOBS).map(|_| AtomicUsize::new(0)).collect());
    let seen: Arc<Vec<AtomicUsize>> = Arc::new((0..JOBS).map(|_| AtomicUsize::new(0)).collect());
    let inside: Arc<Vec<AtomicBool>> =
        Arc::new((0..JOBS).map(|_| AtomicBool::new(false)).collect());
    let jobs: Vec<_> = (0..JOBS)
        .map(|index| {
            let (sent, seen, inside) = (sent.clone(), seen.clone(), inside.clone());
            job(Class::ALL[index % 2], move || {
                assert!(!inside[index].swap(true, Ordering::SeqCst), "run twice");
                let now = sent[index].load(Ordering::Relaxed);
                let again = seen[index].swap(now, Ordering::Relaxed) != now && now % 3 == 0;
                inside[index].store(false, Ordering::SeqCst);
                if again { Turn::Again } else { Turn::Idle }
            })
        })
        .collect();
    std::thread::scope(|scope| {
        for waker in 0..3 {
            let (jobs, sent, scheduler) = (&jobs, &sent, &scheduler);
            scope.spawn(move || {
                for wake in 0..WAKES {
                    let index = (wake * 7 + waker) % JOBS;
                    sent[index].fetch_add(1, Ordering::Relaxed);
                    scheduler.wake(&jobs[index]);
                    if wake % 50 == 0 {
                        std::thread::yield_now();
                    }
                }
            });
        }
    });
    let all_seen = || {
        (0..JOBS)
            .all(|index| seen[index].load(Ordering::Relaxed) == sent[index].load(Ordering::Relaxed))
    };
    wait_until(all_seen);
    wait_until(|| scheduler.snapshot().runnable() == 0);
    for job in &jobs {
        assert_eq!(job.entity.tenant().runnable(), 0);
    }
    assert_eq!(scheduler.snapshot().panics, 0);
}

/// Waits for what must come; a test that waits for ever has failed.
fn wait_until(come: impl Fn() -> bool) {
    while !come() {
        std::thread::sleep(Duration::from_micros(200));
    }
}

#[test]
fn a_tap_and_background_work_move_although_spinners_never_rest() {
    let scheduler = start(2);
    let spinners: Vec<_> = (0..200)
        .map(|_| job(Class::Foreground, spin_for_a_slice))
        .collect();
    for spinner in &spinners {
        scheduler.wake(spinner);
    }
    let (tapped, taps) = mpsc::channel();
    let tap = job(Class::Foreground, move || {
        tapped.send(()).expect("receiver");
        Turn::Idle
    });
    let turns = Arc::new(AtomicUsize::new(0));
    let counted = turns.clone();
    let background = job(Class::Background, move || {
        counted.fetch_add(1, Ordering::Relaxed);
        spin_for_a_slice()
    });
    scheduler.wake(&background);
    for _ in 0..20 {
        scheduler.wake(&tap);
        taps.recv().expect("the tap was run");
    }
    wait_until(|| turns.load(Ordering::Relaxed) >= 3);
}

#[test]
fn a_done_or_idle_session_is_held_by_nobody() {
    let scheduler = start(2);
    let (ran, runs) = mpsc::channel();
    let ran_too = ran.clone();
    let idle = job(Class::Foreground, move || {
        ran_too.send(()).expect("receiver");
        Turn::Idle
    });
    let done = job(Class::Foreground, move || {
        ran.send(()).expect("receiver");
        Turn::Done
    });
    let weak: [Weak<Job>; 2] = [Arc::downgrade(&idle), Arc::downgrade(&done)];
    scheduler.wake(&idle);
    scheduler.wake(&done);
    runs.recv().expect("one ran");
    runs.recv().expect("both ran");
    wait_until(|| done.entity.is_done());
    scheduler.wake(&done);
    drop((idle, done));
    wait_until(|| weak.iter().all(|weak| weak.strong_count() == 0));
}

#[derive(Default)]
struct Heard {
    delays: AtomicUsize,
    panics: Mutex<Vec<(Class, String)>>,
}

struct Ear(Arc<Heard>);

impl SchedulerSink for Ear {
    fn queue_delay(&self, _: Class, _: Duration) {
        self.0.delays.fetch_add(1, Ordering::Relaxed);
    }

    fn panicked(&self, class: Class, message: &str) {
        let mut panics = self.0.panics.lock().expect("no panic here");
        panics.push((class, message.to_owned()));
    }
}

#[test]
fn a_panic_ends_the_session_alone() {
    let heard = Arc::new(Heard::default());
    let scheduler = start_with(Config {
        workers: 1,
        sink: Box::new(Ear(heard.clone())),
        ..Config::default()
    });
    let broken = job(Class::Visible, || panic!("out of {}", "luck"));
    scheduler.wake(&broken);
    wait_until(|| broken.entity.is_done());
    let (ran, runs) = mpsc::channel();
    let well = job(Class::Foreground, move || {
        ran.send(()).expect("receiver");
        Turn::Done
    });
    scheduler.wake(&well);
    runs.recv().expect("the worker goes on");
    assert_eq!(scheduler.snapshot().panics, 1);
    assert_eq!(heard.delays.load(Ordering::Relaxed), 2);
    let panics = heard.panics.lock().expect("no panic here");
    assert_eq!(*panics, [(Class::Visible, "out of luck".to_owned())]);
}

#[test]
fn more_than_the_host_allows_is_refused_and_wakes_never_are() {
    let scheduler = start_with(Config {
        workers: 1,
        max_runnable: 3,
        ..Config::default()
    });
    assert_eq!(scheduler.admit(), Ok(()));
    let spinners: Vec<_> = (0..5)
        .map(|_| job(Class::Foreground, spin_for_a_slice))
        .collect();
    for spinner in &spinners {
        scheduler.wake(spinner);
    }
    let refused = loop {
        if let Err(refused) = scheduler.admit() {
            break refused;
        }
    };
    assert!(refused.runnable > 3, "{refused}");
    assert!(
        refused.to_string().contains("more than the 3 "),
        "{refused}"
    );
    assert_eq!(scheduler.snapshot().sheds, 1);
    wait_until(|| scheduler.snapshot().runnable() == 5);
}

#[test]
fn a_budget_parks_and_the_window_or_the_foreground_frees() {
    let mut policy = Policy::default();
    policy.budgets[2] = Some(Budget {
        cpu: Duration::from_millis(2),
        per: Duration::from_millis(30),
    });
    let hour = Budget {
        cpu: Duration::from_millis(2),
        per: Duration::from_secs(3_600),
    };
    policy.budgets[1] = Some(hour);
    let scheduler = start_with(Config {
        workers: 2,
        policy,
        ..Config::default()
    });
    let background = job(Class::Background, spin_for_a_slice);
    scheduler.wake(&background);
    // Three windows' worth.
    wait_until(|| background.entity.cpu() > Duration::from_millis(6));
    let stuck = job(Class::Visible, spin_for_a_slice);
    scheduler.wake(&stuck);
    wait_until(|| scheduler.snapshot().parked >= 1 && stuck.entity.cpu() >= hour.cpu);
    wait_until(|| stuck.entity.tenant().runnable() == 0);
    let parked_at = stuck.entity.cpu();
    scheduler.set_class(&stuck, Class::Foreground);
    wait_until(|| stuck.entity.cpu() > parked_at + Duration::from_millis(5));
}

#[test]
fn a_waking_session_interrupts_one_that_spins() {
    let epoch = Arc::new(AtomicU64::new(0));
    let told = epoch.clone();
    let scheduler = start_with(Config {
        workers: 1,
        preempt: Box::new(move || {
            told.fetch_add(1, Ordering::Release);
        }),
        ..Config::default()
    });
    let (tapped, taps) = mpsc::channel();
    // Looks whether to yield only when it is told to.
    let spinner = job(Class::Background, move || {
        let before = epoch.load(Ordering::Acquire);
        loop {
            if epoch.load(Ordering::Acquire) != before && should_yield() {
                return Turn::Again;
            }
            std::hint::spin_loop();
        }
    });
    scheduler.wake(&spinner);
    wait_until(|| scheduler.snapshot().running[2] == 1);
    let tap = job(Class::Foreground, move || {
        tapped.send(()).expect("receiver");
        Turn::Idle
    });
    scheduler.wake(&tap);
    taps.recv().expect("the spinner made way");
    assert!(scheduler.snapshot().preemptions >= 1);
}

#[test]
fn what_it_costs_is_charged_to_the_session_its_tenant_and_its_app() {
    let scheduler = start(1);
    let (ran, runs) = mpsc::channel();
    let busy = job(Class::Foreground, move || {
        let began = Instant::now();
        while began.elapsed() < Duration::from_millis(2) {
            std::hint::spin_loop();
        }
        ran.send(()).expect("receiver");
        Turn::Done
    });
    scheduler.wake(&busy);
    runs.recv().expect("it ran");
    wait_until(|| busy.entity.is_done());
    let used = busy.entity.cpu();
    assert!(used > Duration::ZERO);
    assert_eq!(busy.entity.tenant().cpu(), used);
    assert_eq!(busy.entity.app().cpu(), used);
}

#[test]
fn it_stops_with_work_queued_and_lets_go_of_it() {
    let scheduler = start(2);
    let handle = scheduler.handle();
    let spinners: Vec<_> = (0..20)
        .map(|_| job(Class::Foreground, spin_for_a_slice))
        .collect();
    for spinner in &spinners {
        scheduler.wake(spinner);
    }
    wait_until(|| scheduler.snapshot().turns > 10);
    drop(scheduler);
    let late = job(Class::Foreground, || Turn::Done);
    handle.wake(&late);
    for job in spinners.iter().chain([&late]) {
        assert_eq!(Arc::strong_count(job), 1);
        assert_eq!(job.entity.tenant().runnable(), 0);
    }
}

#[test]
fn its_own_session_may_drop_it() {
    let slot: Arc<Mutex<Option<Scheduler<Job>>>> = Arc::default();
    let (dropped, drops) = mpsc::channel();
    let held = slot.clone();
    let last = job(Class::Foreground, move || {
        let scheduler = held.lock().expect("no panic here").take();
        drop(scheduler);
        dropped.send(()).expect("receiver");
        Turn::Again
    });
    let scheduler = start(2);
    let handle: Handle<Job> = scheduler.handle();
    *slot.lock().expect("no panic here") = Some(scheduler);
    handle.wake(&last);
    drops.recv().expect("it was dropped from within");
    wait_until(|| Arc::strong_count(&last) == 1);
}

#[test]
fn a_session_that_dies_under_load_leaves_its_tenant_clean() {
    let scheduler = start(2);
    let tenant = Arc::new(Account::new());
    let jobs: Vec<_> = (0..500)
        .map(|_| {
            let turns = AtomicUsize::new(0);
            job_of(Class::Visible, tenant.clone(), move || {
                match turns.fetch_add(1, Ordering::Relaxed) {
                    0..3 => Turn::Again,
                    _ => Turn::Done,
                }
            })
        })
        .collect();
    for job in &jobs {
        scheduler.wake(job);
    }
    wait_until(|| jobs.iter().all(|job| job.entity.is_done()));
    wait_until(|| tenant.runnable() == 0 && scheduler.snapshot().runnable() == 0);
}
