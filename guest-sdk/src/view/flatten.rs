//! From nested views to the flat list of the contract, remembering what need not be said again.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, DefaultHasher, Hash, Hasher};

use super::{Content, Fields, NodeContent, View};
use crate::bindings::{Binding, Element, Node};

/// What a trigger turns into.
pub(crate) enum Handler<Msg> {
    Message(Msg),
    Text(Box<dyn Fn(String) -> Msg>),
    Toggled(Box<dyn Fn(bool) -> Msg>),
    Number(Box<dyn Fn(f64) -> Msg>),
    Index(Box<dyn Fn(u32) -> Msg>),
    Fields(Box<dyn Fn(Fields) -> Msg>),
}

/// The place of a node: a hash of the keys and positions that lead to it. 64 bits over at most 10,000 nodes:
/// two places share a hash once in three hundred thousand million views.
type Place = u64;

/// What the last view of the page was made of.
pub(crate) struct Memory<Msg> {
    parts: HashMap<Place, Part<Msg>, BuildHasherDefault<Unhashed>>,
    views: u32,
    next_handler: u32,
}

/// A lazy part, or (at place 0) all that is in none.
struct Part<Msg> {
    hash: u64,
    /// Number of the view that last showed it.
    seen: u32,
    bound: Bound<Msg>,
    /// Lazy parts within it.
    inner: Vec<Place>,
}

/// Handlers by their numbers, in order.
type Bound<Msg> = Vec<(u32, Handler<Msg>)>;

impl<Msg> Default for Memory<Msg> {
    fn default() -> Self {
        Self {
            parts: HashMap::default(),
            views: 0,
            next_handler: 1,
        }
    }
}

const ROOT: Place = 0;

impl<Msg> Memory<Msg> {
    /// Another page comes on show: nothing of it is known to the host.
    pub(crate) fn forget(&mut self) {
        self.parts.clear();
    }

    /// What the app bound to this number.
    pub(crate) fn handler(&self, number: u32) -> Option<&Handler<Msg>> {
        self.parts.values().find_map(|part| {
            let at = part
                .bound
                .binary_search_by_key(&number, |(number, _)| *number)
                .ok()?;
            part.bound.get(at).map(|(_, handler)| handler)
        })
    }

    /// Flattens a view. Lazy parts whose dependency is as it was become `unchanged`.
    pub(crate) fn flatten(&mut self, view: View<'_, Msg>) -> Vec<Node> {
        self.views = self.views.wrapping_add(1);
        let mut flat = Flat {
            memory: self,
            nodes: Vec::new(),
            bound: Vec::new(),
            inner: Vec::new(),
        };
        flat.add(view, ROOT, 0);
        let Flat {
            nodes,
            bound,
            inner,
            ..
        } = flat;
        self.remember(ROOT, 0, bound, inner);
        let views = self.views;
        self.parts.retain(|_, part| part.seen == views);
        nodes
    }

    fn remember(&mut self, place: Place, hash: u64, bound: Bound<Msg>, inner: Vec<Place>) {
        let seen = self.views;
        self.parts.insert(
            place,
            Part {
                hash,
                seen,
                bound,
                inner,
            },
        );
    }

    /// Keeps a part and all within it; tells whether it is as it was.
    fn keep(&mut self, place: Place, hash: u64) -> bool {
        match self.parts.get(&place) {
            Some(part) if part.hash == hash && part.seen != self.views => {}
            _ => return false,
        }
        let mut places = vec![place];
        while let Some(place) = places.pop() {
            if let Some(part) = self.parts.get_mut(&place) {
                part.seen = self.views;
                places.extend(&part.inner);
            }
        }
        true
    }

    fn number(&mut self) -> u32 {
        let number = self.next_handler;
        // After four thousand million handlers the numbers begin anew; the early ones are long gone.
        self.next_handler = number.checked_add(1).unwrap_or(1);
        number
    }
}

struct Flat<'m, Msg> {
    memory: &'m mut Memory<Msg>,
    nodes: Vec<Node>,
    /// Handlers of the part that is being flattened.
    bound: Bound<Msg>,
    /// Lazy parts of the part that is being flattened.
    inner: Vec<Place>,
}

impl<Msg> Flat<'_, Msg> {
    /// Adds a view that stands at `position` among the siblings without a key of the node at `parent`.
    fn add(&mut self, view: View<'_, Msg>, parent: Place, position: usize) {
        let place = place(parent, view.key.as_deref(), position);
        match view.content {
            Content::Node(node) => self.add_node(view.key, *node, place),
            Content::Lazy { hash, make } => {
                if self.memory.keep(place, hash) {
                    self.inner.push(place);
                    self.nodes.push(unchanged(view.key));
                } else {
                    self.add_part(place, hash, view.key, make());
                }
            }
        }
    }

    fn add_part(&mut self, place: Place, hash: u64, key: Option<String>, view: View<'_, Msg>) {
        let outer_bound = std::mem::take(&mut self.bound);
        let outer_inner = std::mem::take(&mut self.inner);
        match view.content {
            Content::Node(node) => self.add_node(key, *node, place),
            // Lazy within lazy at one place: the inner one is made outright.
            Content::Lazy { make, .. } => {
                if let Content::Node(node) = make().content {
                    self.add_node(key, *node, place);
                }
            }
        }
        let bound = std::mem::replace(&mut self.bound, outer_bound);
        let inner = std::mem::replace(&mut self.inner, outer_inner);
        self.memory.remember(place, hash, bound, inner);
        self.inner.push(place);
    }

    fn add_node(&mut self, key: Option<String>, node: NodeContent<'_, Msg>, place: Place) {
        let mut bindings = Vec::with_capacity(node.handlers.len());
        for (trigger, handler) in node.handlers {
            let number = self.memory.number();
            self.bound.push((number, handler));
            bindings.push(Binding {
                trigger,
                handler: number,
            });
        }
        let at = self.nodes.len();
        self.nodes.push(Node {
            element: node.element,
            key,
            class: node.class,
            label: node.label,
            bindings,
            descendants: 0,
        });
        let mut unkeyed = 0;
        for child in node.children {
            let position = unkeyed;
            unkeyed += usize::from(child.key.is_none());
            self.add(child, place, position);
        }
        let below = self.nodes.len() - at - 1;
        if let Some(node) = self.nodes.get_mut(at) {
            node.descendants = u32::try_from(below).unwrap_or(u32::MAX);
        }
    }
}

fn unchanged(key: Option<String>) -> Node {
    Node {
        element: Element::Unchanged,
        key,
        class: String::new(),
        label: None,
        bindings: Vec::new(),
        descendants: 0,
    }
}

fn place(parent: Place, key: Option<&str>, position: usize) -> Place {
    let mut hasher = DefaultHasher::new();
    (parent, key, if key.is_some() { 0 } else { position }).hash(&mut hasher);
    hasher.finish()
}

/// Places are hashes already.
#[derive(Default)]
struct Unhashed(u64);

impl Hasher for Unhashed {
    fn write(&mut self, _: &[u8]) {}

    fn write_u64(&mut self, place: u64) {
        self.0 = place;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
