//! The rules for what a person puts in, on the same inputs as the browser's (`preview/assets-tests/values.test.mjs`).

use lapak_abi::controls::{self, MAX_TEXT_BYTES, TextKind, length, text};
use serde_json::Value;

fn cases(of: &str) -> Vec<Value> {
    let all: Value = serde_json::from_str(include_str!("controls.json")).expect("JSON");
    all[of].as_array().expect("a list").clone()
}

fn kind(name: &str) -> TextKind {
    match name {
        "line" => TextKind::Line,
        "email" => TextKind::Email,
        "number" => TextKind::Number,
        "decimal" => TextKind::Decimal,
        "lines" => TextKind::Lines,
        other => panic!("no kind {other}"),
    }
}

#[test]
fn every_text_is_taken_or_refused_as_the_table_says() {
    for case in cases("texts") {
        let most = case["max"]
            .as_u64()
            .and_then(|most| u32::try_from(most).ok());
        let name = case["kind"].as_str().expect("a kind");
        let put_in = case["text"].as_str().expect("a text");
        let taken = text(
            kind(name),
            put_in,
            most,
            case["shown"].as_str().unwrap_or_default(),
        )
        .ok();
        assert_eq!(taken.as_deref(), case["taken"].as_str(), "{case}");
    }
}

#[test]
fn dates_exist_and_bounds_hold() {
    for case in cases("dates") {
        let put_in = case[0].as_str().expect("a text");
        let taken = controls::date(put_in, None, None).is_ok();
        assert_eq!(Some(taken), case[1].as_bool(), "{case}");
    }
    for case in cases("bounds") {
        let put_in = case[1].as_str().expect("a text");
        let (earliest, latest) = (case[2].as_str(), case[3].as_str());
        let taken = match case[0].as_str() {
            Some("date") => controls::date(put_in, earliest, latest),
            _ => controls::time(put_in, earliest, latest),
        };
        assert_eq!(Some(taken.is_ok()), case[4].as_bool(), "{case}");
    }
}

#[test]
fn sliders_stand_on_their_steps() {
    for case in cases("sliders") {
        let number = |at: usize| case[at].as_f64().expect("a number");
        let snapped = controls::snapped(number(0), number(1), number(2), number(3));
        assert_eq!(snapped, number(4), "{case}");
    }
}

#[test]
fn what_no_control_holds_is_cut_between_two_characters() {
    let family = "\u{1F468}\u{200D}\u{1F469}\u{200D}\u{1F467}";
    let cut = text(TextKind::Lines, &family.repeat(10_000), None, "").expect("taken");
    assert!(cut.len() <= MAX_TEXT_BYTES && cut.len() > MAX_TEXT_BYTES - family.len());
    assert_eq!(cut.len() % family.len(), 0);
    assert_eq!(length(&cut), cut.len() / family.len());
}
