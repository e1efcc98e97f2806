//! What a person does with a page, as steps for the session. It also keeps what was put into controls whose value
//! the app does not hold itself, as a shell does.

use std::collections::HashMap;

use lapak_host::view::{
    ButtonRole, Element, Field, FieldValue, InputValue, Node, NodeId, PickerMode, Tree, TreeNode,
    Trigger, accept_input, field_name, shown_value,
};

use super::fields::is_control;
use super::line::{Choice, Name, Step};

/// The person in front of the page.
#[derive(Debug, Default)]
pub(super) struct Person {
    /// By control: what the view said when something was put in, and what it then held. Holds until the view says
    /// something else.
    filled: HashMap<NodeId, (Option<FieldValue>, Option<FieldValue>)>,
}

type Steps = Result<Vec<Step>, String>;

impl Person {
    /// A form's buttons submit and reset it; a label uses the control within it.
    pub(super) fn tap(&mut self, tree: &Tree, name: &Name) -> Steps {
        let at = find(tree, name, "tapped", |node| {
            takes_tap(node) || labels_control(tree, node)
        })?;
        let one = node(tree, at)?;
        accept_input(tree, one.id, Trigger::Tap, InputValue::None)
            .map_err(|error| error.to_string())?;
        let mut steps = bound(one, Trigger::Tap, InputValue::None);
        match &one.node.element {
            // The host follows it.
            Element::Navigator(_) if steps.is_empty() => {
                steps.push(step(one, Trigger::Tap, InputValue::None))
            }
            Element::Button(button) if button.role != ButtonRole::Button => {
                if let Some(form) = form_around(tree, at) {
                    steps.extend(match button.role {
                        ButtonRole::Submit => self.submit(tree, form),
                        ButtonRole::Reset | ButtonRole::Button => self.reset(tree, form),
                    });
                }
            }
            Element::Label => {
                if let Some(inner) = below(tree, at).find(|inner| is_control(&inner.node)) {
                    steps.extend(self.toggle(tree, inner)?);
                }
            }
            _ => steps.extend(self.toggle(tree, one)?),
        }
        if steps.is_empty() && !is_control(&one.node) && !labels_control(tree, one) {
            return Err(format!("node {} does nothing when tapped", one.id.0));
        }
        Ok(steps)
    }

    pub(super) fn hold(&self, tree: &Tree, name: &Name) -> Steps {
        let at = find(tree, name, "held", |one| takes(one, Trigger::LongPress))?;
        let one = node(tree, at)?;
        Ok(vec![step(one, Trigger::LongPress, InputValue::None)])
    }

    /// Replaces what stood there, and goes on to something else.
    pub(super) fn type_into(&mut self, tree: &Tree, name: &Name, text: String) -> Steps {
        let editable =
            |one: &TreeNode| matches!(one.node.element, Element::Input(_) | Element::Textarea(_));
        let at = find_control(tree, name, "typed into", editable)?;
        self.put(
            tree,
            node(tree, at)?,
            &[Trigger::Input, Trigger::Change],
            InputValue::Text(text),
        )
    }

    /// Presses Enter in an input.
    pub(super) fn enter(&mut self, tree: &Tree, name: &Name) -> Steps {
        let at = find_control(tree, name, "typed into", |one| {
            matches!(one.node.element, Element::Input(_))
        })?;
        let one = node(tree, at)?;
        let text = match self.held(one) {
            Some(FieldValue::Text(text)) => text,
            _ => String::new(),
        };
        let mut steps = bound(one, Trigger::Submit, InputValue::Text(text));
        steps.extend(
            form_around(tree, at)
                .map(|form| self.submit(tree, form))
                .unwrap_or_default(),
        );
        Ok(steps)
    }

    pub(super) fn turn(&mut self, tree: &Tree, name: &Name, on: bool) -> Steps {
        let at = find_control(tree, name, "turned on or off", |one| {
            matches!(one.node.element, Element::Checkbox(_) | Element::Switch(_))
        })?;
        self.put(
            tree,
            node(tree, at)?,
            &[Trigger::Change],
            InputValue::Toggled(on),
        )
    }

