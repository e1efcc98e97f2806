//! How many sessions a person, an address and everybody together may have open.
//!
//! Nobody's launch ends anybody else's session. Who has too many closes their own, the one that they have not looked at for
//! longest first; who has none to close is told so. What nobody has ever looked at makes room for whoever comes from the same
//! address, since a browser looks at a page as soon as it has it.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use lapak_host::LaunchError;

use super::sessions::OpenSession;
use crate::serve::network;

/// How long a session may be open before a browser looks at it.
pub(super) const UNSEEN: Duration = Duration::from_secs(60);

/// Sessions that a person whom the server knows may have open although their address has as many as it may: others at the address
/// do not shut them out.
const OF_KNOWN: usize = 5;

/// Who wants a session opened, and from where.
#[derive(Clone, Copy, Debug)]
pub(super) struct Comer {
    /// The address, as far as that is known.
    pub(super) from: Option<IpAddr>,
    /// They came with a cookie that this server issued before.
    pub(super) is_known: bool,
}

/// How many sessions may be open at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionQuotas {
    /// Of everybody together.
    pub open: usize,
    /// Of one person.
    pub of_person: usize,
    /// Opened from one address; with IPv6 from one network of 2^64. People without a cookie are new each time, so they are
    /// counted by this. Who comes back may have a few more; with those, an address has twice as many at most.
    pub of_address: usize,
}

impl Default for SessionQuotas {
    fn default() -> Self {
        Self {
            open: 100_000,
            of_person: 100,
            of_address: 1_000,
        }
    }
}

/// Why no session is opened.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotOpened {
    #[error(
        "{0} apps are open for you already, and all of them are on show: close one, and try again."
    )]
    Person(usize),
    #[error("{0} apps were opened from your address already: close one, or try again later.")]
    Address(usize),
    #[error("As many apps are open here as there may be: try again later.")]
    Full,
    #[error(transparent)]
    Launch(#[from] LaunchError),
}

impl NotOpened {
    pub(super) fn status(&self) -> StatusCode {
        match self {
            Self::Person(_) | Self::Address(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Full | Self::Launch(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

/// Every open session, by its token, its person and the address that it was opened from.
#[derive(Debug, Default)]
pub(super) struct Index {
    by_token: HashMap<String, Arc<OpenSession>>,
    of_person: HashMap<String, Vec<Arc<OpenSession>>>,
    of_address: HashMap<IpAddr, Vec<Arc<OpenSession>>>,
}

impl Index {
    pub(super) fn find(&self, token: &str) -> Option<&Arc<OpenSession>> {
        self.by_token.get(token)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Arc<OpenSession>> {
        self.by_token.values()
    }

    pub(super) fn put(&mut self, open: Arc<OpenSession>) {
        let person = open.start.person.clone();
        self.of_person.entry(person).or_default().push(open.clone());
        if let Some(from) = open.from {
            let of_address = self.of_address.entry(network(from)).or_default();
            of_address.push(open.clone());
        }
        self.by_token.insert(open.token.clone(), open);
    }

    pub(super) fn remove(&mut self, open: &Arc<OpenSession>) {
        self.by_token.remove(&open.token);
        take_out(&mut self.of_person, &open.start.person, open);
        if let Some(from) = open.from {
            take_out(&mut self.of_address, &network(from), open);
        }
    }

    /// Whether one more may be opened; which one has to be closed for it.
    pub(super) fn room(
        &self,
        quotas: SessionQuotas,
        person: &str,
        comer: Comer,
    ) -> Result<Option<Arc<OpenSession>>, NotOpened> {
        let own = self.of_person.get(person).map_or(0, Vec::len);
        if own >= quotas.of_person {
            return self
                .forgotten(person)
                .map(Some)
                .ok_or(NotOpened::Person(own));
        }
        let of_address = comer
            .from
            .and_then(|from| self.of_address.get(&network(from)));
        // Cookies cost nothing, so even with those who come back an address has an end.
        let most = match comer.is_known && own < OF_KNOWN {
            true => quotas.of_address.saturating_mul(2),
            false => quotas.of_address,
        };
        if let Some(here) = of_address.filter(|here| here.len() >= most) {
            let unseen = here.iter().find(|open| open.was_never_seen());
            let closed = unseen.cloned().or_else(|| self.forgotten(person));
            return closed.map(Some).ok_or(NotOpened::Address(here.len()));
        }
        if self.by_token.len() >= quotas.open {
            return self.forgotten(person).map(Some).ok_or(NotOpened::Full);
        }
        Ok(None)
    }

    /// The session that this person has not looked at for longest, unless a browser shows it.
    pub(super) fn forgotten(&self, person: &str) -> Option<Arc<OpenSession>> {
        let own = self.of_person.get(person)?.iter();
        let unwatched = own.filter(|open| !open.is_watched());
        unwatched.min_by_key(|open| open.last_seen()).cloned()
    }
}

fn take_out<K: std::hash::Hash + Eq>(
    of: &mut HashMap<K, Vec<Arc<OpenSession>>>,
    key: &K,
    open: &Arc<OpenSession>,
) {
    let Some(all) = of.get_mut(key) else {
        return;
    };
    all.retain(|one| !Arc::ptr_eq(one, open));
    if all.is_empty() {
        of.remove(key);
    }
}
