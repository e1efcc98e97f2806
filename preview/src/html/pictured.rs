//! Controls as plain elements, for pictures: the painter draws no native ones.

use lapak_host::view::{Element, InputKind, Node, PickerMode};

use super::controls::button_class;
use super::face::{Inside, Piece};
use super::icons;
use super::text::{escape, tidy};

/// How a control looks in a picture; `None` for the kinds that look as in a browser.
pub(super) fn piece(node: &Node) -> Option<Piece> {
    Some(match &node.element {
        Element::Button(button) => disabled(Piece::new("div", &button_class(button)), button.disabled),
        Element::Label => Piece::new("div", "lp-label"),
        Element::Input(input) => {
            let value = match input.kind {
                InputKind::Password => "•".repeat(input.value.chars().count()),
                _ => input.value.clone(),
            };
            disabled(field("lp-input", &value, &input.placeholder), input.disabled)
        }
        Element::Textarea(area) => {
            let piece = field("lp-textarea", &area.value, &area.placeholder);
            disabled(piece.with("data-rows", area.rows.to_string()), area.disabled)
        }
        Element::Checkbox(checkbox) => {
            let mark = if checkbox.checked { check_mark() } else { String::new() };
            let piece = Piece::new("div", &on("lp-checkbox", checkbox.checked));
            disabled(piece.inside(Inside::Markup(mark)), checkbox.disabled)
        }
        Element::Radio(radio) => {
            let piece = Piece::new("div", &on("lp-radio", radio.checked));
            let mark = if radio.checked { "<span class=\"lp-mark\"></span>" } else { "" };
            disabled(piece.inside(Inside::Markup(mark.into())), radio.disabled)
        }
        Element::Switch(switch) => {
            let piece = Piece::new("div", &on("lp-switch", switch.checked));
            let knob = "<span class=\"lp-mark\"></span>".to_owned();
            disabled(piece.inside(Inside::Markup(knob)), switch.disabled)
        }
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
            disabled(Piece::new("div", "lp-slider").inside(Inside::Markup(markup)), slider.disabled)
        }
        Element::Picker(picker) => {
            let chosen = match &picker.mode {
                PickerMode::Options(options) => options.selected.and_then(|index| {
                    options.options.get(usize::try_from(index).ok()?).cloned()
                }),
                PickerMode::Date(range) => range.value.clone(),
                PickerMode::Time(range) => range.value.clone(),
            };
            let arrow = icons::icon_markup("down").unwrap_or_default();
            let markup = format!(
                "<div class=\"lp-field\"><span>{}</span>{arrow}</div>",
                shown(&chosen.unwrap_or_default())
            );
            disabled(Piece::new("div", "lp-picker").inside(Inside::Markup(markup)), picker.disabled)
        }
        _ => return None,
    })
}

/// A field with its text, or with its placeholder.
fn field(class: &str, value: &str, placeholder: &str) -> Piece {
    let markup = if value.is_empty() {
        format!("<span class=\"lp-placeholder\">{}</span>", shown(placeholder))
    } else {
        format!("<span>{}</span>", shown(value))
    };
    Piece::new("div", class).inside(Inside::Markup(markup))
}

/// Text that takes a line's height even when it is empty.
fn shown(text: &str) -> String {
    if text.trim().is_empty() { "\u{a0}".to_owned() } else { escape(&tidy(text)) }
}

fn on(class: &str, on: bool) -> String {
    if on { format!("{class} lp-on") } else { class.to_owned() }
}

fn disabled(piece: Piece, disabled: bool) -> Piece {
    piece.with_some("aria-disabled", disabled.then_some("true"))
}

fn check_mark() -> String {
    icons::icon_markup("check").unwrap_or_default()
}
