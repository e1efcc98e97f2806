//! What a test says about the device, and who watches it.

use super::watches::Watches;

/// What there is now, or why there is nothing, and the watches of it.
pub(crate) struct Observed<T, E> {
    now: Result<T, E>,
    watches: Watches<Result<T, E>>,
}

impl<T: Clone, E: Clone> Observed<T, E> {
    pub(crate) fn new(now: Result<T, E>) -> Self {
        Self {
            now,
            watches: Watches::default(),
        }
    }

    pub(crate) fn now(&self) -> Result<T, E> {
        self.now.clone()
    }

    /// Sets it; gives the watches whose app must be told.
    pub(crate) fn set(&mut self, now: Result<T, E>) -> Vec<u32> {
        self.now = now;
        self.watches.news(&self.now)
    }

    /// Opens a watch, which has news at once.
    pub(crate) fn open(&mut self, watch: u32) {
        self.watches.open(watch, Some(self.now()));
    }

    /// The news of a watch, which an error ends; `None` if there are none.
    pub(crate) fn take(&mut self, watch: u32) -> Option<Result<T, E>> {
        let news = self.watches.take(watch)?;
        if news.is_err() {
            self.stop(watch);
        }
        Some(news)
    }

    /// Closes a watch; tells whether it was open.
    pub(crate) fn stop(&mut self, watch: u32) -> bool {
        self.watches.stop(watch)
    }
}
