//! What a shell says that a person put in: does it fit the node? Shells are not trusted either.

use super::check::{is_date, is_time, kind_name};
use super::{Element, InputKind, NodeId, Op, PickerMode, Slider, Tree, TreeNode, Trigger};
use crate::bindings::lapak::app::events::{Field, FieldValue, InputValue};

/// The longest text that one input may hold, in bytes, where the app sets no shorter one.
pub(super) const MAX_TEXT_BYTES: usize = 64 * 1024;
/// The most fields of one form.
pub(super) const MAX_FIELDS: usize = 256;

/// Why an input was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InputError {
    /// The node is switched off at the moment.
    #[error("node {0} is disabled")]
    Disabled(u32),
    /// The value is not of the kind, or not within the bounds, that the node takes.
    #[error("node {node} ({kind}) does not take this value: {what}")]
    Value {
        /// The node.
        node: u32,
        /// Its kind.
        kind: &'static str,
        /// The rule.
        what: &'static str,
    },
}

/// Checks a value against the node as it is on show; clamps what may be clamped.
///
/// # Errors
/// [`InputError`]; the app hears nothing of it.
pub fn accept_input(
    node: &TreeNode,
    trigger: Trigger,
    value: InputValue,
) -> Result<InputValue, InputError> {
    let element = &node.node.element;
    if is_disabled(element) {
        return Err(InputError::Disabled(node.id.0));
    }
    checked(element, trigger, value).map_err(|what| InputError::Value {
        node: node.id.0,
        kind: kind_name(element),
        what,
    })
}

/// What a shell has to change if the app shows `tree` after the person put `value` into a control: each node as the
/// person left it, and as the app shows it. Empty where both are the same.
pub(crate) fn refusal(tree: &Tree, control: NodeId, value: &InputValue) -> Vec<Op> {
    let Some(shown) = tree.node(control) else {
        return Vec::new();
    };
    let left = |one: &TreeNode| match &shown.node.element {
        Element::Radio(chosen) => radio_left(one, one.id == control, &chosen.group),
        _ if one.id == control => control_left(one, value),
        _ => None,
    };
    let updates = tree.nodes.iter().filter_map(|one| {
        let left = left(one).filter(|left| left != one)?;
        Some(Op::Update {
            old: Box::new(left),
            new: Box::new(one.clone()),
        })
    });
    updates.collect()
}

/// Choosing one radio of a group puts the others out.
fn radio_left(one: &TreeNode, chosen: bool, group: &str) -> Option<TreeNode> {
    let mut left = one.clone();
    match &mut left.node.element {
        Element::Radio(radio) if radio.group == group => radio.checked = chosen,
        _ => return None,
    }
    Some(left)
}

fn control_left(shown: &TreeNode, value: &InputValue) -> Option<TreeNode> {
    let mut left = shown.clone();
    match (&mut left.node.element, value) {
        (Element::Input(input), InputValue::Text(text)) => input.value.clone_from(text),
        (Element::Textarea(area), InputValue::Text(text)) => area.value.clone_from(text),
        (Element::Checkbox(checkbox), InputValue::Toggled(on)) => checkbox.checked = *on,
        (Element::Switch(switch), InputValue::Toggled(on)) => switch.checked = *on,
        (Element::Slider(slider), InputValue::Number(number)) => slider.value = *number,
        (Element::Picker(picker), value) => match (&mut picker.mode, value) {
            (PickerMode::Options(options), InputValue::Index(index)) => {
                options.selected = Some(*index);
            }
            (PickerMode::Date(date), InputValue::Text(text)) => date.value = Some(text.clone()),
            (PickerMode::Time(time), InputValue::Text(text)) => time.value = Some(text.clone()),
            _ => return None,
        },
        _ => return None,
    }
    Some(left)
}

fn checked(
    element: &Element,
    trigger: Trigger,
    value: InputValue,
) -> Result<InputValue, &'static str> {
    match (trigger, value) {
        (Trigger::Input | Trigger::Change | Trigger::Submit, InputValue::Text(text)) => {
            checked_text(element, text)
        }
        (Trigger::Change, InputValue::Toggled(on)) => match element {
            Element::Checkbox(_) | Element::Switch(_) => Ok(InputValue::Toggled(on)),
            _ => Err("it is not on or off"),
        },
        (Trigger::Input | Trigger::Change, InputValue::Number(number)) => match element {
            Element::Slider(slider) => slider_value(slider, number),
            _ => Err("it holds no number"),
        },
        (Trigger::Change, InputValue::Index(index)) => checked_index(element, index),
        (Trigger::Submit, InputValue::Fields(fields)) => match element {
            Element::Form => checked_fields(fields),
            _ => Err("only forms have fields"),
        },
        (Trigger::Input | Trigger::Change | Trigger::Submit, _) => Err("a value is missing"),
        (_, InputValue::None) => Ok(InputValue::None),
        _ => Err("this trigger carries no value"),
    }
}

