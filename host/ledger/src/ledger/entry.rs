//! What the journal holds: one entry for each thing that happened, chained by hash.

use serde::{Deserialize, Serialize};

use super::operation::AccountTerms;
use crate::digest::Digest;
use crate::money::Currency;
use crate::name::{AccountId, MerchantId, OrderId, RequestKey};

/// The hash before the first entry.
pub(super) const GENESIS: Digest = Digest([0; 32]);

/// What happened, when, and which money moved. Its JSON, with the members in this order and without white space, is
/// what the journal keeps and what is hashed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Milliseconds since 1970; never less than the entry before.
    pub at_ms: i64,
    /// What happened.
    pub event: Event,
    /// Which money moved; in every currency the amounts add up to nothing.
    pub postings: Vec<Posting>,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Event {
    /// An account was opened, or its limits were changed.
    Account(AccountTerms),
    /// An order was paid at once.
    Paid {
        /// Whose order.
        merchant: MerchantId,
        /// Which.
        order: OrderId,
        /// What it says.
        digest: Digest,
    },
    /// An order's money was set aside.
    Held {
        /// Whose order.
        merchant: MerchantId,
        /// Which.
        order: OrderId,
        /// What it says.
        digest: Digest,
        /// Who gets it when it is captured.
        payee: AccountId,
        /// When it is released by itself.
        expires_at_ms: i64,
    },
    /// An order was paid from what was set aside; the rest went back.
    Captured {
        /// Whose order.
        merchant: MerchantId,
        /// Which.
        order: OrderId,
    },
    /// What was set aside went back.
    Released {
        /// Whose order.
        merchant: MerchantId,
        /// Which.
        order: OrderId,
        /// Because its time was over.
        expired: bool,
    },
    /// A payment was given back, or part of it.
    Refunded {
        /// Whose order.
        merchant: MerchantId,
        /// Which.
        order: OrderId,
        /// Which refund of it.
        key: RequestKey,
    },
    /// Money was moved.
    Transferred {
        /// Which transfer of the account that it came from.
        key: RequestKey,
        /// What both sides see.
        note: String,
    },
}

/// A change of one account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Posting {
    /// Which account.
    pub account: AccountId,
    /// In which currency.
    pub currency: Currency,
    /// Whether the held part changes, rather than the available one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub held: bool,
    /// How much more (above 0) or less (below 0) the account has, in minor units.
    pub amount_minor: i64,
}

/// An entry in its place in the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posted {
    /// Its number; the first entry has 1.
    pub seq: u64,
    /// The hash of the chain up to and with this entry.
    pub hash: Digest,
    /// What happened.
    pub entry: Entry,
    /// It was there before this operation, which was sent again.
    pub repeated: bool,
}

impl Event {
    /// One word for it.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Account(_) => "account",
            Self::Paid { .. } => "paid",
            Self::Held { .. } => "held",
            Self::Captured { .. } => "captured",
            Self::Released { .. } => "released",
            Self::Refunded { .. } => "refunded",
            Self::Transferred { .. } => "transferred",
        }
    }

    /// Which order it is about.
    pub fn order(&self) -> Option<(&MerchantId, &OrderId)> {
        match self {
            Self::Account(_) | Self::Transferred { .. } => None,
            Self::Paid {
                merchant, order, ..
            }
            | Self::Held {
                merchant, order, ..
            }
            | Self::Captured { merchant, order }
            | Self::Released {
                merchant, order, ..
            }
            | Self::Refunded {
                merchant, order, ..
            } => Some((merchant, order)),
        }
    }
}

impl Entry {
    pub(super) fn body(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }
}

/// BLAKE3 of the hash before, the number (8 bytes, little-endian) and the entry's JSON.
pub(super) fn chained(before: Digest, seq: u64, body: &str) -> Digest {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&before.0);
    hasher.update(&seq.to_le_bytes());
    hasher.update(body.as_bytes());
    Digest(hasher.finalize().into())
}
