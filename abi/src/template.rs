//! Templates of messages: text with places, `Your table {table} is ready`.

use std::collections::BTreeSet;

use crate::text;

/// The longest text of a template, in characters.
pub const MOST_TEXT_CHARS: usize = 256;
/// The most places.
pub const MOST_FIELDS: usize = 8;
const MOST_NAME_BYTES: usize = 32;

/// A text with places.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateText<'a> {
    parts: Vec<Part<'a>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part<'a> {
    Text(&'a str),
    Place(&'a str),
}

/// Not a template's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "needs 1 to 256 characters, on one line, none of them hidden, with at most 8 places like {{table}}, and no other braces"
)]
pub struct TemplateError;

impl<'a> TemplateText<'a> {
    /// Reads a text.
    ///
    /// # Errors
    /// [`TemplateError`].
    pub fn parse(text: &'a str) -> Result<Self, TemplateError> {
        if text::check(text, MOST_TEXT_CHARS).is_err() {
            return Err(TemplateError);
        }
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let (name, after) = after.split_once('}').ok_or(TemplateError)?;
            if before.contains('}') || !is_name(name) {
                return Err(TemplateError);
            }
            parts.push(Part::Text(before));
            parts.push(Part::Place(name));
            rest = after;
        }
        if rest.contains('}') {
            return Err(TemplateError);
        }
        parts.push(Part::Text(rest));
        let text = Self { parts };
        match text.fields().len() > MOST_FIELDS {
            true => Err(TemplateError),
            false => Ok(text),
        }
    }

    /// The names of the places.
    #[must_use]
    pub fn fields(&self) -> BTreeSet<&'a str> {
        let places = self.parts.iter().filter_map(|part| match part {
            Part::Place(name) => Some(*name),
            Part::Text(_) => None,
        });
        places.collect()
    }

    /// The text with its places filled in; those without a value stay empty.
    #[must_use]
    pub fn filled<'v>(&self, value: impl Fn(&str) -> Option<&'v str>) -> String {
        let parts = self.parts.iter().map(|part| match part {
            Part::Text(text) => *text,
            Part::Place(name) => value(name).unwrap_or_default(),
        });
        parts.collect()
    }
}

/// Whether it may name a template or a place.
#[must_use]
pub fn is_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    (1..=MOST_NAME_BYTES).contains(&name.len()) && name.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_found_and_filled_in_once() {
        let text = TemplateText::parse("Table {table}: {dish} for {table}").expect("a template");
        assert_eq!(
            text.fields().into_iter().collect::<Vec<_>>(),
            ["dish", "table"]
        );
        // What is filled in is not looked at again.
        let value = |name: &str| (name == "table").then_some("{dish}");
        assert_eq!(text.filled(value), "Table {dish}:  for {dish}");
        let plain = TemplateText::parse("Ready").expect("a template");
        assert_eq!(
            (plain.fields().len(), plain.filled(|_| None)),
            (0, "Ready".to_owned())
        );
    }

    #[test]
    fn other_braces_and_what_is_too_long_is_no_template() {
        let long = "x".repeat(MOST_TEXT_CHARS + 1);
        let many: String = (0..9).map(|at| format!("{{f{at}}}")).collect();
        let name = format!("{{{}}}", "n".repeat(33));
        for wrong in [
            "", "{", "}", "{}", "a}b{c}", "{a", "{a b}", "{{a}}", "{a}}", "a\nb", "{\u{fc}}",
            &long, &many, &name,
        ] {
            assert_eq!(TemplateText::parse(wrong), Err(TemplateError), "{wrong}");
        }
        assert!(TemplateText::parse(&"\u{fc}".repeat(MOST_TEXT_CHARS)).is_ok());
    }
}
