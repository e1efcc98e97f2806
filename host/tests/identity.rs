//! `identity`: who logs in, codes, claims that are asked for each time; denied, withdrawn, restarted; hostile input.

mod support;

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use lapak_host::capability::Providers;
use lapak_host::capability::identity::{
    Claim, Claimed, ClaimsOfPeople, HostIdentity, IdentityCodes, IdentityProvider, Login,
    NoIdentity, Told,
};
use lapak_host::capability::storage::Owner;
use lapak_host::grants::consent::Consent;
use lapak_host::grants::consent::memory::MemoryConsents;
use lapak_host::sheet::{ConsentLine, SheetAnswer, SheetError};
use lapak_host::simulated::SimulatedDevices;
use lapak_host::{Capability, HostKey, RuntimeConfig, Session};
use lapak_ledger::Clock;
use support::device::{Device, PERSON, a_while, answer, ask, asked, told};
use support::money::{APP, sheet};
use support::{tap, text, until};

fn logged_in(session: &Session) -> (String, String) {
    let shown = text(session, "text");
    let part = |name: &str, end: char| {
        let rest = shown.split(name).nth(1).expect(name);
        rest.split(end).next().unwrap_or_default().to_owned()
    };
    (part("subject=", ' '), part("code=", '.'))
}

#[tokio::test]
async fn a_person_logs_in_and_the_apps_server_learns_who_it_was() {
    let device = Device::new().await;
    let session = device.launch("call-identity-login", "").await;
    tap(&session, "tap").await;
    let (subject, code) = logged_in(&session);
    let codes = device.devices.identity.codes();
    assert_eq!(codes.redeem(&code, APP), Some(subject.clone()));
    assert_eq!(codes.redeem(&code, APP), None);
    // The same person, with a new code.
    tap(&session, "tap").await;
    let (again, other) = logged_in(&session);
    assert_eq!(again, subject);
    assert_ne!(other, code);
    device.set("identity off");
    tap(&session, "tap").await;
    assert!(text(&session, "text").contains("unavailable"));
}

#[test]
fn subjects_are_the_same_each_time_and_cannot_be_compared() {
    struct Nobody;
    impl ClaimsOfPeople for Nobody {
        fn claims(&self, _: &str, _: &[Claim], told: Told<Vec<Claimed>>) {
            told(Ok(vec![]));
        }
    }
    struct Hand(AtomicI64);
    impl Clock for Hand {
        fn now_ms(&self) -> i64 {
            self.0.load(Ordering::SeqCst)
        }
    }
    let codes = || Arc::new(IdentityCodes::new(Arc::new(Hand(AtomicI64::new(0)))));
    let folder = tempfile::tempdir().expect("a folder");
    let host = |name: &str| {
        let key = HostKey::open(&folder.path().join(name)).expect("a key");
        HostIdentity::new(&key, codes(), Arc::new(Nobody))
    };
    let subject = |host: &HostIdentity, app: &str, person: &str| {
        host.subject(&Owner {
            app_id: app.into(),
            person: person.into(),
        })
    };
    let (one, other) = (host("one"), host("other"));
    let mut all = vec![
        subject(&one, "shop", "ani"),
        subject(&one, "bank", "ani"),
        subject(&one, "shop", "budi"),
        subject(&one, "shopa", "ni"),
        subject(&other, "shop", "ani"),
    ];
    assert_eq!(subject(&host("one"), "shop", "ani"), all[0]);
    for subject in &all {
        assert_eq!(subject.len(), 43);
        assert!(!subject.contains("ani"));
    }
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 5);
}

