//! What a test says that the app runs on.

use super::observed::Observed;
use super::{Capability, Host, with};
use crate::bindings::wit::lapak::app::device::{Error, Information, Screen, Theme};

pub(crate) struct Device(pub(crate) Observed<Information, Error>);

impl Default for Device {
    fn default() -> Self {
        Self(Observed::new(Ok(Information {
            brand: "Lapak".into(),
            model: "test kit".into(),
            system: "simulated 1".into(),
            locale: "en".into(),
            theme: Theme::Light,
            screen: Screen {
                width: 360,
                height: 640,
                scale: 2.0,
            },
        })))
    }
}

fn lent<T>(work: impl FnOnce(&mut Host) -> Result<T, Error>) -> Result<T, Error> {
    with(|host| match host.denies(Capability::Device) {
        true => Err(Error::AccessDenied),
        false => work(host),
    })
}

pub(crate) fn now() -> Result<Information, Error> {
    lent(|host| host.device.0.now())
}

pub(crate) fn watch() -> Result<u32, Error> {
    lent(|host| {
        let watch = host.finished_request();
        host.device.0.open(watch);
        Ok(watch)
    })
}

pub(crate) fn take(watch: u32) -> Result<Information, Error> {
    lent(|host| {
        let news = host.device.0.take(watch);
        news.unwrap_or(Err(Error::UnknownRequest))
    })
}

pub(crate) fn stop(watch: u32) -> Result<(), Error> {
    lent(|host| match host.device.0.stop(watch) {
        true => Ok(()),
        false => Err(Error::UnknownRequest),
    })
}
