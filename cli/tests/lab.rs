//! `lapak run` as a device lab: the device is set, questions are answered and answers withdrawn, all by lines of a script.

mod support;

use std::path::Path;

use serde_json::{Value, json};
use support::{lapak, out, root};

const WATCH: &str = "pages/main?do=call-location-watch&at=interaction&with=precise,0";
const ONCE: &str = "pages/main?do=call-location-once&at=interaction&with=precise";

/// Runs the hostile app with a script, and gives every line that it told.
fn run(folder: &Path, page: &str, more: &[&str], script: &[Value]) -> Vec<Value> {
    let app = root().join("host/tests/guests/hostile");
    let mut arguments = vec!["run", app.to_str().expect("a path"), "--page", page];
    arguments.extend(more);
    let script: String = script.iter().map(|line| format!("{line}\n")).collect();
    let ran = lapak(folder, &arguments, &script);
    let said = String::from_utf8_lossy(&ran.stderr).into_owned();
    assert!(ran.status.success(), "{said}");
    let lines = out(&ran);
    let lines = lines.lines();
    lines
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect()
}

fn tap() -> Value {
    json!({ "tap": "tap" })
}

fn text() -> Value {
    json!({ "text": true })
}

/// The answers to `text`, in order.
fn texts(lines: &[Value]) -> Vec<&str> {
    let texts = lines.iter().filter_map(|line| line["text"].as_str());
    texts.filter(|text| text.contains("view")).collect()
}

fn errors(lines: &[Value]) -> Vec<String> {
    let errors = lines.iter().filter(|line| !line["error"].is_null());
    errors.map(|line| line["error"].to_string()).collect()
}

#[test]
fn a_line_sets_the_device_and_the_app_hears_of_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let script = [
        json!({ "device": "location 1.5 2.5 7" }),
        tap(),
        text(),
        json!({ "device": "location 3.25 4.25" }),
        text(),
        json!({ "device": "" }),
        json!({ "device": "location north" }),
        json!({ "device": "toaster on" }),
    ];
    let lines = run(folder.path(), WATCH, &[], &script);
    let texts = texts(&lines);
    assert!(texts[0].contains("latitude: 1.5"), "{}", texts[0]);
    assert!(texts[1].contains("latitude: 3.25"), "{}", texts[1]);
    let mut devices = lines.iter().filter(|line| !line["device"].is_null());
    let latitudes = devices.by_ref().map(|line| &line["device"]["location"]);
    let latitudes: Vec<_> = latitudes.map(|at| at["latitude"].as_f64()).collect();
    assert_eq!(latitudes, [Some(1.5), Some(3.25), Some(3.25)]);
    let errors = errors(&lines);
    assert!(errors[0].contains("location LATITUDE"), "{errors:?}");
    assert!(errors[1].contains("toaster"), "{errors:?}");
    assert_eq!(errors.len(), 2);
    // The same script tells the same.
    let plain = |lines: &[Value]| {
        let views = lines.iter().filter(|line| line["handled"].is_null());
        views.cloned().collect::<Vec<_>>()
    };
    let again = run(folder.path(), WATCH, &[], &script);
    assert_eq!(plain(&again), plain(&lines));
}

#[test]
fn questions_are_left_to_the_script_where_it_wants_them() {
    let folder = tempfile::tempdir().expect("a folder");
    let script = [
        tap(),
        text(),
        json!({ "consent": "not-now" }),
        text(),
        tap(),
        json!({ "consent": "while-in-use" }),
        text(),
        tap(),
        json!({ "consent": "once" }),
        json!({ "withdraw": "location" }),
        tap(),
        text(),
        json!({ "audit": true }),
    ];
    let lines = run(folder.path(), ONCE, &["--ask"], &script);
    let asked = lines.iter().filter(|line| !line["sheet"].is_null());
    let asked: Vec<_> = asked.map(|line| &line["sheet"]["ask"]).collect();
    assert_eq!(asked.len(), 2, "{lines:?}");
    assert_eq!(asked[0]["permission"], "system.permission.LOCATION");
    let texts = texts(&lines);
    assert!(!texts[0].contains("latitude"), "{}", texts[0]);
    assert!(texts[1].contains("access-denied"), "{}", texts[1]);
    assert!(texts[2].contains("latitude"), "{}", texts[2]);
    assert!(texts[3].contains("access-denied"), "{}", texts[3]);
    // At the second `once` nothing was asked.
    let errors = errors(&lines);
    assert!(errors[0].contains("nobody is asked"), "{errors:?}");
    assert_eq!(errors.len(), 1);
    let audit = lines.iter().find(|line| !line["audit"].is_null());
    let audit = audit.and_then(|line| line["audit"].as_array());
    let outcomes = audit.expect("the audit").iter();
    let outcomes: Vec<_> = outcomes.map(|entry| &entry["outcome"]).collect();
    assert_eq!(outcomes, ["refused", "read", "read", "denied"]);
}

#[test]
fn an_answer_for_ever_is_kept_with_the_data() {
    let folder = tempfile::tempdir().expect("a folder");
    let more = ["--ask", "--data", "kept"];
    let first = [tap(), json!({ "consent": "always" }), text()];
    let lines = run(folder.path(), ONCE, &more, &first);
    assert!(texts(&lines)[0].contains("latitude"), "{lines:?}");
    let lines = run(folder.path(), ONCE, &more, &[tap(), text()]);
    assert!(texts(&lines)[0].contains("latitude"), "{lines:?}");
    let withdrawn = [json!({ "withdraw": "location" }), tap(), text()];
    run(folder.path(), ONCE, &more, &withdrawn);
    let lines = run(folder.path(), ONCE, &more, &[tap(), text()]);
    assert!(lines.iter().any(|line| !line["sheet"].is_null()));
    assert!(!texts(&lines)[0].contains("latitude"), "{lines:?}");
}

