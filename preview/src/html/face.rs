//! How one node looks in HTML, as data: what whole pages and single changes are both made from.

use lapak_host::view::{
    Element, ImageFit, NavigatorAction, Node, ScrollDirection, TreeNode, Trigger,
};
use serde::ser::{Serialize, SerializeSeq as _, Serializer};

use super::text::{asset_address, push_app_classes, tidy};
use super::{HtmlContext, controls, icons, pictured};

/// One HTML element of a node's: the node's own, or a part of it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Piece {
    /// The part's name; `None` for the node's own element.
    pub(super) part: Option<&'static str>,
    pub(super) tag: &'static str,
    /// The attributes that are there, each once.
    pub(super) attributes: Vec<(&'static str, String)>,
    /// What the document's object holds and the person can change: an attribute would only say how it began.
    pub(super) live: Vec<(&'static str, Live)>,
    pub(super) inside: Inside,
}

/// A live property's value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Live {
    Text(String),
    On(bool),
}

/// What an element has in it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Inside {
    /// Nothing, and no end tag: `<img>`, `<input>`.
    Void,
    /// The node's children.
    Children,
    /// A text.
    Text(String),
    /// Markup of the generator's own.
    Markup(String),
    /// The dots of a swiper, one for each child. The shell keeps them.
    Dots { current: u32 },
    /// Parts.
    Parts(Vec<Piece>),
}

impl Piece {
    pub(super) fn new(tag: &'static str, class: &str) -> Self {
        Self {
            part: None,
            tag,
            attributes: vec![("class", class.to_owned())],
            live: Vec::new(),
            inside: Inside::Children,
        }
    }

    /// A part without a class.
    pub(super) fn part(name: &'static str, tag: &'static str) -> Self {
        Self {
            part: Some(name),
            tag,
            attributes: Vec::new(),
            live: Vec::new(),
            inside: Inside::Void,
        }
    }

    pub(super) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.set(name, Some(value.into()));
        self
    }

    pub(super) fn with_some(
        mut self,
        name: &'static str,
        value: Option<impl Into<String>>,
    ) -> Self {
        self.set(name, value.map(Into::into));
        self
    }

    /// An attribute that is there or is not, like `hidden`.
    pub(super) fn with_flag(self, name: &'static str, on: bool) -> Self {
        self.with_some(name, on.then_some(""))
    }

    pub(super) fn live(mut self, name: &'static str, value: Live) -> Self {
        self.live.push((name, value));
        self
    }

    pub(super) fn inside(mut self, inside: Inside) -> Self {
        self.inside = inside;
        self
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.attributes.iter().any(|(one, _)| *one == name)
    }

    pub(super) fn set(&mut self, name: &'static str, value: Option<String>) {
        self.attributes.retain(|(one, _)| *one != name);
        if let Some(value) = value {
            self.attributes.push((name, tidy(&value)));
        }
    }

    fn add_class(&mut self, more: impl FnOnce(&mut String)) {
        if let Some((_, class)) = self
            .attributes
            .iter_mut()
            .find(|(name, _)| *name == "class")
        {
            more(class);
        }
    }

    /// The part that takes focus and value, where that is not the node's own element.
    fn field(&mut self) -> Option<&mut Self> {
        match &mut self.inside {
            Inside::Parts(parts) => parts.iter_mut().find(|part| part.part == Some("field")),
            _ => None,
        }
    }
}

/// How `node` looks.
pub(super) fn of(node: &TreeNode, cx: &HtmlContext<'_>) -> Piece {
    let said = &node.node;
    let mut piece = if cx.for_picture {
        pictured::piece(said)
    } else {
        None
    }
    .unwrap_or_else(|| element(said, cx));
    piece.add_class(|class| push_app_classes(class, &said.class));
    piece.set("data-n", Some(node.id.0.to_string()));
    piece.set("data-key", said.key.clone());
    piece.set("data-on", triggers(said));
    if let Some(label) = &said.label {
        label_it(&mut piece, said, label);
    }
    make_operable(&mut piece, said);
    piece
}

fn element(node: &Node, cx: &HtmlContext<'_>) -> Piece {
    match &node.element {
        // The host takes `unchanged` out of every tree; an empty box is the harmless answer.
        Element::View | Element::Unchanged => Piece::new("div", "lp-view"),
        Element::Text(text) => Piece::new("span", "lp-text").inside(Inside::Text(tidy(text))),
        Element::Image(image) => {
            let address =
                (cx.has_file)(&image.src).then(|| asset_address(cx.asset_base, &image.src));
            let fit = match image.fit {
                ImageFit::Fill => "lp-fill",
                ImageFit::Contain => "lp-contain",
                ImageFit::Cover => "lp-cover",
            };
            let missing = if address.is_none() { " lp-missing" } else { "" };
            Piece::new("img", &format!("lp-image {fit}{missing}"))
                .with_some("src", address)
                .with("alt", &image.alt)
                .inside(Inside::Void)
        }
        Element::Icon(icon) => icons::piece(icon),
        Element::Form => Piece::new("form", "lp-form").with_flag("novalidate", true),
        Element::Label => Piece::new("label", "lp-label"),
        Element::List(rows) => Piece::new("div", "lp-list")
            .with("role", "list")
            .with_some("data-reveal", rows.reveal.as_deref()),
        Element::ScrollView(scroll) => {
            let direction = match scroll.direction {
                ScrollDirection::Vertical => "lp-vertical",
                ScrollDirection::Horizontal => "lp-horizontal",
            };
            Piece::new("div", &format!("lp-scroll {direction}"))
                .with("tabindex", "0")
                .with_some("data-reveal", scroll.reveal.as_deref())
        }
        Element::Navigator(navigator) => {
            let action = match navigator.action {
                NavigatorAction::NavigateTo => "navigate-to",
                NavigatorAction::RedirectTo => "redirect-to",
                NavigatorAction::Back => "back",
                NavigatorAction::Relaunch => "relaunch",
                NavigatorAction::SwitchTab => "switch-tab",
            };
            Piece::new("div", "lp-navigator")
                .with("role", "link")
                .with("tabindex", "0")
                .with("data-nav", action)
        }
        _ => controls::piece(node),
    }
}

