//! Clipboards in memory, empty at first.
//!
//! Differs from real ones in that they hold nothing but text, and that nobody but apps and whoever holds them puts any there.

use super::{ClipboardProvider, Copied, Written};
use crate::capability::storage::Owner;
use crate::simulated::{Part, PerPerson};

/// A clipboard for each person.
#[derive(Default)]
pub struct SimulatedClipboard {
    texts: PerPerson<Option<String>>,
}

impl SimulatedClipboard {
    /// A person copies a text; `None` empties their clipboard.
    pub fn set(&self, person: &str, text: Option<String>) {
        self.texts.with(person, |kept| *kept = text);
    }

    /// What a person copied last.
    #[must_use]
    pub fn of(&self, person: &str) -> Option<String> {
        self.texts.with(person, |kept| kept.clone())
    }
}

impl Part for SimulatedClipboard {
    fn set(&self, person: &str, words: &[&str]) -> Result<(), String> {
        self.set_text(person, &words.join(" "))
    }

    /// No text at all empties it.
    fn set_text(&self, person: &str, text: &str) -> Result<(), String> {
        let text = Some(text.to_owned()).filter(|text| !text.is_empty());
        Self::set(self, person, text);
        Ok(())
    }

    fn shown(&self, person: &str) -> serde_json::Value {
        self.of(person).into()
    }
}

impl ClipboardProvider for SimulatedClipboard {
    fn read(&self, of: &Owner, copied: Copied) {
        copied(Ok(self.of(&of.person)));
    }

    fn write(&self, of: &Owner, text: String, written: Written) {
        self.set(&of.person, Some(text));
        written(Ok(()));
    }
}

impl std::fmt::Debug for SimulatedClipboard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SimulatedClipboard").finish_non_exhaustive()
    }
}
