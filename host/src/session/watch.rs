//! Looking at a session: its screen, every change of it, how far it is.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};

use tokio::sync::watch;

use super::backlog::Backlog;
use super::shared::Shared;
use super::state::{Body, Progress, State};
use super::{Screen, Update, Updates};

/// Somebody who hears of a session's changes where they happen: in the thread of whoever causes them, under the session's lock.
/// It takes what it needs and returns at once, and asks nothing of the session there.
pub trait Watcher: Send + Sync {
    /// What it hears of.
    fn hears(&self) -> Hears;
    /// Something has changed.
    fn told(&self, update: &Update);
    /// The host has let go of the session: nothing more comes.
    fn over(&self) {}
}

/// What a [`Watcher`] hears of. Sheets, other apps and the end everybody hears of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hears {
    /// All there is.
    Everything,
    /// What is on the screen.
    Screen,
    /// The app's lines, and what its events cost.
    Lines,
}

impl Hears {
    /// Whether it is told of this.
    #[must_use]
    pub fn of(self, update: &Update) -> bool {
        match update {
            Update::Patch(_) | Update::Page(_) => self.of_screen(),
            Update::Log(_) | Update::Handled(_) => self.of_lines(),
            _ => true,
        }
    }

    pub(super) fn of_screen(self) -> bool {
        self != Self::Lines
    }

    pub(super) fn of_lines(self) -> bool {
        self != Self::Screen
    }
}

impl Shared {
    /// The screen as it is; of a session on disk it is read from there.
    pub(super) fn screen(&self) -> Screen {
        let stored = {
            let state = self.lock();
            if let Some(screen) = &state.screen {
                return Screen::clone(screen);
            }
            match &state.body {
                Body::Frozen(frozen) => return frozen.screen().unwrap_or_default(),
                body => matches!(body, Body::Stored(_)),
            }
        };
        if stored && let Some(screen) = self.host.stored_screen(self) {
            return screen;
        }
        // Thawed meanwhile.
        self.lock().screen.as_deref().cloned().unwrap_or_default()
    }

    pub(super) fn watch(&self, hears: Hears) -> (Screen, Updates) {
        loop {
            let handled = self.handled.load(Ordering::Relaxed);
            let screen = self.screen();
            let mut state = self.lock();
            // A change between the two looks would be missed.
            let same = match &state.screen {
                Some(now) => now.version == screen.version,
                None => self.handled.load(Ordering::Relaxed) == handled,
            };
            if same {
                let (backlog, updates) = Backlog::new(hears);
                state.watch_by(backlog);
                return (screen, updates);
            }
        }
    }

    pub(super) fn watch_by(&self, watcher: Weak<dyn Watcher>) {
        self.lock().watch_by(watcher);
    }

    pub(crate) async fn wait(&self, reached: impl Fn(&Progress) -> bool) {
        let mut progress = {
            let mut state = self.lock();
            if reached(&state.progress) {
                return;
            }
            let now = state.progress;
            let watchers = state.watchers.get_or_insert_default();
            let sender = watchers
                .progress
                .get_or_insert_with(|| watch::Sender::new(now));
            sender.subscribe()
        };
        // The sender lives as long as the session is watched; if it goes, the session has ended.
        let _ = progress.wait_for(reached).await;
    }
}

/// Those who look at a session. Whoever has gone is forgotten when the next comes, or when the session is frozen.
#[derive(Default)]
pub(super) struct Watchers {
    all: Vec<Weak<dyn Watcher>>,
    pub(super) progress: Option<watch::Sender<Progress>>,
}

impl State {
    fn watch_by(&mut self, watcher: Weak<dyn Watcher>) {
        let all = &mut self.watchers.get_or_insert_default().all;
        all.retain(|one| one.strong_count() > 0);
        all.reserve_exact(1);
        all.push(watcher);
    }

    /// Whether anybody hears of changes of the screen.
    pub(super) fn screen_is_watched(&self) -> bool {
        self.any(Hears::of_screen)
    }

    /// Whether anybody hears of the app's lines and of what its events cost.
    pub(super) fn lines_are_watched(&self) -> bool {
        self.any(Hears::of_lines)
    }

    fn any(&self, hears: impl Fn(Hears) -> bool) -> bool {
        self.present().any(|watcher| hears(watcher.hears()))
    }

    fn present(&self) -> impl Iterator<Item = Arc<dyn Watcher>> {
        let all = self.watchers.iter().flat_map(|watchers| &watchers.all);
        all.filter_map(Weak::upgrade)
    }

    /// Updates are told under the session's lock, so that a new watcher misses none and gets none twice.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "whoever tells has no more use for it"
    )]
    pub(crate) fn tell(&mut self, update: Update) {
        // Nobody watching is no fault.
        for watcher in self.present() {
            if watcher.hears().of(&update) {
                watcher.told(&update);
            }
        }
    }
}

impl Drop for Watchers {
    fn drop(&mut self) {
        for watcher in self.all.iter().filter_map(Weak::upgrade) {
            watcher.over();
        }
    }
}

impl Watchers {
    /// Forgets who is gone; tells whether nobody is left.
    pub(super) fn shrink(&mut self) -> bool {
        self.all.retain(|one| one.strong_count() > 0);
        self.all.shrink_to_fit();
        self.progress
            .take_if(|progress| progress.receiver_count() == 0);
        self.all.is_empty() && self.progress.is_none()
    }
}
