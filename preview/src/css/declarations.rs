//! Declarations: `property: value`, one by one.

use cssparser::{Delimiter, Parser, Token};

use super::properties::{self, Rule};
use super::values::{self, Values};
use super::{Cleaner, Refused, line, refused, why};

impl Cleaner<'_> {
    /// Declarations up to the end of the block.
    pub(super) fn declarations(&mut self, parser: &mut Parser<'_>, body: &mut String) {
        loop {
            parser.skip_whitespace();
            if parser.is_exhausted() {
                return;
            }
            let line = line(parser);
            let read = parser.parse_until_after(Delimiter::Semicolon, |declaration| {
                self.declaration(declaration)
            });
            match read {
                Ok(Some(text)) => {
                    if !body.is_empty() {
                        body.push(';');
                    }
                    body.push_str(&text);
                }
                Ok(None) => {}
                Err(error) => self.note(line, why(error)),
            }
        }
    }

    /// One declaration; `None` for a stray semicolon.
    fn declaration(&self, parser: &mut Parser<'_>) -> Result<Option<String>, Refused> {
        if parser.is_exhausted() {
            return Ok(None);
        }
        let name = match parser.next()? {
            Token::Ident(name) => name.to_string(),
            _ => {
                return refused(
                    "a declaration begins with a property's name; nested rules are not supported",
                );
            }
        };
        if parser.expect_colon().is_err() {
            return refused(format!(
                "{name} has no value; nested rules are not supported"
            ));
        }
        let property = if name.starts_with("--") {
            name
        } else {
            name.to_ascii_lowercase()
        };
        let rule = properties::rule(&property)?;
        let mut context = Values {
            options: self.options,
            keyframes: &self.keyframes,
            property: &property,
            rule,
        };
        let value = values::value(parser, &mut context)?;
        if value.is_empty() && rule != Rule::Custom {
            return refused(format!("{property} has no value"));
        }
        let mut text = String::new();
        if property.starts_with("overflow") && (value.contains("auto") || value.contains("scroll"))
        {
            // Pictures do not scroll, and their painter knows `hidden` only; browsers take what comes last.
            let still = value.replace("auto", "hidden").replace("scroll", "hidden");
            text = format!("{property}:{still};");
        }
        // Serializing into a String cannot fail.
        let _ = cssparser::serialize_identifier(&property, &mut text);
        text.push(':');
        text.push_str(&value);
        Ok(Some(text))
    }
}
