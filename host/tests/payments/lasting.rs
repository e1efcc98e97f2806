//! Sheets and payments over freezing, restarts, updates.

use std::sync::Arc;
use std::time::Duration;

use lapak_host::capability::payments::records::{PaymentRecords as _, PaymentResult};
use lapak_host::sheet::SheetStage;
use lapak_host::{Launch, RuntimeConfig, SnapshotConfig};

use crate::support::money::{
    ANI_MINOR, World, ani, ask, asked, confirm, sessions, sheet, start, told,
};
use crate::support::{frozen, hostile, text, until};

const PATIENCE: Duration = Duration::from_secs(30);

fn kept(world: &World) -> RuntimeConfig {
    let snapshots = SnapshotConfig::in_folder(&sessions(world)).expect("a store");
    RuntimeConfig {
        snapshots: Some(SnapshotConfig {
            checkpoint: None,
            ..snapshots
        }),
        ..world.config()
    }
}

#[tokio::test]
async fn a_frozen_app_gets_its_outcome() {
    let world = World::new();
    let (runtime, app) = world.start().await;
    let session = ani(
        &runtime,
        &app,
        "call-pay-order",
        &world.signed("lunch", 100),
    )
    .await;
    let sheet = asked(&session).await;
    frozen(&session).await;
    assert_eq!(session.sheets().len(), 1);
    confirm(&session, &sheet).await.expect("agreed");
    told(&session, "Paid").await;
    assert_eq!(world.ani(), ANI_MINOR - 100);
}

#[tokio::test]
async fn a_sheet_that_was_open_opens_again_after_a_restart() {
    let world = World::new();
    let order = world.signed("lunch", 100);
    let id = {
        let (runtime, app) = start(kept(&world)).await;
        let session = ani(&runtime, &app, "call-pay-order", &order).await;
        asked(&session).await;
        assert_eq!(runtime.suspend(PATIENCE).await.expect("suspended"), 0);
        session.id()
    };
    let (runtime, _app) = start(kept(&world)).await;
    let session = runtime.session(id).expect("resumed");
    let again = sheet(&session).await;
    confirm(&session, &again).await.expect("agreed");
    told(&session, "Paid").await;
    assert_eq!((world.submitted(), world.ani()), (1, ANI_MINOR - 100));
}

#[tokio::test]
async fn a_sheet_whose_order_expired_while_the_host_was_down_ends_as_expired() {
    let world = World::new();
    let order = world.signed("lunch", 100);
    let id = {
        let (runtime, app) = start(kept(&world)).await;
        let session = ani(&runtime, &app, "call-pay-order", &order).await;
        asked(&session).await;
        runtime.suspend(PATIENCE).await.expect("suspended");
        session.id()
    };
    world.clock.forward(600_000);
    let (runtime, _app) = start(kept(&world)).await;
    let session = runtime.session(id).expect("resumed");
    told(&session, "Expired").await;
    assert_eq!(world.submitted(), 0);
}

/// The person agreed, the provider was silent, the host went down, the order expired meanwhile: it is submitted again with
/// the moment of consent, by the runtime itself, and the session hears of it when it comes back.
#[tokio::test]
async fn what_was_agreed_to_is_submitted_again_after_a_restart() {
    let world = World::new();
    let order = world.signed("lunch", 100);
    world.meddle(|_, _| {});
    let id = {
        let (runtime, app) = start(kept(&world)).await;
        let session = ani(&runtime, &app, "call-pay-order", &order).await;
        let sheet = asked(&session).await;
        confirm(&session, &sheet).await.expect("agreed");
        until("it was submitted", || world.submitted() == 1).await;
        assert_eq!(session.sheets()[0].stage, SheetStage::Waiting);
        runtime.suspend(PATIENCE).await.expect("suspended");
        session.id()
    };
    world.clock.forward(3_600_000);
    let (runtime, _app) = start(kept(&world)).await;
    until("it is submitted again", || world.submitted() == 2).await;
    let records = world.records();
    until("it is known", || {
        records.unfinished().expect("read").is_empty()
    })
    .await;
    assert_eq!(world.ani(), ANI_MINOR - 100, "paid once");
    let session = runtime.session(id).expect("resumed");
    told(&session, "Paid").await;
    assert!(session.sheets().is_empty());
    assert_eq!(world.submitted(), 2);
    world.books_balance();
}

