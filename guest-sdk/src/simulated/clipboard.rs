//! The clipboard of a test: empty at first.

use std::collections::{BTreeMap, BTreeSet};

use super::{Capability, Host, with};
use crate::bindings::wit::lapak::app::clipboard::Error;

const MOST_BYTES: usize = 64 * 1024;

#[derive(Default)]
pub(crate) struct Clipboard {
    pub(crate) text: Option<String>,
    read: BTreeMap<u32, Option<String>>,
    written: BTreeSet<u32>,
}

fn lent<T>(work: impl FnOnce(&mut Host) -> Result<T, Error>) -> Result<T, Error> {
    with(|host| match host.denies(Capability::Clipboard) {
        true => Err(Error::AccessDenied),
        false => work(host),
    })
}

pub(crate) fn read() -> Result<u32, Error> {
    lent(|host| {
        let request = host.finished_request();
        let text = host.clipboard.text.clone();
        let text = text.filter(|text| text.len() <= MOST_BYTES);
        host.clipboard.read.insert(request, text);
        Ok(request)
    })
}

pub(crate) fn take_text(request: u32) -> Result<Option<String>, Error> {
    lent(|host| {
        let text = host.clipboard.read.remove(&request);
        text.ok_or(Error::UnknownRequest)
    })
}

pub(crate) fn write(text: &str) -> Result<u32, Error> {
    lent(|host| {
        if text.len() > MOST_BYTES {
            return Err(Error::TooLarge);
        }
        let request = host.finished_request();
        host.clipboard.text = Some(text.to_owned());
        host.clipboard.written.insert(request);
        Ok(request)
    })
}

pub(crate) fn take_done(request: u32) -> Result<(), Error> {
    lent(|host| match host.clipboard.written.remove(&request) {
        true => Ok(()),
        false => Err(Error::UnknownRequest),
    })
}
