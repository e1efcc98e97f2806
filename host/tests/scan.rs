//! `scan`: codes in front of the scanner and in pictures; closed, denied, withdrawn, frozen, restarted; pictures that are none.

mod support;

use std::sync::{Arc, Mutex};

use lapak_host::audit::AuditQuery;
use lapak_host::capability::Providers;
use lapak_host::capability::scan::{Frame, ScanProvider, Seen, Sees};
use lapak_host::capability::storage::Owner;
use lapak_host::flights::Stop;
use lapak_host::simulated::SimulatedDevices;
use lapak_host::{Capability, RuntimeConfig, Session};
use support::device::{Device, PERSON, a_while, ask, told};
use support::{frozen, tap, text, until};

async fn scanning(device: &Device, kinds: &str) -> Session {
    let session = device.launch("call-scan-scan", kinds).await;
    ask(&session).await;
    let scanner = &device.devices.scan;
    until("the scanner is open", || scanner.is_open(PERSON)).await;
    session
}

async fn closed(device: &Device) {
    let scanner = &device.devices.scan;
    until("the scanner is closed", || !scanner.is_open(PERSON)).await;
}

#[tokio::test]
async fn it_reads_the_code_that_it_is_shown_and_closes() {
    let device = Device::new().await;
    let session = scanning(&device, "").await;
    device.set("scan qr https://sepeda.example/b/17");
    told(&session, "text: \"https://sepeda.example/b/17\"").await;
    assert!(text(&session, "text").contains("QrCode"));
    closed(&device).await;
    // Asked for as often as somebody likes.
    ask(&session).await;
    let scanner = &device.devices.scan;
    until("the scanner is open", || scanner.is_open(PERSON)).await;
    device.set("scan code128 B-17");
    told(&session, "Code128").await;
}

#[tokio::test]
async fn a_code_may_be_there_before_the_scanner() {
    let device = Device::new().await;
    device.set("scan qr early");
    let session = device.launch("call-scan-scan", "").await;
    ask(&session).await;
    told(&session, "text: \"early\"").await;
}

#[tokio::test]
async fn other_kinds_are_not_seen_and_no_code_is_waited_for() {
    let device = Device::new().await;
    let session = scanning(&device, "ean13").await;
    device.set("scan qr B-17");
    let scanner = &device.devices.scan;
    scanner.show(PERSON, b"no picture".to_vec());
    a_while().await;
    assert!(scanner.is_open(PERSON));
    device.set("scan ean13 4006381333931");
    told(&session, "4006381333931").await;
}

#[tokio::test]
async fn the_person_closes_the_scanner() {
    let device = Device::new().await;
    let session = scanning(&device, "").await;
    device.set("scan close");
    told(&session, "cancelled").await;
    closed(&device).await;
    let error = device.devices.set(PERSON, "scan close");
    assert!(error.expect_err("closed").contains("no scanner"));
}

#[tokio::test]
async fn withdrawing_closes_the_scanner_and_denied_opens_none() {
    let device = Device::new().await;
    let session = scanning(&device, "").await;
    session.grants().withdraw(Capability::Scan);
    closed(&device).await;
    told(&session, "access-denied").await;
    device.set("scan qr secret");
    ask(&session).await;
    a_while().await;
    assert!(!device.devices.scan.is_open(PERSON));
    assert!(!text(&session, "text").contains("secret"));
}

#[tokio::test]
async fn the_end_of_the_session_closes_the_scanner() {
    let device = Device::new().await;
    let session = scanning(&device, "").await;
    session.send(lapak_host::ShellEvent::Close).expect("sent");
    closed(&device).await;
}

#[tokio::test]
async fn a_frozen_session_scans() {
    let device = Device::new().await;
    let session = scanning(&device, "").await;
    frozen(&session).await;
    device.set("scan qr cold");
    told(&session, "text: \"cold\"").await;
}

#[tokio::test]
async fn the_scanner_is_open_again_after_a_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    let devices = SimulatedDevices::default();
    let device = Device::on_disk(folder.path(), devices.clone()).await;
    let id = scanning(&device, "").await.id();
    let patience = std::time::Duration::from_secs(30);
    device.runtime.suspend(patience).await.expect("suspended");
    drop(device);
    closed_by(&devices).await;
    devices.set(PERSON, "scan qr later").expect("shown");
    let device = Device::on_disk(folder.path(), devices).await;
    let session = device.runtime.session(id).expect("resumed");
    told(&session, "text: \"later\"").await;
}

