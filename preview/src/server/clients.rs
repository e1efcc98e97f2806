//! What was taken from each browser page, so that an event that is sent again is not taken again.

use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash, Hasher};

use lapak_host::SendError;
use serde::{Deserialize, Serialize};

/// Browser pages whose events are still taken.
const MAX_CLIENTS: usize = 16;
/// Pages of long ago whose names are remembered, so that nothing more is taken from them. Past it, nothing is taken from a new
/// page either: the person starts the app again.
const MAX_SPENT: usize = 4_096;

/// The browser pages of a session, by the names that they gave themselves.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Saved", into = "Saved")]
pub(super) struct Clients {
    /// The last number taken from each, the oldest page first.
    last: VecDeque<(String, u64)>,
    /// What is left of the names of earlier ones.
    spent: Vec<u64>,
}

/// Whether an event was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// Now, or before.
    Yes,
    /// Not yet: it is to be sent again.
    Later,
    /// What was taken from this page is forgotten, and with it whether this was.
    Never,
}

impl Clients {
    /// The last number taken, 0 if none; `None` if that is forgotten.
    pub(super) fn last_taken(&self, client: &str) -> Option<u64> {
        match self.last.iter().find(|(name, _)| name == client) {
            Some((_, seq)) => Some(*seq),
            None => (!self.is_closed_to(client)).then_some(0),
        }
    }

    /// Takes the event numbered `seq` of a page, once and in order, by `send`.
    pub(super) fn take(
        &mut self,
        client: &str,
        seq: u64,
        send: impl FnOnce() -> Result<(), SendError>,
    ) -> Taken {
        let at = match self.last.iter().rposition(|(name, _)| name == client) {
            Some(at) => at,
            None if self.is_closed_to(client) => return Taken::Never,
            None => self.add(client),
        };
        let Some((_, last)) = self.last.get_mut(at) else {
            return Taken::Later;
        };
        if seq <= *last {
            return Taken::Yes;
        }
        // Something before it was not taken: the shell will send both again.
        if seq != *last + 1 {
            return Taken::Later;
        }
        match send() {
            Err(SendError::MailboxFull(_) | SendError::Overloaded(_) | SendError::Suspending) => {
                Taken::Later
            }
            // What is sent to a session that has ended needs no second try.
            Ok(()) | Err(SendError::Ended) => {
                *last = seq;
                Taken::Yes
            }
        }
    }

    fn add(&mut self, client: &str) -> usize {
        if self.last.len() >= MAX_CLIENTS
            && let Some((oldest, _)) = self.last.pop_front()
        {
            self.spent.push(rest_of(&oldest));
        }
        self.last.push_back((client.to_owned(), 0));
        self.last.len() - 1
    }

    /// Not one of those that are known, and never to be again.
    fn is_closed_to(&self, client: &str) -> bool {
        self.spent.len() >= MAX_SPENT || self.spent.contains(&rest_of(client))
    }
}

/// 64 bits of a name. Two names that share them would shut each other out, which no chance brings about.
fn rest_of(name: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    name.hash(&mut hasher);
    hasher.finish()
}

/// As it is kept over a restart. Earlier versions kept a list of names and numbers alone.
#[derive(Clone, Serialize, Deserialize)]
#[serde(untagged)]
enum Saved {
    Names(Vec<(String, u64)>),
    All {
        last: Vec<(String, u64)>,
        spent: Vec<u64>,
    },
}

impl From<Saved> for Clients {
    fn from(saved: Saved) -> Self {
        let (last, spent) = match saved {
            Saved::Names(last) => (last, Vec::new()),
            Saved::All { last, spent } => (last, spent),
        };
        Self {
            last: last.into(),
            spent,
        }
    }
}

impl From<Clients> for Saved {
    fn from(clients: Clients) -> Self {
        Self::All {
            last: clients.last.into(),
            spent: clients.spent,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sends() -> Result<(), SendError> {
        Ok(())
    }

    #[test]
    fn a_number_is_taken_once_however_many_pages_come_between() {
        let mut clients = Clients::default();
        assert_eq!(clients.take("first", 1, sends), Taken::Yes);
        for number in 0..40 {
            assert_eq!(clients.take(&format!("{number}"), 1, sends), Taken::Yes);
        }
        let again = clients.take("first", 1, || panic!("taken twice"));
        assert_eq!(again, Taken::Never);
        assert_eq!(
            clients.take("first", 2, || panic!("in order?")),
            Taken::Never
        );
        assert_eq!(clients.last_taken("first"), None);
        assert_eq!(clients.last_taken("39"), Some(1));
        assert_eq!(clients.last_taken("new"), Some(0));
        // Also by the next process.
        let text = serde_json::to_string(&clients).expect("text");
        let mut again: Clients = serde_json::from_str(&text).expect("reads");
        assert_eq!(again, clients);
        assert_eq!(again.take("first", 1, sends), Taken::Never);
    }

    #[test]
    fn the_names_of_old_pages_have_a_bound() {
        let mut clients = Clients::default();
        for number in 0..MAX_CLIENTS + MAX_SPENT {
            assert_eq!(clients.take(&format!("{number}"), 1, sends), Taken::Yes);
        }
        assert_eq!(clients.take("one more", 1, sends), Taken::Never);
        assert_eq!(clients.spent.len(), MAX_SPENT);
    }

    #[test]
    fn what_earlier_versions_kept_is_read() {
        let clients: Clients = serde_json::from_str(r#"[["one",4]]"#).expect("reads");
        assert_eq!(clients.last_taken("one"), Some(4));
    }
}
