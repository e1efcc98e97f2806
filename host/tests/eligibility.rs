//! Which apps can be frozen: real ones can, and each way to keep state outside memory is found.

mod support;

use std::borrow::Cow;

use lapak_abi::package::Package;
use lapak_host::snapshot::eligibility::{Layout, MAX_REASONS, Reason, Verdict, prepare};
use lapak_host::{Runtime, RuntimeConfig};
use proptest::prelude::*;
use support::{counter, hostile, launch, nested_types, still_works, tap, text, with_wasm};
use wasmparser::Validator;
use wasmtime::component::{Component, Linker};
use wasmtime::{Engine, Store};

fn component(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// A component of one core module, whose `handle` is lifted.
fn app(core: &str) -> Vec<u8> {
    component(&format!(
        r#"(component
          (core module $m {core})
          (core instance $i (instantiate $m))
          (func (export "handle") (result s32) (canon lift (core func $i "handle"))))"#
    ))
}

const MEMORY: &str = r#"(memory (export "memory") 2 5)"#;
const POINTER: &str = "(global $__stack_pointer (mut i32) (i32.const 65536))";
const HANDLE: &str = r#"(func (export "handle") (result i32) i32.const 7)"#;

fn verdict(wasm: &[u8]) -> Verdict {
    prepare(wasm).verdict
}

fn reasons(wasm: &[u8]) -> Vec<Reason> {
    let prepared = prepare(wasm);
    assert_eq!(prepared.wasm, wasm, "what is kept resident is not changed");
    match prepared.verdict {
        Verdict::Resident(reasons) => reasons,
        Verdict::Eligible(layout) => panic!("eligible: {layout:?}"),
    }
}

#[track_caller]
fn only_reason(wasm: &[u8]) -> Reason {
    let mut reasons = reasons(wasm);
    assert_eq!(reasons.len(), 1, "{reasons:?}");
    reasons.remove(0)
}

/// The app with its stack pointer put back, checked.
#[track_caller]
fn prepared(package: &Package) -> Package {
    let wasm = package.component();
    let prepared = prepare(wasm);
    assert_eq!(
        prepared.verdict,
        Verdict::Eligible(Layout {
            memory_min_pages: 2,
            memory_max_pages: None,
            stack_top: Some(64 * 1024),
            scratch_bytes: 64 * 1024,
        })
    );
    assert!(matches!(prepared.wasm, Cow::Owned(_)));
    Validator::new()
        .validate_all(&prepared.wasm)
        .expect("it is valid");
    assert_eq!(prepared, prepare(wasm), "the same bytes give the same");
    with_wasm(package, &prepared.wasm)
}

#[tokio::test]
async fn the_counter_can_be_frozen_and_goes_on_working() {
    let runtime = Runtime::new(RuntimeConfig::simulated()).expect("a runtime");
    let app = runtime.load(prepared(&counter())).await.expect("load");
    let session = runtime
        .launch(&app, lapak_host::Launch::new("tester"))
        .expect("launch");
    session.settled().await;
    for _ in 0..3 {
        tap(&session, "Add one").await;
    }
    let screen = session.screen();
    assert!(screen.ended.is_none());
    assert!(screen.tree.to_text().contains("\"3\""));
}

#[tokio::test]
async fn the_warung_can_be_frozen_and_goes_on_working() {
    let runtime = Runtime::new(RuntimeConfig::simulated()).expect("a runtime");
    let warung = prepared(&support::built("examples/warung"));
    let app = runtime.load(warung).await.expect("load");
    let session = runtime
        .launch(&app, lapak_host::Launch::new("tester"))
        .expect("launch");
    session.settled().await;
    tap(&session, "Add Nasi goreng").await;
    let screen = session.screen();
    assert!(screen.ended.is_none());
    assert!(screen.tree.to_text().contains("Nasi goreng"));
}

#[tokio::test]
async fn backtraces_keep_their_names() {
    let runtime = Runtime::new(RuntimeConfig::simulated()).expect("a runtime");
    let app = runtime.load(prepared(&hostile())).await.expect("load");
    let tame = launch(&runtime, &app, "nothing", "never");
    tame.settled().await;
    let wild = launch(&runtime, &app, "trap", "page-loaded");
    let report = wild.ended().await;
    let named = |part: &str| report.stack.iter().any(|frame| frame.contains(part));
    assert!(named("hostile_guest"), "{report}");
    assert!(named("stack_reset"), "{report}");
    still_works(&tame).await;
    assert_eq!(text(&tame, "taps"), "1");
}

