//! People who say who they are.
//!
//! Differs from real ones in that subjects and codes follow from nothing secret, that codes never expire, and that people are
//! whoever they are told to be. Those who were told nothing have a name made of their own, and nothing else.

use std::collections::BTreeMap;
use std::sync::Arc;

use lapak_ledger::Clock;

use super::{
    Claim, Claimed, ClaimsOfPeople, HostIdentity, IdentityCodes, IdentityProvider, Login,
    NoIdentity, Told, is_plain, word,
};
use crate::capability::storage::Owner;
use crate::simulated::{Part, PerPerson};

const CLAIMS: [Claim; 5] = [
    Claim::Name,
    Claim::PhoneNumber,
    Claim::Email,
    Claim::Address,
    Claim::Birthdate,
];

/// A person for each person.
pub struct SimulatedIdentity {
    inner: HostIdentity,
    codes: Arc<IdentityCodes>,
    people: Arc<People>,
}

#[derive(Default)]
struct People(PerPerson<Person>);

#[derive(Default)]
struct Person {
    is_off: bool,
    told: BTreeMap<&'static str, String>,
}

struct StandingStill;

impl Clock for StandingStill {
    fn now_ms(&self) -> i64 {
        0
    }
}

impl Default for SimulatedIdentity {
    fn default() -> Self {
        let codes = Arc::new(IdentityCodes::counting(Arc::new(StandingStill)));
        let people = Arc::new(People::default());
        let key = blake3::derive_key("lapak simulated subjects v1", &[]);
        Self {
            inner: HostIdentity::with_key(key, codes.clone(), people.clone()),
            codes,
            people,
        }
    }
}

impl SimulatedIdentity {
    /// Its codes, to be redeemed.
    #[must_use]
    pub fn codes(&self) -> &Arc<IdentityCodes> {
        &self.codes
    }
}

impl ClaimsOfPeople for People {
    fn claims(&self, person: &str, wanted: &[Claim], told: Told<Vec<Claimed>>) {
        let known = self.0.with(person, |known| {
            if known.is_off {
                return Err(NoIdentity("switched off".into()));
            }
            let known = wanted.iter().filter_map(|claim| {
                let value = match (known.told.get(word(*claim)), claim) {
                    (Some(value), _) => value.clone(),
                    (None, Claim::Name) => person.to_owned(),
                    (None, _) => return None,
                };
                let claim = *claim;
                Some(Claimed { claim, value })
            });
            Ok(known.collect())
        });
        told(known);
    }
}

impl IdentityProvider for SimulatedIdentity {
    fn log_in(&self, of: &Owner, told: Told<Login>) {
        match self.people.0.with(&of.person, |person| person.is_off) {
            true => told(Err(NoIdentity("switched off".into()))),
            false => self.inner.log_in(of, told),
        }
    }

    fn claims(&self, of: &Owner, wanted: &[Claim], told: Told<Vec<Claimed>>) {
        self.inner.claims(of, wanted, told);
    }
}

impl Part for SimulatedIdentity {
    fn set(&self, person: &str, words: &[&str]) -> Result<(), String> {
        const USAGE: &str =
            "identity name|phone-number|email|address|birthdate VALUE…; identity off, identity on";
        match words {
            ["on"] => self.people.0.with(person, |person| person.is_off = false),
            ["off"] => self.people.0.with(person, |person| person.is_off = true),
            [claim, value @ ..] => {
                let mut claims = CLAIMS.into_iter().map(word);
                let claim = claims.find(|one| one == claim).ok_or(USAGE)?;
                let value = value.join(" ");
                if !is_plain(&value) {
                    return Err(USAGE.into());
                }
                self.people.0.with(person, |person| {
                    person.told.insert(claim, value);
                });
            }
            [] => return Err(USAGE.into()),
        }
        Ok(())
    }

    fn shown(&self, person: &str) -> serde_json::Value {
        self.people.0.with(person, |person| match person.is_off {
            true => serde_json::Value::Null,
            false => serde_json::json!(person.told),
        })
    }
}

impl std::fmt::Debug for SimulatedIdentity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SimulatedIdentity").finish_non_exhaustive()
    }
}
