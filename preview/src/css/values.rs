//! Values, token by token.

use std::collections::HashSet;

use cssparser::{Parser, ToCss as _, Token};

use super::properties::Rule;
use super::{CleanOptions, KEYFRAMES_PREFIX, Refused, is_name, refused};
use crate::html::asset_address;

/// What a value's tokens are judged by.
pub(super) struct Values<'a> {
    pub(super) options: &'a CleanOptions<'a>,
    pub(super) keyframes: &'a HashSet<String>,
    pub(super) property: &'a str,
    pub(super) rule: Rule,
}

/// Functions that take numbers, colours and keywords and load nothing. Sorted.
const FUNCTIONS: &[&str] = &[
    "abs",
    "blur",
    "brightness",
    "calc",
    "circle",
    "clamp",
    "color",
    "color-mix",
    "conic-gradient",
    "contrast",
    "cos",
    "cubic-bezier",
    "drop-shadow",
    "ellipse",
    "fit-content",
    "grayscale",
    "hsl",
    "hsla",
    "hue-rotate",
    "hwb",
    "inset",
    "invert",
    "lab",
    "lch",
    "light-dark",
    "linear",
    "linear-gradient",
    "matrix",
    "matrix3d",
    "max",
    "min",
    "minmax",
    "oklab",
    "oklch",
    "opacity",
    "perspective",
    "polygon",
    "radial-gradient",
    "repeat",
    "repeating-conic-gradient",
    "repeating-linear-gradient",
    "repeating-radial-gradient",
    "rgb",
    "rgba",
    "rotate",
    "rotate3d",
    "rotatex",
    "rotatey",
    "rotatez",
    "round",
    "saturate",
    "scale",
    "scale3d",
    "scalex",
    "scaley",
    "scalez",
    "sepia",
    "sin",
    "skew",
    "skewx",
    "skewy",
    "steps",
    "translate",
    "translate3d",
    "translatex",
    "translatey",
    "translatez",
    "var",
];

/// Reads the rest of the input as a value and writes it anew.
pub(super) fn value(parser: &mut Parser<'_>, values: &mut Values<'_>) -> Result<String, Refused> {
    let mut text = String::new();
    tokens(parser, values, &mut text)?;
    Ok(text.trim().to_owned())
}

fn tokens(
    parser: &mut Parser<'_>,
    values: &mut Values<'_>,
    text: &mut String,
) -> Result<(), Refused> {
    let mut before = None;
    while let Ok(token) = parser.next_including_whitespace().cloned() {
        let kind = token.serialization_type();
        if before.is_some_and(|before: cssparser::TokenSerializationType| {
            before.needs_separator_when_before(kind)
        }) {
            text.push(' ');
        }
        before = Some(kind);
        component_value(&token, parser, values, text)?;
    }
    Ok(())
}

/// One of the parts of a value, which the grammar of CSS calls so.
fn component_value(
    token: &Token<'_>,
    parser: &mut Parser<'_>,
    values: &mut Values<'_>,
    text: &mut String,
) -> Result<(), Refused> {
    let property = values.property;
    if matches!(values.rule, Rule::Words(_)) && !is_the_word(token, text) {
        return refused(format!("{property} takes one word"));
    }
    match token {
        Token::WhiteSpace(_) => text.push(' '),
        Token::Ident(word) => text.push_str(&ident(word, values)?),
        Token::Number { .. }
        | Token::Percentage { .. }
        | Token::Dimension { .. }
        | Token::Hash(_)
        | Token::IDHash(_) => quantity(token, property, text)?,
        Token::Comma => text.push(','),
        // Between the two nothing may look like the end of a comment.
        Token::Delim('/') if text.ends_with('*') => text.push_str(" /"),
        Token::Delim('+' | '-' | '*' | '/') => text.push_str(&token.to_css_string()),
        Token::Delim('!') => important(parser, property, text)?,
        Token::QuotedString(string) if matches!(values.rule, Rule::Text | Rule::Custom) => {
            push_string(string, text)
        }
        Token::UnquotedUrl(address) => text.push_str(&image(address, values)?),
        Token::Function(name) if name.eq_ignore_ascii_case("url") => {
            let address: Result<String, Refused> =
                parser.parse_nested_block(|inner| Ok(inner.expect_string_cloned()?.to_string()));
            text.push_str(&image(&address?, values)?);
        }
        Token::Function(name) => function(&name.to_ascii_lowercase(), parser, values, text)?,
        Token::ParenthesisBlock => {
            // Else a word and a bracket with a comment between them would become a function.
            if text.ends_with(|c: char| c.is_alphanumeric() || c == '-' || c == '_') {
                text.push(' ');
            }
            nested("", ')', parser, values, text)?;
        }
        // Names of lines in a grid.
        Token::SquareBracketBlock if property.starts_with("grid") => {
            nested("", ']', parser, values, text)?
        }
        other => {
            return refused(format!(
                "{property}: {} is not allowed",
                other.to_css_string().chars().take(40).collect::<String>()
            ));
        }
    }
    Ok(())
}

