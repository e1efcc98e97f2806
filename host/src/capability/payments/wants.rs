//! What an app wants to be paid: from its numbers and bytes, which are hostile, to what a person can be shown.

use lapak_abi::text::hides_something;
use lapak_ledger::jws::JwsError;
use lapak_ledger::ledger::MAX_NOTE_BYTES;
use lapak_ledger::money::{Amount, Currency};
use lapak_ledger::name::{MerchantId, RequestKey};
use lapak_ledger::order::{OrderError, VerifiedOrder, VerifiedRefund, verify_order, verify_refund};
use lapak_ledger::provider::{Ask as ProviderAsk, Decline};
use serde::{Deserialize, Serialize};

use super::parts::PaymentParts;
use super::records::{Agreed, Ask};
use crate::app::source::manifest_id;
use crate::bindings::lapak::app::payments::{Error, Money};
use crate::grants::Spending;
use crate::sheet::{PaymentKind, SheetLine};

/// The longest signed order that is looked at, in bytes.
pub const MAX_ORDER_BYTES: usize = 64 * 1024;
/// The longest name of a recipient, in bytes.
const MAX_TO_BYTES: usize = 64;

/// What an app asked for, as its session keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Wants {
    Pay(String),
    Refund(String),
    Transfer {
        to: String,
        amount_minor: i64,
        currency: Currency,
        note: String,
    },
    Bill {
        biller: MerchantId,
        customer: String,
        amount_minor: i64,
        currency: Currency,
    },
}

/// Why there is nothing to ask anybody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Unfit {
    /// The call was wrong.
    Fault(Error),
    /// The order has expired.
    Expired,
}

/// Well-formed, genuine, in time.
pub(super) struct Fit {
    pub(super) amount: Amount,
    order: Option<VerifiedOrder>,
    refund: Option<VerifiedRefund>,
}

/// What a person can be shown and a provider be asked.
#[derive(Clone, Debug)]
pub(super) struct Brief {
    pub(super) amount: Amount,
    pub(super) kind: PaymentKind,
    pub(super) to: String,
    pub(super) to_id: String,
    pub(super) lines: Vec<SheetLine>,
    pub(super) reference: String,
    pub(super) note: String,
    pub(super) ask: Ask,
    /// Not later than this, in milliseconds since 1970.
    pub(super) expires_ms: Option<i64>,
    /// Of an order, to look whether it was paid already.
    pub(super) order: Option<VerifiedOrder>,
    merchant: Option<MerchantId>,
}

impl Brief {
    /// What bounds are held against.
    pub(super) fn spending(&self) -> Spending<'_> {
        match (&self.ask, &self.merchant) {
            (Ask::Pay(_), Some(merchant)) => Spending::Order(merchant),
            (Ask::Refund(_), Some(merchant)) => Spending::Refund(merchant),
            (Ask::Bill { .. }, Some(biller)) => Spending::Bill(biller),
            _ => Spending::Transfer,
        }
    }
}

