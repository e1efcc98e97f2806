//! A merchant's side: makes orders out of a catalogue, signs them, and is told what was paid. What `lapak merchant serve`
//! speaks over HTTP; a merchant's own server in another language does the same with any JOSE library.

mod client;

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use crate::jws::JwsError;
use crate::keys::{PublicKey, SecretKey};
use crate::money::Currency;
use crate::name::{MerchantId, OrderId, RequestKey};
use crate::order::{Line, Order, OrderError, RefundOrder};
use crate::receipt::{Purpose, Receipt, SignedReceipt};

pub use client::{MerchantClient, NoOrder};

/// The most of one item in an order.
const MAX_QUANTITY: u32 = 999;

/// What a merchant sells, and for which app.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Catalogue {
    /// Who sells.
    pub merchant: MerchantId,
    /// The id of the app that its orders are for.
    pub app: String,
    /// What its prices are counted in.
    pub currency: Currency,
    /// How long an order is good for, in milliseconds.
    pub valid_ms: i64,
    /// What there is, by id.
    pub items: BTreeMap<String, Item>,
}

/// Something to buy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Item {
    /// As the person reads it.
    pub title: String,
    /// For one, in minor units.
    pub price_minor: i64,
}

/// What a customer wants. Prices are the merchant's to say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    /// The item's id.
    pub item: String,
    /// How many.
    pub quantity: u32,
}

/// A merchant's shop: its orders, and what was paid of them. Kept in memory: a restart forgets what was ordered, and a
/// payment of a forgotten order is still acknowledged, for its receipt proves it.
#[derive(Debug)]
pub struct Shop {
    catalogue: Catalogue,
    key: SecretKey,
    hosts: Vec<PublicKey>,
    orders: Mutex<BTreeMap<OrderId, Sold>>,
}

/// An order as the merchant knows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Sold {
    /// As it was signed; `None` for one that this shop does not remember.
    pub signed: Option<String>,
    /// The receipt of its payment.
    pub paid: Option<Receipt>,
    /// The receipts of its refunds.
    pub refunds: Vec<Receipt>,
}

/// A new order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NewOrder {
    /// Its id.
    pub order: OrderId,
    /// What the app gives to the host.
    pub signed: String,
}

/// Why there is no order.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ShopError {
    /// Not in the catalogue.
    #[error("there is no {0:?}")]
    UnknownItem(String),
    /// None, or too many.
    #[error("of one item there can be 1 to {MAX_QUANTITY}")]
    Quantity,
    /// More than can be counted, or something else that no host would take.
    #[error(transparent)]
    Order(#[from] OrderError),
    /// No such order, or it was not paid.
    #[error("no such order was paid")]
    NotPaid,
    /// The system gives no random numbers.
    #[error("this system gives no random numbers: {0}")]
    Random(String),
}

/// Why a notice of a payment is not believed. Answer with a status of 400.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoticeError {
    /// Forged, altered, or no receipt.
    #[error(transparent)]
    Signature(#[from] JwsError),
    /// Another merchant's receipt, or of something else than a payment or a refund.
    #[error("this receipt is not for this merchant")]
    OtherMerchant,
    /// The receipt is for another order under the same id, or another amount than was ordered.
    #[error("this receipt is for something else than was ordered")]
    OtherOrder,
}

impl Shop {
    /// Sells what is in the catalogue, signs with `key`, believes receipts of `hosts`.
    pub fn new(catalogue: Catalogue, key: SecretKey, hosts: Vec<PublicKey>) -> Self {
        Self {
            catalogue,
            key,
            hosts,
            orders: Mutex::default(),
        }
    }

    /// What is sold.
    pub fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// Makes an order at the catalogue's prices and signs it.
    ///
    /// # Errors
    /// When something is not sold, or the order is not one that a host would take.
    pub fn order(&self, wanted: &[Wanted], now_ms: i64) -> Result<NewOrder, ShopError> {
        let lines = wanted
            .iter()
            .map(|wanted| self.line(wanted))
            .collect::<Result<Vec<_>, _>>()?;
        let sum = lines
            .iter()
            .try_fold(0_i64, |sum, line| sum.checked_add(line.amount_minor));
        let order: OrderId = format!("{now_ms}-{}", random()?)
            .parse()
            .map_err(|_| ShopError::Quantity)?;
        let signed = Order {
            amount_minor: sum.ok_or(OrderError::Sum)?,
            app: self.catalogue.app.clone(),
            currency: self.catalogue.currency,
            expires_at_ms: now_ms.saturating_add(self.catalogue.valid_ms),
            lines,
            merchant: self.catalogue.merchant.clone(),
            order: order.clone(),
            version: 1,
        }
        .sign(&self.key)?;
        let sold = Sold {
            signed: Some(signed.clone()),
            paid: None,
            refunds: Vec::new(),
        };
        self.orders().insert(order.clone(), sold);
        Ok(NewOrder { order, signed })
    }

