//! The golden matrix: every function of every capability, with and without its grant.

mod support;

use std::collections::BTreeMap;

use lapak_host::{Capability, Runtime, RuntimeConfig, Session};
use support::{hostile, launch, tap, text};

/// What `name=outcome` lines the guest showed.
fn outcomes(session: &Session) -> BTreeMap<String, String> {
    let shown = text(session, "text");
    let pairs = shown.lines().filter_map(|line| line.split_once('='));
    pairs
        .map(|(name, outcome)| (name.to_owned(), outcome.to_owned()))
        .collect()
}

/// The functions of the capabilities, as the WIT has them.
fn functions() -> Vec<String> {
    let mut resolve = wit_parser::Resolve::default();
    let wit = concat!(env!("CARGO_MANIFEST_DIR"), "/../abi/wit");
    let (package, _) = resolve.push_dir(wit).expect("the WIT parses");
    let mut names = Vec::new();
    for (name, interface) in &resolve.packages[package].interfaces {
        if Capability::ALL
            .iter()
            .any(|capability| capability.name() == name)
        {
            let functions = resolve.interfaces[*interface].functions.keys();
            names.extend(functions.map(|function| format!("{name}.{function}")));
        }
    }
    names.sort();
    names
}

async fn session_with(grants: &[Capability]) -> (Runtime, Session) {
    let config = RuntimeConfig {
        grants: grants.to_vec(),
        ..RuntimeConfig::simulated()
    };
    let runtime = Runtime::new(config).expect("a runtime");
    let app = runtime.load(hostile()).await.expect("loaded");
    let session = launch(&runtime, &app, "call-everything", "interaction");
    session.settled().await;
    (runtime, session)
}

#[tokio::test]
async fn the_guest_calls_every_function_there_is() {
    let (_runtime, session) = session_with(&Capability::ALL).await;
    tap(&session, "tap").await;
    let called: Vec<String> = outcomes(&session)
        .into_keys()
        .filter(|name| name.contains('.'))
        .collect();
    assert_eq!(
        called,
        functions(),
        "a function of the WIT is not in the hostile guest's list"
    );
}

#[tokio::test]
async fn granted_is_allowed() {
    let (_runtime, session) = session_with(&Capability::ALL).await;
    tap(&session, "tap").await;
    for (name, outcome) in outcomes(&session) {
        // A request that was never made, and an order that is none, are refused for that, not for want of a grant.
        let function = name.split('.').next_back().unwrap_or_default();
        let allowed = outcome == "ok"
            || (function.starts_with("take") && outcome.contains("unknown-request"))
            || (function.starts_with("request-") && outcome.contains("order-malformed"));
        assert!(allowed || !name.contains('.'), "{name}: {outcome}");
    }
}

#[tokio::test]
async fn without_a_grant_every_function_is_refused() {
    for refused in Capability::ALL {
        let others: Vec<_> = Capability::ALL
            .into_iter()
            .filter(|one| *one != refused)
            .collect();
        let (_runtime, session) = session_with(&others).await;
        tap(&session, "tap").await;
        let outcomes = outcomes(&session);
        for function in functions() {
            let outcome = &outcomes[&function];
            let of_refused = function.starts_with(&format!("{}.", refused.name()));
            assert_eq!(
                outcome.contains("access-denied"),
                of_refused,
                "{function}: {outcome}"
            );
        }
    }
}

#[tokio::test]
async fn withdrawn_is_refused_on_the_next_call_and_granted_again_is_allowed() {
    let (_runtime, session) = session_with(&Capability::ALL).await;
    for capability in Capability::ALL {
        session.grants().withdraw(capability);
        tap(&session, "tap").await;
        for (function, outcome) in outcomes(&session) {
            if function.starts_with(&format!("{}.", capability.name())) {
                assert!(outcome.contains("access-denied"), "{function}: {outcome}");
            }
        }
        session.grants().grant(capability);
    }
    tap(&session, "tap").await;
    assert!(!text(&session, "text").contains("access-denied"));
}
