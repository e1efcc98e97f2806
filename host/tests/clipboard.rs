//! `clipboard`: read and written, per person, 64 KiB both ways; denied, asked for, withdrawn while in flight; over restarts;
//! hostile input and providers.

mod support;

use std::sync::{Arc, Mutex};

use lapak_host::audit::AuditQuery;
use lapak_host::capability::Providers;
use lapak_host::capability::clipboard::{ClipboardProvider, Copied, NoClipboard, Written};
use lapak_host::capability::storage::Owner;
use lapak_host::grants::consent::Consent;
use lapak_host::simulated::SimulatedDevices;
use lapak_host::{Capability, RuntimeConfig, SnapshotConfig};
use support::device::{Device, PERSON, a_while, answer, ask, asked, told};
use support::{frozen, tap, text, until};

const MOST: usize = 64 * 1024;

#[tokio::test]
async fn it_reads_what_the_person_copied_once_and_as_it_is() {
    let device = Device::new().await;
    device.set("clipboard  two  spaces ");
    device.devices.set("budi", "clipboard secret").expect("set");
    let session = device.launch("call-clipboard-read", "").await;
    ask(&session).await;
    told(&session, "Ok(Some(\" two  spaces \"))").await;
    // Not as another kind of answer, and not twice.
    let refused = text(&session, "text");
    assert_eq!(refused.matches("unknown-request").count(), 2, "{refused}");
    device.set("clipboard");
    ask(&session).await;
    told(&session, "Ok(None)").await;
    assert!(!text(&session, "text").contains("secret"));
}

#[tokio::test]
async fn it_writes_for_this_person_alone() {
    let device = Device::new().await;
    let session = device.launch("call-clipboard-write", "hello").await;
    ask(&session).await;
    told(&session, "Ok(())").await;
    assert_eq!(device.devices.shown(PERSON)["clipboard"], "hello");
    assert!(device.devices.shown("budi")["clipboard"].is_null());
}

#[tokio::test]
async fn longer_texts_go_neither_way() {
    let device = Device::new().await;
    let most = device.launch("call-clipboard-most", "").await;
    ask(&most).await;
    told(&most, "Ok(())").await;
    let huge = device.launch("call-clipboard-huge", "").await;
    tap(&huge, "tap").await;
    assert!(text(&huge, "text").contains("too-large"));
    let kept = device.devices.clipboard.of(PERSON).expect("a text");
    assert_eq!(kept.len(), MOST);
    device.devices.clipboard.set(PERSON, Some(kept + "x"));
    let session = device.launch("call-clipboard-read", "").await;
    ask(&session).await;
    told(&session, "Ok(None)").await;
}

#[tokio::test]
async fn the_person_is_asked_first() {
    let device = Device::unasked().await;
    device.set("clipboard secret");
    let session = device.launch("call-clipboard-read", "").await;
    ask(&session).await;
    let sheet = asked(&session).await;
    assert_eq!(sheet.permission, "system.permission.CLIPBOARD");
    assert!(!text(&session, "text").contains("secret"));
    answer(&session, Consent::Once).await;
    told(&session, "secret").await;
    let audit = device.runtime.audit(AuditQuery {
        limit: 10,
        ..AuditQuery::default()
    });
    let entry = audit.expect("the audit").remove(0);
    assert_eq!(
        (entry.capability, &*entry.function, &*entry.outcome),
        (Capability::Clipboard, "read", "read")
    );
    // Once was once.
    ask(&session).await;
    asked(&session).await;
}

#[tokio::test]
async fn who_refuses_tells_nothing_and_keeps_what_is_there() {
    for action in ["call-clipboard-read", "call-clipboard-write"] {
        let device = Device::unasked().await;
        device.set("clipboard secret");
        let session = device.launch(action, "other").await;
        ask(&session).await;
        asked(&session).await;
        answer(&session, Consent::No).await;
        told(&session, "access-denied").await;
        ask(&session).await;
        assert!(session.sheets().is_empty());
        assert!(!text(&session, "text").contains("secret"));
        assert_eq!(device.devices.shown(PERSON)["clipboard"], "secret");
    }
}

/// Keeps what it is asked until somebody lets it answer.
#[derive(Default)]
struct Slow {
    reads: Mutex<Vec<Copied>>,
    writes: Mutex<Vec<(String, Written)>>,
}

