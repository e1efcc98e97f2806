//! The command as a person or a script uses it.

mod support;

use std::path::Path;
use std::process::{Command, Output, Stdio};

use lapak_abi::package::PackageWriter;
use lapak_build::Purpose;
use serde_json::{Value, json};
use support::{counter_copy, lapak, out, root};

/// What a person reads when something went wrong: one place, no backtrace, no Rust names.
fn err(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    for rust in [
        "stack backtrace",
        "thread 'main' panicked",
        "Error {",
        "RUST_BACKTRACE",
    ] {
        assert!(!text.contains(rust), "{text}");
    }
    text
}

#[track_caller]
fn fails(output: &Output, code: i32, says: &[&str]) {
    let text = err(output);
    assert_eq!(output.status.code(), Some(code), "{text}");
    for part in says {
        assert!(text.contains(part), "{part:?} is not said in: {text}");
    }
}

#[test]
fn a_new_app_builds_runs_and_can_be_inspected_outside_this_repository() {
    let folder = tempfile::tempdir().expect("a folder");
    let made = lapak(
        folder.path(),
        &["new", "shop", "--title", "Toko \"Bu Sari\" & co"],
        "",
    );
    assert!(made.status.success(), "{}", err(&made));
    let shop = folder.path().join("shop");
    let again = lapak(folder.path(), &["new", "shop"], "");
    fails(&again, 1, &["is there already"]);

    let built = lapak(&shop, &["build", "--json"], "");
    assert!(built.status.success(), "{}", err(&built));
    let built: Value = serde_json::from_str(&out(&built)).expect("JSON");
    let package = built["package"].as_str().expect("a path");
    assert!(shop.join(package).is_file(), "{package}");

    let inspected = lapak(&shop, &["inspect", package, "--json"], "");
    let inspected: Value = serde_json::from_str(&out(&inspected)).expect("JSON");
    assert_eq!(inspected["runs_here"], true);
    assert_eq!(inspected["manifest"]["name"], "Toko \"Bu Sari\" & co");
    assert!(
        inspected["imports"]
            .to_string()
            .contains("lapak:app/console"),
        "{inspected}"
    );

    assert_eq!(
        inspected["snapshots"],
        json!({ "eligible": true, "memory_min_pages": 2, "memory_max_pages": null })
    );
    let told = out(&lapak(&shop, &["inspect", package], ""));
    assert!(
        told.contains("snapshots  yes (memory 2 pages of 64 KiB at start)"),
        "{told}"
    );

    let script = "{\"type\":{\"into\":\"What is to be done?\",\"text\":\"Beli beras\"}}\n{\"tap\":\"Add\"}\n{\"text\":true}\n";
    let run = lapak(&shop, &["run", package], script);
    assert!(run.status.success(), "{}", err(&run));
    assert!(out(&run).contains("Beli beras"), "{}", out(&run));

    let shot = lapak(&shop, &["shot", package, "--out", "shop.png"], "");
    assert!(shot.status.success(), "{}", err(&shot));
    let png = std::fs::read(shop.join("shop.png")).expect("a picture");
    assert!(png.starts_with(b"\x89PNG"));
}

#[test]
fn why_an_app_is_kept_resident_is_told() {
    let counter = lapak_build::build(&root().join("examples/counter"), &mut |_| {});
    let counter = counter.expect("it builds").package;
    let mut writer = PackageWriter::new();
    for (path, bytes) in counter.files() {
        // An empty component: it has no memory to save.
        let empty = b"\0asm\x0d\0\x01\0".as_slice();
        let bytes = if path == "app.wasm" { empty } else { bytes };
        writer.file(path, bytes.to_vec()).expect("a good name");
    }
    let bytes = writer.finish().expect("written");
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("empty.ma"), bytes).expect("written");

    let told = out(&lapak(folder.path(), &["inspect", "empty.ma"], ""));
    assert!(
        told.contains("snapshots  no, kept resident:\n  the app has no linear memory"),
        "{told}"
    );
    let told = out(&lapak(
        folder.path(),
        &["inspect", "empty.ma", "--json"],
        "",
    ));
    let told: Value = serde_json::from_str(&told).expect("JSON");
    assert_eq!(
        told["snapshots"],
        json!({ "eligible": false, "reasons": ["has no linear memory"] })
    );
}