    /// Signs that a payment, or part of it, is given back.
    ///
    /// # Errors
    /// When it was not paid, as far as this shop knows, or the amount is none.
    pub fn refund(
        &self,
        order: &OrderId,
        key: RequestKey,
        amount_minor: i64,
        now_ms: i64,
    ) -> Result<String, ShopError> {
        let paid = self
            .orders()
            .get(order)
            .and_then(|sold| sold.paid.clone())
            .ok_or(ShopError::NotPaid)?;
        let refund = RefundOrder {
            amount_minor,
            app: self.catalogue.app.clone(),
            currency: paid.currency,
            expires_at_ms: now_ms.saturating_add(self.catalogue.valid_ms),
            key,
            merchant: self.catalogue.merchant.clone(),
            order: order.clone(),
            version: 1,
        };
        Ok(refund.sign(&self.key)?)
    }

    /// Takes a notice: the signed receipt that a host sent. `Ok`: acknowledge it; `true` if it is news, and not one that
    /// was sent again.
    ///
    /// # Errors
    /// When it is not to be believed.
    pub fn told(&self, receipt: &[u8]) -> Result<bool, NoticeError> {
        let text = String::from_utf8_lossy(receipt).into_owned();
        let receipt = SignedReceipt::from_text(text).verify(&self.hosts)?;
        let mut orders = self.orders();
        let blank = || Sold {
            signed: None,
            paid: None,
            refunds: Vec::new(),
        };
        match &receipt.purpose {
            Purpose::Payment {
                merchant,
                order,
                sha256,
            } if *merchant == self.catalogue.merchant => {
                let sold = orders.entry(order.clone()).or_insert_with(blank);
                let ordered = sold
                    .signed
                    .as_deref()
                    .map(|signed| crate::jws::claimed::<Order>(signed.as_bytes()));
                if let Some(Ok(ordered)) = ordered
                    && (ordered.digest() != *sha256 || ordered.currency != receipt.currency)
                {
                    return Err(NoticeError::OtherOrder);
                }
                match &sold.paid {
                    Some(known) if known.id == receipt.id => Ok(false),
                    Some(_) => Err(NoticeError::OtherOrder),
                    None => {
                        sold.paid = Some(receipt);
                        Ok(true)
                    }
                }
            }
            Purpose::Refund {
                merchant, order, ..
            } if *merchant == self.catalogue.merchant => {
                let sold = orders.entry(order.clone()).or_insert_with(blank);
                let news = sold.refunds.iter().all(|known| known.id != receipt.id);
                if news {
                    sold.refunds.push(receipt);
                }
                Ok(news)
            }
            _ => Err(NoticeError::OtherMerchant),
        }
    }

    /// An order as this shop knows it.
    pub fn sold(&self, order: &OrderId) -> Option<Sold> {
        self.orders().get(order).cloned()
    }

    fn line(&self, wanted: &Wanted) -> Result<Line, ShopError> {
        let item = self.catalogue.items.get(&wanted.item);
        let item =
            item.ok_or_else(|| ShopError::UnknownItem(wanted.item.chars().take(40).collect()))?;
        if !(1..=MAX_QUANTITY).contains(&wanted.quantity) {
            return Err(ShopError::Quantity);
        }
        let amount = item.price_minor.checked_mul(i64::from(wanted.quantity));
        Ok(Line {
            amount_minor: amount.ok_or(OrderError::Sum)?,
            quantity: wanted.quantity,
            title: item.title.clone(),
        })
    }

    fn orders(&self) -> MutexGuard<'_, BTreeMap<OrderId, Sold>> {
        // Nothing under this lock can stop half-way.
        self.orders.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Nobody can guess the next order's id.
fn random() -> Result<String, ShopError> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).map_err(|error| ShopError::Random(error.to_string()))?;
    Ok(format!("{:016x}", u64::from_le_bytes(bytes)))
}
