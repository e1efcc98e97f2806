//! The rules of `view.wit` that the types do not keep already. A host ends an app that breaks one.

use std::collections::BTreeSet;

use lapak_abi::controls::{is_date, is_time};

use super::nodes::children;
use crate::bindings::{Element, Node, PickerMode, Trigger};

const MAX_KEY_BYTES: usize = 256;

/// The first rule that this view breaks.
pub(super) fn broken(nodes: &[Node]) -> Option<String> {
    siblings(nodes, None, false)
}

fn siblings(nodes: &[Node], parent: Option<&Node>, in_form: bool) -> Option<String> {
    let in_list = parent.is_some_and(|parent| matches!(parent.element, Element::List(_)));
    let mut keys = BTreeSet::new();
    for child in children(nodes) {
        let (node, inside) = child.split_first()?;
        match &node.key {
            Some(key) if key.is_empty() || key.len() > MAX_KEY_BYTES => {
                return Some(format!(
                    "the key {key:?} has {} bytes; a key has 1 to 256",
                    key.len()
                ));
            }
            Some(key) if !keys.insert(key) => {
                return Some(format!("two siblings have the key {key:?}"));
            }
            None if in_list => return Some(format!("a child of a list has no key: {node:?}")),
            _ => {}
        }
        let is_form = matches!(node.element, Element::Form);
        if is_form && in_form {
            return Some("a form stands in a form".to_owned());
        }
        let deeper = || siblings(inside, Some(node), in_form || is_form);
        if let Some(broken) = trigger(node)
            .or_else(|| value(&node.element))
            .or_else(deeper)
        {
            return Some(broken);
        }
    }
    None
}

fn trigger(node: &Node) -> Option<String> {
    let unknown = node
        .bindings
        .iter()
        .find(|binding| !knows(&node.element, binding.trigger))?;
    Some(format!(
        "{:?} is nothing that {:?} knows",
        unknown.trigger, node.element
    ))
}

fn knows(element: &Element, trigger: Trigger) -> bool {
    use Element::{
        Checkbox, Form, Input, Picker, Radio, ScrollView, Slider, Swiper, Switch, Textarea,
    };
    match trigger {
        Trigger::Tap | Trigger::LongPress => true,
        Trigger::Input => matches!(element, Input(_) | Textarea(_) | Slider(_)),
        Trigger::Change => matches!(
            element,
            Input(_)
                | Textarea(_)
                | Picker(_)
                | Radio(_)
                | Checkbox(_)
                | Switch(_)
                | Slider(_)
                | Swiper(_)
        ),
        Trigger::Submit => matches!(element, Input(_) | Form),
        Trigger::Reset => matches!(element, Form),
        Trigger::Focus | Trigger::Blur => matches!(element, Input(_) | Textarea(_)),
        Trigger::ReachEnd => matches!(element, ScrollView(_)),
    }
}

fn value(element: &Element) -> Option<String> {
    match element {
        Element::Slider(slider) => {
            let finite = [slider.min, slider.max, slider.step, slider.value]
                .iter()
                .all(|n| n.is_finite());
            let right = finite && slider.min < slider.max && slider.step > 0.0;
            (!right).then(|| format!("not a slider: {slider:?}"))
        }
        Element::Progress(progress) => {
            let right = progress.percent.is_none_or(|percent| !percent.is_nan());
            (!right).then(|| "a progress is not a number".to_owned())
        }
        Element::Picker(picker) => match &picker.mode {
            PickerMode::Options(options) => {
                let index = usize::try_from(options.selected?).unwrap_or(usize::MAX);
                (index >= options.options.len()).then(|| {
                    format!(
                        "a picker of {} options has chosen {index}",
                        options.options.len()
                    )
                })
            }
            PickerMode::Date(range) => {
                let all = [&range.value, &range.earliest, &range.latest];
                let exist = all.into_iter().flatten().all(|date| is_date(date));
                let turned =
                    matches!((&range.earliest, &range.latest), (Some(from), Some(to)) if from > to);
                (!exist || turned).then(|| format!("not dates that exist, in order: {range:?}"))
            }
            PickerMode::Time(range) => {
                let all = [&range.value, &range.earliest, &range.latest];
                let exist = all.into_iter().flatten().all(|time| is_time(time));
                (!exist).then(|| format!("not times of the day: {range:?}"))
            }
        },
        _ => None,
    }
}
