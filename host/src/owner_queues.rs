//! What owners ask of a medium that they share: a queue for each, in which the order is kept, taken from in turn.
//!
//! Reads and writes have threads of their own, so that no read waits behind another owner's writes. Who writes more than their
//! rate waits by themselves; who has more waiting than fits is refused, and nobody else.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::capability::storage::Owner;
use crate::turns::Turns;

/// What the smallest operation counts as, in bytes: a page of the medium.
pub(crate) const LEAST_BYTES: u64 = 4_096;
/// What may wait of one owner, in bytes and operations.
pub(crate) const WAITING_OF_OWNER: (u64, usize) = (8 << 20, 1_024);
/// What may wait of all, in bytes. Past it the newest of whichever app has most is refused.
pub(crate) const WAITING_OF_ALL: u64 = 64 << 20;
/// Owners whose writes are remembered before it is looked who need not be.
const REMEMBERED: usize = 1_024;

/// Which threads an operation is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lane {
    Read,
    Write,
}

/// How fast an owner may write in the long run, and how much at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rate {
    pub(crate) bytes_per_second: u64,
    pub(crate) burst_bytes: u64,
}

/// An operation.
pub(crate) struct Job<W> {
    pub(crate) owner: Owner,
    pub(crate) lane: Lane,
    /// What it moves, about.
    pub(crate) bytes: u64,
    pub(crate) rate: Rate,
    pub(crate) work: W,
}

pub(crate) struct OwnerQueues<W> {
    state: Mutex<State<W>>,
    readable: Condvar,
    writable: Condvar,
    /// Whether writes of one owner may be taken while earlier ones go on: where they share a transaction.
    together: bool,
}

struct State<W> {
    queues: HashMap<Owner, Queue<W>>,
    reads: Turns,
    writes: Turns,
    /// Those who have written too much for the moment, by when they may go on.
    held: BTreeMap<(Instant, u64), Owner>,
    number: u64,
    of_apps: HashMap<Arc<str>, u64>,
    bytes: u64,
    ended: bool,
}

struct Queue<W> {
    jobs: VecDeque<Job<W>>,
    bytes: u64,
    reading: usize,
    writing: usize,
    bucket: Option<Bucket>,
    held: bool,
}

/// What an owner may still write, as of a moment. May be below nothing: the last write was let go as a whole.
#[derive(Clone, Copy, Debug)]
struct Bucket {
    left: i128,
    at: Instant,
}

impl Bucket {
    fn now(self, rate: Rate, now: Instant) -> Self {
        let passed = now.saturating_duration_since(self.at).as_nanos();
        let earned = passed.saturating_mul(rate.bytes_per_second.into()) / 1_000_000_000;
        let earned = i128::try_from(earned).unwrap_or(i128::MAX);
        Self {
            left: self
                .left
                .saturating_add(earned)
                .min(rate.burst_bytes.into()),
            at: now,
        }
    }

    /// How long until something may be written again.
    fn wait(self, rate: Rate) -> Duration {
        let missing = u128::try_from(1 - self.left).unwrap_or(0);
        let nanos =
            missing.saturating_mul(1_000_000_000) / u128::from(rate.bytes_per_second.max(1));
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }
}

impl<W> OwnerQueues<W> {
    pub(crate) fn new(together: bool) -> Self {
        Self {
            state: Mutex::new(State {
                queues: HashMap::new(),
                reads: Turns::default(),
                writes: Turns::default(),
                held: BTreeMap::new(),
                number: 0,
                of_apps: HashMap::new(),
                bytes: 0,
                ended: false,
            }),
            readable: Condvar::new(),
            writable: Condvar::new(),
            together,
        }
    }

    /// Puts an operation in line; gives back those that are refused for want of room, perhaps another one.
    pub(crate) fn submit(&self, mut job: Job<W>) -> Vec<Job<W>> {
        job.bytes = job.bytes.max(LEAST_BYTES);
        let mut state = self.state();
        state.forget();
        let queue = state.queues.get(&job.owner);
        let (most_bytes, most_jobs) = WAITING_OF_OWNER;
        let is_full = queue.is_some_and(|queue| {
            let bytes = queue.bytes.saturating_add(job.bytes);
            !queue.jobs.is_empty() && (bytes > most_bytes || queue.jobs.len() >= most_jobs)
        });
        if is_full || state.ended {
            return vec![job];
        }
        let owner = job.owner.clone();
        state.push(job);
        let mut refused = Vec::new();
        while state.bytes > WAITING_OF_ALL {
            match state.pop_newest_of_most() {
                Some(job) => refused.push(job),
                None => break,
            }
        }
        self.offer(&mut state, &owner);
        refused
    }

