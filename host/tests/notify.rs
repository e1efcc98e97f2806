//! `notify`: consent for each template, kept, shown and taken back; messages filled in, limited, not sent twice; hostile input.

mod support;

use std::sync::{Arc, Mutex};

use lapak_host::audit::AuditQuery;
use lapak_host::capability::Providers;
use lapak_host::capability::notify::{
    Delivered, MOST_MESSAGES, Message, NotDelivered, Notifications, NotifyProvider,
};
use lapak_host::capability::storage::Owner;
use lapak_host::grants::consent::memory::MemoryConsents;
use lapak_host::grants::consent::sqlite::SqliteConsents;
use lapak_host::grants::consent::{Consent, ConsentStore, KeptConsent};
use lapak_host::sheet::{ConsentLine, SheetAnswer, SheetError};
use lapak_host::simulated::SimulatedDevices;
use lapak_host::{Capability, RuntimeConfig, Session, SnapshotConfig};
use lapak_ledger::SystemClock;
use support::device::{Device, PERSON, a_while, answer, ask, asked, told};
use support::money::{APP, sheet};
use support::{tap, text, until};

fn texts(device: &Device) -> Vec<String> {
    let messages = device.devices.notify.messages(PERSON);
    messages.iter().map(|message| message.text("en")).collect()
}

#[tokio::test]
async fn the_person_is_asked_about_each_template_and_once() {
    let device = Device::unasked().await;
    let session = device.launch("call-notify-subscribe", "ready,late").await;
    ask(&session).await;
    let question = asked(&session).await;
    assert_eq!(question.permission, "system.permission.NOTIFY");
    assert_eq!(question.takes, [Consent::Always, Consent::No]);
    let line = ConsentLine {
        name: "Ready".into(),
        value: "Table {table}: your {dish} is ready".into(),
    };
    assert_eq!(question.lines, [line]);
    until("both are asked", || session.sheets().len() == 2).await;
    let id = sheet(&session).await.id;
    let once = session.answer_sheet(id, SheetAnswer::Consent(Consent::Once));
    assert_eq!(once.await, Err(SheetError::WrongKind));
    answer_one(&session, Consent::Always).await;
    assert!(!text(&session, "text").contains("said"));
    answer_one(&session, Consent::No).await;
    told(&session, "said=[ready=true late=false]").await;
    // What was said is kept, and neither is asked about again.
    tap(&session, "tap").await;
    assert!(session.sheets().is_empty());
    let kept = device.runtime.consents(PERSON).expect("consents");
    let kept: Vec<_> = kept
        .iter()
        .map(|one| (one.capability, &*one.subject, one.answer))
        .collect();
    let expected = [
        (Capability::Notify, "late", Consent::No),
        (Capability::Notify, "ready", Consent::Always),
    ];
    assert_eq!(kept, expected);
}

/// Answers the first of the sheets.
async fn answer_one(session: &Session, consent: Consent) {
    let open = session.sheets().len();
    let first = sheet(session).await;
    let answered = session.answer_sheet(first.id, SheetAnswer::Consent(consent));
    answered.await.expect("taken");
    until("the sheet is gone", || session.sheets().len() < open).await;
}

