//! The properties that apps may set.

use super::{Refused, is_name, refused};

/// What a property's value may be made of, beyond numbers, colours, keywords and the allowed functions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    /// Nothing else.
    Plain,
    /// Images of the package.
    Image,
    /// Strings: names of fonts, areas of a grid, text before and after.
    Text,
    /// Names of the app's own keyframes.
    Animation,
    /// One of these words, and nothing else.
    Words(&'static [&'static str]),
    /// A custom property.
    Custom,
}

const WORDS_POSITION: &[&str] = &["static", "relative", "absolute", "inherit", "initial", "unset"];

/// What stands in a name's value is decided by its name.
pub(super) fn rule(property: &str) -> Result<Rule, Refused> {
    if let Some(own) = property.strip_prefix("--") {
        if own.is_empty() || own.starts_with("lp-") || own.starts_with("shell-") {
            return refused(format!("{property} belongs to the host; choose another name"));
        }
        if !is_name(own) {
            return refused("a custom property's name has letters, digits, - and _ only");
        }
        return Ok(Rule::Custom);
    }
    match property {
        "position" => Ok(Rule::Words(WORDS_POSITION)),
        "background" | "background-image" | "border-image" | "border-image-source" | "list-style"
        | "list-style-image" => Ok(Rule::Image),
        "font-family" | "font" | "grid-template-areas" | "grid-template" | "content" | "quotes"
        | "text-overflow" | "font-feature-settings" | "font-variation-settings" | "hyphenate-character" => Ok(Rule::Text),
        "animation" | "animation-name" => Ok(Rule::Animation),
        _ if PLAIN.binary_search(&property).is_ok() => Ok(Rule::Plain),
        _ => refused(format!("the property {property} is not allowed")),
    }
}

/// Sorted.
const PLAIN: &[&str] = &[
    "-webkit-box-orient", "-webkit-line-clamp", "accent-color", "align-content", "align-items", "align-self",
    "animation-delay", "animation-direction", "animation-duration", "animation-fill-mode",
    "animation-iteration-count", "animation-play-state", "animation-timing-function", "appearance", "aspect-ratio",
    "backdrop-filter", "backface-visibility", "background-attachment", "background-blend-mode", "background-clip",
    "background-color", "background-origin", "background-position", "background-position-x",
    "background-position-y", "background-repeat", "background-size", "block-size", "border", "border-block",
    "border-block-color", "border-block-end", "border-block-start", "border-block-style", "border-block-width",
    "border-bottom", "border-bottom-color", "border-bottom-left-radius", "border-bottom-right-radius",
    "border-bottom-style", "border-bottom-width", "border-collapse", "border-color", "border-end-end-radius",
    "border-end-start-radius", "border-image-outset", "border-image-repeat", "border-image-slice",
    "border-image-width", "border-inline", "border-inline-color", "border-inline-end", "border-inline-start",
    "border-inline-style", "border-inline-width", "border-left", "border-left-color", "border-left-style",
    "border-left-width", "border-radius", "border-right", "border-right-color", "border-right-style",
    "border-right-width", "border-spacing", "border-start-end-radius", "border-start-start-radius", "border-style",
    "border-top", "border-top-color", "border-top-left-radius", "border-top-right-radius", "border-top-style",
    "border-top-width", "border-width", "bottom", "box-decoration-break", "box-shadow", "box-sizing", "caret-color",
    "clear", "clip-path", "color", "column-count", "column-fill", "column-gap", "column-rule", "column-rule-color",
    "column-rule-style", "column-rule-width", "column-span", "column-width", "columns", "contain", "cursor",
    "direction", "display", "fill", "fill-opacity", "filter", "flex", "flex-basis", "flex-direction", "flex-flow",
    "flex-grow", "flex-shrink", "flex-wrap", "float", "font-feature", "font-kerning", "font-size",
    "font-size-adjust", "font-stretch", "font-style", "font-variant", "font-variant-caps", "font-variant-numeric",
    "font-weight", "gap", "grid", "grid-area", "grid-auto-columns", "grid-auto-flow", "grid-auto-rows",
    "grid-column", "grid-column-end", "grid-column-gap", "grid-column-start", "grid-gap", "grid-row",
    "grid-row-end", "grid-row-gap", "grid-row-start", "grid-template-columns", "grid-template-rows", "height",
    "hyphens", "inline-size", "inset", "inset-block", "inset-block-end", "inset-block-start", "inset-inline",
    "inset-inline-end", "inset-inline-start", "isolation", "justify-content", "justify-items", "justify-self",
    "left", "letter-spacing", "line-break", "line-clamp", "line-height", "list-style-position", "list-style-type",
    "margin", "margin-block", "margin-block-end", "margin-block-start", "margin-bottom", "margin-inline",
    "margin-inline-end", "margin-inline-start", "margin-left", "margin-right", "margin-top", "max-block-size",
    "max-height", "max-inline-size", "max-width", "min-block-size", "min-height", "min-inline-size", "min-width",
    "mix-blend-mode", "object-fit", "object-position", "opacity", "order", "outline", "outline-color",
    "outline-offset", "outline-style", "outline-width", "overflow", "overflow-wrap", "overflow-x", "overflow-y",
    "overscroll-behavior", "overscroll-behavior-x", "overscroll-behavior-y", "padding", "padding-block",
    "padding-block-end", "padding-block-start", "padding-bottom", "padding-inline", "padding-inline-end",
    "padding-inline-start", "padding-left", "padding-right", "padding-top", "perspective", "perspective-origin",
    "place-content", "place-items", "place-self", "pointer-events", "resize", "right", "rotate", "row-gap",
    "scale", "scroll-behavior", "scroll-margin", "scroll-padding", "scroll-snap-align", "scroll-snap-stop",
    "scroll-snap-type", "scrollbar-color", "scrollbar-width", "stroke", "stroke-width", "tab-size", "table-layout",
    "text-align", "text-align-last", "text-decoration", "text-decoration-color", "text-decoration-line",
    "text-decoration-style", "text-decoration-thickness", "text-indent", "text-shadow", "text-transform",
    "text-underline-offset", "text-wrap", "top", "touch-action", "transform", "transform-origin",
    "transform-style", "transition", "transition-delay", "transition-duration", "transition-property",
    "transition-timing-function", "translate", "user-select", "vertical-align", "visibility", "white-space", "width",
    "word-break", "word-spacing", "writing-mode", "z-index",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_so_that_it_can_be_searched() {
        assert!(PLAIN.is_sorted());
    }
}
