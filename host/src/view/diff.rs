//! From the tree on show and a new view to the next tree, and the operations that lead from one to the other.
//!
//! Children are matched by key where they have one, else by their place among the siblings without a key. A
//! match of another kind is no match. Of the matched children, the longest run that is in order already
//! stays; the others move.

use std::collections::HashMap;
use std::mem::discriminant;
use std::ops::Range;

use super::check::check;
use super::{
    Element, Node, NodeId, NodeIds, Op, Tree, TreeNode, Trigger, View, ViewError, ViewLimits,
    descendants,
};

/// Checks `view` and makes it the next tree. Nodes that stay keep their number.
///
/// Cost: linear in the view; nodes under `unchanged` are moved, not compared.
///
/// # Errors
/// The rule that the view breaks.
pub fn update(
    old: Option<Tree>,
    mut view: View,
    limits: &ViewLimits,
    ids: &mut NodeIds,
) -> Result<(Tree, Vec<Op>), ViewError> {
    check(&mut view, limits)?;
    update_checked(old, view, limits, ids)
}

/// The same for a view that was checked already.
pub(crate) fn update_checked(
    old: Option<Tree>,
    view: View,
    limits: &ViewLimits,
    ids: &mut NodeIds,
) -> Result<(Tree, Vec<Op>), ViewError> {
    let old = match old {
        Some(tree) if same_shape(&tree.nodes, &view.nodes) => return Ok(in_step(tree, view)),
        old => old,
    };
    let old: Vec<Option<TreeNode>> = old
        .unwrap_or_default()
        .nodes
        .into_iter()
        .map(Some)
        .collect();
    let new_total = view.nodes.len();
    let old_total = old.len();
    let mut differ = Differ {
        old,
        new: view.nodes.into_iter().map(Some).collect(),
        out: Vec::with_capacity(new_total.max(old_total)),
        ops: Vec::new(),
        ids,
    };
    differ.children(None, 0..old_total, 0..new_total)?;
    if differ.out.len() > limits.nodes {
        // `unchanged` brought back more than fits.
        return Err(ViewError::TooManyNodes {
            found: differ.out.len(),
            limit: limits.nodes,
        });
    }
    Ok((Tree { nodes: differ.out }, differ.ops))
}

/// Whether each node goes on from the one at the same place, `unchanged` from a whole subtree: most views only say
/// something else in a few nodes.
fn same_shape(old: &[TreeNode], new: &[Node]) -> bool {
    let mut old_at = 0;
    // Where the subtrees that are open end, in the new view and in the old one.
    let mut open = vec![(new.len(), old.len())];
    for (new_at, node) in new.iter().enumerate() {
        while let Some(&(new_end, old_end)) = open.last()
            && new_end <= new_at
        {
            if old_end != old_at {
                return false;
            }
            open.pop();
        }
        let Some(before) = old.get(old_at).map(|before| &before.node) else {
            return false;
        };
        let inside = open.last().is_some_and(|(_, old_end)| old_at < *old_end);
        if !inside || before.key != node.key || !same_kind(before, node) {
            return false;
        }
        let old_end = old_at + 1 + descendants(before);
        if matches!(node.element, Element::Unchanged) {
            old_at = old_end;
        } else {
            open.push((new_at + 1 + descendants(node), old_end));
            old_at += 1;
        }
    }
    open.iter().all(|(_, old_end)| *old_end == old_at)
}

/// The next tree of one that keeps its shape.
fn in_step(mut tree: Tree, view: View) -> (Tree, Vec<Op>) {
    let mut ops = Vec::new();
    let mut at = 0;
    for mut node in view.nodes {
        let Some(shown) = tree.nodes.get_mut(at) else {
            break;
        };
        if matches!(node.element, Element::Unchanged) {
            at += 1 + descendants(&shown.node);
            continue;
        }
        at += 1;
        // The app counts an unchanged subtree as one node.
        node.descendants = shown.node.descendants;
        let alike = looks_alike(&shown.node, &node);
        let before = std::mem::replace(&mut shown.node, node);
        if !alike {
            let old = TreeNode {
                id: shown.id,
                node: before,
            };
            ops.push(Op::Update {
                old: Box::new(old),
                new: Box::new(shown.clone()),
            });
        }
    }
    (tree, ops)
}

/// The state of one comparison. Nodes leave `old` and `new` as they are taken over into `out`.
struct Differ<'a> {
    old: Vec<Option<TreeNode>>,
    new: Vec<Option<Node>>,
    out: Vec<TreeNode>,
    ops: Vec<Op>,
    ids: &'a mut NodeIds,
}

