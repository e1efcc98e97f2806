//! What holds of everything that can be watched as it changes: told at once and of changes, to nobody else; denied, withdrawn;
//! over freezes and restarts; wild calls. What is its own about each capability is in the file of its name.

mod support;

use lapak_host::Capability;
use lapak_host::simulated::SimulatedDevices;
use support::device::{Device, a_while, ask, told};
use support::{frozen, tap, text};

/// A capability of one value at a time.
struct Watched {
    capability: Capability,
    /// Of the simulated device: a value, how the app shows it, and a line that leaves it so as far as an app can see.
    first: (&'static str, &'static str, &'static str),
    /// Another value, and how the app shows it.
    then: (&'static str, &'static str),
    /// Ends every watch, if something does.
    end: Option<&'static str>,
    /// It can be read at once, too.
    now: bool,
    /// What a watch is about.
    with: &'static str,
}

const ALL: [Watched; 4] = [
    Watched {
        capability: Capability::Battery,
        first: ("battery 40", "percent: 40, charging: false", "battery 41"),
        then: ("battery 41 charging", "percent: 40, charging: true"),
        end: Some("battery none"),
        now: true,
        with: "",
    },
    Watched {
        capability: Capability::Network,
        first: ("network wifi", "Kind::Wifi", "network wifi"),
        then: ("network ethernet", "Kind::Ethernet"),
        end: Some("network unknown"),
        now: true,
        with: "",
    },
    Watched {
        capability: Capability::Device,
        first: ("device theme light", "Theme::Light", "device theme light"),
        then: ("device theme dark", "Theme::Dark"),
        end: None,
        now: true,
        with: "",
    },
    Watched {
        capability: Capability::Motion,
        // Of another sensor.
        first: ("motion compass 15", "x: 15.0", "motion gyroscope 1 1 1"),
        then: ("motion compass 45", "x: 45.0"),
        end: Some("motion off"),
        now: false,
        with: "compass",
    },
];

impl Watched {
    fn action(&self, call: &str) -> String {
        format!("call-{}-{call}", self.capability.name())
    }

    async fn launch(&self, device: &Device, call: &str) -> lapak_host::Session {
        device.launch(&self.action(call), self.with).await
    }
}

#[tokio::test]
async fn without_a_grant_nothing_is_told() {
    let device = Device::new().await;
    for watched in &ALL {
        for call in ["watch", "now"]
            .into_iter()
            .take(1 + usize::from(watched.now))
        {
            let session = watched.launch(&device, call).await;
            session.grants().withdraw(watched.capability);
            tap(&session, "tap").await;
            let shown = text(&session, "text");
            assert!(shown.contains("access-denied"), "{call}: {shown}");
        }
    }
}

#[tokio::test]
async fn a_watch_tells_at_once_and_of_changes_that_an_app_can_see() {
    for watched in &ALL {
        let device = Device::new().await;
        let (first, shown, same) = watched.first;
        let (then, then_shown) = watched.then;
        device.set(first);
        let session = watched.launch(&device, "watch").await;
        ask(&session).await;
        told(&session, shown).await;
        let handled = session.handled();
        device.set(same);
        device.devices.set("budi", then).expect("set");
        a_while().await;
        assert_eq!(session.handled(), handled, "{same}");
        frozen(&session).await;
        device.set(then);
        told(&session, then_shown).await;
        let Some(end) = watched.end else {
            continue;
        };
        device.set(end);
        told(&session, "unavailable").await;
        let handled = session.handled();
        device.set(first);
        a_while().await;
        assert_eq!(session.handled(), handled, "{end}");
    }
}

#[tokio::test]
async fn withdrawing_ends_a_watch_and_the_app_hears_so() {
    for watched in &ALL {
        let device = Device::new().await;
        device.set(watched.first.0);
        let session = watched.launch(&device, "watch").await;
        ask(&session).await;
        told(&session, watched.first.1).await;
        session.grants().withdraw(watched.capability);
        told(&session, "access-denied").await;
        let handled = session.handled();
        device.set(watched.then.0);
        a_while().await;
        assert_eq!(session.handled(), handled, "{}", watched.then.0);
    }
}

#[tokio::test]
async fn a_watch_goes_on_after_a_restart_of_the_host() {
    for watched in &ALL {
        let folder = tempfile::tempdir().expect("a folder");
        let devices = SimulatedDevices::default();
        let device = Device::on_disk(folder.path(), devices.clone()).await;
        device.set(watched.first.0);
        let session = watched.launch(&device, "watch").await;
        ask(&session).await;
        told(&session, watched.first.1).await;
        let id = session.id();
        let device = device.restarted(folder.path(), devices).await;
        let session = device.runtime.session(id).expect("resumed");
        device.set(watched.then.0);
        told(&session, watched.then.1).await;
    }
}

#[tokio::test]
async fn wild_calls_are_refused() {
    let device = Device::new().await;
    for watched in &ALL {
        for (call, expected) in [
            ("flood", "refused=68"),
            ("foreign", "taken=0"),
            ("after-stop", "unknown-request"),
        ] {
            let session = watched.launch(&device, call).await;
            tap(&session, "tap").await;
            let shown = text(&session, "text");
            assert!(
                shown.contains(expected),
                "{}: {shown}",
                watched.action(call)
            );
            if call == "flood" && watched.now {
                assert!(shown.contains("read=10000"), "{shown}");
            }
        }
    }
}
