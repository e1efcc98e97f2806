//! Reads a cleaned style sheet by its own rules, character by character, and says what must not be in it.
//! Shares nothing with the cleaner, not even its tokenizer.

/// The first thing in `css` that must not be there.
pub(crate) fn fault(css: &str, scope: &str) -> Option<String> {
    if let Some(c) = css
        .chars()
        .find(|c| *c == '<' || (c.is_control() && *c != '\n'))
    {
        return Some(format!("{c:?} is in it"));
    }
    let mut rest = css;
    while !rest.trim().is_empty() {
        let (prelude, block, after) = match rule(rest) {
            Ok(parts) => parts,
            Err(why) => return Some(why),
        };
        if let Some(why) = rule_fault(prelude.trim(), block, scope) {
            return Some(format!("{why} in {prelude:?}"));
        }
        rest = after;
    }
    None
}

fn rule_fault(prelude: &str, block: &str, scope: &str) -> Option<String> {
    if let Some(name) = prelude.strip_prefix("@keyframes ") {
        if !name.starts_with("app-") {
            return Some("foreign keyframes".into());
        }
        return frames_fault(block);
    }
    if prelude.starts_with("@media (") || prelude.starts_with("@container lp-app (") {
        return fault(block, scope);
    }
    if prelude.contains('@') {
        return Some("an at-rule".into());
    }
    let scopes = ["", ".lp-dark", ".lp-light"]
        .map(|scheme| scope.replacen(".lp-app", &format!(".lp-app{scheme}"), 1));
    let begins = |selector: &str| {
        let own = scopes
            .iter()
            .filter_map(|scope| selector.strip_prefix(scope.as_str())?.strip_prefix(' '));
        own.into_iter().any(|own| !own.trim().is_empty())
    };
    for selector in split(prelude, ',') {
        if !begins(selector) {
            return Some(format!("{selector:?} is not in {scope}"));
        }
        let own = selector.split_once(' ').map_or("", |(_, own)| own);
        if own.contains(['[', '#', '\\', '&', '|', '"', '/'])
            || own.contains(".lp-app")
            || own.contains("shell-")
        {
            return Some(format!("{selector:?}"));
        }
        if own.contains(":has") || own.contains(":host") || own.contains("::part") {
            return Some(format!("{selector:?}"));
        }
    }
    declarations_fault(block)
}

fn frames_fault(block: &str) -> Option<String> {
    let mut rest = block;
    while !rest.trim().is_empty() {
        let Ok((at, declarations, after)) = rule(rest) else {
            return Some("a frame without end".into());
        };
        if !at
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"%.,+-".contains(&byte))
        {
            return Some(format!("frame at {at:?}"));
        }
        if let Some(why) = declarations_fault(declarations) {
            return Some(why);
        }
        rest = after;
    }
    None
}

fn declarations_fault(block: &str) -> Option<String> {
    for declaration in split(block, ';') {
        let Some((name, value)) = declaration.split_once(':') else {
            return Some(format!("{declaration:?} is no declaration"));
        };
        let known = name.strip_prefix("--").map_or_else(
            || {
                name.bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte == b'-')
            },
            |own| !own.starts_with("lp-") && !own.starts_with("shell-"),
        );
        const NEVER: [&str; 12] = [
            "all",
            "behavior",
            "-moz-binding",
            "container",
            "container-name",
            "container-type",
            "view-transition-name",
            "anchor-name",
            "position-anchor",
            "src",
            "mask",
            "mask-image",
        ];
        if !known || NEVER.contains(&name) {
            return Some(format!("the property {name:?}"));
        }
        if let Some(why) = value_fault(name, value) {
            return Some(format!("{why} in {declaration:?}"));
        }
    }
    None
}

fn value_fault(name: &str, value: &str) -> Option<String> {
    let lower = value.to_ascii_lowercase();
    if name == "position"
        && ![
            "static", "relative", "absolute", "inherit", "initial", "unset",
        ]
        .contains(&lower.trim_end_matches("!important").trim())
    {
        return Some("a position".into());
    }
    let bare = without_strings(value)?;
    if bare.contains(['{', '}', '@', '\\']) || bare.contains("/*") || bare.contains("*/") {
        return Some("something that ends or comments".into());
    }
    for (at, _, _) in places(value) {
        let Some(address) = value
            .get(at..at + 4)
            .filter(|word| word.eq_ignore_ascii_case("url("))
        else {
            continue;
        };
        let rest = &value[at + address.len()..];
        let good = rest
            .strip_prefix("\"f/common/")
            .and_then(|path| path.split_once("\")"));
        if !good.is_some_and(|(path, _)| {
            !path.contains("..") && !path.contains(':') && !path.contains("//")
        }) {
            return Some("an address".into());
        }
    }
    let bare = bare.to_ascii_lowercase();
    const NEVER: [&str; 12] = [
        "image-set(",
        "attr(",
        "env(",
        "src(",
        "paint(",
        "element(",
        "expression(",
        "image(",
        "cross-fade(",
        "counter(",
        "javascript:",
        "if(",
    ];
    let word_before =
        |at: usize| bare[..at].ends_with(|c: char| c.is_ascii_alphanumeric() || c == '-');
    let named = |never: &&&str| bare.match_indices(**never).any(|(at, _)| !word_before(at));
    NEVER.iter().find(named).map(|never| (*never).to_owned())
}

/// The value without its strings' contents; `None` (no fault of its own) never happens for a closed value.
fn without_strings(value: &str) -> Option<String> {
    let mut bare = String::new();
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        bare.push(c);
        if c == '"' {
            loop {
                match chars.next() {
                    Some('"') => break,
                    Some('\\') => {
                        chars.next();
                    }
                    Some('\n') | None => return Some("{".into()),
                    Some(_) => {}
                }
            }
        }
    }
    Some(bare)
}

/// One rule: what is before its block, the block's inside, what follows.
fn rule(css: &str) -> Result<(&str, &str, &str), String> {
    let begin = places(css)
        .find(|(_, c, _)| *c == '{')
        .map(|(at, _, _)| at)
        .ok_or("no block")?;
    if let Some((_, c, _)) = places(css)
        .take_while(|(at, _, _)| *at < begin)
        .find(|(_, c, _)| matches!(c, '}' | ';'))
    {
        return Err(format!("{c:?} outside a block"));
    }
    let end = places(css)
        .find(|(_, c, depth)| *c == '}' && *depth == 0)
        .map(|(at, _, _)| at)
        .ok_or("no end")?;
    Ok((&css[..begin], &css[begin + 1..end], &css[end + 1..]))
}

/// Characters outside strings, with the depth of curly brackets after them.
fn places(css: &str) -> impl Iterator<Item = (usize, char, i32)> {
    let mut in_string = false;
    let mut escaped = false;
    let mut depth = 0;
    css.char_indices().filter_map(move |(at, c)| {
        if escaped {
            escaped = false;
            return None;
        }
        match c {
            '\\' => escaped = true,
            '"' => in_string = !in_string,
            _ if in_string => {}
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        (!in_string && c != '"' && c != '\\').then_some((at, c, depth))
    })
}

/// Splits outside strings and brackets.
fn split(text: &str, separator: char) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut from, mut depth) = (0, 0);
    for (at, c, _) in places(text) {
        match c {
            '(' | '[' => depth += 1,
            ')' | ']' => depth -= 1,
            c if c == separator && depth == 0 => {
                parts.push(&text[from..at]);
                from = at + c.len_utf8();
            }
            _ => {}
        }
    }
    parts.push(&text[from..]);
    parts
        .into_iter()
        .filter(|part| !part.trim().is_empty())
        .collect()
}
