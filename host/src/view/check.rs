//! Does a view keep the rules of `view.wit`? One pass, no recursion: nothing here is trusted yet.

use std::collections::HashSet;

use lapak_abi::controls::{is_date, is_time, snapped};

use super::{Element, Node, PickerMode, Slider, Trigger, View, descendants};

/// How large a view may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ViewLimits {
    /// Number of nodes.
    pub nodes: usize,
    /// Depth; a root has depth 1.
    pub depth: usize,
    /// Strings and node records together, in bytes as the guest holds them.
    pub bytes: usize,
}

/// The rule that a view breaks. `node` counts from 0 in pre-order.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum ViewError {
    #[error("it has {found} nodes; the limit is {limit}")]
    TooManyNodes { found: usize, limit: usize },
    #[error("node {node} is at depth {found}; the limit is {limit}")]
    TooDeep {
        node: usize,
        found: usize,
        limit: usize,
    },
    #[error("it takes more than {limit} bytes (reached at node {node})")]
    TooManyBytes { node: usize, limit: usize },
    #[error("node {node} ({kind}) says it has {claimed} descendants; there is room for {room}")]
    WrongDescendants {
        node: usize,
        kind: &'static str,
        claimed: u32,
        room: usize,
    },
    #[error("node {node} ({kind}) cannot have descendants, but says it has {claimed}")]
    LeafWithDescendants {
        node: usize,
        kind: &'static str,
        claimed: u32,
    },
    #[error(
        "two siblings have the key {key:?} (the second is node {node}); keys must be unique among siblings"
    )]
    DuplicateKey { node: usize, key: String },
    #[error("the key of node {node} has {length} bytes; a key has 1 to 256")]
    KeyLength { node: usize, length: usize },
    #[error("node {node} ({kind}) is the child of a list and has no key")]
    ListChildWithoutKey { node: usize, kind: &'static str },
    #[error("node {node} is a form within a form")]
    NestedForm { node: usize },
    #[error("node {node} ({kind}) binds {trigger:?} twice")]
    TriggerTwice {
        node: usize,
        kind: &'static str,
        trigger: Trigger,
    },
    #[error("node {node} ({kind}) binds {trigger:?}, which it does not know")]
    UnknownTrigger {
        node: usize,
        kind: &'static str,
        trigger: Trigger,
    },
    #[error("node {node} ({kind}): {what}")]
    Value {
        node: usize,
        kind: &'static str,
        what: &'static str,
    },
    #[error("node {node} is `unchanged`, but the last view of this page has no such node")]
    NothingUnchanged { node: usize },
}

const MAX_KEY_BYTES: usize = 256;
/// What a node costs besides its strings: about its record in the guest.
const NODE_BYTES: usize = 32;

/// A node whose descendants are being read.
struct Open {
    end: usize,
    is_list: bool,
    is_form: bool,
    keys: Keys,
}

/// Keys of one list of siblings. A hash set only where there are enough to pay for it.
#[derive(Default)]
struct Keys {
    /// The nodes that have the first few.
    few: Vec<usize>,
    /// All of them, once there are more.
    many: HashSet<String>,
}

/// So many keys are compared one by one.
const FEW_KEYS: usize = 8;

impl Keys {
    /// Notes the key of the node `index`; tells whether it is new among its siblings.
    fn insert(&mut self, nodes: &[Node], index: usize, key: &str) -> bool {
        let keys = || {
            self.few
                .iter()
                .filter_map(|at| nodes.get(*at)?.key.as_deref())
        };
        if self.few.len() < FEW_KEYS {
            let new = keys().all(|seen| seen != key);
            self.few.push(index);
            return new;
        }
        if self.many.is_empty() {
            self.many = keys().map(str::to_owned).collect();
        }
        self.many.insert(key.to_owned())
    }
}

/// Checks every rule that can be checked without the last view, and clamps what may be clamped.
pub(crate) fn check(view: &mut View, limits: &ViewLimits) -> Result<(), ViewError> {
    let total = view.nodes.len();
    if total > limits.nodes {
        return Err(ViewError::TooManyNodes {
            found: total,
            limit: limits.nodes,
        });
    }
    let mut bytes = view.title.as_ref().map_or(0, String::len);
    let mut open: Vec<Open> = vec![Open {
        end: total,
        is_list: false,
        is_form: false,
        keys: Keys::default(),
    }];
    for index in 0..total {
        let Some(node) = view.nodes.get(index) else {
            break;
        };
        while open.len() > 1 && open.last().is_some_and(|open| open.end <= index) {
            open.pop();
        }
        bytes += node_bytes(node);
        if bytes > limits.bytes {
            return Err(ViewError::TooManyBytes {
                node: index,
                limit: limits.bytes,
            });
        }
        let is_form = check_place(&view.nodes, index, node, &mut open, limits)?;
        check_bindings(index, node)?;
        open.push(Open {
            end: index + 1 + descendants(node),
            is_list: matches!(node.element, Element::List(_)),
            is_form,
            keys: Keys::default(),
        });
        if let Some(node) = view.nodes.get_mut(index) {
            check_values(index, &mut node.element)?;
        }
    }
    Ok(())
}

