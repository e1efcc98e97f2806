use lapak_host::view::{
    Binding, Button, ButtonLook, Checkbox, Input, InputKind, Node, NodeIds, Options, Picker, Radio,
    Slider, View, ViewLimits, update,
};

use super::*;

/// A form with one control of each sort; the app itself minds only the picker and the two events of the form.
fn form() -> Tree {
    let input = Element::Input(Input {
        kind: InputKind::Text,
        name: Some("who".into()),
        value: String::new(),
        placeholder: "Name".into(),
        disabled: false,
        max_length: Some(5),
        autofocus: false,
    });
    let checkbox = Element::Checkbox(Checkbox {
        name: Some("hot".into()),
        checked: false,
        disabled: false,
    });
    let slider = Element::Slider(Slider {
        name: Some("guests".into()),
        min: 1.0,
        max: 8.0,
        step: 1.0,
        value: 2.0,
        disabled: false,
        show_value: true,
    });
    let [small, large] = [("small", true), ("large", false)].map(|(value, checked)| {
        Element::Radio(Radio {
            group: "size".into(),
            value: value.into(),
            checked,
            disabled: false,
        })
    });
    let picker = Element::Picker(Picker {
        name: None,
        mode: PickerMode::Options(Options {
            options: vec!["Here".into(), "To go".into()],
            selected: Some(0),
        }),
        disabled: false,
    });
    let button = |role| {
        Element::Button(Button {
            look: ButtonLook::Plain,
            disabled: false,
            loading: false,
            role,
        })
    };
    let nodes = vec![
        bound_node(
            Element::Form,
            "form",
            &[Trigger::Submit, Trigger::Reset],
            12,
        ),
        node(input, "", 0),
        node(Element::Label, "", 2),
        node(checkbox, "", 0),
        node(Element::Text("Hot".into()), "", 0),
        node(slider, "", 0),
        node(small, "Small", 0),
        node(large, "Large", 0),
        bound_node(picker, "where", &[Trigger::Change], 0),
        node(button(ButtonRole::Submit), "", 1),
        node(Element::Text("Order".into()), "", 0),
        node(button(ButtonRole::Reset), "", 1),
        node(Element::Text("Clear".into()), "", 0),
    ];
    let view = View {
        page: 1,
        title: None,
        nodes,
    };
    let limits = ViewLimits {
        nodes: 100,
        depth: 10,
        bytes: 10_000,
    };
    update(None, view, &limits, &mut NodeIds::default())
        .expect("a view")
        .0
}

fn node(element: Element, label: &str, descendants: u32) -> Node {
    Node {
        element,
        key: None,
        class: String::new(),
        label: (!label.is_empty()).then(|| label.into()),
        bindings: vec![],
        descendants,
    }
}

fn bound_node(element: Element, label: &str, triggers: &[Trigger], descendants: u32) -> Node {
    let mut bound = node(element, label, descendants);
    bound.bindings = (1..)
        .zip(triggers)
        .map(|(handler, trigger)| Binding {
            trigger: *trigger,
            handler,
        })
        .collect();
    bound
}

fn called(name: &str) -> Name {
    Name::Called(name.into())
}

/// What the one step hands to the app.
fn only(steps: Steps) -> (Trigger, InputValue) {
    let steps = steps.expect("carried out");
    assert_eq!(steps.len(), 1, "{steps:?}");
    (steps[0].trigger, steps[0].value.clone())
}

fn fields(steps: Steps) -> Vec<(String, FieldValue)> {
    let (trigger, InputValue::Fields(fields)) = only(steps) else {
        panic!("no fields")
    };
    assert_eq!(trigger, Trigger::Submit);
    fields
        .into_iter()
        .map(|field| (field.name, field.value))
        .collect()
}

fn as_it_was() -> Vec<(String, FieldValue)> {
    vec![
        ("who".into(), FieldValue::Text(String::new())),
        ("hot".into(), FieldValue::Toggled(false)),
        ("guests".into(), FieldValue::Number(2.0)),
        ("size".into(), FieldValue::Text("small".into())),
    ]
}

