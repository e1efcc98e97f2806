//! What a test says that servers answer.

use std::collections::BTreeMap;

use super::{Capability, with};
use crate::bindings::wit::lapak::app::fetch::{Error, Header, Request, Response};

#[derive(Default)]
pub(crate) struct Fetch {
    answers: BTreeMap<String, Result<Response, Error>>,
    pub(crate) sent: Vec<Request>,
    came: BTreeMap<u32, Result<Response, Error>>,
}

impl Fetch {
    /// From now on a URL answers this.
    pub(crate) fn answer(&mut self, url: &str, status: u16, body: &[u8]) {
        let response = Response {
            status,
            headers: vec![Header {
                name: "content-length".to_owned(),
                value: body.len().to_string(),
            }],
            body: body.to_vec(),
            url: url.to_owned(),
        };
        self.answers.insert(url.to_owned(), Ok(response));
    }
}

fn lent<T>(work: impl FnOnce(&mut super::Host) -> Result<T, Error>) -> Result<T, Error> {
    with(|host| match host.denies(Capability::Fetch) {
        true => Err(Error::AccessDenied),
        false => work(host),
    })
}

pub(crate) fn send(request: &Request) -> Result<u32, Error> {
    lent(|host| {
        let rest = request.url.strip_prefix("https://");
        if rest.ok_or(Error::AccessDenied)?.is_empty() {
            return Err(Error::Invalid);
        }
        let id = host.finished_request();
        let fetch = &mut host.fetch;
        let answer = fetch.answers.get(&request.url).cloned();
        fetch
            .came
            .insert(id, answer.unwrap_or(Err(Error::Unavailable)));
        fetch.sent.push(request.clone());
        Ok(id)
    })
}

pub(crate) fn take(request: u32) -> Result<Response, Error> {
    lent(|host| {
        let came = host.fetch.came.remove(&request);
        came.unwrap_or(Err(Error::UnknownRequest))
    })
}