/// A child of the new list, once it stands in `out`.
struct Placed {
    id: NodeId,
    /// Where it stands in `out`.
    out: Range<usize>,
    /// Its place among the old children, if it is one of them.
    was: Option<usize>,
}

impl Differ<'_> {
    /// Compares two lists of siblings. Depth is bounded by the check before, so recursion is too.
    fn children(
        &mut self,
        parent: Option<NodeId>,
        old: Range<usize>,
        new: Range<usize>,
    ) -> Result<(), ViewError> {
        let old_children = self.starts(old, |differ, at| {
            differ
                .old
                .get(at)?
                .as_ref()
                .map(|node| descendants(&node.node))
        });
        let new_children = self.starts(new, |differ, at| {
            differ.new.get(at)?.as_ref().map(descendants)
        });
        let matches = self.matches(&old_children, &new_children);
        let mut kept = vec![false; old_children.len()];
        let mut placed = Vec::with_capacity(new_children.len());
        let mut removed = self.ids_of(&old_children);
        for (child, was) in new_children.iter().zip(matches) {
            let from = self.out.len();
            let id = match was.and_then(|was| Some((was, old_children.get(was)?.clone()))) {
                Some((was, old_child)) => {
                    if let Some(kept) = kept.get_mut(was) {
                        *kept = true;
                    }
                    self.keep(old_child, child.clone())?
                }
                None => self.insert(child.clone())?,
            };
            let out = from..self.out.len();
            placed.push(Placed { id, out, was });
        }
        let mut keep = kept.into_iter();
        removed.retain(|_| !keep.next().unwrap_or(false));
        self.ops
            .extend(removed.into_iter().map(|id| Op::Remove { id }));
        self.arrange(parent, &placed);
        Ok(())
    }

    /// The ranges of the children within a range of nodes.
    fn starts(
        &self,
        range: Range<usize>,
        below: impl Fn(&Self, usize) -> Option<usize>,
    ) -> Vec<Range<usize>> {
        let mut children = Vec::new();
        let mut at = range.start;
        while at < range.end {
            let end = at + 1 + below(self, at).unwrap_or(0);
            children.push(at..end);
            at = end;
        }
        children
    }

    fn ids_of(&self, children: &[Range<usize>]) -> Vec<NodeId> {
        let id = |child: &Range<usize>| Some(self.old.get(child.start)?.as_ref()?.id);
        // Every child is still there: its siblings have not been taken yet.
        children.iter().filter_map(id).collect()
    }

    /// For each new child the old one that it goes on from.
    fn matches(&self, old: &[Range<usize>], new: &[Range<usize>]) -> Vec<Option<usize>> {
        let old_node = |child: &Range<usize>| self.old.get(child.start)?.as_ref();
        let new_node = |child: &Range<usize>| self.new.get(child.start)?.as_ref();
        let fits = |old: &Range<usize>, new: &Range<usize>| match (old_node(old), new_node(new)) {
            (Some(old), Some(new)) => old.node.key == new.key && same_kind(&old.node, new),
            _ => false,
        };
        // Most lists keep their order: no map for those.
        let prefix = old
            .iter()
            .zip(new)
            .take_while(|(old, new)| fits(old, new))
            .count();
        let mut matches: Vec<Option<usize>> = (0..prefix).map(Some).collect();
        if prefix == new.len() {
            return matches;
        }
        let mut keyed = HashMap::new();
        let mut unkeyed = Vec::new();
        for (place, child) in old.iter().enumerate().skip(prefix) {
            match old_node(child).and_then(|node| node.node.key.as_deref()) {
                Some(key) => {
                    keyed.insert(key, place);
                }
                None => unkeyed.push(place),
            }
        }
        let mut unkeyed = unkeyed.into_iter();
        for child in new.iter().skip(prefix) {
            let candidate = match new_node(child).and_then(|node| node.key.as_deref()) {
                Some(key) => keyed.get(key).copied(),
                None => unkeyed.next(),
            };
            matches.push(
                candidate.filter(|place| old.get(*place).is_some_and(|old| fits(old, child))),
            );
        }
        matches
    }

    /// Goes on with a child that was there before.
    fn keep(&mut self, old: Range<usize>, new: Range<usize>) -> Result<NodeId, ViewError> {
        let gone = ViewError::NothingUnchanged { node: new.start };
        let Some(node) = self.new.get_mut(new.start).and_then(Option::take) else {
            return Err(gone);
        };
        if matches!(node.element, Element::Unchanged) {
            return self.take_over(old).ok_or(gone);
        }
        let Some(before) = self.old.get_mut(old.start).and_then(Option::take) else {
            return Err(gone);
        };
        let id = before.id;
        let after = TreeNode { id, node };
        if !looks_alike(&before.node, &after.node) {
            self.ops.push(Op::Update {
                old: Box::new(before),
                new: Box::new(after.clone()),
            });
        }
        self.out_with_children(after, |differ| {
            differ.children(Some(id), old.start + 1..old.end, new.start + 1..new.end)
        })?;
        Ok(id)
    }

    /// Moves an unchanged subtree over as it is.
    fn take_over(&mut self, old: Range<usize>) -> Option<NodeId> {
        let nodes = self.old.get_mut(old)?;
        let id = nodes.first()?.as_ref()?.id;
        self.out.extend(nodes.iter_mut().filter_map(Option::take));
        Some(id)
    }

    /// Numbers a child that was not there before, and all below it.
    fn insert(&mut self, new: Range<usize>) -> Result<NodeId, ViewError> {
        let mut first = None;
        for at in new.clone() {
            let Some(node) = self.new.get_mut(at).and_then(Option::take) else {
                continue;
            };
            if matches!(node.element, Element::Unchanged) {
                return Err(ViewError::NothingUnchanged { node: at });
            }
            let id = self.ids.next();
            first.get_or_insert(id);
            self.out.push(TreeNode { id, node });
        }
        first.ok_or(ViewError::NothingUnchanged { node: new.start })
    }

    /// Puts a node out, then its children, then corrects its count: `unchanged` children stand for more
    /// nodes than the app sent.
    fn out_with_children(
        &mut self,
        node: TreeNode,
        children: impl FnOnce(&mut Self) -> Result<(), ViewError>,
    ) -> Result<(), ViewError> {
        let at = self.out.len();
        self.out.push(node);
        children(self)?;
        let below = u32::try_from(self.out.len() - at - 1).unwrap_or(u32::MAX);
        if let Some(node) = self.out.get_mut(at) {
            node.node.descendants = below;
        }
        Ok(())
    }

    /// Inserts and moves, from the last child to the first, so that each finds its next sibling in place.
    fn arrange(&mut self, parent: Option<NodeId>, placed: &[Placed]) {
        let stays = longest_increasing(placed.iter().map(|child| child.was));
        let mut before = None;
        for (child, stays) in placed.iter().zip(stays).rev() {
            if child.was.is_none() {
                let subtree = self.out.get(child.out.clone()).unwrap_or_default().to_vec();
                self.ops.push(Op::Insert {
                    parent,
                    before,
                    subtree,
                });
            } else if !stays {
                self.ops.push(Op::Move {
                    id: child.id,
                    before,
                });
            }
            before = Some(child.id);
        }
    }
}

