//! From a checked tree to HTML, and from an update of a node to the changes in it.
//!
//! How each node looks is said once, as data (`face.rs`); whole pages and single changes are both made from
//! that, so that they cannot disagree. The format is described in [`wire`].
//!
//! Nothing an app says becomes markup: texts and attributes are escaped, class names filtered, and only
//! pictures that are in the package get an address.
//!
//! # Pictures
//!
//! [`picture`](crate::picture) gives the same HTML to takumi (2.19), which differs from a browser so:
//! - `class`, `lang`, `<svg>` inline (with `currentColor`) and `<img src>` work. An image is looked up by exactly
//!   the text of `src`, so [`asset_address`] is what its map must be keyed with.
//! - Its style sheets know `:where`, `:is`, `:not`, `:nth-child`, `:disabled`, attribute selectors, custom
//!   properties, `@keyframes`, `@supports` and `@media`. `:hover` and the like parse and never match.
//!   `@container` and `:has` are unknown and skipped; `cqw` and `cqh` count from the picture; `overflow` is
//!   `visible`, `hidden` or `clip`.
//! - `<input>` and `<textarea>` are text fields with a browser's bare look; `<select>`, check boxes, radio
//!   buttons and sliders are not drawn at all. So with [`HtmlContext::for_picture`] every control is
//!   made of `<div>`s and `<span>`s, which `app-base.css` draws as it draws the real ones.
//! - `<button>`, `<label>` and `<output>` have no look of their own, so the base style sheet says all of theirs.

mod controls;
mod face;
mod icons;
mod pictured;
mod text;
pub mod wire;
mod write;

use std::fmt::Write;

use lapak_abi::languages;
use lapak_host::view::Tree;

pub use icons::icon_markup;
pub(crate) use icons::icon_names;
pub use text::{asset_address, escape};

/// How every kind of node looks before the app's own style sheet says more.
pub const BASE_CSS: &str = include_str!("../assets/app-base.css");

/// What the generator has to know besides the tree.
#[derive(Clone, Copy)]
pub struct HtmlContext<'a> {
    /// What stands before a package path in an address, with a slash at its end: `f/`.
    pub asset_base: &'a str,
    /// Whether the package has a file of this path.
    pub has_file: &'a dyn Fn(&str) -> bool,
    /// Writes controls as plain elements, for a painter that has no controls.
    pub for_picture: bool,
}

/// What is in an app's box.
#[derive(Clone, Copy, Debug)]
pub struct AppBox<'a> {
    /// The page's nodes.
    pub tree: &'a Tree,
    /// The page's route, as the manifest has it: `pages/menu`.
    pub route: &'a str,
    /// BCP 47.
    pub lang: &'a str,
    /// Whether the session's colours are dark.
    pub dark: bool,
}

/// The box and all in it.
#[must_use]
pub fn app_box(shown: &AppBox<'_>, cx: &HtmlContext<'_>) -> String {
    let scheme = if shown.dark { "lp-dark" } else { "lp-light" };
    let mut html = String::new();
    // Writing to a string cannot fail.
    let _ = write!(
        html,
        "<div class=\"lp-app {scheme}\" data-route=\"{}\" lang=\"{}\" dir=\"{}\"><div class=\"lp-page\" data-c=\"\">",
        escape(shown.route),
        escape(shown.lang),
        direction(shown.lang),
    );
    html.push_str(&render(shown.tree, cx));
    html.push_str("</div></div>");
    html
}

/// Which way a language is written, as HTML's `dir` says it.
#[must_use]
pub fn direction(lang: &str) -> &'static str {
    match languages::direction(lang) {
        languages::Direction::Rtl => "rtl",
        languages::Direction::Ltr => "ltr",
    }
}

/// The roots, without the box.
#[must_use]
pub fn render(tree: &Tree, cx: &HtmlContext<'_>) -> String {
    write::nodes(&tree.nodes, cx)
}
