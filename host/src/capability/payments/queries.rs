//! How an order stands.

use std::sync::Arc;

use lapak_ledger::SignedReceipt;
use lapak_ledger::name::{AccountId, MerchantId, OrderId};
use lapak_ledger::provider::OrderState as Standing;

use super::till::Payments;
use crate::bindings::lapak::app::payments::{Money, OrderState, PaidOrder, Receipt};

/// Called with how it stands.
pub(super) type Told = Box<dyn FnOnce(OrderState) + Send>;

impl Payments {
    /// Asks whether this person has paid an order, from whichever account.
    pub(super) fn query(self: &Arc<Self>, person: &str, of: (MerchantId, OrderId), told: Told) {
        let payments = self.clone();
        let answer = Box::new(move |accounts: Result<Vec<_>, _>| match accounts {
            Ok(accounts) => {
                let accounts: Vec<_> = accounts
                    .into_iter()
                    .map(|one: lapak_ledger::provider::PersonAccount| one.account)
                    .collect();
                payments.query_next(accounts, of, told);
            }
            Err(_) => told(OrderState::Unavailable),
        });
        self.parts().provider.accounts(person, answer);
    }

    fn query_next(
        self: &Arc<Self>,
        mut accounts: Vec<AccountId>,
        of: (MerchantId, OrderId),
        told: Told,
    ) {
        let Some(account) = accounts.pop() else {
            return told(OrderState::Unpaid);
        };
        let (payments, (merchant, order)) = (self.clone(), of.clone());
        let answer = Box::new(move |standing| match standing {
            Ok(Standing::Paid {
                receipt,
                refunded_minor,
            }) => told(match payments.to_wit(&receipt) {
                Some(receipt) => OrderState::Paid(PaidOrder {
                    receipt,
                    refunded_minor,
                }),
                None => OrderState::Unavailable,
            }),
            Ok(Standing::Unpaid) => payments.query_next(accounts, of, told),
            Err(_) => told(OrderState::Unavailable),
        });
        let provider = &self.parts().provider;
        provider.order(&account, &merchant, &order, answer);
    }

    /// A receipt as apps get it; `None` if this host did not sign it.
    pub(super) fn to_wit(&self, signed: &SignedReceipt) -> Option<Receipt> {
        let said = self.read(signed)?;
        Some(Receipt {
            id: said.id,
            amount: Money {
                minor: said.amount_minor,
                currency: said.currency.code().to_owned(),
            },
            at_ms: u64::try_from(said.at_ms).unwrap_or(0),
            simulated: said.simulated,
            signed: signed.as_str().to_owned(),
        })
    }
}