#[tokio::test]
async fn the_person_is_asked_before_an_app_knows_them() {
    let device = Device::unasked().await;
    let session = device.launch("call-identity-login", "").await;
    ask(&session).await;
    let question = asked(&session).await;
    assert_eq!(question.permission, "system.permission.IDENTITY");
    assert!(question.lines.is_empty() && question.takes.contains(&Consent::Always));
    assert!(!text(&session, "text").contains("subject"));
    answer(&session, Consent::Always).await;
    told(&session, "subject=").await;
    tap(&session, "tap").await;
    assert!(session.sheets().is_empty());
    let withdrawn = device
        .runtime
        .withdraw_consent(PERSON, APP, Capability::Identity);
    withdrawn.expect("withdrawn");
    tap(&session, "tap").await;
    assert!(text(&session, "text").starts_with("Error"));
}

#[tokio::test]
async fn who_refuses_to_log_in_stays_unknown() {
    let device = Device::unasked().await;
    let session = device.launch("call-identity-login", "").await;
    ask(&session).await;
    asked(&session).await;
    answer(&session, Consent::No).await;
    told(&session, "access-denied").await;
    assert!(!text(&session, "text").contains("subject"));
}

fn lines(lines: &[(&str, &str)]) -> Vec<ConsentLine> {
    let lines = lines.iter().map(|(name, value)| ConsentLine {
        name: (*name).into(),
        value: (*value).into(),
    });
    lines.collect()
}

#[tokio::test]
async fn claims_are_shown_before_they_are_told_and_asked_for_each_time() {
    let device = Device::unasked().await;
    device.set("identity name Ani Wijaya");
    let session = device.launch("call-identity-claims", "").await;
    for phone in ["", "+62 811 1"] {
        if !phone.is_empty() {
            device.set(&format!("identity phone-number {phone}"));
        }
        ask(&session).await;
        let question = asked(&session).await;
        let expected = lines(&[("name", "Ani Wijaya"), ("phone-number", phone)]);
        assert_eq!(question.lines, expected);
        assert!(!text(&session, "text").contains("told"));
        let id = sheet(&session).await.id;
        for lasting in [Consent::Always, Consent::WhileInUse, Consent::No] {
            let answered = session.answer_sheet(id, SheetAnswer::Consent(lasting));
            assert_eq!(answered.await, Err(SheetError::WrongKind));
        }
        answer(&session, Consent::Once).await;
        told(&session, "told=[").await;
        assert!(text(&session, "text").contains("Ani Wijaya"));
        assert_eq!(text(&session, "text").contains("+62"), !phone.is_empty());
    }
    ask(&session).await;
    let id = sheet(&session).await.id;
    session
        .answer_sheet(id, SheetAnswer::Cancel)
        .await
        .expect("taken");
    told(&session, "access-denied").await;
    // Once is once: nothing was kept, and to log in is another question.
    assert_eq!(device.runtime.consents(PERSON), Ok(vec![]));
    assert!(session.grants().check(Capability::Identity).is_err());
}

#[tokio::test]
async fn withdrawing_takes_the_question_back() {
    let device = Device::unasked().await;
    let session = device.launch("call-identity-claims", "").await;
    ask(&session).await;
    asked(&session).await;
    session.grants().withdraw(Capability::Identity);
    until("the sheet is gone", || session.sheets().is_empty()).await;
    a_while().await;
    assert!(!text(&session, "text").contains("told"));
    tap(&session, "tap").await;
    assert!(text(&session, "text").contains("access-denied"));
}

#[tokio::test]
async fn the_question_is_there_again_after_a_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    let start = || async {
        let config = RuntimeConfig {
            consents: Arc::new(MemoryConsents::default()),
            snapshots: Some(
                lapak_host::SnapshotConfig::in_folder(folder.path()).expect("a folder"),
            ),
            ..RuntimeConfig::simulated()
        };
        Device::of(config, SimulatedDevices::default()).await
    };
    let first = start().await;
    let session = first.launch("call-identity-claims", "").await;
    ask(&session).await;
    asked(&session).await;
    let id = session.id();
    let patience = std::time::Duration::from_secs(30);
    first.runtime.suspend(patience).await.expect("suspended");
    drop((session, first));
    let second = start().await;
    let session = second.runtime.session(id).expect("resumed");
    asked(&session).await;
    answer(&session, Consent::Once).await;
    told(&session, "told=[").await;
}