/// The host dies before the session was written: the session forgets that it asked, the records do not.
#[tokio::test]
async fn a_session_that_lost_its_last_moments_pays_nothing_twice() {
    let world = World::new();
    let id = {
        let (runtime, app) = start(kept(&world)).await;
        let session = ani(&runtime, &app, "call-pay-transfer", "budi,100,IDR,").await;
        let id = session.id();
        runtime.suspend(PATIENCE).await.expect("suspended");
        id
    };
    // In this process it pays, and dies without writing the session down.
    {
        let (runtime, _app) = start(kept(&world)).await;
        let session = runtime.session(id).expect("resumed");
        let sheet = asked(&session).await;
        confirm(&session, &sheet).await.expect("agreed");
        told(&session, "Paid").await;
        drop(session);
        drop(runtime);
    }
    assert_eq!(world.ani(), ANI_MINOR - 100);
    let (runtime, _app) = start(kept(&world)).await;
    let session = runtime.session(id).expect("resumed");
    assert_eq!(text(&session, "text"), "");
    // The person taps again: it is the payment that was made.
    ask(&session).await;
    told(&session, "Paid").await;
    assert!(session.sheets().is_empty());
    assert_eq!((world.submitted(), world.ani()), (1, ANI_MINOR - 100));
    // And the next one is another.
    let next = asked(&session).await;
    confirm(&session, &next).await.expect("agreed");
    until("it is paid", || world.ani() == ANI_MINOR - 200).await;
}

#[tokio::test]
async fn a_newer_version_of_the_app_gets_the_outcome() {
    let world = World::new();
    let (runtime, app) = world.start().await;
    let session = ani(
        &runtime,
        &app,
        "call-pay-order",
        &world.signed("lunch", 100),
    )
    .await;
    let old = asked(&session).await;
    let newer = runtime.load(hostile()).await.expect("loaded");
    let mut launch = Launch::new("ani");
    launch.pages = vec!["pages/main".into()];
    let next = runtime.update(&session, &newer, launch).await;
    let next = next.expect("launched").expect("it migrates");
    let again = sheet(&next).await;
    assert_ne!(again.id, old.id);
    assert!(session.sheets().is_empty());
    confirm(&next, &again).await.expect("agreed");
    told(&next, "Paid").await;
    assert_eq!((world.submitted(), world.ani()), (1, ANI_MINOR - 100));
}

#[tokio::test]
async fn a_newer_version_hears_of_what_the_provider_was_already_at() {
    let world = World::new();
    let (runtime, app) = world.start().await;
    let (release, held) = std::sync::mpsc::channel();
    world.meddle(move |outcome, done| {
        std::thread::spawn(move || {
            let _ = held.recv();
            done(outcome);
        });
    });
    let session = ani(
        &runtime,
        &app,
        "call-pay-order",
        &world.signed("lunch", 100),
    )
    .await;
    let sheet = asked(&session).await;
    confirm(&session, &sheet).await.expect("agreed");
    until("it was submitted", || world.submitted() == 1).await;
    let next = runtime.update(&session, &app, Launch::new("ani")).await;
    let next = next.expect("launched").expect("it migrates");
    release.send(()).expect("heard");
    told(&next, "Paid").await;
    assert_eq!((world.submitted(), world.ani()), (1, ANI_MINOR - 100));
}

#[tokio::test]
async fn records_outlive_the_process_and_say_the_first_result() {
    let world = World::new();
    let (runtime, app) = world.start().await;
    let session = ani(&runtime, &app, "call-pay-transfer", "budi,100,IDR,").await;
    let shown = asked(&session).await;
    world.meddle(|_, _| {});
    confirm(&session, &shown).await.expect("agreed");
    let records = Arc::new(world.records());
    until("it is written down", || {
        records.unfinished().expect("read").len() == 1
    })
    .await;
    let agreed = records.unfinished().expect("read").remove(0);
    assert_eq!((&*agreed.person, agreed.amount_minor), ("ani", 100));
    let cancelled = PaymentResult::Cancelled;
    records.finish(&agreed.key, &cancelled).expect("written");
    let expired = PaymentResult::Expired;
    records.finish(&agreed.key, &expired).expect("written");
    let found = records.find(&agreed.key).expect("read").expect("there");
    assert_eq!(found.result, Some(cancelled));
}
