//! The merchants that a host knows: their keys, where their money goes, where they are told.

use std::collections::{BTreeMap, HashMap};

use lapak_abi::json::{self, JsonError, JsonLimits};
use lapak_abi::text;
use serde::{Deserialize, Serialize};

use crate::keys::PublicKey;
use crate::money::Currency;
use crate::name::{AccountId, MerchantId};

/// A merchant, as the platform registered it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Merchant {
    /// Which merchant.
    pub id: MerchantId,
    /// The name that the person sees on the payment sheet. The platform checked it; an order cannot change it.
    pub name: String,
    /// The keys that its orders are signed with. More than one while keys are being changed.
    pub keys: Vec<PublicKey>,
    /// Where its money goes, for each currency that it takes.
    pub accounts: BTreeMap<Currency, AccountId>,
    /// Where it is told of what was paid and refunded, if it wants to be told (`https`; `http` on this machine only).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paid_url: Option<String>,
}

/// All merchants. Nobody is in it by default.
#[derive(Clone, Debug, Default)]
pub struct Merchants {
    by_id: HashMap<MerchantId, Merchant>,
}

impl Merchants {
    /// Knows these.
    pub fn new(merchants: impl IntoIterator<Item = Merchant>) -> Self {
        Self {
            by_id: merchants
                .into_iter()
                .map(|merchant| (merchant.id.clone(), merchant))
                .collect(),
        }
    }

    /// Reads a JSON list of merchants.
    ///
    /// # Errors
    /// When the text is no such list, has a merchant or a member twice, or a name that a payment sheet cannot show.
    pub fn from_json(text: &str) -> Result<Self, JsonError> {
        let limits = JsonLimits {
            bytes: 16 << 20,
            values: 1 << 20,
        };
        let all: Vec<Merchant> = json::read(text.as_bytes(), limits)?;
        let mut merchants = Self::default();
        for merchant in all {
            let id = merchant.id.clone();
            if let Err(fault) = text::check(&merchant.name, text::MOST_NAME) {
                return Err(JsonError::Content(format!("the name of {id} {fault}")));
            }
            if merchants.by_id.insert(id.clone(), merchant).is_some() {
                return Err(JsonError::Content(format!(
                    "{id} is there twice; take one away"
                )));
            }
        }
        Ok(merchants)
    }

    /// The merchant with this id.
    pub fn find(&self, id: &MerchantId) -> Option<&Merchant> {
        self.by_id.get(id)
    }
}