impl Wants {
    /// The function of the interface that asks for it.
    pub(super) fn function(&self) -> &'static str {
        match self {
            Self::Pay(_) => "request-payment",
            Self::Refund(_) => "request-refund",
            Self::Transfer { .. } => "transfer",
            Self::Bill { .. } => "pay-bill",
        }
    }

    /// A signed order, from bytes of the app's.
    pub(super) fn pay(order: Vec<u8>) -> Result<Self, Error> {
        signed(order).map(Self::Pay)
    }

    /// A signed refund.
    pub(super) fn refund(refund: Vec<u8>) -> Result<Self, Error> {
        signed(refund).map(Self::Refund)
    }

    pub(super) fn transfer(to: String, money: &Money, note: String) -> Result<Self, Error> {
        let odd = to.is_empty() || to.len() > MAX_TO_BYTES || hides_something(&to);
        if odd || note.len() > MAX_NOTE_BYTES || hides_something(&note) {
            return Err(Error::Invalid);
        }
        let amount = amount(money)?;
        Ok(Self::Transfer {
            to,
            amount_minor: amount.minor(),
            currency: amount.currency(),
            note,
        })
    }

    pub(super) fn bill(biller: &str, customer: String, money: &Money) -> Result<Self, Error> {
        let printable = customer.bytes().all(|byte| byte.is_ascii_graphic());
        if !(1..=64).contains(&customer.len()) || !printable {
            return Err(Error::Invalid);
        }
        let amount = amount(money)?;
        Ok(Self::Bill {
            biller: biller.parse().map_err(|_| Error::Invalid)?,
            customer,
            amount_minor: amount.minor(),
            currency: amount.currency(),
        })
    }

    /// Checks it as of `now_ms`, for the app that brought it.
    pub(super) fn check(
        &self,
        parts: &PaymentParts,
        app_id: &str,
        now_ms: i64,
    ) -> Result<Fit, Unfit> {
        // Merchants know the app by its manifest.
        let app_id = manifest_id(app_id);
        let (mut order, mut refund) = (None, None);
        let amount = match self {
            Self::Pay(signed) => {
                let verified = verify_order(signed.as_bytes(), &parts.merchants, app_id, now_ms)?;
                order.insert(verified).amount()
            }
            Self::Refund(signed) => {
                let verified = verify_refund(signed.as_bytes(), &parts.merchants, app_id, now_ms)?;
                refund.insert(verified).amount()
            }
            Self::Transfer {
                amount_minor,
                currency,
                ..
            }
            | Self::Bill {
                amount_minor,
                currency,
                ..
            } => Amount::new(*amount_minor, *currency).map_err(|_| Unfit::Fault(Error::Invalid))?,
        };
        Ok(Fit {
            amount,
            order,
            refund,
        })
    }

    /// What bounds are held against.
    pub(super) fn spending<'a>(&'a self, fit: &'a Fit) -> Spending<'a> {
        match (self, &fit.order, &fit.refund) {
            (_, Some(order), _) => Spending::Order(&order.order().merchant),
            (_, _, Some(refund)) => Spending::Refund(&refund.refund().merchant),
            (Self::Bill { biller, .. }, ..) => Spending::Bill(biller),
            _ => Spending::Transfer,
        }
    }

    /// What a person is shown. Looks people up: not on a thread that runs guests.
    pub(super) fn brief(&self, fit: Fit, parts: &PaymentParts) -> Result<Brief, Decline> {
        let mut brief = Brief {
            amount: fit.amount,
            kind: PaymentKind::Order,
            to: String::new(),
            to_id: String::new(),
            lines: Vec::new(),
            reference: String::new(),
            note: String::new(),
            ask: Ask::Pay(String::new()),
            expires_ms: None,
            merchant: None,
            order: fit.order,
        };
        match self {
            Self::Pay(signed) => {
                brief.ask = Ask::Pay(signed.clone());
                if let Some(order) = brief.order.clone() {
                    brief.tell_of(&order);
                }
            }
            Self::Refund(signed) => {
                brief.ask = Ask::Refund(signed.clone());
                if let Some(refund) = &fit.refund {
                    brief.merchant = Some(refund.refund().merchant.clone());
                    brief.to_id = refund.refund().merchant.to_string();
                    brief.reference = refund.refund().order.to_string();
                }
            }
            Self::Transfer { to, note, .. } => {
                let found = parts.people.find(to, fit.amount.currency());
                let found = found.ok_or(Decline::UnknownRecipient)?;
                brief.kind = PaymentKind::Transfer;
                brief.to = found.name;
                brief.to_id = to.clone();
                brief.note = note.clone();
                brief.ask = Ask::Transfer {
                    to: found.account,
                    note: note.clone(),
                };
            }
            Self::Bill {
                biller, customer, ..
            } => {
                let found = parts.merchants.find(biller);
                brief.kind = PaymentKind::Bill;
                brief.merchant = Some(biller.clone());
                brief.to = found.ok_or(Decline::UnknownRecipient)?.name.clone();
                brief.to_id = biller.to_string();
                brief.reference = customer.clone();
                brief.ask = Ask::Bill {
                    biller: biller.clone(),
                    customer: customer.clone(),
                };
            }
        }
        Ok(brief)
    }

    /// Makes it the same request when the same session asks for it again after a restart, and another one when a session
    /// that lost its last moments asks for something else under the same number.
    pub(super) fn key(&self, session: &[u8], request: u32) -> Option<RequestKey> {
        let content = serde_json::to_vec(self).ok()?;
        let mut hasher = blake3::Hasher::new_derive_key("lapak payment request 1");
        hasher.update(session);
        hasher.update(&request.to_le_bytes());
        hasher.update(&content);
        let hash = hasher.finalize().to_hex();
        format!("session/{}", &hash[..32]).parse().ok()
    }
}

