//! Looking at a session: its screen, every change of it, how far it is.

use std::sync::atomic::Ordering;

use tokio::sync::{broadcast, watch};

use super::shared::Shared;
use super::state::{Body, Progress, State};
use super::{Screen, Update};

/// How many updates a watcher may fall behind before it has to take the whole screen again.
const WATCHER_BACKLOG: usize = 512;

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

    pub(super) fn watch(&self) -> (Screen, broadcast::Receiver<Update>) {
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
                return (screen, state.subscribe());
            }
        }
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

impl State {
    fn subscribe(&mut self) -> broadcast::Receiver<Update> {
        let watchers = self.watchers.get_or_insert_default();
        let updates = watchers
            .updates
            .get_or_insert_with(|| broadcast::Sender::new(WATCHER_BACKLOG));
        updates.subscribe()
    }
}
