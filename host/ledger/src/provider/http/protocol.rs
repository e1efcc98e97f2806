//! The messages between a host and a payment service, as `docs/payment-service.md` describes them.
//!
//! Both sides sign with Ed25519: the body is canonical JSON (RFC 8785), and the header `lapak-signature` has a detached
//! JWS (RFC 7515, appendix F) of the type `lapak-message+jws`.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::super::{Decline, HistoryLine, PersonAccount, Settled};
use crate::digest::Digest;
use crate::jws::{self, JwsError, Kind};
use crate::keys::{PublicKey, SecretKey};
use crate::money::Currency;
use crate::name::{AccountId, MerchantId, OrderId};

/// How far the clocks of the two sides may be apart, and how old a message may be: 5 minutes.
pub const MAX_AGE_MS: i64 = 300_000;
/// The only version.
pub const VERSION: u32 = 1;

/// What the host asks. Members are in sorted order everywhere here: so they are canonical.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Message {
    /// What is asked.
    pub ask: Question,
    /// Which host asks, as the service registered it.
    pub client: String,
    /// The idempotency key: the same id with the same question is the same request.
    pub id: String,
    /// When it was sent, in milliseconds since 1970.
    pub sent_at_ms: i64,
    /// 1.
    pub version: u32,
}

/// What the service answers, or says by itself when an outcome has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reply {
    /// The answer.
    pub answer: Answered,
    /// For which host.
    pub client: String,
    /// To which message.
    pub id: String,
    /// When it was sent, in milliseconds since 1970.
    pub sent_at_ms: i64,
    /// 1.
    pub version: u32,
}

/// A question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Question {
    /// Pay an order.
    Pay {
        /// The payer's account.
        account: AccountId,
        /// As the merchant signed it.
        order: String,
    },
    /// Give a payment back, or part of it.
    Refund {
        /// The account that paid.
        account: AccountId,
        /// As the merchant signed it.
        refund: String,
    },
    /// Send money to a person.
    Transfer {
        /// Where it comes from.
        account: AccountId,
        /// How much, in minor units.
        amount_minor: i64,
        /// In which currency.
        currency: Currency,
        /// What both sides see.
        note: String,
        /// Where it goes.
        to: AccountId,
    },
    /// Pay a bill.
    Bill {
        /// Where the money comes from.
        account: AccountId,
        /// How much, in minor units.
        amount_minor: i64,
        /// Who sends the bill.
        biller: MerchantId,
        /// In which currency.
        currency: Currency,
        /// For which of its customers.
        customer: String,
    },
    /// Do not carry out the request that has this message's id, if it is not carried out yet.
    Cancel,
    /// How does an order stand?
    Order {
        /// The account that may have paid it.
        account: AccountId,
        /// Whose order.
        merchant: MerchantId,
        /// Which.
        order: OrderId,
    },
    /// Which accounts does a person have?
    Accounts {
        /// As the platform names the person.
        person: String,
    },
    /// What happened in an account?
    History {
        /// Which.
        account: AccountId,
        /// Only what is older than the line with this number.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        before: Option<String>,
        /// At most so many lines.
        limit: u32,
    },
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Answered {
    /// Under way: ask again after so many milliseconds, or wait to be told.
    Pending {
        /// When to ask again.
        again_ms: u32,
    },
    /// The money moved.
    Paid(Settled),
    /// No money moved, and none will for this id.
    Declined {
        /// Why.
        reason: Decline,
    },
    /// No money moved, and none will for this id.
    Cancelled,
    /// No money moved, and none will for this id.
    Expired,
    /// How an order stands; `None`: this account has not paid it.
    Order {
        /// What was paid.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        paid: Option<PaidOrder>,
    },
    /// A person's accounts.
    Accounts {
        /// All of them.
        accounts: Vec<PersonAccount>,
    },
    /// What happened in an account.
    History {
        /// Newest first.
        lines: Vec<HistoryLine>,
    },
}

/// An order that was paid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaidOrder {
    /// How much of it was given back, in minor units.
    pub refunded_minor: i64,
    /// The payment.
    pub settled: Settled,
    /// SHA-256 of the order's canonical form.
    pub sha256: Digest,
}

/// A body, and what the header `lapak-signature` says about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// Canonical JSON.
    pub body: Vec<u8>,
    /// A detached JWS.
    pub signature: String,
}

impl Message {
    /// Signs it as the host.
    pub fn sign(&self, key: &SecretKey) -> Signed {
        sign(key, self)
    }

    /// Believes a message that one of these hosts signed.
    ///
    /// # Errors
    /// When nobody of them did, or it is no message.
    pub fn open<'k>(
        signed: &Signed,
        hosts: impl IntoIterator<Item = &'k PublicKey>,
    ) -> Result<Self, JwsError> {
        open(signed, hosts)
    }
}

impl Reply {
    /// Signs it as the service.
    pub fn sign(&self, key: &SecretKey) -> Signed {
        sign(key, self)
    }

    /// Believes a reply that the service signed.
    ///
    /// # Errors
    /// When it did not, or it is no reply.
    pub fn open<'k>(
        signed: &Signed,
        service: impl IntoIterator<Item = &'k PublicKey>,
    ) -> Result<Self, JwsError> {
        open(signed, service)
    }
}

fn sign(key: &SecretKey, value: &impl Serialize) -> Signed {
    let (body, signature) = jws::sign_detached(key, Kind::Message, value);
    Signed { body, signature }
}

fn open<'k, T: Serialize + DeserializeOwned>(
    signed: &Signed,
    keys: impl IntoIterator<Item = &'k PublicKey>,
) -> Result<T, JwsError> {
    jws::open_detached(&signed.body, &signed.signature, Kind::Message, keys)
}
