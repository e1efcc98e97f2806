//! What stands behind payments: the embedded ledger, a simulation, or a payment service on the network.
//!
//! A provider knows nothing of WebAssembly, sheets, grants or PINs. By the time a request reaches it, the person has
//! agreed; what is left is to move the money exactly once and to say so.

pub mod http;
mod in_flight;
pub mod ledger;
pub mod simulated;

use serde::{Deserialize, Serialize};

use crate::money::{Amount, Currency};
use crate::name::{AccountId, MerchantId, OrderId, RequestKey};
use crate::order::{VerifiedOrder, VerifiedRefund};
use crate::receipt::{Purpose, Receipt, SignedReceipt};

/// Moves money, exactly once.
///
/// # A request that is sent again
/// Whoever submits keeps the request until its outcome has come, and submits it again after a restart, with the same
/// key: the money moves once, and the outcome is the same. A request that is submitted again while it is under way
/// gets the same outcome too; every `done` is called.
///
/// # What is not known is not told
/// `done` is called once, from any thread, when the outcome is certain: a payment that may or may not have been made
/// is asked after until it is known. If the provider is dropped meanwhile, `done` is dropped uncalled.
pub trait PaymentProvider: Send + Sync {
    /// How the sheet names it.
    fn label(&self) -> Label;

    /// Begins a request and returns at once.
    fn submit(&self, request: Request, done: Done);

    /// The person no longer wants it. If no money has moved yet none will, and the request ends as
    /// [`Outcome::Cancelled`]; otherwise it ends as it would have.
    fn cancel(&self, account: &AccountId, key: &RequestKey);

    /// Asks how an order stands that `account` may have paid.
    fn order(
        &self,
        account: &AccountId,
        merchant: &MerchantId,
        order: &OrderId,
        answer: Answer<OrderState>,
    );

    /// Asks which accounts a person has, and what is in them.
    fn accounts(&self, person: &str, answer: Answer<Vec<PersonAccount>>);

    /// Asks what happened in an account, newest first: at most `limit` lines, older than `before` if it is given.
    fn history(
        &self,
        account: &AccountId,
        before: Option<&str>,
        limit: u32,
        answer: Answer<Vec<HistoryLine>>,
    );
}

/// Called with a request's outcome.
pub type Done = Box<dyn FnOnce(Outcome) + Send>;

/// Called with the answer to a question.
pub type Answer<T> = Box<dyn FnOnce(Result<T, Unavailable>) + Send>;

/// How the sheet names a provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// For people.
    pub name: String,
    /// No real money moves. The sheet and every receipt say so.
    pub simulated: bool,
}

/// What a person agreed to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Makes it the same request when it is submitted again; unique for the account.
    pub key: RequestKey,
    /// The person's account: where the money comes from (for a refund: where it goes back to).
    pub account: AccountId,
    /// What to do.
    pub ask: Ask,
}

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// Pay an order.
    Pay(VerifiedOrder),
    /// Give a payment back, or part of it, as its merchant signed.
    Refund(VerifiedRefund),
    /// Send money to a person.
    Transfer {
        /// The other person's account.
        to: AccountId,
        /// How much.
        amount: Amount,
        /// What both see, at most [`crate::ledger::MAX_NOTE_BYTES`], no control characters.
        note: String,
    },
    /// Pay a bill.
    Bill {
        /// Who sends the bill: a merchant that the platform registered.
        biller: MerchantId,
        /// For which of its customers, as the biller numbers them; 1 to 64 printable ASCII characters.
        customer: String,
        /// How much.
        amount: Amount,
    },
}

/// What came of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The money moved; this proves it.
    Paid(SignedReceipt),
    /// No money moved, and why.
    Declined(Decline),
    /// No money moved: the person did not want it any more.
    Cancelled,
    /// No money moved: it was too late.
    Expired,
}