/// Depth, count of descendants, key; answers whether the node stands in a form or is one.
fn check_place(
    nodes: &[Node],
    index: usize,
    node: &Node,
    open: &mut [Open],
    limits: &ViewLimits,
) -> Result<bool, ViewError> {
    let kind = kind_name(&node.element);
    let depth = open.len();
    if depth > limits.depth {
        return Err(ViewError::TooDeep {
            node: index,
            found: depth,
            limit: limits.depth,
        });
    }
    // There is always the outermost.
    let Some(parent) = open.last_mut() else {
        return Ok(false);
    };
    let room = parent.end.saturating_sub(index + 1);
    if descendants(node) > room {
        return Err(ViewError::WrongDescendants {
            node: index,
            kind,
            claimed: node.descendants,
            room,
        });
    }
    if node.descendants > 0 && is_leaf(&node.element) {
        return Err(ViewError::LeafWithDescendants {
            node: index,
            kind,
            claimed: node.descendants,
        });
    }
    check_key(nodes, index, node, kind, parent)?;
    let is_form = matches!(node.element, Element::Form);
    if is_form && parent.is_form {
        return Err(ViewError::NestedForm { node: index });
    }
    Ok(is_form || parent.is_form)
}

fn check_key(
    nodes: &[Node],
    index: usize,
    node: &Node,
    kind: &'static str,
    parent: &mut Open,
) -> Result<(), ViewError> {
    let Some(key) = &node.key else {
        if parent.is_list {
            return Err(ViewError::ListChildWithoutKey { node: index, kind });
        }
        return Ok(());
    };
    if key.is_empty() || key.len() > MAX_KEY_BYTES {
        return Err(ViewError::KeyLength {
            node: index,
            length: key.len(),
        });
    }
    if !parent.keys.insert(nodes, index, key) {
        return Err(ViewError::DuplicateKey {
            node: index,
            key: key.clone(),
        });
    }
    Ok(())
}

fn check_bindings(index: usize, node: &Node) -> Result<(), ViewError> {
    let kind = kind_name(&node.element);
    for (place, binding) in node.bindings.iter().enumerate() {
        let trigger = binding.trigger;
        if !knows(&node.element, trigger) {
            return Err(ViewError::UnknownTrigger {
                node: index,
                kind,
                trigger,
            });
        }
        let before = node.bindings.get(..place).unwrap_or_default();
        if before.iter().any(|earlier| earlier.trigger == trigger) {
            return Err(ViewError::TriggerTwice {
                node: index,
                kind,
                trigger,
            });
        }
    }
    Ok(())
}

fn check_values(index: usize, element: &mut Element) -> Result<(), ViewError> {
    let kind = kind_name(element);
    let wrong = |what| {
        Err(ViewError::Value {
            node: index,
            kind,
            what,
        })
    };
    match element {
        Element::Slider(slider) => match checked_slider(slider) {
            Ok(()) => Ok(()),
            Err(what) => wrong(what),
        },
        Element::Progress(progress) => match &mut progress.percent {
            Some(percent) if percent.is_nan() => wrong("percent is not a number"),
            Some(percent) => {
                *percent = percent.clamp(0.0, 100.0);
                Ok(())
            }
            None => Ok(()),
        },
        Element::Picker(picker) => match picker_fault(&picker.mode) {
            Some(what) => wrong(what),
            None => Ok(()),
        },
        Element::Icon(icon) => {
            icon.size = icon.size.clamp(8, 256);
            Ok(())
        }
        Element::Textarea(textarea) => {
            textarea.rows = textarea.rows.clamp(1, 40);
            Ok(())
        }
        Element::Swiper(swiper) => {
            swiper.autoplay_ms = swiper.autoplay_ms.map(|ms| ms.max(1_000));
            Ok(())
        }
        _ => Ok(()),
    }
}

fn checked_slider(slider: &mut Slider) -> Result<(), &'static str> {
    let numbers = [slider.min, slider.max, slider.step, slider.value];
    if !numbers.iter().all(|number| number.is_finite()) {
        return Err("min, max, step and value must be finite numbers");
    }
    if slider.min >= slider.max {
        return Err("min must be less than max");
    }
    if slider.step <= 0.0 {
        return Err("step must be greater than 0");
    }
    // As browsers do, so that every shell shows the same number.
    slider.value = snapped(slider.value, slider.min, slider.max, slider.step);
    Ok(())
}