#[test]
fn without_a_stack_pointer_there_is_nothing_to_change() {
    let wasm = app(&format!("{MEMORY} {HANDLE}"));
    let prepared = prepare(&wasm);
    assert_eq!(
        prepared.verdict,
        Verdict::Eligible(Layout {
            memory_min_pages: 2,
            memory_max_pages: Some(5),
            stack_top: None,
            scratch_bytes: 0,
        })
    );
    assert!(matches!(prepared.wasm, Cow::Borrowed(_)));
}

/// What `handle` answers at each of two calls in one instance.
fn two_calls(wasm: &[u8]) -> [i32; 2] {
    let engine = Engine::default();
    let component = Component::new(&engine, wasm).expect("it compiles");
    let mut store = Store::new(&engine, ());
    let instance = Linker::new(&engine)
        .instantiate(&mut store, &component)
        .expect("it starts");
    let handle = instance
        .get_typed_func::<(), (i32,)>(&mut store, "handle")
        .expect("handle");
    [(); 2].map(|()| handle.call(&mut store, ()).expect("it answers").0)
}

/// Gives the stack pointer, which it then moves.
const MOVES: &str = r#"(func (export "handle") (result i32)
  global.get $__stack_pointer
  (global.set $__stack_pointer (i32.const 4321)))"#;

#[test]
fn a_stack_pointer_left_elsewhere_is_put_back_after_every_call() {
    let wasm = app(&format!("{MEMORY} {POINTER} {MOVES}"));
    assert_eq!(two_calls(&wasm), [65536, 4321]);
    assert_eq!(two_calls(&prepare(&wasm).wasm), [65536, 65536]);
}

#[test]
fn so_it_is_where_names_were_stripped() {
    let moves = MOVES.replace("$__stack_pointer", "0");
    let wasm = app(&format!(
        "{MEMORY} (global (mut i32) (i32.const 48)) {moves}"
    ));
    assert_eq!(two_calls(&wasm), [48, 4321]);
    assert_eq!(two_calls(&prepare(&wasm).wasm), [48, 48]);
}

#[test]
fn so_it_is_after_what_cleans_up() {
    let wasm = component(&format!(
        r#"(component
          (core module $m {MEMORY} {POINTER}
            (func (export "handle") (result i32) global.get $__stack_pointer)
            (func (export "clean-up") (param i32) (global.set $__stack_pointer (local.get 0))))
          (core instance $i (instantiate $m))
          (func (export "handle") (result s32)
            (canon lift (core func $i "handle") (post-return (core func $i "clean-up")))))"#
    ));
    assert!(matches!(verdict(&wasm), Verdict::Eligible(_)));
    assert_eq!(two_calls(&prepare(&wasm).wasm), [65536, 65536]);
}

#[test]
fn so_it_is_after_the_start_function() {
    let core = format!(
        "{MEMORY} {POINTER} {MOVES} (func $start (global.set $__stack_pointer (i32.const 16))) (start $start)"
    );
    let wasm = app(&core);
    assert_eq!(two_calls(&wasm), [16, 4321]);
    assert_eq!(two_calls(&prepare(&wasm).wasm), [65536, 65536]);
}

/// Started as tools start `_initialize`: by a module that has nothing else.
fn initialized(starter: &str) -> Vec<u8> {
    component(&format!(
        r#"(component
          (core module $m {MEMORY} {POINTER} {MOVES}
            (func (export "_initialize") (global.set $__stack_pointer (i32.const 16))))
          (core instance $i (instantiate $m))
          (core module $starter (import "" "_initialize" (func $init)) {starter})
          (core instance $renamed (export "_initialize" (func $i "_initialize")))
          (core instance (instantiate $starter (with "" (instance $renamed))))
          (func (export "handle") (result s32) (canon lift (core func $i "handle"))))"#
    ))
}

#[test]
fn so_it_is_after_being_initialized_by_another_module() {
    let wasm = initialized("(start $init)");
    assert_eq!(two_calls(&wasm), [16, 4321]);
    assert_eq!(two_calls(&prepare(&wasm).wasm), [65536, 65536]);
    let wasm = initialized("(func $more call $init) (start $more)");
    assert_eq!(only_reason(&wasm), Reason::Start);
}

