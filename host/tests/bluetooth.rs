//! `bluetooth`: found, connected, read, written, watched; denied, asked for, withdrawn; frozen, restarted; hostile calls, and
//! providers that do as they like.

mod support;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use lapak_host::audit::AuditQuery;
use lapak_host::capability::Providers;
use lapak_host::capability::bluetooth::simulated::{LOCK_SERVICE, LOCK_STATE, Notification};
use lapak_host::capability::bluetooth::{
    Advertised, BluetoothProvider, Characteristic, Connected, Link, Looked, Lost, Notified, Uuid,
    ValueRead, Written,
};
use lapak_host::capability::storage::Owner;
use lapak_host::flights::Stop;
use lapak_host::grants::consent::Consent;
use lapak_host::recording::RecordOptions;
use lapak_host::simulated::SimulatedDevices;
use lapak_host::{Capability, Runtime, RuntimeConfig, Session};
use support::device::{Device, PERSON, a_while, answer, ask, asked, told};
use support::{frozen, tap, text, until};

async fn steps(device: &Device, steps: &str) -> Session {
    let session = device.launch("call-bluetooth-steps", steps).await;
    ask(&session).await;
    session
}

/// One that watches the lock B-17, which it has unlocked.
async fn watching(device: &Device) -> Session {
    device.set("bluetooth add lock B-17");
    let session = steps(device, "discover,connect,watch,unlock.B-17").await;
    told(&session, "watch=Ok([1])").await;
    session
}

fn connected(devices: &SimulatedDevices) -> bool {
    let shown = devices.shown(PERSON);
    let all = shown["bluetooth"]["devices"].as_array().cloned();
    all.unwrap_or_default()
        .iter()
        .any(|one| one["connected"] == true)
}

async fn disconnected(devices: &SimulatedDevices) {
    until("nothing is connected", || !connected(devices)).await;
}

#[tokio::test]
async fn a_lock_is_found_connected_read_and_unlocked() {
    let device = Device::new().await;
    device.set("bluetooth add lock B-17 4711");
    let session = steps(
        &device,
        "discover,connect,read,unlock.0000,unlock.4711,read,lock,read",
    )
    .await;
    told(&session, "lock=ok\nread=Ok([0])").await;
    let shown = text(&session, "text");
    assert!(shown.contains("discover=B-17 "), "{shown}");
    assert!(shown.contains("connect=ok\nread=Ok([0])"), "{shown}");
    assert!(shown.contains("unsupported"), "{shown}");
    assert!(shown.contains("unlock=ok\nread=Ok([1])"), "{shown}");
    let uses = device.runtime.audit(AuditQuery {
        limit: 20,
        ..AuditQuery::default()
    });
    let uses = uses.expect("the audit");
    for function in ["discover", "connect", "read", "write"] {
        let noted = uses.iter().any(|entry| {
            entry.function == function && entry.capability == Capability::Bluetooth && entry.allowed
        });
        assert!(noted, "{function}");
    }
}

#[tokio::test]
async fn ids_say_nothing_and_are_other_ones_in_each_session() {
    let device = Device::new().await;
    device.set("bluetooth add lock B-17");
    let mut ids = Vec::new();
    for _ in 0..2 {
        let session = steps(&device, "discover,rest,discover,rest").await;
        told(&session, "discover=B-17 ").await;
        let id = |session: &Session| {
            let shown = text(session, "text");
            shown
                .trim()
                .rsplit(' ')
                .next()
                .unwrap_or_default()
                .to_owned()
        };
        let first = id(&session);
        assert_eq!(first.len(), 32);
        frozen(&session).await;
        ask(&session).await;
        told(&session, &format!("discover=B-17 {first}")).await;
        ids.push(first);
    }
    assert_ne!(ids[0], ids[1]);
}

#[tokio::test]
async fn only_services_that_were_asked_for_are_within_reach() {
    let device = Device::new().await;
    device.set("bluetooth add lock B-17");
    let session = steps(&device, "discover,connect,read-other,read-command,long").await;
    told(&session, "long").await;
    let shown = text(&session, "text");
    let line = |step: &str| shown.lines().find(|line| line.starts_with(step));
    assert!(
        line("read-other").is_some_and(|line| line.contains("access-denied")),
        "{shown}"
    );
    assert!(
        line("read-command").is_some_and(|line| line.contains("unsupported")),
        "{shown}"
    );
    assert!(
        line("long").is_some_and(|line| line.contains("invalid")),
        "{shown}"
    );
}

