//! What one node is in HTML, its children apart.

use lapak_host::view::{Binding, Element, ImageFit, Navigator, NavigatorAction, Node, ScrollDirection, TreeNode, Trigger};

use super::write::asset_address;
use super::{HtmlContext, controls, icons, pictured};

/// One element: the node's own, or a part of it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Shape {
    pub(super) tag: &'static str,
    pub(super) attributes: Vec<(&'static str, String)>,
    /// What the person changes as well as the app: set as properties, not as attributes, once it is there.
    pub(super) live: Vec<(&'static str, Live)>,
    pub(super) inside: Inside,
}

/// A live property's value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Live {
    Text(String),
    Flag(bool),
}

/// What is within an element.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Inside {
    /// Nothing, and no end tag.
    Void,
    Text(String),
    /// HTML of the generator's own.
    Html(String),
    /// Elements with names that are no nodes.
    Parts(Vec<(&'static str, Shape)>),
    /// The node's children.
    Children,
    /// The children of a swiper in a track, and a dot for each where `dots` is set.
    Track { dots: bool, current: u32 },
}

impl Shape {
    pub(super) fn new(tag: &'static str, class: &str) -> Self {
        Self {
            tag,
            attributes: vec![("class", class.to_owned())],
            live: Vec::new(),
            inside: Inside::Children,
        }
    }

    pub(super) fn set(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.attributes.push((name, value.into()));
        self
    }

    pub(super) fn set_some(self, name: &'static str, value: Option<impl Into<String>>) -> Self {
        match value {
            Some(value) => self.set(name, value),
            None => self,
        }
    }

    pub(super) fn flag(mut self, name: &'static str, on: bool) -> Self {
        self.live.push((name, Live::Flag(on)));
        self
    }

    pub(super) fn value(mut self, value: impl Into<String>) -> Self {
        self.live.push(("value", Live::Text(value.into())));
        self
    }

    pub(super) fn inside(mut self, inside: Inside) -> Self {
        self.inside = inside;
        self
    }

    fn has(&self, name: &str) -> bool {
        self.attributes.iter().any(|(one, _)| *one == name)
    }

    fn class(&mut self, more: &str) {
        if let Some((_, class)) = self.attributes.iter_mut().find(|(name, _)| *name == "class") {
            class.push(' ');
            class.push_str(more);
        }
    }
}

/// Where a node stands, as far as that changes what it is in HTML.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Place {
    /// Within a button, where HTML allows no other.
    pub(super) in_button: bool,
    /// A child of a list.
    pub(super) in_list: bool,
}

/// The node's own element.
pub(super) fn shape(node: &TreeNode, place: Place, cx: &HtmlContext<'_>) -> Shape {
    let mut shape = of_element(&node.node, place, cx);
    for class in own_classes(&node.node.class) {
        shape.class(class);
    }
    shape.attributes.insert(0, ("data-n", node.id.0.to_string()));
    if let Some(key) = &node.node.key {
        shape.attributes.push(("data-key", key.clone()));
    }
    if !node.node.bindings.is_empty() {
        shape.attributes.push(("data-on", triggers(&node.node.bindings)));
    }
    if let Some(label) = &node.node.label {
        shape.attributes.push(("aria-label", label.clone()));
    }
    make_usable(&mut shape, &node.node);
    if place.in_list && !shape.has("role") {
        shape.attributes.push(("role", "listitem".to_owned()));
    }
    shape
}

/// Whatever can be tapped can be reached by keyboard and is said to be a button.
fn make_usable(shape: &mut Shape, node: &Node) {
    let native = matches!(
        node.element,
        Element::Button(_) | Element::Input(_) | Element::Textarea(_) | Element::Checkbox(_) | Element::Radio(_)
            | Element::Switch(_) | Element::Slider(_) | Element::Picker(_) | Element::Navigator(_)
    );
    let tapped = node.bindings.iter().any(|binding| binding.trigger == Trigger::Tap);
    if tapped && !native {
        if !shape.has("role") {
            shape.attributes.push(("role", "button".to_owned()));
        }
        if !shape.has("tabindex") {
            shape.attributes.push(("tabindex", "0".to_owned()));
        }
    }
}