    /// The next operation for a thread of this lane, when there is one; `None` at the end.
    pub(crate) fn take(&self, lane: Lane) -> Option<Job<W>> {
        let mut state = self.state();
        loop {
            if let Some(job) = self.next(&mut state, lane) {
                return Some(job);
            }
            if state.ended && state.bytes == 0 {
                return None;
            }
            let changed = match lane {
                Lane::Read => &self.readable,
                Lane::Write => &self.writable,
            };
            let due = state.held.keys().next().map(|(at, _)| *at);
            state = match due.filter(|_| lane == Lane::Write) {
                Some(at) => {
                    let wait = at.saturating_duration_since(Instant::now());
                    let waited = changed.wait_timeout(state, wait);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
                None => changed.wait(state).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }

    /// One more operation, if there is one at once.
    pub(crate) fn take_now(&self, lane: Lane) -> Option<Job<W>> {
        self.next(&mut self.state(), lane)
    }

    /// An operation is over: what came after it may follow.
    pub(crate) fn done(&self, owner: &Owner, lane: Lane) {
        let mut state = self.state();
        if let Some(queue) = state.queues.get_mut(owner) {
            let going = match lane {
                Lane::Read => &mut queue.reading,
                Lane::Write => &mut queue.writing,
            };
            *going = going.saturating_sub(1);
        }
        self.offer(&mut state, owner);
        if state.ended {
            self.wake_all();
        }
    }

    /// What was taken turned out to be so much: it counts when it is the owner's turn again.
    pub(crate) fn served(&self, owner: &Owner, lane: Lane, bytes: u64) {
        self.state().turns(lane).served(owner, bytes);
    }

    /// Nothing more is taken on; what waits is still given out, and nobody waits for their rate any more.
    pub(crate) fn end(&self) {
        let mut state = self.state();
        state.ended = true;
        let held = std::mem::take(&mut state.held);
        for owner in held.into_values() {
            if let Some(queue) = state.queues.get_mut(&owner) {
                queue.held = false;
            }
            state.writes.wait(&owner);
        }
        drop(state);
        self.wake_all();
    }

    fn wake_all(&self) {
        self.readable.notify_all();
        self.writable.notify_all();
    }

    fn next(&self, state: &mut State<W>, lane: Lane) -> Option<Job<W>> {
        if lane == Lane::Write {
            state.let_go_held(Instant::now());
        }
        let owner = state.turns(lane).next(|_| true)?;
        let queue = state.queues.get_mut(&owner)?;
        let job = queue.jobs.pop_front()?;
        queue.bytes = queue.bytes.saturating_sub(job.bytes);
        match lane {
            Lane::Read => queue.reading += 1,
            Lane::Write => queue.writing += 1,
        }
        if lane == Lane::Write {
            queue.pay(&job);
        }
        state.shrink(&owner, job.bytes);
        state.turns(lane).served(&owner, job.bytes);
        state.turns(lane).leave(&owner);
        self.offer(state, &owner);
        Some(job)
    }

    /// Has an owner wait for their turn with what is first in their queue, if it may begin.
    fn offer(&self, state: &mut State<W>, owner: &Owner) {
        let now = Instant::now();
        let ended = state.ended;
        let Some(queue) = state.queues.get_mut(owner) else {
            return;
        };
        let Some(first) = queue.jobs.front() else {
            return;
        };
        match first.lane {
            Lane::Read if queue.writing == 0 => {
                state.reads.wait(owner);
                self.readable.notify_one();
            }
            Lane::Write if queue.reading == 0 && (self.together || queue.writing == 0) => {
                let wait = queue.must_wait(now).filter(|_| !ended);
                match wait {
                    Some(_) if queue.held => {}
                    Some(wait) => {
                        queue.held = true;
                        state.number += 1;
                        state.held.insert((now + wait, state.number), owner.clone());
                    }
                    None => state.writes.wait(owner),
                }
                self.writable.notify_one();
            }
            Lane::Read | Lane::Write => {}
        }
    }

    fn state(&self) -> MutexGuard<'_, State<W>> {
        // Nothing under this lock can stop half-way.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What waits: operations, and their bytes.
    #[cfg(test)]
    pub(crate) fn waiting(&self) -> (usize, u64) {
        let state = self.state();
        let jobs = state.queues.values().map(|queue| queue.jobs.len()).sum();
        (jobs, state.bytes)
    }
}

impl<W> Queue<W> {
    fn new() -> Self {
        Self {
            jobs: VecDeque::new(),
            bytes: 0,
            reading: 0,
            writing: 0,
            bucket: None,
            held: false,
        }
    }

    /// How long the first write has to wait for its owner's rate.
    fn must_wait(&self, now: Instant) -> Option<Duration> {
        let (bucket, rate) = (self.bucket?, self.jobs.front()?.rate);
        let bucket = bucket.now(rate, now);
        (bucket.left <= 0).then(|| bucket.wait(rate))
    }

    fn pay(&mut self, job: &Job<W>) {
        let now = Instant::now();
        let full = Bucket {
            left: job.rate.burst_bytes.into(),
            at: now,
        };
        let mut bucket = self.bucket.unwrap_or(full).now(job.rate, now);
        bucket.left -= i128::from(job.bytes);
        self.bucket = Some(bucket);
    }

    fn is_idle(&self) -> bool {
        self.jobs.is_empty() && self.reading == 0 && self.writing == 0
    }
}

impl<W> State<W> {
    fn turns(&mut self, lane: Lane) -> &mut Turns {
        match lane {
            Lane::Read => &mut self.reads,
            Lane::Write => &mut self.writes,
        }
    }

    fn push(&mut self, job: Job<W>) {
        self.bytes += job.bytes;
        *self.of_apps.entry(job.owner.app_id.clone()).or_default() += job.bytes;
        let queue = self.queues.entry(job.owner.clone());
        let queue = queue.or_insert_with(Queue::new);
        queue.bytes += job.bytes;
        queue.jobs.push_back(job);
    }

    fn shrink(&mut self, owner: &Owner, bytes: u64) {
        self.bytes = self.bytes.saturating_sub(bytes);
        if let Some(of_app) = self.of_apps.get_mut(&owner.app_id) {
            *of_app = of_app.saturating_sub(bytes);
            if *of_app == 0 {
                self.of_apps.remove(&owner.app_id);
            }
        }
    }

    /// Of the app that has most waiting, and of its person who has: the operation that came last.
    fn pop_newest_of_most(&mut self) -> Option<Job<W>> {
        let (app_id, _) = self.of_apps.iter().max_by_key(|(_, bytes)| **bytes)?;
        let of_app = self.queues.iter();
        let of_app =
            of_app.filter(|(owner, queue)| owner.app_id == *app_id && !queue.jobs.is_empty());
        let (owner, _) = of_app.max_by_key(|(_, queue)| queue.bytes)?;
        let owner = owner.clone();
        let queue = self.queues.get_mut(&owner)?;
        let job = queue.jobs.pop_back()?;
        queue.bytes = queue.bytes.saturating_sub(job.bytes);
        if queue.jobs.is_empty() {
            self.reads.leave(&owner);
            self.writes.leave(&owner);
        }
        self.shrink(&owner, job.bytes);
        Some(job)
    }

    fn let_go_held(&mut self, now: Instant) {
        while let Some(entry) = self.held.first_entry()
            && entry.key().0 <= now
        {
            let owner = entry.remove();
            let Some(queue) = self.queues.get_mut(&owner) else {
                continue;
            };
            queue.held = false;
            if !queue.jobs.is_empty() {
                self.writes.wait(&owner);
            }
        }
    }

    /// Who has nothing in line and has not written lately is not remembered.
    fn forget(&mut self) {
        if self.queues.len() <= REMEMBERED {
            return;
        }
        let now = Instant::now();
        // A bucket as slow as any fills within this time or was hardly used.
        let is_old = |bucket: &Bucket| now.saturating_duration_since(bucket.at) > FULL_AGAIN;
        self.queues
            .retain(|_, queue| !queue.is_idle() || !queue.bucket.as_ref().is_none_or(is_old));
    }
}

/// After so long without a write nothing is held against an owner.
const FULL_AGAIN: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate {
        bytes_per_second: 1 << 20,
        burst_bytes: 16 << 20,
    };

    fn job(app: &str, lane: Lane, bytes: u64, work: usize) -> Job<usize> {
        Job {
            owner: Owner {
                app_id: app.into(),
                person: "p".into(),
            },
            lane,
            bytes,
            rate: RATE,
            work,
        }
    }

    #[test]
    fn a_read_waits_for_its_owners_writes_and_for_nobody_elses() {
        let queues = OwnerQueues::new(true);
        for at in 0..4 {
            assert!(
                queues
                    .submit(job("flood", Lane::Write, 1 << 20, at))
                    .is_empty()
            );
        }
        assert!(queues.submit(job("flood", Lane::Read, 10, 9)).is_empty());
        assert!(queues.submit(job("other", Lane::Read, 10, 5)).is_empty());
        // Not one of the flood's writes was taken.
        assert_eq!(queues.take(Lane::Read).expect("a read").work, 5);
        assert!(queues.take_now(Lane::Read).is_none());
        let writes: Vec<_> = std::iter::from_fn(|| queues.take_now(Lane::Write)).collect();
        assert_eq!(writes.len(), 4);
        assert!(queues.take_now(Lane::Read).is_none(), "its writes go on");
        for write in &writes {
            queues.done(&write.owner, Lane::Write);
        }
        assert_eq!(queues.take_now(Lane::Read).expect("its read").work, 9);
    }

    #[test]
    fn small_writes_pass_large_ones_and_each_keeps_their_order() {
        let queues = OwnerQueues::new(true);
        for at in 0..7 {
            queues.submit(job("flood", Lane::Write, 1 << 20, at));
        }
        for at in 10..14 {
            queues.submit(job("small", Lane::Write, 100, at));
        }
        let taken: Vec<_> = std::iter::from_fn(|| queues.take_now(Lane::Write))
            .map(|job| job.work)
            .collect();
        let of_small = taken.iter().position(|work| *work == 13);
        assert!(of_small.is_some_and(|at| at <= 5), "{taken:?}");
        let large: Vec<_> = taken.iter().filter(|work| **work < 10).copied().collect();
        assert_eq!(large, (0..7).collect::<Vec<_>>());
    }

    #[test]
    fn who_has_too_much_waiting_is_refused_alone() {
        let queues = OwnerQueues::new(true);
        let flood = (0..100).flat_map(|at| queues.submit(job("flood", Lane::Write, 1 << 20, at)));
        assert_eq!(flood.count(), 100 - 8);
        assert!(
            queues
                .submit(job("other", Lane::Write, 1 << 20, 0))
                .is_empty()
        );
        assert_eq!(queues.waiting(), (9, 9 << 20));
    }

    #[test]
    fn past_the_bound_of_all_whoever_has_most_gives_way() {
        let queues = OwnerQueues::new(true);
        let of = |person: usize, app: &str| Job {
            owner: Owner {
                app_id: app.into(),
                person: person.to_string().into(),
            },
            ..job(app, Lane::Write, 4 << 20, person)
        };
        for person in 0..16 {
            assert!(queues.submit(of(person, "flood")).is_empty());
        }
        let refused = queues.submit(of(99, "other"));
        let refused: Vec<_> = refused.iter().map(|job| &*job.owner.app_id).collect();
        assert_eq!(refused, ["flood"]);
        assert!(queues.waiting().1 <= WAITING_OF_ALL);
    }

    #[test]
    fn who_wrote_more_than_their_rate_waits_and_others_do_not() {
        let queues = OwnerQueues::new(true);
        let mut written = 0;
        for at in 0..40 {
            queues.submit(job("flood", Lane::Write, 1 << 20, at));
            if let Some(job) = queues.take_now(Lane::Write) {
                queues.done(&job.owner, Lane::Write);
                written += 1;
            }
        }
        // The burst, and what a slow machine has earned meanwhile.
        assert!((16..30).contains(&written), "{written}");
        queues.submit(job("other", Lane::Write, 1 << 20, 7));
        assert_eq!(queues.take_now(Lane::Write).expect("at once").work, 7);
        queues.end();
        // At the end nobody waits for their rate.
        assert!(queues.take(Lane::Write).is_some());
    }

    #[test]
    fn a_bucket_fills_with_time_and_never_over_its_brim() {
        let at = Instant::now();
        let empty = Bucket { left: -100, at };
        assert_eq!(
            empty.wait(RATE),
            Duration::from_nanos(101 * 1_000_000_000 / (1 << 20))
        );
        let later = |secs| empty.now(RATE, at + Duration::from_secs(secs)).left;
        assert_eq!(later(1), (1 << 20) - 100);
        assert_eq!(later(1_000), 16 << 20);
    }
}
