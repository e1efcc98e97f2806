//! The flat list of nodes, read as a tree.

use lapak_abi::controls::{self, TextKind};

use crate::bindings::{
    ButtonRole, Element, FieldValue, InputKind, Node, Picker, PickerMode, Trigger,
};

/// Puts the nodes of the last view in the place of `unchanged`, as the host does.
pub(super) fn resolve(old: &[Node], new: Vec<Node>) -> Vec<Node> {
    let mut out = Vec::with_capacity(new.len());
    resolve_children(old, &new, &mut out);
    out
}

fn resolve_children(old: &[Node], new: &[Node], out: &mut Vec<Node>) {
    let old_children = children(old);
    let mut unkeyed = 0;
    for child in children(new) {
        let Some((node, inside)) = child.split_first() else {
            continue;
        };
        let before = match &node.key {
            Some(key) => old_children.iter().find(|old| key_of(old) == Some(key)),
            None => {
                unkeyed += 1;
                old_children
                    .iter()
                    .filter(|old| key_of(old).is_none())
                    .nth(unkeyed - 1)
            }
        };
        let before = before.copied().unwrap_or_default();
        if matches!(node.element, Element::Unchanged) {
            assert!(
                !before.is_empty(),
                "a lazy part says it is unchanged, but was not there: {node:?}"
            );
            out.extend_from_slice(before);
            continue;
        }
        let at = out.len();
        out.push(node.clone());
        resolve_children(before.get(1..).unwrap_or_default(), inside, out);
        let below = u32::try_from(out.len() - at - 1).unwrap_or(u32::MAX);
        if let Some(node) = out.get_mut(at) {
            node.descendants = below;
        }
    }
}

fn key_of<'a>(child: &&'a [Node]) -> Option<&'a String> {
    child.first()?.key.as_ref()
}

pub(super) fn children(nodes: &[Node]) -> Vec<&[Node]> {
    let mut children = Vec::new();
    let mut rest = nodes;
    while let Some(first) = rest.first() {
        let (child, after) = rest.split_at((1 + descendants(first)).min(rest.len()));
        children.push(child);
        rest = after;
    }
    children
}

pub(super) fn below<'a>(nodes: &'a [Node], at: usize, node: &Node) -> &'a [Node] {
    nodes.get(at..=at + descendants(node)).unwrap_or_default()
}

pub(super) fn descendants(node: &Node) -> usize {
    usize::try_from(node.descendants).unwrap_or(usize::MAX)
}

pub(super) fn texts(nodes: &[Node]) -> Vec<&str> {
    let texts = nodes.iter().filter_map(|node| match &node.element {
        Element::Text(text) => Some(text.as_str()),
        _ => None,
    });
    texts.collect()
}

/// Whether something comes of it.
pub(super) fn takes(node: &Node, trigger: Trigger) -> bool {
    let native = match &node.element {
        Element::Navigator(_) => trigger == Trigger::Tap,
        Element::Button(button) => trigger == Trigger::Tap && button.role != ButtonRole::Button,
        _ => false,
    };
    native
        || node
            .bindings
            .iter()
            .any(|binding| binding.trigger == trigger)
}

pub(super) fn is_called(node: &Node, name: &str) -> bool {
    let placeholder = match &node.element {
        Element::Input(input) => Some(input.placeholder.as_str()),
        Element::Textarea(area) => Some(area.placeholder.as_str()),
        _ => None,
    };
    node.key.as_deref() == Some(name)
        || node.label.as_deref() == Some(name)
        || placeholder == Some(name)
}

/// What becomes of what a person puts in, by the host's own rules; `Err` says why nothing does.
pub(super) fn taken(node: &Node, value: FieldValue) -> Result<FieldValue, &'static str> {
    match (&node.element, value) {
        (Element::Input(one), FieldValue::Text(text)) => {
            let kind = match one.kind {
                InputKind::Number => TextKind::Number,
                InputKind::Decimal => TextKind::Decimal,
                InputKind::Email => TextKind::Email,
                _ => TextKind::Line,
            };
            controls::text(kind, &text, one.max_length, &one.value).map(FieldValue::Text)
        }
        (Element::Textarea(one), FieldValue::Text(text)) => {
            let taken = controls::text(TextKind::Lines, &text, one.max_length, &one.value);
            taken.map(FieldValue::Text)
        }
        (Element::Picker(one), FieldValue::Text(text)) => {
            match &one.mode {
                PickerMode::Date(range) => {
                    let (from, to) = (range.earliest.as_deref(), range.latest.as_deref());
                    controls::date(&text, from, to)?;
                }
                PickerMode::Time(range) => {
                    let (from, to) = (range.earliest.as_deref(), range.latest.as_deref());
                    controls::time(&text, from, to)?;
                }
                PickerMode::Options(_) => return Err("an option is chosen by its index"),
            }
            Ok(FieldValue::Text(text))
        }
        (Element::Picker(one), FieldValue::Index(index)) => match &one.mode {
            PickerMode::Options(options) => {
                let at = usize::try_from(index).unwrap_or(usize::MAX);
                let there = at < options.options.len();
                there
                    .then_some(FieldValue::Index(index))
                    .ok_or("there is no option of this index")
            }
            PickerMode::Date(_) | PickerMode::Time(_) => Err("it has no options"),
        },
        (Element::Slider(one), FieldValue::Number(number)) if number.is_finite() => {
            let snapped = controls::snapped(number, one.min, one.max, one.step);
            Ok(FieldValue::Number(snapped))
        }
        (Element::Slider(_), _) => Err("a slider takes a finite number"),
        (_, value) => Ok(value),
    }
}

/// Whether a person cannot use it now.
pub(super) fn is_disabled(node: &Node) -> bool {
    match &node.element {
        Element::Button(button) => button.disabled || button.loading,
        Element::Input(one) => one.disabled,
        Element::Textarea(one) => one.disabled,
        Element::Checkbox(one) => one.disabled,
        Element::Radio(one) => one.disabled,
        Element::Switch(one) => one.disabled,
        Element::Slider(one) => one.disabled,
        Element::Picker(one) => one.disabled,
        _ => false,
    }
}

/// The text that a field holds.
pub(super) fn value(node: &Node) -> Option<&str> {
    match &node.element {
        Element::Input(one) => Some(&one.value),
        Element::Textarea(one) => Some(&one.value),
        Element::Picker(one) => match &one.mode {
            PickerMode::Date(date) => Some(date.value.as_deref().unwrap_or_default()),
            PickerMode::Time(time) => Some(time.value.as_deref().unwrap_or_default()),
            PickerMode::Options(_) => None,
        },
        _ => None,
    }
}

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

/// What the view says that the field holds; nothing for a radio or picker in which nothing is chosen.
pub(super) fn field_value(node: &Node) -> Option<FieldValue> {
    match &node.element {
        Element::Checkbox(one) => Some(FieldValue::Toggled(one.checked)),
        Element::Switch(one) => Some(FieldValue::Toggled(one.checked)),
        Element::Slider(one) => Some(FieldValue::Number(one.value)),
        Element::Radio(one) => one.checked.then(|| FieldValue::Text(one.value.clone())),
        Element::Picker(Picker {
            mode: PickerMode::Options(options),
            ..
        }) => options.selected.map(FieldValue::Index),
        _ => value(node).map(|text| FieldValue::Text(text.to_owned())),
    }
}
