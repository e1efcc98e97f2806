//! Packages that cannot be run here, each refused with a sentence that says why.

mod support;

use lapak_abi::package::Package;
use lapak_host::{LoadError, Runtime, RuntimeConfig};
use support::{counter, nested_types};

fn with_wasm(wasm: &[u8]) -> Package {
    support::with_wasm(&counter(), wasm)
}

async fn refusal(wasm: &[u8]) -> String {
    let runtime = Runtime::new(RuntimeConfig::simulated()).expect("a runtime");
    let error: LoadError = runtime
        .load(with_wasm(wasm))
        .await
        .expect_err("it must be refused");
    error.to_string()
}

fn component(text: &str) -> Vec<u8> {
    wat::parse_str(text).expect("a component")
}

#[tokio::test]
async fn what_is_not_webassembly() {
    assert!(refusal(b"#!/bin/sh").await.contains("not WebAssembly"));
    assert!(refusal(b"").await.contains("not WebAssembly"));
}

#[tokio::test]
async fn a_core_module() {
    assert!(
        refusal(&component("(module)"))
            .await
            .contains("core module, not a component")
    );
}

#[tokio::test]
async fn a_damaged_component() {
    let good = counter().component().to_vec();
    for at in [8, good.len() / 4, good.len() / 2, good.len() - 1] {
        let cut = &good[..at];
        assert!(!refusal(cut).await.is_empty());
    }
}

#[tokio::test]
async fn an_import_that_nobody_offers() {
    let told = refusal(&component(
        "(component (import \"evil:kit/keylogger@1.0.0\" (instance)))",
    ))
    .await;
    assert!(told.contains("evil:kit/keylogger@1.0.0"), "{told}");
    assert!(told.contains("lapak_vendors"), "{told}");
    let told = refusal(&component(
        "(component (import \"lapak:app/teleport@0.1.0\" (instance)))",
    ))
    .await;
    assert!(told.contains("lapak:app/teleport@0.1.0"), "{told}");
}

#[tokio::test]
async fn another_version_of_the_contract() {
    let told = refusal(&component(
        "(component (import \"lapak:app/console@9.0.0\" (instance)))",
    ))
    .await;
    assert!(
        told.contains("made for lapak:app@9.0.0") && told.contains("Update the host"),
        "{told}"
    );
    let told = refusal(&component(
        "(component (import \"lapak:app/console@0.0.1\" (instance)))",
    ))
    .await;
    assert!(
        told.contains("made for lapak:app@0.0.1") && told.contains("Build the app again"),
        "{told}"
    );
}

#[tokio::test]
async fn nothing_to_call() {
    assert!(
        refusal(&component("(component)"))
            .await
            .contains("does not export")
    );
    let wrong = "(component (instance $app) (export \"lapak:app/app@0.1.0\" (instance $app)))";
    assert!(!refusal(&component(wrong)).await.is_empty());
}

#[tokio::test]
async fn two_apps_load_beside_a_refused_one() {
    let runtime = Runtime::new(RuntimeConfig::simulated()).expect("a runtime");
    assert!(runtime.load(with_wasm(b"nonsense")).await.is_err());
    assert!(runtime.load(counter()).await.is_ok());
}

#[tokio::test]
async fn types_that_nest_too_deep_for_the_compilers_stack() {
    let told = refusal(&nested_types(1_000_000)).await;
    assert!(told.contains("nest more than 32 deep"), "{told}");
    let told = refusal(&nested_types(3)).await;
    assert!(told.contains("does not export"), "{told}");
}

#[tokio::test]
async fn more_parts_than_the_compiler_should_be_asked_to_take() {
    for part in ["(component)", "(core module)"] {
        let parts = |count| component(&format!("(component {})", part.repeat(count)));
        let told = refusal(&parts(129)).await;
        assert!(
            told.contains("more than 128 modules and components"),
            "{told}"
        );
        assert!(refusal(&parts(128)).await.contains("does not export"));
    }
}