fn same_kind(old: &Node, new: &Node) -> bool {
    matches!(new.element, Element::Unchanged)
        || discriminant(&old.element) == discriminant(&new.element)
}

/// Whether a shell shows both alike. Which number the app gave a handler is not its business.
fn looks_alike(old: &Node, new: &Node) -> bool {
    fn triggers(node: &Node) -> impl Iterator<Item = Trigger> {
        node.bindings.iter().map(|one| one.trigger)
    }
    old.element == new.element
        && old.class == new.class
        && old.label == new.label
        && triggers(old).eq(triggers(new))
}

/// Marks the members of a longest strictly increasing run (patience sorting); `None` is never a member.
fn longest_increasing(places: impl Iterator<Item = Option<usize>>) -> Vec<bool> {
    let places: Vec<Option<usize>> = places.collect();
    // For each length, the index of the smallest last member of a run of that length.
    let mut tails: Vec<usize> = Vec::new();
    let mut previous: Vec<Option<usize>> = vec![None; places.len()];
    let value = |index: usize| places.get(index).copied().flatten();
    for (index, place) in places.iter().enumerate() {
        let Some(place) = place else { continue };
        let length = tails.partition_point(|tail| value(*tail).is_some_and(|tail| tail < *place));
        if let (Some(slot), Some(before)) = (previous.get_mut(index), length.checked_sub(1)) {
            *slot = tails.get(before).copied();
        }
        match tails.get_mut(length) {
            Some(tail) => *tail = index,
            None => tails.push(index),
        }
    }
    let mut member = vec![false; places.len()];
    let mut at = tails.last().copied();
    while let Some(index) = at {
        if let Some(member) = member.get_mut(index) {
            *member = true;
        }
        at = previous.get(index).copied().flatten();
    }
    member
}
