//! A phone that says it has opened what it was asked to.
//!
//! Differs from a real one in that nothing is opened: which apps there are is what it was told, every one at first, and what was
//! opened is only remembered.

use lapak_abi::address::MiniAppUri;

use super::{NotOpened, OpenAppProvider, Opened};
use crate::capability::storage::Owner;
use crate::simulated::{Part, PerPerson};

/// URIs that are remembered of each person, the last ones.
const REMEMBERED: usize = 100;

/// The apps of each person.
#[derive(Default)]
pub struct SimulatedApps {
    people: PerPerson<Apps>,
}

#[derive(Default)]
struct Apps {
    /// By their ids; `None`: every one.
    installed: Option<Vec<String>>,
    opened: Vec<String>,
}

impl SimulatedApps {
    /// What was opened for a person, the latest last.
    #[must_use]
    pub fn opened(&self, person: &str) -> Vec<String> {
        self.people.with(person, |apps| apps.opened.clone())
    }
}

impl Part for SimulatedApps {
    fn set(&self, person: &str, words: &[&str]) -> Result<(), String> {
        const USAGE: &str =
            "open-app only ID …, the apps that there are; open-app none; or open-app any";
        let installed = match words {
            ["any"] => None,
            ["none"] => Some(Vec::new()),
            ["only", ids @ ..] if !ids.is_empty() => {
                Some(ids.iter().map(|&id| id.to_owned()).collect())
            }
            _ => return Err(USAGE.into()),
        };
        self.people.with(person, |apps| apps.installed = installed);
        Ok(())
    }

    fn shown(&self, person: &str) -> serde_json::Value {
        self.people.with(
            person,
            |apps| serde_json::json!({ "installed": apps.installed, "opened": apps.opened }),
        )
    }
}

impl OpenAppProvider for SimulatedApps {
    fn open(&self, of: &Owner, uri: &MiniAppUri, opened: Opened) {
        let outcome = self.people.with(&of.person, |apps| {
            let installed = apps.installed.as_ref();
            if installed.is_some_and(|installed| !installed.contains(&uri.id)) {
                return Err(NotOpened);
            }
            if apps.opened.len() >= REMEMBERED {
                apps.opened.remove(0);
            }
            apps.opened.push(uri.to_string());
            Ok(())
        });
        opened(outcome);
    }
}

impl std::fmt::Debug for SimulatedApps {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SimulatedApps").finish_non_exhaustive()
    }
}
