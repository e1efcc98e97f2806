//! What a person does.

use super::TestApp;
use super::drive::follow;
use super::nodes::{
    below, descendants, field_name, field_value, is_called, is_disabled, taken, takes, texts,
};
use crate::app::App;
use crate::bindings::{
    ButtonRole, Element, Event, Field, FieldValue, InputValue, Interaction, Node, Trigger,
};

impl<A: App> TestApp<A> {
    /// Taps what has this key, label or text. A form's buttons submit and reset it.
    ///
    /// # Panics
    /// When nothing of this name can be tapped, or it is disabled.
    pub fn tap(&mut self, name: &str) {
        let at = self.find(name, Trigger::Tap);
        let element = self.nodes.get(at).map(|node| node.element.clone());
        self.interact(at, Trigger::Tap, InputValue::None);
        match element {
            Some(Element::Navigator(navigator)) => follow(&navigator),
            Some(Element::Button(button)) if button.role != ButtonRole::Button => {
                if let Some(form) = self.form_around(at) {
                    match button.role {
                        ButtonRole::Submit => self.submit(form),
                        ButtonRole::Reset | ButtonRole::Button => self.reset(form),
                    }
                }
            }
            _ => {}
        }
        self.settle();
    }

    /// Holds what has this key, label or text.
    ///
    /// # Panics
    /// When nothing of this name can be held, or it is disabled.
    pub fn hold(&mut self, name: &str) {
        self.interact(
            self.find(name, Trigger::LongPress),
            Trigger::LongPress,
            InputValue::None,
        );
        self.settle();
    }

    /// Types a text into what has this key, label, placeholder or field name, and goes on to something else. Chooses a date
    /// or a time, too.
    ///
    /// # Panics
    /// When there is no such field, it is disabled, or it does not take this: 12.5 in a field for whole numbers, a day that
    /// does not exist.
    pub fn type_into(&mut self, name: &str, text: &str) {
        self.put(
            name,
            FieldValue::Text(text.into()),
            &[Trigger::Input, Trigger::Change],
        );
    }

    /// Presses Enter in an input.
    ///
    /// # Panics
    /// When there is no such input.
    pub fn enter(&mut self, name: &str) {
        let at = self.control(name, &[Trigger::Submit]);
        let node = self.nodes.get(at);
        let text = match node.and_then(|node| self.held_by(node)) {
            Some(FieldValue::Text(text)) => text,
            _ => String::new(),
        };
        let form = self.form_around(at);
        if node.is_some_and(|node| takes(node, Trigger::Submit)) {
            self.interact(at, Trigger::Submit, InputValue::Text(text));
        }
        if let Some(form) = form {
            self.submit(form);
        }
        self.settle();
    }

    /// Turns a checkbox or switch on or off.
    ///
    /// # Panics
    /// When there is no such control, or it is disabled.
    pub fn turn(&mut self, name: &str, on: bool) {
        self.put(name, FieldValue::Toggled(on), &[Trigger::Change]);
    }

    /// Chooses an option of a picker, or a page of a swiper.
    ///
    /// # Panics
    /// When there is no such control, or it is disabled.
    pub fn pick(&mut self, name: &str, index: u32) {
        self.put(name, FieldValue::Index(index), &[Trigger::Change]);
    }

    /// Moves a slider there and lets it go.
    ///
    /// # Panics
    /// When there is no such control, or it is disabled.
    pub fn slide(&mut self, name: &str, value: f64) {
        self.put(
            name,
            FieldValue::Number(value),
            &[Trigger::Input, Trigger::Change],
        );
    }

    /// Chooses the radio of `group` that has this value.
    ///
    /// # Panics
    /// When there is none, or it is disabled.
    pub fn choose(&mut self, group: &str, value: &str) {
        let found = self.nodes.iter().position(|node| match &node.element {
            Element::Radio(radio) => radio.group == group && radio.value == value,
            _ => false,
        });
        let Some(at) = found else {
            panic!(
                "the group {group:?} has no radio {value:?}. On show:\n{}",
                self.snapshot()
            );
        };
        self.filled
            .insert(group.to_owned(), FieldValue::Text(value.to_owned()));
        self.interact(at, Trigger::Change, InputValue::Text(value.to_owned()));
        self.settle();
    }

    /// Goes into a field (`true`) or out of it.
    ///
    /// # Panics
    /// When there is no such field.
    pub fn focus(&mut self, name: &str, on: bool) {
        let trigger = if on { Trigger::Focus } else { Trigger::Blur };
        self.interact(self.find(name, trigger), trigger, InputValue::None);
        self.settle();
    }

    /// Scrolls a scroll view to its end.
    ///
    /// # Panics
    /// When nothing of this name minds.
    pub fn scroll_to_end(&mut self, name: &str) {
        self.interact(
            self.find(name, Trigger::ReachEnd),
            Trigger::ReachEnd,
            InputValue::None,
        );
        self.settle();
    }

    /// Scrolls the page to its end.
    pub fn reach_bottom(&mut self) {
        self.handle(Event::PageBottomReached(self.page));
        self.settle();
    }

    /// Pulls the page down.
    pub fn refresh(&mut self) {
        self.handle(Event::PageRefresh(self.page));
        self.settle();
    }

    /// Goes to another app.
    pub fn leave(&mut self) {
        self.handle(Event::PageHidden(self.page));
        self.handle(Event::GlobalHidden);
        self.settle();
    }

    /// Comes back from another app.
    pub fn come_back(&mut self) {
        self.handle(Event::GlobalShown);
        self.handle(Event::PageShown(self.page));
        self.settle();
    }

    /// Taps the shell's back button.
    pub fn back(&mut self) {
        // On the lowest page the button does nothing.
        let _ = crate::navigation::back(1);
        self.settle();
    }

