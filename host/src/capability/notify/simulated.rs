//! Messages that are put on a list.
//!
//! Differs from a real provider in that nobody is told of them, and that they are there at once. The last 100 of a person are
//! kept.

use std::sync::Arc;

use lapak_ledger::SystemClock;

use super::{Delivered, Message, NotDelivered, Notifications, NotifyProvider};
use crate::capability::storage::Owner;
use crate::simulated::{Part, PerPerson};

const MOST_KEPT: usize = 100;

/// Behind the same limit as a real provider, by this machine's clock.
#[must_use]
pub fn behind_a_limit(provider: Arc<SimulatedNotify>) -> Arc<Notifications> {
    Notifications::new(provider, Arc::new(SystemClock))
}

/// A list for each person.
#[derive(Default)]
pub struct SimulatedNotify {
    people: PerPerson<Person>,
}

#[derive(Default)]
struct Person {
    is_off: bool,
    messages: Vec<Message>,
}

impl SimulatedNotify {
    /// The messages that a person got, oldest first.
    #[must_use]
    pub fn messages(&self, person: &str) -> Vec<Message> {
        self.people.with(person, |person| person.messages.clone())
    }
}

impl Part for SimulatedNotify {
    fn set(&self, person: &str, words: &[&str]) -> Result<(), String> {
        self.people.with(person, |person| {
            match words {
                ["off"] => person.is_off = true,
                ["on"] => person.is_off = false,
                ["clear"] => person.messages.clear(),
                _ => return Err("notify off, notify on; notify clear".into()),
            }
            Ok(())
        })
    }

    fn shown(&self, person: &str) -> serde_json::Value {
        self.people.with(person, |person| {
            let messages = person.messages.iter().map(|message| {
                serde_json::json!({
                    "app": message.app_name("en"),
                    "template": message.template(),
                    "title": message.title("en"),
                    "text": message.text("en"),
                })
            });
            let messages: Vec<_> = messages.collect();
            serde_json::json!({ "on": !person.is_off, "messages": messages })
        })
    }
}

impl NotifyProvider for SimulatedNotify {
    fn deliver(&self, of: &Owner, message: Message, delivered: Delivered) {
        let done = self.people.with(&of.person, |person| {
            if person.is_off {
                return Err(NotDelivered("switched off".into()));
            }
            if person.messages.len() >= MOST_KEPT {
                person.messages.remove(0);
            }
            person.messages.push(message);
            Ok(())
        });
        delivered(done);
    }
}

impl std::fmt::Debug for SimulatedNotify {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SimulatedNotify").finish_non_exhaustive()
    }
}
