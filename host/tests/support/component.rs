//! Components written by hand, as other languages' toolchains would make them.

use std::path::Path;

use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};

/// What toolchains import of WASI 0.2, as far as the tests call it.
const WASI: [&str; 5] = [
    "package wasi:io@0.2.0;
     interface poll {
         resource pollable { ready: func() -> bool; block: func(); }
         poll: func(in: list<borrow<pollable>>) -> list<u32>;
     }
     interface error { resource error; }
     interface streams {
         use error.{error};
         resource output-stream;
     }",
    "package wasi:clocks@0.2.0;
     interface monotonic-clock {
         use wasi:io/poll@0.2.0.{pollable};
         type instant = u64;
         now: func() -> instant;
         subscribe-duration: func(when: u64) -> pollable;
     }
     interface wall-clock { record datetime { seconds: u64, nanoseconds: u32 } now: func() -> datetime; }",
    "package wasi:random@0.2.0;
     interface random { get-random-bytes: func(len: u64) -> list<u8>; get-random-u64: func() -> u64; }
     interface insecure-seed { insecure-seed: func() -> tuple<u64, u64>; }",
    "package wasi:cli@0.2.0;
     interface environment { get-arguments: func() -> list<string>; }
     interface stdout { use wasi:io/streams@0.2.0.{output-stream}; get-stdout: func() -> output-stream; }",
    "package wasi:sockets@0.2.0;
     interface network {
         resource network;
         enum error-code { unknown, access-denied, not-supported, invalid-argument, out-of-memory, timeout,
             concurrency-conflict, not-in-progress, would-block, invalid-state, new-socket-limit,
             address-not-bindable, address-in-use, remote-unreachable, connection-refused, connection-reset,
             connection-aborted, datagram-too-large, name-unresolvable, temporary-resolver-failure,
             permanent-resolver-failure }
         enum ip-address-family { ipv4, ipv6 }
     }
     interface tcp { resource tcp-socket; }
     interface tcp-create-socket {
         use network.{error-code, ip-address-family};
         use tcp.{tcp-socket};
         create-tcp-socket: func(address-family: ip-address-family) -> result<tcp-socket, error-code>;
     }",
];

/// A component of the contract's world made of a module, which imports these interfaces of WASI besides.
pub fn component(module: &str, imports: &[&str]) -> Vec<u8> {
    let imports: String = imports
        .iter()
        .map(|name| format!("import {name}@0.2.0;"))
        .collect();
    let world = format!(
        "package test:other-toolchain; world guest {{ {imports} include lapak:app/mini-app@0.1.0; }}"
    );
    let mut resolve = wit_parser::Resolve::default();
    let contract = Path::new(env!("CARGO_MANIFEST_DIR")).join("../abi/wit");
    resolve.push_dir(contract).expect("the contract");
    for package in WASI {
        resolve.push_str("wasi.wit", package).expect("a package");
    }
    let package = resolve.push_str("world.wit", &world).expect("a package");
    let world = resolve.select_world(&[package], Some("guest"));
    let mut module = wat::parse_str(module).expect("a module");
    let world = world.expect("the world");
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).expect("embedded");
    let encoder = ComponentEncoder::default().validate(true);
    let mut encoder = encoder.module(&module).expect("a module");
    encoder.encode().expect("a component")
}

/// A module that does `body` at every event and shows nothing. `imports` are the module's own.
pub fn at_every_event(imports: &str, body: &str) -> String {
    format!(
        r#"(module
    {imports}
    (memory (export "memory") 2)
    (global $free (mut i32) (i32.const 65536))
    (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
        (global.set $free (i32.and (i32.add (global.get $free) (i32.const 15)) (i32.const -16)))
        (global.get $free)
        (global.set $free (i32.add (global.get $free) (local.get 3))))
    (func (export "lapak:app/app@0.1.0#handle") (param i32) (result i32)
        {body}
        (i32.store8 (i32.const 64) (i32.const 0))
        ;; What came with the event is not needed any more.
        (global.set $free (i32.const 65536))
        (i32.const 64)))"#
    )
}
