//! What a payment sheet shows.

use lapak_abi::text;
use lapak_ledger::money::Currency;
use serde::Serialize;

use super::{MOST_VALUE, clean};

/// Who gets how much, for what, from which account. Amounts come as whole minor units and as text with the currency's
/// own decimals (`47000.00`), which is exact.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PaymentSheet {
    /// What kind of payment.
    pub kind: PaymentKind,
    /// Who gets it, by the name that the platform knows, not one that the app made up.
    pub to: String,
    /// The same as the platform's id: a merchant or a person.
    pub to_id: String,
    /// How much, in minor units.
    pub amount_minor: i64,
    /// How much.
    pub amount: String,
    /// In which currency.
    pub currency: Currency,
    /// What for; empty unless it is an order.
    pub lines: Vec<SheetLine>,
    /// The order's id, or the customer's number on a bill; empty for a transfer.
    pub reference: String,
    /// What the app, or the person in it, wrote to go along with a transfer.
    pub note: String,
    /// Where it comes from.
    pub account: SheetAccount,
    /// Who moves it.
    pub provider: SheetProvider,
    /// Whether the person has chosen a PIN. Without one they choose it first
    /// ([`SheetAnswer::ChoosePin`](super::SheetAnswer::ChoosePin)).
    pub has_pin: bool,
}

impl PaymentSheet {
    /// Every text as [`Sheet::cleaned`](super::Sheet::cleaned) has it.
    pub(super) fn clean(&mut self) {
        clean(&mut self.to, text::MOST_NAME);
        clean(&mut self.to_id, text::MOST_ID);
        clean(&mut self.reference, text::MOST_ID);
        clean(&mut self.note, MOST_VALUE);
        clean(&mut self.provider.name, text::MOST_NAME);
        for line in &mut self.lines {
            clean(&mut line.title, MOST_VALUE);
        }
    }
}

/// What kind of payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum PaymentKind {
    /// A merchant's order.
    Order,
    /// Money to a person.
    Transfer,
    /// A biller's bill.
    Bill,
}

/// One line of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SheetLine {
    /// What.
    pub title: String,
    /// How many.
    pub quantity: u32,
    /// For all of them, in minor units; below 0 for a discount.
    pub amount_minor: i64,
    /// For all of them.
    pub amount: String,
}

/// Where the money comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SheetAccount {
    /// The provider's name for it.
    pub id: String,
    /// What can be spent, in minor units.
    pub available_minor: i64,
    /// What can be spent.
    pub available: String,
}

/// Who moves the money.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SheetProvider {
    /// For people.
    pub name: String,
    /// No real money moves: the sheet must say so.
    pub simulated: bool,
}