fn of_element(node: &Node, place: Place, cx: &HtmlContext<'_>) -> Shape {
    if cx.for_picture
        && let Some(pictured) = pictured::shape(&node.element)
    {
        return pictured;
    }
    match &node.element {
        // `Unchanged` never reaches a tree; an empty box is the harmless answer.
        Element::View | Element::Unchanged => Shape::new("div", "lp-view"),
        Element::Text(text) => Shape::new("span", "lp-text").inside(Inside::Text(text.clone())),
        Element::Image(image) => {
            let src = asset_address(cx.asset_base, &image.src);
            picture(&image.src, image.fit, cx).set("alt", image.alt.clone()).set_some(
                "src",
                (cx.has_file)(&image.src).then_some(src),
            )
        }
        Element::Icon(icon) => Shape::new("svg", "lp-icon")
            .set("viewBox", "0 0 24 24")
            .set("width", icon.size.to_string())
            .set("height", icon.size.to_string())
            .set("aria-hidden", "true")
            .inside(Inside::Html(icons::shapes(icon.name).to_owned())),
        Element::Button(button) => controls::button(button, place.in_button),
        Element::Input(input) => controls::input(input),
        Element::Textarea(textarea) => controls::textarea(textarea),
        Element::Checkbox(checkbox) => controls::checkbox(checkbox),
        Element::Radio(radio) => controls::radio(radio),
        Element::Switch(switch) => controls::switch(switch),
        Element::Slider(slider) => controls::slider(slider),
        Element::Picker(picker) => controls::picker(picker),
        Element::Form => Shape::new("form", "lp-form").set("novalidate", ""),
        Element::Label => Shape::new("label", "lp-label"),
        Element::List => Shape::new("div", "lp-list").set("role", "list"),
        Element::ScrollView(scroll) => {
            let class = match scroll.direction {
                ScrollDirection::Vertical => "lp-scroll lp-vertical",
                ScrollDirection::Horizontal => "lp-scroll lp-horizontal",
            };
            Shape::new("div", class).set("tabindex", "0")
        }
        Element::Swiper(swiper) => Shape::new("div", "lp-swiper")
            .set("role", "group")
            .set("aria-roledescription", "carousel")
            .set("data-current", swiper.current.to_string())
            .set_some("data-autoplay", swiper.autoplay_ms.map(|ms| ms.to_string()))
            .set_some("data-circular", swiper.circular.then_some(""))
            .set_some("data-dots", swiper.indicator.then_some(""))
            .inside(Inside::Track { dots: swiper.indicator, current: swiper.current }),
        Element::Progress(progress) => controls::progress(progress),
        Element::Navigator(navigator) => navigator_shape(navigator),
    }
}

fn picture(src: &str, fit: ImageFit, cx: &HtmlContext<'_>) -> Shape {
    let class = match fit {
        ImageFit::Fill => "lp-image lp-fill",
        ImageFit::Contain => "lp-image lp-contain",
        ImageFit::Cover => "lp-image lp-cover",
    };
    let mut shape = Shape::new("img", class).inside(Inside::Void);
    if !(cx.has_file)(src) {
        shape.class("lp-missing");
    }
    shape
}

fn navigator_shape(navigator: &Navigator) -> Shape {
    let action = match navigator.action {
        NavigatorAction::NavigateTo => "navigate-to",
        NavigatorAction::RedirectTo => "redirect-to",
        NavigatorAction::Back => "back",
        NavigatorAction::Relaunch => "relaunch",
        NavigatorAction::SwitchTab => "switch-tab",
    };
    Shape::new("div", "lp-navigator").set("role", "link").set("tabindex", "0").set("data-nav", action)
}

/// The app's classes, without those that are the host's.
fn own_classes(class: &str) -> impl Iterator<Item = &str> {
    class
        .split_ascii_whitespace()
        .filter(|class| !class.starts_with("lp-") && !class.starts_with("shell-") && !class.starts_with("shot-"))
}

fn triggers(bindings: &[Binding]) -> String {
    let names: Vec<_> = bindings.iter().map(|binding| trigger_name(binding.trigger)).collect();
    names.join(" ")
}

fn trigger_name(trigger: Trigger) -> &'static str {
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