#[test]
fn start_functions_that_may_do_one_thing_now_and_another_later() {
    let started = |imports: &str, body: &str| {
        component(&format!(
            r#"(component
              (import "a:b/c" (instance $c (export "now" (func (result u32)))))
              (core func $now (canon lower (func $c "now")))
              (core instance $host (export "now" (func $now)))
              (core module $m {imports} {MEMORY} (table 1 funcref) (elem (i32.const 0) func $deep) {HANDLE}
                (func $deep (param i32) (i32.store (i32.const 0) (local.get 0)))
                (func $start {body}) (start $start))
              (core instance $i (instantiate $m (with "host" (instance $host))))
              (func (export "handle") (result s32) (canon lift (core func $i "handle"))))"#
        ))
    };
    let now = r#"(import "host" "now" (func $now (result i32)))"#;
    let wasm = started(now, "(call $deep (i32.const 1))");
    assert!(matches!(verdict(&wasm), Verdict::Eligible(_)));
    for (imports, body) in [
        (now, "(call $deep (call $now))"),
        (
            "",
            "(call_indirect (param i32) (i32.const 1) (i32.const 0))",
        ),
    ] {
        assert_eq!(
            only_reason(&started(imports, body)),
            Reason::Start,
            "{body}"
        );
    }
}

#[test]
fn other_exports_of_the_same_function_are_left_alone() {
    // Called in the middle of `handle`, it must not move the stack pointer away from under it.
    let wasm = component(&format!(
        r#"(component
          (core module $m {MEMORY} {POINTER}
            (func $inner (export "inner") (export "also-lifted") (result i32)
              (global.set $__stack_pointer (i32.const 32)) i32.const 0)
            (func (export "handle") (result i32) call $inner drop global.get $__stack_pointer))
          (core instance $i (instantiate $m))
          (func (export "handle") (result s32) (canon lift (core func $i "handle")))
          (func (export "also") (result s32) (canon lift (core func $i "also-lifted"))))"#
    ));
    assert_eq!(two_calls(&prepare(&wasm).wasm), [32, 32]);
}

#[test]
fn mutable_globals_are_named() {
    let counts = "(global $counter (mut i32) (i32.const 64))";
    let wasm = app(&format!("{MEMORY} {POINTER} {counts} {HANDLE}"));
    let reason = only_reason(&wasm);
    assert_eq!(reason, Reason::MutableGlobal("counter".into()));
    assert_eq!(
        reason.to_string(),
        "keeps a mutable global `counter` besides the stack pointer: its value would be lost"
    );
    // Neither is one that has the stack pointer's place but not its name, nor one that could not be it.
    for alone in [
        counts,
        "(global $__stack_pointer (mut i64) (i64.const 64))",
        "(global $__stack_pointer (mut i32) (i32.const 0))",
        "(global $__stack_pointer (mut i32) (i32.const 65535))",
        "(global $one i32 (i32.const 16)) (global (mut i32) (global.get $one))",
    ] {
        let wasm = app(&format!("{MEMORY} {alone} {HANDLE}"));
        let reason = only_reason(&wasm);
        assert!(
            matches!(reason, Reason::MutableGlobal(_)),
            "{alone}: {reason}"
        );
    }
}

#[test]
fn a_stack_pointer_that_others_can_move() {
    let exported = r#"(global $__stack_pointer (export "sp") (mut i32) (i32.const 64))"#;
    let wasm = app(&format!("{MEMORY} {exported} {HANDLE}"));
    assert_eq!(
        only_reason(&wasm),
        Reason::ExportedStackPointer("__stack_pointer".into())
    );
}

#[test]
fn instances_are_counted_not_modules() {
    let wasm = component(&format!(
        r#"(component
          (core module $m {MEMORY} {POINTER} {HANDLE})
          (core instance $i (instantiate $m))
          (core instance (instantiate $m))
          (func (export "handle") (result s32) (canon lift (core func $i "handle"))))"#
    ));
    assert_eq!(
        reasons(&wasm),
        [
            Reason::ManyMemories(2),
            Reason::MutableGlobal("__stack_pointer".into())
        ]
    );
    // A module that nobody instantiates keeps nothing.
    let wasm = component(&format!(
        r#"(component
          (core module $m {MEMORY} {POINTER} {HANDLE})
          (core module (memory 1) (global (mut i64) (i64.const 0)))
          (core instance $i (instantiate $m))
          (func (export "handle") (result s32) (canon lift (core func $i "handle"))))"#
    ));
    assert!(matches!(verdict(&wasm), Verdict::Eligible(_)));
}

