//! The controls of a page: what they are called in their form, and what they hold.

use lapak_host::view::{Element, FieldValue, Node, Picker, PickerMode};

/// The field's name in its form.
pub(super) fn field_name(node: &Node) -> Option<&str> {
    match &node.element {
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

/// What the view says that the control holds; nothing for a radio or picker in which nothing is chosen.
pub(super) fn shown_value(node: &Node) -> Option<FieldValue> {
    let text = |text: &Option<String>| Some(FieldValue::Text(text.clone().unwrap_or_default()));
    match &node.element {
        Element::Input(one) => Some(FieldValue::Text(one.value.clone())),
        Element::Textarea(one) => Some(FieldValue::Text(one.value.clone())),
        Element::Checkbox(one) => Some(FieldValue::Toggled(one.checked)),
        Element::Switch(one) => Some(FieldValue::Toggled(one.checked)),
        Element::Slider(one) => Some(FieldValue::Number(one.value)),
        Element::Radio(one) => one.checked.then(|| FieldValue::Text(one.value.clone())),
        Element::Picker(Picker { mode, .. }) => match mode {
            PickerMode::Options(options) => options.selected.map(FieldValue::Index),
            PickerMode::Date(date) => text(&date.value),
            PickerMode::Time(time) => text(&time.value),
        },
        _ => None,
    }
}

/// Whether a person can put something in.
pub(super) fn is_control(node: &Node) -> bool {
    matches!(
        node.element,
        Element::Input(_)
            | Element::Textarea(_)
            | Element::Checkbox(_)
            | Element::Switch(_)
            | Element::Slider(_)
            | Element::Radio(_)
            | Element::Picker(_)
    )
}
