//! Numbers as people type and paste them.

/// The zero of every script that has decimal digits of its own; the nine others follow it.
const ZEROS: [u32; 37] = [
    0x660, 0x6F0, 0x7C0, 0x966, 0x9E6, 0xA66, 0xAE6, 0xB66, 0xBE6, 0xC66, 0xCE6, 0xD66, 0xDE6,
    0xE50, 0xED0, 0xF20, 0x1040, 0x1090, 0x17E0, 0x1810, 0x1946, 0x19D0, 0x1A80, 0x1A90, 0x1B50,
    0x1BB0, 0x1C40, 0x1C50, 0xA620, 0xA8D0, 0xA900, 0xA9D0, 0xA9F0, 0xAA50, 0xABF0, 0xFF10,
    0x1E950,
];
const NOT_WHOLE: &str = "it takes a whole number, such as 12";
const NOT_DECIMAL: &str = "it takes a number, such as 12.5";

/// A whole number, or nothing.
pub(super) fn whole(text: &str, shown: &str) -> Result<String, &'static str> {
    let number = plain(text, |c| is_written_by_the_app(c, shown));
    let digits = number.strip_prefix('-').unwrap_or(&number);
    let right = all_digits(digits) && (!digits.is_empty() || number.is_empty());
    right.then_some(number).ok_or(NOT_WHOLE)
}

/// A number with a point, or nothing.
pub(super) fn decimal(text: &str, shown: &str) -> Result<String, &'static str> {
    let number = plain(text, |c| {
        !matches!(c, '.' | ',') && is_written_by_the_app(c, shown)
    });
    if number.is_empty() {
        return Ok(number);
    }
    let unsigned = number.strip_prefix('-').unwrap_or(&number);
    let minus = if unsigned.len() < number.len() {
        "-"
    } else {
        ""
    };
    let Some((before, after)) = unsigned.split_once(['.', ',']) else {
        let right = all_digits(unsigned) && !unsigned.is_empty();
        return right.then(|| number.clone()).ok_or(NOT_DECIMAL);
    };
    let empty = before.is_empty() && after.is_empty();
    if empty || !all_digits(before) || !all_digits(after) {
        return Err(NOT_DECIMAL);
    }
    let comma = unsigned.contains(',');
    let could_group = (1..=3).contains(&before.len()) && !before.starts_with('0');
    if comma && after.len() == 3 && could_group {
        return Err("that comma could be a thousand's; write 1234 or 1.234");
    }
    if after.is_empty() {
        return Ok(format!("{minus}{before}"));
    }
    Ok(format!("{minus}{before}.{after}"))
}

/// What stands between an app's own digits: neither a digit nor the minus.
fn is_written_by_the_app(c: char, shown: &str) -> bool {
    !c.is_ascii_digit() && c != '-' && shown.chars().any(|one| ascii(one) == c)
}

/// In ASCII, without what is the app's own, without blanks around it and without a plus.
fn plain(text: &str, is_own: impl Fn(char) -> bool) -> String {
    let ascii: String = text.chars().map(ascii).filter(|c| !is_own(*c)).collect();
    let ascii = ascii.trim().to_owned();
    match ascii.strip_prefix('+') {
        Some(digits) if !digits.starts_with('-') => digits.to_owned(),
        _ => ascii,
    }
}

fn ascii(c: char) -> char {
    match c {
        '\u{2212}' | '\u{ff0d}' => return '-',
        '\u{66b}' | '\u{ff0e}' => return '.',
        '\u{ff0c}' => return ',',
        _ => {}
    }
    let value = ZEROS
        .iter()
        .find_map(|zero| u32::from(c).checked_sub(*zero).filter(|value| *value < 10));
    value
        .and_then(|value| char::from_digit(value, 10))
        .unwrap_or(c)
}

fn all_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// A slider's value: the nearest step from `min`, not past `max`; halfway between two it is the upper. All finite,
/// `min` < `max`, `step` > 0.
#[must_use]
pub fn snapped(value: f64, min: f64, max: f64, step: f64) -> f64 {
    let value = value.clamp(min, max);
    let steps = (value - min) / step;
    let most = ((max - min) / step + 1e-9).floor();
    if !steps.is_finite() || !most.is_finite() {
        return value;
    }
    let exact = min + (steps + 0.5 + 1e-9).floor().min(most) * step;
    // As it is written: three steps of 0.1 are 0.3.
    let places = places(min).max(places(step));
    if places > 15 {
        return exact;
    }
    let written = format!("{exact:.places$}").parse().unwrap_or(exact);
    if written == 0.0 { 0.0 } else { written }
}

/// Digits after the point in the shortest way to write a number.
fn places(number: f64) -> usize {
    let written = number.to_string();
    written.split_once('.').map_or(0, |(_, after)| after.len())
}

#[cfg(test)]
mod tests {
    use super::snapped;

    #[test]
    fn a_slider_stands_on_a_step() {
        let one = |value| snapped(value, 0.0, 100.0, 10.0);
        assert_eq!([63.0, 65.0, -5.0, 500.0].map(one), [60.0, 70.0, 0.0, 100.0]);
        assert_eq!(snapped(0.31, 0.0, 1.0, 0.1), 0.3);
        assert_eq!(snapped(0.95, 0.1, 1.0, 0.1), 1.0);
        assert_eq!(snapped(2.2, -1.0, 5.0, 1.5), 2.0);
        // Three and a half steps: the last whole one.
        assert_eq!(snapped(7.0, 0.0, 7.0, 2.0), 6.0);
        assert_eq!(snapped(4.0, 0.0, 5.0, 9.0), 0.0);
        assert_eq!(snapped(-0.2, -1.0, 1.0, 1.0).to_string(), "0");
    }

    #[test]
    fn steps_too_small_to_count_are_none() {
        assert_eq!(snapped(0.5, 0.0, 1.0, f64::MIN_POSITIVE), 0.5);
        assert!(snapped(1.0, -f64::MAX, f64::MAX, 1.0).is_finite());
    }
}
