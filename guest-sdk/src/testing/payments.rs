//! The person at the payment sheet, and what is in their wallet.

use super::TestApp;
use crate::app::App;
use crate::payments::{Decline, Money, OrderRefusal, Outcome, Receipt, Wanted};
use crate::simulated::{self, payments::Asked};
use crate::wallet::{Account, Entry};

impl<A: App> TestApp<A> {
    /// What the app asks the person to agree to, if a payment sheet is open: the oldest, if there are several.
    #[must_use]
    pub fn sheet(&self) -> Option<Asked> {
        simulated::with(|host| {
            let sheet = host.payments.sheets.front();
            sheet.map(|(_, asked)| asked.clone())
        })
    }

    /// The person confirms the sheet, and the money moves: `amount` is what the receipt is over. Gives the receipt.
    ///
    /// # Panics
    /// When no sheet is open.
    pub fn confirm_sheet(&mut self, amount: Money) -> Receipt {
        let receipt = simulated::with(|host| host.payments.receipt(amount));
        self.answer_sheet(Outcome::Paid(receipt.clone()));
        receipt
    }

    /// The person cancels the sheet.
    ///
    /// # Panics
    /// When no sheet is open.
    pub fn cancel_sheet(&mut self) {
        self.answer_sheet(Outcome::Cancelled);
    }

    /// The person confirms the sheet, and no money moves.
    ///
    /// # Panics
    /// When no sheet is open.
    pub fn decline_sheet(&mut self, why: Decline) {
        self.answer_sheet(Outcome::Declined(why));
    }

    /// The sheet comes to this, whatever it is: `Outcome::Expired`, `Outcome::AccessDenied`.
    ///
    /// # Panics
    /// When no sheet is open.
    pub fn answer_sheet(&mut self, outcome: Outcome) {
        let answered = simulated::with(|host| {
            let request = host.payments.answer(outcome)?;
            host.waiting.push_back(request);
            Some(request)
        });
        assert!(
            answered.is_some(),
            "no payment sheet is open. On show:\n{}",
            self.snapshot()
        );
        self.settle();
    }

    /// What merchants' servers answer to the app's next `payments::order`, in order. Without it they do not answer.
    pub fn merchants_answer(&mut self, signed: Result<Vec<u8>, OrderRefusal>) {
        simulated::with(|host| host.payments.signed.push_back(signed));
    }

    /// What the app has asked of merchants' servers so far: of whom, and for what.
    #[must_use]
    pub fn ordered(&self) -> Vec<(String, Vec<Wanted>)> {
        simulated::with(|host| host.payments.wanted.clone())
    }

    /// The order was paid: `payments::query` tells so from now on.
    pub fn order_is_paid(&mut self, merchant: &str, order: &str, receipt: Receipt) {
        let key = (merchant.to_owned(), order.to_owned());
        simulated::with(|host| host.payments.paid.insert(key, receipt));
    }

    /// Puts an account into the person's wallet, over one of the same id, with its history, newest first.
    pub fn has_account(&mut self, account: Account, history: Vec<Entry>) {
        put_account(account, history);
    }
}

/// The same before the app is launched.
pub(super) fn put_account(account: Account, history: Vec<Entry>) {
    simulated::with(|host| {
        let wallet = &mut host.wallet;
        wallet.history.insert(account.id.clone(), history);
        wallet.accounts.retain(|one| one.id != account.id);
        wallet.accounts.push(account);
    });
}
