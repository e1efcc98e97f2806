//! Amounts of money: whole rupiah, never a fraction, never wrapped around.

use std::fmt;

use serde::{Deserialize, Serialize};

/// An amount in rupiah. The rupiah's minor unit is not in use, so this is a whole number of them.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
pub(crate) struct Rupiah(pub(crate) u64);

impl Rupiah {
    /// The sum, unless it is too large to count.
    pub(crate) fn plus(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// So many times the amount, unless that is too large to count.
    pub(crate) fn times(self, count: u32) -> Option<Self> {
        self.0.checked_mul(u64::from(count)).map(Self)
    }
}

/// As it is written in Indonesia: `Rp 25.000`.
impl fmt::Display for Rupiah {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.0.to_string();
        f.write_str("Rp ")?;
        for (at, digit) in digits.chars().enumerate() {
            if at > 0 && (digits.len() - at).is_multiple_of(3) {
                f.write_str(".")?;
            }
            write!(f, "{digit}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Rupiah;

    #[test]
    fn is_written_with_dots() {
        let written =
            [0, 500, 2_000, 25_000, 100_000, 1_234_567].map(|amount| Rupiah(amount).to_string());
        assert_eq!(
            written,
            [
                "Rp 0",
                "Rp 500",
                "Rp 2.000",
                "Rp 25.000",
                "Rp 100.000",
                "Rp 1.234.567"
            ]
        );
    }

    #[test]
    fn never_wraps_around() {
        assert_eq!(Rupiah(u64::MAX).plus(Rupiah(1)), None);
        assert_eq!(Rupiah(u64::MAX / 2).times(3), None);
        assert_eq!(Rupiah(2_000).times(3), Some(Rupiah(6_000)));
    }
}
