//! Turns that nobody can interrupt: not on all workers at a time.
//!
//! A guest gives way wherever it loops or calls. While it fills or copies much memory in one instruction it does not: on a machine
//! that has to find the memory first, 64 MiB take a tenth of a second. An app that has held a worker so long is slow for a
//! while, and its sessions run on all workers but one: a tap in another app finds that one. Whose slow turn is next goes round by
//! app and by person.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use super::Shared;
use crate::capability::storage::Owner;
use crate::turns::Turns;

/// CPU time in which a guest did not once look whether it should give way, from which on it holds its worker: eight times what it
/// would take in a loop.
pub(crate) const HOLDS: Duration = Duration::from_millis(8);
/// How long an app counts as slow after it held a worker, in ticks of the host's coarse time: a minute.
pub(crate) const SLOW_TICKS: u32 = 600;

/// The workers that slow turns may have.
pub(crate) struct SlowTurns {
    most: usize,
    state: Mutex<State<Shared>>,
}

struct State<T> {
    running: usize,
    turns: Turns,
    /// Those who wait for one, each once.
    lines: HashMap<Owner, VecDeque<Weak<T>>>,
}

/// A slow turn that runs.
pub(super) struct SlowTurn<'a> {
    of: &'a SlowTurns,
    owner: &'a Owner,
    began: Instant,
}

/// The session is woken when it may have a slow turn.
pub(super) struct Waits;

impl SlowTurns {
    /// On all of so many workers but one; on the only one, if there is but one.
    pub(crate) fn new(workers: usize) -> Self {
        Self {
            most: workers.saturating_sub(1).max(1),
            state: Mutex::default(),
        }
    }

    /// Before a turn of `session`; `None` if its app is not slow.
    pub(super) fn begin<'a>(
        &'a self,
        session: &'a Arc<Shared>,
    ) -> Result<Option<SlowTurn<'a>>, Waits> {
        if !session.app.is_slow(session.host.coarse_now()) {
            return Ok(None);
        }
        let mut state = self.lock();
        if !state.begin(self.most) {
            if !session.waits_for_turn.swap(true, Ordering::AcqRel) {
                state.add(&session.owner, Arc::downgrade(session));
            }
            return Err(Waits);
        }
        Ok(Some(SlowTurn {
            of: self,
            owner: &session.owner,
            began: Instant::now(),
        }))
    }

    /// Whether somebody waits who need not: looked at now and then, since a session that was woken may have ended.
    pub(crate) fn look_after(&self) {
        let next = {
            let mut state = self.lock();
            let free = state.running < self.most;
            free.then(|| state.next()).flatten()
        };
        wake(next);
    }

    fn lock(&self) -> MutexGuard<'_, State<Shared>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Default for State<T> {
    fn default() -> Self {
        Self {
            running: 0,
            turns: Turns::default(),
            lines: HashMap::new(),
        }
    }
}

impl<T> State<T> {
    fn begin(&mut self, most: usize) -> bool {
        let may = self.running < most;
        self.running += usize::from(may);
        may
    }

    /// One is over, which took so many microseconds; gives who is next.
    fn end(&mut self, owner: &Owner, took: u64) -> Option<Arc<T>> {
        self.running = self.running.saturating_sub(1);
        self.turns.served(owner, took);
        self.next()
    }

    fn add(&mut self, owner: &Owner, waits: Weak<T>) {
        let line = self.lines.entry(owner.clone()).or_default();
        line.push_back(waits);
        self.turns.wait(owner);
    }

    /// Takes out who is next.
    fn next(&mut self) -> Option<Arc<T>> {
        loop {
            let owner = self.turns.next(|_| true)?;
            let line = self.lines.get_mut(&owner);
            let first = line.and_then(|line| {
                let first = line.pop_front()?;
                Some((first, line.is_empty()))
            });
            if first.as_ref().is_none_or(|(_, last)| *last) {
                self.lines.remove(&owner);
                self.turns.leave(&owner);
            }
            if let Some(found) = first.and_then(|(first, _)| first.upgrade()) {
                return Some(found);
            }
        }
    }
}

impl Drop for SlowTurn<'_> {
    fn drop(&mut self) {
        let took = u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX);
        let next = self.of.lock().end(self.owner, took);
        wake(next);
    }
}

fn wake(session: Option<Arc<Shared>>) {
    if let Some(session) = session {
        session.waits_for_turn.store(false, Ordering::Release);
        session.host.scheduler.wake(&session);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner(app: &str, person: usize) -> Owner {
        Owner {
            app_id: app.into(),
            person: person.to_string().into(),
        }
    }

    #[test]
    fn there_is_always_a_worker_left_unless_there_is_but_one() {
        for (workers, most) in [(1, 1), (2, 1), (8, 7)] {
            let turns = SlowTurns::new(workers);
            let mut state = turns.lock();
            let begun = (0..20).filter(|_| state.begin(turns.most)).count();
            assert_eq!(begun, most);
        }
    }

    #[test]
    fn whose_turn_is_next_goes_round_by_app() {
        let mut state = State::<&str>::default();
        assert!(state.begin(1));
        let flood: Vec<_> = (0..100).map(|_| Arc::new("flood")).collect();
        for (person, one) in flood.iter().enumerate() {
            state.add(&owner("flood", person), Arc::downgrade(one));
        }
        let other = Arc::new("other");
        state.add(&owner("other", 0), Arc::downgrade(&other));
        let mut order = Vec::new();
        for _ in 0..3 {
            let running = owner(order.last().copied().unwrap_or("flood"), 0);
            order.push(*state.end(&running, 100).expect("somebody"));
            assert!(state.begin(1));
        }
        assert!(order.contains(&"other"), "{order:?}");
    }

    #[test]
    fn who_has_ended_is_passed_over_and_nobody_is_left() {
        let mut state = State::<u8>::default();
        let gone = Arc::new(1);
        state.add(&owner("a", 0), Arc::downgrade(&gone));
        drop(gone);
        let here = Arc::new(2);
        state.add(&owner("b", 0), Arc::downgrade(&here));
        assert_eq!(state.next().as_deref(), Some(&2));
        assert_eq!(state.next(), None);
        assert!(state.lines.is_empty());
    }
}
