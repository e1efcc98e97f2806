//! What `wasmtime` generates from the WIT package `lapak:app`.
//!
//! The generated records are used as they are, all through the host: a view is never copied into a
//! second set of types on its way from the guest to the shell.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::all,
    reason = "generated code; the WIT files carry the documentation"
)]

wasmtime::component::bindgen!({
    path: "../abi/wit",
    world: "mini-app",
    // A failing source of randomness ends the app: see the room of `random`.
    imports: { "lapak:app/random.bytes": trappable },
    exports: { default: async },
    additional_derives: [Clone, PartialEq, serde::Serialize, serde::Deserialize],
});
