//! A network where every answer is written down beforehand.
//!
//! Differs from a real one in that there are no names, certificates and connections: a URL has its answer at once, the same
//! each time, or there is none and it is unavailable.

use std::collections::BTreeMap;

use super::{Exchange, FetchError, FetchProvider, Replied, Reply};
use crate::capability::storage::Owner;
use crate::flights::Stop;
use crate::simulated::{Part, PerPerson};

/// Answers for each person.
#[derive(Default)]
pub struct SimulatedFetch {
    networks: PerPerson<Network>,
}

#[derive(Default)]
struct Network {
    is_down: bool,
    answers: BTreeMap<String, Written>,
    asked: Vec<Exchange>,
}

/// What a URL answers.
#[derive(Clone, Debug)]
enum Written {
    Reply(Reply),
    /// Nothing, ever.
    Silence,
}

/// The last exchanges that are kept to be looked at.
const MOST_ASKED: usize = 100;

impl SimulatedFetch {
    /// What a URL answers a person from now on.
    pub fn answer(&self, person: &str, url: &str, reply: Reply) {
        self.write(person, url, Written::Reply(reply));
    }

    /// Puts a person's network up or down: while it is down everything is unavailable.
    pub fn set_online(&self, person: &str, is_online: bool) {
        self.networks
            .with(person, |network| network.is_down = !is_online);
    }

    /// What was asked of a person's network, the last 100.
    #[must_use]
    pub fn asked(&self, person: &str) -> Vec<Exchange> {
        self.networks.with(person, |network| network.asked.clone())
    }

    fn write(&self, person: &str, url: &str, written: Written) {
        self.networks.with(person, |network| {
            network.answers.insert(url.to_owned(), written);
        });
    }
}

impl Part for SimulatedFetch {
    fn set(&self, person: &str, words: &[&str]) -> Result<(), String> {
        const USAGE: &str = "fetch URL STATUS [BODY…] (of a redirect, the body is where it leads); fetch URL never; \
                             fetch off, fetch on";
        match words {
            ["on"] => self.set_online(person, true),
            ["off"] => self.set_online(person, false),
            [url, "never"] => self.write(person, url, Written::Silence),
            [url, status, body @ ..] => {
                let status = status.parse().ok();
                let status = status.filter(|status| (200..=599).contains(status));
                let status: u16 = status.ok_or(USAGE)?;
                let body = body.join(" ");
                let (name, value) = match status {
                    300..=399 => ("location", body.clone()),
                    _ => ("content-type", "text/plain".to_owned()),
                };
                let reply = Reply {
                    status,
                    headers: vec![(name.to_owned(), value)],
                    body: body.into_bytes(),
                };
                self.answer(person, url, reply);
            }
            _ => return Err(USAGE.into()),
        }
        Ok(())
    }

    fn shown(&self, person: &str) -> serde_json::Value {
        self.networks.with(person, |network| {
            let answers = network.answers.iter().map(|(url, written)| {
                let status = match written {
                    Written::Reply(reply) => reply.status.into(),
                    Written::Silence => "never".into(),
                };
                (url.clone(), status)
            });
            let answers: serde_json::Map<String, serde_json::Value> = answers.collect();
            serde_json::json!({ "online": !network.is_down, "answers": answers })
        })
    }
}

impl SimulatedFetch {
    /// Writes down that something was asked, and gives what was written down for it; `None`: nothing.
    fn asked_for(&self, of: &Owner, exchange: &Exchange) -> Result<Option<Written>, FetchError> {
        self.networks.with(&of.person, |network| {
            if network.asked.len() >= MOST_ASKED {
                network.asked.remove(0);
            }
            network.asked.push(exchange.clone());
            match network.is_down {
                true => Err(FetchError::Unavailable("switched off".into())),
                false => Ok(network.answers.get(&exchange.url).cloned()),
            }
        })
    }

    /// Answers what is written down; the rest is asked `beyond`.
    pub(super) fn answer_or(
        &self,
        of: &Owner,
        exchange: Exchange,
        replied: Replied,
        beyond: Option<&dyn FetchProvider>,
    ) -> Stop {
        match (self.asked_for(of, &exchange), beyond) {
            (Ok(Some(Written::Reply(reply))), _) => replied(Ok(reply)),
            (Ok(Some(Written::Silence)), _) => return Box::new(replied),
            (Ok(None), Some(beyond)) => return beyond.exchange(of, exchange, replied),
            (Ok(None), None) => replied(Err(FetchError::Unavailable(format!(
                "nobody wrote down what {} answers",
                exchange.url
            )))),
            (Err(error), _) => replied(Err(error)),
        }
        Box::new(())
    }
}

impl FetchProvider for SimulatedFetch {
    fn exchange(&self, of: &Owner, exchange: Exchange, replied: Replied) -> Stop {
        self.answer_or(of, exchange, replied, None)
    }
}

impl std::fmt::Debug for SimulatedFetch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SimulatedFetch").finish_non_exhaustive()
    }
}
