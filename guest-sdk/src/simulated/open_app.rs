//! Other apps, as a test says.
//!
//! Differs from a host: whether the app handles a tap is not looked at.

use std::collections::BTreeMap;

use super::{Capability, with};
use crate::bindings::wit::lapak::app::open_app::Error;

#[derive(Default)]
pub(crate) struct OpenApp {
    /// What the person is asked, and under which id.
    pub(crate) asked: Option<(u32, String)>,
    outcomes: BTreeMap<u32, Result<(), Error>>,
}

impl OpenApp {
    /// The person answers; gives the request whose app must be told.
    pub(crate) fn answer(&mut self, opened: bool) -> Option<u32> {
        let (request, _) = self.asked.take()?;
        let outcome = match opened {
            true => Ok(()),
            false => Err(Error::NotOpened),
        };
        self.outcomes.insert(request, outcome);
        Some(request)
    }
}

fn lent<T>(work: impl FnOnce(&mut super::Host) -> Result<T, Error>) -> Result<T, Error> {
    with(|host| match host.denies(Capability::OpenApp) {
        true => Err(Error::AccessDenied),
        false => work(host),
    })
}

pub(crate) fn open(uri: &str) -> Result<u32, Error> {
    lent(|host| {
        if uri.parse::<lapak_abi::address::MiniAppUri>().is_err() {
            return Err(Error::Invalid);
        }
        if host.open_app.asked.is_some() {
            return Err(Error::TooManyRequests);
        }
        host.requests += 1;
        host.open_app.asked = Some((host.requests, uri.to_owned()));
        Ok(host.requests)
    })
}

pub(crate) fn take(request: u32) -> Result<(), Error> {
    lent(|host| {
        let taken = host.open_app.outcomes.remove(&request);
        taken.unwrap_or(Err(Error::UnknownRequest))
    })
}
