//! A tree as text: for inspectors, golden files, and for scripts that look for what a person would read.

use std::fmt::Write;

use super::check::{kind_name, trigger_name};
use super::{Element, Node, NodeId, PickerMode, Tree, Trigger, descendants};

impl Tree {
    /// Every node on a line, indented by depth: `button#12 key=add "Add" [tap]`.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        for (depth, node) in self.walk() {
            let kind = kind_name(&node.node.element);
            // Writing to a string cannot fail.
            let _ = write!(
                text,
                "{:indent$}{kind}#{}",
                "",
                node.id.0,
                indent = depth * 2
            );
            describe(&node.node, &mut text);
            text.push('\n');
        }
        text
    }

    /// What a person reads below the node at `index` in pre-order, itself included, in order.
    #[must_use]
    pub fn text_of(&self, index: usize) -> String {
        let Some(node) = self.nodes.get(index) else {
            return String::new();
        };
        let below = self.nodes.get(index..=index + descendants(&node.node));
        let texts = below
            .unwrap_or_default()
            .iter()
            .filter_map(|node| match &node.node.element {
                Element::Text(text) => Some(text.as_str()),
                _ => None,
            });
        texts.collect::<Vec<_>>().join(" ")
    }

    /// The node that a person would mean by `name` when they do `trigger`: bound to it, and whose key, label,
    /// placeholder or text it is. The innermost one, if several hold the text.
    #[must_use]
    pub fn find(&self, name: &str, trigger: Trigger) -> Option<NodeId> {
        let usable = |node: &Node| {
            let navigator =
                matches!(node.element, Element::Navigator(_)) && trigger == Trigger::Tap;
            navigator
                || node
                    .bindings
                    .iter()
                    .any(|binding| binding.trigger == trigger)
        };
        let named = |(index, node): &(usize, &super::TreeNode)| {
            let node = &node.node;
            node.key.as_deref() == Some(name)
                || node.label.as_deref() == Some(name)
                || placeholder(&node.element) == Some(name)
                || self.text_of(*index) == name
        };
        let all = self.nodes.iter().enumerate();
        let mut found = all.filter(|(_, node)| usable(&node.node)).filter(named);
        found.next_back().map(|(_, node)| node.id)
    }
}

fn placeholder(element: &Element) -> Option<&str> {
    match element {
        Element::Input(input) => Some(&input.placeholder),
        Element::Textarea(area) => Some(&area.placeholder),
        _ => None,
    }
}

fn describe(node: &Node, text: &mut String) {
    let mut word = |name: &str, value: &str| {
        let _ = write!(text, " {name}={value}");
    };
    if let Some(key) = &node.key {
        word("key", key);
    }
    if !node.class.is_empty() {
        word("class", &format!("{:?}", node.class));
    }
    if let Some(label) = &node.label {
        word("label", &format!("{label:?}"));
    }
    for (name, value) in attributes(&node.element) {
        word(name, &value);
    }
    if let Element::Text(content) = &node.element {
        let _ = write!(text, " {content:?}");
    }
    if !node.bindings.is_empty() {
        let triggers = node.bindings.iter();
        let triggers: Vec<_> = triggers.map(|one| trigger_name(one.trigger)).collect();
        let _ = write!(text, " [{}]", triggers.join(" "));
    }
}

fn attributes(element: &Element) -> Vec<(&'static str, String)> {
    let quoted = |text: &str| format!("{text:?}");
    match element {
        Element::Image(image) => vec![("src", image.src.clone()), ("alt", quoted(&image.alt))],
        Element::Icon(icon) => vec![("name", wit_name(&format!("{:?}", icon.name)))],
        Element::Button(button) if button.disabled => vec![("disabled", "true".into())],
        Element::Input(input) => vec![
            ("value", quoted(&input.value)),
            ("placeholder", quoted(&input.placeholder)),
        ],
        Element::Textarea(area) => vec![
            ("value", quoted(&area.value)),
            ("placeholder", quoted(&area.placeholder)),
        ],
        Element::Checkbox(checkbox) => vec![("checked", checkbox.checked.to_string())],
        Element::Radio(radio) => vec![
            ("group", radio.group.clone()),
            ("value", quoted(&radio.value)),
            ("checked", radio.checked.to_string()),
        ],
        Element::Switch(switch) => vec![("checked", switch.checked.to_string())],
        Element::Slider(slider) => vec![("value", slider.value.to_string())],
        Element::Picker(picker) => match &picker.mode {
            PickerMode::Options(options) => vec![
                ("options", format!("{:?}", options.options)),
                ("selected", or_none(options.selected)),
            ],
            PickerMode::Date(range) => vec![("date", or_none(range.value.as_ref()))],
            PickerMode::Time(range) => vec![("time", or_none(range.value.as_ref()))],
        },
        Element::Progress(progress) => vec![("percent", or_none(progress.percent))],
        Element::Navigator(navigator) => vec![("url", navigator.url.clone())],
        Element::Swiper(swiper) => vec![("current", swiper.current.to_string())],
        _ => Vec::new(),
    }
}

fn or_none(value: Option<impl ToString>) -> String {
    value.map_or_else(|| "none".into(), |value| value.to_string())
}

/// A name of the contract as the WIT writes it, from the one that its Rust bindings print: `long-press` from
/// `Trigger::LongPress` or `LongPress`.
#[must_use]
pub fn wit_name(rust: &str) -> String {
    let name = rust.rsplit("::").next().unwrap_or_default();
    let mut said = String::new();
    for (at, letter) in name.char_indices() {
        if letter.is_ascii_uppercase() && at > 0 {
            said.push('-');
        }
        said.push(letter.to_ascii_lowercase());
    }
    said
}
