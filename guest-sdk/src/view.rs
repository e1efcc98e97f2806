//! What an app shows: functions that make nodes, and methods that say more about them.

mod attributes;
pub(crate) mod children;
mod elements;
mod fields;
pub(crate) mod flatten;
mod handlers;

use std::hash::{DefaultHasher, Hash, Hasher};

use crate::bindings::{Element, Trigger};
use flatten::Handler;

pub use children::IntoViews;
pub use elements::*;
pub use fields::Fields;

/// A node with all that is in it, and the messages it sends.
pub struct View<'a, Msg> {
    pub(crate) key: Option<String>,
    pub(crate) content: Content<'a, Msg>,
}

pub(crate) enum Content<'a, Msg> {
    Node(Box<NodeContent<'a, Msg>>),
    Lazy {
        hash: u64,
        make: Box<dyn FnOnce() -> View<'a, Msg> + 'a>,
    },
}

pub(crate) struct NodeContent<'a, Msg> {
    pub(crate) element: Element,
    pub(crate) class: String,
    pub(crate) label: Option<String>,
    pub(crate) handlers: Vec<(Trigger, Handler<Msg>)>,
    pub(crate) children: Vec<View<'a, Msg>>,
}

impl<'a, Msg> View<'a, Msg> {
    pub(crate) fn new(element: Element, children: Vec<View<'a, Msg>>) -> Self {
        Self {
            key: None,
            content: Content::Node(Box::new(NodeContent {
                element,
                class: String::new(),
                label: None,
                handlers: Vec::new(),
                children,
            })),
        }
    }

    /// Adds class names of `app.css`, separated by blanks.
    #[must_use]
    pub fn class(self, names: &str) -> Self {
        self.with(|node| {
            if !node.class.is_empty() && !names.is_empty() {
                node.class.push(' ');
            }
            node.class.push_str(names);
        })
    }

    /// Adds class names if `condition` holds.
    #[must_use]
    pub fn class_if(self, condition: bool, names: &str) -> Self {
        if condition { self.class(names) } else { self }
    }

    /// Tells the node apart from its siblings when they move. Every child of a [`list`] needs one.
    #[must_use]
    pub fn key(mut self, key: impl ToString) -> Self {
        self.key = Some(key.to_string());
        self
    }

    /// What a screen reader says, where the content does not say it.
    #[must_use]
    pub fn label(self, text: impl Into<String>) -> Self {
        self.with(|node| node.label = Some(text.into()))
    }

    /// Sends `message` when tapped.
    #[must_use]
    pub fn on_tap(self, message: Msg) -> Self {
        self.on(Trigger::Tap, Handler::Message(message))
    }

    /// Sends `message` when held.
    #[must_use]
    pub fn on_long_press(self, message: Msg) -> Self {
        self.on(Trigger::LongPress, Handler::Message(message))
    }

    pub(crate) fn on(self, trigger: Trigger, handler: Handler<Msg>) -> Self {
        self.with(|node| {
            node.handlers.retain(|(other, _)| *other != trigger);
            node.handlers.push((trigger, handler));
        })
    }

    /// What is lazy takes nothing more, for it may not be made again. In tests that is an error.
    pub(crate) fn with(mut self, change: impl FnOnce(&mut NodeContent<'a, Msg>)) -> Self {
        match &mut self.content {
            Content::Node(node) => change(node),
            Content::Lazy { .. } if cfg!(debug_assertions) => {
                panic!("a lazy view takes nothing more; say it of the view inside");
            }
            Content::Lazy { .. } => {}
        }
        self
    }

    pub(crate) fn element(self, change: impl FnOnce(&mut Element)) -> Self {
        self.with(|node| change(&mut node.element))
    }
}

/// A part of the view that is only made when `dependency` has changed. `key` is the node's key. Whatever the
/// part shows must follow from the dependency (and constants) alone; class, label and handlers are those of the
/// view that is made.
///
/// ```
/// # use lapak_sdk::prelude::*;
/// #[derive(Hash)]
/// struct Dish {
///     id: u32,
///     name: String,
/// }
///
/// fn menu<'a>(dishes: &'a [Dish], chosen: Option<u32>) -> View<'a, ()> {
///     list(dishes.iter().map(|dish| {
///         lazy(dish.id, (dish, chosen == Some(dish.id)), |(dish, chosen)| {
///             view(&dish.name).class("dish").class_if(chosen, "chosen")
///         })
///     }))
/// }
/// ```
pub fn lazy<'a, Msg, D: Hash + 'a>(
    key: impl ToString,
    dependency: D,
    make: impl FnOnce(D) -> View<'a, Msg> + 'a,
) -> View<'a, Msg> {
    let mut hasher = DefaultHasher::new();
    dependency.hash(&mut hasher);
    View {
        key: Some(key.to_string()),
        content: Content::Lazy {
            hash: hasher.finish(),
            make: Box::new(move || make(dependency)),
        },
    }
}