#[test]
fn a_form_is_sent_with_what_was_put_in_and_cleared() {
    let (tree, mut person) = (form(), Person::default());
    assert_eq!(fields(person.tap(&tree, &called("Order"))), as_it_was());
    // The app does not mind these, so it hears of them only when the form is sent.
    for unheard in [
        person.type_into(&tree, &called("Name"), "Sariwati".into()),
        person.tap(&tree, &called("Hot")),
        person.slide(&tree, &called("guests"), 99.0),
        person.tap(&tree, &called("Large")),
    ] {
        assert_eq!(unheard, Ok(vec![]));
    }
    let sent = [
        ("who", FieldValue::Text("Sariw".into())),
        ("hot", FieldValue::Toggled(true)),
        ("guests", FieldValue::Number(8.0)),
        ("size", FieldValue::Text("large".into())),
    ];
    let sent = sent.map(|(name, value)| (name.to_owned(), value));
    assert_eq!(fields(person.enter(&tree, &called("Name"))), sent);
    let cleared = only(person.tap(&tree, &called("Clear")));
    assert_eq!(cleared, (Trigger::Reset, InputValue::None));
    assert_eq!(fields(person.tap(&tree, &called("Order"))), as_it_was());
}

#[test]
fn what_a_field_does_not_take_is_told_and_put_nowhere() {
    let (tree, mut person) = (form(), Person::default());
    // In characters as people see them.
    let families = "\u{1F468}\u{200D}\u{1F469}\u{200D}\u{1F467}".repeat(6);
    assert_eq!(
        person.type_into(&tree, &called("Name"), families.clone()),
        Ok(vec![])
    );
    let sent = fields(person.tap(&tree, &called("Order")));
    let five = families.len() / 6 * 5;
    assert_eq!(sent[0].1, FieldValue::Text(families[..five].to_owned()));
    assert_eq!(person.slide(&tree, &called("guests"), 3.4), Ok(vec![]));
    assert_eq!(
        fields(person.tap(&tree, &called("Order")))[2].1,
        FieldValue::Number(3.0)
    );

    let with = |kind: InputKind| {
        let mut tree = form();
        if let Element::Input(input) = &mut tree.nodes[1].node.element {
            input.kind = kind;
        }
        tree
    };
    let whole = with(InputKind::Number);
    let mut person = Person::default();
    let why = person
        .type_into(&whole, &called("Name"), "12.5".into())
        .expect_err("no whole number");
    assert!(why.contains("whole number"), "{why}");
    assert_eq!(
        fields(person.tap(&whole, &called("Order")))[0].1,
        FieldValue::Text(String::new())
    );
    let decimal = with(InputKind::Decimal);
    assert_eq!(
        person.type_into(&decimal, &called("Name"), "12,5".into()),
        Ok(vec![])
    );
    assert_eq!(
        fields(person.tap(&decimal, &called("Order")))[0].1,
        FieldValue::Text("12.5".into())
    );
}

#[test]
fn options_go_by_their_text_and_a_wrong_one_is_told_with_the_right_ones() {
    let (tree, mut person) = (form(), Person::default());
    let picked = person.pick(&tree, &called("where"), &Choice::Text("To go".into()));
    assert_eq!(only(picked), (Trigger::Change, InputValue::Index(1)));
    let why = person
        .pick(&tree, &called("where"), &Choice::Text("By boat".into()))
        .expect_err("no such option");
    assert!(
        why.contains("By boat") && why.contains("Here, To go"),
        "{why}"
    );
    let why = person
        .pick(&tree, &called("where"), &Choice::Index(2))
        .expect_err("no such option");
    assert!(why.contains("index"), "{why}");
}

#[test]
fn what_cannot_be_done_is_told_with_what_can() {
    let (tree, mut person) = (form(), Person::default());
    let why = person
        .turn(&tree, &called("Chilli"), true)
        .expect_err("no such thing");
    assert!(why.contains("Chilli"), "{why}");
    let why = person
        .hold(&tree, &called("Order"))
        .expect_err("nothing happens");
    assert!(why.contains("held"), "{why}");
    let id = tree.nodes[0].id.0;
    let why = person
        .slide(&tree, &Name::Id(id), 1.0)
        .expect_err("a form is no slider");
    assert!(why.contains(&format!("node {id}")), "{why}");
    let turned = person.turn(&tree, &called("Hot"), true);
    assert_eq!(turned, Ok(vec![]));
}
