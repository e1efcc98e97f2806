//! Text of an app's on its way into HTML.

use std::fmt::Write;

/// Text as HTML, fit for an element's inside and for a quoted attribute.
///
/// Control characters, which HTML cannot hold, become U+FFFD.
#[must_use]
pub fn escape(text: &str) -> String {
    let mut html = String::with_capacity(text.len() + text.len() / 8);
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            '\r' => html.push_str("&#13;"),
            c => html.push(writable(c)),
        }
    }
    html
}

/// Text as a document would hold it: line ends are `\n`, no control characters. Escaped and read back, it is
/// the same, so that what a patch sets is what a first paint shows.
pub(super) fn tidy(text: &str) -> String {
    let clean = |c: char| c != '\r' && writable(c) == c;
    if text.chars().all(clean) {
        return text.to_owned();
    }
    let one_line_end = text.replace("\r\n", "\n").replace('\r', "\n");
    one_line_end.chars().map(writable).collect()
}

fn writable(c: char) -> char {
    let control = c.is_control() && !matches!(c, '\t' | '\n' | '\r');
    if control {
        char::REPLACEMENT_CHARACTER
    } else {
        c
    }
}

/// The address of a package's file: `base`, then each segment of `path` percent-encoded.
#[must_use]
pub fn asset_address(base: &str, path: &str) -> String {
    let mut address = String::with_capacity(base.len() + path.len());
    address.push_str(base);
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'/') {
            address.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(address, "%{byte:02X}");
        }
    }
    address
}

/// The class names of `classes` that an app may use, each with a blank before it.
///
/// Names that begin with `lp-`, `shell-` or `shot-` are the generator's, the shell's and the pictures'.
pub(super) fn push_app_classes(class: &mut String, classes: &str) {
    for name in classes
        .split_ascii_whitespace()
        .filter(|name| is_app_class(name))
    {
        class.push(' ');
        class.push_str(name);
    }
}

/// Whether a class name is one that apps may use, in a view or in a style sheet.
pub(crate) fn is_app_class(name: &str) -> bool {
    let starts_with = |prefix: &str| {
        name.get(..prefix.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(prefix))
    };
    let usual = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
    !name.is_empty()
        && name.len() <= 128
        && name.chars().all(usual)
        && !starts_with("lp-")
        && !starts_with("shell-")
        && !starts_with("shot-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_markup_is_left() {
        assert_eq!(
            escape("<b a=\"1\" b='2'>&\0\u{85}\r\n"),
            "&lt;b a=&quot;1&quot; b=&#39;2&#39;&gt;&amp;\u{fffd}\u{fffd}&#13;\n"
        );
    }

    #[test]
    fn tidy_text_is_as_a_document_holds_it() {
        assert_eq!(tidy("a\r\nb\rc\u{7}"), "a\nb\nc\u{fffd}");
        assert_eq!(tidy("plain\ttext"), "plain\ttext");
    }

    #[test]
    fn addresses_are_encoded_by_segment() {
        assert_eq!(
            asset_address("f/", "common/nasi goreng?.svg"),
            "f/common/nasi%20goreng%3F.svg"
        );
        assert_eq!(
            asset_address("f/", "a/\u{e9}\"'<.png"),
            "f/a/%C3%A9%22%27%3C.png"
        );
        assert_eq!(asset_address("f/", "javascript:1"), "f/javascript%3A1");
    }

    #[test]
    fn classes_of_the_shell_are_dropped() {
        let mut class = "lp-view".to_owned();
        push_app_classes(
            &mut class,
            " row lp-app LP-page shell-bar a\"b a<b \u{e9}t\u{e9} lp x_1\t2 ",
        );
        assert_eq!(class, "lp-view row \u{e9}t\u{e9} lp x_1 2");
    }
}
