//! How far a grant goes.

use std::collections::{BTreeMap, BTreeSet};

use lapak_ledger::money::{Amount, Currency};
use lapak_ledger::name::MerchantId;
use serde::{Deserialize, Serialize};

use crate::capability::bluetooth::Uuid;

/// How far the grants go, one member for each capability that has bounds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Bounds {
    /// Of `payments`.
    pub payments: PaymentBounds,
    /// Of `location`.
    pub location: LocationBounds,
    /// Of `bluetooth`.
    pub bluetooth: BluetoothBounds,
}

impl Bounds {
    /// No bounds at all.
    #[must_use]
    pub fn unlimited() -> Self {
        Self {
            payments: PaymentBounds::unlimited(),
            ..Self::default()
        }
    }
}

/// How far the grant of `location` goes. The default has no bounds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct LocationBounds {
    /// Locations are told to about a kilometre, whatever an app asks for.
    pub coarse_only: bool,
}

/// How far the grant of `bluetooth` goes. The default has no bounds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct BluetoothBounds {
    /// Which services apps may look for and use; `None`: all.
    pub services: Option<BTreeSet<Uuid>>,
}

impl BluetoothBounds {
    /// Whether a service may be looked for and used.
    #[must_use]
    pub fn allows(&self, service: Uuid) -> bool {
        let services = self.services.as_ref();
        services.is_none_or(|services| services.contains(&service))
    }
}

/// How far the grant of `payments` goes. The default goes nowhere.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct PaymentBounds {
    /// In which currencies, and how much of each; `None`: in all, without a bound.
    pub currencies: Option<BTreeMap<Currency, Most>>,
    /// To which merchants and billers; `None`: to all that the platform registered.
    pub merchants: Option<BTreeSet<MerchantId>>,
    /// Whether orders may be paid (and refunds handed in).
    pub orders: bool,
    /// Whether money may be sent to people.
    pub transfers: bool,
    /// Whether bills may be paid.
    pub bills: bool,
}

/// How much of a currency, in minor units.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Most {
    /// At a time.
    pub per_payment_minor: i64,
    /// In any 24 hours, of one person through one app: what was agreed to counts, until it came to nothing.
    pub per_day_minor: i64,
}

