//! What the host's tests share: guests built once, and sessions driven step by step.
#![allow(
    dead_code,
    unused_imports,
    unreachable_pub,
    reason = "each test file uses its part"
)]

pub mod component;
pub mod device;
pub mod money;
pub mod store;
pub mod tls;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use lapak_abi::package::{Package, PackageLimits, PackageWriter};
use lapak_host::view::{InputValue, Trigger};
use lapak_host::{App, Launch, Runtime, RuntimeConfig, Session, ShellEvent};

/// The package of the guest that misbehaves on request.
pub fn hostile() -> Package {
    built("host/tests/guests/hostile")
}

/// The package of the counter.
pub fn counter() -> Package {
    built("examples/counter")
}

/// Builds an app of this repository, once in a process: asking cargo again takes seconds. Between processes cargo waits by itself.
pub fn built(app: &str) -> Package {
    static BUILT: Mutex<BTreeMap<String, Package>> = Mutex::new(BTreeMap::new());
    let mut all = BUILT.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(package) = all.get(app) {
        return package.clone();
    }
    let built = lapak_build::build(&root().join(app), &mut |_| {}).expect("the guest builds");
    let package = Package::read(built.bytes, &PackageLimits::default()).expect("the package reads");
    all.insert(app.to_owned(), package.clone());
    package
}

/// A package with another component, all else being the same.
pub fn with_wasm(package: &Package, wasm: &[u8]) -> Package {
    let mut writer = PackageWriter::default();
    for (path, bytes) in package.files() {
        let bytes = if path == "app.wasm" { wasm } else { bytes };
        writer.file(path, bytes.to_vec()).expect("a good name");
    }
    Package::read(writer.finish().expect("written"), &PackageLimits::default()).expect("a package")
}

/// A package with another text in its manifest, all else being the same.
pub fn with_manifest(package: &Package, change: impl Fn(&str) -> String) -> Package {
    let mut writer = PackageWriter::default();
    for (path, bytes) in package.files() {
        let bytes = if path == "manifest.json" {
            let text = std::str::from_utf8(bytes).expect("text");
            let changed = change(text);
            assert_ne!(changed, text, "nothing to change was found");
            changed.into_bytes()
        } else {
            bytes.to_vec()
        };
        writer.file(path, bytes).expect("a good name");
    }
    Package::read(writer.finish().expect("written"), &PackageLimits::default()).expect("a package")
}

/// A component whose types nest in one another so often.
pub fn nested_types(depth: usize) -> Vec<u8> {
    let mut types = vec![1];
    for _ in 0..depth {
        // A component type of one declaration, which is a type.
        types.extend([0x41, 1, 1]);
    }
    types.extend([0x41, 0]);
    let mut wasm = b"\0asm\x0d\0\x01\0\x07".to_vec();
    let mut size = types.len();
    while size >= 0x80 {
        wasm.push((size % 0x80) as u8 | 0x80);
        size /= 0x80;
    }
    wasm.push(size as u8);
    wasm.extend(types);
    wasm
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the repository")
        .to_owned()
}

/// A runtime with simulated providers, and the hostile app loaded into it.
pub async fn hostile_app() -> (Runtime, Arc<App>) {
    let runtime = Runtime::new(RuntimeConfig::simulated()).expect("runtime");
    let app = runtime.load(hostile()).await.expect("load");
    (runtime, app)
}

/// Launches the hostile app so that it does `action` at `event`.
pub fn launch(runtime: &Runtime, app: &Arc<App>, action: &str, event: &str) -> Session {
    launch_as(runtime, app, "tester", action, event)
}

/// The same, as a certain person.
pub fn launch_as(
    runtime: &Runtime,
    app: &Arc<App>,
    person: &str,
    action: &str,
    event: &str,
) -> Session {
    let mut launch = Launch::new(person);
    launch.pages = vec![format!("pages/main?do={action}&at={event}")];
    runtime.launch(app, launch).expect("launch")
}

/// Taps what a person would call `name`, and waits until the app has come to rest.
pub async fn tap(session: &Session, name: &str) {
    let node = session.screen().tree.find(name, Trigger::Tap);
    let node =
        node.unwrap_or_else(|| panic!("no {name:?} in\n{}", session.screen().tree.to_text()));
    session.send(tap_on(node)).expect("send");
    session.settled().await;
}

/// A tap on a node.
pub fn tap_on(node: lapak_host::view::NodeId) -> ShellEvent {
    ShellEvent::Input {
        node,
        trigger: Trigger::Tap,
        value: InputValue::None,
    }
}

/// What stands in the node with this key.
pub fn text(session: &Session, key: &str) -> String {
    let tree = session.screen().tree;
    let at = tree
        .nodes
        .iter()
        .position(|node| node.node.key.as_deref() == Some(key));
    tree.text_of(at.unwrap_or_else(|| panic!("no {key:?} in\n{}", tree.to_text())))
}

/// Waits until it is so, for a while that is long on any machine.
pub async fn until(what: &str, so: impl Fn() -> bool) {
    for _ in 0..6_000 {
        if so() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("not within half a minute: {what}");
}

/// Waits until a guest is in its endless loop: a turn that only looks whether there is something to do is over sooner.
pub async fn spins_now(host: &Runtime) {
    let looks = Cell::new(0);
    until("it spins", || {
        let runs = host.metrics().scheduler.running != [0; 3];
        looks.set(if runs { looks.get() + 1 } else { 0 });
        looks.get() == 10
    })
    .await;
}

/// Freezes the session. Its view is shown before its turn ends: who waited for the view may be too early.
pub async fn frozen(session: &Session) {
    until("it is frozen", || session.freeze()).await;
}

/// Waits until no worker has anything in hand: who has come to rest may still be on the way out of one's hands.
pub async fn nothing_runs(host: &Runtime) {
    until("nothing runs", || {
        let scheduler = host.metrics().scheduler;
        scheduler.running == [0; 3] && scheduler.waiting == [0; 3]
    })
    .await;
}

/// Waits for the session to come to rest, but not for ever.
pub async fn settled(session: &Session) {
    let settled = tokio::time::timeout(Duration::from_secs(30), session.settled());
    assert!(settled.await.is_ok(), "{session:?} does not come to rest");
}

/// The session still answers a tap rightly.
pub async fn still_works(session: &Session) {
    let before: u32 = text(session, "taps").parse().expect("a number");
    tap(session, "tap").await;
    assert_eq!(text(session, "taps"), (before + 1).to_string());
}
