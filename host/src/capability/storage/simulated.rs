//! Storage in memory, for tests, pictures and headless runs.
//!
//! Differs from a real one in that nothing outlives the process, that every operation is over before `submit` returns, and that
//! there is no rate of writing.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};

use super::{Done, Operation, Outcome, Owner, Quota, StorageError, StorageProvider};

/// Owners for whom something is kept.
const MOST_OWNERS: usize = 10_000;

type Values = BTreeMap<String, Vec<u8>>;

/// A map for each owner.
#[derive(Debug, Default)]
pub struct SimulatedStorage {
    owners: Mutex<HashMap<Owner, Values>>,
}

impl StorageProvider for SimulatedStorage {
    fn submit(&self, owner: &Owner, quota: Quota, operation: Operation, done: Done) {
        let outcome = {
            let mut owners = self.owners.lock().unwrap_or_else(PoisonError::into_inner);
            let full = owners.len() >= MOST_OWNERS;
            match owners.get_mut(owner) {
                Some(values) => carry_out(values, quota, operation),
                // Who only looks has nothing kept for them.
                None if !matches!(operation, Operation::Set(..)) => {
                    carry_out(&mut Values::new(), quota, operation)
                }
                None if full => Err(StorageError::QuotaExceeded),
                None => carry_out(owners.entry(owner.clone()).or_default(), quota, operation),
            }
        };
        done(outcome);
    }
}

fn carry_out(
    values: &mut Values,
    quota: Quota,
    operation: Operation,
) -> Result<Outcome, StorageError> {
    match operation {
        Operation::Get(key) => Ok(Outcome::Value(values.get(&key).cloned())),
        Operation::Set(key, value) => {
            let others = values.iter().filter(|(other, _)| **other != key);
            let kept: u64 = others.map(|(key, value)| counted(key, value)).sum();
            let (old, new) = (values.get(&key), counted(&key, &value));
            let keys = values.len() + usize::from(old.is_none());
            let grows = old.is_none_or(|old| new > counted(&key, old));
            let too_many = u64::try_from(keys).unwrap_or(u64::MAX) > quota.keys;
            if grows && (too_many || kept.saturating_add(new) > quota.total_bytes) {
                return Err(StorageError::QuotaExceeded);
            }
            values.insert(key, value);
            Ok(Outcome::Done)
        }
        Operation::Remove(key) => {
            values.remove(&key);
            Ok(Outcome::Done)
        }
        Operation::Keys => Ok(Outcome::Keys(values.keys().cloned().collect())),
        Operation::Clear => {
            values.clear();
            Ok(Outcome::Done)
        }
    }
}

fn counted(key: &str, value: &[u8]) -> u64 {
    let length = |bytes: &[u8]| u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    Quota::entry_bytes(length(key.as_bytes()), length(value))
}
