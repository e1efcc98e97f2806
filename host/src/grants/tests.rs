use super::*;

#[test]
fn withdrawn_is_refused_and_granted_again_is_allowed() {
    let grants = Grants::of(Capability::ALL);
    for capability in Capability::ALL {
        assert_eq!(grants.check(capability), Ok(()));
        grants.withdraw(capability);
        assert_eq!(grants.check(capability), Err(AccessDenied));
        grants.grant(capability);
        assert_eq!(grants.check(capability), Ok(()));
    }
    assert_eq!(usize::from(grants.generation()), 2 * Capability::ALL.len());
}

#[test]
fn a_change_touches_no_other_capability_even_when_the_generation_wraps() {
    let grants = Grants::of([Capability::Clock]);
    for _ in 0..70_000 {
        grants.grant(Capability::Random);
        grants.withdraw(Capability::Random);
    }
    assert_eq!(grants.check(Capability::Clock), Ok(()));
    assert_eq!(grants.check(Capability::Console), Err(AccessDenied));
}

fn manifest(permissions: &str) -> Manifest {
    let text = format!(
        r#"{{ "app_id": "a", "name": "a", "icons": [{{ "src": "i.svg" }}], "pages": ["p"],
        "version": {{ "code": 1, "name": "1" }}, "platform_version": {{ "min_code": 1 }},
        "req_permissions": [{permissions}] }}"#
    );
    Manifest::parse(text.as_bytes())
        .expect("a manifest")
        .manifest
}

fn granted_to(permissions: &str) -> Grants {
    let bounds = Arc::new(Bounds::unlimited());
    Grants::for_app(&manifest(permissions), Capability::ALL, bounds)
}

#[test]
fn what_the_manifest_does_not_ask_for_is_refused_and_nobody_is_asked() {
    let grants = granted_to(r#"{ "name": "system.permission.CAMERA" }"#);
    for capability in [Capability::Payments, Capability::Wallet] {
        assert_eq!(grants.check(capability), Err(AccessDenied));
        let decision = grants.decide(capability);
        assert_eq!(decision, Decision::Denied(Why::NotInManifest));
        grants.grant(capability);
        grants.agree(capability);
        assert_eq!(grants.check(capability), Err(AccessDenied));
    }
    assert_eq!(grants.check(Capability::Storage), Ok(()));
}

#[test]
fn all_three_must_agree() {
    let grants = granted_to(r#"{ "name": "system.permission.WALLET" }"#);
    assert_eq!(grants.decide(Capability::Wallet), Decision::AskPerson);
    assert_eq!(grants.check(Capability::Wallet), Err(AccessDenied));
    grants.agree(Capability::Wallet);
    assert_eq!(grants.decide(Capability::Wallet), Decision::Allowed);
    assert_eq!(grants.check(Capability::Wallet), Ok(()));
    grants.withdraw(Capability::Wallet);
    let decision = grants.decide(Capability::Wallet);
    assert_eq!(decision, Decision::Denied(Why::NotGranted));
    grants.grant(Capability::Wallet);
    grants.disagree(Capability::Wallet);
    let decision = grants.decide(Capability::Wallet);
    assert_eq!(decision, Decision::Denied(Why::Refused));
    assert_eq!(grants.check(Capability::Wallet), Err(AccessDenied));
}

#[test]
fn every_permission_leads_to_a_capability_of_its_own() {
    for capability in Capability::ALL {
        assert_eq!(Capability::named(capability.name()), Some(capability));
        if let Some(permission) = capability.terms().permission() {
            assert_eq!(Capability::permitted_by(permission), Some(capability));
            assert!(permission.starts_with("system.permission."));
        }
    }
}

/// What every app is lent is decided here once more: who adds to it changes what apps may do that asked for nothing.
#[test]
fn only_these_are_lent_to_every_app() {
    let lent = Capability::ALL
        .into_iter()
        .filter(|one| !one.needs_permission());
    let lent: Vec<_> = lent.map(Capability::name).collect();
    assert_eq!(
        lent,
        [
            "console", "clock", "random", "storage", "timer", "files", "device"
        ]
    );
}
