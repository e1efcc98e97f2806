//! Amounts: whole minor units of an ISO 4217 currency. No float, no rounding, no arithmetic that wraps.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The largest amount that an order, a payment or a transfer may have, in minor units: 2^53 − 1, the largest integer
/// that every JSON implementation keeps exactly (RFC 7493, section 2.2).
pub const MAX_AMOUNT_MINOR: i64 = 9_007_199_254_740_991;

/// A currency that money can be counted in: an ISO 4217 code with a minor unit.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Currency(iso_currency::Currency);

/// More than nothing, at most [`MAX_AMOUNT_MINOR`], of one currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Amount {
    minor: i64,
    currency: Currency,
}

/// Why something is no amount.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    /// Not an ISO 4217 code, or one without a minor unit (gold, test codes).
    #[error(
        "{0:?} is not an ISO 4217 currency with a minor unit; write three capital letters, such as IDR"
    )]
    UnknownCurrency(String),
    /// Zero or less.
    #[error("an amount is more than nothing, and {0} is not")]
    NotPositive(i64),
    /// More than [`MAX_AMOUNT_MINOR`].
    #[error("{0} minor units are more than the largest amount, {MAX_AMOUNT_MINOR}")]
    TooLarge(i64),
}

impl Currency {
    /// The ISO 4217 code, three capital letters.
    pub fn code(self) -> &'static str {
        self.0.code()
    }

    /// How many decimal digits the minor unit stands behind the major one: 2 for IDR, 0 for JPY, 3 for KWD.
    pub fn exponent(self) -> u16 {
        self.0.exponent().unwrap_or(0)
    }

    /// Minor units in major ones, with the currency's own number of decimals: 4500000 of IDR is `45000.00`.
    pub fn decimal(self, minor: i64) -> String {
        let digits = usize::from(self.exponent());
        let sign = if minor < 0 { "-" } else { "" };
        let text = format!("{:0width$}", minor.unsigned_abs(), width = digits + 1);
        let (whole, part) = text.split_at(text.len() - digits);
        let point = if digits == 0 { "" } else { "." };
        format!("{sign}{whole}{point}{part}")
    }
}

impl FromStr for Currency {
    type Err = AmountError;

    fn from_str(code: &str) -> Result<Self, AmountError> {
        iso_currency::Currency::from_code(code)
            .filter(|currency| currency.exponent().is_some())
            .map(Self)
            .ok_or_else(|| AmountError::UnknownCurrency(code.to_owned()))
    }
}

impl TryFrom<String> for Currency {
    type Error = AmountError;

    fn try_from(code: String) -> Result<Self, AmountError> {
        code.parse()
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> Self {
        currency.code().to_owned()
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl Amount {
    /// So many minor units.
    ///
    /// # Errors
    /// When `minor` is not between 1 and [`MAX_AMOUNT_MINOR`].
    pub fn new(minor: i64, currency: Currency) -> Result<Self, AmountError> {
        match minor {
            ..=0 => Err(AmountError::NotPositive(minor)),
            1..=MAX_AMOUNT_MINOR => Ok(Self { minor, currency }),
            _ => Err(AmountError::TooLarge(minor)),
        }
    }

    /// In minor units, at least 1.
    pub fn minor(self) -> i64 {
        self.minor
    }

    /// Of which currency.
    pub fn currency(self) -> Currency {
        self.currency
    }
}

/// `IDR 45000.00`
impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.currency, self.currency.decimal(self.minor))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_those_of_the_currency() {
        let decimal = |code: &str, minor| code.parse::<Currency>().map(|c| c.decimal(minor));
        assert_eq!(decimal("IDR", 4_500_000), Ok("45000.00".into()));
        assert_eq!(decimal("IDR", 5), Ok("0.05".into()));
        assert_eq!(decimal("JPY", -120), Ok("-120".into()));
        assert_eq!(decimal("KWD", -7), Ok("-0.007".into()));
        assert_eq!(decimal("EUR", i64::MIN), Ok("-92233720368547758.08".into()));
    }

    #[test]
    fn only_currencies_with_a_minor_unit() {
        for code in ["XAU", "XXX", "XTS", "idr", "ID", "", "ABC", "IDR "] {
            assert!(code.parse::<Currency>().is_err(), "{code:?}");
        }
    }

    #[test]
    fn amounts_have_bounds() {
        let idr: Currency = "IDR".parse().expect("a currency");
        assert_eq!(Amount::new(0, idr), Err(AmountError::NotPositive(0)));
        assert_eq!(
            Amount::new(i64::MIN, idr),
            Err(AmountError::NotPositive(i64::MIN))
        );
        assert_eq!(
            Amount::new(i64::MAX, idr),
            Err(AmountError::TooLarge(i64::MAX))
        );
        assert!(Amount::new(MAX_AMOUNT_MINOR, idr).is_ok());
        assert!(Amount::new(MAX_AMOUNT_MINOR + 1, idr).is_err());
    }
}
