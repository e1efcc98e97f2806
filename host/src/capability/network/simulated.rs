//! Networks that are as they are told to be.
//!
//! Differs from real ones in that of all that comes and goes only fetches feel it. Those that were never told are Wi-Fi.

use std::time::Duration;

use super::{Changed, Kind, NetworkProvider, Status, Unknown};
use crate::capability::storage::Owner;
use crate::flights::Stop;
use crate::simulated::{Part, PerPerson, Watched};

const FIRST: Status = Status {
    kind: Kind::Wifi,
    metered: false,
};

/// The longest that an answer is held back, in milliseconds.
const SLOWEST_MS: u64 = 60_000;

/// A network for each person.
pub struct SimulatedNetwork {
    networks: Watched<Result<Status, Unknown>>,
    delays: PerPerson<Duration>,
}

impl Default for SimulatedNetwork {
    fn default() -> Self {
        Self {
            networks: Watched::new(Ok(FIRST)),
            delays: PerPerson::default(),
        }
    }
}

impl SimulatedNetwork {
    /// Sets a person's; an error ends its watches.
    pub fn set(&self, person: &str, now: Result<Status, Unknown>) {
        self.networks.set(person, now);
    }

    /// What a person's is.
    ///
    /// # Errors
    /// [`Unknown`], if it was set to that.
    pub fn of(&self, person: &str) -> Result<Status, Unknown> {
        self.networks.of(person)
    }
}

impl SimulatedNetwork {
    /// Nothing comes or goes.
    #[must_use]
    pub fn is_off(&self, person: &str) -> bool {
        matches!(self.of(person), Ok(status) if status.kind == Kind::None)
    }

    /// How long whatever is asked over a person's takes at least.
    #[must_use]
    pub fn delay(&self, person: &str) -> Duration {
        self.delays.with(person, |delay| *delay)
    }
}

/// Every kind, by the word that people set it with.
const KINDS: [(&str, Kind); 5] = [
    ("off", Kind::None),
    ("wifi", Kind::Wifi),
    ("cellular", Kind::Cellular),
    ("ethernet", Kind::Ethernet),
    ("other", Kind::Other),
];

impl Part for SimulatedNetwork {
    fn set(&self, person: &str, words: &[&str]) -> Result<(), String> {
        const USAGE: &str = "network wifi|cellular|ethernet|other [metered] [slow MILLISECONDS]; network off; or \
                             network unknown";
        let (word, how) = words.split_first().ok_or(USAGE)?;
        let (metered, slow) = match how {
            ["metered", slow @ ..] => (true, slow),
            slow => (false, slow),
        };
        let delay_ms = match slow {
            [] => 0,
            ["slow", delay_ms] => delay_ms.parse().map_err(|_| USAGE)?,
            _ => return Err(USAGE.into()),
        };
        let now = match KINDS.iter().find(|(one, _)| one == word) {
            Some((_, kind)) if *kind != Kind::None || how.is_empty() => Ok(Status {
                kind: *kind,
                metered,
            }),
            None if *word == "unknown" && how.is_empty() => Err(Unknown),
            _ => return Err(USAGE.into()),
        };
        let slowest = Duration::from_millis(SLOWEST_MS.min(delay_ms));
        self.delays.with(person, |delay| *delay = slowest);
        Self::set(self, person, now);
        Ok(())
    }

    fn shown(&self, person: &str) -> serde_json::Value {
        let word = |kind| KINDS.iter().find(|(_, one)| *one == kind);
        self.of(person).map_or(serde_json::Value::Null, |status| {
            let kind = word(status.kind).map(|(word, _)| *word);
            let mut shown = serde_json::json!({ "kind": kind, "metered": status.metered });
            let delay = self.delay(person);
            if !delay.is_zero() {
                shown["delay_ms"] = serde_json::json!(delay.as_millis());
            }
            shown
        })
    }
}

impl NetworkProvider for SimulatedNetwork {
    fn now(&self, of: &Owner) -> Result<Status, Unknown> {
        self.of(&of.person)
    }

    fn watch(&self, of: &Owner, changed: Changed) -> Stop {
        self.networks.watch(&of.person, changed)
    }
}

impl std::fmt::Debug for SimulatedNetwork {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SimulatedNetwork").finish_non_exhaustive()
    }
}
