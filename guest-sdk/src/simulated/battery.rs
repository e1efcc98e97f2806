//! The battery that a test says the device has: it begins at 80 percent, not charging.

use super::observed::Observed;
use super::{Capability, Host, with};
use crate::bindings::wit::lapak::app::battery::{Error, Status};

pub(crate) struct Battery(pub(crate) Observed<Status, Error>);

impl Default for Battery {
    fn default() -> Self {
        Self(Observed::new(Ok(Status {
            percent: 80,
            charging: false,
        })))
    }
}

fn lent<T>(work: impl FnOnce(&mut Host) -> Result<T, Error>) -> Result<T, Error> {
    with(|host| match host.denies(Capability::Battery) {
        true => Err(Error::AccessDenied),
        false => work(host),
    })
}

pub(crate) fn now() -> Result<Status, Error> {
    lent(|host| host.battery.0.now())
}

pub(crate) fn watch() -> Result<u32, Error> {
    lent(|host| {
        let watch = host.finished_request();
        host.battery.0.open(watch);
        Ok(watch)
    })
}

pub(crate) fn take(watch: u32) -> Result<Status, Error> {
    lent(|host| {
        let news = host.battery.0.take(watch);
        news.unwrap_or(Err(Error::UnknownRequest))
    })
}

pub(crate) fn stop(watch: u32) -> Result<(), Error> {
    lent(|host| match host.battery.0.stop(watch) {
        true => Ok(()),
        false => Err(Error::UnknownRequest),
    })
}
