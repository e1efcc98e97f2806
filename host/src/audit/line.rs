//! Entries that wait to be written: a line for each person and app, of bounded length, written in turn.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::AuditEntry;
use super::bounds::{WAITING_OF_ALL, WAITING_OF_ONE, WEIGHTY_OF_ONE};
use crate::capability::storage::Owner;
use crate::turns::Turns;

#[derive(Default)]
pub(super) struct Waiting {
    state: Mutex<State>,
    more: Condvar,
    written: Condvar,
}

#[derive(Default)]
struct State {
    lines: HashMap<Owner, Line>,
    turns: Turns,
    of_apps: HashMap<Arc<str>, usize>,
    waiting: usize,
    /// The number of the last entry.
    noted: u64,
    ended: bool,
}

#[derive(Default)]
struct Line {
    entries: VecDeque<(u64, AuditEntry)>,
    /// How many more there were, and what the last of them was.
    left_out: Option<(u32, AuditEntry)>,
    /// The first of its entries that are being written.
    writing: Option<u64>,
}

impl Waiting {
    pub(super) fn note(&self, entry: AuditEntry) {
        let entry = entry.cut();
        let owner = Owner {
            app_id: entry.app_id.as_str().into(),
            person: entry.person.as_str().into(),
        };
        let mut state = self.state();
        state.noted += 1;
        state.add(&owner, entry);
        drop(state);
        self.more.notify_one();
    }