#[tokio::test]
async fn what_was_subscribed_to_is_sent_and_nothing_else() {
    let device = Device::unasked().await;
    let subscribes = device.launch("call-notify-subscribe", "ready").await;
    let sends = device.launch("call-notify-send", "ready,12,rendang").await;
    let other = device.launch("call-notify-send", "late").await;
    ask(&sends).await;
    told(&sends, "access-denied").await;
    ask(&subscribes).await;
    asked(&subscribes).await;
    answer(&subscribes, Consent::Always).await;
    ask(&sends).await;
    told(&sends, "done").await;
    ask(&other).await;
    told(&other, "access-denied").await;
    assert_eq!(texts(&device), ["Table 12: your rendang is ready"]);
    let message = device.devices.notify.messages(PERSON).remove(0);
    assert_eq!(
        (&*message.title("id"), &*message.app_name("id")),
        ("Ready", "Hostile")
    );
    let audit = device.runtime.audit(AuditQuery {
        limit: 10,
        ..AuditQuery::default()
    });
    let audit = audit.expect("the audit");
    let seen: Vec<_> = audit
        .iter()
        .map(|entry| (&*entry.function, &*entry.about, entry.allowed))
        .collect();
    let expected = [
        ("send", "late", false),
        ("send", "ready", true),
        ("subscribe", "ready", true),
        ("send", "ready", false),
    ];
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn what_is_taken_back_ends_with_the_next_message() {
    let device = Device::unasked().await;
    let subscribes = device.launch("call-notify-subscribe", "ready,late").await;
    ask(&subscribes).await;
    until("both are asked", || subscribes.sheets().len() == 2).await;
    for _ in 0..2 {
        answer_one(&subscribes, Consent::Always).await;
    }
    let ready = device.launch("call-notify-send", "ready,1,tea").await;
    let late = device.launch("call-notify-send", "late").await;
    let taken_back = device
        .runtime
        .withdraw_consent_to(PERSON, APP, Capability::Notify, "ready");
    taken_back.expect("taken back");
    ask(&ready).await;
    told(&ready, "access-denied").await;
    ask(&late).await;
    told(&late, "done").await;
    // All of them, by the function that takes back anything.
    let taken_back = device
        .runtime
        .withdraw_consent(PERSON, APP, Capability::Notify);
    taken_back.expect("taken back");
    let late = device.launch("call-notify-send", "late").await;
    ask(&late).await;
    told(&late, "access-denied").await;
    assert_eq!(texts(&device), ["It takes a little longer"]);
    assert_eq!(device.runtime.consents(PERSON), Ok(vec![]));
    // And asked about anew.
    ask(&subscribes).await;
    asked(&subscribes).await;
}

#[tokio::test]
async fn without_a_grant_nothing_is_asked_or_sent() {
    let device = Device::unasked().await;
    let session = device.launch("call-notify-subscribe", "ready,late").await;
    ask(&session).await;
    until("both are asked", || session.sheets().len() == 2).await;
    session.grants().withdraw(Capability::Notify);
    until("the sheets are gone", || session.sheets().is_empty()).await;
    tap(&session, "tap").await;
    assert!(text(&session, "text").contains("access-denied"));
    assert_eq!(device.runtime.consents(PERSON), Ok(vec![]));
}

#[tokio::test]
async fn ten_messages_an_hour_and_each_person_by_themselves() {
    let device = Device::new().await;
    for _ in 0..MOST_MESSAGES {
        let session = device.launch("call-notify-send", "late").await;
        ask(&session).await;
        told(&session, "done").await;
    }
    let session = device.launch("call-notify-send", "late").await;
    ask(&session).await;
    told(&session, "too-many-messages").await;
    assert_eq!(texts(&device).len(), MOST_MESSAGES);
    let mut launch = lapak_host::Launch::new("budi");
    launch.pages = vec!["pages/main?do=call-notify-send&at=interaction&with=late".into()];
    let of_budi = device
        .runtime
        .launch(&device.app, launch)
        .expect("launched");
    of_budi.settled().await;
    ask(&of_budi).await;
    told(&of_budi, "done").await;
}

#[tokio::test]
async fn wild_calls_are_refused() {
    let device = Device::new().await;
    for (action, expected) in [
        ("call-notify-flood", "refused=68"),
        ("call-notify-foreign", "taken=0"),
    ] {
        let session = device.launch(action, "").await;
        tap(&session, "tap").await;
        let shown = text(&session, "text");
        assert!(shown.contains(expected), "{action}: {shown}");
    }
    assert_eq!(texts(&device).len(), MOST_MESSAGES);
    let session = device.launch("call-notify-wild", "").await;
    tap(&session, "tap").await;
    let shown = text(&session, "text");
    assert_eq!(shown.matches("\"invalid\"").count(), 15, "{shown}");
    // What is filled in is no template again.
    device.set("notify clear");
    let device = Device::new().await;
    let session = device
        .launch("call-notify-send", "ready,{dish},{table}")
        .await;
    tap(&session, "tap").await;
    assert_eq!(texts(&device), ["Table {dish}: your {table} is ready"]);
}

/// Says what the test says, or nothing.
#[derive(Default)]
struct Slow {
    got: Mutex<Vec<(Message, Delivered)>>,
}

impl NotifyProvider for Slow {
    fn deliver(&self, _: &Owner, message: Message, delivered: Delivered) {
        let mut got = self.got.lock().expect("not poisoned");
        got.push((message, delivered));
    }
}

impl Slow {
    fn got(&self) -> usize {
        self.got.lock().expect("not poisoned").len()
    }
}

fn over(slow: &Arc<Slow>) -> Providers {
    Providers {
        notify: Notifications::new(slow.clone(), Arc::new(SystemClock)),
        ..Providers::simulated()
    }
}

#[tokio::test]
async fn a_provider_that_fails_is_unavailable_and_one_that_is_late_is_not_asked_twice() {
    let folder = tempfile::tempdir().expect("a folder");
    let slow = Arc::new(Slow::default());
    let start = || async {
        let config = RuntimeConfig {
            providers: over(&slow),
            snapshots: Some(SnapshotConfig::in_folder(folder.path()).expect("a folder")),
            ..RuntimeConfig::simulated()
        };
        Device::with(config, SimulatedDevices::default()).await
    };
    let first = start().await;
    let session = first.launch("call-notify-send", "late").await;
    ask(&session).await;
    until("it has it", || slow.got() == 1).await;
    let (_, delivered) = slow.got.lock().expect("not poisoned").remove(0);
    delivered(Err(NotDelivered("secret".into())));
    told(&session, "unavailable").await;
    assert!(!text(&session, "text").contains("secret"));
    let session = first.launch("call-notify-send", "late").await;
    ask(&session).await;
    until("it has it", || slow.got() == 1).await;
    let id = session.id();
    let patience = std::time::Duration::from_secs(30);
    first.runtime.suspend(patience).await.expect("suspended");
    drop((session, first));
    let second = start().await;
    let session = second.runtime.session(id).expect("resumed");
    told(&session, "unavailable").await;
    a_while().await;
    assert_eq!(slow.got(), 1);
}

#[tokio::test]
async fn the_question_is_there_again_after_a_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    let consents = Arc::new(MemoryConsents::default());
    let start = || async {
        let config = RuntimeConfig {
            consents: consents.clone(),
            snapshots: Some(SnapshotConfig::in_folder(folder.path()).expect("a folder")),
            ..RuntimeConfig::simulated()
        };
        Device::of(config, SimulatedDevices::default()).await
    };
    let first = start().await;
    let session = first.launch("call-notify-subscribe", "ready,late").await;
    ask(&session).await;
    until("both are asked", || session.sheets().len() == 2).await;
    answer_one(&session, Consent::Always).await;
    let id = session.id();
    let patience = std::time::Duration::from_secs(30);
    first.runtime.suspend(patience).await.expect("suspended");
    drop((session, first));
    let second = start().await;
    let session = second.runtime.session(id).expect("resumed");
    assert_eq!(asked(&session).await.lines[0].name, "Late");
    answer(&session, Consent::Always).await;
    told(&session, "said=[ready=true late=true]").await;
}

