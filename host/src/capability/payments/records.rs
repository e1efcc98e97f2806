//! What people agreed to pay, written down before any provider is asked, and what came of it.

pub mod memory;
pub mod sqlite;

use lapak_ledger::SignedReceipt;
use lapak_ledger::money::Currency;
use lapak_ledger::name::{AccountId, MerchantId, RequestKey};
use lapak_ledger::provider::Decline;
use lapak_ledger::provider::Outcome as ProviderOutcome;
use serde::{Deserialize, Serialize};

/// A payment that a person agreed to (or a refund, to which nobody needs to agree).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agreed {
    /// Unique for each request; what makes it the same one when it is submitted again.
    pub key: RequestKey,
    /// The app that asked, by its id on this host.
    pub app_id: String,
    /// Who agreed.
    pub person: String,
    /// Where the money comes from, or goes back to.
    pub account: AccountId,
    /// How much, in minor units.
    pub amount_minor: i64,
    /// In which currency.
    pub currency: Currency,
    /// When the person agreed, in milliseconds since 1970: an order that was in time then is submitted again later.
    pub at_ms: i64,
    /// What to do.
    pub ask: Ask,
}

/// What is asked of a provider, in a form that can be kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ask {
    /// To pay this order, as the merchant signed it.
    Pay(String),
    /// To give this much back, as the merchant signed it.
    Refund(String),
    /// To send money.
    Transfer {
        /// To which account.
        to: AccountId,
        /// What both see.
        note: String,
    },
    /// To pay a bill.
    Bill {
        /// Whose bill.
        biller: MerchantId,
        /// For which of its customers.
        customer: String,
    },
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PaymentResult {
    /// The money moved.
    Paid(SignedReceipt),
    /// No money moved, and why.
    Declined(Decline),
    /// No money moved.
    Cancelled,
    /// No money moved.
    Expired,
}

/// How a request stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// What was agreed to.
    pub agreed: Agreed,
    /// `None`: it is not known yet. Submit it again.
    pub result: Option<PaymentResult>,
}

/// What [`PaymentRecords::agree`] did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Written {
    /// It is on disk.
    New,
    /// It was there already; nothing was written.
    Known(Box<Record>),
    /// With it, the person would have paid more than this in 24 hours; nothing was written.
    OverBound,
}

/// Records could not be read or written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the records of payments cannot be read or written: {0}")]
pub struct RecordsError(pub String);

/// A day, in milliseconds.
pub const DAY_MS: i64 = 24 * 3_600_000;

/// Keeps what people agreed to.
///
/// # Security
/// A payment is submitted only once `agree` has returned, so that a host that dies in between asks nobody twice and
/// forgets nothing.
pub trait PaymentRecords: Send + Sync {
    /// Writes down that a person agreed, unless it is there already, or with it more than `most_minor` of the currency
    /// would be agreed to by this person in this app within the last 24 hours (what came to nothing does not count). It is
    /// on disk when this returns; of two that come at the same time the second sees the first.
    ///
    /// # Errors
    /// [`RecordsError`]; nothing was written then.
    fn agree(&self, agreed: &Agreed, most_minor: Option<i64>) -> Result<Written, RecordsError>;

    /// Writes down what came of it. Once: a second result is ignored.
    ///
    /// # Errors
    /// [`RecordsError`]; it counts as not known then, and submitting it again tells it again.
    fn finish(&self, key: &RequestKey, result: &PaymentResult) -> Result<(), RecordsError>;

    /// How a request stands, if anybody ever agreed to it.
    ///
    /// # Errors
    /// [`RecordsError`].
    fn find(&self, key: &RequestKey) -> Result<Option<Record>, RecordsError>;

    /// Everything that was agreed to and whose result is not known.
    ///
    /// # Errors
    /// [`RecordsError`].
    fn unfinished(&self) -> Result<Vec<Agreed>, RecordsError>;

    /// How much of a currency this person has agreed to pay in this app since then, in minor units; what came to nothing
    /// does not count, and refunds neither.
    ///
    /// # Errors
    /// [`RecordsError`].
    fn spent_minor(
        &self,
        person: &str,
        app_id: &str,
        currency: Currency,
        since_ms: i64,
    ) -> Result<i64, RecordsError>;
}

impl Ask {
    /// The function of the interface that asks for it.
    pub(crate) fn function(&self) -> &'static str {
        match self {
            Self::Pay(_) => "request-payment",
            Self::Refund(_) => "request-refund",
            Self::Transfer { .. } => "transfer",
            Self::Bill { .. } => "pay-bill",
        }
    }

    /// Whether it counts as spending.
    pub(crate) fn spends(&self) -> bool {
        !matches!(self, Self::Refund(_))
    }
}

impl From<ProviderOutcome> for PaymentResult {
    fn from(outcome: ProviderOutcome) -> Self {
        match outcome {
            ProviderOutcome::Paid(receipt) => Self::Paid(receipt),
            ProviderOutcome::Declined(why) => Self::Declined(why),
            ProviderOutcome::Cancelled => Self::Cancelled,
            ProviderOutcome::Expired => Self::Expired,
        }
    }
}

/// Whether an amount on top of what was spent stays within the bound.
pub(crate) fn within(spent_minor: i64, amount_minor: i64, most_minor: Option<i64>) -> bool {
    most_minor.is_none_or(|most| {
        spent_minor
            .checked_add(amount_minor)
            .is_some_and(|sum| sum <= most)
    })
}
