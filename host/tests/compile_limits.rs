//! Components that would cost the compiler far more than their bytes: each is refused before it sees them.

mod support;

use lapak_host::{Runtime, RuntimeConfig};
use support::{counter, with_wasm};

/// A component that keeps the contract's names and holds this core module.
fn component(module: &str) -> Vec<u8> {
    component_with("", module)
}

/// The same, which begins with these types.
fn component_with(types: &str, module: &str) -> Vec<u8> {
    let exports = "(instance $app) (export \"lapak:app/app@0.1.0\" (instance $app))";
    wat::parse_str(format!(
        "(component {types} (core module {module}) {exports})"
    ))
    .expect("a component")
}

async fn refusal(module: &str) -> String {
    refusal_of(&component(module)).await
}

async fn refusal_of(component: &[u8]) -> String {
    let runtime = Runtime::new(RuntimeConfig::simulated()).expect("a runtime");
    let package = with_wasm(&counter(), component);
    let error = runtime.load(package).await.expect_err("it has no `handle`");
    error.to_string()
}

#[tokio::test]
async fn what_is_too_much_for_the_compiler_is_refused_by_name() {
    let results = "i32 ".repeat(900);
    let many = |text: &str, count: usize| text.repeat(count);
    for (module, what) in [
        (
            format!("(func {})", many("nop ", 600_000)),
            "too many bytes",
        ),
        (format!("(func {})", many("nop ", 450_000)), "too much work"),
        (
            format!("(func (local {}))", many("i32 ", 10_001)),
            "too many locals",
        ),
        (
            format!("(func {})", many("block end ", 40_001)),
            "branches too often",
        ),
        (
            format!(
                "(func (param i32) block local.get 0 br_table {} end)",
                many("0 ", 40_001)
            ),
            "branches too often",
        ),
        (
            format!(
                "(func (local {}) {})",
                many("i32 ", 9_000),
                many("block end ", 2_000)
            ),
            "too many locals for its branches",
        ),
        (
            format!(
                "(import \"a\" \"f\" (func (result {results}))) (func {} unreachable)",
                many("call 0 ", 500)
            ),
            "too much work",
        ),
        (many("(func)", 60_001), "too many functions"),
        (
            many(&format!("(func {})", many("nop ", 390_000)), 31),
            "too long together",
        ),
    ] {
        let told = refusal(&module).await;
        assert!(
            told.contains("too much for the compiler") && told.contains(what),
            "{what}: {told}"
        );
    }
}

#[tokio::test]
async fn what_is_large_but_not_too_large_is_compiled() {
    for module in [
        format!("(func {})", "nop ".repeat(100_000)),
        format!("(func (local {}))", "i32 ".repeat(1_000)),
        "(func)".repeat(5_000),
    ] {
        // It comes to the linker, which misses the app's functions.
        let told = refusal(&module).await;
        assert!(!told.contains("too much"), "{told}");
    }
}

#[tokio::test]
async fn what_tables_and_types_hold_is_counted() {
    let items = "0 ".repeat(100_000);
    let segments = format!("(elem (i32.const 0) func {items})").repeat(6);
    let refused = refusal(&format!("(table 1 funcref) (func) {segments}")).await;
    assert!(
        refused.contains("too many functions into tables"),
        "{refused}"
    );

    let fields: String = (0..600)
        .map(|nth| format!("(field \"a{nth}\" u8)"))
        .collect();
    let types = format!("(type (record {fields}))").repeat(90);
    let refused = refusal_of(&component_with(&types, "")).await;
    assert!(refused.contains("types have too many parts"), "{refused}");
}
