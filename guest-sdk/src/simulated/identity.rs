//! Who a test says the person is. They agree to tell what the test says that they tell.

use std::collections::BTreeMap;

use super::{Capability, Host, with};
use crate::bindings::wit::lapak::app::identity::{Claim, Claimed, Error, Login};

#[derive(Default)]
pub(crate) struct Identity {
    told: Vec<Claimed>,
    /// The person tells nothing any more.
    pub(crate) is_silent: bool,
    logins: BTreeMap<u32, Result<Login, Error>>,
    claims: BTreeMap<u32, Result<Vec<Claimed>, Error>>,
}

impl Identity {
    /// The person tells this when they are asked for it.
    pub(crate) fn tell(&mut self, claim: Claim, value: &str) {
        self.told.retain(|told| told.claim != claim);
        let value = value.to_owned();
        self.told.push(Claimed { claim, value });
    }

    fn agrees<T>(&self, told: T) -> Result<T, Error> {
        match self.is_silent {
            true => Err(Error::AccessDenied),
            false => Ok(told),
        }
    }
}

fn lent<T>(work: impl FnOnce(&mut Host) -> Result<T, Error>) -> Result<T, Error> {
    with(|host| match host.denies(Capability::Identity) {
        true => Err(Error::AccessDenied),
        false => work(host),
    })
}

pub(crate) fn log_on() -> Result<u32, Error> {
    lent(|host| {
        let request = host.finished_request();
        let login = host.identity.agrees(Login {
            subject: "person".to_owned(),
            code: format!("code-{request}"),
        });
        host.identity.logins.insert(request, login);
        Ok(request)
    })
}

pub(crate) fn take_login(request: u32) -> Result<Login, Error> {
    lent(|host| {
        let login = host.identity.logins.remove(&request);
        login.unwrap_or(Err(Error::UnknownRequest))
    })
}

pub(crate) fn claims(wanted: &[Claim]) -> Result<u32, Error> {
    lent(|host| {
        let is_twice =
            |(at, claim): (usize, &Claim)| wanted.iter().take(at).any(|one| one == claim);
        if wanted.is_empty() || wanted.iter().enumerate().any(is_twice) {
            return Err(Error::Invalid);
        }
        let request = host.finished_request();
        let told = host.identity.told.iter();
        let told = told.filter(|told| wanted.contains(&told.claim)).cloned();
        let claims = host.identity.agrees(told.collect());
        host.identity.claims.insert(request, claims);
        Ok(request)
    })
}

pub(crate) fn take_claims(request: u32) -> Result<Vec<Claimed>, Error> {
    lent(|host| {
        let claims = host.identity.claims.remove(&request);
        claims.unwrap_or(Err(Error::UnknownRequest))
    })
}
