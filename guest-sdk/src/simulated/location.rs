//! Where a test says the device is.

use std::collections::BTreeMap;

use super::watches::Watches;
use super::{Capability, with};
use crate::bindings::wit::lapak::app::location::{Accuracy, Error, Position};

type News = Result<Position, Error>;

#[derive(Default)]
pub(crate) struct Location {
    at: Option<Position>,
    found: BTreeMap<u32, News>,
    watches: Watches<News>,
}

impl Location {
    /// Moves the device; gives the watches whose app must be told.
    pub(crate) fn set(&mut self, at: Option<Position>) -> Vec<u32> {
        self.at = at;
        let news = self.news();
        self.watches.news(&news)
    }

    fn news(&self) -> News {
        self.at.ok_or(Error::Unavailable)
    }
}

fn lent<T>(work: impl FnOnce(&mut super::Host) -> Result<T, Error>) -> Result<T, Error> {
    with(|host| match host.denies(Capability::Location) {
        true => Err(Error::AccessDenied),
        false => work(host),
    })
}

pub(crate) fn once(_accuracy: Accuracy) -> Result<u32, Error> {
    lent(|host| {
        let request = host.finished_request();
        let news = host.location.news();
        host.location.found.insert(request, news);
        Ok(request)
    })
}

pub(crate) fn watch(_accuracy: Accuracy, metres: f64) -> Result<u32, Error> {
    lent(|host| {
        if !(metres.is_finite() && metres >= 0.0) {
            return Err(Error::Invalid);
        }
        let request = host.watch_request();
        let news = host.location.at.map(Ok);
        if news.is_some() {
            host.waiting.push_back(request);
        }
        host.location.watches.open(request, news);
        Ok(request)
    })
}

pub(crate) fn take(request: u32) -> Result<Position, Error> {
    lent(|host| {
        let location = &mut host.location;
        let found = location.found.remove(&request);
        let news = found.or_else(|| location.watches.take(request));
        let news = news.unwrap_or(Err(Error::UnknownRequest));
        if news == Err(Error::Unavailable) {
            location.watches.stop(request);
        }
        news
    })
}

pub(crate) fn stop(watch: u32) -> Result<(), Error> {
    lent(|host| match host.location.watches.stop(watch) {
        true => Ok(()),
        false => Err(Error::UnknownRequest),
    })
}