#[test]
fn answers_have_a_subject_and_files_of_before_are_taken_over() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("consents.sqlite");
    let old = rusqlite::Connection::open(&path).expect("a file");
    old.execute_batch(
        "CREATE TABLE consents (
            person TEXT NOT NULL, app_id TEXT NOT NULL, capability TEXT NOT NULL,
            agreed INTEGER NOT NULL, at_ms INTEGER NOT NULL,
            PRIMARY KEY (person, app_id, capability)
        ) STRICT, WITHOUT ROWID;
        INSERT INTO consents VALUES ('ani', 'a', 'wallet', 1, 5);",
    )
    .expect("an old file");
    drop(old);
    let kept = |capability, subject: &str, answer| KeptConsent {
        app_id: "a".into(),
        capability,
        subject: subject.into(),
        answer,
        at_ms: 5,
    };
    let wallet = kept(Capability::Wallet, "", Consent::Always);
    let ready = kept(Capability::Notify, "ready", Consent::Always);
    let late = kept(Capability::Notify, "late", Consent::No);
    let open = || SqliteConsents::open(&path).expect("open");
    {
        let store = open();
        assert_eq!(store.all("ani"), Ok(vec![wallet.clone()]));
        store.keep("ani", &ready).expect("kept");
        store.keep("ani", &late).expect("kept");
    }
    let (sqlite, memory) = (open(), MemoryConsents::default());
    for consent in [&wallet, &ready, &late] {
        memory.keep("ani", consent).expect("kept");
    }
    for store in [&sqlite as &dyn ConsentStore, &memory] {
        let find = |capability, subject| store.find("ani", "a", capability, subject).expect("read");
        assert_eq!(store.all("ani").expect("read").len(), 3);
        assert_eq!(find(Capability::Wallet, ""), Some(wallet.clone()));
        assert_eq!(find(Capability::Notify, "ready"), Some(ready.clone()));
        assert_eq!(find(Capability::Notify, ""), None);
        let forget = |subject| store.forget("ani", "a", Capability::Notify, subject);
        forget(Some("ready")).expect("forgotten");
        assert_eq!(find(Capability::Notify, "ready"), None);
        assert_eq!(find(Capability::Notify, "late"), Some(late.clone()));
        forget(None).expect("forgotten");
        assert_eq!(store.all("ani"), Ok(vec![wallet.clone()]));
    }
}
