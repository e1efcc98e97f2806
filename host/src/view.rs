//! What an app shows: the checked tree, and the difference between two trees.
//!
//! The app hands over a flat list of nodes ([`View`]). [`update`] checks it against the contract and the
//! limits, gives it numbers and compares it with the tree shown before: nodes that are still there keep
//! theirs, and a list of [`Op`]s says what a shell has to change.

pub use crate::bindings::lapak::app::events::{Field, FieldValue, InputValue};
pub use crate::bindings::lapak::app::view::*;

/// Names a node within a session, for as long as the node lives. Never used again after that, so that
/// an event meant for a node that is gone can be told from one that is meant for its successor.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(transparent)]
pub struct NodeId(pub u32);

/// A node that the host has checked and numbered.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct TreeNode {
    /// The node's name in this session.
    pub id: NodeId,
    /// What the app said of it. Never [`Element::Unchanged`]; floats finite and clamped.
    pub node: Node,
}

/// A checked view: nodes in pre-order, the descendants' counts add up, the limits hold.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Tree {
    /// In pre-order, each with its count of descendants; several roots are possible.
    pub nodes: Vec<TreeNode>,
}

/// What a shell has to do to turn the tree that it shows into the next one.
///
/// Operations are carried out in order; each speaks of the tree as the ones before it left it.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub enum Op {
    /// Put a new subtree (pre-order) among the children of `parent` (`None`: among the roots), before the
    /// child `before` or as the last.
    Insert {
        /// The node that gets a child.
        parent: Option<NodeId>,
        /// The sibling that follows.
        before: Option<NodeId>,
        /// The new nodes.
        subtree: Vec<TreeNode>,
    },
    /// Take a node and its descendants away.
    Remove {
        /// Which.
        id: NodeId,
    },
    /// Put a node, with its descendants, elsewhere among its siblings: before `before`, or last.
    Move {
        /// Which.
        id: NodeId,
        /// The sibling that follows.
        before: Option<NodeId>,
    },
    /// The node's own attributes, class, label or triggers changed; its kind and its children did not.
    Update {
        /// The node as it was (its own data; descendants untouched).
        old: Box<TreeNode>,
        /// The node as it is now, same id.
        new: Box<TreeNode>,
    },
}

mod apply;
mod check;
mod diff;
mod input;
mod text;

pub use apply::{ApplyError, apply};
pub use check::{ViewError, ViewLimits};
pub(crate) use check::{check, kind_name, node_bytes, trigger_name};
pub use diff::update;
pub(crate) use diff::update_checked;
pub(crate) use input::refusal;
pub use input::{InputError, accept_input, field_name, shown_value};
pub use text::wit_name;

/// Gives nodes their numbers, each once in a session.
#[derive(Clone, Debug, Default, serde::Serialize, serde::Deserialize)]
pub struct NodeIds {
    last: u32,
}

impl NodeIds {
    /// The next number. Wraps after four thousand million nodes, by when the first are long gone.
    fn next(&mut self) -> NodeId {
        self.last = self.last.wrapping_add(1);
        NodeId(self.last)
    }
}

impl Tree {
    /// The node of this number.
    #[must_use]
    pub fn node(&self, id: NodeId) -> Option<&TreeNode> {
        self.nodes.iter().find(|node| node.id == id)
    }

    /// The app's number for `trigger` of the node `id`.
    #[must_use]
    pub fn handler(&self, id: NodeId, trigger: Trigger) -> Option<u32> {
        let bindings = &self.node(id)?.node.bindings;
        let bound = bindings.iter().find(|binding| binding.trigger == trigger)?;
        Some(bound.handler)
    }

    /// Nodes in pre-order, each with its depth (a root has 0).
    pub fn walk(&self) -> impl Iterator<Item = (usize, &TreeNode)> {
        let mut ends: Vec<usize> = Vec::new();
        self.nodes.iter().enumerate().map(move |(index, node)| {
            while ends.last().is_some_and(|end| *end <= index) {
                ends.pop();
            }
            let depth = ends.len();
            ends.push(index + 1 + descendants(&node.node));
            (depth, node)
        })
    }
}

/// A count of the guest's as an index of ours.
fn descendants(node: &Node) -> usize {
    usize::try_from(node.descendants).unwrap_or(usize::MAX)
}
