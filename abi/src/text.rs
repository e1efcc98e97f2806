//! Text that an author, a merchant or a vendor wrote, on surfaces that the host draws: one line, of bounded length, without a
//! character that shows as something else than it is.
//!
//! The rule follows Unicode TR 36 and UTS 39. Two joiners (U+200C, U+200D) and two variation selectors stay where scripts and
//! emoji need them, after a character that they can join; anywhere else they only hide.

use std::borrow::Cow;

use icu_normalizer::properties::CanonicalCombiningClassMapBorrowed;
use icu_properties::CodePointMapData;
use icu_properties::props::GeneralCategory;

/// The longest name of an app, in characters.
pub const MOST_NAME: usize = 64;
/// The longest text of a tab, of a page's title, of a template's title, in characters.
pub const MOST_LABEL: usize = 64;
/// The longest reason for a permission, in characters.
pub const MOST_REASON: usize = 200;
/// The longest description of an app, in characters.
pub const MOST_DESCRIPTION: usize = 1_000;
/// The longest id of an app, the longest name of a version, in characters.
pub const MOST_ID: usize = 128;
/// Marks that may stand on one letter. Vietnamese needs two, Hebrew and Arabic three.
const MOST_MARKS: usize = 4;
/// Signs of any kind that may stand on one letter, those that are written beside it among them. Burmese needs five.
const MOST_SIGNS: usize = 8;
/// Blanks that may follow one another.
const MOST_BLANKS: usize = 2;

/// Why a text may not stand on the host's own surfaces. A sentence that goes on after the text's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextFault {
    /// Nothing to see.
    #[error("is empty; write something that people can read")]
    Empty,
    /// Longer than there is room for.
    #[error("has more than {most} characters; shorten it")]
    TooLong {
        /// The most, in characters.
        most: usize,
    },
    /// A line break or a tab.
    #[error("has a line break or a tab; write it on one line")]
    Lines,
    /// A character that shows as something else than it is, or not at all.
    #[error("holds the hidden character U+{:04X}; take it out", u32::from(*.0))]
    Hidden(char),
    /// Blanks that push apart what belongs together.
    #[error("has more than {MOST_BLANKS} blanks in a row; leave one")]
    Blanks,
    /// More marks on one letter than any language writes.
    #[error("piles more than {MOST_MARKS} marks on one letter; take some away")]
    Piled,
}

/// Whether a text may stand on the host's own surfaces: one line of 1 to `most` characters, nothing hidden.
///
/// # Errors
/// The first thing that is wrong with it.
pub fn check(text: &str, most: usize) -> Result<(), TextFault> {
    // Before anything is looked at: a character has four bytes at most.
    if text.len() > most.saturating_mul(4) || text.chars().count() > most {
        return Err(TextFault::TooLong { most });
    }
    if text.trim().is_empty() {
        return Err(TextFault::Empty);
    }
    fault(text).map_or(Ok(()), Err)
}

/// Whether something in a text shows as something else than it is, or takes more than one line.
#[must_use]
pub fn hides_something(text: &str) -> bool {
    fault(text).is_some_and(|fault| fault != TextFault::Blanks)
}

/// The text as the host shows it: on one line, without what is hidden, cut to `most` characters. What [`check`] takes stays as
/// it is, but for repeated spaces and those at its ends.
#[must_use]
pub fn cleaned(text: &str, most: usize) -> Cow<'_, str> {
    let mut pairs = text.chars().zip(text.chars().skip(1));
    let spaced =
        text.trim() != text || pairs.any(|(one, next)| one.is_whitespace() && next.is_whitespace());
    if !spaced && (text.is_empty() || check(text, most).is_ok()) {
        return Cow::Borrowed(text);
    }
    let mut clean = String::new();
    let mut length = 0;
    let mut seen = Seen::default();
    for c in text.chars() {
        let fault = seen.next(c);
        let c = match fault {
            Some(TextFault::Lines) => ' ',
            Some(_) => continue,
            None if c.is_whitespace() => ' ',
            None => c,
        };
        if c == ' ' && (clean.is_empty() || clean.ends_with(' ')) {
            continue;
        }
        if length == most {
            clean.pop();
            clean.push('…');
            break;
        }
        clean.push(c);
        length += 1;
    }
    clean.truncate(clean.trim_end().len());
    Cow::Owned(clean)
}

/// The text for a terminal or a log: what is hidden is written as `\u{202e}`. Line breaks and tabs stay.
#[must_use]
pub fn printable(text: &str) -> Cow<'_, str> {
    printable_as(text, |c, printed| printed.extend(c.escape_unicode()))
}

