//! Orders and refunds, signed by the merchant: what an app carries and can neither make nor change.
//!
//! # Form
//! A signed order is a compact JWS (see [`crate::jws`]) of the type `lapak-order+jws`. Its payload, in canonical JSON
//! (RFC 8785), is:
//!
//! ```json
//! {"amount_minor":4700000,"app":"com.example.warung","currency":"IDR","expires_at_ms":1795557741000,
//!  "lines":[{"amount_minor":4500000,"quantity":1,"title":"Rendang"},{"amount_minor":200000,"quantity":1,"title":"Box"}],
//!  "merchant":"warung-sari","order":"2026-11-24-17","version":1}
//! ```
//!
//! (without the line breaks). Amounts are minor units of the ISO 4217 currency, whole numbers up to 2^53 − 1. A line's
//! amount is for its whole quantity and may be below nothing (a discount); the lines add up to the order's amount.
//!
//! A signed refund has the type `lapak-refund+jws` and says which part of which order goes back:
//!
//! ```json
//! {"amount_minor":200000,"app":"com.example.warung","currency":"IDR","expires_at_ms":1795557741000,"key":"box",
//!  "merchant":"warung-sari","order":"2026-11-24-17","version":1}
//! ```

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::jws::{self, JwsError, Kind};
use crate::keys::SecretKey;
use crate::merchants::{Merchant, Merchants};
use crate::money::{Amount, AmountError, Currency, MAX_AMOUNT_MINOR};
use crate::name::{AccountId, MerchantId, OrderId, RequestKey};

/// The most lines of an order.
pub const MAX_LINES: usize = 200;
/// The longest title of a line, in bytes of UTF-8.
pub const MAX_TITLE_BYTES: usize = 200;
/// The longest time that an order may be good for: 31 days.
pub const MAX_VALID_MS: i64 = 31 * 24 * 3_600_000;
/// How far the merchant's clock may be ahead of ours without its longest orders being refused: 5 minutes.
const CLOCK_SKEW_MS: i64 = 300_000;

/// What a merchant wants to be paid, and for what.
// Members in sorted order: so they are canonical.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Order {
    /// How much, in minor units.
    pub amount_minor: i64,
    /// The id of the only app that may ask for it.
    pub app: String,
    /// In which currency.
    pub currency: Currency,
    /// From this moment on it is not paid, in milliseconds since 1970.
    pub expires_at_ms: i64,
    /// What for.
    pub lines: Vec<Line>,
    /// Who wants it.
    pub merchant: MerchantId,
    /// Unique for the merchant.
    pub order: OrderId,
    /// 1.
    pub version: u32,
}

/// A line of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// For the whole quantity, in minor units; below nothing for a discount.
    pub amount_minor: i64,
    /// How many, at least 1.
    pub quantity: u32,
    /// What it is, as the person reads it.
    pub title: String,
}

/// Which part of a paid order a merchant gives back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RefundOrder {
    /// How much, in minor units.
    pub amount_minor: i64,
    /// The id of the only app that may carry it.
    pub app: String,
    /// In which currency.
    pub currency: Currency,
    /// From this moment on it is not carried out, in milliseconds since 1970.
    pub expires_at_ms: i64,
    /// Unique for the order.
    pub key: RequestKey,
    /// Whose order.
    pub merchant: MerchantId,
    /// Which.
    pub order: OrderId,
    /// 1.
    pub version: u32,
}

/// An order that was checked: genuine, for this app, in time, adding up. There is no other way to make one than
/// [`verify_order`], so whoever has one need not check again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedOrder {
    order: Order,
    amount: Amount,
    digest: Digest,
    payee: AccountId,
    merchant_name: String,
    signed: String,
}

/// A refund that was checked as a [`VerifiedOrder`] is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedRefund {
    refund: RefundOrder,
    amount: Amount,
    signed: String,
}

