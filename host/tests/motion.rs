//! `motion`: each sensor, no faster than it may; asked for, refused, withdrawn; hostile providers. What holds of every watch:
//! `watched.rs`.

mod support;

use std::sync::{Arc, Mutex};

use lapak_host::audit::AuditQuery;
use lapak_host::capability::Providers;
use lapak_host::capability::motion::{MotionProvider, NoSensor, Reading, Sensed, Sensor};
use lapak_host::capability::storage::Owner;
use lapak_host::flights::Stop;
use lapak_host::grants::consent::Consent;
use lapak_host::simulated::SimulatedDevices;
use lapak_host::{Capability, Runtime, RuntimeConfig, Session};
use support::device::{Device, PERSON, a_while, answer, ask, asked, told};
use support::{frozen, tap, text};

#[tokio::test]
async fn each_sensor_tells_what_it_reads() {
    let device = Device::new().await;
    device.set("motion accelerometer 0.5 9.5 -1");
    device.set("motion gyroscope 0.25 0 0");
    device.set("motion compass -90");
    for (sensor, reads) in [
        ("accelerometer", "x: 0.5, y: 9.5, z: -1.0"),
        ("gyroscope", "x: 0.25, y: 0.0, z: 0.0"),
        ("compass", "x: 270.0, y: 0.0, z: 0.0"),
    ] {
        let session = device.launch("call-motion-watch", sensor).await;
        ask(&session).await;
        told(&session, reads).await;
    }
}

#[tokio::test]
async fn a_watch_goes_on_while_frozen_until_the_sensor_is_gone() {
    let device = Device::new().await;
    let session = device.launch("call-motion-watch", "compass,100").await;
    ask(&session).await;
    told(&session, "x: 0.0").await;
    frozen(&session).await;
    device.set("motion compass 45");
    told(&session, "x: 45.0").await;
    // Another sensor, and another's.
    let handled = session.handled();
    device.set("motion gyroscope 1 1 1");
    device.devices.set("budi", "motion compass 7").expect("set");
    a_while().await;
    assert_eq!(session.handled(), handled);
    device.set("motion off");
    told(&session, "unavailable").await;
    let handled = session.handled();
    device.set("motion compass 90");
    a_while().await;
    assert_eq!(session.handled(), handled);
}

#[tokio::test]
async fn the_person_is_asked_and_a_watch_begins_when_they_agree() {
    let device = Device::unasked().await;
    let session = device.launch("call-motion-watch", "gyroscope").await;
    ask(&session).await;
    let sheet = asked(&session).await;
    assert_eq!(sheet.permission, "system.permission.MOTION");
    assert!(!text(&session, "text").contains("x:"));
    answer(&session, Consent::WhileInUse).await;
    told(&session, "x: 0.0").await;
    let audit = device.runtime.audit(AuditQuery {
        limit: 10,
        ..AuditQuery::default()
    });
    let entry = audit.expect("the audit").remove(0);
    assert_eq!(
        (entry.capability, &*entry.outcome, &*entry.about),
        (Capability::Motion, "watched", "gyroscope")
    );
}

#[tokio::test]
async fn who_refuses_tells_nothing() {
    let device = Device::unasked().await;
    let session = device.launch("call-motion-watch", "compass").await;
    ask(&session).await;
    asked(&session).await;
    answer(&session, Consent::No).await;
    told(&session, "access-denied").await;
    ask(&session).await;
    assert!(session.sheets().is_empty());
    assert!(!text(&session, "text").contains("x:"));
}

#[tokio::test]
async fn withdrawing_ends_a_watch_and_the_app_hears_so() {
    for withdraw in [
        (|session: &Session, _: &Runtime| session.grants().withdraw(Capability::Motion))
            as fn(&Session, &Runtime),
        |_, runtime| {
            let app = "test.lapak.hostile";
            let withdrawn = runtime.withdraw_consent(PERSON, app, Capability::Motion);
            withdrawn.expect("withdrawn");
        },
    ] {
        let device = Device::new().await;
        let session = device.launch("call-motion-watch", "compass").await;
        ask(&session).await;
        told(&session, "x: 0.0").await;
        withdraw(&session, &device.runtime);
        told(&session, "access-denied").await;
        let handled = session.handled();
        device.set("motion compass 45");
        a_while().await;
        assert_eq!(session.handled(), handled);
        tap(&session, "tap").await;
        assert!(text(&session, "text").contains("access-denied"));
    }
}

/// Reads a thousand times a second, nonsense at times, whatever it is asked for, and writes down what that is.
#[derive(Default)]
struct Mad {
    asked: Mutex<Vec<u32>>,
}

impl MotionProvider for Mad {
    fn watch(&self, _: &Owner, _: Sensor, interval_ms: u32, sensed: Sensed) -> Stop {
        self.asked.lock().expect("asked").push(interval_ms);
        let reading = |x: f64, at_ms| Reading {
            x,
            y: 0.0,
            z: 0.0,
            at_ms,
        };
        sensed(Ok(reading(f64::NAN, 0)));
        for at_ms in 1..1_000_u32 {
            sensed(Ok(reading(f64::from(at_ms), u64::from(at_ms))));
        }
        sensed(Ok(reading(f64::INFINITY, 5_000)));
        Box::new(())
    }
}

async fn under(provider: Arc<dyn MotionProvider>) -> Device {
    let config = RuntimeConfig {
        providers: Providers {
            motion: provider,
            ..Providers::simulated()
        },
        ..RuntimeConfig::simulated()
    };
    Device::with(config, SimulatedDevices::default()).await
}

#[tokio::test]
async fn readings_that_come_too_fast_or_are_none_are_dropped() {
    let mad = Arc::new(Mad::default());
    let device = under(mad.clone()).await;
    // The first reading is of 1 ms; 1 + 62 * 16 and 1 + 9 * 100 are the last that come slowly enough, less two turns.
    for (interval, last) in [
        ("0", "x: 273.0"),
        ("100", "x: 181.0"),
        ("4294967295", "x: 1.0"),
    ] {
        let about = format!("compass,{interval}");
        let session = device.launch("call-motion-watch", &about).await;
        ask(&session).await;
        told(&session, last).await;
        let handled = session.handled();
        a_while().await;
        assert_eq!(session.handled(), handled);
        let shown = text(&session, "text");
        assert!(!shown.contains("NaN") && !shown.contains("inf"), "{shown}");
    }
    assert_eq!(*mad.asked.lock().expect("asked"), [16, 100, u32::MAX]);
}

/// Says that there is no sensor, and reads it all the same.
struct Undecided;

impl MotionProvider for Undecided {
    fn watch(&self, _: &Owner, _: Sensor, _: u32, sensed: Sensed) -> Stop {
        for at_ms in 0..3 {
            sensed(Err(NoSensor));
            sensed(Ok(Reading {
                x: 77.0,
                y: 0.0,
                z: 0.0,
                at_ms: at_ms * 1_000,
            }));
        }
        Box::new(())
    }
}

#[tokio::test]
async fn after_its_end_a_watch_has_no_news() {
    let device = under(Arc::new(Undecided)).await;
    let session = device.launch("call-motion-watch", "compass").await;
    ask(&session).await;
    told(&session, "unavailable").await;
    a_while().await;
    let shown = text(&session, "text");
    assert!(!shown.contains("77"), "{shown}");
    assert_eq!(shown.matches("unavailable").count(), 1);
}
