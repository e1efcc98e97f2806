//! Watches of the simulated host: each has the latest news until it is taken.

use std::collections::BTreeMap;

use super::Host;

/// The open watches of one capability.
pub(crate) struct Watches<T> {
    open: BTreeMap<u32, Option<T>>,
}

impl<T> Default for Watches<T> {
    fn default() -> Self {
        Self {
            open: BTreeMap::new(),
        }
    }
}

impl<T: Clone> Watches<T> {
    /// Opens one, which has news at once if there is something to tell.
    pub(crate) fn open(&mut self, request: u32, news: Option<T>) {
        self.open.insert(request, news);
    }

    /// News for all of them. Gives those whose app must be told: they had none that wait.
    pub(crate) fn news(&mut self, news: &T) -> Vec<u32> {
        let told = self.open.iter_mut().filter_map(|(request, waiting)| {
            let had = waiting.replace(news.clone()).is_some();
            (!had).then_some(*request)
        });
        told.collect()
    }

    /// Takes the news of one.
    pub(crate) fn take(&mut self, request: u32) -> Option<T> {
        self.open.get_mut(&request)?.take()
    }

    /// Closes one; tells whether it was open.
    pub(crate) fn stop(&mut self, request: u32) -> bool {
        self.open.remove(&request).is_some()
    }
}

impl Host {
    /// An id for a watch.
    pub(crate) fn watch_request(&mut self) -> u32 {
        self.requests += 1;
        self.requests
    }
}
