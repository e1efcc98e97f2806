//! Controls as plain elements, for pictures: the painter draws no native ones.

use lapak_host::view::{Element, InputKind, Node, PickerMode, Textarea};

use super::controls::{self, button_class};
use super::face::{Inside, Piece};
use super::text::{escape, tidy};

/// How a control looks in a picture; `None` for the kinds that look as in a browser.
pub(super) fn piece(node: &Node) -> Option<Piece> {
    Some(match &node.element {
        Element::Button(button) => {
            disabled(Piece::new("div", &button_class(button)), button.disabled)
        }
        Element::Label => Piece::new("div", "lp-label"),
        Element::Input(input) => {
            let value = match input.kind {
                InputKind::Password => "•".repeat(lapak_abi::controls::length(&input.value)),
                _ => input.value.clone(),
            };
            disabled(
                field("lp-input", &value, &input.placeholder),
                input.disabled,
            )
        }
        Element::Textarea(area) => disabled(lines(area), area.disabled),
        Element::Checkbox(checkbox) => {
            disabled(mark("lp-checkbox", checkbox.checked), checkbox.disabled)
        }
        Element::Radio(radio) => disabled(mark("lp-radio", radio.checked), radio.disabled),
        Element::Switch(switch) => disabled(mark("lp-switch", switch.checked), switch.disabled),
        Element::Swiper(swiper) => moved_swiper(node, swiper.current),
        Element::Slider(slider) => {
            let part = (slider.value - slider.min) / (slider.max - slider.min);
            let percent = format!("{:.0}", (part * 100.0).clamp(0.0, 100.0));
            let shown = if slider.show_value {
                format!("<output data-p=\"shown\">{}</output>", slider.value)
            } else {
                String::new()
            };
            // The knob stands at the end of the filled part.
            let markup = format!(
                "<div class=\"lp-rail\"><div class=\"lp-filled lp-w{percent}\"></div><div class=\"lp-knob\"></div></div>{shown}"
            );
            disabled(
                Piece::new("div", "lp-slider").inside(Inside::Markup(markup)),
                slider.disabled,
            )
        }
        Element::Picker(picker) => {
            let chosen = match &picker.mode {
                PickerMode::Options(options) => options
                    .selected
                    .and_then(|index| options.options.get(usize::try_from(index).ok()?).cloned()),
                PickerMode::Date(range) => range.value.clone(),
                PickerMode::Time(range) => range.value.clone(),
            };
            let text = shown(&chosen.unwrap_or_default());
            let markup = format!("<div class=\"lp-field\"><span>{text}</span></div>");
            let piece = Piece::new("div", "lp-picker lp-options").inside(Inside::Markup(markup));
            disabled(piece, picker.disabled)
        }
        _ => return None,
    })
}

/// A field with its text, or with its placeholder.
fn field(class: &str, value: &str, placeholder: &str) -> Piece {
    let markup = if value.is_empty() {
        format!(
            "<span class=\"lp-placeholder\">{}</span>",
            shown(placeholder)
        )
    } else {
        format!("<span>{}</span>", shown(value))
    };
    Piece::new("div", class).inside(Inside::Markup(markup))
}

/// Text that takes a line's height even when it is empty.
fn shown(text: &str) -> String {
    if text.trim().is_empty() {
        "\u{a0}".to_owned()
    } else {
        escape(&tidy(text))
    }
}

/// As many lines as the field has rows.
fn lines(area: &Textarea) -> Piece {
    let text = if area.value.is_empty() {
        &area.placeholder
    } else {
        &area.value
    };
    let class = if area.value.is_empty() {
        " class=\"lp-placeholder\""
    } else {
        ""
    };
    let rows = usize::try_from(area.rows).unwrap_or(1);
    let missing = rows.saturating_sub(text.lines().count().max(1));
    let padding = "\n\u{a0}".repeat(missing);
    let markup = format!("<span{class}>{}{padding}</span>", shown(text));
    Piece::new("div", "lp-textarea").inside(Inside::Markup(markup))
}

/// `::before` and `::after` draw the mark, as they do on the real control.
fn mark(class: &str, on: bool) -> Piece {
    let class = if on {
        format!("{class} lp-on")
    } else {
        class.to_owned()
    };
    Piece::new("div", &class).inside(Inside::Markup(String::new()))
}

/// A picture cannot be scrolled, so the child on show is moved in by a class. There are classes for 20.
fn moved_swiper(node: &Node, current: u32) -> Piece {
    let mut swiper = controls::piece(node);
    if let Inside::Parts(parts) = &mut swiper.inside
        && let Some(track) = parts.first_mut()
    {
        track.set("class", Some(format!("lp-track lp-at{}", current.min(19))));
    }
    swiper
}

fn disabled(piece: Piece, disabled: bool) -> Piece {
    piece.with_some("aria-disabled", disabled.then_some("true"))
}
