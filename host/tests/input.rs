//! What a shell may say that a person put in: the same rule for an event and for a form's field.

use lapak_host::view::{
    DateRange, Element, Field, FieldValue, Input, InputKind, InputValue, Node, NodeId, NodeIds,
    Options, Picker, PickerMode, Radio, Slider, Textarea, TimeRange, Tree, Trigger, View,
    ViewLimits, accept_input, update,
};

const LIMITS: ViewLimits = ViewLimits {
    nodes: 100,
    depth: 8,
    bytes: 1 << 20,
};

/// A form with these controls in it: the form is node 1, they follow.
fn form(controls: Vec<Element>) -> Result<Tree, String> {
    let count = u32::try_from(controls.len()).expect("few");
    let node = |element, descendants| Node {
        element,
        key: None,
        class: String::new(),
        label: None,
        bindings: Vec::new(),
        descendants,
    };
    let mut nodes = vec![node(Element::Form, count)];
    nodes.extend(controls.into_iter().map(|one| node(one, 0)));
    let view = View {
        page: 1,
        title: None,
        nodes,
    };
    let updated = update(None, view, &LIMITS, &mut NodeIds::default());
    updated
        .map(|(tree, _)| tree)
        .map_err(|error| error.to_string())
}

fn input(kind: InputKind, most: Option<u32>) -> Element {
    Element::Input(Input {
        kind,
        name: Some("a".into()),
        value: String::new(),
        placeholder: String::new(),
        disabled: false,
        max_length: most,
        autofocus: false,
    })
}

fn slider(value: f64, step: f64) -> Element {
    Element::Slider(Slider {
        name: Some("a".into()),
        min: 0.0,
        max: 100.0,
        step,
        value,
        disabled: false,
        show_value: false,
    })
}

fn date(value: Option<&str>, earliest: Option<&str>, latest: Option<&str>) -> Element {
    let owned = |text: Option<&str>| text.map(str::to_owned);
    Element::Picker(Picker {
        name: Some("a".into()),
        mode: PickerMode::Date(DateRange {
            value: owned(value),
            earliest: owned(earliest),
            latest: owned(latest),
        }),
        disabled: false,
    })
}

/// What becomes of a value put into the one control `a` of a form: as an event and as the form's field.
fn put(control: Element, value: FieldValue) -> Option<FieldValue> {
    let tree = form(vec![control]).expect("a good view");
    let as_event = match value.clone() {
        FieldValue::Text(text) => InputValue::Text(text),
        FieldValue::Toggled(on) => InputValue::Toggled(on),
        FieldValue::Number(number) => InputValue::Number(number),
        FieldValue::Index(index) => InputValue::Index(index),
    };
    let event = match accept_input(&tree, NodeId(2), Trigger::Change, as_event) {
        Ok(InputValue::Text(text)) => Some(FieldValue::Text(text)),
        Ok(InputValue::Number(number)) => Some(FieldValue::Number(number)),
        Ok(InputValue::Index(index)) => Some(FieldValue::Index(index)),
        Ok(InputValue::Toggled(on)) => Some(FieldValue::Toggled(on)),
        Ok(other) => panic!("{other:?}"),
        Err(_) => None,
    };
    let sent = submit(&tree, vec![field("a", value)]).ok();
    let in_form = sent.map(|fields| fields.into_iter().next().expect("a field").value);
    assert_eq!(event, in_form, "one rule for events and forms");
    event
}

fn submit(tree: &Tree, fields: Vec<Field>) -> Result<Vec<Field>, String> {
    match accept_input(tree, NodeId(1), Trigger::Submit, InputValue::Fields(fields)) {
        Ok(InputValue::Fields(fields)) => Ok(fields),
        Ok(other) => panic!("{other:?}"),
        Err(error) => Err(error.to_string()),
    }
}

fn field(name: &str, value: FieldValue) -> Field {
    Field {
        name: name.into(),
        value,
    }
}

fn text(text: &str) -> FieldValue {
    FieldValue::Text(text.into())
}

#[test]
fn a_whole_number_is_never_ten_times_as_much() {
    let number = || input(InputKind::Number, Some(4));
    assert_eq!(put(number(), text("12")), Some(text("12")));
    for wrong in ["12.5", "12,5", "12.5a", "abc", "12345", "-"] {
        assert_eq!(put(number(), text(wrong)), None, "{wrong}");
    }
    let decimal = || input(InputKind::Decimal, None);
    assert_eq!(put(decimal(), text("12,5")), Some(text("12.5")));
    assert_eq!(put(decimal(), text("abc")), None);
}

