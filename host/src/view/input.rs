//! What a shell says that a person put in: does it fit the node? Shells are not trusted either. What each kind of
//! control takes is said in [`lapak_abi::controls`].

use lapak_abi::controls::{self, MAX_FIELDS, TextKind};

use super::check::kind_name;
use super::{
    Element, InputKind, NodeId, Op, PickerMode, Slider, Tree, TreeNode, Trigger, descendants,
};
use crate::bindings::lapak::app::events::{Field, FieldValue, InputValue};

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
    /// A field of a form is not of the kind, or not within the bounds, that its control takes.
    #[error("node {node} (form) does not take its field {field:?}: {what}")]
    Field {
        /// The form.
        node: u32,
        /// The field's name.
        field: String,
        /// The rule.
        what: &'static str,
    },
    /// The node is not in the tree.
    #[error("node {0} is not on show")]
    Gone(u32),
}

/// Checks a value against the node as it is on show; cuts and snaps what may be. A form's fields are checked against
/// the controls that stand in it, by the same rules.
///
/// # Errors
/// [`InputError`]; the app hears nothing of it.
pub fn accept_input(
    tree: &Tree,
    node: NodeId,
    trigger: Trigger,
    value: InputValue,
) -> Result<InputValue, InputError> {
    let at = tree.nodes.iter().position(|one| one.id == node);
    let at = at.ok_or(InputError::Gone(node.0))?;
    let element = &tree
        .nodes
        .get(at)
        .ok_or(InputError::Gone(node.0))?
        .node
        .element;
    if is_disabled(element) {
        return Err(InputError::Disabled(node.0));
    }
    if let (Element::Form, Trigger::Submit, InputValue::Fields(fields)) = (element, trigger, &value)
    {
        return checked_fields(tree, at, fields);
    }
    checked(element, trigger, value).map_err(|what| InputError::Value {
        node: node.0,
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
            (PickerMode::Date(date), InputValue::Text(text)) => date.value = some(text),
            (PickerMode::Time(time), InputValue::Text(text)) => time.value = some(text),
            _ => return None,
        },
        _ => return None,
    }
    Some(left)
}

/// An empty text is no date and no time.
fn some(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
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
        (Trigger::Submit, InputValue::Fields(_)) => Err("only forms have fields"),
        (Trigger::Input | Trigger::Change | Trigger::Submit, _) => Err("a value is missing"),
        (_, InputValue::None) => Ok(InputValue::None),
        _ => Err("this trigger carries no value"),
    }
}

fn checked_text(element: &Element, text: String) -> Result<InputValue, &'static str> {
    let text = match element {
        Element::Input(input) => {
            controls::text(text_kind(input.kind), &text, input.max_length, &input.value)?
        }
        Element::Textarea(area) => {
            controls::text(TextKind::Lines, &text, area.max_length, &area.value)?
        }
        Element::Radio(radio) if radio.value == text => text,
        Element::Radio(_) => return Err("it is not the radio's value"),
        Element::Picker(picker) => {
            match &picker.mode {
                PickerMode::Date(range) => {
                    controls::date(&text, range.earliest.as_deref(), range.latest.as_deref())?;
                }
                PickerMode::Time(range) => {
                    controls::time(&text, range.earliest.as_deref(), range.latest.as_deref())?;
                }
                PickerMode::Options(_) => return Err("an option is chosen by its index"),
            }
            text
        }
        _ => return Err("it holds no text"),
    };
    Ok(InputValue::Text(text))
}

fn text_kind(kind: InputKind) -> TextKind {
    match kind {
        InputKind::Number => TextKind::Number,
        InputKind::Decimal => TextKind::Decimal,
        InputKind::Email => TextKind::Email,
        InputKind::Text | InputKind::Search | InputKind::Telephone | InputKind::Password => {
            TextKind::Line
        }
    }
}

fn slider_value(slider: &Slider, number: f64) -> Result<InputValue, &'static str> {
    if !number.is_finite() {
        return Err("a number must be finite");
    }
    let snapped = controls::snapped(number, slider.min, slider.max, slider.step);
    Ok(InputValue::Number(snapped))
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

