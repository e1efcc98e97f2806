//! Selectors, rebuilt from an allow-list and scoped.

use cssparser::{Parser, ToCss as _, Token};

use super::{Refused, is_name, refused};

/// Kinds of nodes by the names that apps use for them, and the classes that the generator gives them.
const KINDS: &[(&str, &str)] = &[
    ("button", ".lp-button"),
    ("checkbox", ".lp-checkbox"),
    ("form", ".lp-form"),
    ("icon", ".lp-icon"),
    ("image", ".lp-image"),
    ("input", ".lp-input"),
    ("label", ".lp-label"),
    ("list", ".lp-list"),
    ("navigator", ".lp-navigator"),
    ("page", ".lp-page"),
    ("picker", ".lp-picker"),
    ("progress", ".lp-progress"),
    ("radio", ".lp-radio"),
    ("scroll-view", ".lp-scroll"),
    ("slider", ".lp-slider"),
    ("swiper", ".lp-swiper"),
    ("switch", ".lp-switch"),
    ("text", ".lp-text"),
    ("textarea", ".lp-textarea"),
    ("view", ".lp-view"),
];

/// Pseudo-classes without arguments.
const STATES: &[&str] = &[
    "active",
    "checked",
    "disabled",
    "empty",
    "enabled",
    "first-child",
    "first-of-type",
    "focus",
    "focus-visible",
    "focus-within",
    "hover",
    "last-child",
    "last-of-type",
    "only-child",
    "placeholder-shown",
];

/// Most selectors in one rule.
const MAX_SELECTORS: usize = 100;
/// Most parts of one selector.
const MAX_PARTS: usize = 32;

/// A list of selectors, each within `scope`.
pub(super) fn list(parser: &mut Parser<'_>, scope: &str) -> Result<String, Refused> {
    let selectors = parser.parse_comma_separated(complex)?;
    if selectors.len() > MAX_SELECTORS {
        return refused(format!("a rule has at most {MAX_SELECTORS} selectors"));
    }
    let scoped: Vec<_> = selectors
        .iter()
        .map(|selector| format!("{scope} {selector}"))
        .collect();
    Ok(scoped.join(","))
}

/// Where a frame of an animation is: `from`, `to` or a percentage.
pub(super) fn frame(parser: &mut Parser<'_>) -> Result<String, Refused> {
    match parser.next()? {
        Token::Ident(word) if word.eq_ignore_ascii_case("from") => Ok("from".into()),
        Token::Ident(word) if word.eq_ignore_ascii_case("to") => Ok("to".into()),
        token @ Token::Percentage { .. } => Ok(token.to_css_string()),
        _ => refused("a frame is at from, to or a percentage"),
    }
}

/// Compound selectors with combinators between them.
fn complex(parser: &mut Parser<'_>) -> Result<String, Refused> {
    let mut text = String::new();
    let mut parts = 0;
    // The combinator that waits for the next compound.
    let mut pending: Option<&str> = None;
    parser.skip_whitespace();
    while let Ok(token) = parser.next_including_whitespace().cloned() {
        match token {
            Token::WhiteSpace(_) => {
                pending = pending.or(Some(" "));
                continue;
            }
            Token::Delim(c @ ('>' | '+' | '~')) => {
                if parts == 0 || pending.is_some_and(|pending| pending != " ") {
                    return refused("a selector cannot begin with a combinator");
                }
                pending = Some(match c {
                    '>' => ">",
                    '+' => "+",
                    _ => "~",
                });
                continue;
            }
            _ => {}
        }
        if let Some(combinator) = pending.take()
            && parts > 0
        {
            text.push_str(combinator);
        }
        simple(&token, parser, &mut text)?;
        parts += 1;
        if parts > MAX_PARTS {
            return refused("the selector is too long");
        }
    }
    if parts == 0 || pending.is_some_and(|pending| pending != " ") {
        return refused("the selector is not complete");
    }
    Ok(text)
}