/// What follows an exclamation mark.
fn important(parser: &mut Parser<'_>, property: &str, text: &mut String) -> Result<(), Refused> {
    match parser.next() {
        Ok(Token::Ident(word)) if word.eq_ignore_ascii_case("important") => {
            text.push_str("!important");
            Ok(())
        }
        _ => refused(format!(
            "{property}: only !important may follow an exclamation mark"
        )),
    }
}

/// Whether a token may stand in a value that is one word.
fn is_the_word(token: &Token<'_>, before: &str) -> bool {
    match token {
        Token::Ident(_) => before.trim().is_empty(),
        other => matches!(other, Token::WhiteSpace(_) | Token::Delim('!')),
    }
}

/// A number, with or without a unit, or a colour in hexadecimal.
fn quantity(token: &Token<'_>, property: &str, text: &mut String) -> Result<(), Refused> {
    match token {
        Token::Hash(digits) | Token::IDHash(digits)
            if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) =>
        {
            return refused(format!("{property}: this is not a colour"));
        }
        Token::Dimension { unit, .. } if !unit.bytes().all(|byte| byte.is_ascii_alphabetic()) => {
            return refused(format!("{property}: this is not a unit"));
        }
        _ => text.push_str(&token.to_css_string()),
    }
    // A view-port is the box that the app has, not the window that shows it.
    if let Token::Dimension { unit, .. } = token
        && let Some(of_box) = box_unit(unit)
    {
        text.truncate(text.len() - unit.len());
        text.push_str(of_box);
    }
    Ok(())
}

fn ident(word: &str, values: &Values<'_>) -> Result<String, Refused> {
    if let Rule::Words(allowed) = values.rule
        && !allowed.contains(&word.to_ascii_lowercase().as_str())
    {
        let cure = match word.to_ascii_lowercase().as_str() {
            "fixed" | "sticky" => ". Lay the page out as a column and let only its middle scroll",
            _ => "",
        };
        return refused(format!("{}: {word} is not allowed{cure}", values.property));
    }
    if !is_name(word) {
        return refused(format!(
            "{}: a name has letters, digits, - and _ only",
            values.property
        ));
    }
    let mut written = String::new();
    let named = match values.rule {
        Rule::Animation if values.keyframes.contains(word) => format!("{KEYFRAMES_PREFIX}{word}"),
        Rule::Animation if word.starts_with("lp-") || word.starts_with("shell-") => {
            return refused(format!("{}: {word} belongs to the host", values.property));
        }
        _ => word.to_owned(),
    };
    // Serializing into a String cannot fail.
    let _ = cssparser::serialize_identifier(&named, &mut written);
    Ok(written)
}

fn function(
    name: &str,
    parser: &mut Parser<'_>,
    values: &mut Values<'_>,
    text: &mut String,
) -> Result<(), Refused> {
    if FUNCTIONS.binary_search(&name).is_err() {
        return refused(format!(
            "{}: the function {name}() is not allowed",
            values.property
        ));
    }
    nested(name, ')', parser, values, text)
}

fn nested(
    name: &str,
    end: char,
    parser: &mut Parser<'_>,
    values: &mut Values<'_>,
    text: &mut String,
) -> Result<(), Refused> {
    text.push_str(name);
    text.push(if end == ')' { '(' } else { '[' });
    let mut inside = String::new();
    parser.parse_nested_block(|inner| tokens(inner, values, &mut inside))?;
    text.push_str(inside.trim());
    text.push(end);
    Ok(())
}

/// An image of the package, as an address of the host's.
fn image(address: &str, values: &Values<'_>) -> Result<String, Refused> {
    if values.rule != Rule::Image {
        return refused(format!("{}: url() is not allowed", values.property));
    }
    let path = address.strip_prefix('/').unwrap_or(address);
    if !path.starts_with("common/") || !(values.options.has_file)(path) {
        let shown: String = address.chars().take(80).collect();
        return refused(format!(
            "{}: {shown} is not a file under common/ of the package",
            values.property
        ));
    }
    let mut url = "url(".to_owned();
    // Serializing into a String cannot fail.
    let _ = cssparser::serialize_string(&asset_address(values.options.asset_base, path), &mut url);
    url.push(')');
    Ok(url)
}

/// Writes a string. A style sheet may be put into a document, so `<` is written as its number.
fn push_string(string: &str, text: &mut String) {
    let mut quoted = String::new();
    // Serializing into a String cannot fail.
    let _ = cssparser::serialize_string(string, &mut quoted);
    text.push_str(&quoted.replace('<', "\\3c "));
}

fn box_unit(unit: &str) -> Option<&'static str> {
    Some(match unit.to_ascii_lowercase().as_str() {
        "vw" | "svw" | "lvw" | "dvw" | "vi" => "cqw",
        "vh" | "svh" | "lvh" | "dvh" | "vb" => "cqh",
        "vmin" | "svmin" | "lvmin" | "dvmin" => "cqmin",
        "vmax" | "svmax" | "lvmax" | "dvmax" => "cqmax",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_so_that_it_can_be_searched() {
        assert!(FUNCTIONS.is_sorted());
    }
}