/// The fields of the form at `form`. Of several of one name the first counts; a name that no control in the form has is
/// left out, since the control may have gone while the person's tap was under way.
fn checked_fields(tree: &Tree, form: usize, fields: &[Field]) -> Result<InputValue, InputError> {
    let Some(node) = tree.nodes.get(form) else {
        return Ok(InputValue::Fields(Vec::new()));
    };
    let refused = |field: &str, what| InputError::Field {
        node: node.id.0,
        field: field.to_owned(),
        what,
    };
    if fields.len() > MAX_FIELDS {
        return Err(refused("", "a form has at most 256 fields"));
    }
    let inside = tree.nodes.get(form..=form + descendants(&node.node));
    let inside = inside.unwrap_or_default();
    let mut taken: Vec<Field> = Vec::new();
    for field in fields {
        if taken.iter().any(|one| one.name == field.name) {
            continue;
        }
        let named = |one: &&TreeNode| field_name(&one.node.element) == Some(field.name.as_str());
        let named = inside.iter().filter(named);
        let mut controls = named.map(|one| &one.node.element);
        let Some(first) = controls.next() else {
            continue;
        };
        let value = match first {
            Element::Radio(_) => {
                let chosen = |one: &&Element| matches!((one, &field.value), (Element::Radio(radio), FieldValue::Text(text)) if radio.value == *text);
                let radio = std::iter::once(first).chain(controls).find(chosen);
                radio
                    .ok_or("no radio of the group has this value")
                    .and_then(|radio| field_of(radio, &field.value))
            }
            other => field_of(other, &field.value),
        };
        taken.push(Field {
            name: field.name.clone(),
            value: value.map_err(|what| refused(&field.name, what))?,
        });
    }
    Ok(InputValue::Fields(taken))
}

/// A field's value as its control takes it. One that is switched off holds what the view says.
fn field_of(element: &Element, value: &FieldValue) -> Result<FieldValue, &'static str> {
    if is_disabled(element) {
        return shown_value(element).ok_or("it is disabled");
    }
    if shown_value(element).as_ref() == Some(value) {
        return Ok(value.clone());
    }
    let value = match value.clone() {
        FieldValue::Text(text) => InputValue::Text(text),
        FieldValue::Toggled(on) => InputValue::Toggled(on),
        FieldValue::Number(number) => InputValue::Number(number),
        FieldValue::Index(index) => InputValue::Index(index),
    };
    match checked(element, Trigger::Change, value)? {
        InputValue::Text(text) => Ok(FieldValue::Text(text)),
        InputValue::Toggled(on) => Ok(FieldValue::Toggled(on)),
        InputValue::Number(number) => Ok(FieldValue::Number(number)),
        InputValue::Index(index) => Ok(FieldValue::Index(index)),
        InputValue::None | InputValue::Fields(_) => Err("a value is missing"),
    }
}

/// A control's name in its form.
pub fn field_name(element: &Element) -> Option<&str> {
    match element {
        Element::Input(one) => one.name.as_deref(),
        Element::Textarea(one) => one.name.as_deref(),
        Element::Checkbox(one) => one.name.as_deref(),
        Element::Switch(one) => one.name.as_deref(),
        Element::Slider(one) => one.name.as_deref(),
        Element::Picker(one) => one.name.as_deref(),
        Element::Radio(one) => Some(&one.group),
        _ => None,
    }
}

/// What the view says that a control holds; nothing for a radio or picker in which nothing is chosen.
pub fn shown_value(element: &Element) -> Option<FieldValue> {
    let text = |text: &Option<String>| Some(FieldValue::Text(text.clone().unwrap_or_default()));
    match element {
        Element::Input(one) => Some(FieldValue::Text(one.value.clone())),
        Element::Textarea(one) => Some(FieldValue::Text(one.value.clone())),
        Element::Checkbox(one) => Some(FieldValue::Toggled(one.checked)),
        Element::Switch(one) => Some(FieldValue::Toggled(one.checked)),
        Element::Slider(one) => Some(FieldValue::Number(one.value)),
        Element::Radio(one) => one.checked.then(|| FieldValue::Text(one.value.clone())),
        Element::Picker(picker) => match &picker.mode {
            PickerMode::Options(options) => options.selected.map(FieldValue::Index),
            PickerMode::Date(date) => text(&date.value),
            PickerMode::Time(time) => text(&time.value),
        },
        _ => None,
    }
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