/// The same for a text that may be JSON: what is hidden is written as JSON writes it (`\u202e`, two of them past U+FFFF), so that
/// it stays the JSON that it was.
#[must_use]
pub fn printable_json(text: &str) -> Cow<'_, str> {
    printable_as(text, |c, printed| {
        for unit in c.encode_utf16(&mut [0; 2]) {
            printed.push_str(&format!("\\u{unit:04x}"));
        }
    })
}

fn printable_as(text: &str, escape: impl Fn(char, &mut String)) -> Cow<'_, str> {
    let mut seen = Seen::default();
    let odd =
        |fault: Option<TextFault>| matches!(fault, Some(TextFault::Hidden(_) | TextFault::Piled));
    let mut shows = |c: char| match c {
        '\n' | '\t' => {
            seen = Seen::default();
            true
        }
        // What breaks lines behind a program's back.
        '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => false,
        c => !odd(seen.next(c)),
    };
    let Some(first) = text.find(|c| !shows(c)) else {
        return Cow::Borrowed(text);
    };
    let (plain, rest) = text.split_at(first);
    let mut printed = String::with_capacity(text.len() + 16);
    printed.push_str(plain);
    for c in rest.chars() {
        // The first is looked at again, and found hidden again.
        match shows(c) {
            true => printed.push(c),
            false => escape(c, &mut printed),
        }
    }
    Cow::Owned(printed)
}

/// A text of anybody's within an error's message: printable, and not longer than a line.
#[must_use]
pub fn quoted(text: &str) -> String {
    const MOST: usize = 80;
    match text.char_indices().nth(MOST) {
        None => format!("{text:?}"),
        Some((at, _)) => format!("{:?}…", text.get(..at).unwrap_or_default()),
    }
}

fn fault(text: &str) -> Option<TextFault> {
    let mut seen = Seen::default();
    text.chars().find_map(|c| seen.next(c))
}

/// What stood before the next character.
#[derive(Default)]
struct Seen {
    before: Option<char>,
    marks: usize,
    signs: usize,
    blanks: usize,
}

impl Seen {
    fn next(&mut self, c: char) -> Option<TextFault> {
        let before = self.before;
        let fault = match c {
            '\n' | '\r' | '\t' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => {
                Some(TextFault::Lines)
            }
            '\u{200c}' | '\u{200d}' if before.is_some_and(joins) => None,
            '\u{fe0e}' | '\u{fe0f}' if before.is_some_and(has_variants) => None,
            c if is_hidden(c) => Some(TextFault::Hidden(c)),
            _ => None,
        };
        if fault.is_some() {
            return fault;
        }
        self.blanks = if c.is_whitespace() {
            self.blanks + 1
        } else {
            0
        };
        if self.blanks > MOST_BLANKS {
            return Some(TextFault::Blanks);
        }
        self.marks = if is_mark(c) { self.marks + 1 } else { 0 };
        self.signs = if is_sign(c) { self.signs + 1 } else { 0 };
        if self.marks > MOST_MARKS || self.signs > MOST_SIGNS {
            return Some(TextFault::Piled);
        }
        self.before = Some(c);
        None
    }
}

fn is_mark(c: char) -> bool {
    let encloses = matches!(c, '\u{488}' | '\u{489}' | '\u{20dd}'..='\u{20e4}');
    !c.is_ascii() && (encloses || CanonicalCombiningClassMapBorrowed::new().get_u8(c) != 0)
}

/// What belongs to the letter before it, on it or beside it.
fn is_sign(c: char) -> bool {
    !c.is_ascii()
        && matches!(
            CodePointMapData::<GeneralCategory>::new().get(c),
            GeneralCategory::NonspacingMark
                | GeneralCategory::SpacingMark
                | GeneralCategory::EnclosingMark
        )
}

/// Scripts whose letters a joiner shapes, and pictures that it puts together.
fn joins(c: char) -> bool {
    is_picture(c)
        || matches!(c, '\u{600}'..='\u{109f}' | '\u{1780}'..='\u{18af}' | '\u{1a00}'..='\u{1cff}' | '\u{a840}'..='\u{abff}')
            && !is_hidden(c)
}

fn has_variants(c: char) -> bool {
    is_picture(c) || matches!(c, '0'..='9' | '#' | '*' | '\u{a9}' | '\u{ae}')
}

fn is_picture(c: char) -> bool {
    matches!(c, '\u{203c}' | '\u{2049}' | '\u{2122}' | '\u{2139}' | '\u{2190}'..='\u{27bf}' | '\u{2900}'..='\u{2bff}'
        | '\u{3030}' | '\u{303d}' | '\u{3297}' | '\u{3299}' | '\u{fe0f}' | '\u{1f000}'..='\u{1faff}')
}

