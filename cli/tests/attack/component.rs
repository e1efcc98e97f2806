//! Components written by hand: a core module in the text format, made into a component as toolchains make theirs.

use lapak_abi::package::PackageWriter;
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};

/// Beside the contract.
const WORLD: &str = "
    package attack:guest;
    world guest {
        import wasi:clocks/monotonic-clock@0.2.0;
        import wasi:io/poll@0.2.0;
        include lapak:app/mini-app@0.1.0;
    }
";
const WASI: [&str; 2] = [
    "package wasi:io@0.2.0;
     interface poll { resource pollable { block: func(); } }",
    "package wasi:clocks@0.2.0;
     interface monotonic-clock {
         use wasi:io/poll@0.2.0.{pollable};
         subscribe-duration: func(when: u64) -> own<pollable>;
     }",
];

/// What every module has: a memory, and an allocator that forgets all at the end of each event. `handle` gets the address of the
/// event (its case is the byte there) and may use memory from 1,024 to 65,535 as it likes; a view of nothing is at 0.
const FRAME: &str = r#"(module
    %imports%
    (memory (export "memory") 4)
    (global $free (mut i32) (i32.const 131072))
    %globals%
    (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
        (global.set $free (i32.and (i32.add (global.get $free) (i32.const 15)) (i32.const -16)))
        (global.get $free)
        (global.set $free (i32.add (global.get $free) (local.get 3))))
    (func $handle (param $event i32) (local $i i32) %body%)
    (func (export "lapak:app/app@0.1.0#handle") (param i32) (result i32)
        (call $handle (local.get 0))
        (global.set $free (i32.const 131072))
        (i32.store8 (i32.const 64) (i32.const 0))
        (i32.const 64)))"#;

/// A module's own parts.
#[derive(Default)]
pub(super) struct Guest {
    pub(super) imports: &'static str,
    pub(super) globals: &'static str,
    /// What it does at each event.
    pub(super) body: &'static str,
    /// More members of the manifest, each with a comma before it.
    pub(super) manifest: &'static str,
}

impl Guest {
    /// The package of it.
    pub(super) fn package(&self, name: &str) -> Vec<u8> {
        let manifest = format!(
            r#"{{ "app_id": "org.example.{name}", "name": "{name}", "icons": [{{ "src": "icon.svg" }}], "pages": ["pages/index"],
                "version": {{ "code": 1, "name": "1.0.0" }}, "platform_version": {{ "min_code": 1 }}{} }}"#,
            self.manifest
        );
        package(&manifest, &self.component(), &[])
    }

    fn component(&self) -> Vec<u8> {
        let text = FRAME.replace("%imports%", self.imports);
        let text = text.replace("%globals%", self.globals);
        let text = text.replace("%body%", self.body);
        let mut module = wat::parse_str(text).expect("a module");
        let mut resolve = wit_parser::Resolve::default();
        let contract = super::support::root().join("abi/wit");
        resolve.push_dir(contract).expect("the contract");
        for package in WASI {
            resolve.push_str("wasi.wit", package).expect("a package");
        }
        let package = resolve.push_str("world.wit", WORLD).expect("a package");
        let world = resolve.select_world(&[package], Some("guest"));
        let world = world.expect("the world");
        embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8)
            .expect("embedded");
        let encoder = ComponentEncoder::default().validate(true);
        let mut encoder = encoder.module(&module).expect("a module");
        encoder.encode().expect("a component")
    }
}

/// A package of these parts.
pub(super) fn package(manifest: &str, wasm: &[u8], files: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let icon = br#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><rect width="8" height="8"/></svg>"#;
    let mut writer = PackageWriter::default();
    let own = [
        ("manifest.json", manifest.as_bytes().to_vec()),
        ("app.wasm", wasm.to_vec()),
        ("icon.svg", icon.to_vec()),
        ("app.css", Vec::new()),
        ("pages/index.html", b"<!DOCTYPE html>".to_vec()),
    ];
    for (path, bytes) in own.into_iter().chain(files.iter().cloned()) {
        writer.file(path, bytes).expect("a good name");
    }
    writer.finish().expect("written")
}

/// A component that does nothing.
pub(super) fn idle() -> Vec<u8> {
    Guest::default().component()
}