#[tokio::test]
async fn bounds_hold_when_it_looks_and_when_they_move() {
    let device = Device::new().await;
    let bound = |session: &Session, service: Uuid| {
        session
            .grants()
            .bound(|bounds| bounds.bluetooth.services = Some([service].into()));
    };
    let denied = device.launch("call-bluetooth-steps", "discover").await;
    bound(&denied, Uuid::new(1));
    ask(&denied).await;
    told(&denied, "access-denied").await;
    let session = device
        .launch(
            "call-bluetooth-steps",
            "discover,connect,watch,read,rest,read",
        )
        .await;
    bound(&session, LOCK_SERVICE);
    device.set("bluetooth add lock B-17");
    ask(&session).await;
    // What is asked over a connection is done in order: the watch has begun.
    told(&session, "read=Ok").await;
    bound(&session, Uuid::new(1));
    device.set("bluetooth lock B-17");
    told(&session, "access-denied").await;
    ask(&session).await;
    told(&session, "read=Err").await;
    assert!(text(&session, "text").contains("access-denied"));
}

#[tokio::test]
async fn a_watch_tells_in_order_while_the_app_is_only_bytes() {
    let device = Device::new().await;
    let session = watching(&device).await;
    frozen(&session).await;
    let told_of = |value: u8| Notification {
        of: LOCK_STATE,
        value: vec![value],
    };
    for value in 2..30 {
        assert!(
            device
                .devices
                .bluetooth
                .notify(PERSON, "B-17", &told_of(value))
        );
    }
    told(&session, "watch=Ok([29])").await;
    let shown = text(&session, "text");
    let values = shown
        .lines()
        .filter_map(|line| line.strip_prefix("watch=Ok(["));
    let values: Vec<u8> = values
        .filter_map(|rest| rest.trim_end_matches("])").parse().ok())
        .collect();
    assert_eq!(values, (1..30).collect::<Vec<_>>());
}

#[tokio::test]
async fn writes_that_nobody_waits_for_arrive_in_order() {
    let device = Device::new().await;
    device.set("bluetooth add lock B-17");
    let session = steps(&device, "discover,connect,watch,toggle.B-17,read").await;
    told(&session, "read=Ok([0])").await;
    until("all was told", || {
        text(&session, "text").matches("watch=").count() == 10
    })
    .await;
    let shown = text(&session, "text");
    let values = shown.lines().filter(|line| line.starts_with("watch="));
    let values: Vec<_> = values.collect();
    let pairs = values.chunks(2);
    assert!(
        pairs
            .into_iter()
            .all(|pair| pair == ["watch=Ok([1])", "watch=Ok([0])"]),
        "{shown}"
    );
}

#[tokio::test]
async fn the_end_of_a_connection_ends_its_watches() {
    for end in ["bluetooth remove lock B-17", "bluetooth off"] {
        let device = Device::new().await;
        let session = watching(&device).await;
        device.set(end);
        told(&session, "disconnected").await;
        let handled = session.handled();
        device.set("bluetooth on");
        device.set("bluetooth add lock B-17");
        device.set("bluetooth lock B-17");
        a_while().await;
        assert_eq!(session.handled(), handled);
    }
}

#[tokio::test]
async fn the_app_disconnects_and_connects_again() {
    let device = Device::new().await;
    device.set("bluetooth add lock B-17");
    let session = steps(
        &device,
        "discover,connect,watch,disconnect,read,connect,connect,read",
    )
    .await;
    told(&session, "connect=ok\nconnect=ok\nread=Ok([0])").await;
    let shown = text(&session, "text");
    assert!(shown.contains("disconnect=ok\nread=Err"), "{shown}");
    assert!(shown.contains("disconnected"), "{shown}");
    assert!(connected(&device.devices));
    session.send(lapak_host::ShellEvent::Close).expect("sent");
    disconnected(&device.devices).await;
}

#[tokio::test]
async fn a_stopped_watch_tells_nothing() {
    let device = Device::new().await;
    device.set("bluetooth add lock B-17");
    let session = steps(&device, "discover,connect,watch,stop,unlock.B-17,read").await;
    told(&session, "stop=ok").await;
    told(&session, "read=Ok([1])").await;
    assert!(!text(&session, "text").contains("watch="));
}