    /// The next entries to write, when there are some; `None` at the end. They count as waiting until [`wrote`](Self::wrote).
    pub(super) fn take(&self, most: usize) -> Option<Vec<AuditEntry>> {
        let mut state = self.state();
        while state.waiting == 0 {
            if state.ended {
                return None;
            }
            state = self
                .more
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        let mut entries = Vec::new();
        while entries.len() < most
            && let Some(owner) = state.turns.next(|_| true)
        {
            state.take_of(&owner, &mut entries);
        }
        Some(entries)
    }

    /// What was taken is written, as far as it could be.
    pub(super) fn wrote(&self) {
        let mut state = self.state();
        state.lines.retain(|_, line| {
            line.writing = None;
            !line.entries.is_empty()
        });
        drop(state);
        self.written.notify_all();
    }

    /// Waits until what was noted before of these is written.
    pub(super) fn flush(&self, of: impl Fn(&Owner) -> bool) {
        let mut state = self.state();
        let last = state.noted;
        while state.waits(&of, last) {
            state = self
                .written
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// What waits is still given out.
    pub(super) fn end(&self) {
        self.state().ended = true;
        self.more.notify_one();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing under this lock can stop half-way.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Entries that wait, of an owner and of all.
    #[cfg(test)]
    fn count(&self, owner: &Owner) -> (usize, usize) {
        let state = self.state();
        let line = state.lines.get(owner);
        (line.map_or(0, |line| line.entries.len()), state.waiting)
    }
}

impl State {
    fn add(&mut self, owner: &Owner, entry: AuditEntry) {
        let number = self.noted;
        let line = self.lines.entry(owner.clone()).or_default();
        if let Some((_, last)) = line.entries.back_mut()
            && last.repeats(&entry)
        {
            last.times = last.times.saturating_add(1);
            return;
        }
        let most = match entry.is_weighty() {
            true => WEIGHTY_OF_ONE,
            false => WAITING_OF_ONE,
        };
        if line.entries.len() >= most {
            line.leave_out(entry);
            return;
        }
        line.entries.push_back((number, entry));
        self.waiting += 1;
        *self.of_apps.entry(owner.app_id.clone()).or_default() += 1;
        self.turns.wait(owner);
        if self.waiting > WAITING_OF_ALL {
            self.leave_out_one();
        }
    }

    /// Of the app that has most waiting, and of its person who has: the last one is only counted.
    fn leave_out_one(&mut self) {
        let Some((app_id, _)) = self.of_apps.iter().max_by_key(|(_, waiting)| **waiting) else {
            return;
        };
        let of_app = self.lines.iter();
        let of_app = of_app.filter(|(owner, _)| owner.app_id == *app_id);
        let Some((owner, _)) = of_app.max_by_key(|(_, line)| line.entries.len()) else {
            return;
        };
        let owner = owner.clone();
        let Some(line) = self.lines.get_mut(&owner) else {
            return;
        };
        if let Some((_, entry)) = line.entries.pop_back() {
            line.leave_out(entry);
            // Of one whose only entry it was nothing is remembered: else many of them would fill the memory.
            let is_empty = line.entries.is_empty();
            self.shrink(&owner, is_empty);
            if is_empty
                && self
                    .lines
                    .get(&owner)
                    .is_some_and(|line| line.writing.is_none())
            {
                self.lines.remove(&owner);
            }
        }
    }

    fn take_of(&mut self, owner: &Owner, entries: &mut Vec<AuditEntry>) {
        let Some(line) = self.lines.get_mut(owner) else {
            return self.turns.leave(owner);
        };
        let taken = line.entries.pop_front();
        let is_empty = line.entries.is_empty();
        if let Some((number, _)) = &taken {
            line.writing.get_or_insert(*number);
        }
        let left_out = match is_empty {
            true => line.left_out.take(),
            false => None,
        };
        self.turns.served(owner, 1);
        match taken {
            Some((_, entry)) => {
                entries.push(entry);
                self.shrink(owner, is_empty);
            }
            None => self.turns.leave(owner),
        }
        entries.extend(left_out.map(|(more, entry)| entry.left_out(more)));
    }

    /// One less waits of this owner.
    fn shrink(&mut self, owner: &Owner, is_empty: bool) {
        self.waiting = self.waiting.saturating_sub(1);
        if let Some(waiting) = self.of_apps.get_mut(&owner.app_id) {
            *waiting = waiting.saturating_sub(1);
            if *waiting == 0 {
                self.of_apps.remove(&owner.app_id);
            }
        }
        if is_empty {
            self.turns.leave(owner);
        }
    }

    fn waits(&self, of: &impl Fn(&Owner) -> bool, last: u64) -> bool {
        let mut lines = self.lines.iter();
        lines.any(|(owner, line)| {
            let first = line.entries.front().map(|(number, _)| *number);
            let first = line.writing.or(first);
            first.is_some_and(|first| first <= last) && of(owner)
        })
    }
}

impl Line {
    fn leave_out(&mut self, entry: AuditEntry) {
        let more = self.left_out.as_ref().map_or(0, |(more, _)| *more);
        self.left_out = Some((more.saturating_add(entry.times), entry));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grants::Capability;

    fn entry(app_id: &str, person: &str, about: usize) -> AuditEntry {
        AuditEntry {
            at_ms: 1,
            person: person.into(),
            app_id: app_id.into(),
            capability: Capability::Fetch,
            function: "send".into(),
            request: String::new(),
            allowed: false,
            grant: "not granted".into(),
            consent: String::new(),
            about: about.to_string(),
            outcome: "denied".into(),
            times: 1,
        }
    }

    #[test]
    fn a_flood_is_bounded_counted_and_holds_up_nobody() {
        let waiting = Waiting::default();
        for at in 0..400_000 {
            waiting.note(entry("flood", "p", at));
        }
        waiting.note(entry("shop", "ani", 0));
        let flood = Owner {
            app_id: "flood".into(),
            person: "p".into(),
        };
        assert_eq!(waiting.count(&flood), (WAITING_OF_ONE, WAITING_OF_ONE + 1));
        // The other app's is among the first, however many of the flood wait.
        let first = waiting.take(4).expect("entries");
        assert!(first.iter().any(|entry| entry.app_id == "shop"));
        let rest = waiting.take(usize::MAX).expect("entries");
        let times = first.iter().chain(&rest).map(|entry| entry.times);
        assert_eq!(times.sum::<u32>(), 400_001);
        let last = rest.last().expect("a last one");
        assert_eq!((&*last.outcome, last.times), ("left out", 400_000 - 256));
    }

    #[test]
    fn many_people_of_one_app_drive_out_nobody_of_another() {
        let waiting = Waiting::default();
        for at in 0..100 {
            waiting.note(entry("shop", "ani", at));
        }
        for at in 0..2 * WAITING_OF_ALL {
            waiting.note(entry("flood", &at.to_string(), 0));
        }
        let ani = Owner {
            app_id: "shop".into(),
            person: "ani".into(),
        };
        assert_eq!(waiting.count(&ani), (100, WAITING_OF_ALL));
        assert!(waiting.state().lines.len() <= WAITING_OF_ALL);
    }

    #[test]
    fn a_flush_waits_for_its_own_alone() {
        let waiting = Waiting::default();
        for at in 0..200 {
            waiting.note(entry("flood", "p", at));
        }
        waiting.note(entry("shop", "ani", 0));
        let taken = waiting.take(4).expect("entries");
        assert_eq!(taken.len(), 4);
        waiting.wrote();
        // Returns, although nearly all of the flood still waits.
        waiting.flush(|owner| &*owner.app_id == "shop");
        assert!(waiting.state().waiting > 190);
    }

    #[test]
    fn what_became_of_money_is_not_counted_away() {
        let waiting = Waiting::default();
        for at in 0..10_000 {
            waiting.note(entry("flood", "p", at));
        }
        let paid = AuditEntry {
            allowed: true,
            outcome: "paid".into(),
            ..entry("flood", "p", 0)
        };
        waiting.note(paid.clone());
        let all = waiting.take(usize::MAX).expect("entries");
        assert!(all.contains(&paid));
    }
}