/// Why an order or refund is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OrderError {
    /// Forged, altered, or not of the right form.
    #[error("the order cannot be believed: {0}")]
    Signature(#[from] JwsError),
    /// The host does not know this merchant.
    #[error("the merchant {0} is not known here")]
    UnknownMerchant(MerchantId),
    /// Of a newer form.
    #[error("the order has version {0}, and this host reads 1")]
    Version(u32),
    /// For another app.
    #[error("the order is for another app")]
    OtherApp,
    /// Too late.
    #[error("the order has expired")]
    Expired,
    /// Good for longer than [`MAX_VALID_MS`].
    #[error("the order would be good for more than 31 days")]
    TooLong,
    /// Not an amount.
    #[error(transparent)]
    Amount(#[from] AmountError),
    /// The merchant has no account in this currency.
    #[error("{merchant} takes no {currency}")]
    Currency {
        /// Which merchant.
        merchant: MerchantId,
        /// Which currency.
        currency: Currency,
    },
    /// No lines, or more than [`MAX_LINES`].
    #[error("an order has 1 to {MAX_LINES} lines")]
    Lines,
    /// A title that is empty, too long, or has characters that change how other text looks.
    #[error(
        "line {0}: a title has 1 to {MAX_TITLE_BYTES} bytes and no control or direction characters"
    )]
    Title(usize),
    /// A quantity of nothing.
    #[error("line {0}: a quantity is at least 1")]
    Quantity(usize),
    /// The lines are not the amount.
    #[error("the lines do not add up to the amount")]
    Sum,
}

impl Order {
    /// Signs the order.
    ///
    /// # Errors
    /// When the order is not one that a host could take: a merchant hears it here rather than from a customer.
    pub fn sign(&self, key: &SecretKey) -> Result<String, OrderError> {
        self.check()?;
        Ok(jws::sign(key, Kind::Order, self))
    }

    /// What the order says, as SHA-256 of its canonical form.
    pub fn digest(&self) -> Digest {
        Digest::sha256(&jws::canonical(self))
    }

    fn check(&self) -> Result<Amount, OrderError> {
        if self.version != 1 {
            return Err(OrderError::Version(self.version));
        }
        let amount = Amount::new(self.amount_minor, self.currency)?;
        if !(1..=MAX_LINES).contains(&self.lines.len()) {
            return Err(OrderError::Lines);
        }
        let mut sum = 0_i64;
        for (at, line) in self.lines.iter().enumerate() {
            if !is_title(&line.title) {
                return Err(OrderError::Title(at + 1));
            }
            if line.quantity == 0 {
                return Err(OrderError::Quantity(at + 1));
            }
            if line.amount_minor.unsigned_abs() > MAX_AMOUNT_MINOR.unsigned_abs() {
                return Err(OrderError::Sum);
            }
            sum = sum.checked_add(line.amount_minor).ok_or(OrderError::Sum)?;
        }
        if sum == self.amount_minor {
            Ok(amount)
        } else {
            Err(OrderError::Sum)
        }
    }
}

impl RefundOrder {
    /// Signs the refund.
    ///
    /// # Errors
    /// When it is not one that a host could take.
    pub fn sign(&self, key: &SecretKey) -> Result<String, OrderError> {
        self.check()?;
        Ok(jws::sign(key, Kind::Refund, self))
    }

    fn check(&self) -> Result<Amount, OrderError> {
        if self.version != 1 {
            return Err(OrderError::Version(self.version));
        }
        Ok(Amount::new(self.amount_minor, self.currency)?)
    }
}

impl VerifiedOrder {
    /// What it says.
    pub fn order(&self) -> &Order {
        &self.order
    }

    /// How much.
    pub fn amount(&self) -> Amount {
        self.amount
    }

    /// SHA-256 of its canonical form.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// Where its money goes.
    pub fn payee(&self) -> &AccountId {
        &self.payee
    }

    /// The merchant's name, as the platform registered it.
    pub fn merchant_name(&self) -> &str {
        &self.merchant_name
    }

    /// As the merchant signed it.
    pub fn signed(&self) -> &str {
        &self.signed
    }
}

impl VerifiedRefund {
    /// What it says.
    pub fn refund(&self) -> &RefundOrder {
        &self.refund
    }

    /// How much.
    pub fn amount(&self) -> Amount {
        self.amount
    }

    /// As the merchant signed it.
    pub fn signed(&self) -> &str {
        &self.signed
    }
}

