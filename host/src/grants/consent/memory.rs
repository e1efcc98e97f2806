//! Answers in memory: for tests, pictures and headless runs.
//!
//! Differs from a real store in that nothing outlives the process, and that it may answer for people who were not asked.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{Consent, ConsentError, ConsentStore, KeptConsent};
use crate::grants::Capability;

type Key = (String, String, Capability, String);

/// A map.
#[derive(Debug, Default)]
pub struct MemoryConsents {
    kept: Mutex<BTreeMap<Key, KeptConsent>>,
    /// What everybody is taken to have answered.
    otherwise: Option<Consent>,
}

impl MemoryConsents {
    /// Simulated people, who always agree.
    #[must_use]
    pub fn agreeing() -> Self {
        Self {
            kept: Mutex::default(),
            otherwise: Some(Consent::Always),
        }
    }

    fn kept(&self) -> MutexGuard<'_, BTreeMap<Key, KeptConsent>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ConsentStore for MemoryConsents {
    fn find(
        &self,
        person: &str,
        app_id: &str,
        capability: Capability,
        subject: &str,
    ) -> Result<Option<KeptConsent>, ConsentError> {
        let key = (
            person.to_owned(),
            app_id.to_owned(),
            capability,
            subject.to_owned(),
        );
        let found = self.kept().get(&key).cloned();
        Ok(found.or_else(|| {
            Some(KeptConsent {
                app_id: app_id.to_owned(),
                capability,
                subject: subject.to_owned(),
                answer: self.otherwise?,
                at_ms: 0,
            })
        }))
    }

    fn keep(&self, person: &str, consent: &KeptConsent) -> Result<(), ConsentError> {
        let key = (
            person.to_owned(),
            consent.app_id.clone(),
            consent.capability,
            consent.subject.clone(),
        );
        self.kept().insert(key, consent.clone());
        Ok(())
    }

    fn all(&self, person: &str) -> Result<Vec<KeptConsent>, ConsentError> {
        let kept = self.kept();
        let of_person = kept.iter().filter(|((of, ..), _)| of == person);
        Ok(of_person.map(|(_, consent)| consent.clone()).collect())
    }

    fn each_time(&self) -> Option<Consent> {
        self.otherwise.map(|consent| match consent {
            Consent::No => Consent::No,
            _ => Consent::Once,
        })
    }

    fn forget(
        &self,
        person: &str,
        app_id: &str,
        capability: Capability,
        subject: Option<&str>,
    ) -> Result<(), ConsentError> {
        self.kept().retain(|(of, app, about, what), _| {
            let other = of != person || app != app_id || *about != capability;
            other || subject.is_some_and(|subject| subject != what)
        });
        Ok(())
    }

    fn forget_app(&self, person: &str, app_id: &str) -> Result<(), ConsentError> {
        self.kept()
            .retain(|(of, app, ..), _| of != person || app != app_id);
        Ok(())
    }
}
