//! The network that a test says there is: it begins as Wi-Fi.

use super::observed::Observed;
use super::{Capability, Host, with};
use crate::bindings::wit::lapak::app::network::{Error, Kind, Status};

pub(crate) struct Network(pub(crate) Observed<Status, Error>);

impl Default for Network {
    fn default() -> Self {
        Self(Observed::new(Ok(Status {
            kind: Kind::Wifi,
            metered: false,
        })))
    }
}

fn lent<T>(work: impl FnOnce(&mut Host) -> Result<T, Error>) -> Result<T, Error> {
    with(|host| match host.denies(Capability::Network) {
        true => Err(Error::AccessDenied),
        false => work(host),
    })
}

pub(crate) fn now() -> Result<Status, Error> {
    lent(|host| host.network.0.now())
}

pub(crate) fn watch() -> Result<u32, Error> {
    lent(|host| {
        let watch = host.finished_request();
        host.network.0.open(watch);
        Ok(watch)
    })
}

pub(crate) fn take(watch: u32) -> Result<Status, Error> {
    lent(|host| {
        let news = host.network.0.take(watch);
        news.unwrap_or(Err(Error::UnknownRequest))
    })
}

pub(crate) fn stop(watch: u32) -> Result<(), Error> {
    lent(|host| match host.network.0.stop(watch) {
        true => Ok(()),
        false => Err(Error::UnknownRequest),
    })
}
