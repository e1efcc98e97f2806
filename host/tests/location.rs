//! `location`: allowed, denied, asked for, withdrawn; coarse and precise; watches over freezes and restarts; hostile input.

mod support;

use lapak_host::audit::AuditQuery;
use lapak_host::capability::Providers;
use lapak_host::grants::consent::Consent;
use lapak_host::simulated::SimulatedDevices;
use lapak_host::{Capability, Runtime, RuntimeConfig, Session};
use support::device::{Device, a_while, answer, ask, asked, told};
use support::{frozen, tap, text};

fn set(device: &Device, at: &str) {
    device.set(&format!("location {at}"));
}

#[tokio::test]
async fn it_tells_once_where_the_device_is() {
    let device = Device::new().await;
    set(&device, "-6.25 106.75 12");
    let session = device.launch("call-location-once", "precise").await;
    ask(&session).await;
    told(&session, "latitude: -6.25").await;
    told(&session, "accuracy-metres: 12.0").await;
    set(&device, "off");
    ask(&session).await;
    told(&session, "unavailable").await;
}

#[tokio::test]
async fn coarse_is_rounded_and_where_only_coarse_is_granted_precise_is_too() {
    let device = Device::new().await;
    set(&device, "-6.2512 106.7533");
    let coarse = device.launch("call-location-once", "coarse").await;
    ask(&coarse).await;
    told(&coarse, "latitude: -6.255").await;
    let bounded = device.launch("call-location-once", "precise").await;
    bounded
        .grants()
        .bound(|bounds| bounds.location.coarse_only = true);
    ask(&bounded).await;
    told(&bounded, "Accuracy::Coarse").await;
    assert!(!text(&bounded, "text").contains("-6.2512"));
}

#[tokio::test]
async fn a_watch_tells_of_each_move_and_the_latest_to_who_is_late() {
    let device = Device::new().await;
    set(&device, "1 1");
    let session = device.launch("call-location-watch", "precise,100").await;
    ask(&session).await;
    told(&session, "latitude: 1.0,").await;
    // Not far enough.
    set(&device, "1.0001 1");
    set(&device, "2 1");
    told(&session, "latitude: 2.0,").await;
    assert!(!text(&session, "text").contains("1.0001"));
    frozen(&session).await;
    set(&device, "3 1");
    told(&session, "latitude: 3.0,").await;
}

#[tokio::test]
async fn the_end_of_the_device_ends_a_watch() {
    let device = Device::new().await;
    let session = device.launch("call-location-watch", "precise,0").await;
    ask(&session).await;
    told(&session, "latitude").await;
    set(&device, "off");
    told(&session, "unavailable").await;
    let handled = session.handled();
    set(&device, "5 5");
    a_while().await;
    assert_eq!(session.handled(), handled);
}

#[tokio::test]
async fn withdrawing_ends_a_watch_and_the_app_hears_so() {
    for withdraw in [
        (|session: &Session, _: &Runtime| session.grants().withdraw(Capability::Location))
            as fn(&Session, &Runtime),
        |session, runtime| {
            let app = "test.lapak.hostile";
            let withdrawn =
                runtime.withdraw_consent(&session.owner().person, app, Capability::Location);
            withdrawn.expect("withdrawn");
        },
    ] {
        let device = Device::new().await;
        let session = device.launch("call-location-watch", "precise,0").await;
        ask(&session).await;
        told(&session, "latitude").await;
        withdraw(&session, &device.runtime);
        told(&session, "access-denied").await;
        let handled = session.handled();
        set(&device, "5 5");
        a_while().await;
        assert_eq!(session.handled(), handled);
        assert!(!text(&session, "text").contains("latitude: 5.0"));
    }
}

#[tokio::test]
async fn the_person_is_asked_and_a_watch_begins_when_they_agree() {
    let device = Device::unasked().await;
    set(&device, "4 4");
    let session = device.launch("call-location-watch", "precise,0").await;
    ask(&session).await;
    let sheet = asked(&session).await;
    assert_eq!(sheet.permission, "system.permission.LOCATION");
    assert!(!text(&session, "text").contains("latitude"));
    answer(&session, Consent::WhileInUse).await;
    told(&session, "latitude: 4.0,").await;
    let audit = device.runtime.audit(AuditQuery {
        limit: 10,
        ..AuditQuery::default()
    });
    let entry = audit.expect("the audit").remove(0);
    assert_eq!(
        (entry.capability, &*entry.outcome),
        (Capability::Location, "watched")
    );
    assert_eq!(
        (&*entry.about, &*entry.consent),
        ("precise", "while in use")
    );
}

#[tokio::test]
async fn who_refuses_tells_nothing() {
    for action in ["call-location-watch", "call-location-once"] {
        let device = Device::unasked().await;
        let session = device.launch(action, "precise,0").await;
        ask(&session).await;
        asked(&session).await;
        answer(&session, Consent::No).await;
        told(&session, "access-denied").await;
        ask(&session).await;
        assert!(session.sheets().is_empty());
        assert!(!text(&session, "text").contains("latitude"));
    }
}

#[tokio::test]
async fn a_watch_goes_on_after_a_restart_of_the_host() {
    let folder = tempfile::tempdir().expect("a folder");
    let devices = SimulatedDevices::default();
    let device = Device::on_disk(folder.path(), devices.clone()).await;
    set(&device, "1 1");
    let session = device.launch("call-location-watch", "precise,0").await;
    ask(&session).await;
    told(&session, "latitude: 1.0,").await;
    let id = session.id();
    let patience = std::time::Duration::from_secs(30);
    device.runtime.suspend(patience).await.expect("suspended");
    drop(device);
    let device = Device::on_disk(folder.path(), devices).await;
    let session = device.runtime.session(id).expect("resumed");
    set(&device, "2 2");
    told(&session, "latitude: 2.0,").await;
}

#[tokio::test]
async fn wild_calls_are_refused() {
    let device = Device::new().await;
    for (action, expected) in [
        ("call-location-wild", "invalid"),
        ("call-location-flood", "refused=68"),
        ("call-location-foreign", "taken=0"),
        ("call-location-after-stop", "unknown-request"),
    ] {
        let session = device.launch(action, "precise,0").await;
        tap(&session, "tap").await;
        let shown = text(&session, "text");
        assert!(shown.contains(expected), "{action}: {shown}");
    }
}

#[tokio::test]
async fn a_provider_that_tells_nonsense_tells_nothing() {
    use lapak_host::capability::location::simulated::MONAS;
    use lapak_host::capability::location::{Fix, Found, FoundAgain, LocationProvider};
    use lapak_host::flights::Stop;

    struct Mad;
    impl LocationProvider for Mad {
        fn once(&self, _: &lapak_host::capability::storage::Owner, _: bool, found: Found) {
            found(Ok(Fix {
                latitude: f64::NAN,
                ..MONAS
            }));
        }
        fn watch(
            &self,
            _: &lapak_host::capability::storage::Owner,
            _: bool,
            _: f64,
            _: FoundAgain,
        ) -> Stop {
            Box::new(())
        }
    }
    let config = RuntimeConfig {
        providers: Providers {
            location: std::sync::Arc::new(Mad),
            ..Providers::simulated()
        },
        ..RuntimeConfig::simulated()
    };
    let device = Device::with(config, SimulatedDevices::default()).await;
    let session = device.launch("call-location-once", "precise").await;
    ask(&session).await;
    told(&session, "unavailable").await;
}