#[tokio::test]
async fn withdrawing_ends_connections_and_the_app_hears_so() {
    for withdraw in [
        (|session: &Session, _: &Runtime| session.grants().withdraw(Capability::Bluetooth))
            as fn(&Session, &Runtime),
        |session, runtime| {
            let person = &session.owner().person;
            let withdrawn =
                runtime.withdraw_consent(person, "test.lapak.hostile", Capability::Bluetooth);
            withdrawn.expect("withdrawn");
        },
    ] {
        let device = Device::new().await;
        let session = watching(&device).await;
        withdraw(&session, &device.runtime);
        disconnected(&device.devices).await;
        told(&session, "access-denied").await;
        ask(&session).await;
        a_while().await;
        assert!(!connected(&device.devices));
    }
}

#[tokio::test]
async fn the_person_is_asked_once_and_what_was_found_may_be_used() {
    let device = Device::unasked().await;
    device.set("bluetooth add lock B-17");
    let session = steps(&device, "discover,connect,read").await;
    let sheet = asked(&session).await;
    assert_eq!(sheet.permission, "system.permission.BLUETOOTH");
    assert!(!text(&session, "text").contains("B-17"));
    answer(&session, Consent::Once).await;
    told(&session, "read=Ok([0])").await;
    assert!(session.sheets().is_empty());
    // Looking again is another question.
    ask(&session).await;
    asked(&session).await;
    answer(&session, Consent::No).await;
    told(&session, "access-denied").await;
    disconnected(&device.devices).await;
}

#[tokio::test]
async fn off_is_unavailable_and_who_is_away_is_not_found() {
    let device = Device::new().await;
    device.set("bluetooth off");
    let session = steps(&device, "discover").await;
    told(&session, "unavailable").await;
    device.set("bluetooth on");
    ask(&session).await;
    told(&session, "discover= ").await;
}

#[tokio::test]
async fn connections_do_not_outlive_the_host_and_ids_do() {
    let folder = tempfile::tempdir().expect("a folder");
    let devices = SimulatedDevices::default();
    let device = Device::on_disk(folder.path(), devices.clone()).await;
    device.set("bluetooth add lock B-17");
    let session = steps(&device, "discover,connect,watch,rest,read,connect,read").await;
    told(&session, "connect=ok").await;
    let id = session.id();
    let patience = Duration::from_secs(30);
    device.runtime.suspend(patience).await.expect("suspended");
    drop((device, session));
    disconnected(&devices).await;
    let device = Device::on_disk(folder.path(), devices).await;
    let session = device.runtime.session(id).expect("resumed");
    told(&session, "watch=Err").await;
    assert!(text(&session, "text").contains("disconnected"));
    ask(&session).await;
    told(&session, "connect=ok\nread=Ok([0])").await;
    let shown = text(&session, "text");
    assert!(shown.contains("read=Err"), "{shown}");
}

#[tokio::test]
async fn a_recording_plays_again_where_there_is_no_device() {
    let config = RuntimeConfig {
        record: Some(RecordOptions {
            most_bytes: 1 << 20,
            hashes: true,
        }),
        ..RuntimeConfig::simulated()
    };
    let device = Device::of(config, SimulatedDevices::default()).await;
    device.set("bluetooth add lock B-17");
    let all = "discover,connect,watch,unlock.B-17,read,disconnect,rest,read,connect";
    let session = steps(&device, all).await;
    told(&session, "disconnect=ok").await;
    ask(&session).await;
    told(&session, "connect=ok").await;
    session.settled().await;
    let recording = session.recording().expect("a recording");
    device.set("bluetooth remove lock B-17");
    let replayed = device.runtime.replay(&device.app, &recording).await;
    let replayed = replayed.expect("plays");
    assert!(replayed.is_exact(), "{:?}", replayed.differs_at);
}

#[tokio::test]
async fn wild_calls_are_refused() {
    let device = Device::new().await;
    for (action, expected) in [
        ("call-bluetooth-flood", "refused=68"),
        ("call-bluetooth-foreign", "taken=0"),
    ] {
        let session = device.launch(action, "").await;
        tap(&session, "tap").await;
        let shown = text(&session, "text");
        assert!(shown.contains(expected), "{action}: {shown}");
    }
    let session = device.launch("call-bluetooth-wild", "").await;
    tap(&session, "tap").await;
    let shown = text(&session, "text");
    assert_eq!(shown.lines().count(), 9, "{shown}");
    assert!(
        shown.lines().all(|line| line.contains("invalid")),
        "{shown}"
    );
}