#[test]
fn names_that_cannot_be_crates_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    for name in ["Shop", "1shop", "my shop", "."] {
        fails(
            &lapak(folder.path(), &["new", name], ""),
            1,
            &["cannot name an app"],
        );
    }
    assert_eq!(
        std::fs::read_dir(folder.path()).expect("a folder").count(),
        0
    );
}

/// A folder that holds a package and no sources needs no compiler; with two of them, none is meant.
#[test]
fn a_folder_may_hold_a_package_instead_of_sources() {
    let folder = tempfile::tempdir().expect("a folder");
    let app = packed(folder.path(), "examples/counter");
    let inspect = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lapak"));
        let command = command.args(["inspect", "."]).current_dir(folder.path());
        command.env("PATH", "/nowhere").output().expect("lapak")
    };
    let told = out(&inspect());
    assert!(told.contains("id         dev.lapak.counter"), "{told}");

    std::fs::copy(folder.path().join(app), folder.path().join("other.ma")).expect("copied");
    fails(&inspect(), 1, &["manifest.json"]);
}

/// Without any compiler, what to install is said, and not just the target.
#[test]
fn without_rust_the_cure_is_told() {
    let built = Command::new(env!("CARGO_BIN_EXE_lapak"))
        .args(["build", "examples/counter"])
        .current_dir(root())
        .env("PATH", "/nowhere")
        .env("LAPAK_GUEST_TOOLCHAIN", "rustup")
        .output()
        .expect("lapak");
    fails(&built, 4, &["https://rustup.rs", "rustup target add"]);
}

/// What is shown while it is edited is compiled in another way than what is given away. It is the same to the host: the same
/// imports, frozen as well.
#[test]
fn a_quickly_built_app_is_to_the_host_what_its_package_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let inspected = |purpose, name: &str| {
        let counter = root().join("examples/counter");
        let built = lapak_build::build_for(purpose, &counter, &mut |_| {}).expect("it builds");
        std::fs::write(folder.path().join(name), built.bytes).expect("written");
        let told = out(&lapak(folder.path(), &["inspect", name, "--json"], ""));
        serde_json::from_str::<Value>(&told).expect("JSON")
    };
    let quick = inspected(Purpose::Preview, "quick.ma");
    let small = inspected(Purpose::Package, "small.ma");
    assert_eq!(quick["imports"], small["imports"]);
    for one in [&quick, &small] {
        assert_eq!(one["runs_here"], true, "{one}");
        assert_eq!(one["snapshots"]["eligible"], true, "{one}");
    }
    assert!(small["bytes"].as_u64() < quick["bytes"].as_u64());
}

#[test]
fn the_same_sources_give_the_same_bytes() {
    let folder = tempfile::tempdir().expect("a folder");
    let counter = root().join("examples/counter");
    let counter = counter.to_str().expect("a path");
    for name in ["a.ma", "b.ma"] {
        let built = lapak(folder.path(), &["build", counter, "--out", name], "");
        assert!(built.status.success(), "{}", err(&built));
    }
    let [a, b] =
        ["a.ma", "b.ma"].map(|name| std::fs::read(folder.path().join(name)).expect("a package"));
    assert!(a == b);
}

