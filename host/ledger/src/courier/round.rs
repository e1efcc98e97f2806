//! Who is being told, and who is left alone for a while.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{AT_A_TIME, SILENT_AT_A_TIME};

/// Merchants that are being told, and those that did not answer. The others are not in it.
#[derive(Default)]
pub(super) struct Round {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    merchants: HashMap<String, Standing>,
    /// Being told; of them, silent ones.
    told: usize,
    silent: usize,
}

#[derive(Default)]
struct Standing {
    busy: bool,
    /// It takes a place of those for silent ones.
    silent: bool,
    failures: u32,
    until_ms: i64,
}

/// How it stands with one that there is something to tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Merchant {
    /// It is being told.
    Busy,
    /// Not before then.
    At(i64),
    /// Whether it did not answer the last time.
    Now { silent: bool },
}

impl Round {
    pub(super) fn may_be_told(&self, merchant: &str, due_ms: i64, now_ms: i64) -> Merchant {
        let state = self.state();
        let standing = state.merchants.get(merchant);
        if standing.is_some_and(|standing| standing.busy) {
            return Merchant::Busy;
        }
        let at_ms = standing.map_or(due_ms, |standing| due_ms.max(standing.until_ms));
        match at_ms > now_ms {
            true => Merchant::At(at_ms),
            false => Merchant::Now {
                silent: standing.is_some_and(|standing| standing.failures > 0),
            },
        }
    }

    /// Whether there is a place to tell one now; it is taken then.
    pub(super) fn begin(&self, merchant: &str, silent: bool) -> bool {
        let mut state = self.state();
        if state.told >= AT_A_TIME || (silent && state.silent >= SILENT_AT_A_TIME) {
            return false;
        }
        state.told += 1;
        state.silent += usize::from(silent);
        let standing = state.merchants.entry(merchant.to_owned()).or_default();
        (standing.busy, standing.silent) = (true, silent);
        true
    }

    pub(super) fn end(&self, merchant: &str) {
        let mut state = self.state();
        let Some(standing) = state.merchants.get_mut(merchant) else {
            return;
        };
        let (silent, is_well) = (standing.silent, standing.failures == 0);
        standing.busy = false;
        state.told -= 1;
        state.silent -= usize::from(silent);
        if is_well {
            state.merchants.remove(merchant);
        }
    }

    pub(super) fn answered(&self, merchant: &str) {
        if let Some(standing) = self.state().merchants.get_mut(merchant) {
            (standing.failures, standing.until_ms) = (0, 0);
        }
    }

    pub(super) fn did_not_answer(&self, merchant: &str, until_ms: i64) {
        if let Some(standing) = self.state().merchants.get_mut(merchant) {
            standing.failures = standing.failures.saturating_add(1);
            standing.until_ms = until_ms;
        }
    }

    /// How often in a row it did not answer.
    pub(super) fn failures(&self, merchant: &str) -> u32 {
        let state = self.state();
        let standing = state.merchants.get(merchant);
        standing.map_or(0, |standing| standing.failures)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing under this lock can stop half-way.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silent_ones_have_half_of_the_places_and_are_left_alone_for_a_while() {
        let round = Round::default();
        let names: Vec<String> = (0..20).map(|at| format!("m{at}")).collect();
        let begun = |silent| {
            let begun = names.iter().filter(|name| round.begin(name, silent));
            begun.count()
        };
        assert_eq!(begun(true), SILENT_AT_A_TIME);
        assert_eq!(round.may_be_told("m0", 0, 0), Merchant::Busy);
        round.did_not_answer("m0", 500);
        round.end("m0");
        assert_eq!(round.may_be_told("m0", 0, 499), Merchant::At(500));
        let silent = Merchant::Now { silent: true };
        assert_eq!(round.may_be_told("m0", 0, 500), silent);
        assert!(round.begin("m0", true));
        round.answered("m0");
        round.end("m0");
        let well = Merchant::Now { silent: false };
        assert_eq!(round.may_be_told("m0", 0, 0), well);
        assert_eq!(round.may_be_told("m19", 7, 0), Merchant::At(7));
    }
}
