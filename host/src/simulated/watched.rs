//! A value for each person, and who watches it.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use super::PerPerson;
use crate::flights::Stop;

/// Hears a value as it is set, on the thread of whoever sets it.
type Hears<T> = Box<dyn Fn(T) + Send + Sync>;

/// A value for each person, which is the same for all until it is set, and those who watch it.
pub struct Watched<T> {
    first: T,
    people: PerPerson<Seen<T>>,
}

struct Seen<T> {
    value: Option<T>,
    watchers: Vec<Weak<Watcher<T>>>,
}

struct Watcher<T> {
    /// One at a time hears it, so that the last to be heard is the value that stays.
    turn: Mutex<()>,
    hears: Hears<T>,
}

impl<T> Default for Seen<T> {
    fn default() -> Self {
        Self {
            value: None,
            watchers: Vec::new(),
        }
    }
}

impl<T: Clone + Send + 'static> Watched<T> {
    /// Everybody's is this.
    pub fn new(first: T) -> Self {
        Self {
            first,
            people: PerPerson::default(),
        }
    }

    /// A person's.
    pub fn of(&self, person: &str) -> T {
        let value = self.people.with(person, |seen| seen.value.clone());
        value.unwrap_or_else(|| self.first.clone())
    }

    /// Sets a person's, and tells whoever watches it, even if it is the same as before.
    pub fn set(&self, person: &str, value: T) {
        let watchers: Vec<_> = self.people.with(person, |seen| {
            seen.value = Some(value);
            seen.watchers.retain(|watcher| watcher.strong_count() > 0);
            seen.watchers.iter().filter_map(Weak::upgrade).collect()
        });
        for watcher in watchers {
            self.tell(person, &watcher);
        }
    }

    /// Tells of a person's value now, and whenever it is set, until what this gives is dropped.
    pub fn watch(&self, person: &str, hears: impl Fn(T) + Send + Sync + 'static) -> Stop {
        let watcher = Arc::new(Watcher {
            turn: Mutex::new(()),
            hears: Box::new(hears),
        });
        self.people.with(person, |seen| {
            seen.watchers.push(Arc::downgrade(&watcher));
        });
        self.tell(person, &watcher);
        Box::new(watcher)
    }

    fn tell(&self, person: &str, watcher: &Watcher<T>) {
        let _turn = watcher.turn.lock().unwrap_or_else(PoisonError::into_inner);
        (watcher.hears)(self.of(person));
    }
}

impl<T> std::fmt::Debug for Watched<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Watched").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn watchers_hear_their_persons_value_until_they_stop() {
        let watched = Watched::new(0);
        let heard = Arc::new(Mutex::new(Vec::new()));
        let hears = heard.clone();
        watched.set("ani", 1);
        let stop = watched.watch("ani", move |value| hears.lock().expect("heard").push(value));
        watched.set("budi", 9);
        watched.set("ani", 2);
        drop(stop);
        watched.set("ani", 3);
        assert_eq!(*heard.lock().expect("heard"), [1, 2]);
        assert_eq!([watched.of("ani"), watched.of("chandra")], [3, 0]);
    }
}