/// Why no money moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "kebab-case")]
pub enum Decline {
    /// There is not enough in the account.
    #[error("there is not enough in the account")]
    InsufficientFunds,
    /// More would be in an account than it may hold.
    #[error("the account would hold more than it may")]
    OverLimit,
    /// The order's id was used for another order, somebody else paid it, or it was given up.
    #[error("this order was used already")]
    OrderUsed,
    /// The key was used for another request.
    #[error("this request's key was used already")]
    KeyUsed,
    /// No such payment by this account.
    #[error("there is no such payment")]
    UnknownOrder,
    /// All refunds together would be more than the payment.
    #[error("that is more than is left of the payment")]
    RefundTooLarge,
    /// No such person, merchant or biller.
    #[error("there is no such recipient")]
    UnknownRecipient,
    /// The account is counted in another currency.
    #[error("the account is counted in another currency")]
    WrongCurrency,
    /// The request is not well formed.
    #[error("the request is not well formed")]
    Malformed,
    /// The provider could not do it, and certainly has not.
    #[error("it cannot be done at the moment")]
    Unavailable,
}

/// A question could not be answered now.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the payment provider cannot be asked at the moment: {0}")]
pub struct Unavailable(pub String);

/// How an order stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OrderState {
    /// This account has not paid it.
    Unpaid,
    /// This account paid it.
    Paid {
        /// The proof.
        receipt: SignedReceipt,
        /// How much of it was given back, in minor units.
        refunded_minor: i64,
    },
}

/// A person's account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonAccount {
    /// Which.
    pub account: AccountId,
    /// What can be spent, in minor units.
    pub available_minor: i64,
    /// In which currency.
    pub currency: Currency,
    /// What is set aside for orders, in minor units.
    pub held_minor: i64,
}

/// A line of an account's history.
// Members in sorted order: so they are canonical.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryLine {
    /// How much more (above 0) or less (below 0) was available afterwards, in minor units.
    pub amount_minor: i64,
    /// When, in milliseconds since 1970.
    pub at_ms: i64,
    /// In which currency.
    pub currency: Currency,
    /// What the person wrote, if anything.
    pub note: String,
    /// Its number: what [`PaymentProvider::history`] takes as `before`.
    pub number: String,
    /// The other side: a merchant's order, or an account.
    pub with: String,
    /// One word: `paid`, `held`, `captured`, `released`, `refunded`, `transferred`.
    pub word: String,
}

/// A payment that was made, as its provider knows it.
// Members in sorted order: so they are canonical.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settled {
    /// How much, in minor units: what was captured may be less than what was ordered.
    pub amount_minor: i64,
    /// When, in milliseconds since 1970.
    pub at_ms: i64,
    /// In which currency.
    pub currency: Currency,
    /// The provider's number for it.
    pub number: String,
    /// The provider's own proof; for the ledger the hash of the chain.
    pub proof: String,
}

impl Settled {
    pub(crate) fn receipt(self, provider: &str, simulated: bool, purpose: Purpose) -> Receipt {
        Receipt {
            amount_minor: self.amount_minor,
            at_ms: self.at_ms,
            currency: self.currency,
            purpose,
            id: format!("{provider}:{}", self.number),
            proof: self.proof,
            simulated,
            version: 1,
        }
    }
}

impl Ask {
    /// How much it is about.
    pub fn amount(&self) -> Amount {
        match self {
            Self::Pay(order) => order.amount(),
            Self::Refund(refund) => refund.amount(),
            Self::Transfer { amount, .. } | Self::Bill { amount, .. } => *amount,
        }
    }
}

impl Request {
    fn id(&self) -> in_flight::Id {
        (self.account.clone(), self.key.clone())
    }

    fn purpose(&self) -> Purpose {
        let key = self.key.clone();
        match &self.ask {
            Ask::Pay(order) => Purpose::Payment {
                merchant: order.order().merchant.clone(),
                order: order.order().order.clone(),
                sha256: order.digest(),
            },
            Ask::Refund(refund) => {
                let refund = refund.refund();
                Purpose::Refund {
                    key: refund.key.clone(),
                    merchant: refund.merchant.clone(),
                    order: refund.order.clone(),
                }
            }
            Ask::Transfer { to, .. } => Purpose::transfer(key, to),
            Ask::Bill {
                biller, customer, ..
            } => Purpose::Bill {
                biller: biller.clone(),
                customer: customer.clone(),
                key,
            },
        }
    }
}