#[test]
fn what_is_not_an_app_is_said() {
    let folder = tempfile::tempdir().expect("a folder");
    fails(
        &lapak(folder.path(), &["build"], ""),
        1,
        &["manifest.json", "lapak new"],
    );
    fails(
        &lapak(folder.path(), &["build", "nowhere"], ""),
        1,
        &["nowhere"],
    );
    fails(
        &lapak(folder.path(), &["run", "nowhere.ma"], ""),
        1,
        &["nowhere.ma"],
    );
    fails(
        &lapak(folder.path(), &["shot", "nowhere.ma"], ""),
        1,
        &["nowhere.ma"],
    );
    fails(
        &lapak(folder.path(), &["preview", "nowhere"], ""),
        1,
        &["nowhere"],
    );
    fails(
        &lapak(folder.path(), &["frobnicate"], ""),
        2,
        &["frobnicate"],
    );
    fails(
        &lapak(folder.path(), &["preview", "--port", "70000"], ""),
        2,
        &["70000"],
    );
}

#[test]
fn a_compile_error_names_file_and_line() {
    let app = counter_copy();
    let lib = app.path().join("src/lib.rs");
    let source = std::fs::read_to_string(&lib)
        .expect("the source")
        .replace("Counter(0)", "Counter(zero)");
    std::fs::write(&lib, source).expect("written");
    fails(
        &lapak(app.path(), &["build"], ""),
        1,
        &["cannot find value `zero`", "src/lib.rs:13"],
    );
}

#[test]
fn a_bad_manifest_names_the_member() {
    let app = counter_copy();
    let manifest = app.path().join("manifest.json");
    let good = std::fs::read_to_string(&manifest).expect("the manifest");
    let cases = [
        ("{", "not JSON", "manifest.json"),
        (
            &good.replace("\"app_id\": \"dev.lapak.counter\",", ""),
            "no id",
            "app_id",
        ),
        (&good.replace("[\"pages/index\"]", "[]"), "no page", "pages"),
        (
            &good.replace("[\"pages/index\"]", "3"),
            "pages of the wrong type",
            "pages",
        ),
    ];
    for (text, what, says) in cases {
        std::fs::write(&manifest, text).expect("written");
        let built = lapak(app.path(), &["build"], "");
        assert!(
            built.status.code() == Some(1) && err(&built).contains(says),
            "{what}: {}",
            err(&built)
        );
    }
}

#[test]
fn bad_packages_are_refused_with_a_reason() {
    let folder = tempfile::tempdir().expect("a folder");
    let counter = root().join("examples/counter");
    let built = lapak(
        folder.path(),
        &[
            "build",
            counter.to_str().expect("a path"),
            "--out",
            "good.ma",
        ],
        "",
    );
    assert!(built.status.success(), "{}", err(&built));
    let good = std::fs::read(folder.path().join("good.ma")).expect("a package");
    let cut = &good[..good.len() / 2];
    let mut flipped = good.clone();
    flipped[good.len() / 3] ^= 0x10;
    for (name, bytes) in [
        ("cut.ma", cut),
        ("flipped.ma", &flipped),
        ("text.ma", b"not a package"),
        ("empty.ma", b""),
    ] {
        std::fs::write(folder.path().join(name), bytes).expect("written");
        for command in ["run", "inspect", "shot"] {
            fails(&lapak(folder.path(), &[command, name], ""), 1, &[name]);
        }
    }
}

#[test]
fn a_script_sees_an_apps_end() {
    let hostile = root().join("host/tests/guests/hostile");
    let page = ["--page", "pages/main?do=panic&at=interaction"];
    let arguments = ["run", hostile.to_str().expect("a path"), page[0], page[1]];
    let run = lapak(&root(), &arguments, "{\"tap\":\"tap\"}\n");
    fails(
        &run,
        3,
        &[
            "the basket is on fire",
            "src/basket.rs:12:5",
            "while handling: interaction",
        ],
    );
    let ended = out(&run)
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .find(|line| !line["ended"].is_null());
    assert_eq!(ended.expect("an end")["ended"]["cause"]["kind"], "panic");
}

