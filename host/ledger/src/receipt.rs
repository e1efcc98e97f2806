//! Receipts, signed by the host: proof for the app, the merchant and the person that money moved.
//!
//! A signed receipt is a compact JWS (see [`crate::jws`]) of the type `lapak-receipt+jws`, its payload in canonical
//! JSON. The same payment always has the same receipt, byte for byte, as long as the host's key is the same.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::jws::{self, JwsError, Kind};
use crate::keys::{PublicKey, SecretKey};
use crate::money::Currency;
use crate::name::{AccountId, MerchantId, OrderId, RequestKey};

/// What happened. It does not say who paid: the merchant need not know how the platform names a person.
// Members in sorted order: so they are canonical.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    /// How much, in minor units.
    pub amount_minor: i64,
    /// When, in milliseconds since 1970.
    pub at_ms: i64,
    /// In which currency.
    pub currency: Currency,
    /// What was paid, given back or sent.
    #[serde(rename = "for")]
    pub purpose: Purpose,
    /// Unique for the host: the provider's name and its number for it.
    pub id: String,
    /// The provider's own proof: for the ledger, the entry's number and the hash of the chain up to it.
    pub proof: String,
    /// No real money moved.
    pub simulated: bool,
    /// 1.
    pub version: u32,
}

/// What a receipt is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Purpose {
    /// An order was paid.
    Payment {
        /// Whose order.
        merchant: MerchantId,
        /// Which.
        order: OrderId,
        /// SHA-256 of the order's canonical form.
        sha256: Digest,
    },
    /// A payment was given back, or part of it.
    Refund {
        /// Which refund of the order.
        key: RequestKey,
        /// Whose order.
        merchant: MerchantId,
        /// Which.
        order: OrderId,
    },
    /// Money was sent.
    Transfer {
        /// Which transfer of the account that it came from.
        key: RequestKey,
        /// Where it went: [`Purpose::sent_to`] of the key and the account. Whoever knows the account can see that it is this
        /// one; nobody else learns which it is, or whether two receipts are for the same.
        to: Digest,
    },
    /// A bill was paid.
    Bill {
        /// To whom.
        biller: MerchantId,
        /// For which of its customers, as the biller numbers them.
        customer: String,
        /// Which payment of the account that it came from.
        key: RequestKey,
    },
}

impl Purpose {
    /// Money sent to an account.
    #[must_use]
    pub fn transfer(key: RequestKey, to: &AccountId) -> Self {
        let to = Self::sent_to(&key, to);
        Self::Transfer { key, to }
    }

    /// What the receipt of a transfer calls the account that it went to: SHA-256 of `<key> <account>`.
    #[must_use]
    pub fn sent_to(key: &RequestKey, to: &AccountId) -> Digest {
        Digest::sha256(format!("{key} {to}").as_bytes())
    }
}

/// A receipt as the host signed it.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SignedReceipt(String);

impl Receipt {
    /// Signs it.
    pub fn sign(&self, key: &SecretKey) -> SignedReceipt {
        SignedReceipt(jws::sign(key, Kind::Receipt, self))
    }
}

impl SignedReceipt {
    /// Takes a text for a signed receipt; nothing is believed of it before [`SignedReceipt::verify`].
    pub fn from_text(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What it says, if one of these hosts signed it.
    ///
    /// # Errors
    /// When it is forged, altered, something else that was signed, or signed by somebody else.
    pub fn verify<'k>(
        &self,
        hosts: impl IntoIterator<Item = &'k PublicKey>,
    ) -> Result<Receipt, JwsError> {
        jws::open(self.0.as_bytes(), Kind::Receipt, hosts).map(|(receipt, ..)| receipt)
    }
}

impl fmt::Debug for SignedReceipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SignedReceipt({})", self.0)
    }
}