    pub(super) fn pick(&mut self, tree: &Tree, name: &Name, choice: &Choice) -> Steps {
        let at = find_control(tree, name, "picked from", |one| {
            matches!(one.node.element, Element::Picker(_))
        })?;
        let one = node(tree, at)?;
        let value = match (choice, &one.node.element) {
            (Choice::Index(index), _) => InputValue::Index(*index),
            (Choice::Text(text), Element::Picker(picker)) => match &picker.mode {
                PickerMode::Options(options) => {
                    let index = options.options.iter().position(|option| option == text);
                    let index = index.and_then(|index| u32::try_from(index).ok());
                    InputValue::Index(index.ok_or_else(|| {
                        format!(
                            "there is no option {text:?}; there are: {}",
                            options.options.join(", ")
                        )
                    })?)
                }
                PickerMode::Date(_) | PickerMode::Time(_) => InputValue::Text(text.clone()),
            },
            (Choice::Text(text), _) => InputValue::Text(text.clone()),
        };
        self.put(tree, one, &[Trigger::Change], value)
    }

    pub(super) fn slide(&mut self, tree: &Tree, name: &Name, to: f64) -> Steps {
        let at = find_control(tree, name, "slid", |one| {
            matches!(one.node.element, Element::Slider(_))
        })?;
        self.put(
            tree,
            node(tree, at)?,
            &[Trigger::Input, Trigger::Change],
            InputValue::Number(to),
        )
    }

    /// Tapping a checkbox or switch turns it over, tapping a radio chooses it.
    fn toggle(&mut self, tree: &Tree, one: &TreeNode) -> Steps {
        match &one.node.element {
            Element::Checkbox(_) | Element::Switch(_) => {
                let on = self.held(one) == Some(FieldValue::Toggled(true));
                self.put(tree, one, &[Trigger::Change], InputValue::Toggled(!on))
            }
            Element::Radio(radio) => {
                let others = tree.nodes.iter().filter(|other| {
                    matches!(&other.node.element, Element::Radio(other) if other.group == radio.group)
                });
                let others = others.filter(|other| !is_the_apps(other));
                self.filled.extend(
                    others.map(|other| (other.id, (shown_value(&other.node.element), None))),
                );
                self.put(
                    tree,
                    one,
                    &[Trigger::Change],
                    InputValue::Text(radio.value.clone()),
                )
            }
            _ => Ok(Vec::new()),
        }
    }

    /// Fills in a control; the app hears of it as it asked to.
    fn put(
        &mut self,
        tree: &Tree,
        one: &TreeNode,
        triggers: &[Trigger],
        value: InputValue,
    ) -> Steps {
        // Checked as a change, which every control knows, and shortened or clamped as the host will.
        let value = accept_input(tree, one.id, Trigger::Change, value)
            .map_err(|error| error.to_string())?;
        let now = match value.clone() {
            InputValue::Text(text) => Some(FieldValue::Text(text)),
            InputValue::Toggled(on) => Some(FieldValue::Toggled(on)),
            InputValue::Number(number) => Some(FieldValue::Number(number)),
            InputValue::Index(index) => Some(FieldValue::Index(index)),
            InputValue::None | InputValue::Fields(_) => None,
        };
        if !is_the_apps(one) {
            self.filled
                .insert(one.id, (shown_value(&one.node.element), now));
        }
        Ok(triggers
            .iter()
            .flat_map(|trigger| bound(one, *trigger, value.clone()))
            .collect())
    }

    fn held(&self, one: &TreeNode) -> Option<FieldValue> {
        let shown = shown_value(&one.node.element);
        match self.filled.get(&one.id) {
            Some((then, now)) if *then == shown => now.clone(),
            _ => shown,
        }
    }

    fn submit(&self, tree: &Tree, form: usize) -> Vec<Step> {
        let mut fields: Vec<Field> = Vec::new();
        for one in below(tree, form) {
            if let (Some(name), Some(value)) = (field_name(&one.node.element), self.held(one))
                && !fields.iter().any(|field| field.name == name)
            {
                fields.push(Field {
                    name: name.to_owned(),
                    value,
                });
            }
        }
        let form = tree.nodes.get(form);
        form.map(|form| bound(form, Trigger::Submit, InputValue::Fields(fields)))
            .unwrap_or_default()
    }

    fn reset(&mut self, tree: &Tree, form: usize) -> Vec<Step> {
        for one in below(tree, form) {
            self.filled.remove(&one.id);
        }
        let form = tree.nodes.get(form);
        form.map(|form| bound(form, Trigger::Reset, InputValue::None))
            .unwrap_or_default()
    }
}

fn step(one: &TreeNode, trigger: Trigger, value: InputValue) -> Step {
    Step {
        node: one.id,
        trigger,
        value,
    }
}

/// The step, if the app minds.
fn bound(one: &TreeNode, trigger: Trigger, value: InputValue) -> Vec<Step> {
    if takes(one, trigger) {
        vec![step(one, trigger, value)]
    } else {
        Vec::new()
    }
}