    /// Taps a tab of the tab bar, by its page's route.
    ///
    /// # Panics
    /// When there is no such tab.
    pub fn tab(&mut self, route: &str) {
        if let Err(error) = crate::navigation::switch_tab(route) {
            panic!("no tab {route}: {error}");
        }
        self.settle();
    }

    /// Fills in a control; tells the app what it asked to be told.
    fn put(&mut self, name: &str, value: FieldValue, triggers: &[Trigger]) {
        let node = self.nodes.get(self.control(name, triggers));
        let value = match node.map(|node| taken(node, value.clone())) {
            Some(Err(why)) => panic!("{name:?} does not take {value:?}: {why}"),
            Some(Ok(taken)) => taken,
            None => value,
        };
        for (nth, trigger) in triggers.iter().enumerate() {
            let at = self.control(name, triggers);
            let field = self.nodes.get(at).and_then(field_name).map(str::to_owned);
            if let Some(field) = field.filter(|_| nth == 0) {
                self.filled.insert(field, value.clone());
            }
            let value = match value.clone() {
                FieldValue::Text(text) => InputValue::Text(text),
                FieldValue::Toggled(on) => InputValue::Toggled(on),
                FieldValue::Number(number) => InputValue::Number(number),
                FieldValue::Index(index) => InputValue::Index(index),
            };
            self.interact(at, *trigger, value);
            // What was typed may have taken the control away.
            if self.find_control(name, triggers).is_none() {
                break;
            }
        }
        self.settle();
    }

    fn submit(&mut self, form: usize) {
        let inside = self
            .nodes
            .get(form)
            .map(|node| below(&self.nodes, form, node));
        let mut fields: Vec<Field> = Vec::new();
        for node in inside.unwrap_or_default() {
            if let (Some(name), Some(value)) = (field_name(node), self.held_by(node))
                && !fields.iter().any(|field| field.name == name)
            {
                fields.push(Field {
                    name: name.to_owned(),
                    value,
                });
            }
        }
        self.interact(form, Trigger::Submit, InputValue::Fields(fields));
    }

    fn reset(&mut self, form: usize) {
        let inside = self
            .nodes
            .get(form)
            .map(|node| below(&self.nodes, form, node));
        let names = inside.unwrap_or_default().iter().filter_map(field_name);
        let names: Vec<String> = names.map(str::to_owned).collect();
        self.filled.retain(|name, _| !names.contains(name));
        self.interact(form, Trigger::Reset, InputValue::None);
    }

    /// What a field holds: what was put in, else what the view says.
    fn held_by(&self, node: &Node) -> Option<FieldValue> {
        let filled = field_name(node).and_then(|name| self.filled.get(name));
        filled.cloned().or_else(|| field_value(node))
    }

    fn interact(&mut self, at: usize, trigger: Trigger, value: InputValue) {
        let Some(node) = self.nodes.get(at) else {
            return;
        };
        assert!(!is_disabled(node), "this is disabled: {node:?}");
        let handler = node
            .bindings
            .iter()
            .find(|binding| binding.trigger == trigger);
        if let Some(handler) = handler.map(|binding| binding.handler) {
            let page = self.page;
            self.handle(Event::Interaction(Interaction {
                page,
                handler,
                value,
            }));
        }
    }

    /// Where the last thing of this name is that takes the trigger.
    fn find(&self, name: &str, trigger: Trigger) -> usize {
        let named = |(at, node): &(usize, &Node)| {
            takes(node, trigger)
                && (is_called(node, name) || texts(below(&self.nodes, *at, node)).join(" ") == name)
        };
        let found = self.positions().filter(named).last();
        found.map_or_else(|| self.nothing_takes(name, trigger), |(at, _)| at)
    }

    fn control(&self, name: &str, triggers: &[Trigger]) -> usize {
        let first = triggers.first().copied().unwrap_or(Trigger::Change);
        self.find_control(name, triggers)
            .unwrap_or_else(|| self.nothing_takes(name, first))
    }

    /// Where the last control of this name is that is a form's field or takes one of the triggers. A control is
    /// called, too, what the label around it says.
    fn find_control(&self, name: &str, triggers: &[Trigger]) -> Option<usize> {
        let is_control = |node: &Node| {
            field_name(node).is_some() || triggers.iter().any(|trigger| takes(node, *trigger))
        };
        let named = |(_, node): &(usize, &Node)| {
            is_control(node) && (is_called(node, name) || field_name(node) == Some(name))
        };
        let found = self.positions().filter(named).last();
        if let Some((at, _)) = found {
            return Some(at);
        }
        let labels = self.positions().filter(|(at, node)| {
            matches!(node.element, Element::Label)
                && texts(below(&self.nodes, *at, node)).join(" ") == name
        });
        let mut inside = labels.flat_map(|(at, node)| at..=at + descendants(node));
        inside.find(|at| self.nodes.get(*at).is_some_and(is_control))
    }

    fn form_around(&self, at: usize) -> Option<usize> {
        let around = |(form, node): &(usize, &Node)| {
            matches!(node.element, Element::Form)
                && (*form..=form + descendants(node)).contains(&at)
        };
        self.positions().find(around).map(|(form, _)| form)
    }

    fn nothing_takes(&self, name: &str, trigger: Trigger) -> ! {
        let usable = self.positions().filter(|(_, node)| takes(node, trigger));
        let name_of = |(at, node): (usize, &Node)| {
            let label = node.label.clone().or_else(|| node.key.clone());
            label.unwrap_or_else(|| texts(below(&self.nodes, at, node)).join(" "))
        };
        let usable: Vec<String> = usable.map(name_of).collect();
        panic!("nothing called {name:?} takes {trigger:?}. What does: {usable:?}");
    }
}
