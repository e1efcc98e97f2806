//! Simulated devices, one for each person: what stands behind the capabilities of a device where there is none, for tests,
//! headless runs and the preview. Deterministic, and set by whoever holds them.

mod watched;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::capability::Providers;
use crate::capability::location::simulated::SimulatedLocation;

pub use watched::Watched;

/// Something for each person, made when it is first used.
pub struct PerPerson<T>(Mutex<HashMap<String, T>>);

impl<T> Default for PerPerson<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T: Default> PerPerson<T> {
    /// Works with a person's. For a moment only: others wait.
    pub fn with<R>(&self, person: &str, work: impl FnOnce(&mut T) -> R) -> R {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(one) = all.get_mut(person) {
            return work(one);
        }
        work(all.entry(person.to_owned()).or_default())
    }
}

/// A part of a simulated device that people and scripts can set.
pub trait Part: Send + Sync {
    /// Sets it for a person, e.g. `-6.2 106.8` or `off`.
    ///
    /// # Errors
    /// How it is used, in a sentence.
    fn set(&self, person: &str, words: &[&str]) -> Result<(), String>;

    /// What it is set to for a person, for a shell to show.
    fn shown(&self, person: &str) -> serde_json::Value;
}

/// The simulated devices of everybody.
#[derive(Clone, Debug, Default)]
pub struct SimulatedDevices {
    /// Where they are.
    pub location: Arc<SimulatedLocation>,
}

impl SimulatedDevices {
    /// Puts them behind the capabilities that they stand for.
    pub fn put_behind(&self, providers: &mut Providers) {
        providers.location = self.location.clone();
    }

    /// The parts, by the words that name them in [`set`](Self::set).
    #[must_use]
    pub fn parts(&self) -> Vec<(&'static str, &dyn Part)> {
        vec![("location", &*self.location)]
    }

    /// Sets a part of a person's device by a line of words, its name first: `location -6.2 106.8`.
    ///
    /// # Errors
    /// What is wrong with the line, and what would be right.
    pub fn set(&self, person: &str, line: &str) -> Result<(), String> {
        let words: Vec<&str> = line.split_whitespace().collect();
        let (name, words) = words.split_first().ok_or("name a part of the device")?;
        let parts = self.parts();
        let Some((_, part)) = parts.iter().find(|(one, _)| one == name) else {
            let names: Vec<_> = parts.iter().map(|(name, _)| *name).collect();
            let names = names.join(", ");
            return Err(format!("the device has no {name:?}; it has {names}"));
        };
        part.set(person, words)
    }

    /// What a person's device is set to, for a shell to show.
    #[must_use]
    pub fn shown(&self, person: &str) -> serde_json::Value {
        let parts = self.parts().into_iter();
        parts
            .map(|(name, part)| (name.to_owned(), part.shown(person)))
            .collect::<serde_json::Map<_, _>>()
            .into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_person_has_a_device_that_is_set_by_words() {
        let devices = SimulatedDevices::default();
        devices.set("ani", "location 1.5 2.25").expect("set");
        assert_eq!(devices.shown("ani")["location"]["latitude"], 1.5);
        assert_ne!(devices.shown("budi")["location"]["latitude"], 1.5);
        for wrong in [
            "",
            "toaster on",
            "location",
            "location north",
            "location 91 0",
        ] {
            let error = devices.set("ani", wrong).expect_err(wrong);
            assert!(!error.is_empty(), "{wrong}");
        }
        devices.set("ani", "location off").expect("set");
        assert!(devices.shown("ani")["location"].is_null());
    }
}