/// Control characters, those that turn the direction of text, those without a width, fillers, tags, private use, and what is no
/// character at all.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}'
            | '\u{e000}'..='\u{f8ff}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fdd0}'..='\u{fdef}'
            | '\u{fff0}'..='\u{ffff}' | '\u{13430}'..='\u{1345f}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d159}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}' | '\u{f0000}'..='\u{10ffff}')
        || u32::from(c) & 0xfffe == 0xfffe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_languages_write_is_taken_as_it_is() {
        for good in [
            "Kasir BRI Bank",
            "Warung Bu Ani (24/7) – “enak”",
            "点心",
            "مطعم",
            "می‌خواهم",
            "क्‍ष",
            "Tiếng Việt",
            "שָׁלוֹם",
            "👨‍👩‍👧 Family ❤️",
            "1️⃣",
            "🇮🇩",
        ] {
            assert_eq!(check(good, 64), Ok(()), "{good}");
            assert_eq!(cleaned(good, 64), good);
            assert_eq!(printable(good), good);
        }
    }

    #[test]
    fn what_hides_is_named_and_cleaned_away() {
        for (bad, clean) in [
            ("Kasir \u{202e}knaB", "Kasir knaB"),
            ("Pay\u{200d}Pal", "PayPal"),
            ("Pay\u{200b}Pal", "PayPal"),
            ("Pay\u{ad}Pal", "PayPal"),
            ("a\u{2066}b\u{2069}", "ab"),
            ("a\u{fe0f}b", "ab"),
            ("a\u{1b}[2Jb", "a[2Jb"),
            ("a\u{feff}", "a"),
            ("a\u{e0041}", "a"),
            ("a\u{3164}", "a"),
        ] {
            assert!(
                matches!(check(bad, 64), Err(TextFault::Hidden(_))),
                "{bad:?}"
            );
            assert!(hides_something(bad));
            assert_eq!(cleaned(bad, 64), clean);
            assert!(!hides_something(&printable(bad)), "{bad:?}");
        }
        assert_eq!(check("one\ntwo", 64), Err(TextFault::Lines));
        assert_eq!(cleaned("  one\r\n\u{2028}two ", 64), "one two");
        assert_eq!(check(" \u{a0} ", 64), Err(TextFault::Empty));
        assert_eq!(check("", 64), Err(TextFault::Empty));
        for invisible in ["Pay\u{1d159}Pal", "Pay\u{13437}Pal"] {
            assert!(matches!(check(invisible, 64), Err(TextFault::Hidden(_))));
        }
    }

    #[test]
    fn blanks_push_nothing_out_of_sight() {
        for blank in [' ', '\u{2003}', '\u{3000}', '\u{a0}'] {
            let apart = format!("Kasir{}BRI", String::from(blank).repeat(40));
            assert_eq!(check(&apart, 64), Err(TextFault::Blanks), "{apart:?}");
            assert_eq!(cleaned(&apart, 64), "Kasir BRI");
            assert_eq!(printable(&apart), apart);
        }
        assert_eq!(check("Kasir  BRI", 64), Ok(()));
        assert_eq!(cleaned("Kasir \u{2003}BRI", 64), "Kasir BRI");
        assert_eq!(printable("    indented"), "    indented");
    }

    #[test]
    fn lengths_count_characters_and_marks_do_not_pile_up() {
        assert_eq!(check(&"ä".repeat(64), 64), Ok(()));
        let long = "ä".repeat(3_000);
        assert_eq!(check(&long, 64), Err(TextFault::TooLong { most: 64 }));
        assert_eq!(cleaned(&long, 64).chars().count(), 64);
        assert!(cleaned(&long, 64).ends_with('…'));
        let zalgo = format!("a{}", "\u{301}".repeat(40));
        assert_eq!(check(&zalgo, 64), Err(TextFault::Piled));
        assert_eq!(
            cleaned(&zalgo, 64),
            format!("a{}", "\u{301}".repeat(MOST_MARKS))
        );
        for (letter, sign) in [
            ('ก', '\u{e47}'),
            ('ཀ', '\u{f90}'),
            ('a', '\u{a670}'),
            ('ក', '\u{17c6}'),
            ('क', '\u{903}'),
        ] {
            let pile = format!("{letter}{}", String::from(sign).repeat(60));
            assert_eq!(check(&pile, 64), Err(TextFault::Piled), "{pile}");
            assert!(cleaned(&pile, 64).chars().count() <= 1 + MOST_SIGNS);
        }
        for good in ["လျှို့ဝှက်", "བསྒྲུབས", "ที่นี่", "កញ្ញា", "நிக்ஷ்மி"]
        {
            assert_eq!(check(good, 64), Ok(()), "{good}");
        }
        assert_eq!(quoted("a\u{1b}"), r#""a\u{1b}""#);
        assert_eq!(quoted(&long).chars().count(), 83);
    }
}