#[test]
fn malformed_lines_are_answered_and_the_run_goes_on() {
    let counter = root().join("examples/counter");
    let script = "nonsense\n{\"tap\":\"no such thing\"}\n{\"tap\":true}\n{\"back\":false}\n{\"input\":{\"node\":1,\"trigger\":\"explode\",\"value\":null}}\n{\"tap\":\"Add one\"}\n{\"text\":true}\n";
    let run = lapak(&root(), &["run", counter.to_str().expect("a path")], script);
    assert!(run.status.success(), "{}", err(&run));
    let lines: Vec<Value> = out(&run)
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let errors = lines
        .iter()
        .filter_map(|line| line["error"]["line"].as_u64());
    assert_eq!(errors.collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
    assert!(
        lines.iter().any(|line| line["text"]
            .as_str()
            .is_some_and(|text| text.contains("\"1\""))),
        "{lines:?}"
    );
}

#[test]
fn data_outlives_a_run_where_a_folder_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let warung = root().join("examples/warung");
    let arguments = ["run", warung.to_str().expect("a path"), "--data", "kept"];
    let first = lapak(folder.path(), &arguments, "{\"tap\":\"Add Nasi goreng\"}\n");
    assert!(first.status.success(), "{}", err(&first));
    let second = lapak(
        folder.path(),
        &arguments,
        "{\"tab\":\"pages/basket\"}\n{\"text\":true}\n",
    );
    assert!(
        out(&second).contains("Nasi goreng") && out(&second).contains("key=total"),
        "{}",
        out(&second)
    );
}

/// Built once into `folder`, so that every run has the very same package.
fn packed(folder: &Path, app: &str) -> String {
    let app = root().join(app);
    let arguments = ["build", app.to_str().expect("a path"), "--out", "app.ma"];
    let built = lapak(folder, &arguments, "");
    assert!(built.status.success(), "{}", err(&built));
    "app.ma".into()
}

#[test]
fn a_recorded_run_plays_again_and_a_changed_one_is_told_from_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let app = packed(folder.path(), "examples/counter");
    let script = "{\"tap\":\"Add one\"}\n{\"tap\":\"Take one away\"}\n";
    let recorded = lapak(folder.path(), &["run", &app, "--record", "a.rec"], script);
    assert!(recorded.status.success(), "{}", err(&recorded));
    let file = folder.path().join("a.rec");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(&file).expect("written").permissions();
        assert_eq!(mode.mode() & 0o777, 0o600);
    }

    let again = lapak(folder.path(), &["run", "--replay", "a.rec", &app], "");
    assert!(again.status.success(), "{}", err(&again));
    let told = out(&again);
    assert!(
        told.contains("exact: after each of") && told.contains("ended: the session was closed"),
        "{told}"
    );
    let json = lapak(
        folder.path(),
        &["run", "--replay", "a.rec", &app, "--json"],
        "",
    );
    let json: Value = serde_json::from_str(&out(&json)).expect("JSON");
    assert_eq!(
        (&json["exact"], &json["differs"]),
        (&true.into(), &Value::Null)
    );
    let events = json["events"].as_array().expect("a list");
    assert!(
        events.iter().all(|one| one["as_recorded"] == true),
        "{json}"
    );
    assert_eq!(json["recorded_events"], events.len());
    assert_eq!(json["ended"]["cause"]["kind"], "closed");

    // The last bytes are the hash of the view after the last event.
    let mut bytes = std::fs::read(&file).expect("a recording");
    *bytes.last_mut().expect("bytes") ^= 1;
    std::fs::write(&file, bytes).expect("written");
    let differs = lapak(folder.path(), &["run", "--replay", "a.rec", &app], "");
    fails(&differs, 1, &["did not go again"]);
    let last = format!("differs after event {0} of {0}", events.len());
    let told = out(&differs);
    assert!(
        told.contains(&last) && told.contains("the view is not"),
        "{told}"
    );
    let json = lapak(
        folder.path(),
        &["run", "--replay", "a.rec", &app, "--json"],
        "",
    );
    fails(&json, 1, &[]);
    let json: Value = serde_json::from_str(&out(&json)).expect("JSON");
    assert_eq!(json["differs"]["event"], events.len());
    assert_eq!(
        (&json["differs"]["view"], &json["differs"]["memory"]),
        (&true.into(), &false.into())
    );
}

