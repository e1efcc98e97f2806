//! `wallet`: allowed, denied, asked for, withdrawn; hostile input.

mod support;

use std::sync::Arc;

use lapak_host::audit::AuditQuery;
use lapak_host::capability::wallet::told_id;
use lapak_host::grants::consent::memory::MemoryConsents;
use lapak_host::grants::consent::sqlite::SqliteConsents;
use lapak_host::grants::consent::{Consent, ConsentStore};
use lapak_host::sheet::{SheetAnswer, SheetAsk, SheetError};
use lapak_host::{App, Capability, Runtime, RuntimeConfig, Session, SnapshotConfig};
use support::money::{APP, World, account, ani, ask, asked, refused, start, told};
use support::until;

/// People who have not been asked yet.
async fn unasked(world: &World) -> (Runtime, Arc<App>) {
    start(RuntimeConfig {
        consents: Arc::new(MemoryConsents::default()),
        ..world.config()
    })
    .await
}

async fn answer(session: &Session, consent: Consent) {
    let sheet = support::money::sheet(session).await;
    let answered = session
        .answer_sheet(sheet.id, SheetAnswer::Consent(consent))
        .await;
    answered.expect("taken");
}

#[tokio::test]
async fn a_wallet_shows_accounts_and_what_happened_in_them() {
    let world = World::new();
    let (runtime, app) = world.start().await;
    let session = ani(&runtime, &app, "call-wallet-accounts", "").await;
    ask(&session).await;
    told(&session, "10000000").await;
    told(&session, r#"address: "ani""#).await;
    let of_ani = told_id(APP, &account("ani"));
    let session = ani(&runtime, &app, "call-wallet-history", &of_ani).await;
    ask(&session).await;
    told(&session, "simulated top-up").await;
}

#[tokio::test]
async fn the_person_is_asked_once_and_the_answer_lasts_as_long_as_they_said() {
    let world = World::new();
    let (runtime, app) = unasked(&world).await;
    let session = ani(&runtime, &app, "call-wallet-accounts", "").await;
    let sheet = asked(&session).await;
    let SheetAsk::Consent(shown) = &sheet.ask else {
        panic!("{sheet:?}");
    };
    assert_eq!(shown.permission, "system.permission.WALLET");
    assert_eq!(shown.reason.as_deref(), Some("It tries everything."));
    answer(&session, Consent::Once).await;
    told(&session, "10000000").await;
    // Asked again, since it was for once.
    asked(&session).await;
    answer(&session, Consent::WhileInUse).await;
    until("it is over", || session.sheets().is_empty()).await;
    ask(&session).await;
    told(&session, "10000000").await;
    assert!(session.sheets().is_empty());
    assert!(runtime.consents("ani").expect("read").is_empty());
    // Another session asks anew; this time it is for always.
    let next = ani(&runtime, &app, "call-wallet-accounts", "").await;
    asked(&next).await;
    answer(&next, Consent::Always).await;
    told(&next, "10000000").await;
    let last = ani(&runtime, &app, "call-wallet-accounts", "").await;
    ask(&last).await;
    told(&last, "10000000").await;
    let kept = runtime.consents("ani").expect("read");
    assert_eq!((&*kept[0].app_id, kept[0].answer), (APP, Consent::Always));
}

#[tokio::test]
async fn who_refuses_is_not_asked_again_and_who_cancels_is() {
    let world = World::new();
    let (runtime, app) = unasked(&world).await;
    let session = ani(&runtime, &app, "call-wallet-accounts", "").await;
    let sheet = asked(&session).await;
    let cancel = session.answer_sheet(sheet.id, SheetAnswer::Cancel).await;
    cancel.expect("taken");
    told(&session, "access-denied").await;
    asked(&session).await;
    answer(&session, Consent::No).await;
    told(&session, "access-denied").await;
    assert!(refused(&session).await.contains("access-denied"));
    let next = ani(&runtime, &app, "call-wallet-accounts", "").await;
    assert!(refused(&next).await.contains("access-denied"));
    assert!(next.sheets().is_empty());
}

#[tokio::test]
async fn what_was_agreed_to_can_be_taken_back_and_is_forgotten_with_the_app() {
    let world = World::new();
    let (runtime, app) = unasked(&world).await;
    let session = ani(&runtime, &app, "call-wallet-accounts", "").await;
    asked(&session).await;
    answer(&session, Consent::Always).await;
    told(&session, "10000000").await;
    runtime
        .withdraw_consent("ani", APP, Capability::Wallet)
        .expect("withdrawn");
    assert!(refused(&session).await.contains("access-denied"));
    let next = ani(&runtime, &app, "call-wallet-accounts", "").await;
    asked(&next).await;
    answer(&next, Consent::Always).await;
    runtime.forget_consents("ani", APP).expect("forgotten");
    assert!(runtime.consents("ani").expect("read").is_empty());
    assert!(refused(&next).await.contains("access-denied"));
}

#[tokio::test]
async fn without_a_grant_nobody_is_asked() {
    let world = World::new();
    let (runtime, app) = unasked(&world).await;
    for action in ["call-wallet-accounts", "call-wallet-history"] {
        let session = ani(&runtime, &app, action, "a").await;
        session.grants().withdraw(Capability::Wallet);
        assert!(refused(&session).await.contains("access-denied"));
        assert!(session.sheets().is_empty());
    }
    // Withdrawn while the question stands.
    let session = ani(&runtime, &app, "call-wallet-accounts", "").await;
    let sheet = asked(&session).await;
    session.grants().withdraw(Capability::Wallet);
    until("the question is gone", || session.sheets().is_empty()).await;
    let late = session
        .answer_sheet(sheet.id, SheetAnswer::Consent(Consent::Always))
        .await;
    assert_eq!(late, Err(SheetError::NotOpen));
    told(&session, "access-denied").await;
    let audit = AuditQuery {
        person: Some("ani"),
        limit: 10,
        ..AuditQuery::default()
    };
    let entries = runtime.audit(audit).expect("read");
    assert!(
        entries
            .iter()
            .any(|entry| entry.grant == "not granted by the platform")
    );
}

#[tokio::test]
async fn accounts_of_others_cannot_be_read() {
    let world = World::new();
    let (runtime, app) = world.start().await;
    let of_budi = told_id(APP, &account("budi"));
    // Nor is the bank's own name for an account one that an app may know, or what another app calls it.
    let elsewhere = told_id("com.example.other", &account("ani"));
    let (ani_at_bank, budi_at_bank) = (account("ani"), account("budi"));
    for other in [
        &of_budi,
        &elsewhere,
        ani_at_bank.as_str(),
        budi_at_bank.as_str(),
        "merchant:shop",
        "person:",
        "x",
    ] {
        let session = ani(&runtime, &app, "call-wallet-history", other).await;
        ask(&session).await;
        told(&session, "invalid").await;
    }
    let session = ani(&runtime, &app, "call-wallet-history", "not a name").await;
    assert!(refused(&session).await.contains("invalid"));
}

/// A copy of a session does not bring back what was taken back while it was on disk.
#[tokio::test]
async fn what_is_taken_back_while_a_session_is_on_disk_stays_taken_back() {
    let world = World::new();
    let consents = Arc::new(MemoryConsents::default());
    let config = || RuntimeConfig {
        consents: consents.clone(),
        snapshots: Some(
            SnapshotConfig::in_folder(&support::money::sessions(&world)).expect("kept"),
        ),
        ..world.config()
    };
    let mut ids = Vec::new();
    {
        let (runtime, app) = start(config()).await;
        for _ in 0..2 {
            let session = ani(&runtime, &app, "call-wallet-accounts", "").await;
            ask(&session).await;
            if ids.is_empty() {
                answer(&session, Consent::Always).await;
            }
            told(&session, "10000000").await;
            ids.push(session.id());
        }
        let patience = std::time::Duration::from_secs(30);
        assert_eq!(runtime.suspend(patience).await.expect("suspended"), 0);
    }
    let (runtime, _app) = start(config()).await;
    let kept = runtime.session(ids[0]).expect("resumed");
    support::settled(&kept).await;
    ask(&kept).await;
    until("it is read", || kept.sheets().is_empty()).await;
    assert_eq!(kept.grants().check(Capability::Wallet), Ok(()));
    let taken_back = runtime.withdraw_consent("ani", APP, Capability::Wallet);
    taken_back.expect("withdrawn");
    let on_disk = runtime.session(ids[1]).expect("resumed");
    assert!(on_disk.grants().check(Capability::Wallet).is_err());
    asked(&on_disk).await;
}

#[test]
fn answers_are_kept_in_a_file_until_they_are_forgotten() {
    let folder = tempfile::tempdir().expect("a folder");
    let open = || SqliteConsents::open(&folder.path().join("consents.sqlite")).expect("open");
    let kept = |app_id: &str, answer| lapak_host::grants::consent::KeptConsent {
        app_id: app_id.into(),
        capability: Capability::Wallet,
        subject: String::new(),
        answer,
        at_ms: 5,
    };
    let (always, no) = (kept("a", Consent::Always), kept("b", Consent::No));
    {
        let store = open();
        store.keep("ani", &kept("a", Consent::No)).expect("kept");
        store.keep("ani", &always).expect("kept");
        store.keep("ani", &no).expect("kept");
        store.keep("budi", &no).expect("kept");
    }
    let store = open();
    assert_eq!(
        store.all("ani").expect("read"),
        [always.clone(), no.clone()]
    );
    let found = store
        .find("ani", "a", Capability::Wallet, "")
        .expect("read");
    assert_eq!(found, Some(always));
    store
        .forget("ani", "a", Capability::Wallet, None)
        .expect("forgotten");
    let found = store
        .find("ani", "a", Capability::Wallet, "")
        .expect("read");
    assert_eq!(found, None);
    store.forget_app("ani", "b").expect("forgotten");
    assert!(store.all("ani").expect("read").is_empty());
    assert_eq!(store.all("budi").expect("read"), [no]);
}
