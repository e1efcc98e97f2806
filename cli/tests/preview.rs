//! `lapak preview` while its sources change.

mod support;

use support::running::{Running, hear, tap};
use support::{counter_copy, root};

/// A mistake is told in the terminal and leaves the last good app; once it is mended, the open session shows the
/// newer app.
#[test]
fn a_change_of_the_sources_is_built_and_shown_in_the_open_session() {
    let app = counter_copy();
    let lib = app.path().join("src/lib.rs");
    let source = std::fs::read_to_string(&lib).expect("the source");
    let data = tempfile::tempdir().expect("a folder");
    let preview = Running::start(app.path(), data.path());
    preview.until_said("is ready");
    let session = preview.launch();
    assert!(preview.get(&session).contains("aria-label=\"Add one\""));

    let (mut socket, _) = preview.connect(&session);
    std::fs::write(&lib, source.replace("Counter(0)", "Counter(zero)")).expect("written");
    preview.until_said("cannot find value `zero`");
    let told = hear(&mut socket, "build-failed");
    let told = told["message"].as_str().expect("a message");
    assert!(told.contains("cannot find value `zero`"), "{told}");
    assert!(told.contains("src/lib.rs"), "{told}");
    assert!(preview.get(&session).contains("aria-label=\"Add one\""));

    std::fs::write(&lib, source.replace("\"Add one\"", "\"Add just one\"")).expect("written");
    preview.until_said("is ready");
    let shown = preview.get(&session);
    assert!(shown.contains("aria-label=\"Add just one\""), "{shown}");
}

/// Killed or told to stop, the open session goes on when the preview is started again.
#[test]
#[cfg(unix)]
fn an_open_session_outlives_the_server() {
    let data = tempfile::tempdir().expect("a folder");
    let counter = root().join("examples/counter");
    let preview = Running::start(&counter, data.path());
    preview.until_said("is ready");
    let session = preview.launch();
    let mut page = preview.connect(&session);
    assert!(tap(&mut page, 1, "Add one").contains("\"1\""));
    assert!(tap(&mut page, 2, "Add one").contains("\"2\""));
    preview.until_written();
    // SIGKILL, as `kill -9`.
    drop(preview);

    let preview = Running::start(&counter, data.path());
    assert!(preview.get(&session).contains(">2</span>"));
    let mut page = preview.connect(&session);
    assert!(tap(&mut page, 1, "Add one").contains("\"3\""));
    // At once: what was written last does not matter.
    assert_eq!(preview.terminate(), Some(0));

    let preview = Running::start(&counter, data.path());
    assert!(preview.get(&session).contains(">3</span>"));
    let mut page = preview.connect(&session);
    // The page has sent one event before.
    assert!(tap(&mut page, 2, "Add one").contains("\"4\""));
}

/// Folders and packages beside one another, each by its name; on this machine's own address unless told otherwise.
#[test]
fn several_apps_are_served_folders_and_packages() {
    let folder = tempfile::tempdir().expect("a folder");
    let package = folder.path().join("My Counter.ma");
    let built = std::process::Command::new(env!("CARGO_BIN_EXE_lapak"))
        .args(["build", "--out"])
        .arg(&package)
        .arg(root().join("examples/counter"))
        .output()
        .expect("lapak runs");
    assert!(built.status.success(), "{built:?}");
    let apps = [root().join("examples/counter"), package];
    let preview = Running::start_all(&apps, &folder.path().join("data"));
    assert!(
        preview.address.starts_with("127.0.0.1:"),
        "{}",
        preview.address
    );
    preview.until_said("is ready");
    preview.until_said("is ready");
    let home = preview.get("/");
    for name in ["counter", "my-counter"] {
        assert!(home.contains(&format!("href=\"/a/{name}\"")), "{home}");
        let session = preview.launch_named(name);
        let mut page = preview.connect(&session);
        assert!(tap(&mut page, 1, "Add one").contains("\"1\""));
    }
}

/// An app that was made by `lapak new`, far from this repository.
#[test]
fn a_new_app_is_served_anywhere() {
    let folder = tempfile::tempdir().expect("a folder");
    let made = std::process::Command::new(env!("CARGO_BIN_EXE_lapak"))
        .args(["new", "shop"])
        .current_dir(folder.path())
        .output()
        .expect("lapak runs");
    assert!(made.status.success(), "{made:?}");
    let app = folder.path().join("shop");
    let preview = Running::start(&app, &folder.path().join("data"));
    preview.until_said("is ready");
    let session = preview.launch();
    let (_socket, page) = preview.connect(&session);
    assert!(
        page["html"].as_str().is_some_and(|html| !html.is_empty()),
        "{page}"
    );
}
