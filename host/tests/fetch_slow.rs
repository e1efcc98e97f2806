//! `fetch` over a simulated network that is off, slow, or reaches further than what was written down.

mod support;

use std::sync::Arc;

use lapak_host::capability::Providers;
use lapak_host::capability::fetch::Reply;
use lapak_host::capability::fetch::simulated::SimulatedFetch;
use lapak_host::simulated::SimulatedDevices;
use lapak_host::{Capability, RuntimeConfig};
use support::device::{Device, PERSON, a_while, ask, told};
use support::text;

const URL: &str = "https://fetch.example/menu";

async fn with_menu() -> Device {
    let device = Device::new().await;
    device.set(&format!("fetch {URL} 200 nasi goreng"));
    device
}

#[tokio::test]
async fn a_network_that_is_off_lets_nothing_through() {
    let device = with_menu().await;
    device.set("network off");
    let session = device.launch("call-fetch-get", "fetch.example/menu").await;
    ask(&session).await;
    told(&session, "unavailable").await;
    assert!(device.devices.fetch.asked(PERSON).is_empty());
    device.set("network cellular");
    ask(&session).await;
    told(&session, "nasi goreng").await;
}

#[tokio::test]
async fn a_slow_network_holds_everything_back() {
    let device = with_menu().await;
    device.set("network wifi slow 300");
    let session = device.launch("call-fetch-get", "fetch.example/menu").await;
    ask(&session).await;
    // Held back: not even asked yet.
    assert!(device.devices.fetch.asked(PERSON).is_empty());
    told(&session, "nasi goreng").await;
}

#[tokio::test]
async fn what_is_held_back_longer_than_it_may_take_ends_in_time() {
    let device = with_menu().await;
    device.set("network wifi slow 60000");
    let session = device.launch("call-fetch-soon", "fetch.example/menu").await;
    ask(&session).await;
    told(&session, "timed-out").await;
    assert!(device.devices.fetch.asked(PERSON).is_empty());
}

#[tokio::test]
async fn what_is_withdrawn_while_it_is_held_back_never_begins() {
    let device = with_menu().await;
    device.set("network wifi slow 100");
    let session = device.launch("call-fetch-get", "fetch.example/menu").await;
    ask(&session).await;
    session.grants().withdraw(Capability::Fetch);
    told(&session, "access-denied").await;
    for _ in 0..6 {
        a_while().await;
    }
    assert!(device.devices.fetch.asked(PERSON).is_empty());
    assert!(!text(&session, "text").contains("nasi"));
}

#[tokio::test]
async fn what_nobody_wrote_down_is_asked_beyond() {
    let devices = SimulatedDevices::default();
    let beyond = Arc::new(SimulatedFetch::default());
    let reply = |body: &str| Reply {
        status: 200,
        headers: Vec::new(),
        body: body.into(),
    };
    beyond.answer(PERSON, URL, reply("from beyond"));
    let mut providers = Providers::simulated();
    devices.put_behind(&mut providers);
    providers.fetch = Arc::new(devices.fetching(Some(beyond.clone())));
    let config = RuntimeConfig {
        providers,
        ..RuntimeConfig::simulated()
    };
    let device = Device::with(config, devices).await;
    let session = device.launch("call-fetch-get", "fetch.example/menu").await;
    ask(&session).await;
    told(&session, "from beyond").await;
    device.set(&format!("fetch {URL} 200 written down"));
    ask(&session).await;
    told(&session, "written down").await;
    device.set("network off");
    ask(&session).await;
    told(&session, "unavailable").await;
    assert_eq!(beyond.asked(PERSON).len(), 1);
}

#[test]
fn words_that_are_none_are_told() {
    let devices = SimulatedDevices::default();
    for words in [
        "network",
        "network off metered",
        "network wifi slow",
        "network wifi slow fast",
        "network carrier-pigeon",
        "network unknown slow 3",
    ] {
        let refused = devices.set(PERSON, words).expect_err(words);
        assert!(refused.contains("slow MILLISECONDS"), "{refused}");
    }
    devices
        .set(PERSON, "network cellular metered slow 250")
        .expect("set");
}
