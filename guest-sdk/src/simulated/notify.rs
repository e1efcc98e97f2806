//! Messages to a person who wants them all, but those that a test says they do not. The manifest's templates are not looked at.

use std::collections::{BTreeMap, BTreeSet};

use super::{Capability, Host, with};
use crate::bindings::wit::lapak::app::notify::{Answer, Error, Field};

#[derive(Default)]
pub(crate) struct Notify {
    pub(crate) refused: BTreeSet<String>,
    subscribed: BTreeSet<String>,
    pub(crate) sent: Vec<(String, Vec<(String, String)>)>,
    answers: BTreeMap<u32, Vec<Answer>>,
    done: BTreeMap<u32, Result<(), Error>>,
}

fn lent<T>(work: impl FnOnce(&mut Host) -> Result<T, Error>) -> Result<T, Error> {
    with(|host| match host.denies(Capability::Notify) {
        true => Err(Error::AccessDenied),
        false => work(host),
    })
}

pub(crate) fn subscribe(templates: &[String]) -> Result<u32, Error> {
    lent(|host| {
        if !(1..=3).contains(&templates.len()) {
            return Err(Error::Invalid);
        }
        let request = host.finished_request();
        let notify = &mut host.notify;
        let answers = templates.iter().map(|template| Answer {
            template: template.clone(),
            agreed: !notify.refused.contains(template),
        });
        let answers: Vec<Answer> = answers.collect();
        let agreed = answers.iter().filter(|answer| answer.agreed);
        notify
            .subscribed
            .extend(agreed.map(|answer| answer.template.clone()));
        notify.answers.insert(request, answers);
        Ok(request)
    })
}

pub(crate) fn take_answers(request: u32) -> Result<Vec<Answer>, Error> {
    lent(|host| {
        let answers = host.notify.answers.remove(&request);
        answers.ok_or(Error::UnknownRequest)
    })
}

pub(crate) fn send(template: &str, fields: &[Field]) -> Result<u32, Error> {
    lent(|host| {
        if fields.iter().any(|field| field.value.chars().count() > 64) {
            return Err(Error::Invalid);
        }
        let request = host.finished_request();
        let notify = &mut host.notify;
        let wanted = notify.subscribed.contains(template) && !notify.refused.contains(template);
        let done = match wanted {
            true => {
                let fields = fields.iter().cloned();
                let fields = fields.map(|field| (field.name, field.value)).collect();
                notify.sent.push((template.to_owned(), fields));
                Ok(())
            }
            false => Err(Error::AccessDenied),
        };
        notify.done.insert(request, done);
        Ok(request)
    })
}

pub(crate) fn take_done(request: u32) -> Result<(), Error> {
    lent(|host| {
        let done = host.notify.done.remove(&request);
        done.unwrap_or(Err(Error::UnknownRequest))
    })
}
