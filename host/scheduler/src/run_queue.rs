//! One worker's queue: who is next, and whether the running one should give way. No threads, no clocks: whoever owns
//! the queue tells it what was used and what time it is.

use std::collections::BTreeMap;

use crate::policy::{Class, Numbers};
use crate::vtime::{VTime, stretch};

/// What an entity brings into a queue.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms {
    pub(crate) class: Class,
    pub(crate) weight: u64,
    /// CPU time since the entity was last idle.
    pub(crate) burst_ns: u64,
    /// What is left of its budget, in nanoseconds.
    pub(crate) budget_ns: u64,
}

/// Where a waiting entity stands; by this it is found again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// From when on its queue owes it a turn; of a parked one, its virtual time.
    pub(crate) owed_from: VTime,
    /// The deadline, or the bits of the moment until which it is parked.
    pub(crate) deadline: VTime,
    pub(crate) seq: u64,
}

/// Somebody who waits.
#[derive(Debug)]
struct Waiting<T> {
    task: T,
    terms: Terms,
    owed_from: VTime,
    deadline: VTime,
    seq: u64,
}

/// Somebody on the way from one queue to another.
#[derive(Debug)]
pub(crate) struct Moving<T> {
    pub(crate) task: T,
    /// Virtual time that it is owed; negative if it has had more than its share.
    pub(crate) lag: i64,
}

/// What is known of the running one.
#[derive(Clone, Copy, Debug)]
struct Running {
    terms: Terms,
    vtime: VTime,
    deadline: VTime,
    began_ns: u64,
    /// What it has used of this turn, as far as the queue's clock has gone on for it.
    counted_ns: u64,
    /// It has been passed over for long and has its slice in any case.
    guarded: bool,
    /// It has already been told to look whether it should give way.
    told: bool,
}

/// Waiting entities by a moment of virtual time; the number keeps those of one moment in order of arrival.
type Line<T> = BTreeMap<(VTime, u64), Waiting<T>>;

#[derive(Debug)]
pub(crate) struct RunQueue<T> {
    numbers: Numbers,
    clock: VTime,
    /// Sum of the weights of all that wait here or run.
    load: u64,
    /// Owed CPU time, at the beginning of an event; by deadline.
    fresh: Line<T>,
    /// Owed CPU time, at it for longer or in the background; by deadline.
    long: Line<T>,
    /// As `fresh` and `long`, but they had more than their share so far; by the moment from which they are owed again.
    early_fresh: Line<T>,
    early_long: Line<T>,
    /// Past their budget; by the moment, in nanoseconds of real time, at which they may go on.
    parked: BTreeMap<(u64, u64), T>,
    running: Option<Running>,
    /// CPU time used by fresh ones while a long one waited.
    passed_over_ns: u64,
    seq: u64,
    waiting_by_class: [usize; 3],
}

impl<T> RunQueue<T> {
    pub(crate) fn new(numbers: Numbers) -> Self {
        Self {
            numbers,
            clock: VTime::default(),
            load: 0,
            fresh: Line::new(),
            long: Line::new(),
            early_fresh: Line::new(),
            early_long: Line::new(),
            parked: BTreeMap::new(),
            running: None,
            passed_over_ns: 0,
            seq: 0,
            waiting_by_class: [0; 3],
        }
    }

    /// The queue's virtual time: how much each unit of weight has been given. It never goes back.
    pub(crate) fn clock(&self) -> VTime {
        self.clock
    }

    /// Sum of the weights of all that wait here or run.
    pub(crate) fn load(&self) -> u64 {
        self.load
    }

    pub(crate) fn waiting(&self) -> usize {
        let [a, b, c, d] = self.lines();
        a.len() + b.len() + c.len() + d.len()
    }

    pub(crate) fn waiting_by_class(&self) -> [usize; 3] {
        self.waiting_by_class
    }

    pub(crate) fn parked(&self) -> usize {
        self.parked.len()
    }

    /// The class of the running one.
    pub(crate) fn running(&self) -> Option<Class> {
        self.running.map(|running| running.terms.class)
    }

    /// Whether the running one has a budget that it may use up.
    pub(crate) fn running_is_bounded(&self) -> bool {
        self.running
            .is_some_and(|running| running.terms.budget_ns != u64::MAX)
    }

    /// How far the running one's deadline lay ahead when it began: who has less would go first.
    pub(crate) fn running_slack(&self) -> Option<i64> {
        self.running
            .map(|running| running.deadline.since(self.clock))
    }

