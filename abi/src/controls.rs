//! What a person may put into a control: one rule for events, forms, `lapak run` and the SDK's test kit. The browser's
//! half is `preview/assets/values.js`; `abi/tests/controls.json` is tried on both.
//!
//! | control | what it takes |
//! |---|---|
//! | text, search, telephone, password | one line: line breaks and control characters are left out |
//! | email | the same, without blanks around it |
//! | number | a whole number, `-12`; anything else is refused, nothing is ever cut out of a number |
//! | decimal | `-12.5`; a comma counts as the point, unless three digits follow it and it could group thousands |
//! | textarea | lines: a break is `\n`, other control characters are left out |
//! | slider | the nearest step within the bounds |
//! | date | a day of the Gregorian calendar, `2026-02-28`, within the bounds; empty for none |
//! | time | `23:59`, within the bounds, which may go past midnight; empty for none |
//!
//! A text that is too long is cut between two grapheme clusters, which are what people see as one character; a number
//! that is too long is refused. Digits of every script count as digits, and arrive as ASCII. Where an app writes a
//! number in its own way (`12.500`, `Rp 12 500`), what it writes between the digits is its own and not the person's: it is
//! left out of what they make of it.

mod numbers;

use unicode_segmentation::UnicodeSegmentation as _;

pub use numbers::snapped;

/// The longest text of one control, in bytes, where the app sets no shorter one.
pub const MAX_TEXT_BYTES: usize = 64 * 1024;
/// The most fields of one form.
pub const MAX_FIELDS: usize = 256;

/// What kind of text a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextKind {
    /// One line.
    Line,
    /// An address: one line without blanks around it.
    Email,
    /// A whole number.
    Number,
    /// A number with a fraction.
    Decimal,
    /// Several lines.
    Lines,
}

/// A text as a field of this kind takes it, at most `most` characters of it. `shown` is what the app's view says that
/// the field holds.
///
/// # Errors
/// Says why a number is not taken. Other texts always are.
pub fn text(
    kind: TextKind,
    text: &str,
    most: Option<u32>,
    shown: &str,
) -> Result<String, &'static str> {
    let most = most.map_or(usize::MAX, |most| {
        usize::try_from(most).unwrap_or(usize::MAX)
    });
    match kind {
        TextKind::Line => Ok(cut(line(text), most)),
        TextKind::Email => Ok(cut(line(text).trim().to_owned(), most)),
        TextKind::Lines => Ok(cut(lines(text), most)),
        TextKind::Number => number_within(numbers::whole(text, shown)?, most),
        TextKind::Decimal => number_within(numbers::decimal(text, shown)?, most),
    }
}

/// How many characters a person sees: grapheme clusters (Unicode Standard Annex 29, extended).
#[must_use]
pub fn length(text: &str) -> usize {
    text.graphemes(true).count()
}

/// Whether it is a day of the calendar: `YYYY-MM-DD`, from year 1.
#[must_use]
pub fn is_date(text: &str) -> bool {
    let bytes = text.as_bytes();
    let written = bytes.len() == 10
        && digits(bytes, &[0, 1, 2, 3, 5, 6, 8, 9])
        && bytes.get(4) == Some(&b'-')
        && bytes.get(7) == Some(&b'-');
    let (Some(year), Some(month), Some(day)) =
        (part(text, 0..4), part(text, 5..7), part(text, 8..10))
    else {
        return false;
    };
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        4 | 6 | 9 | 11 => 30,
        2 => 28 + u16::from(leap),
        _ => 31,
    };
    written && year >= 1 && (1..=12).contains(&month) && (1..=days).contains(&day)
}

/// Whether it is a time of the day: `hh:mm`, 24 hours.
#[must_use]
pub fn is_time(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() == 5
        && digits(bytes, &[0, 1, 3, 4])
        && bytes.get(2) == Some(&b':')
        && part(text, 0..2).is_some_and(|hour| hour < 24)
        && part(text, 3..5).is_some_and(|minute| minute < 60)
}

/// Checks a date against its bounds; empty is no date.
///
/// # Errors
/// Says why it is not taken.
pub fn date(text: &str, earliest: Option<&str>, latest: Option<&str>) -> Result<(), &'static str> {
    if text.is_empty() {
        return Ok(());
    }
    if !is_date(text) {
        return Err("a date is written YYYY-MM-DD and must exist");
    }
    // Dates of one form are in order as text.
    let early = earliest.is_some_and(|earliest| text < earliest);
    let late = latest.is_some_and(|latest| text > latest);
    if early || late {
        return Err("it is outside the bounds");
    }
    Ok(())
}

/// Checks a time against its bounds, which go past midnight if the earliest is after the latest; empty is no time.
///
/// # Errors
/// Says why it is not taken.
pub fn time(text: &str, earliest: Option<&str>, latest: Option<&str>) -> Result<(), &'static str> {
    if text.is_empty() {
        return Ok(());
    }
    if !is_time(text) {
        return Err("a time is written hh:mm");
    }
    let not_early = earliest.is_none_or(|earliest| text >= earliest);
    let not_late = latest.is_none_or(|latest| text <= latest);
    let past_midnight = matches!((earliest, latest), (Some(from), Some(to)) if from > to);
    let within = if past_midnight {
        not_early || not_late
    } else {
        not_early && not_late
    };
    within.then_some(()).ok_or("it is outside the bounds")
}

fn line(text: &str) -> String {
    text.chars()
        .filter(|c| *c == '\t' || !c.is_control())
        .collect()
}

fn lines(text: &str) -> String {
    let breaks = text.replace("\r\n", "\n").replace('\r', "\n");
    let kept = |c: &char| matches!(c, '\t' | '\n') || !c.is_control();
    breaks.chars().filter(kept).collect()
}

/// The first `most` characters, and no more bytes than a control holds.
fn cut(mut text: String, most: usize) -> String {
    // A character has at least a byte.
    if text.len() <= most.min(MAX_TEXT_BYTES) {
        return text;
    }
    let fits = |(nth, (at, cluster)): &(usize, (usize, &str))| {
        *nth < most && at + cluster.len() <= MAX_TEXT_BYTES
    };
    let kept = text.grapheme_indices(true).enumerate().take_while(fits);
    let end = kept
        .last()
        .map_or(0, |(_, (at, cluster))| at + cluster.len());
    text.truncate(end);
    text
}

fn number_within(number: String, most: usize) -> Result<String, &'static str> {
    if number.len() > most.min(MAX_TEXT_BYTES) {
        return Err("the number is too long");
    }
    Ok(number)
}

fn digits(bytes: &[u8], places: &[usize]) -> bool {
    places
        .iter()
        .all(|place| bytes.get(*place).is_some_and(u8::is_ascii_digit))
}

fn part(text: &str, range: std::ops::Range<usize>) -> Option<u16> {
    text.get(range)?.parse().ok()
}