#[test]
fn memories_that_cannot_be_saved() {
    assert_eq!(only_reason(&app(HANDLE)), Reason::NoMemory);
    for (memory, reason) in [
        ("(memory 1) (memory 1)", Reason::ManyMemories(2)),
        ("(memory i64 1)", Reason::Memory64),
        ("(memory 1 2 shared)", Reason::SharedMemory),
        ("(memory 1 (pagesize 1))", Reason::PageSize),
    ] {
        let found = reasons(&app(&format!("{memory} {HANDLE}")));
        assert!(found.contains(&reason), "{memory}: {found:?}");
    }
}

#[test]
fn tables_and_segments_that_change() {
    for (instruction, body) in [
        ("table.set", "(table.set 0 (i32.const 0) (ref.null func))"),
        (
            "table.grow",
            "(drop (table.grow 0 (ref.null func) (i32.const 1)))",
        ),
        (
            "table.fill",
            "(table.fill 0 (i32.const 0) (ref.null func) (i32.const 1))",
        ),
        (
            "table.copy",
            "(table.copy 0 0 (i32.const 0) (i32.const 1) (i32.const 1))",
        ),
        (
            "table.init",
            "(table.init 0 0 (i32.const 0) (i32.const 0) (i32.const 0))",
        ),
        ("elem.drop", "(elem.drop 0)"),
        ("data.drop", "(data.drop 0)"),
        (
            "memory.init",
            "(memory.init 0 (i32.const 0) (i32.const 0) (i32.const 0))",
        ),
    ] {
        let wasm = app(&format!(
            "{MEMORY} (table 4 funcref) (elem func) (data \"abc\") {HANDLE} (func $culprit {body})"
        ));
        let function = "culprit".to_owned();
        let expected = if instruction.starts_with("table") {
            Reason::TableChanges {
                instruction,
                function,
            }
        } else {
            Reason::Segments {
                instruction,
                function,
            }
        };
        assert_eq!(only_reason(&wasm), expected);
    }
    let wasm = app(&format!(
        "{MEMORY} (table 4 funcref) (elem (i32.const 0) func 0) (data (i32.const 0) \"abc\") {HANDLE} \
         (func (memory.fill (i32.const 0) (i32.const 0) (i32.const 0)) (drop (table.get 0 (i32.const 1))))"
    ));
    assert!(
        matches!(verdict(&wasm), Verdict::Eligible(_)),
        "filled once"
    );
}

#[test]
fn references_and_proposals() {
    for (part, reason) in [
        ("(table 1 externref)", Reason::References("table")),
        (
            "(global externref (ref.null extern))",
            Reason::References("global"),
        ),
        ("(type (struct (field (mut i32))))", Reason::Proposal("gc")),
        ("(type (array i8))", Reason::Proposal("gc")),
        ("(tag)", Reason::Proposal("exceptions")),
        (
            "(func (drop (i32.atomic.rmw.add (i32.const 0) (i32.const 0))))",
            Reason::Proposal("threads"),
        ),
        (
            "(type $f (func)) (type $c (cont $f))",
            Reason::Proposal("stack_switching"),
        ),
    ] {
        let found = reasons(&app(&format!("{MEMORY} {part} {HANDLE}")));
        assert_eq!(found, [reason], "{part}");
    }
}

#[test]
fn what_is_not_covered_counts_as_state() {
    // An instruction of a type that is neither gc nor any other kind of state, but not examined either.
    let wide = "(func (param i64) (result i64 i64) (i64.mul_wide_u (local.get 0) (local.get 0)))";
    let reason = only_reason(&app(&format!("{MEMORY} {wide} {HANDLE}")));
    assert_eq!(reason, Reason::Proposal("wide_arithmetic"));
    // A type alone, without an instruction that would tell.
    let nullable = "(type $f (func)) (func (param (ref $f)))";
    let reason = only_reason(&app(&format!("{MEMORY} {nullable} {HANDLE}")));
    assert!(matches!(reason, Reason::Unsupported(_)), "{reason}");
}

