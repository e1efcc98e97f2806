//! Operations carried out on a tree: what every shell has to do, as plainly as can be. For shells that keep a
//! tree of their own, and for tests.

use super::{NodeId, Op, Tree, TreeNode, descendants};

/// An operation that does not fit the tree: the shell has lost track and must take the whole screen again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("operation names node {}, which is not in the tree", .0.0)]
pub struct ApplyError(pub NodeId);

/// Carries out `ops` in order.
///
/// # Errors
/// [`ApplyError`] at the first operation that does not fit; the ones before it have been carried out.
pub fn apply(tree: &mut Tree, ops: &[Op]) -> Result<(), ApplyError> {
    for op in ops {
        match op {
            Op::Insert {
                parent,
                before,
                subtree,
            } => put(tree, *parent, *before, subtree.clone())?,
            Op::Remove { id } => {
                take(tree, *id)?;
            }
            Op::Move { id, before } => {
                let parent = parent_of(tree, find(tree, *id)?);
                let subtree = take(tree, *id)?;
                put(tree, parent, *before, subtree)?;
            }
            Op::Update { new, .. } => {
                let at = find(tree, new.id)?;
                if let Some(node) = tree.nodes.get_mut(at) {
                    let below = node.node.descendants;
                    *node = (**new).clone();
                    node.node.descendants = below;
                }
            }
        }
    }
    Ok(())
}

fn find(tree: &Tree, id: NodeId) -> Result<usize, ApplyError> {
    let at = tree.nodes.iter().position(|node| node.id == id);
    at.ok_or(ApplyError(id))
}

fn end_of(tree: &Tree, at: usize) -> usize {
    tree.nodes
        .get(at)
        .map_or(at, |node| at + 1 + descendants(&node.node))
}

/// Puts a subtree among the children of `parent`, before `before` or last.
fn put(
    tree: &mut Tree,
    parent: Option<NodeId>,
    before: Option<NodeId>,
    subtree: Vec<TreeNode>,
) -> Result<(), ApplyError> {
    let at = match (before, parent) {
        (Some(before), _) => find(tree, before)?,
        (None, Some(parent)) => end_of(tree, find(tree, parent)?),
        (None, None) => tree.nodes.len(),
    };
    let by = u32::try_from(subtree.len()).unwrap_or(u32::MAX);
    count(tree, parent, |below| below.saturating_add(by))?;
    tree.nodes.splice(at..at, subtree);
    Ok(())
}

fn take(tree: &mut Tree, id: NodeId) -> Result<Vec<TreeNode>, ApplyError> {
    let at = find(tree, id)?;
    let end = end_of(tree, at);
    let by = u32::try_from(end - at).unwrap_or(u32::MAX);
    count(tree, parent_of(tree, at), |below| below.saturating_sub(by))?;
    Ok(tree.nodes.drain(at..end).collect())
}

/// Changes the counts of `parent` and all above it.
fn count(
    tree: &mut Tree,
    parent: Option<NodeId>,
    change: impl Fn(u32) -> u32,
) -> Result<(), ApplyError> {
    let mut next = parent;
    while let Some(id) = next {
        let at = find(tree, id)?;
        next = parent_of(tree, at);
        if let Some(node) = tree.nodes.get_mut(at) {
            node.node.descendants = change(node.node.descendants);
        }
    }
    Ok(())
}

fn parent_of(tree: &Tree, at: usize) -> Option<NodeId> {
    let holds = |(index, _): &(usize, &TreeNode)| end_of(tree, *index) > at;
    let above = tree.nodes.get(..at)?.iter().enumerate().rev().find(holds);
    above.map(|(_, node)| node.id)
}