    /// Lets the queue's clock go on for what the running one has used, before the load changes. Its CPU time is not
    /// known to others: real time stands for it, and what it was charged too little or too much is a slice at most on
    /// a machine that is not crowded.
    pub(crate) fn catch_up(&mut self, now_ns: u64) {
        if let Some(running) = self.running {
            self.count(now_ns.saturating_sub(running.began_ns));
        }
    }

    /// Where an entity with this lag will stand.
    pub(crate) fn place(&mut self, terms: &Terms, lag: i64) -> Place {
        let vtime = self.clock.before(lag);
        Place {
            owed_from: vtime.before(credit(&self.numbers, terms, 0)),
            deadline: vtime.after(stretch(self.numbers.slice_ns, terms.weight)),
            seq: self.next_seq(),
        }
    }

    /// Puts an entity into the queue.
    pub(crate) fn insert(&mut self, task: T, terms: Terms, place: Place) {
        self.load += terms.weight;
        self.waiting_by_class[terms.class.index()] += 1;
        let Place {
            owed_from,
            deadline,
            seq,
        } = place;
        self.file(Waiting {
            task,
            terms,
            owed_from,
            deadline,
            seq,
        });
    }

    /// Whether the running one should be told, now, to make way for one that was just inserted. Says so once a turn.
    pub(crate) fn preempts(&mut self, place: Place, terms: Terms, now_ns: u64) -> bool {
        let Some(running) = &mut self.running else {
            return false;
        };
        if running.told || running.guarded || place.owed_from > self.clock {
            return false;
        }
        let used = now_ns.saturating_sub(running.began_ns);
        let running_fresh = fresh(&self.numbers, &running.terms, used);
        let arrived_fresh = fresh(&self.numbers, &terms, 0);
        running.told = match (arrived_fresh, running_fresh) {
            (true, false) => true,
            (false, true) => false,
            _ => place.deadline < running.deadline,
        };
        running.told
    }

    /// Takes out whoever is next and has it run from `now_ns` on.
    pub(crate) fn pick(&mut self, now_ns: u64) -> Option<T> {
        let guarded = self.guard_is_due();
        let next = self.take_next(guarded)?;
        self.running = Some(Running {
            terms: next.terms,
            vtime: self.vtime_of(&next),
            deadline: next.deadline,
            began_ns: now_ns,
            counted_ns: 0,
            guarded,
            told: false,
        });
        Some(next.task)
    }

    /// Charges the running one's turn. Its terms come back, and its lag.
    pub(crate) fn finish(&mut self, used_ns: u64) -> Option<(Terms, i64)> {
        self.count(used_ns);
        let running = self.running.take()?;
        let vtime = running.vtime.after(stretch(used_ns, running.terms.weight));
        self.load -= running.terms.weight;
        if !self.somebody_is_at_it_for_long() {
            self.passed_over_ns = 0;
        } else if fresh(&self.numbers, &running.terms, 0) {
            self.passed_over_ns += used_ns;
        }
        let lag = self.clock.since(vtime);
        if running.guarded {
            // A guarded slice is a gift: what it costs beyond this turn is not held against anybody.
            let cost = used_ns.max(self.numbers.slice_ns);
            return Some((running.terms, lag.max(-stretch(cost, running.terms.weight))));
        }
        Some((running.terms, lag))
    }

    /// Whether the running one, which has used `used_ns` in this turn, should give way.
    pub(crate) fn should_yield(&mut self, used_ns: u64) -> bool {
        let Some(running) = self.running else {
            return false;
        };
        if used_ns >= running.terms.budget_ns {
            return true;
        }
        if running.guarded && used_ns < self.numbers.slice_ns {
            return false;
        }
        self.count(used_ns);
        self.promote();
        let weight = running.terms.weight;
        let vtime = running.vtime.after(stretch(used_ns, weight));
        let slice_over = used_ns >= self.numbers.slice_ns / 2;
        let deadline = if slice_over {
            vtime.after(stretch(self.numbers.slice_ns, weight))
        } else {
            running.deadline
        };
        let credit = credit(&self.numbers, &running.terms, used_ns);
        let had_its_share = slice_over && vtime > self.clock.after(credit);
        let is_fresh = fresh(&self.numbers, &running.terms, used_ns);
        if let Some((&(first, _), _)) = self.fresh.first_key_value() {
            return !is_fresh || had_its_share || first < deadline;
        }
        if is_fresh && !had_its_share {
            let longest = self.passed_over_ns + used_ns;
            return self.somebody_is_at_it_for_long() && longest >= self.numbers.guard_every_ns;
        }
        let first = self.long.first_key_value();
        first.is_some_and(|(&(first, _), _)| had_its_share || first < deadline)
    }