/// Checks an order that the app `app` brought at `now_ms`: who signed it, for whom, until when, whether it adds up.
///
/// When a request is submitted again after a restart, give the moment at which the person agreed: whether it is still
/// in time is then the provider's to say, for it may have been paid in time.
///
/// # Errors
/// The first thing that is wrong with it.
pub fn verify_order(
    signed: &[u8],
    merchants: &Merchants,
    app: &str,
    now_ms: i64,
) -> Result<VerifiedOrder, OrderError> {
    let verified = verify_order_for_any_app(signed, merchants, now_ms)?;
    if verified.order.app == app {
        Ok(verified)
    } else {
        Err(OrderError::OtherApp)
    }
}

/// Checks an order as [`verify_order`] does, but for the app: for a payment service, which the host stands between.
///
/// # Errors
/// The first thing that is wrong with it.
pub fn verify_order_for_any_app(
    signed: &[u8],
    merchants: &Merchants,
    now_ms: i64,
) -> Result<VerifiedOrder, OrderError> {
    let (order, merchant, digest, signed) = opened::<Order>(signed, Kind::Order, merchants)?;
    let amount = order.check()?;
    check_time(order.expires_at_ms, now_ms)?;
    let payee = merchant
        .accounts
        .get(&order.currency)
        .ok_or_else(|| OrderError::Currency {
            merchant: merchant.id.clone(),
            currency: order.currency,
        })?;
    Ok(VerifiedOrder {
        amount,
        digest,
        payee: payee.clone(),
        merchant_name: merchant.name.clone(),
        signed,
        order,
    })
}

/// Checks a refund that the app `app` brought at `now_ms`.
///
/// # Errors
/// The first thing that is wrong with it.
pub fn verify_refund(
    signed: &[u8],
    merchants: &Merchants,
    app: &str,
    now_ms: i64,
) -> Result<VerifiedRefund, OrderError> {
    let verified = verify_refund_for_any_app(signed, merchants, now_ms)?;
    if verified.refund.app == app {
        Ok(verified)
    } else {
        Err(OrderError::OtherApp)
    }
}

/// Checks a refund as [`verify_refund`] does, but for the app: for a payment service.
///
/// # Errors
/// The first thing that is wrong with it.
pub fn verify_refund_for_any_app(
    signed: &[u8],
    merchants: &Merchants,
    now_ms: i64,
) -> Result<VerifiedRefund, OrderError> {
    let (refund, _, _, signed) = opened::<RefundOrder>(signed, Kind::Refund, merchants)?;
    let amount = refund.check()?;
    check_time(refund.expires_at_ms, now_ms)?;
    Ok(VerifiedRefund {
        refund,
        amount,
        signed,
    })
}

/// What a merchant signed, whose signature was found good.
fn opened<'m, T: Serialize + DeserializeOwned>(
    signed: &[u8],
    kind: Kind,
    merchants: &'m Merchants,
) -> Result<(T, &'m Merchant, Digest, String), OrderError> {
    #[derive(Deserialize)]
    struct Claim {
        merchant: MerchantId,
    }
    // Whose keys to try; the signature then covers this name too.
    let Claim { merchant } = jws::claimed(signed)?;
    let merchant = merchants
        .find(&merchant)
        .ok_or(OrderError::UnknownMerchant(merchant))?;
    let (value, payload, _) = jws::open(signed, kind, &merchant.keys)?;
    let text = String::from_utf8_lossy(signed).into_owned();
    Ok((value, merchant, Digest::sha256(&payload), text))
}

fn check_time(expires_at_ms: i64, now_ms: i64) -> Result<(), OrderError> {
    if now_ms >= expires_at_ms {
        return Err(OrderError::Expired);
    }
    if expires_at_ms.saturating_sub(now_ms) > MAX_VALID_MS + CLOCK_SKEW_MS {
        return Err(OrderError::TooLong);
    }
    Ok(())
}

/// Text that stands beside a price must not be able to make the price look different (Unicode TR 36).
fn is_title(text: &str) -> bool {
    text.len() <= MAX_TITLE_BYTES && lapak_abi::text::check(text, MAX_TITLE_BYTES).is_ok()
}
