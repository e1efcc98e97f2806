//! What style sheets of all sorts are made of, to be put together at random.

use proptest::prelude::*;

#[rustfmt::skip]
const PIECES: &[&str] = &[
    ".a", ".lp-app", "text", "*", ":root", ":not(", ":hover", "::before", "#x", "[value]", ">", "+",
    ",", "{", "}", "(", ")", "[", "]", ";", ":", "color:red", "position:fixed", "position:absolute",
    "--x:", "--lp-x:1", "url(", "url(common/sate.svg)", "url('https://x')", "u\\72l(", "var(--x)",
    "calc(1px + 2%)", "attr(value)", "background:", "content:", "animation:k 1s",
    "@media (min-width:1px){", "@media (prefers-color-scheme:dark){", "@keyframes k{",
    "@import 'x';", "@font-face{", "from{", "/**/", "url", "x(", "\"", "'", "\\", "\\3c ", "/*",
    "*/", "/", "<!--", "-->", "</style>", "!important", "\n", "\0", " ", "10vw", "1e40px", "#fff",
    "grid-template-areas:", "50%", "\u{e9}", "U+41", "&", "@", "\u{202e}",
];

/// One of the pieces, or, now and then, anything at all.
pub(crate) fn piece() -> impl Strategy<Value = String> {
    let known = prop::sample::select(PIECES);
    prop_oneof![9 => known.prop_map(str::to_owned), 1 => any::<String>()]
}