/// What a screen reader says is said by the control where there is one.
fn label_it(piece: &mut Piece, node: &Node, label: &str) {
    if let Some(field) = piece.field() {
        return field.set("aria-label", Some(label.to_owned()));
    }
    piece.set("aria-label", Some(label.to_owned()));
    match node.element {
        Element::Icon(_) => {
            piece.set("aria-hidden", None);
            piece.set("role", Some("img".into()));
        }
        // A name is only read for elements with a role.
        Element::View | Element::Text(_) => piece.set("role", Some("group".into())),
        _ => {}
    }
}

/// Whoever cannot tap must reach by keyboard what can be tapped.
fn make_operable(piece: &mut Piece, node: &Node) {
    let tapped = node
        .bindings
        .iter()
        .any(|binding| binding.trigger == Trigger::Tap);
    if !tapped {
        return;
    }
    match node.element {
        Element::View | Element::Text(_) | Element::Image(_) | Element::Icon(_) => {
            piece.set("role", Some("button".into()));
            piece.set("tabindex", Some("0".into()));
            piece.set("aria-hidden", None);
        }
        Element::Form | Element::List(_) | Element::Swiper(_) | Element::Progress(_) => {
            piece.set("tabindex", Some("0".into()));
        }
        _ => {}
    }
}

/// Triggers with a binding, in the contract's order.
fn triggers(node: &Node) -> Option<String> {
    const NAMES: [(Trigger, &str); 9] = [
        (Trigger::Tap, "tap"),
        (Trigger::LongPress, "long-press"),
        (Trigger::Input, "input"),
        (Trigger::Change, "change"),
        (Trigger::Submit, "submit"),
        (Trigger::Reset, "reset"),
        (Trigger::Focus, "focus"),
        (Trigger::Blur, "blur"),
        (Trigger::ReachEnd, "reach-end"),
    ];
    let bound = |trigger: Trigger| {
        node.bindings
            .iter()
            .any(|binding| binding.trigger == trigger)
    };
    let names: Vec<&str> = NAMES
        .iter()
        .filter(|(trigger, _)| bound(*trigger))
        .map(|(_, name)| *name)
        .collect();
    (!names.is_empty()).then(|| names.join(" "))
}

/// One change of an element.
pub(super) struct Change {
    kind: &'static str,
    name: &'static str,
    /// `None`: it is gone.
    value: Option<Live>,
    part: Option<&'static str>,
}

impl Serialize for Change {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut change = to.serialize_seq(Some(3 + usize::from(self.part.is_some())))?;
        change.serialize_element(self.kind)?;
        change.serialize_element(self.name)?;
        match &self.value {
            Some(Live::Text(text)) => change.serialize_element(text)?,
            Some(Live::On(on)) => change.serialize_element(on)?,
            None => change.serialize_element(&())?,
        }
        if let Some(part) = self.part {
            change.serialize_element(part)?;
        }
        change.end()
    }
}

/// What has to be done to `old` to make it `new`, as [`wire`](super::wire) describes it.
pub(super) fn changes(old: &Piece, new: &Piece) -> Vec<Change> {
    let mut changes = Vec::new();
    differences(old, new, &mut changes);
    changes
}

fn differences(old: &Piece, new: &Piece, out: &mut Vec<Change>) {
    let mut change = |kind: &'static str, name: &'static str, value: Option<Live>| {
        out.push(Change {
            kind,
            name,
            value,
            part: new.part,
        });
    };
    let text = |text: &str| Some(Live::Text(text.to_owned()));
    for (name, _) in old.attributes.iter().filter(|(name, _)| !new.has(name)) {
        change("a", name, None);
    }
    for (name, value) in new
        .attributes
        .iter()
        .filter(|attribute| !old.attributes.contains(attribute))
    {
        change("a", name, text(value));
    }
    let mut refilled = false;
    match (&old.inside, &new.inside) {
        (Inside::Text(before), Inside::Text(now)) if before != now => change("t", "", text(now)),
        (Inside::Markup(before), Inside::Markup(now)) if before != now => {
            change("h", "", text(now));
            refilled = true;
        }
        (Inside::Parts(before), Inside::Parts(now)) if !same_build(before, now) => {
            change("h", "", text(&super::write::parts(now)));
        }
        _ => {}
    }
    // Last, because they depend on the rest: a slider's value on its bounds, a choice on the options.
    for (name, value) in new
        .live
        .iter()
        .filter(|live| refilled || !old.live.contains(live))
    {
        change("p", name, Some(value.clone()));
    }
    if let (Inside::Parts(before), Inside::Parts(now)) = (&old.inside, &new.inside)
        && same_build(before, now)
    {
        for (before, now) in before.iter().zip(now) {
            differences(before, now, out);
        }
    }
}

/// Whether the parts are of the same elements, so that it is enough to change these.
fn same_build(old: &[Piece], new: &[Piece]) -> bool {
    let build = |piece: &Piece| {
        (
            piece.part,
            piece.tag,
            piece.attribute("type").map(str::to_owned),
        )
    };
    old.iter().map(build).eq(new.iter().map(build))
}

impl Piece {
    fn attribute(&self, name: &str) -> Option<&str> {
        let (_, value) = self.attributes.iter().find(|(one, _)| *one == name)?;
        Some(value)
    }
}