async fn closed_by(devices: &SimulatedDevices) {
    until("the scanner is closed", || !devices.scan.is_open(PERSON)).await;
}

#[tokio::test]
async fn two_apps_do_not_share_a_scanner() {
    let device = Device::new().await;
    let _first = scanning(&device, "").await;
    let second = device.launch("call-scan-scan", "").await;
    ask(&second).await;
    told(&second, "unavailable").await;
}

#[tokio::test]
async fn pictures_are_read() {
    let device = Device::new().await;
    for picture in ["png", "jpeg"] {
        let session = device.launch("call-scan-read", picture).await;
        ask(&session).await;
        told(&session, "text: \"B-17\"").await;
    }
    // Of another kind.
    let session = device.launch("call-scan-read", "ean13").await;
    ask(&session).await;
    told(&session, "Ok(None)").await;
    let audit = device.runtime.audit(AuditQuery {
        limit: 10,
        ..AuditQuery::default()
    });
    let entry = audit.expect("the audit").remove(0);
    assert_eq!(
        (entry.capability, &*entry.function, &*entry.about),
        (Capability::Scan, "read", "ean13")
    );
}

#[tokio::test]
async fn what_is_no_picture_is_refused() {
    let device = Device::new().await;
    for picture in ["text", "none", "huge", "bomb", "cut"] {
        let session = device.launch("call-scan-read", picture).await;
        ask(&session).await;
        told(&session, "invalid").await;
    }
    // Decoders forgive a JPEG without its end.
    let session = device.launch("call-scan-read", "cut-jpeg").await;
    tap(&session, "tap").await;
    let shown = text(&session, "text");
    assert!(
        shown.contains("invalid") || shown.contains("None"),
        "{shown}"
    );
}

#[tokio::test]
async fn wild_calls_are_refused() {
    let device = Device::new().await;
    for (action, with, expected) in [
        ("call-scan-flood", "", "refused=99,98"),
        ("call-scan-foreign", "", "taken=0"),
        ("call-scan-scan", "many", "ok"),
    ] {
        let session = device.launch(action, with).await;
        ask(&session).await;
        told(&session, expected).await;
        session.send(lapak_host::ShellEvent::Close).expect("sent");
        closed(&device).await;
    }
}

/// Shows frames that the test gives it, of whatever kind.
#[derive(Clone, Default)]
struct Camera(Arc<Mutex<Option<Sees>>>);

impl ScanProvider for Camera {
    fn open(&self, _: &Owner, sees: Sees) -> Stop {
        *self.0.lock().expect("no panic") = Some(sees);
        Box::new(())
    }
}

#[tokio::test]
async fn a_camera_may_show_whatever_it_likes_as_long_as_it_likes() {
    let camera = Camera::default();
    let config = RuntimeConfig {
        providers: Providers {
            scan: Arc::new(camera.clone()),
            ..Providers::simulated()
        },
        ..RuntimeConfig::simulated()
    };
    let device = Device::with(config, SimulatedDevices::default()).await;
    let session = device.launch("call-scan-scan", "").await;
    ask(&session).await;
    until("it is open", || camera.0.lock().expect("ok").is_some()).await;
    let show = |seen: Seen| {
        let sees = camera.0.lock().expect("no panic");
        sees.as_ref().expect("open")(seen);
    };
    let grey = |width, height, pixels| {
        Seen::Frame(Frame::Grey {
            width,
            height,
            pixels,
        })
    };
    show(grey(u32::MAX, u32::MAX, Vec::new()));
    show(grey(0, 0, Vec::new()));
    show(grey(640, 480, vec![0; 10]));
    for shade in 0..100 {
        show(grey(64, 64, vec![shade; 64 * 64]));
    }
    show(Seen::Unavailable);
    told(&session, "unavailable").await;
    let handled = session.handled();
    // It goes on although it was closed.
    show(Seen::Closed);
    show(Seen::Unavailable);
    show(grey(64, 64, vec![0; 64 * 64]));
    a_while().await;
    assert_eq!(session.handled(), handled);
}