#[test]
fn a_text_is_cut_between_characters_as_people_see_them() {
    let family = "\u{1F468}\u{200D}\u{1F469}\u{200D}\u{1F467}";
    let line = || input(InputKind::Text, Some(2));
    assert_eq!(
        put(line(), text(&family.repeat(3))),
        Some(text(&family.repeat(2)))
    );
    assert_eq!(put(line(), text("a\nbc")), Some(text("ab")));
    let area = Element::Textarea(Textarea {
        name: Some("a".into()),
        value: String::new(),
        placeholder: String::new(),
        disabled: false,
        max_length: Some(3),
        rows: 2,
        grows: false,
    });
    assert_eq!(put(area, text("a\r\nbc")), Some(text("a\nb")));
    assert_eq!(
        put(input(InputKind::Email, None), text(" a@b.id ")),
        Some(text("a@b.id"))
    );
}

#[test]
fn a_day_exists_and_lies_within_the_bounds() {
    let any = || date(None, None, None);
    assert_eq!(put(any(), text("2026-02-30")), None);
    assert_eq!(put(any(), text("2024-02-29")), Some(text("2024-02-29")));
    // Taken out again.
    let chosen = || date(Some("2026-01-05"), Some("2026-01-01"), Some("2026-01-31"));
    assert_eq!(put(chosen(), text("")), Some(text("")));
    assert_eq!(put(chosen(), text("2026-02-01")), None);
    let night = Element::Picker(Picker {
        name: Some("a".into()),
        mode: PickerMode::Time(TimeRange {
            value: None,
            earliest: Some("22:00".into()),
            latest: Some("02:00".into()),
        }),
        disabled: false,
    });
    assert_eq!(put(night.clone(), text("01:00")), Some(text("01:00")));
    assert_eq!(put(night, text("12:00")), None);
}

#[test]
fn a_view_shows_no_day_that_does_not_exist() {
    let told = form(vec![date(Some("2026-02-30"), None, None)]).expect_err("no such day");
    assert!(
        told.contains("must be written YYYY-MM-DD, and exist"),
        "{told}"
    );
    let told = form(vec![date(None, Some("2026-02-01"), Some("2026-01-01"))]).expect_err("turned");
    assert!(told.contains("after the latest"), "{told}");
}

#[test]
fn a_slider_stands_on_a_step_whoever_moved_it() {
    assert_eq!(
        put(slider(0.0, 10.0), FieldValue::Number(63.0)),
        Some(FieldValue::Number(60.0))
    );
    assert_eq!(
        put(slider(0.0, 0.1), FieldValue::Number(0.30000000000000004)),
        Some(FieldValue::Number(0.3))
    );
    assert_eq!(put(slider(0.0, 10.0), FieldValue::Number(f64::NAN)), None);
    let tree = form(vec![slider(63.0, 10.0)]).expect("a good view");
    let Element::Slider(shown) = &tree.nodes[1].node.element else {
        panic!("a slider");
    };
    assert_eq!(shown.value, 60.0);
}

#[test]
fn a_form_holds_what_its_controls_take_and_nothing_else() {
    let radio = |value: &str| {
        Element::Radio(Radio {
            group: "size".into(),
            value: value.into(),
            checked: false,
            disabled: value == "gone",
        })
    };
    let picker = Element::Picker(Picker {
        name: Some("where".into()),
        mode: PickerMode::Options(Options {
            options: vec!["Here".into(), "To go".into()],
            selected: None,
        }),
        disabled: false,
    });
    let mut off = input(InputKind::Text, None);
    if let Element::Input(input) = &mut off {
        input.disabled = true;
        input.name = Some("off".into());
        input.value = "shown".into();
    }
    let tree = form(vec![
        radio("small"),
        radio("large"),
        radio("gone"),
        picker,
        off,
    ])
    .expect("a good view");
    let one = |name: &str, value| submit(&tree, vec![field(name, value)]);
    assert_eq!(
        one("size", text("large")),
        Ok(vec![field("size", text("large"))])
    );
    assert!(
        one("size", text("huge"))
            .expect_err("no such radio")
            .contains("\"size\"")
    );
    assert!(one("size", text("gone")).is_err());
    assert!(one("where", FieldValue::Index(1)).is_ok());
    assert!(one("where", FieldValue::Index(2)).is_err());
    assert!(one("where", text("Here")).is_err());
    assert!(one("where", FieldValue::Toggled(true)).is_err());
    assert_eq!(
        one("off", text("changed")),
        Ok(vec![field("off", text("shown"))])
    );
    assert_eq!(one("nowhere", text("a")), Ok(vec![]));
    let twice = vec![field("size", text("small")), field("size", text("large"))];
    assert_eq!(submit(&tree, twice), Ok(vec![field("size", text("small"))]));
    let many = vec![field("size", text("small")); 257];
    assert!(submit(&tree, many).is_err());
}
