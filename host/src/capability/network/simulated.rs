//! Networks that are as they are told to be.
//!
//! Differs from real ones in that being offline keeps nothing from coming or going. Those that were never told are Wi-Fi.

use super::{Changed, Kind, NetworkProvider, Status, Unknown};
use crate::capability::storage::Owner;
use crate::flights::Stop;
use crate::simulated::{Part, Watched};

const FIRST: Status = Status {
    kind: Kind::Wifi,
    metered: false,
};

/// A network for each person.
#[derive(Debug)]
pub struct SimulatedNetwork {
    networks: Watched<Result<Status, Unknown>>,
}

impl Default for SimulatedNetwork {
    fn default() -> Self {
        Self {
            networks: Watched::new(Ok(FIRST)),
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
        const USAGE: &str =
            "network wifi|cellular|ethernet|other [metered]; or network off; or network unknown";
        let (word, metered) = match words {
            ["unknown"] => {
                Self::set(self, person, Err(Unknown));
                return Ok(());
            }
            [kind] => (kind, false),
            [kind, "metered"] => (kind, true),
            _ => return Err(USAGE.into()),
        };
        let (_, kind) = KINDS.iter().find(|(one, _)| one == word).ok_or(USAGE)?;
        let kind = *kind;
        Self::set(self, person, Ok(Status { kind, metered }));
        Ok(())
    }

    fn shown(&self, person: &str) -> serde_json::Value {
        let word = |kind| KINDS.iter().find(|(_, one)| *one == kind);
        self.of(person).map_or(serde_json::Value::Null, |status| {
            let kind = word(status.kind).map(|(word, _)| *word);
            serde_json::json!({ "kind": kind, "metered": status.metered })
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
