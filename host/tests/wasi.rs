//! A component that another language's toolchain made: it imports WASI 0.2 beside the contract, and runs.

mod support;

use std::path::Path;

use lapak_host::{Launch, Runtime, RuntimeConfig, ShellEvent};
use support::{counter, settled, tap, text, with_wasm};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};

/// As toolchains write it into the modules that they make.
const WORLD: &str = "
    package test:other-toolchain;
    world guest {
        import wasi:clocks/monotonic-clock@0.2.0;
        import wasi:cli/environment@0.2.0;
        include lapak:app/mini-app@0.1.0;
    }
";
const WASI: [&str; 2] = [
    "package wasi:clocks@0.2.0;
     interface monotonic-clock { type instant = u64; now: func() -> instant; }",
    "package wasi:cli@0.2.0;
     interface environment { get-arguments: func() -> list<string>; }",
];

/// Asks WASI for the time and for its arguments at every event, and shows nothing. It traps if
/// anything of this process shows.
const MODULE: &str = r#"(module
    (import "wasi:clocks/monotonic-clock@0.2.0" "now" (func $now (result i64)))
    (import "wasi:cli/environment@0.2.0" "get-arguments" (func $arguments (param i32)))
    (memory (export "memory") 2)
    (global $free (mut i32) (i32.const 65536))
    (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
        (global.set $free (i32.and (i32.add (global.get $free) (i32.const 15)) (i32.const -16)))
        (global.get $free)
        (global.set $free (i32.add (global.get $free) (local.get 3))))
    (func (export "lapak:app/app@0.1.0#handle") (param i32) (result i32)
        (drop (call $now))
        (call $arguments (i32.const 32))
        (if (i32.load (i32.const 36)) (then unreachable))
        (i32.store8 (i32.const 64) (i32.const 0))
        ;; What came with the event is not needed any more.
        (global.set $free (i32.const 65536))
        (i32.const 64)))"#;

fn component() -> Vec<u8> {
    let mut resolve = wit_parser::Resolve::default();
    let contract = Path::new(env!("CARGO_MANIFEST_DIR")).join("../abi/wit");
    resolve.push_dir(contract).expect("the contract");
    for package in WASI {
        resolve.push_str("wasi.wit", package).expect("a package");
    }
    let package = resolve.push_str("world.wit", WORLD).expect("a package");
    let world = resolve.select_world(&[package], Some("guest"));
    let mut module = wat::parse_str(MODULE).expect("a module");
    let world = world.expect("the world");
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).expect("embedded");
    let encoder = ComponentEncoder::default().validate(true);
    let mut encoder = encoder.module(&module).expect("a module");
    encoder.encode().expect("a component")
}

#[tokio::test]
async fn a_component_with_wasi_runs_and_sees_nothing_of_this_process() {
    let wasm = component();
    let imports = lapak_host::contract::import_names(&wasm);
    assert!(
        imports
            .iter()
            .any(|name| name == "wasi:clocks/monotonic-clock@0.2.0"),
        "{imports:?}"
    );
    let runtime = Runtime::new(RuntimeConfig::simulated()).expect("a runtime");
    let app = runtime
        .load(with_wasm(&counter(), &wasm))
        .await
        .expect("load");
    let session = runtime.launch(&app, Launch::new("me")).expect("launch");
    settled(&session).await;
    let screen = session.screen();
    assert!(screen.ended.is_none(), "{:?}", screen.ended);
    let before = session.handled();
    for event in [ShellEvent::Hide, ShellEvent::Show] {
        session.send(event).expect("sent");
    }
    settled(&session).await;
    // Each is two events: the page's and the app's.
    assert_eq!(session.handled(), before + 4);
    // Beside it, an app of ours goes on.
    let ours = runtime.load(counter()).await.expect("load");
    let ours = runtime.launch(&ours, Launch::new("me")).expect("launch");
    settled(&ours).await;
    tap(&ours, "+").await;
    assert_eq!(text(&ours, "count"), "1");
}