fn simple(token: &Token<'_>, parser: &mut Parser<'_>, text: &mut String) -> Result<(), Refused> {
    match token {
        Token::Delim('*') => text.push('*'),
        Token::Ident(kind) => text.push_str(kind_class(kind)?),
        Token::Delim('.') => {
            let class = match parser.next_including_whitespace()? {
                Token::Ident(class) => class.to_string(),
                _ => return refused("a dot is followed by a class"),
            };
            if ["lp-", "shell-", "shot-"]
                .iter()
                .any(|own| class.to_ascii_lowercase().starts_with(own))
            {
                return refused(format!(
                    ".{class} belongs to the host; use the kinds' names (button, text, page …)"
                ));
            }
            if !is_name(&class) {
                return refused("a class has letters, digits, - and _ only");
            }
            text.push('.');
            // Serializing into a String cannot fail.
            let _ = cssparser::serialize_identifier(&class, text);
        }
        Token::Colon => pseudo(parser, text)?,
        Token::Hash(_) | Token::IDHash(_) => {
            return refused("ids are not allowed in selectors; use classes");
        }
        Token::SquareBracketBlock => {
            return refused("attributes are not allowed in selectors; use classes");
        }
        Token::Delim('&') => return refused("nested rules are not supported"),
        other => {
            let shown: String = other.to_css_string().chars().take(40).collect();
            return refused(format!("{shown} is not allowed in a selector"));
        }
    }
    Ok(())
}

fn kind_class(kind: &str) -> Result<&'static str, Refused> {
    let kind = kind.to_ascii_lowercase();
    match KINDS.iter().find(|(name, _)| *name == kind) {
        Some((_, class)) => Ok(class),
        None => refused(format!(
            "{kind} is not a kind of node; there are page, view, text, button …"
        )),
    }
}

fn pseudo(parser: &mut Parser<'_>, text: &mut String) -> Result<(), Refused> {
    let token = parser.next_including_whitespace()?.clone();
    match token {
        Token::Ident(state) => {
            let state = state.to_ascii_lowercase();
            match state.as_str() {
                "root" => text.push_str(".lp-page"),
                "before" | "after" => text.push_str(&format!("::{state}")),
                _ if STATES.contains(&state.as_str()) => text.push_str(&format!(":{state}")),
                _ => return refused(format!(":{state} is not allowed in a selector")),
            }
        }
        Token::Colon => match parser.next_including_whitespace()? {
            Token::Ident(part)
                if ["before", "after", "placeholder"]
                    .contains(&part.to_ascii_lowercase().as_str()) =>
            {
                text.push_str(&format!("::{}", part.to_ascii_lowercase()));
            }
            _ => return refused("only ::before, ::after and ::placeholder are allowed"),
        },
        Token::Function(name) => {
            let name = name.to_ascii_lowercase();
            let inside: String = match name.as_str() {
                "not" => parser.parse_nested_block(compound)?,
                "nth-child" | "nth-last-child" | "nth-of-type" => parser.parse_nested_block(nth)?,
                _ => return refused(format!(":{name}() is not allowed in a selector")),
            };
            text.push_str(&format!(":{name}({inside})"));
        }
        _ => return refused("a colon is followed by a state"),
    }
    Ok(())
}

/// One compound selector, without combinators.
fn compound(parser: &mut Parser<'_>) -> Result<String, Refused> {
    let mut text = String::new();
    while let Ok(token) = parser.next().cloned() {
        if text.len() > 200 || matches!(token, Token::Delim('>' | '+' | '~') | Token::Comma) {
            return refused(":not() takes one simple selector");
        }
        simple(&token, parser, &mut text)?;
    }
    if text.is_empty() {
        refused(":not() is empty")
    } else {
        Ok(text)
    }
}

fn nth(parser: &mut Parser<'_>) -> Result<String, Refused> {
    let (step, offset) = cssparser::parse_nth(parser)?;
    Ok(format!("{step}n{offset:+}"))
}