/// The component of one tame module, with more parts.
fn with(parts: &str) -> Vec<u8> {
    component(&format!(
        r#"(component {parts}
          (core module $m {MEMORY} {POINTER} {HANDLE})
          (core instance $i (instantiate $m))
          (func (export "handle") (result s32) (canon lift (core func $i "handle"))))"#
    ))
}

#[test]
fn what_the_host_keeps_for_a_component() {
    for (parts, told) in [
        (
            r#"(import "wasi:random/random@0.2.0" (instance)) (import "wasi:io/error@0.2.0" (instance))"#,
            "imports WASI (wasi:io/error@0.2.0, wasi:random/random@0.2.0), whose state lies outside its memory",
        ),
        (
            r#"(import "a:b/c" (instance (export "basket" (type (sub resource)))))"#,
            "uses resources (basket)",
        ),
        (
            r#"(import "basket" (type (sub resource)))"#,
            "uses resources (basket)",
        ),
        ("(type (resource (rep i32)))", "uses resources (its own)"),
        (
            r#"(component (type (component (type (component (export "deep" (type (sub resource))))))))"#,
            "uses resources (deep)",
        ),
        (
            "(type (func async))",
            "asynchronous component functions (async func)",
        ),
        (
            "(type $s (stream u8)) (core func (canon stream.new $s))",
            "asynchronous component functions (streams)",
        ),
        (
            "(type $f (future)) (core func (canon future.new $f))",
            "asynchronous component functions (futures)",
        ),
        (
            "(core func (canon context.get i32 0))",
            "(task-local storage)",
        ),
        ("(core func (canon waitable-set.new))", "(waitable sets)"),
        ("(core func (canon error-context.drop))", "(error contexts)"),
        ("(core func (canon task.cancel))", "(tasks and threads)"),
        (
            r#"(import "kit" (core module))"#,
            "runs code that is not its own: it imports the core module `kit`",
        ),
        (
            r#"(import "kit" (component))"#,
            "runs code that is not its own: it imports the component `kit`",
        ),
        (
            "(component (core module))",
            "composed of several components",
        ),
        (
            "(component $c) (instance (instantiate $c)) (component (component (core module)))",
            "composed of several components",
        ),
    ] {
        let told_is = only_reason(&with(parts)).to_string();
        assert!(told_is.contains(told), "{parts}\n  is told as: {told_is}");
    }
    let harmless = r#"(component (type (list u8))) (import "a:b/c" (instance (export "d" (type (sub (eq 0))))))"#;
    let harmless = harmless
        .replace("(sub (eq 0))", "(eq 0)")
        .replace("(instance (export", "(instance (type string) (export");
    assert!(matches!(verdict(&with(&harmless)), Verdict::Eligible(_)));
}

#[test]
fn a_start_section_of_the_component() {
    let mut wasm = app(&format!("{MEMORY} {HANDLE}"));
    // Calls function 0 with no arguments and no results.
    wasm.extend([9, 3, 0, 0, 0]);
    assert_eq!(only_reason(&wasm), Reason::ComponentStart);
}

#[test]
fn entries_outside_the_module_with_the_stack_pointer() {
    let wasm = component(&format!(
        r#"(component
          (core module $m {MEMORY} {POINTER} {MOVES})
          (core instance $i (instantiate $m))
          (core module $between (import "" "handle" (func $f (result i32)))
            (func (export "between") (result i32) call $f))
          (core instance $b (instantiate $between (with "" (instance $i))))
          (func (export "handle") (result s32) (canon lift (core func $b "between"))))"#
    ));
    assert_eq!(only_reason(&wasm), Reason::EntryElsewhere("between".into()));
}

#[test]
fn asynchronous_lifts() {
    let wasm = component(&format!(
        r#"(component
          (core module $m {MEMORY} (func (export "handle")))
          (core instance $i (instantiate $m))
          (func (export "handle") async (canon lift (core func $i "handle") async)))"#
    ));
    assert!(reasons(&wasm).contains(&Reason::Async("async")));
}