fn picker_fault(mode: &PickerMode) -> Option<&'static str> {
    let all = |values: [&Option<String>; 3], right: fn(&str) -> bool| {
        values.into_iter().flatten().all(|value| right(value))
    };
    match mode {
        PickerMode::Options(options) => {
            let selected = usize::try_from(options.selected?).unwrap_or(usize::MAX);
            (selected >= options.options.len()).then_some("selected is not the index of an option")
        }
        PickerMode::Date(date) => {
            if !all([&date.value, &date.earliest, &date.latest], is_date) {
                return Some("a date must be written YYYY-MM-DD, and exist");
            }
            let turned =
                matches!((&date.earliest, &date.latest), (Some(from), Some(to)) if from > to);
            turned.then_some("the earliest date is after the latest")
        }
        PickerMode::Time(time) => (!all([&time.value, &time.earliest, &time.latest], is_time))
            .then_some("a time must be written hh:mm"),
    }
}

/// Bytes of a node: its record and its strings, as the guest holds them.
pub(crate) fn node_bytes(node: &Node) -> usize {
    let key = node.key.as_ref().map_or(0, String::len);
    let label = node.label.as_ref().map_or(0, String::len);
    NODE_BYTES
        + key
        + label
        + node.class.len()
        + 8 * node.bindings.len()
        + text_bytes(&node.element)
}

fn text_bytes(element: &Element) -> usize {
    let optional = |text: &Option<String>| text.as_ref().map_or(0, String::len);
    match element {
        Element::Text(text) => text.len(),
        Element::Image(image) => image.src.len() + image.alt.len(),
        Element::Input(input) => {
            optional(&input.name) + input.value.len() + input.placeholder.len()
        }
        Element::Textarea(area) => optional(&area.name) + area.value.len() + area.placeholder.len(),
        Element::Checkbox(checkbox) => optional(&checkbox.name),
        Element::Radio(radio) => radio.group.len() + radio.value.len(),
        Element::Switch(switch) => optional(&switch.name),
        Element::Slider(slider) => optional(&slider.name),
        Element::Picker(picker) => {
            let texts = match &picker.mode {
                PickerMode::Options(options) => {
                    options.options.iter().map(|option| option.len() + 8).sum()
                }
                PickerMode::Date(_) | PickerMode::Time(_) => 30,
            };
            optional(&picker.name) + texts
        }
        Element::Navigator(navigator) => navigator.url.len(),
        Element::List(rows) => optional(&rows.reveal),
        Element::ScrollView(scroll) => optional(&scroll.reveal),
        _ => 0,
    }
}

fn is_leaf(element: &Element) -> bool {
    !matches!(
        element,
        Element::View
            | Element::Button(_)
            | Element::Form
            | Element::Label
            | Element::List(_)
            | Element::ScrollView(_)
            | Element::Swiper(_)
            | Element::Navigator(_)
    )
}

/// Which nodes know which trigger, as the comments in `view.wit` have it.
fn knows(element: &Element, trigger: Trigger) -> bool {
    match trigger {
        Trigger::Tap | Trigger::LongPress => !matches!(element, Element::Unchanged),
        Trigger::Input => matches!(
            element,
            Element::Input(_) | Element::Textarea(_) | Element::Slider(_)
        ),
        Trigger::Change => matches!(
            element,
            Element::Input(_)
                | Element::Textarea(_)
                | Element::Picker(_)
                | Element::Radio(_)
                | Element::Checkbox(_)
                | Element::Switch(_)
                | Element::Slider(_)
                | Element::Swiper(_)
        ),
        Trigger::Submit => matches!(element, Element::Input(_) | Element::Form),
        Trigger::Reset => matches!(element, Element::Form),
        Trigger::Focus | Trigger::Blur => {
            matches!(element, Element::Input(_) | Element::Textarea(_))
        }
        Trigger::ReachEnd => matches!(element, Element::ScrollView(_)),
    }
}

/// The element's name in the WIT.
pub(crate) fn kind_name(element: &Element) -> &'static str {
    match element {
        Element::Unchanged => "unchanged",
        Element::View => "view",
        Element::Text(_) => "text",
        Element::Image(_) => "image",
        Element::Icon(_) => "icon",
        Element::Button(_) => "button",
        Element::Input(_) => "input",
        Element::Textarea(_) => "textarea",
        Element::Checkbox(_) => "checkbox",
        Element::Radio(_) => "radio",
        Element::Switch(_) => "switch",
        Element::Slider(_) => "slider",
        Element::Picker(_) => "picker",
        Element::Form => "form",
        Element::Label => "label",
        Element::List(_) => "list",
        Element::ScrollView(_) => "scroll-view",
        Element::Swiper(_) => "swiper",
        Element::Progress(_) => "progress",
        Element::Navigator(_) => "navigator",
    }
}

/// The trigger's name in the WIT.
pub(crate) fn trigger_name(trigger: Trigger) -> &'static str {
    match trigger {
        Trigger::Tap => "tap",
        Trigger::LongPress => "long-press",
        Trigger::Input => "input",
        Trigger::Change => "change",
        Trigger::Submit => "submit",
        Trigger::Reset => "reset",
        Trigger::Focus => "focus",
        Trigger::Blur => "blur",
        Trigger::ReachEnd => "reach-end",
    }
}
