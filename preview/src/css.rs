//! Cleans an app's style sheet, so that it can style the app's box and nothing else.
//!
//! The source is read into tokens and written anew from an allow-list: nothing that was not understood gets
//! through, and no text of the source is copied. Every rule is scoped to the app's box; the base style sheet makes
//! that box a containing block that nothing can leave. What is left out is said in [`Note`]s with lines, so that
//! an author sees why a rule has no effect.

mod declarations;
mod media;
mod properties;
mod selectors;
mod values;

use std::collections::HashSet;

use cssparser::{Delimiter, ParseError, Parser, Token};

use media::Condition;

/// The largest style sheet that is read, in bytes.
pub const MAX_BYTES: usize = 256 * 1024;
/// The largest result, in bytes: selectors grow where they are scoped.
pub const MAX_CLEANED_BYTES: usize = 1024 * 1024;
/// Most notes; a style sheet with more has one cause for all of them.
const MAX_NOTES: usize = 100;
/// Blocks within blocks. Ours need four.
const MAX_NESTING: u8 = 24;
/// What names of keyframes get in front, so that an app's never meet the shell's.
const KEYFRAMES_PREFIX: &str = "app-";

/// What cleaning needs to know.
pub struct CleanOptions<'a> {
    /// The page that the style sheet is for; `None` for all pages.
    pub route: Option<&'a str>,
    /// What stands before a package path in addresses.
    pub asset_base: &'a str,
    /// Whether the package has a file of this path.
    pub has_file: &'a dyn Fn(&str) -> bool,
}

/// A style sheet that may be applied.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cleaned {
    /// The rules that are left.
    pub css: String,
    /// What was left out.
    pub notes: Vec<Note>,
}

/// Something that was left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// 1-based.
    pub line: u32,
    /// What, and why.
    pub what: String,
}

/// What an author is told of something that was not accepted.
type Refused = ParseError<String>;

fn refused<T>(why: impl Into<String>) -> Result<T, Refused> {
    Err(ParseError::custom(why.into()))
}

/// Cleans a style sheet. Never fails: what is wrong is left out.
#[must_use]
pub fn clean(source: &str, options: &CleanOptions<'_>) -> Cleaned {
    let mut cleaner = Cleaner {
        options,
        keyframes: HashSet::new(),
        cleaned: Cleaned::default(),
        full: false,
    };
    if source.len() > MAX_BYTES {
        cleaner.note(
            1,
            format!(
                "the style sheet has more than {} KiB and is not applied",
                MAX_BYTES / 1024
            ),
        );
        return cleaner.cleaned;
    }
    cleaner.keyframes = keyframe_names(source);
    let mut parser = Parser::new(source);
    parser.set_nested_block_limit(MAX_NESTING);
    cleaner.rules(&mut parser, &Condition::default());
    cleaner.cleaned
}

/// Names that `animation` may mean, found before the rules that use them.
fn keyframe_names(source: &str) -> HashSet<String> {
    let mut names = HashSet::new();
    let mut parser = Parser::new(source);
    parser.set_nested_block_limit(MAX_NESTING);
    while let Ok(token) = parser.next() {
        let is_keyframes = matches!(token, Token::AtKeyword(name) if is_keyframes(name));
        if is_keyframes && let Ok(name) = parser.try_parse(|parser| parser.expect_ident_cloned()) {
            names.insert(name.to_string());
        }
    }
    names
}

fn is_keyframes(name: &str) -> bool {
    name.eq_ignore_ascii_case("keyframes") || name.eq_ignore_ascii_case("-webkit-keyframes")
}

/// What classes, custom properties and keywords are made of. Nothing that would have to be escaped.
fn is_name(name: &str) -> bool {
    name.len() <= 128
        && name
            .chars()
            .all(|c| c.is_alphanumeric() || c == '-' || c == '_')
}

struct Cleaner<'a> {
    options: &'a CleanOptions<'a>,
    keyframes: HashSet<String>,
    cleaned: Cleaned,
    /// There is no room for more.
    full: bool,
}

