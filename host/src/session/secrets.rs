//! What a person types into password fields is for the app alone: no recording holds it.

use super::ShellEvent;
use crate::bindings::lapak::app::events::{FieldValue, InputValue};
use crate::view::{Element, InputKind, NodeId, Tree, TreeNode};

/// The event without what was typed into password fields of the tree on show; `None` where there is nothing of that in it.
pub(super) fn blanked(tree: &Tree, event: &ShellEvent) -> Option<ShellEvent> {
    let ShellEvent::Input {
        node,
        trigger,
        value,
    } = event
    else {
        return None;
    };
    let value = match value {
        InputValue::Text(text) if is_password(tree.node(*node)?) => InputValue::Text(dots(text)),
        InputValue::Fields(fields) => {
            let secret = password_names(tree, *node);
            let mut fields = fields.clone();
            let mut any = false;
            for field in &mut fields {
                if let FieldValue::Text(text) = &mut field.value
                    && secret.contains(&field.name.as_str())
                {
                    *text = dots(text);
                    any = true;
                }
            }
            if !any {
                return None;
            }
            InputValue::Fields(fields)
        }
        _ => return None,
    };
    Some(ShellEvent::Input {
        node: *node,
        trigger: *trigger,
        value,
    })
}

/// As many characters, so that what an app says of a password's length is the same when it is played again.
fn dots(text: &str) -> String {
    "•".repeat(text.chars().count())
}

fn is_password(node: &TreeNode) -> bool {
    matches!(&node.node.element, Element::Input(input) if input.kind == InputKind::Password)
}

/// The names of the password fields within a form.
fn password_names(tree: &Tree, form: NodeId) -> Vec<&str> {
    let Some(place) = tree.nodes.iter().position(|node| node.id == form) else {
        return Vec::new();
    };
    let count = usize::try_from(tree.nodes[place].node.descendants).unwrap_or(0);
    let within = tree.nodes.iter().skip(place + 1).take(count);
    let secret = within.filter(|node| is_password(node));
    let named = secret.filter_map(|node| match &node.node.element {
        Element::Input(input) => input.name.as_deref(),
        _ => None,
    });
    named.collect()
}
