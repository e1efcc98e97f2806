//! A wallet without accounts: for pictures, headless runs and the models of apps.
//!
//! Differs from a real one in that everybody's wallet is empty, in every run.

use lapak_ledger::name::AccountId;
use lapak_ledger::provider::{Answer, HistoryLine, PersonAccount};

use super::WalletProvider;

/// Nobody has anything.
#[derive(Clone, Copy, Debug, Default)]
pub struct EmptyWallets;

impl WalletProvider for EmptyWallets {
    fn accounts(&self, _person: &str, answer: Answer<Vec<PersonAccount>>) {
        answer(Ok(Vec::new()));
    }

    fn history(
        &self,
        _account: &AccountId,
        _before: Option<&str>,
        _limit: u32,
        answer: Answer<Vec<HistoryLine>>,
    ) {
        answer(Ok(Vec::new()));
    }

    fn address(&self, person: &str, _app_id: &str) -> Option<String> {
        Some(person.to_owned())
    }

    fn other(&self, with: &str, _app_id: &str) -> String {
        with.to_owned()
    }
}