#[test]
fn the_platform_takes_a_capability_back_and_lends_it_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let platform = |act: &str, name: &str| json!({ "platform": { act: name } });
    let script = [
        tap(),
        platform("withdraw", "location"),
        text(),
        tap(),
        text(),
        platform("grant", "location"),
        tap(),
        text(),
        platform("grant", "toaster"),
        json!({ "consent": "always" }),
    ];
    let lines = run(folder.path(), WATCH, &[], &script);
    let texts = texts(&lines);
    assert!(texts[0].contains("access-denied"), "{}", texts[0]);
    assert!(texts[1].contains("access-denied"), "{}", texts[1]);
    assert!(texts[2].contains("latitude"), "{}", texts[2]);
    let errors = errors(&lines);
    assert!(errors[0].contains("toaster") && errors[0].contains("location"));
    assert!(errors[1].contains("--ask"), "{errors:?}");
}

/// A profile of the repository.
fn profile(name: &str) -> String {
    let path = root().join(format!("profiles/{name}.json"));
    path.to_str().expect("a path").to_owned()
}

#[test]
fn a_profile_says_what_is_lent_how_far_and_how_the_device_begins() {
    let folder = tempfile::tempdir().expect("a folder");
    let script = [tap(), text()];
    for (name, says) in [
        ("everything", "latitude: -6.175392"),
        ("coarse", "Accuracy::Coarse"),
        ("kiosk", "latitude: -6.195"),
        ("lamp", "AccessDenied"),
    ] {
        let lines = run(folder.path(), ONCE, &["--profile", &profile(name)], &script);
        let text = texts(&lines)[0];
        let denied = text.contains("access-denied") || text.contains("AccessDenied");
        assert!(
            text.contains(says) || (name == "lamp" && denied),
            "{name}: {text}"
        );
    }
}

#[test]
fn a_profile_that_is_wrong_is_told_with_the_place_and_the_cure() {
    let folder = tempfile::tempdir().expect("a folder");
    let counter = root().join("examples/counter");
    let app = counter.to_str().expect("a path");
    let file = folder.path().join("wrong.json");
    for (text, says) in [
        (
            r#"{ "name": "A", "offers": ["loction"] }"#,
            ["offers[0]", "location"],
        ),
        (
            r#"{ "name": "A", "bounds": { "location": { "coarse": 1 } } }"#,
            ["bounds.location", "coarse-only"],
        ),
        (
            r#"{ "name": "A", "device": ["location x"] }"#,
            ["device[0]", "LATITUDE"],
        ),
        ("{", ["wrong.json", "line 1"]),
    ] {
        std::fs::write(&file, text).expect("written");
        for command in ["run", "preview"] {
            let arguments = [command, app, "--profile", "wrong.json", "--data", "data"];
            let port = ["--port", "0"];
            let more: &[&str] = if command == "preview" { &port } else { &[] };
            let ran = lapak(folder.path(), &[&arguments, more].concat(), "");
            let told = String::from_utf8_lossy(&ran.stderr).into_owned();
            assert_eq!(ran.status.code(), Some(1), "{told}");
            assert!(says.iter().all(|part| told.contains(part)), "{told}");
        }
    }
}

#[test]
fn a_recorded_run_with_a_device_and_questions_plays_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let app = root().join("host/tests/guests/hostile");
    let built = lapak(
        folder.path(),
        &["build", app.to_str().expect("a path"), "--out", "app.ma"],
        "",
    );
    assert!(built.status.success());
    let script = [
        tap(),
        json!({ "consent": "while-in-use" }),
        json!({ "device": "location 3.25 4.25" }),
        json!({ "withdraw": "location" }),
        tap(),
    ];
    let script: String = script.iter().map(|line| format!("{line}\n")).collect();
    let record = [
        "run", "app.ma", "--page", WATCH, "--ask", "--record", "a.rec",
    ];
    let recorded = lapak(folder.path(), &record, &script);
    assert!(recorded.status.success(), "{}", out(&recorded));
    let again = lapak(folder.path(), &["run", "--replay", "a.rec", "app.ma"], "");
    let told = out(&again);
    assert!(again.status.success(), "{told}");
    assert!(told.contains("exact: after each of"), "{told}");
}

#[test]
fn the_person_agrees_to_another_apps_being_opened_or_not() {
    let folder = tempfile::tempdir().expect("a folder");
    let page = "pages/main?do=call-open-app-open&at=interaction";
    let script = [
        json!({ "open-app": true }),
        tap(),
        json!({ "open-app": false }),
        text(),
        tap(),
        json!({ "open-app": true }),
        text(),
    ];
    let lines = run(folder.path(), page, &[], &script);
    let errors = errors(&lines);
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert!(errors[0].contains("nobody asks to open"), "{errors:?}");
    let texts = texts(&lines);
    assert!(texts[0].contains("not-opened"), "{texts:?}");
    assert!(texts[1].contains("Ok(())"), "{texts:?}");
    let opened: Vec<_> = lines
        .iter()
        .filter(|line| line["open-app"].is_string())
        .collect();
    assert_eq!(opened.len(), 1);
    assert_eq!(opened[0]["open-app"], "platform://miniapp/com.example.bank");
}