#[test]
fn reasons_and_names_are_bounded() {
    let globals = "(global (mut i32) (i32.const 1))".repeat(MAX_REASONS + 50);
    assert_eq!(
        reasons(&app(&format!("{MEMORY} {globals} {HANDLE}"))).len(),
        MAX_REASONS
    );
    let long = format!("(global ${} (mut i32) (i32.const 1))", "x".repeat(5_000));
    let told = only_reason(&app(&format!("{MEMORY} {long} {HANDLE}"))).to_string();
    assert!(told.len() < 300, "{told}");
}

#[test]
fn deep_types_do_not_overflow_the_hosts_stack() {
    assert_eq!(only_reason(&nested_types(3)), Reason::NoMemory);
    let reason = only_reason(&nested_types(1_000_000));
    assert!(matches!(reason, Reason::Damaged(_)), "{reason}");
}

#[test]
fn more_parts_than_anybody_needs() {
    let many = "(component)".repeat(129);
    assert!(matches!(only_reason(&with(&many)), Reason::Damaged(_)));
    // With the module that it has anyway.
    let most = "(component)".repeat(127);
    assert!(matches!(verdict(&with(&most)), Verdict::Eligible(_)));
}

#[test]
fn what_is_no_component() {
    for wasm in [b"".as_slice(), b"#!/bin/sh", b"\0asm\x01\0\0\0"] {
        assert!(matches!(only_reason(wasm), Reason::Damaged(_)));
    }
}

/// Looks at bytes that may be anything: whatever is called eligible is valid, all else is left as it is.
fn look_at(wasm: &[u8]) {
    let prepared = prepare(wasm);
    match prepared.verdict {
        Verdict::Eligible(_) => {
            Validator::new()
                .validate_all(&prepared.wasm)
                .expect("valid");
        }
        Verdict::Resident(reasons) => {
            assert!(!reasons.is_empty() && reasons.len() <= MAX_REASONS);
            assert_eq!(prepared.wasm, wasm);
        }
    }
}

/// A component that has something of everything.
fn mixture() -> Vec<u8> {
    component(&format!(
        r#"(component
          (import "a:b/c" (instance $c (export "f" (func (param "x" string)))))
          (core module $m (import "e" "f" (func (param i32 i32)))
            {MEMORY} {POINTER} {MOVES} (table 2 funcref) (elem (i32.const 0) func 0)
            (func $start) (start $start) (func (export "clean-up") (param i32))
            (func (export "realloc") (param i32 i32 i32 i32) (result i32) i32.const 0)
            (data (i32.const 8) "abc"))
          (core module $shim (table (export "t") 1 funcref) (type $f (func (param i32 i32)))
            (func (export "f") (param i32 i32) (call_indirect (type $f) (local.get 0) (local.get 1) (i32.const 0))))
          (core module $fill (import "" "f" (func (param i32 i32))) (import "" "t" (table 1 funcref))
            (elem (i32.const 0) func 0))
          (core instance $s (instantiate $shim))
          (core instance $e (export "f" (func $s "f")))
          (core instance $i (instantiate $m (with "e" (instance $e))))
          (core func $lowered (canon lower (func $c "f") (memory (core memory $i "memory"))))
          (core instance $args (export "f" (func $lowered)) (export "t" (table $s "t")))
          (core instance (instantiate $fill (with "" (instance $args))))
          (func $handle (result s32)
            (canon lift (core func $i "handle") (post-return (core func $i "clean-up"))))
          (component $wrap (import "x" (func $x (result s32))) (export "handle" (func $x)))
          (instance $out (instantiate $wrap (with "x" (func $handle))))
          (export "app" (instance $out)))"#
    ))
}

#[test]
fn the_mixture_is_eligible() {
    assert!(matches!(verdict(&mixture()), Verdict::Eligible(_)));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn mutated_bytes_never_panic(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        static MIXTURE: std::sync::LazyLock<Vec<u8>> = std::sync::LazyLock::new(mixture);
        let mut wasm = MIXTURE.clone();
        for (at, byte) in changes {
            let at = at.index(wasm.len());
            wasm[at] = byte;
        }
        if let Some(cut) = cut {
            wasm.truncate(cut.index(wasm.len()));
        }
        look_at(&wasm);
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        look_at(&bytes);
        let header = b"\0asm\x0d\0\x01\0";
        look_at(&[header.as_slice(), &bytes].concat());
    }
}
