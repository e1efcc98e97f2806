//! Asking merchants' servers to sign orders: the host's side of what `lapak merchant serve` speaks.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::Wanted;
use crate::name::MerchantId;
use crate::web::{Client, UnsafeUrl, WebOptions, check_url};

/// Merchants' servers, by the addresses that the platform registered. An app can name a merchant, never an address.
#[derive(Debug)]
pub struct MerchantClient {
    urls: BTreeMap<MerchantId, String>,
    client: Client,
}

/// Why a server signed no order.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoOrder {
    /// The platform registered no server for this merchant.
    #[error("no server is registered for this merchant")]
    NoServer,
    /// The server does not sell it.
    #[error("the merchant's server refused with status {0}")]
    Refused(u16),
    /// The server did not answer, or not as it should.
    #[error("the merchant's server gave no answer that can be used: {0}")]
    Unavailable(String),
}

#[derive(Deserialize)]
struct Answer {
    signed: String,
}

impl MerchantClient {
    /// Asks at these addresses: each is where a merchant takes orders, e.g. `https://shop.example/orders`.
    ///
    /// # Errors
    /// When an address would let orders cross a network in the clear.
    pub fn new(
        urls: BTreeMap<MerchantId, String>,
        options: &WebOptions,
    ) -> Result<Self, UnsafeUrl> {
        urls.values().try_for_each(|url| check_url(url))?;
        Ok(Self {
            urls,
            client: Client::new(options),
        })
    }

    /// Has an order signed. Waits for the server, as long as the options allow. Nothing in the answer is believed: the order
    /// is checked when the app brings it.
    ///
    /// # Errors
    /// [`NoOrder`].
    pub fn order(&self, merchant: &MerchantId, wanted: &[Wanted]) -> Result<String, NoOrder> {
        let url = self.urls.get(merchant).ok_or(NoOrder::NoServer)?;
        let body = serde_json::to_vec(wanted).map_err(|error| unusable(&error))?;
        let said = self
            .client
            .post(url, "application/json", None, &body)
            .map_err(NoOrder::Unavailable)?;
        match said.status {
            200 => {
                let answer: Answer =
                    lapak_abi::json::read(&said.body, lapak_abi::json::JsonLimits::default())
                        .map_err(|error| unusable(&error))?;
                Ok(answer.signed)
            }
            status @ 400..=499 => Err(NoOrder::Refused(status)),
            status => Err(NoOrder::Unavailable(format!("status {status}"))),
        }
    }
}

fn unusable(error: &impl std::fmt::Display) -> NoOrder {
    NoOrder::Unavailable(error.to_string())
}