    /// Gives whoever is next away to a worker that has nothing to do.
    pub(crate) fn steal(&mut self) -> Option<Moving<T>> {
        let guarded = self.guard_is_due();
        let next = self.take_next(guarded)?;
        Some(self.leave(next))
    }

    /// Gives away the least urgent one that weighs no more than `most`.
    pub(crate) fn take_surplus(&mut self, most: u64) -> Option<Moving<T>> {
        let light_last = |line: &mut Line<T>| {
            let last = line.last_entry()?;
            (last.get().terms.weight <= most).then(|| last.remove())
        };
        let last = light_last(&mut self.early_long)
            .or_else(|| light_last(&mut self.early_fresh))
            .or_else(|| light_last(&mut self.long))
            .or_else(|| light_last(&mut self.fresh))?;
        self.waiting_by_class[last.terms.class.index()] -= 1;
        Some(self.leave(last))
    }

    /// Takes one that waits, or is parked, out of the queue.
    pub(crate) fn remove(&mut self, place: Place) -> Option<(T, Option<i64>)> {
        let by_deadline = (place.deadline, place.seq);
        let by_moment = (place.owed_from, place.seq);
        let found = self
            .fresh
            .remove(&by_deadline)
            .or_else(|| self.long.remove(&by_deadline))
            .or_else(|| self.early_fresh.remove(&by_moment))
            .or_else(|| self.early_long.remove(&by_moment));
        if let Some(found) = found {
            self.waiting_by_class[found.terms.class.index()] -= 1;
            let moving = self.leave(found);
            return Some((moving.task, Some(moving.lag)));
        }
        let parked = (place.deadline.to_bits(), place.seq);
        self.parked.remove(&parked).map(|task| (task, None))
    }

    /// Where an entity with this lag will be kept aside until `until_ns`.
    pub(crate) fn parking_place(&mut self, lag: i64, until_ns: u64) -> Place {
        Place {
            owed_from: self.clock.before(lag),
            deadline: VTime::from_bits(until_ns),
            seq: self.next_seq(),
        }
    }

    /// Keeps an entity aside.
    pub(crate) fn park(&mut self, task: T, place: Place) {
        self.parked
            .insert((place.deadline.to_bits(), place.seq), task);
    }

    /// When the first parked one may go on.
    pub(crate) fn parked_until(&self) -> Option<u64> {
        self.parked.first_key_value().map(|(&(until, _), _)| until)
    }

    /// Takes out a parked one whose time has come.
    pub(crate) fn take_due(&mut self, now_ns: u64) -> Option<T> {
        let first = self.parked.first_entry()?;
        (first.key().0 <= now_ns).then(|| first.remove())
    }

    /// Empties the queue: those who waited, and those who were parked.
    pub(crate) fn clear(&mut self) -> (Vec<T>, Vec<T>) {
        let lines = [
            &mut self.fresh,
            &mut self.long,
            &mut self.early_fresh,
            &mut self.early_long,
        ]
        .map(std::mem::take);
        let waiting = lines.into_iter().flat_map(BTreeMap::into_values);
        let waiting = waiting.map(|waiting| waiting.task).collect();
        let parked = std::mem::take(&mut self.parked).into_values().collect();
        self.waiting_by_class = [0; 3];
        self.load = self.running.map_or(0, |running| running.terms.weight);
        (waiting, parked)
    }

    fn next_seq(&mut self) -> u64 {
        self.seq += 1;
        self.seq
    }

    fn lines(&self) -> [&Line<T>; 4] {
        [&self.fresh, &self.long, &self.early_fresh, &self.early_long]
    }

    /// The running one has used so much of its turn: time goes on for all.
    fn count(&mut self, used_ns: u64) {
        if let Some(running) = &mut self.running
            && let Some(more) = used_ns.checked_sub(running.counted_ns)
        {
            running.counted_ns = used_ns;
            self.clock = self.clock.after(stretch(more, self.load));
        }
    }

