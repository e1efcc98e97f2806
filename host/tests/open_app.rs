//! `open-app`: only from a tap, and only if the person agrees; denied, withdrawn, restarted; hostile calls.

mod support;

use std::sync::Arc;
use std::time::Duration;

use lapak_host::audit::AuditQuery;
use lapak_host::sheet::{OpenAppSheet, Sheet, SheetAnswer, SheetAsk};
use lapak_host::simulated::SimulatedDevices;
use lapak_host::{Capability, Session, Update};
use support::device::{Device, PERSON, a_while, ask, told};
use support::money::sheet;
use support::{frozen, launch, tap, text, until};

const BANK: &str = "platform://miniapp/com.example.bank";

fn asks(sheet: &Sheet) -> &OpenAppSheet {
    match &sheet.ask {
        SheetAsk::OpenApp(asks) => asks,
        other => panic!("{other:?}"),
    }
}

async fn asked(device: &Device) -> (Session, Arc<Sheet>) {
    let session = device.launch("call-open-app-open", "").await;
    ask(&session).await;
    let sheet = sheet(&session).await;
    (session, sheet)
}

async fn closed(session: &Session) {
    until("the sheet is gone", || session.sheets().is_empty()).await;
}

#[tokio::test]
async fn the_person_agrees_and_the_shell_hears_what_to_open() {
    let device = Device::new().await;
    let (session, sheet) = asked(&device).await;
    let (_, mut updates) = session.watch();
    assert_eq!(asks(&sheet).opens, "com.example.bank");
    assert_eq!(asks(&sheet).uri, BANK);
    let answered = session.answer_sheet(sheet.id, SheetAnswer::Agree);
    answered.await.expect("taken");
    told(&session, "Ok(())").await;
    closed(&session).await;
    assert_eq!(device.devices.open_app.opened(PERSON), [BANK]);
    loop {
        if let Update::OpenApp(uri) = updates.recv().await.expect("an update") {
            assert_eq!(&*uri, BANK);
            break;
        }
    }
    let audit = device.runtime.audit(AuditQuery {
        limit: 10,
        ..AuditQuery::default()
    });
    let entry = audit.expect("the audit").remove(0);
    assert_eq!((&*entry.about, &*entry.outcome), (BANK, "opened"));
}

#[tokio::test]
async fn who_does_not_want_it_and_what_is_not_there_look_the_same() {
    let device = Device::new().await;
    let (session, sheet) = asked(&device).await;
    let cancelled = session.answer_sheet(sheet.id, SheetAnswer::Cancel);
    cancelled.await.expect("taken");
    told(&session, "not-opened").await;
    let refused = text(&session, "text");
    device.set("open-app none");
    let (session, sheet) = asked(&device).await;
    let agreed = session.answer_sheet(sheet.id, SheetAnswer::Agree);
    agreed.await.expect("taken");
    told(&session, "not-opened").await;
    assert_eq!(text(&session, "text"), refused);
    assert!(device.devices.open_app.opened(PERSON).is_empty());
}

#[tokio::test]
async fn it_takes_a_tap() {
    let device = Device::new().await;
    for at in ["global-launched", "page-shown", "global-shown"] {
        let session = launch(&device.runtime, &device.app, "call-open-app-open", at);
        session.settled().await;
        a_while().await;
        assert!(session.sheets().is_empty(), "{at}");
        let shown = text(&session, "text");
        assert!(!shown.contains("ok"), "{at}: {shown}");
    }
}

#[tokio::test]
async fn withdrawing_takes_the_question_back() {
    let device = Device::new().await;
    let (session, sheet) = asked(&device).await;
    session.grants().withdraw(Capability::OpenApp);
    told(&session, "access-denied").await;
    closed(&session).await;
    let answered = session.answer_sheet(sheet.id, SheetAnswer::Agree).await;
    assert!(answered.is_err());
    assert!(device.devices.open_app.opened(PERSON).is_empty());
}

#[tokio::test]
async fn it_is_asked_again_after_a_restart_and_by_the_frozen() {
    let folder = tempfile::tempdir().expect("a folder");
    let devices = SimulatedDevices::default();
    let device = Device::on_disk(folder.path(), devices.clone()).await;
    let (session, _) = asked(&device).await;
    frozen(&session).await;
    let id = session.id();
    let patience = Duration::from_secs(30);
    device.runtime.suspend(patience).await.expect("suspended");
    drop((device, session));
    let device = Device::on_disk(folder.path(), devices).await;
    let session = device.runtime.session(id).expect("resumed");
    let sheet = sheet(&session).await;
    assert_eq!(asks(&sheet).uri, BANK);
    let answered = session.answer_sheet(sheet.id, SheetAnswer::Agree);
    answered.await.expect("taken");
    told(&session, "Ok(())").await;
}

#[tokio::test]
async fn wild_calls_are_refused() {
    let device = Device::new().await;
    let session = device.launch("call-open-app-wild", "").await;
    tap(&session, "tap").await;
    let shown = text(&session, "text");
    assert!(
        shown.lines().all(|line| line.contains("invalid")),
        "{shown}"
    );
    for (action, expected) in [
        ("call-open-app-flood", "refused=99"),
        ("call-open-app-foreign", "taken=0"),
    ] {
        let session = device.launch(action, "").await;
        tap(&session, "tap").await;
        let shown = text(&session, "text");
        assert!(shown.contains(expected), "{action}: {shown}");
        assert!(session.sheets().len() <= 1);
    }
}
