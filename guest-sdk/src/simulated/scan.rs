//! The codes that a test shows to the scanner.
//!
//! Differs from a host: no picture is looked at. What `read` finds in one is what the test has said that the next is.

use std::collections::{BTreeMap, VecDeque};

use super::{Capability, with};
use crate::bindings::wit::lapak::app::scan::{Code, Error, Symbology};

type Read = Result<Option<Code>, Error>;

#[derive(Default)]
pub(crate) struct Scan {
    /// Scanners that are open, and what they look for.
    open: Vec<(u32, Vec<Symbology>)>,
    /// In front of the scanner before one is open.
    shown: Option<Code>,
    /// What the next pictures say.
    pub(crate) pictures: VecDeque<Option<Code>>,
    read: BTreeMap<u32, Read>,
}

impl Scan {
    /// Shows a code to whatever scanner is open, or opens next. Gives the requests whose app must be told.
    pub(crate) fn show(&mut self, code: Code) -> Vec<u32> {
        if self.open.is_empty() {
            self.shown = Some(code);
            return Vec::new();
        }
        let mut told = Vec::new();
        self.open.retain(|(request, kinds)| {
            let seen = wanted(kinds, &code);
            if seen {
                self.read.insert(*request, Ok(Some(code.clone())));
                told.push(*request);
            }
            !seen
        });
        told
    }

    /// The person closes the scanner. Gives the requests whose app must be told.
    pub(crate) fn close(&mut self) -> Vec<u32> {
        let closed = std::mem::take(&mut self.open).into_iter();
        let closed: Vec<_> = closed.map(|(request, _)| request).collect();
        for request in &closed {
            self.read.insert(*request, Err(Error::Cancelled));
        }
        closed
    }

    pub(crate) fn is_open(&self) -> bool {
        !self.open.is_empty()
    }
}

fn wanted(kinds: &[Symbology], code: &Code) -> bool {
    kinds.is_empty() || kinds.contains(&code.symbology)
}

fn lent<T>(work: impl FnOnce(&mut super::Host) -> Result<T, Error>) -> Result<T, Error> {
    with(|host| match host.denies(Capability::Scan) {
        true => Err(Error::AccessDenied),
        false => work(host),
    })
}

pub(crate) fn scan(kinds: &[Symbology]) -> Result<u32, Error> {
    lent(|host| {
        if host.scan.is_open() {
            return Err(Error::TooManyRequests);
        }
        host.requests += 1;
        host.scan.open.push((host.requests, kinds.to_vec()));
        if let Some(shown) = host.scan.shown.take() {
            let told = host.scan.show(shown);
            host.waiting.extend(told);
        }
        Ok(host.requests)
    })
}

pub(crate) fn read(picture: &[u8], kinds: &[Symbology]) -> Result<u32, Error> {
    const MOST: usize = 4 << 20;
    lent(|host| {
        let is_picture = picture.starts_with(b"\x89PNG") || picture.starts_with(b"\xff\xd8");
        if !is_picture || picture.len() > MOST {
            return Err(Error::Invalid);
        }
        let request = host.finished_request();
        let says = host.scan.pictures.pop_front().flatten();
        let says = says.filter(|code| wanted(kinds, code));
        host.scan.read.insert(request, Ok(says));
        Ok(request)
    })
}

pub(crate) fn take(request: u32) -> Read {
    lent(|host| {
        let read = host.scan.read.remove(&request);
        read.unwrap_or(Err(Error::UnknownRequest))
    })
}