    fn file(&mut self, waiting: Waiting<T>) {
        let fresh = fresh(&self.numbers, &waiting.terms, 0);
        let (line, key) = match (waiting.owed_from > self.clock, fresh) {
            (false, true) => (&mut self.fresh, waiting.deadline),
            (false, false) => (&mut self.long, waiting.deadline),
            (true, true) => (&mut self.early_fresh, waiting.owed_from),
            (true, false) => (&mut self.early_long, waiting.owed_from),
        };
        line.insert((key, waiting.seq), waiting);
    }

    /// Files anew those who are owed again.
    fn promote(&mut self) {
        for (early, line) in [
            (&mut self.early_fresh, &mut self.fresh),
            (&mut self.early_long, &mut self.long),
        ] {
            while let Some(first) = early.first_entry()
                && first.key().0 <= self.clock
            {
                let waiting = first.remove();
                line.insert((waiting.deadline, waiting.seq), waiting);
            }
        }
    }

    fn take_next(&mut self, guarded: bool) -> Option<Waiting<T>> {
        self.promote();
        if self.fresh.is_empty() && self.long.is_empty() && self.running.is_none() {
            // Nobody is owed anything: time goes on to where somebody is.
            let early = [&self.early_fresh, &self.early_long];
            let first = early.map(|line| line.first_key_value().map(|(&(moment, _), _)| moment));
            self.clock = first.into_iter().flatten().min().unwrap_or(self.clock);
            self.promote();
        }
        let order = if guarded {
            [
                &mut self.long,
                &mut self.early_long,
                &mut self.fresh,
                &mut self.early_fresh,
            ]
        } else {
            [
                &mut self.fresh,
                &mut self.long,
                &mut self.early_fresh,
                &mut self.early_long,
            ]
        };
        let (_, next) = order.into_iter().find_map(BTreeMap::pop_first)?;
        if !fresh(&self.numbers, &next.terms, 0) {
            self.passed_over_ns = 0;
        }
        self.waiting_by_class[next.terms.class.index()] -= 1;
        Some(next)
    }

    fn somebody_is_at_it_for_long(&self) -> bool {
        !self.long.is_empty() || !self.early_long.is_empty()
    }

    fn guard_is_due(&self) -> bool {
        self.passed_over_ns >= self.numbers.guard_every_ns && self.somebody_is_at_it_for_long()
    }

    fn leave(&mut self, waiting: Waiting<T>) -> Moving<T> {
        self.load -= waiting.terms.weight;
        Moving {
            lag: self.clock.since(self.vtime_of(&waiting)),
            task: waiting.task,
        }
    }

    fn vtime_of(&self, waiting: &Waiting<T>) -> VTime {
        waiting
            .deadline
            .before(stretch(self.numbers.slice_ns, waiting.terms.weight))
    }
}

/// Whether an entity is at the beginning of an event that somebody may wait for.
fn fresh(numbers: &Numbers, terms: &Terms, used_ns: u64) -> bool {
    terms.class != Class::Background
        && terms.burst_ns.saturating_add(used_ns) < numbers.demote_after_ns
}

/// How far beyond its share an entity may go before it has to wait: a fresh one to the end of being fresh, so that a
/// short event is not cut up.
fn credit(numbers: &Numbers, terms: &Terms, used_ns: u64) -> i64 {
    if fresh(numbers, terms, used_ns) {
        stretch(numbers.demote_after_ns, terms.weight)
    } else {
        0
    }
}

/// The lag that an entity keeps which wakes: a bounded bonus, a bounded debt.
pub(crate) fn lag_after_sleep(numbers: &Numbers, weight: u64, lag: i64) -> i64 {
    let debt = stretch(numbers.bonus.unsigned_abs(), weight);
    lag.clamp(-debt, numbers.bonus)
}

/// The lag that an entity keeps which runs on: what it was owed in CPU time, at its new weight. What it is owed
/// beyond the lateness that any entity may meet was a bonus, and goes with its weight as its turn gets long.
pub(crate) fn lag_of_runner(
    numbers: &Numbers,
    before: &Terms,
    after: &Terms,
    load: u64,
    lag: i64,
) -> i64 {
    let scaled = i128::from(lag) * i128::from(before.weight) / i128::from(after.weight.max(1));
    let scaled = i64::try_from(scaled).unwrap_or(i64::MIN / 4);
    let demotion = i64::try_from(numbers.demotion(after.burst_ns)).unwrap_or(i64::MAX);
    let lateness = stretch(2 * numbers.slice_ns, load.saturating_add(after.weight));
    scaled.clamp(i64::MIN / 4, numbers.bonus / demotion + lateness)
}

#[cfg(test)]
mod tests;
