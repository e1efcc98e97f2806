//! What can be asked of the ledger.

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::money::{Amount, Currency};
use crate::name::{AccountId, MerchantId, OrderId, RequestKey};

/// The longest note on a transfer, in bytes of UTF-8.
pub const MAX_NOTE_BYTES: usize = 256;

/// One thing to do, wholly or not at all. Every operation can be sent again: what was done already is not done twice,
/// and the first entry is the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Opens an account, or changes an open account's limits.
    Open(AccountTerms),
    /// Pays an order at once.
    Pay(Payment),
    /// Sets an order's money aside until it is captured, released or past `expires_at_ms`.
    Hold(Payment),
    /// Pays an order from what was set aside for it; what is left over goes back to the payer.
    Capture {
        /// Whose order.
        merchant: MerchantId,
        /// Which.
        order: OrderId,
        /// At most what was held.
        amount: Amount,
    },
    /// Gives the payer back what was set aside.
    Release {
        /// Whose order.
        merchant: MerchantId,
        /// Which.
        order: OrderId,
    },
    /// Gives back what was paid, or part of it.
    Refund(Refund),
    /// Moves money from one account to another.
    Transfer(Transfer),
    /// Releases the holds that are past their time. The ledger does so by itself when their time comes; a host whose
    /// clock jumps may ask for it.
    ReleaseExpired,
}

/// An account and its limits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountTerms {
    /// Which account.
    pub id: AccountId,
    /// What it is counted in; an account never changes its currency.
    pub currency: Currency,
    /// The least that may be left available, in minor units; `None` is no limit. 0 for a person, below 0 for credit,
    /// none for the account through which money comes in from outside.
    pub floor_minor: Option<i64>,
    /// The most that may be in it, held money included, in minor units; `None` is no limit.
    pub ceiling_minor: Option<i64>,
}

/// An order to pay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    /// Who made the order.
    pub merchant: MerchantId,
    /// Which order, unique for the merchant.
    pub order: OrderId,
    /// What the order says, as a digest: the same id with another digest is another order, and is refused.
    pub digest: Digest,
    /// Where the money comes from.
    pub payer: AccountId,
    /// Where it goes.
    pub payee: AccountId,
    /// How much.
    pub amount: Amount,
    /// From this moment on the order is not paid (a hold for it is released), in milliseconds since 1970.
    pub expires_at_ms: i64,
}

/// Money to give back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Refund {
    /// Whose order.
    pub merchant: MerchantId,
    /// Which.
    pub order: OrderId,
    /// Unique for the order.
    pub key: RequestKey,
    /// All refunds of an order together are at most what was paid.
    #[serde(serialize_with = "amount_as_text")]
    pub amount: Amount,
}

/// Money to move.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Transfer {
    /// Where the money comes from.
    pub from: AccountId,
    /// Where it goes.
    pub to: AccountId,
    /// Unique for the account `from`.
    pub key: RequestKey,
    /// How much.
    #[serde(serialize_with = "amount_as_text")]
    pub amount: Amount,
    /// What both sides see, at most [`MAX_NOTE_BYTES`], no control characters.
    pub note: String,
}

fn amount_as_text<S: serde::Serializer>(amount: &Amount, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(amount)
}