/// What a provider of the test does.
#[derive(Clone, Copy, PartialEq)]
enum Manner {
    /// It answers nothing to what is read and written, and keeps the callbacks.
    Silent,
    /// It answers twice, too much, and says that it was lost twice.
    Wild,
    /// It drops what it should answer.
    Forgetful,
}

#[derive(Clone)]
struct Odd {
    manner: Manner,
    kept: Arc<Mutex<Vec<Box<dyn std::any::Any + Send>>>>,
    lost: Arc<Mutex<Vec<Lost>>>,
}

impl BluetoothProvider for Odd {
    fn discover(&self, _: &Owner, services: &[Uuid], _: Duration, looked: Looked) -> Stop {
        let service = services.first().copied().unwrap_or(LOCK_SERVICE);
        let crowd = (0..1_000).map(|number| Advertised {
            address: format!("{number}"),
            name: "x".repeat(10_000),
            services: vec![service; 100],
            rssi: i16::MIN,
        });
        looked(Ok(crowd.collect()));
        Box::new(())
    }

    fn connect(&self, _: &Owner, _: &str, connected: Connected, lost: Lost) -> Stop {
        self.lost.lock().expect("no panic").push(lost);
        connected(Ok(Box::new(self.clone())));
        Box::new(())
    }
}

impl Link for Odd {
    fn read(&self, _: Characteristic, read: ValueRead) {
        match self.manner {
            Manner::Silent => self.kept.lock().expect("no panic").push(Box::new(read)),
            Manner::Wild => read(Ok(vec![7; 1 << 20])),
            Manner::Forgetful => drop(read),
        }
    }

    fn write(&self, _: Characteristic, _: Vec<u8>, written: Written) {
        written(Ok(()));
    }

    fn subscribe(&self, _: Characteristic, notified: Notified) -> Stop {
        if self.manner == Manner::Wild {
            for _ in 0..1_000 {
                notified(Ok(vec![9; 10_000]));
            }
            notified(Err(lapak_host::capability::bluetooth::Failure::Gone));
            notified(Ok(vec![1]));
        }
        Box::new(())
    }
}

async fn odd(manner: Manner) -> (Odd, Device) {
    let odd = Odd {
        manner,
        kept: Arc::default(),
        lost: Arc::default(),
    };
    let config = RuntimeConfig {
        providers: Providers {
            bluetooth: Arc::new(odd.clone()),
            ..Providers::simulated()
        },
        ..RuntimeConfig::simulated()
    };
    (odd, Device::with(config, SimulatedDevices::default()).await)
}

#[tokio::test]
async fn a_provider_that_says_too_much_is_cut() {
    let (odd, device) = odd(Manner::Wild).await;
    let session = steps(&device, "discover,connect,watch,read").await;
    told(&session, "read=Ok([7, 7,").await;
    told(&session, "watch=Err").await;
    let shown = text(&session, "text");
    let read = shown.lines().find(|line| line.starts_with("read=Ok"));
    assert_eq!(read.map(|line| line.matches('7').count()), Some(512));
    let news = shown.matches("watch=Ok").count();
    assert!(news <= 65, "{news}");
    for _ in 0..2 {
        odd.lost
            .lock()
            .expect("no panic")
            .iter()
            .for_each(|lost| lost());
    }
    session.settled().await;
}

#[tokio::test]
async fn who_never_answers_is_not_waited_for_longer_than_the_connection() {
    for manner in [Manner::Silent, Manner::Forgetful] {
        let (odd, device) = odd(manner).await;
        let session = steps(&device, "discover,connect,read").await;
        told(&session, "connect=ok").await;
        a_while().await;
        odd.lost
            .lock()
            .expect("no panic")
            .iter()
            .for_each(|lost| lost());
        told(&session, "read=Err").await;
        assert!(text(&session, "text").contains("disconnected"));
        // Answered after all, too late.
        let kept = std::mem::take(&mut *odd.kept.lock().expect("no panic"));
        for one in kept {
            if let Ok(read) = one.downcast::<ValueRead>() {
                read(Ok(vec![1]));
            }
        }
        let handled = session.handled();
        a_while().await;
        assert_eq!(session.handled(), handled);
    }
}
