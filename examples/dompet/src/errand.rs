//! What the wallet is asked to do with money, and how what came of it is told.

use lapak_sdk::payments::{self, Decline, Money, Outcome};
use lapak_sdk::prelude::*;

use crate::amount::written;

/// Who sends the electricity bills.
pub(crate) const ELECTRICITY: &str = "listrik";

/// What is under way; the bank's sheet has the word.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Errand {
    /// Money to somebody.
    Send {
        to: String,
        /// As the wallet calls them.
        name: String,
        amount: Money,
        note: String,
    },
    /// The electricity bill.
    Bill { customer: String, amount: Money },
    /// A shop's order.
    Order(Vec<u8>),
}

/// What stands above a page after an errand.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Notice {
    pub(crate) text: String,
    /// Under it, small: the receipt.
    pub(crate) more: Option<String>,
    pub(crate) is_good: bool,
}

impl Errand {
    /// Asks the bank.
    pub(crate) fn begin(&self) -> payments::Pending<Outcome> {
        match self {
            Self::Send {
                to, amount, note, ..
            } => payments::transfer(to, amount.clone(), note),
            Self::Bill { customer, amount } => {
                payments::pay_bill(ELECTRICITY, customer, amount.clone())
            }
            Self::Order(order) => payments::pay(order.clone()),
        }
    }

    /// What came of it, in words. The person sees the reason, and that no money has moved where none has.
    pub(crate) fn notice(
        &self,
        texts: &Translations,
        came: &Result<Outcome, payments::Error>,
    ) -> Notice {
        let bad = |text: String| Notice {
            text,
            more: None,
            is_good: false,
        };
        match came {
            Ok(Outcome::Paid(receipt)) => {
                let amount = written(&receipt.amount);
                let to = self.payee(texts);
                Notice {
                    text: texts.fill("paid", &[("amount", &amount), ("to", &to)]),
                    more: Some(texts.fill("paid.receipt", &[("id", &receipt.id)])),
                    is_good: true,
                }
            }
            Ok(Outcome::Declined(why)) => {
                let reason = texts.get(reason(*why));
                bad(texts.fill("declined", &[("reason", &reason)]))
            }
            Ok(Outcome::Cancelled) => bad(texts.get("cancelled").to_owned()),
            Ok(Outcome::Expired) => bad(texts.get("expired").to_owned()),
            Ok(Outcome::AccessDenied) => bad(texts.get("denied").to_owned()),
            Err(error) => bad(texts.get(refusal(*error)).to_owned()),
        }
    }

    fn payee(&self, texts: &Translations) -> String {
        match self {
            Self::Send { name, .. } => name.clone(),
            Self::Bill { .. } => texts.get("bill.biller").to_owned(),
            Self::Order(_) => texts.get("code.shop").to_owned(),
        }
    }
}

fn reason(why: Decline) -> &'static str {
    match why {
        Decline::InsufficientFunds => "reason.funds",
        Decline::OverLimit => "reason.limit",
        Decline::OrderUsed => "reason.used",
        Decline::UnknownRecipient => "reason.recipient",
        Decline::WrongCurrency => "reason.currency",
        Decline::UnknownOrder | Decline::RefundTooLarge | Decline::Unavailable => "reason.other",
    }
}

fn refusal(error: payments::Error) -> &'static str {
    match error {
        payments::Error::AccessDenied => "denied",
        payments::Error::OrderMalformed | payments::Error::OrderForged => "order.forged",
        payments::Error::OrderOfAnotherApp => "order.other_app",
        payments::Error::OrderUnpayable => "order.unpayable",
        payments::Error::TooManyRequests => "busy.many",
        payments::Error::Invalid | payments::Error::UnknownRequest => "unavailable",
    }
}
