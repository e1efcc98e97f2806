//! The golden matrix: every function of every capability, with and without its grant.

mod support;

use std::collections::BTreeMap;
use std::sync::Arc;

use lapak_abi::package::Package;
use lapak_host::audit::memory::MemoryAudit;
use lapak_host::capability::Providers;
use lapak_host::grants::Bounds;
use lapak_host::grants::consent::memory::MemoryConsents;
use lapak_host::grants::consent::{Consent, ConsentStore as _, KeptConsent};
use lapak_host::sheet::{Sheet, SheetAsk};
use lapak_host::{Capability, Runtime, RuntimeConfig, Session};
use support::{hostile, launch, tap, text, with_manifest};

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
    session_of(hostile(), config).await
}

async fn session_of(package: Package, mut config: RuntimeConfig) -> (Runtime, Session) {
    // Every function there is, several times: more than an app begins at a time.
    config.limits.requests_in_flight = 10_000;
    let runtime = Runtime::new(config).expect("a runtime");
    let app = runtime.load(package).await.expect("loaded");
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
        let of_a_request = ["take", "stop", "cancel"]
            .iter()
            .any(|word| function.starts_with(word));
        let allowed = outcome == "ok"
            || (of_a_request && outcome.contains("unknown-request"))
            || (function.starts_with("request-") && outcome.contains("order-malformed"))
            // Nobody has this device's id.
            || (name.starts_with("bluetooth.") && outcome.contains("invalid"));
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

/// Which functions were refused for want of a grant.
async fn denied(session: &Session) -> Vec<String> {
    tap(session, "tap").await;
    let outcomes = outcomes(session).into_iter();
    let denied = outcomes.filter(|(_, outcome)| outcome.contains("access-denied"));
    denied.map(|(name, _)| name).collect()
}

fn functions_of(capabilities: &[Capability]) -> Vec<String> {
    let mut all = functions();
    all.retain(|function| {
        let room = function.split('.').next();
        capabilities.iter().any(|one| Some(one.name()) == room)
    });
    all
}

/// Every capability that needs a permission, and its permission.
fn permissions() -> impl Iterator<Item = (Capability, &'static str)> {
    let all = Capability::ALL.into_iter();
    all.filter_map(|one| Some((one, one.terms().permission()?)))
}

#[tokio::test]
async fn a_host_that_names_nothing_lends_nothing() {
    let consents = Arc::new(MemoryConsents::agreeing());
    let config = RuntimeConfig::new(
        Providers::simulated(),
        consents,
        Arc::new(MemoryAudit::default()),
    );
    let (_runtime, session) = session_of(hostile(), config).await;
    assert_eq!(denied(&session).await, functions());
    assert!(session.sheets().is_empty());
}

#[tokio::test]
async fn what_the_manifest_does_not_ask_for_is_refused_whoever_grants_it() {
    for (capability, permission) in permissions() {
        let package = with_manifest(&hostile(), |manifest| {
            manifest.replace(permission, "system.permission.NOTHING")
        });
        let (_runtime, session) = session_of(package, RuntimeConfig::simulated()).await;
        session.grants().grant(capability);
        session.grants().agree(capability);
        let expected = functions_of(&[capability]);
        assert_eq!(denied(&session).await, expected);
        // Whether to open an app is asked each time, by who may.
        let asks = |sheet: &Sheet| {
            matches!(sheet.ask, SheetAsk::OpenApp(_)) && capability != Capability::OpenApp
        };
        assert!(session.sheets().iter().all(|sheet| asks(sheet)));
    }
}

#[tokio::test]
async fn what_the_person_refused_is_refused() {
    for capability in Capability::ALL {
        if !capability.needs_consent() {
            continue;
        }
        let consents = MemoryConsents::agreeing();
        let refused = KeptConsent {
            app_id: "test.lapak.hostile".into(),
            capability,
            subject: String::new(),
            answer: Consent::No,
            at_ms: 0,
        };
        consents.keep("tester", &refused).expect("kept");
        let config = RuntimeConfig {
            consents: Arc::new(consents),
            ..RuntimeConfig::simulated()
        };
        let (_runtime, session) = session_of(hostile(), config).await;
        assert_eq!(denied(&session).await, functions_of(&[capability]));
    }
}

#[tokio::test]
async fn what_lies_out_of_bounds_is_refused() {
    let config = RuntimeConfig {
        bounds: Bounds::default(),
        ..RuntimeConfig::simulated()
    };
    let (_runtime, session) = session_of(hostile(), config).await;
    // The guest's orders are none, and so have no bounds to be within.
    let expected = ["payments.pay-bill", "payments.transfer"];
    assert_eq!(denied(&session).await, expected);
}
