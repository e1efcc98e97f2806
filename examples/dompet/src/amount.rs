//! Amounts of money: minor units, never a fraction, never wrapped around.

use lapak_sdk::payments::Money;

/// What this wallet sends is counted in.
pub(crate) const CURRENCY: &str = "IDR";
/// The most digits that somebody may type: far more than anybody has, far less than can be counted.
pub(crate) const MOST_DIGITS: u32 = 12;
/// The minor units of a rupiah, as ISO 4217 has them. Nobody uses them.
const SEN: i64 = 100;

/// As it is written in Indonesia: `Rp 25.000`; other currencies by their code.
pub(crate) fn written(money: &Money) -> String {
    let sign = if money.minor < 0 { "−" } else { "" };
    let (whole, rest) = (
        money.minor.unsigned_abs() / SEN.unsigned_abs(),
        money.minor.unsigned_abs() % SEN.unsigned_abs(),
    );
    let name = match money.currency.as_str() {
        CURRENCY => "Rp",
        other => other,
    };
    let rest = if rest == 0 {
        String::new()
    } else {
        format!(",{rest:02}")
    };
    format!("{sign}{name} {}{rest}", grouped(whole))
}

/// As [`written`], with a + before what was received.
pub(crate) fn change(money: &Money) -> String {
    let plus = if money.minor > 0 { "+" } else { "" };
    format!("{plus}{}", written(money))
}

/// So many whole rupiah.
pub(crate) fn rupiah(whole: i64) -> Money {
    Money::new(whole.saturating_mul(SEN), CURRENCY)
}

/// What somebody typed: digits, with dots and blanks between them or without. `None` if it is nothing, or no amount.
pub(crate) fn typed(text: &str) -> Option<Money> {
    let digits: String = text.chars().filter(|c| !matches!(c, '.' | ' ')).collect();
    let is_amount = (1..=MOST_DIGITS as usize).contains(&digits.len())
        && digits.bytes().all(|digit| digit.is_ascii_digit());
    let whole = digits.parse::<i64>().ok().filter(|_| is_amount)?;
    (whole > 0).then(|| rupiah(whole))
}

/// Digits by threes: `1.234.567`.
fn grouped(whole: u64) -> String {
    let digits = whole.to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push('.');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_written_with_dots() {
        let written = [0, 50, 100, 2_500_000, -123_456_700, i64::MIN]
            .map(|minor| written(&Money::new(minor, "IDR")));
        assert_eq!(
            written,
            [
                "Rp 0",
                "Rp 0,50",
                "Rp 1",
                "Rp 25.000",
                "−Rp 1.234.567",
                "−Rp 92.233.720.368.547.758,08"
            ]
        );
        assert_eq!(change(&Money::new(100, "EUR")), "+EUR 1");
    }

    #[test]
    fn what_is_typed_is_whole_rupiah_or_nothing() {
        assert_eq!(typed("25.000"), Some(rupiah(25_000)));
        assert_eq!(typed(" 7 500 "), Some(rupiah(7_500)));
        for nothing in ["", "0", "-5", "1,5", "12a", "9999999999999", "٣"] {
            assert_eq!(typed(nothing), None, "{nothing:?}");
        }
    }
}
