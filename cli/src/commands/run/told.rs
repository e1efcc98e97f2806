//! What the app did, as lines that go out.

use lapak_host::session::{Patch, Update};
use lapak_host::view::{Op, TreeNode, wit_name};
use lapak_host::{EndReport, Screen};
use serde_json::{Map, Value, json};

/// Attributes whose values are names of the contract, there written with hyphens.
const NAMES: &[&str] = &["look", "role", "kind", "fit", "direction", "action"];

pub(super) fn told(update: &Update) -> Value {
    match update {
        Update::Page(screen) => view(screen),
        Update::Patch(patch) => patched(patch),
        Update::Log(line) => json!({ "log": **line }),
        Update::Handled(record) => json!({ "handled": **record }),
        Update::Sheet(sheet) => json!({ "sheet": **sheet }),
        Update::SheetOver(id, outcome) => json!({ "sheet-over": id, "came-to": **outcome }),
        Update::OpenApp(uri) => json!({ "open-app": **uri }),
        Update::Busy(busy) => json!({ "busy": busy }),
        Update::Ended(report) => ended(report),
    }
}

pub(super) fn view(screen: &Screen) -> Value {
    let nodes = screen.tree.walk().map(|(depth, one)| {
        let mut said = node(one);
        said.insert("depth".into(), depth.into());
        said
    });
    json!({ "view": {
        "version": screen.version, "page": screen.page, "route": screen.route, "title": screen.title,
        "depth": screen.depth, "stack": screen.stack, "nodes": nodes.collect::<Vec<_>>(),
    }})
}

fn ended(report: &EndReport) -> Value {
    json!({ "ended": report, "text": report.to_string() })
}

fn patched(patch: &Patch) -> Value {
    let ops = patch.ops.iter().map(op);
    json!({ "patch": { "version": patch.version, "title": patch.title, "ops": ops.collect::<Vec<_>>() } })
}

fn op(op: &Op) -> Value {
    match op {
        Op::Insert {
            parent,
            before,
            subtree,
        } => {
            let nodes: Vec<_> = subtree.iter().map(node).collect();
            json!({ "insert": { "parent": parent, "before": before, "nodes": nodes } })
        }
        Op::Remove { id } => json!({ "remove": { "id": id } }),
        Op::Move { id, before } => json!({ "move": { "id": id, "before": before } }),
        Op::Update { new, .. } => json!({ "update": node(new) }),
    }
}

/// One node, flat: its number, its element's name, its attributes, and what can be done to it. What is empty is
/// left out.
fn node(one: &TreeNode) -> Map<String, Value> {
    let mut said = Map::new();
    said.insert("id".into(), json!(one.id));
    let node = &one.node;
    // An element is its name, or its name with its attributes or its text.
    match serde_json::to_value(&node.element) {
        Ok(Value::String(name)) => {
            said.insert("element".into(), wit_name(&name).into());
        }
        Ok(Value::Object(named)) => {
            for (name, content) in named {
                let name = wit_name(&name);
                match content {
                    Value::Object(attributes) => said.extend(attributes.into_iter().map(attribute)),
                    text => drop(said.insert("text".into(), text)),
                }
                said.insert("element".into(), name.into());
            }
        }
        _ => {}
    }
    if let (Some(Value::String(name)), true) = (said.get("name"), said["element"] == "icon") {
        let name = wit_name(name);
        said.insert("name".into(), name.into());
    }
    if let Some(key) = &node.key {
        said.insert("key".into(), key.as_str().into());
    }
    if !node.class.is_empty() {
        said.insert("class".into(), node.class.as_str().into());
    }
    if let Some(label) = &node.label {
        said.insert("label".into(), label.as_str().into());
    }
    if !node.bindings.is_empty() {
        let on = node
            .bindings
            .iter()
            .map(|binding| wit_name(&format!("{:?}", binding.trigger)));
        said.insert("on".into(), on.collect());
    }
    said.insert("descendants".into(), node.descendants.into());
    said
}

fn attribute((name, value): (String, Value)) -> (String, Value) {
    let value = match value {
        Value::String(text) if NAMES.contains(&name.as_str()) => wit_name(&text).into(),
        // A picker's mode: its name with what belongs to it.
        Value::Object(named) => named
            .into_iter()
            .map(|(name, inner)| (wit_name(&name), inner))
            .collect(),
        other => other,
    };
    (name, value)
}

#[cfg(test)]
mod tests {
    use lapak_host::view::{
        Binding, Button, ButtonLook, ButtonRole, Element, Node, NodeId, Trigger,
    };

    use super::*;

    fn plain(element: Element) -> TreeNode {
        let node = Node {
            element,
            key: None,
            class: String::new(),
            label: None,
            bindings: vec![],
            descendants: 0,
        };
        TreeNode {
            id: NodeId(7),
            node,
        }
    }

    #[test]
    fn nodes_are_told_flat_with_the_contracts_names() {
        let mut button = plain(Element::Button(Button {
            look: ButtonLook::Primary,
            disabled: false,
            loading: false,
            role: ButtonRole::Submit,
        }));
        button.node.label = Some("Send".into());
        button.node.bindings = vec![Binding {
            trigger: Trigger::LongPress,
            handler: 3,
        }];
        let said = json!({
            "id": 7, "element": "button", "look": "primary", "role": "submit", "disabled": false, "loading": false,
            "label": "Send", "on": ["long-press"], "descendants": 0,
        });
        assert_eq!(Value::Object(node(&button)), said);
        let text = plain(Element::Text("Buka Toko".into()));
        assert_eq!(
            Value::Object(node(&text)),
            json!({ "id": 7, "element": "text", "text": "Buka Toko", "descendants": 0 })
        );
    }
}
