//! `fetch`: allowed, denied, out of bounds, withdrawn; redirects; frozen, restarted, flooded; hostile input. Over a network: see
//! `fetch_https.rs`.

mod support;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use lapak_abi::domain::DomainPattern;
use lapak_host::audit::{AuditEntry, AuditQuery};
use lapak_host::capability::Providers;
use lapak_host::capability::fetch::{
    Exchange, FetchError, FetchProvider, MOST_RECEIVED_BYTES, Replied, Reply,
};
use lapak_host::capability::storage::Owner;
use lapak_host::flights::Stop;
use lapak_host::simulated::SimulatedDevices;
use lapak_host::{Capability, RuntimeConfig};
use support::device::{Device, PERSON, a_while, ask, told};
use support::{frozen, tap, text, until};

/// A network that answers when the test says so, and counts what was given up.
#[derive(Default)]
struct Slow {
    asked: Mutex<Vec<(Exchange, Replied)>>,
    stopped: Arc<AtomicUsize>,
}

struct Stopped(Arc<AtomicUsize>);

impl Drop for Stopped {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl FetchProvider for Slow {
    fn exchange(&self, _: &Owner, exchange: Exchange, replied: Replied) -> Stop {
        let mut asked = self.asked.lock().expect("not poisoned");
        asked.push((exchange, replied));
        Box::new(Stopped(self.stopped.clone()))
    }
}

impl Slow {
    fn in_flight(&self) -> usize {
        self.asked.lock().expect("not poisoned").len()
    }

    fn stopped(&self) -> usize {
        self.stopped.load(Ordering::SeqCst)
    }