fn checked_text(element: &Element, mut text: String) -> Result<InputValue, &'static str> {
    match element {
        Element::Input(input) => {
            text.retain(|c| c != '\n' && c != '\r');
            if input.kind == InputKind::Number {
                text.retain(|c| c.is_ascii_digit() || c == '-');
            }
            shorten(&mut text, input.max_length);
        }
        Element::Textarea(area) => shorten(&mut text, area.max_length),
        Element::Radio(radio) if radio.value == text => {}
        Element::Radio(_) => return Err("it is not the radio's value"),
        Element::Picker(picker) => match &picker.mode {
            PickerMode::Date(range) => {
                if !is_date(&text) {
                    return Err("a date is written YYYY-MM-DD");
                }
                within(&text, &range.earliest, &range.latest)?;
            }
            PickerMode::Time(range) => {
                if !is_time(&text) {
                    return Err("a time is written hh:mm");
                }
                within(&text, &range.earliest, &range.latest)?;
            }
            PickerMode::Options(_) => return Err("an option is chosen by its index"),
        },
        _ => return Err("it holds no text"),
    }
    Ok(InputValue::Text(text))
}

fn shorten(text: &mut String, most_chars: Option<u32>) {
    let most = most_chars.map_or(usize::MAX, |most| {
        usize::try_from(most).unwrap_or(usize::MAX)
    });
    if let Some((at, _)) = text.char_indices().nth(most) {
        text.truncate(at);
    }
    let edge = text.floor_char_boundary(MAX_TEXT_BYTES);
    text.truncate(edge);
}

/// ISO 8601 dates and times of one form are in order as text.
fn within(
    text: &str,
    earliest: &Option<String>,
    latest: &Option<String>,
) -> Result<(), &'static str> {
    let early = earliest.as_deref().is_some_and(|earliest| text < earliest);
    let late = latest.as_deref().is_some_and(|latest| text > latest);
    if early || late {
        return Err("it is outside the bounds");
    }
    Ok(())
}

fn slider_value(slider: &Slider, number: f64) -> Result<InputValue, &'static str> {
    if !number.is_finite() {
        return Err("a number must be finite");
    }
    Ok(InputValue::Number(number.clamp(slider.min, slider.max)))
}

fn checked_index(element: &Element, index: u32) -> Result<InputValue, &'static str> {
    match element {
        Element::Picker(picker) => match &picker.mode {
            PickerMode::Options(options)
                if usize::try_from(index).is_ok_and(|index| index < options.options.len()) =>
            {
                Ok(InputValue::Index(index))
            }
            PickerMode::Options(_) => Err("there is no option of this index"),
            PickerMode::Date(_) | PickerMode::Time(_) => Err("it has no options"),
        },
        // How many children there are, the app knows; no swiper has more than a view has nodes.
        Element::Swiper(_) if index < 10_000 => Ok(InputValue::Index(index)),
        _ => Err("it has no options"),
    }
}

fn checked_fields(mut fields: Vec<Field>) -> Result<InputValue, &'static str> {
    if fields.len() > MAX_FIELDS {
        return Err("a form has at most 256 fields");
    }
    for field in &mut fields {
        match &mut field.value {
            FieldValue::Text(text) => shorten(text, None),
            FieldValue::Number(number) if !number.is_finite() => {
                return Err("a number must be finite");
            }
            FieldValue::Number(_) | FieldValue::Toggled(_) | FieldValue::Index(_) => {}
        }
    }
    Ok(InputValue::Fields(fields))
}

fn is_disabled(element: &Element) -> bool {
    match element {
        Element::Button(button) => button.disabled || button.loading,
        Element::Input(input) => input.disabled,
        Element::Textarea(area) => area.disabled,
        Element::Checkbox(checkbox) => checkbox.disabled,
        Element::Radio(radio) => radio.disabled,
        Element::Switch(switch) => switch.disabled,
        Element::Slider(slider) => slider.disabled,
        Element::Picker(picker) => picker.disabled,
        _ => false,
    }
}