#[tokio::test]
async fn wild_calls_are_refused() {
    let device = Device::new().await;
    for (action, expected) in [
        ("call-identity-flood", "refused=68"),
        ("call-identity-foreign", "taken=0"),
        ("call-identity-wild", "invalid"),
    ] {
        let session = device.launch(action, "").await;
        tap(&session, "tap").await;
        let shown = text(&session, "text");
        assert!(shown.contains(expected), "{action}: {shown}");
    }
    let session = device.launch("call-identity-wild", "").await;
    tap(&session, "tap").await;
    assert_eq!(text(&session, "text").matches("\"invalid\"").count(), 3);
}

/// Says what the test says.
struct Mad {
    login: Login,
    claims: Vec<Claimed>,
    kept: Mutex<Vec<Told<Login>>>,
}

impl IdentityProvider for Mad {
    fn log_in(&self, _: &Owner, told: Told<Login>) {
        match &*self.login.subject {
            "never" => self.kept.lock().expect("not poisoned").push(told),
            "error" => told(Err(NoIdentity("secret".into()))),
            _ => told(Ok(self.login.clone())),
        }
    }

    fn claims(&self, _: &Owner, _: &[Claim], told: Told<Vec<Claimed>>) {
        told(Ok(self.claims.clone()));
    }
}

async fn mad(subject: &str, code: &str, claims: Vec<Claimed>) -> Device {
    let identity = Mad {
        login: Login {
            subject: subject.into(),
            code: code.into(),
        },
        claims,
        kept: Mutex::default(),
    };
    let config = RuntimeConfig {
        providers: Providers {
            identity: Arc::new(identity),
            ..Providers::simulated()
        },
        consents: Arc::new(MemoryConsents::agreeing()),
        ..RuntimeConfig::simulated()
    };
    Device::with(config, SimulatedDevices::default()).await
}

#[tokio::test]
async fn a_provider_that_says_nonsense_says_nothing() {
    let long = "x".repeat(257);
    for (subject, code) in [
        ("", "code"),
        ("a b", "code"),
        ("a\u{202e}b", "code"),
        ("subject", ""),
        (&*long, "code"),
        ("subject", &*long),
        ("error", ""),
    ] {
        let device = mad(subject, code, vec![]).await;
        let session = device.launch("call-identity-login", "").await;
        tap(&session, "tap").await;
        let shown = text(&session, "text");
        assert!(
            shown.contains("unavailable") && !shown.contains("secret"),
            "{shown}"
        );
    }
    let claimed = |claim, value: &str| Claimed {
        claim,
        value: value.into(),
    };
    for (claims, expected) in [
        // Nobody asked for it; twice; and what a sheet cannot show.
        (vec![claimed(Claim::Email, "a@b")], "told=[]"),
        (
            vec![claimed(Claim::Name, "A"), claimed(Claim::Name, "B")],
            "=A]",
        ),
        (vec![claimed(Claim::Name, "A\nB")], "told=[]"),
        (vec![claimed(Claim::Name, "A\u{202e}B")], "told=[]"),
        (vec![claimed(Claim::Name, &long)], "told=[]"),
    ] {
        let device = mad("s", "c", claims).await;
        let session = device.launch("call-identity-claims", "").await;
        tap(&session, "tap").await;
        let shown = text(&session, "text");
        assert!(shown.contains(expected), "{shown}");
    }
}

#[tokio::test]
async fn a_provider_that_says_nothing_keeps_nobody() {
    let device = mad("never", "", vec![]).await;
    let session = device.launch("call-identity-login", "").await;
    ask(&session).await;
    a_while().await;
    assert!(!text(&session, "text").contains("subject"));
    session.grants().withdraw(Capability::Identity);
    ask(&session).await;
    assert!(text(&session, "text").contains("access-denied"));
}
