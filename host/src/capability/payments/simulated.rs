//! Payments where there are none: for pictures, headless runs and the models of apps.
//!
//! Differs from real ones in this:
//! - No merchant is known, so every order is refused as forged, and no merchant's server signs one.
//! - Nobody has an account, so whatever else is asked for is declined, and no sheet is ever shown.
//! - No PIN is right.
//! - Nothing outlives the process.
//!
//! For payments that look real, with accounts, merchants and trouble on demand, give
//! [`SimulatedProvider`](lapak_ledger::provider::simulated::SimulatedProvider) as the provider.

use std::sync::Arc;

use lapak_ledger::name::{AccountId, MerchantId, OrderId, RequestKey};
use lapak_ledger::pin::PinError;
use lapak_ledger::provider::{
    Answer, Decline, Done, HistoryLine, Label, OrderState, Outcome, PaymentProvider, PersonAccount,
    Request,
};
use lapak_ledger::{AddressBook, Merchants, SystemClock};

use super::Payments;
use super::parts::{PaymentParts, PeopleOfLedger, PinCheck, Shops};
use super::records::memory::MemoryRecords;

/// A provider without accounts.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoAccounts;

impl PaymentProvider for NoAccounts {
    fn label(&self) -> Label {
        Label {
            name: "No payments".into(),
            simulated: true,
        }
    }

    fn submit(&self, _request: Request, done: Done) {
        done(Outcome::Declined(Decline::Unavailable));
    }

    fn cancel(&self, _account: &AccountId, _key: &RequestKey) {}

    fn order(
        &self,
        _account: &AccountId,
        _merchant: &MerchantId,
        _order: &OrderId,
        answer: Answer<OrderState>,
    ) {
        answer(Ok(OrderState::Unpaid));
    }

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
}

/// Nobody has a PIN, and nobody can choose one.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoPins;

impl PinCheck for NoPins {
    fn is_set(&self, _person: &str) -> Result<bool, PinError> {
        Ok(false)
    }

    fn choose(&self, _person: &str, _pin: &str) -> Result<(), PinError> {
        Err(PinError::Unavailable("there are no PINs here".into()))
    }

    fn check(&self, _person: &str, _pin: &str) -> Result<(), PinError> {
        Err(PinError::NotSet)
    }
}

/// Payments that come to nothing, the same in every run.
#[must_use]
pub fn none() -> Arc<Payments> {
    Payments::new(PaymentParts {
        provider: Arc::new(NoAccounts),
        merchants: Arc::new(Merchants::default()),
        host_keys: Vec::new(),
        pins: Arc::new(NoPins),
        records: Arc::new(MemoryRecords::default()),
        people: Arc::new(PeopleOfLedger(Arc::new(AddressBook::of_own_names()))),
        servers: Arc::new(Shops::default()),
        clock: Arc::new(SystemClock),
    })
}