impl Cleaner<'_> {
    /// Rules up to the end of the input or the block.
    fn rules(&mut self, parser: &mut Parser<'_>, condition: &Condition) {
        loop {
            parser.skip_whitespace();
            let start = parser.state();
            let line = line(parser);
            let Ok(token) = parser.next() else {
                return;
            };
            match token {
                Token::AtKeyword(name) => {
                    let name = name.to_ascii_lowercase();
                    self.at_rule(parser, &name, condition, line);
                }
                // Leftovers of HTML comments, and a semicolon too many.
                Token::CDO | Token::CDC | Token::Semicolon => {}
                _ => {
                    parser.reset(&start);
                    self.style_rule(parser, condition, line);
                }
            }
        }
    }

    fn style_rule(&mut self, parser: &mut Parser<'_>, condition: &Condition, line: u32) {
        if self.full {
            // Nothing of it would be kept: it is not made.
            let _: Result<(), Refused> =
                parser.parse_until_before(Delimiter::CurlyBracketBlock, |prelude| {
                    while prelude.next().is_ok() {}
                    Ok(())
                });
            if matches!(parser.next(), Ok(Token::CurlyBracketBlock)) {
                skip_block(parser);
            }
            return;
        }
        let scope = condition.scope(self.options.route);
        let prelude = parser.parse_until_before(Delimiter::CurlyBracketBlock, |prelude| {
            selectors::list(prelude, &scope)
        });
        if !matches!(parser.next(), Ok(Token::CurlyBracketBlock)) {
            return self.note(line, "a rule without a block".to_owned());
        }
        match prelude {
            Ok(selectors) => {
                let body = self.block(parser);
                if !body.is_empty() {
                    self.emit(condition, &format!("{selectors}{{{body}}}"), line);
                }
            }
            Err(error) => {
                skip_block(parser);
                self.note(line, why(error));
            }
        }
    }

    fn at_rule(&mut self, parser: &mut Parser<'_>, name: &str, condition: &Condition, line: u32) {
        let ends = Delimiter::CurlyBracketBlock | Delimiter::Semicolon;
        let mut inner = None;
        let mut animation = None;
        let read: Result<(), Refused> = parser.parse_until_before(ends, |prelude| match name {
            "media" => {
                inner = Some(media::condition(prelude, condition)?);
                Ok(())
            }
            "keyframes" | "-webkit-keyframes" => {
                animation = Some(prelude.expect_ident_cloned()?.to_string());
                Ok(())
            }
            other => refused(format!("@{other} is not allowed here")),
        });
        let has_block = matches!(parser.next(), Ok(Token::CurlyBracketBlock));
        if let Err(error) = read {
            if has_block {
                skip_block(parser);
            }
            return self.note(line, why(error));
        }
        if !has_block {
            return self.note(line, format!("@{name} needs a block"));
        }
        let within: Result<(), Refused> = parser.parse_nested_block(|block| {
            if let Some(inner) = inner {
                self.rules(block, &inner);
            } else if let Some(animation) = animation {
                self.frames(block, condition, &animation);
            }
            Ok(())
        });
        if let Err(error) = within {
            self.note(line, why(error));
        }
    }

    /// The frames of an animation.
    fn frames(&mut self, parser: &mut Parser<'_>, condition: &Condition, name: &str) {
        let begin = line(parser);
        if !is_name(name) {
            return self.note(
                begin,
                "a name of keyframes has letters, digits, - and _ only".to_owned(),
            );
        }
        let mut frames = String::new();
        loop {
            parser.skip_whitespace();
            let line = line(parser);
            if parser.is_exhausted() {
                break;
            }
            let at = parser.parse_until_before(Delimiter::CurlyBracketBlock, |prelude| {
                prelude.parse_comma_separated(selectors::frame)
            });
            if !matches!(parser.next(), Ok(Token::CurlyBracketBlock)) {
                break;
            }
            match at {
                Ok(at) => {
                    let body = self.block(parser);
                    frames.push_str(&format!("{}{{{body}}}", at.join(",")));
                }
                Err(error) => {
                    skip_block(parser);
                    self.note(line, why(error));
                }
            }
        }
        let mut animation = String::new();
        // Serializing into a String cannot fail.
        let _ =
            cssparser::serialize_identifier(&format!("{KEYFRAMES_PREFIX}{name}"), &mut animation);
        self.emit(
            condition,
            &format!("@keyframes {animation}{{{frames}}}"),
            begin,
        );
    }

    /// Declarations of the block that was just opened.
    fn block(&mut self, parser: &mut Parser<'_>) -> String {
        let mut body = String::new();
        let read: Result<(), Refused> = parser.parse_nested_block(|block| {
            self.declarations(block, &mut body);
            Ok(())
        });
        if let Err(error) = read {
            self.note(line(parser), why(error));
        }
        body
    }

    fn emit(&mut self, condition: &Condition, rule: &str, line: u32) {
        if self.full {
            return;
        }
        let rule = condition.around(rule);
        if self.cleaned.css.len() + rule.len() > MAX_CLEANED_BYTES {
            self.full = true;
            return self.note(
                line,
                "the rules before this one are nearly 1 MiB already; it and what follows are left out"
                    .to_owned(),
            );
        }
        self.cleaned.css.push_str(&rule);
        self.cleaned.css.push('\n');
    }

    fn note(&mut self, line: u32, what: String) {
        if self.cleaned.notes.len() < MAX_NOTES {
            self.cleaned.notes.push(Note { line, what });
        }
    }
}

fn skip_block(parser: &mut Parser<'_>) {
    // Whatever is in it: the parser stands behind it afterwards.
    let _: Result<(), Refused> = parser.parse_nested_block(|block| {
        while block.next().is_ok() {}
        Ok(())
    });
}

fn line(parser: &Parser<'_>) -> u32 {
    parser.current_source_location().line + 1
}

fn why(error: Refused) -> String {
    match error.kind {
        cssparser::ParseErrorKind::Custom(why) => why,
        cssparser::ParseErrorKind::Basic(_) => "this is not understood and is left out".to_owned(),
    }
}