impl ClipboardProvider for Slow {
    fn read(&self, _: &Owner, copied: Copied) {
        self.reads.lock().expect("reads").push(copied);
    }

    fn write(&self, _: &Owner, text: String, written: Written) {
        self.writes.lock().expect("writes").push((text, written));
    }
}

impl Slow {
    fn waiting(&self) -> usize {
        self.reads.lock().expect("reads").len() + self.writes.lock().expect("writes").len()
    }
}

fn providers(slow: &Arc<Slow>) -> Providers {
    Providers {
        clipboard: slow.clone(),
        ..Providers::simulated()
    }
}

async fn under(slow: &Arc<Slow>) -> Device {
    let config = RuntimeConfig {
        providers: providers(slow),
        ..RuntimeConfig::simulated()
    };
    Device::with(config, SimulatedDevices::default()).await
}

#[tokio::test]
async fn withdrawn_while_in_flight_tells_nothing() {
    let slow = Arc::new(Slow::default());
    let device = under(&slow).await;
    let session = device.launch("call-clipboard-read", "").await;
    ask(&session).await;
    until("it is asked", || slow.waiting() == 1).await;
    session.grants().withdraw(Capability::Clipboard);
    let copied = slow.reads.lock().expect("reads").remove(0);
    copied(Ok(Some("secret".into())));
    told(&session, "access-denied").await;
    tap(&session, "tap").await;
    let shown = text(&session, "text");
    assert!(
        shown.contains("access-denied") && !shown.contains("secret"),
        "{shown}"
    );
}

#[tokio::test]
async fn a_clipboard_that_cannot_be_used_is_unavailable_frozen_or_not() {
    let slow = Arc::new(Slow::default());
    let device = under(&slow).await;
    let session = device.launch("call-clipboard-read", "").await;
    ask(&session).await;
    until("it is asked", || slow.waiting() == 1).await;
    frozen(&session).await;
    let copied = slow.reads.lock().expect("reads").remove(0);
    copied(Err(NoClipboard));
    told(&session, "unavailable").await;
}

/// A host that keeps its sessions in a folder.
async fn on_disk(folder: &std::path::Path, slow: &Arc<Slow>) -> Device {
    let config = RuntimeConfig {
        providers: providers(slow),
        snapshots: Some(SnapshotConfig::in_folder(folder).expect("a folder")),
        ..RuntimeConfig::simulated()
    };
    Device::with(config, SimulatedDevices::default()).await
}

#[tokio::test]
async fn after_a_restart_it_is_read_again_and_not_written_again() {
    for (action, asked_again, expected) in [
        ("call-clipboard-read", 1, "Ok(Some(\"later\"))"),
        ("call-clipboard-write", 0, "unavailable"),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let slow = Arc::new(Slow::default());
        let device = on_disk(folder.path(), &slow).await;
        let session = device.launch(action, "text").await;
        ask(&session).await;
        until("it is asked", || slow.waiting() == 1).await;
        let id = session.id();
        let patience = std::time::Duration::from_secs(30);
        device.runtime.suspend(patience).await.expect("suspended");
        drop((session, device));
        let again = Arc::new(Slow::default());
        let device = on_disk(folder.path(), &again).await;
        let session = device.runtime.session(id).expect("resumed");
        if asked_again > 0 {
            until("it is asked again", || again.waiting() == asked_again).await;
            let copied = again.reads.lock().expect("reads").remove(0);
            copied(Ok(Some("later".into())));
        }
        told(&session, expected).await;
        a_while().await;
        assert_eq!(again.waiting(), 0, "{action}");
    }
}

#[tokio::test]
async fn wild_calls_are_refused() {
    let device = Device::new().await;
    for (action, expected) in [
        ("call-clipboard-flood", "refused=68"),
        ("call-clipboard-foreign", "taken=0"),
    ] {
        let session = device.launch(action, "text").await;
        tap(&session, "tap").await;
        let shown = text(&session, "text");
        assert!(shown.contains(expected), "{action}: {shown}");
    }
}

#[tokio::test]
async fn who_never_takes_may_go_on_asking() {
    let device = Device::new().await;
    device.set("clipboard text");
    let session = device.launch("call-clipboard-forget", "").await;
    for _ in 0..100 {
        tap(&session, "tap").await;
        assert!(text(&session, "text").starts_with("ok"));
    }
}