impl Brief {
    /// As the merchant wrote it.
    fn tell_of(&mut self, order: &VerifiedOrder) {
        let (said, currency) = (order.order(), self.amount.currency());
        self.merchant = Some(said.merchant.clone());
        self.to = order.merchant_name().to_owned();
        self.to_id = said.merchant.to_string();
        self.reference = said.order.to_string();
        self.expires_ms = Some(said.expires_at_ms);
        let lines = said.lines.iter().map(|line| SheetLine {
            title: line.title.clone(),
            quantity: line.quantity,
            amount_minor: line.amount_minor,
            amount: currency.decimal(line.amount_minor),
        });
        self.lines = lines.collect();
    }
}

impl Agreed {
    /// What the provider is asked. An order is checked as of the moment at which the person agreed: whether it is still in
    /// time is the provider's to say, which may have been asked before.
    pub(super) fn to_ask(&self, parts: &PaymentParts) -> Result<ProviderAsk, String> {
        let app_id = manifest_id(&self.app_id);
        let amount = Amount::new(self.amount_minor, self.currency).map_err(|e| e.to_string())?;
        Ok(match self.ask.clone() {
            Ask::Pay(signed) => ProviderAsk::Pay(
                verify_order(signed.as_bytes(), &parts.merchants, app_id, self.at_ms)
                    .map_err(|error| error.to_string())?,
            ),
            Ask::Refund(signed) => ProviderAsk::Refund(
                verify_refund(signed.as_bytes(), &parts.merchants, app_id, self.at_ms)
                    .map_err(|error| error.to_string())?,
            ),
            Ask::Transfer { to, note } => ProviderAsk::Transfer { to, amount, note },
            Ask::Bill { biller, customer } => ProviderAsk::Bill {
                biller,
                customer,
                amount,
            },
        })
    }
}

fn signed(bytes: Vec<u8>) -> Result<String, Error> {
    if bytes.len() > MAX_ORDER_BYTES {
        return Err(Error::OrderMalformed);
    }
    String::from_utf8(bytes).map_err(|_| Error::OrderMalformed)
}

fn amount(money: &Money) -> Result<Amount, Error> {
    let currency: Currency = money.currency.parse().map_err(|_| Error::Invalid)?;
    Amount::new(money.minor, currency).map_err(|_| Error::Invalid)
}

impl From<OrderError> for Unfit {
    fn from(error: OrderError) -> Self {
        tracing::debug!(%error, "an order was not taken");
        Self::Fault(match error {
            OrderError::Expired => return Self::Expired,
            OrderError::Signature(JwsError::UnknownKey | JwsError::BadSignature)
            | OrderError::UnknownMerchant(_) => Error::OrderForged,
            OrderError::Signature(_) => Error::OrderMalformed,
            OrderError::OtherApp => Error::OrderOfAnotherApp,
            OrderError::Version(_)
            | OrderError::TooLong
            | OrderError::Amount(_)
            | OrderError::Currency { .. }
            | OrderError::Lines
            | OrderError::Title(_)
            | OrderError::Quantity(_)
            | OrderError::Sum => Error::OrderUnpayable,
        })
    }
}