/// What an app wants a person to pay, as far as bounds go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spending<'a> {
    /// An order of a merchant's.
    Order(&'a MerchantId),
    /// A refund by a merchant: money comes back, so amounts have no bound.
    Refund(&'a MerchantId),
    /// Money to a person.
    Transfer,
    /// A biller's bill.
    Bill(&'a MerchantId),
}

/// The bound that was passed. For the host's log and the audit; an app hears access-denied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OutOfBounds {
    /// Nothing of this kind.
    #[error("this kind of payment is not granted")]
    Kind,
    /// Not in this currency.
    #[error("this currency is not granted")]
    Currency,
    /// Not to this merchant.
    #[error("this merchant is not granted")]
    Merchant,
    /// Not so much at a time.
    #[error("more than is granted at a time")]
    PerPayment,
    /// Not so much in a day.
    #[error("more than is granted in a day")]
    PerDay,
}

impl PaymentBounds {
    /// Everything that the platform's merchants and providers do.
    #[must_use]
    pub fn unlimited() -> Self {
        Self {
            currencies: None,
            merchants: None,
            orders: true,
            transfers: true,
            bills: true,
        }
    }

    /// Whether this much may be paid at a time. What was paid before in the same day is [`Self::per_day_minor`]'s to say.
    ///
    /// # Errors
    /// The bound that is passed.
    pub fn allow(&self, what: Spending<'_>, amount: Amount) -> Result<(), OutOfBounds> {
        let (granted, merchant) = match what {
            Spending::Order(merchant) | Spending::Refund(merchant) => (self.orders, Some(merchant)),
            Spending::Transfer => (self.transfers, None),
            Spending::Bill(biller) => (self.bills, Some(biller)),
        };
        if !granted {
            return Err(OutOfBounds::Kind);
        }
        if let (Some(merchants), Some(merchant)) = (&self.merchants, merchant)
            && !merchants.contains(merchant)
        {
            return Err(OutOfBounds::Merchant);
        }
        if let Some(currencies) = &self.currencies {
            let most = currencies
                .get(&amount.currency())
                .ok_or(OutOfBounds::Currency)?;
            let is_refund = matches!(what, Spending::Refund(_));
            if !is_refund && amount.minor() > most.per_payment_minor {
                return Err(OutOfBounds::PerPayment);
            }
        }
        Ok(())
    }

    /// How much of a currency may be paid in any 24 hours; `None`: as much as there is.
    #[must_use]
    pub fn per_day_minor(&self, currency: Currency) -> Option<i64> {
        let currencies = self.currencies.as_ref()?;
        Some(
            currencies
                .get(&currency)
                .map_or(0, |most| most.per_day_minor),
        )
    }

    /// The bounds that a payment in this currency is held against, in words for the audit.
    #[must_use]
    pub fn in_words(&self, currency: Currency) -> String {
        let amounts = match self.currencies.as_ref().map(|all| all.get(&currency)) {
            None => "any amount".to_owned(),
            Some(None) => format!("no {currency}"),
            Some(Some(most)) => format!(
                "{currency} {} at a time, {} a day",
                currency.decimal(most.per_payment_minor),
                currency.decimal(most.per_day_minor)
            ),
        };
        let merchants = match &self.merchants {
            None => "any merchant".to_owned(),
            Some(some) => format!("{} merchants", some.len()),
        };
        format!("{amounts}; {merchants}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amount(minor: i64, currency: &str) -> Amount {
        let currency = currency.parse().expect("a currency");
        Amount::new(minor, currency).expect("an amount")
    }

    fn merchant(id: &str) -> MerchantId {
        id.parse().expect("a merchant")
    }

    fn bounded() -> PaymentBounds {
        let most = Most {
            per_payment_minor: 100,
            per_day_minor: 150,
        };
        PaymentBounds {
            currencies: Some(BTreeMap::from([(amount(1, "IDR").currency(), most)])),
            merchants: Some(BTreeSet::from([merchant("warung")])),
            bills: false,
            ..PaymentBounds::unlimited()
        }
    }

    #[test]
    fn nothing_is_granted_by_default() {
        let shop = merchant("warung");
        for what in [
            Spending::Order(&shop),
            Spending::Refund(&shop),
            Spending::Transfer,
            Spending::Bill(&shop),
        ] {
            let allowed = PaymentBounds::default().allow(what, amount(1, "IDR"));
            assert_eq!(allowed, Err(OutOfBounds::Kind));
            assert!(
                PaymentBounds::unlimited()
                    .allow(what, amount(1, "IDR"))
                    .is_ok()
            );
        }
    }

    #[test]
    fn each_bound_holds() {
        let (shop, other) = (merchant("warung"), merchant("toko"));
        let allow = |what, minor, currency| bounded().allow(what, amount(minor, currency));
        assert_eq!(allow(Spending::Order(&shop), 100, "IDR"), Ok(()));
        let too_much = allow(Spending::Order(&shop), 101, "IDR");
        assert_eq!(too_much, Err(OutOfBounds::PerPayment));
        let foreign = allow(Spending::Order(&shop), 1, "EUR");
        assert_eq!(foreign, Err(OutOfBounds::Currency));
        let other = allow(Spending::Order(&other), 1, "IDR");
        assert_eq!(other, Err(OutOfBounds::Merchant));
        assert_eq!(
            allow(Spending::Bill(&shop), 1, "IDR"),
            Err(OutOfBounds::Kind)
        );
        assert_eq!(allow(Spending::Refund(&shop), 5_000, "IDR"), Ok(()));
        assert_eq!(
            allow(Spending::Transfer, 101, "IDR"),
            Err(OutOfBounds::PerPayment)
        );
        let idr = amount(1, "IDR").currency();
        assert_eq!(bounded().per_day_minor(idr), Some(150));
        let eur = amount(1, "EUR").currency();
        assert_eq!(bounded().per_day_minor(eur), Some(0));
    }
}
