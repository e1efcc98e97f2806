//! Threads for what waits: so many at a time, and of one app, one person and one place only a part of them. The others are in a
//! line of bounded length, which is worked off in turn.

use std::collections::{HashMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::capability::storage::Owner;
use crate::turns::Turns;

/// How long a thread without work stays: starting one costs more than most work does.
const STAYS: Duration = Duration::from_secs(2);

/// What is to be done; it is told whether there is room for it.
pub(crate) type Job = Box<dyn FnOnce(bool) + Send>;

/// How much is done at a time, and how much waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bounds {
    /// Threads.
    pub(crate) at_a_time: usize,
    /// Of them, at work for one app, one person, and at one place.
    pub(crate) of_app: usize,
    pub(crate) of_person: usize,
    pub(crate) at_place: usize,
    /// Work that waits. Past it the newest of whichever app has most is refused.
    pub(crate) waiting: usize,
    /// Of it, of one person in one app.
    pub(crate) waiting_of_owner: usize,
}

/// Whose work it is, and what it costs.
#[derive(Clone, Debug)]
pub(crate) struct Whose {
    pub(crate) owner: Owner,
    /// Who may keep it waiting: a merchant, a host.
    pub(crate) place: Option<Arc<str>>,
    /// What a turn costs.
    pub(crate) cost: u64,
}

impl Whose {
    /// Work of an owner's that is like all other.
    pub(crate) fn of(owner: &Owner) -> Self {
        Self {
            owner: owner.clone(),
            place: None,
            cost: 1,
        }
    }
}

/// Threads that are hired when there is work and go when there is none.
pub(crate) struct Crew {
    name: &'static str,
    bounds: Bounds,
    state: Mutex<State>,
    more: Condvar,
}

#[derive(Default)]
struct State {
    threads: usize,
    idle: usize,
    waiting: usize,
    lines: HashMap<Owner, VecDeque<(Whose, Job)>>,
    turns: Turns,
    /// At work for each app and person, and at each place; waiting of each app.
    apps: HashMap<Arc<str>, usize>,
    people: HashMap<Arc<str>, usize>,
    places: HashMap<Arc<str>, usize>,
    waiting_of_apps: HashMap<Arc<str>, usize>,
}

impl Crew {
    pub(crate) fn new(name: &'static str, bounds: Bounds) -> Arc<Self> {
        Arc::new(Self {
            name,
            bounds: Bounds {
                at_a_time: bounds.at_a_time.max(1),
                of_app: bounds.of_app.max(1),
                of_person: bounds.of_person.max(1),
                at_place: bounds.at_place.max(1),
                ..bounds
            },
            state: Mutex::default(),
            more: Condvar::new(),
        })
    }

    /// Has it done, now or later, on another thread; on this one somebody's work is only told that there is no room.
    pub(crate) fn take_on(self: &Arc<Self>, whose: Whose, job: Job) {
        let (refused, hire) = {
            let mut state = self.state();
            let line = state.lines.get(&whose.owner).map_or(0, VecDeque::len);
            if line >= self.bounds.waiting_of_owner.max(1) {
                (Some(job), false)
            } else {
                state.push(whose, job);
                // What an idle thread will take is not in line.
                let most = self.bounds.waiting.saturating_add(self.free(&state));
                let refused = match state.waiting > most {
                    true => state.pop_newest_of_most(),
                    false => None,
                };
                let hire = state.waiting > state.idle && state.threads < self.bounds.at_a_time;
                state.threads += usize::from(hire);
                (refused, hire)
            }
        };
        self.more.notify_one();
        if let Some(job) = refused {
            job(false);
        }
        if hire && !self.hire() {
            self.could_not_hire();
        }
    }

    /// Threads that can take work at once, hired or not.
    fn free(&self, state: &State) -> usize {
        let at_work = state.threads.saturating_sub(state.idle);
        self.bounds.at_a_time.saturating_sub(at_work)
    }

    fn hire(self: &Arc<Self>) -> bool {
        let crew = self.clone();
        let thread = std::thread::Builder::new().name(self.name.into());
        thread.spawn(move || crew.work()).is_ok()
    }

    /// There is no thread to be had: what waits with nobody to do it is refused.
    fn could_not_hire(&self) {
        let left = {
            let mut state = self.state();
            state.threads -= 1;
            match state.threads {
                0 => std::mem::take(&mut *state),
                _ => State::default(),
            }
        };
        for (_, job) in left.lines.into_values().flatten() {
            job(false);
        }
    }