pub(super) fn takes(one: &TreeNode, trigger: Trigger) -> bool {
    one.node
        .bindings
        .iter()
        .any(|binding| binding.trigger == trigger)
}

/// Whether the app looks after the control; if so, its view alone says what it holds.
fn is_the_apps(one: &TreeNode) -> bool {
    takes(one, Trigger::Input) || takes(one, Trigger::Change)
}

fn takes_tap(one: &TreeNode) -> bool {
    let native = match &one.node.element {
        Element::Navigator(_) | Element::Checkbox(_) | Element::Switch(_) | Element::Radio(_) => {
            true
        }
        Element::Button(button) => button.role != ButtonRole::Button,
        _ => false,
    };
    native || takes(one, Trigger::Tap)
}

fn labels_control(tree: &Tree, one: &TreeNode) -> bool {
    let at = tree.nodes.iter().position(|other| other.id == one.id);
    matches!(one.node.element, Element::Label)
        && at.is_some_and(|at| below(tree, at).any(|inner| is_control(&inner.node)))
}

fn node(tree: &Tree, at: usize) -> Result<&TreeNode, String> {
    tree.nodes
        .get(at)
        .ok_or_else(|| "it is not on show".to_owned())
}

/// The node at this place in pre-order, and those within it.
fn below(tree: &Tree, at: usize) -> impl Iterator<Item = &TreeNode> {
    let within = tree.nodes.get(at).map_or(0, |one| {
        usize::try_from(one.node.descendants).unwrap_or(usize::MAX)
    });
    tree.nodes.iter().skip(at).take(within.saturating_add(1))
}

fn form_around(tree: &Tree, at: usize) -> Option<usize> {
    let forms = tree
        .nodes
        .iter()
        .enumerate()
        .filter(|(_, one)| matches!(one.node.element, Element::Form));
    let mut around = forms
        .map(|(form, _)| form)
        .filter(|form| (*form..form + below(tree, *form).count()).contains(&at));
    around.next()
}

/// Where the node is that a person would mean: the last of that name that will do.
fn find(
    tree: &Tree,
    name: &Name,
    done: &str,
    will_do: impl Fn(&TreeNode) -> bool,
) -> Result<usize, String> {
    let name = match name {
        Name::Id(id) => {
            let at = tree.nodes.iter().position(|one| one.id.0 == *id);
            let at = at.ok_or_else(|| format!("node {id} is not on show"))?;
            let fits = tree.nodes.get(at).is_some_and(will_do);
            return if fits {
                Ok(at)
            } else {
                Err(format!("node {id} cannot be {done}"))
            };
        }
        Name::Called(name) => name,
    };
    let usable = || {
        tree.nodes
            .iter()
            .enumerate()
            .filter(|(_, one)| will_do(one))
    };
    let found = usable()
        .filter(|(at, one)| is_called(&one.node, name) || tree.text_of(*at) == *name)
        .last();
    found.map(|(at, _)| at).ok_or_else(|| {
        let names =
            usable().map(|(at, one)| one.node.label.clone().unwrap_or_else(|| tree.text_of(at)));
        let names: Vec<String> = names
            .filter(|name| !name.is_empty())
            .map(|name| format!("{name:?}"))
            .collect();
        let names = if names.is_empty() {
            "nothing that has a name".to_owned()
        } else {
            names.join(", ")
        };
        format!("nothing that can be {done} is called {name:?}. What can be: {names}")
    })
}

/// The same for a control, which is called, too, what the label around it says.
fn find_control(
    tree: &Tree,
    name: &Name,
    done: &str,
    will_do: impl Fn(&TreeNode) -> bool,
) -> Result<usize, String> {
    if let Name::Called(called) = name {
        let labels = tree.nodes.iter().enumerate().filter(|(at, one)| {
            matches!(one.node.element, Element::Label) && tree.text_of(*at) == *called
        });
        let mut inside = labels.flat_map(|(at, _)| (at..).zip(below(tree, at)));
        if let Some((at, _)) = inside.find(|(_, one)| will_do(one)) {
            return Ok(at);
        }
    }
    find(tree, name, done, will_do)
}

fn is_called(node: &Node, name: &str) -> bool {
    let placeholder = match &node.element {
        Element::Input(input) => Some(input.placeholder.as_str()),
        Element::Textarea(area) => Some(area.placeholder.as_str()),
        _ => None,
    };
    let names = [
        node.key.as_deref(),
        node.label.as_deref(),
        placeholder,
        field_name(&node.element),
    ];
    names.contains(&Some(name))
}

#[cfg(test)]
#[path = "person_tests.rs"]
mod tests;
