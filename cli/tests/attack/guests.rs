//! Apps that do harm, each in its own way. None of them uses the SDK.

use super::component::Guest;

/// Goes to another page at every event, by an address as long as it may be, so that its events never end.
pub(super) fn relaunching() -> Vec<u8> {
    let guest = Guest {
        imports: r#"(import "lapak:app/navigation@0.1.0" "relaunch" (func $relaunch (param i32 i32 i32)))"#,
        body: r#"
            (memory.fill (i32.const 1024) (i32.const 97) (i32.const 8192))
            (i64.store (i32.const 1024) (i64.const 0x6e692f7365676170)) ;; pages/in
            (i32.store (i32.const 1032) (i32.const 0x3f786564)) ;; dex?
            (loop $on
                (call $relaunch (i32.const 1024) (i32.const 8000) (i32.const 32))
                (br_if $on (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 1000))))"#,
        ..Guest::default()
    };
    guest.package("relaunching")
}

/// Never returns from its first event.
pub(super) fn spinning() -> Vec<u8> {
    let guest = Guest {
        body: "(loop $on (br $on))",
        ..Guest::default()
    };
    guest.package("spinning")
}

/// Waits for an hour in a host call.
pub(super) fn waiting() -> Vec<u8> {
    let guest = Guest {
        imports: r#"
            (import "wasi:clocks/monotonic-clock@0.2.0" "subscribe-duration" (func $subscribe (param i64) (result i32)))
            (import "wasi:io/poll@0.2.0" "[method]pollable.block" (func $block (param i32)))"#,
        body: "(call $block (call $subscribe (i64.const 3600000000000)))",
        ..Guest::default()
    };
    guest.package("waiting")
}

/// Fills all the memory that it may have, and keeps a value where no snapshot finds it.
pub(super) fn hoarding() -> Vec<u8> {
    let guest = Guest {
        globals: "(global $kept (mut i32) (i32.const 0))",
        body: r#"
            (global.set $kept (i32.add (global.get $kept) (i32.const 1)))
            ;; Once: whoever asks for more than there may be is ended, and holds nothing.
            (if (i32.lt_u (memory.size) (i32.const 900)) (then (drop (memory.grow (i32.const 960)))))
            (memory.fill (i32.const 262144) (global.get $kept) (i32.sub (i32.mul (memory.size) (i32.const 65536)) (i32.const 262144)))"#,
        ..Guest::default()
    };
    guest.package("hoarding")
}

/// Writes the largest values that it may, under ever other keys, for as long as there is an answer to wait for.
pub(super) fn writing() -> Vec<u8> {
    let guest = Guest {
        imports: r#"
            (import "lapak:app/storage@0.1.0" "set" (func $set (param i32 i32 i32 i32 i32)))"#,
        body: r#"
            (local $size i32)
            (drop (memory.grow (i32.const 20)))
            (local.set $size (i32.const 1000000))
            (loop $on
                (i32.store8 (i32.const 1024) (i32.add (i32.const 97) (i32.rem_u (local.get $i) (i32.const 8))))
                (call $set (i32.const 1024) (i32.const 1) (i32.const 262144) (local.get $size) (i32.const 32))
                (br_if $on (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 32))))"#,
        ..Guest::default()
    };
    guest.package("writing")
}

/// Asks for what its manifest does not list, as often as an event's time lasts.
pub(super) fn asking() -> Vec<u8> {
    let guest = Guest {
        imports: r#"(import "lapak:app/location@0.1.0" "once" (func $once (param i32 i32)))"#,
        body: r#"
            (loop $on
                (call $once (i32.const 0) (i32.const 32))
                (br_if $on (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 400000))))"#,
        ..Guest::default()
    };
    guest.package("asking")
}