    fn work(&self) {
        while let Some((whose, job)) = self.next() {
            if catch_unwind(AssertUnwindSafe(|| job(true))).is_err() {
                tracing::error!(crew = self.name, "work panicked; other work goes on");
            }
            self.state().leaves(&whose);
            // Whoever had as much at work as they may can go on.
            self.more.notify_one();
        }
    }

    /// The next work; `None` when there has been none for a while.
    fn next(&self) -> Option<(Whose, Job)> {
        let mut state = self.state();
        loop {
            if let Some(next) = state.pop(&self.bounds) {
                return Some(next);
            }
            state.idle += 1;
            let (mut now, waited) = self
                .more
                .wait_timeout(state, STAYS)
                .unwrap_or_else(PoisonError::into_inner);
            now.idle -= 1;
            // What waits may be for those who have as much at work as they may: who works for them takes it.
            if waited.timed_out() && now.pop_is_vain(&self.bounds) {
                now.threads -= 1;
                return None;
            }
            state = now;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What waits.
    #[cfg(test)]
    pub(crate) fn waiting(&self) -> usize {
        self.state().waiting
    }
}

impl State {
    fn push(&mut self, whose: Whose, job: Job) {
        self.waiting += 1;
        add(&mut self.waiting_of_apps, &whose.owner.app_id);
        self.turns.wait(&whose.owner);
        let line = self.lines.entry(whose.owner.clone()).or_default();
        line.push_back((whose, job));
    }

    /// The next of an owner's line that may begin.
    fn may_begin(&self, owner: &Owner, bounds: &Bounds) -> Option<usize> {
        let at_work = |of: &HashMap<Arc<str>, usize>, name| of.get(name).copied().unwrap_or(0);
        if at_work(&self.apps, &owner.app_id) >= bounds.of_app
            || at_work(&self.people, &owner.person) >= bounds.of_person
        {
            return None;
        }
        let mut line = self.lines.get(owner)?.iter();
        line.position(|(whose, _)| {
            let place = whose.place.as_ref();
            place.is_none_or(|place| at_work(&self.places, place) < bounds.at_place)
        })
    }

    fn pop(&mut self, bounds: &Bounds) -> Option<(Whose, Job)> {
        let mut turns = std::mem::take(&mut self.turns);
        let owner = turns.next(|owner| self.may_begin(owner, bounds).is_some());
        self.turns = turns;
        let owner = owner?;
        let at = self.may_begin(&owner, bounds)?;
        let (whose, job) = self.lines.get_mut(&owner)?.remove(at)?;
        self.turns.served(&owner, whose.cost);
        self.shrink(&owner);
        add(&mut self.apps, &owner.app_id);
        add(&mut self.people, &owner.person);
        if let Some(place) = &whose.place {
            add(&mut self.places, place);
        }
        Some((whose, job))
    }

    /// Nothing that waits may begin.
    fn pop_is_vain(&mut self, bounds: &Bounds) -> bool {
        let mut turns = std::mem::take(&mut self.turns);
        let next = turns.next(|owner| self.may_begin(owner, bounds).is_some());
        self.turns = turns;
        next.is_none()
    }

    /// One less waits of this owner.
    fn shrink(&mut self, owner: &Owner) {
        self.waiting -= 1;
        remove(&mut self.waiting_of_apps, &owner.app_id);
        if self.lines.get(owner).is_some_and(VecDeque::is_empty) {
            self.lines.remove(owner);
            self.turns.leave(owner);
        }
    }

    /// Of the app that has most waiting, and of its person who has: the work that came last.
    fn pop_newest_of_most(&mut self) -> Option<Job> {
        let of_apps = self.waiting_of_apps.iter();
        let (app_id, _) = of_apps.max_by_key(|(_, waiting)| **waiting)?;
        let lines = self.lines.iter();
        let of_app = lines.filter(|(owner, _)| owner.app_id == *app_id);
        let (owner, _) = of_app.max_by_key(|(_, line)| line.len())?;
        let owner = owner.clone();
        let (_, job) = self.lines.get_mut(&owner)?.pop_back()?;
        self.shrink(&owner);
        Some(job)
    }

    fn leaves(&mut self, whose: &Whose) {
        remove(&mut self.apps, &whose.owner.app_id);
        remove(&mut self.people, &whose.owner.person);
        if let Some(place) = &whose.place {
            remove(&mut self.places, place);
        }
    }
}

fn add(of: &mut HashMap<Arc<str>, usize>, name: &Arc<str>) {
    *of.entry(name.clone()).or_default() += 1;
}

fn remove(of: &mut HashMap<Arc<str>, usize>, name: &Arc<str>) {
    if let Some(count) = of.get_mut(name) {
        *count -= 1;
        if *count == 0 {
            of.remove(name);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    const BOUNDS: Bounds = Bounds {
        at_a_time: 4,
        of_app: 2,
        of_person: 2,
        at_place: 1,
        waiting: 8,
        waiting_of_owner: 8,
    };

    fn whose(app: &str, person: &str, place: Option<&str>) -> Whose {
        let owner = Owner {
            app_id: app.into(),
            person: person.into(),
        };
        Whose {
            place: place.map(Into::into),
            ..Whose::of(&owner)
        }
    }

    /// Work that goes on until the sender is dropped, and tells when it has begun.
    fn held(began: &mpsc::Sender<String>, name: &str) -> (mpsc::Sender<()>, Job) {
        let (go, wait) = mpsc::channel::<()>();
        let (began, name) = (began.clone(), name.to_owned());
        let job = Box::new(move |has_room| {
            let _ = began.send(format!("{name} {has_room}"));
            if has_room {
                let _ = wait.recv();
            }
        });
        (go, job)
    }

    #[test]
    fn so_many_at_a_time_the_rest_in_their_order_and_the_last_refused() {
        let crew = Crew::new(
            "test",
            Bounds {
                at_a_time: 1,
                waiting: 2,
                ..BOUNDS
            },
        );
        let (began, all) = mpsc::channel();
        let (go, job) = held(&began, "first");
        crew.take_on(whose("a", "p", None), job);
        assert_eq!(all.recv().as_deref(), Ok("first true"));
        for name in ["0", "1", "2"] {
            let (_, job) = held(&began, name);
            crew.take_on(whose("a", "p", None), job);
        }
        assert_eq!(all.recv().as_deref(), Ok("2 false"));
        drop(go);
        let rest: Vec<_> = all.iter().take(2).collect();
        assert_eq!(rest, ["0 true", "1 true"]);
        // Work that panics takes no thread with it.
        crew.take_on(whose("a", "p", None), Box::new(|_| panic!("on purpose")));
        let (_, job) = held(&began, "after");
        crew.take_on(whose("a", "p", None), job);
        assert_eq!(all.recv().as_deref(), Ok("after true"));
    }

    #[test]
    fn a_silent_place_an_app_and_a_person_hold_a_part_and_no_more() {
        let crew = Crew::new("test", BOUNDS);
        let (began, all) = mpsc::channel();
        let mut going = Vec::new();
        let mut ask = |who: Whose, name: &str| {
            let (go, job) = held(&began, name);
            crew.take_on(who, job);
            going.push(go);
        };
        // One of them begins: it is one place.
        for _ in 0..3 {
            ask(whose("flood", "p", Some("silent")), "silent");
        }
        assert_eq!(all.recv().as_deref(), Ok("silent true"));
        // Another place of the same app, past the two that wait; then the app has as much as it may.
        ask(whose("flood", "p", Some("other")), "other");
        assert_eq!(all.recv().as_deref(), Ok("other true"));
        ask(whose("flood", "q", Some("third")), "third");
        ask(whose("shop", "ani", None), "shop");
        assert_eq!(all.recv().as_deref(), Ok("shop true"));
        assert_eq!(crew.waiting(), 3);
        drop(going);
        let mut rest: Vec<_> = all.iter().take(3).collect();
        rest.sort();
        assert_eq!(rest, ["silent true", "silent true", "third true"]);
    }

    #[test]
    fn past_the_bound_whoever_has_most_waiting_gives_way() {
        let crew = Crew::new(
            "test",
            Bounds {
                at_a_time: 1,
                waiting: 4,
                waiting_of_owner: 4,
                ..BOUNDS
            },
        );
        let (began, all) = mpsc::channel();
        let (go, job) = held(&began, "first");
        crew.take_on(whose("flood", "p", None), job);
        assert_eq!(all.recv().as_deref(), Ok("first true"));
        for at in 0..6 {
            let (_, job) = held(&began, &format!("flood{at}"));
            crew.take_on(whose("flood", "p", None), job);
        }
        let (_, job) = held(&began, "shop");
        crew.take_on(whose("shop", "ani", None), job);
        let refused: Vec<_> = all.iter().take(3).collect();
        assert_eq!(refused, ["flood4 false", "flood5 false", "flood3 false"]);
        drop(go);
        // It is not behind all of the flood.
        let next: Vec<_> = all.iter().take(2).collect();
        assert!(next.contains(&"shop true".to_owned()), "{next:?}");
    }
}
