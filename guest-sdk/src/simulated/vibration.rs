//! What an app under test has asked for, in milliseconds.

use super::{Capability, Host, with};
use crate::bindings::wit::lapak::app::vibration::Error;

const MOST_MS: u32 = 5_000;

#[derive(Default)]
pub(crate) struct Vibration(pub(crate) Vec<u32>);

fn lent<T>(work: impl FnOnce(&mut Host) -> Result<T, Error>) -> Result<T, Error> {
    with(|host| match host.denies(Capability::Vibration) {
        true => Err(Error::AccessDenied),
        false => work(host),
    })
}

pub(crate) fn vibrate(milliseconds: u32) -> Result<(), Error> {
    lent(|host| {
        if milliseconds == 0 || milliseconds > MOST_MS {
            return Err(Error::Invalid);
        }
        host.vibration.0.push(milliseconds);
        Ok(())
    })
}

pub(crate) fn stop() -> Result<(), Error> {
    lent(|_| Ok(()))
}