    fn answer(&self, reply: &Result<Reply, FetchError>) {
        let asked = std::mem::take(&mut *self.asked.lock().expect("not poisoned"));
        for (_, replied) in asked {
            replied(reply.clone());
        }
    }
}

fn reply(status: u16, body: impl AsRef<[u8]>) -> Reply {
    Reply {
        status,
        headers: vec![("X-Kind".into(), "tea".into())],
        body: body.as_ref().to_vec(),
    }
}

async fn over(network: Arc<dyn FetchProvider>) -> Device {
    let config = RuntimeConfig {
        providers: Providers {
            fetch: network,
            ..Providers::simulated()
        },
        ..RuntimeConfig::simulated()
    };
    Device::with(config, SimulatedDevices::default()).await
}

fn audit(device: &Device) -> Vec<AuditEntry> {
    let audit = device.runtime.audit(AuditQuery {
        limit: 20,
        ..AuditQuery::default()
    });
    audit.expect("the audit")
}

#[tokio::test]
async fn it_fetches_what_is_there_and_the_audit_says_from_where() {
    let device = Device::new().await;
    device.set("fetch https://fetch.example/menu 200 nasi goreng");
    let session = device.launch("call-fetch-get", "fetch.example/menu").await;
    ask(&session).await;
    told(
        &session,
        "status=200 url=https://fetch.example/menu body=nasi goreng",
    )
    .await;
    let entry = audit(&device).remove(0);
    assert_eq!(entry.capability, Capability::Fetch);
    assert_eq!((&*entry.about, &*entry.outcome), ("fetch.example", "sent"));
    device.set("fetch https://fetch.example/menu 404 no");
    ask(&session).await;
    told(&session, "status=404").await;
    device.set("fetch off");
    ask(&session).await;
    told(&session, "unavailable").await;
    assert!(session.sheets().is_empty());
}

#[tokio::test]
async fn only_the_hosts_of_the_manifest_and_only_https() {
    let device = Device::new().await;
    for (action, with, expected) in [
        ("call-fetch-get", "other.example/", "access-denied"),
        (
            "call-fetch-get",
            "fetch.example.evil.example/",
            "access-denied",
        ),
        ("call-fetch-get", "sub.fetch.example/", "access-denied"),
        ("call-fetch-get", "img.example/", "access-denied"),
        ("call-fetch-get", "127.0.0.1/", "access-denied"),
        ("call-fetch-get", "fetch.example:8443/", "access-denied"),
        ("call-fetch-plain", "fetch.example/", "access-denied"),
        ("call-fetch-get", "fetch.example/", "ok"),
        ("call-fetch-get", "a.b.img.example/", "ok"),
    ] {
        let session = device.launch(action, with).await;
        ask(&session).await;
        told(&session, expected).await;
    }
    let audit = audit(&device).into_iter();
    let refused = audit.filter(|entry| !entry.allowed && entry.outcome == "denied");
    let refused: Vec<_> = refused.map(|entry| entry.about).collect();
    // Newest first; what is no address of HTTPS names no host, and the three in a row are one entry.
    let expected = [
        "",
        "img.example",
        "sub.fetch.example",
        "fetch.example.evil.example",
        "other.example",
    ];
    assert_eq!(refused, expected);
}

#[tokio::test]
async fn the_platforms_bounds_hold_too() {
    let device = Device::new().await;
    device.set("fetch https://fetch.example/ 200 hello");
    device.set("fetch https://a.img.example/ 302 https://fetch.example/");
    let session = device.launch("call-fetch-get", "fetch.example/").await;
    let redirected = device.launch("call-fetch-get", "a.img.example/").await;
    for session in [&session, &redirected] {
        let img = DomainPattern::parse("*.img.example").expect("a pattern");
        session
            .grants()
            .bound(|bounds| bounds.fetch.domains = Some([img].into()));
        ask(session).await;
        told(session, "access-denied").await;
        session.grants().bound(|bounds| bounds.fetch.domains = None);
        ask(session).await;
        told(session, "status=200").await;
    }
}

#[tokio::test]
async fn redirects_are_followed_five_times_and_never_out() {
    let device = Device::new().await;
    for (from, to) in (0..6).map(|hop| (hop, hop + 1)) {
        let (from, to) = (
            format!("https://fetch.example/{from}"),
            format!("https://fetch.example/{to}"),
        );
        device.set(&format!("fetch {from} 302 {to}"));
    }
    device.set("fetch https://fetch.example/6 200 there");
    device.set("fetch https://fetch.example/out 302 https://other.example/");
    device.set("fetch https://fetch.example/plain 302 http://fetch.example/6");
    device.set("fetch https://fetch.example/broken 302 https://[");
    for (path, expected) in [
        ("1", "status=200 url=https://fetch.example/6 body=there"),
        ("0", "unavailable"),
        ("out", "access-denied"),
        ("plain", "access-denied"),
        ("broken", "unavailable"),
    ] {
        let session = device
            .launch("call-fetch-get", &format!("fetch.example/{path}"))
            .await;
        ask(&session).await;
        told(&session, expected).await;
    }
}

#[tokio::test]
async fn credentials_stay_with_their_host() {
    let device = Device::new().await;
    device.set("fetch https://fetch.example/a 307 https://fetch.example/b");
    device.set("fetch https://fetch.example/b 307 https://a.img.example/c");
    device.set("fetch https://a.img.example/c 303 https://fetch.example/d");
    device.set("fetch https://fetch.example/d 200 hello");
    let session = device.launch("call-fetch-post", "fetch.example/a").await;
    ask(&session).await;
    told(&session, "status=200 url=https://fetch.example/d").await;
    let sent = device.devices.fetch.asked(PERSON);
    let names = |exchange: &Exchange| {
        let names = exchange.headers.iter().map(|(name, _)| name.clone());
        names.collect::<Vec<_>>().join(" ")
    };
    let seen: Vec<_> = sent
        .iter()
        .map(|one| (&*one.method, names(one), one.body.len()))
        .collect();
    let all = "authorization cookie content-type x-key".to_owned();
    let without = "content-type x-key".to_owned();
    // Back at the first host nothing comes back to them.
    let expected = [
        ("POST", all.clone(), 5),
        ("POST", all, 5),
        ("POST", without, 5),
        ("GET", "x-key".to_owned(), 0),
    ];
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn withdrawing_ends_what_is_in_flight() {
    let slow = Arc::new(Slow::default());
    let device = over(slow.clone()).await;
    let session = device.launch("call-fetch-get", "fetch.example/").await;
    ask(&session).await;
    until("it is on its way", || slow.in_flight() == 1).await;
    session.grants().withdraw(Capability::Fetch);
    told(&session, "access-denied").await;
    assert_eq!(slow.stopped(), 1);
    let handled = session.handled();
    slow.answer(&Ok(reply(200, "late")));
    a_while().await;
    assert_eq!(session.handled(), handled);
    ask(&session).await;
    assert_eq!(slow.in_flight(), 0);
}

#[tokio::test]
async fn cancelling_and_the_end_of_the_session_end_it_too() {
    let slow = Arc::new(Slow::default());
    let device = over(slow.clone()).await;
    let session = device.launch("call-fetch-cancel", "fetch.example/").await;
    tap(&session, "tap").await;
    let shown = text(&session, "text");
    assert!(shown.starts_with("Ok(())"), "{shown}");
    assert_eq!(shown.matches("unknown-request").count(), 2, "{shown}");
    a_while().await;
    assert_eq!(slow.in_flight(), slow.stopped());
    // More often than fit at a time: each makes room for the next.
    for _ in 0..40 {
        tap(&session, "tap").await;
    }
    assert!(!text(&session, "text").contains("too-many-requests"));

    let stopped = slow.stopped();
    let session = device.launch("call-fetch-get", "fetch.example/").await;
    let before = slow.in_flight();
    ask(&session).await;
    until("it is on its way", || slow.in_flight() > before).await;
    session.send(lapak_host::ShellEvent::Close).expect("sent");
    until("it is given up", || slow.stopped() > stopped).await;
}

#[tokio::test]
async fn an_answer_wakes_a_frozen_session() {
    let slow = Arc::new(Slow::default());
    let device = over(slow.clone()).await;
    let session = device.launch("call-fetch-get", "fetch.example/").await;
    ask(&session).await;
    until("it is on its way", || slow.in_flight() == 1).await;
    frozen(&session).await;
    slow.answer(&Ok(reply(200, "hello")));
    told(
        &session,
        "status=200 url=https://fetch.example/ body=hello headers=1",
    )
    .await;
}

#[tokio::test]
async fn after_a_restart_nothing_is_sent_twice() {
    let folder = tempfile::tempdir().expect("a folder");
    let devices = SimulatedDevices::default();
    let device = Device::on_disk(folder.path(), devices.clone()).await;
    device.set("fetch https://fetch.example/ never");
    let session = device.launch("call-fetch-post", "fetch.example/").await;
    ask(&session).await;
    until("it is on its way", || {
        devices.fetch.asked(PERSON).len() == 1
    })
    .await;
    let id = session.id();
    let patience = std::time::Duration::from_secs(30);
    device.runtime.suspend(patience).await.expect("suspended");
    drop((session, device));
    let device = Device::on_disk(folder.path(), devices.clone()).await;
    device.set("fetch https://fetch.example/ 200 twice");
    let session = device.runtime.session(id).expect("resumed");
    told(&session, "unavailable").await;
    assert_eq!(devices.fetch.asked(PERSON).len(), 1);
    ask(&session).await;
    told(&session, "status=200").await;
    assert_eq!(devices.fetch.asked(PERSON).len(), 2);
}

#[tokio::test]
async fn a_network_that_says_nothing_is_not_waited_for() {
    let device = Device::new().await;
    device.set("fetch https://fetch.example/ never");
    let session = device.launch("call-fetch-soon", "fetch.example/").await;
    ask(&session).await;
    told(&session, "timed-out").await;
}

#[tokio::test]
async fn a_network_that_answers_nonsense_answers_nothing() {
    let slow = Arc::new(Slow::default());
    let device = over(slow.clone()).await;
    for (nonsense, expected) in [
        (Ok(reply(42, "")), "unavailable"),
        (Ok(reply(u16::MAX, "")), "unavailable"),
        (
            Ok(reply(200, vec![0; MOST_RECEIVED_BYTES + 1])),
            "too-large",
        ),
        (
            Ok(Reply {
                headers: vec![("a".into(), "b".into()); 1_000],
                ..reply(200, "")
            }),
            "unavailable",
        ),
        (Err(FetchError::TooLarge), "too-large"),
        (Err(FetchError::NotPublic), "access-denied"),
        (Err(FetchError::TimedOut), "timed-out"),
        (Err(FetchError::Unavailable("secret".into())), "unavailable"),
    ] {
        let session = device.launch("call-fetch-get", "fetch.example/").await;
        ask(&session).await;
        until("it is on its way", || slow.in_flight() == 1).await;
        slow.answer(&nonsense);
        told(&session, expected).await;
        assert!(!text(&session, "text").contains("secret"));
    }
}

#[tokio::test]
async fn ten_at_a_time_and_wild_calls_are_refused() {
    let device = Device::new().await;
    device.set("fetch https://fetch.example/ never");
    for (action, expected) in [
        ("call-fetch-flood", "refused=90"),
        ("call-fetch-foreign", "taken=0"),
        ("call-fetch-large", "too-large"),
    ] {
        let session = device.launch(action, "fetch.example/").await;
        ask(&session).await;
        told(&session, expected).await;
    }
    let session = device.launch("call-fetch-wild", "fetch.example/").await;
    ask(&session).await;
    told(&session, "invalid").await;
    let shown = text(&session, "text");
    assert_eq!(shown.matches("\"invalid\"").count(), 8, "{shown}");
    a_while().await;
    assert!(device.devices.fetch.asked(PERSON).len() <= 10);
}

#[tokio::test]
async fn one_persons_network_is_not_anothers() {
    let device = Device::new().await;
    device
        .devices
        .set("budi", "fetch https://fetch.example/ 200 of budi")
        .expect("set");
    let session = device.launch("call-fetch-get", "fetch.example/").await;
    ask(&session).await;
    told(&session, "unavailable").await;
}
