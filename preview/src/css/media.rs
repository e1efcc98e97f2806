//! `@media`: what an app may ask of the screen. The answer is about the app's box, not the browser's window.

use cssparser::{Parser, ToCss as _, Token};

use super::{Refused, refused};

/// The most conditions that can be on a rule.
const MAX_CONDITIONS: usize = 6;

/// Under what circumstances rules hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Condition {
    /// `lp-light` or `lp-dark`.
    scheme: Option<&'static str>,
    /// Conditions on the box: `(min-width:400px)`.
    of_box: Vec<String>,
    /// Conditions on the person's settings: `(prefers-reduced-motion:reduce)`.
    of_person: Vec<String>,
}

impl Condition {
    /// What every selector begins with.
    pub(super) fn scope(&self, route: Option<&str>) -> String {
        let mut scope = ".lp-app".to_owned();
        if let Some(scheme) = self.scheme {
            scope.push('.');
            scope.push_str(scheme);
        }
        if let Some(route) = route {
            scope.push_str("[data-route=");
            // Serializing into a String cannot fail.
            let _ = cssparser::serialize_string(route, &mut scope);
            scope.push(']');
        }
        scope
    }

    /// Puts the at-rules around a rule.
    pub(super) fn around(&self, rule: &str) -> String {
        let mut rule = rule.to_owned();
        if !self.of_box.is_empty() {
            rule = format!("@container lp-app {}{{{rule}}}", self.of_box.join(" and "));
        }
        if !self.of_person.is_empty() {
            rule = format!("@media {}{{{rule}}}", self.of_person.join(" and "));
        }
        rule
    }
}

/// Reads a media query: conditions in parentheses, joined by `and`.
pub(super) fn condition(parser: &mut Parser<'_>, outer: &Condition) -> Result<Condition, Refused> {
    let mut condition = outer.clone();
    let mut first = true;
    while !parser.is_exhausted() {
        if !first && parser.expect_ident_matching("and").is_err() {
            return refused("@media takes conditions joined by `and`");
        }
        match parser.next()? {
            Token::ParenthesisBlock => {
                parser.parse_nested_block(|inner| feature(inner, &mut condition))?
            }
            Token::Ident(kind)
                if first
                    && (kind.eq_ignore_ascii_case("screen")
                        || kind.eq_ignore_ascii_case("all")) => {}
            _ => return refused("@media takes conditions joined by `and`"),
        }
        first = false;
    }
    if first {
        refused("@media without a condition")
    } else {
        Ok(condition)
    }
}

fn feature(parser: &mut Parser<'_>, condition: &mut Condition) -> Result<(), Refused> {
    let name = parser.expect_ident()?.to_ascii_lowercase();
    parser.expect_colon()?;
    let value = match parser.next()? {
        token @ (Token::Ident(_) | Token::Dimension { .. } | Token::Number { .. }) => {
            token.to_css_string().to_ascii_lowercase()
        }
        _ => return refused(format!("@media ({name}: …): this value is not allowed")),
    };
    // Every rule within repeats them.
    if condition.of_box.len() + condition.of_person.len() >= MAX_CONDITIONS || value.len() > 20 {
        return refused(format!(
            "@media has at most {MAX_CONDITIONS} short conditions"
        ));
    }
    match (name.as_str(), value.as_str()) {
        ("prefers-color-scheme", "dark") => condition.scheme = Some("lp-dark"),
        ("prefers-color-scheme", "light") => condition.scheme = Some("lp-light"),
        ("prefers-reduced-motion", wanted @ ("reduce" | "no-preference")) => {
            condition.of_person.push(format!("({name}:{wanted})"));
        }
        ("orientation", "portrait" | "landscape")
        | ("min-width" | "max-width" | "width" | "min-height" | "max-height" | "height", _) => {
            condition.of_box.push(format!("({name}:{value})"));
        }
        _ => return refused(format!("@media ({name}: {value}) is not supported")),
    }
    Ok(())
}