#[test]
fn a_recorded_fault_comes_again_and_another_package_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let app = packed(folder.path(), "host/tests/guests/hostile");
    let page = "pages/main?do=panic&at=interaction";
    let arguments = ["run", &app, "--page", page, "--record", "a.rec"];
    fails(
        &lapak(folder.path(), &arguments, "{\"tap\":\"tap\"}\n"),
        3,
        &["on fire"],
    );
    let again = lapak(folder.path(), &["run", "--replay", "a.rec", &app], "");
    assert!(again.status.success(), "{}", err(&again));
    assert!(
        out(&again).contains("src/basket.rs:12:5"),
        "{}",
        out(&again)
    );

    let other = packed(folder.path(), "examples/counter");
    let refused = lapak(folder.path(), &["run", "--replay", "a.rec", &other], "");
    fails(&refused, 1, &["another build of"]);
    std::fs::write(folder.path().join("b.rec"), "no recording").expect("written");
    let refused = lapak(folder.path(), &["run", "--replay", "b.rec", &other], "");
    fails(&refused, 1, &["b.rec"]);
    let both = lapak(
        folder.path(),
        &["run", "--replay", "a.rec", "--record", "b.rec", &other],
        "",
    );
    fails(&both, 2, &["--record"]);
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let counter = root().join("examples/counter");
    let mut child = Command::new(env!("CARGO_BIN_EXE_lapak"))
        .args(["inspect", counter.to_str().expect("a path")])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("lapak starts");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("lapak ends");
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
}

#[test]
fn the_doctor_tells_what_was_found() {
    let doctor = lapak(&root(), &["doctor", "--json"], "");
    let found: Value = serde_json::from_str(&out(&doctor)).expect("JSON");
    let cargo = found
        .as_array()
        .expect("a list")
        .iter()
        .find(|one| one["what"] == "cargo")
        .expect("cargo");
    assert!(
        cargo["found"]
            .as_str()
            .is_some_and(|version| version.starts_with("cargo ")),
        "{cargo}"
    );
    for what in ["lapak", "engine", "fonts", "host names", "wasm target"] {
        let found = found.as_array().expect("a list");
        assert!(found.iter().any(|one| one["what"] == what), "{what}");
    }
    // Where nothing is found, the cures are told.
    let bare = Command::new(env!("CARGO_BIN_EXE_lapak"))
        .arg("doctor")
        .env("PATH", "/nowhere")
        .output()
        .expect("lapak");
    let told = out(&bare);
    assert!(
        told.contains("✗ C compiler") && told.contains("apt-get install gcc"),
        "{told}"
    );
    let runs = "Packages that exist already run here";
    fails(&bare, 4, &["missing to build apps: ", "C compiler", runs]);
    // Where only packages are run, none of that is missed.
    let bare = Command::new(env!("CARGO_BIN_EXE_lapak"))
        .args(["doctor", "--no-build"])
        .env("PATH", "/nowhere")
        .output()
        .expect("lapak");
    assert!(bare.status.success(), "{}", err(&bare));
    let told = out(&bare);
    assert!(
        told.contains("✓ engine") && !told.contains("cargo"),
        "{told}"
    );
}

#[test]
fn a_port_in_use_names_the_cure() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("an address").port().to_string();
    let counter = root().join("examples/counter");
    let preview = lapak(
        &root(),
        &[
            "preview",
            counter.to_str().expect("a path"),
            "--port",
            &port,
        ],
        "",
    );
    fails(&preview, 4, &["--port"]);
}
