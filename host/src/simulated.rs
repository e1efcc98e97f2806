//! Simulated devices, one for each person: what stands behind the capabilities of a device where there is none, for tests,
//! headless runs and the preview. Deterministic, and set by whoever holds them.

mod first;
mod watched;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::capability::Providers;
use crate::capability::battery::simulated::SimulatedBattery;
use crate::capability::bluetooth::simulated::SimulatedBluetooth;
use crate::capability::clipboard::simulated::SimulatedClipboard;
use crate::capability::device::simulated::SimulatedDevice;
use crate::capability::fetch::FetchProvider;
use crate::capability::fetch::over::OverNetwork;
use crate::capability::fetch::simulated::SimulatedFetch;
use crate::capability::identity::simulated::SimulatedIdentity;
use crate::capability::location::simulated::SimulatedLocation;
use crate::capability::motion::simulated::SimulatedMotion;
use crate::capability::network::simulated::SimulatedNetwork;
use crate::capability::notify::simulated::{SimulatedNotify, behind_a_limit};
use crate::capability::open_app::simulated::SimulatedApps;
use crate::capability::scan::simulated::SimulatedScanner;
use crate::capability::vibration::simulated::SimulatedVibration;

pub use watched::Watched;

/// Something for each person, made when it is first used.
pub struct PerPerson<T>(Mutex<HashMap<String, T>>);

impl<T> Default for PerPerson<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T: Default> PerPerson<T> {
    /// Works with a person's. For a moment only: others wait.
    pub fn with<R>(&self, person: &str, work: impl FnOnce(&mut T) -> R) -> R {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(one) = all.get_mut(person) {
            return work(one);
        }
        work(all.entry(person.to_owned()).or_default())
    }
}

/// A part of a simulated device that people and scripts can set.
pub trait Part: Send + Sync {
    /// Sets it for a person, e.g. `-6.2 106.8` or `off`.
    ///
    /// # Errors
    /// How it is used, in a sentence.
    fn set(&self, person: &str, words: &[&str]) -> Result<(), String>;

    /// The same by the rest of a line, for parts to which white space means something.
    ///
    /// # Errors
    /// As [`set`](Self::set).
    fn set_text(&self, person: &str, text: &str) -> Result<(), String> {
        let words: Vec<&str> = text.split_whitespace().collect();
        self.set(person, &words)
    }

    /// What it is set to for a person, for a shell to show.
    fn shown(&self, person: &str) -> serde_json::Value;
}

/// The simulated devices of everybody.
#[derive(Clone, Debug, Default)]
pub struct SimulatedDevices {
    /// Where they are.
    pub location: Arc<SimulatedLocation>,
    /// What their networks answer.
    pub fetch: Arc<SimulatedFetch>,
    /// Who they say that they are.
    pub identity: Arc<SimulatedIdentity>,
    /// The messages that they get.
    pub notify: Arc<SimulatedNotify>,
    /// What their scanners see.
    pub scan: Arc<SimulatedScanner>,
    /// The Bluetooth devices near them.
    pub bluetooth: Arc<SimulatedBluetooth>,
    /// The apps that they can open, and have.
    pub open_app: Arc<SimulatedApps>,
    /// Their batteries.
    pub battery: Arc<SimulatedBattery>,
    /// The networks that they are on.
    pub network: Arc<SimulatedNetwork>,
    /// What they are.
    pub device: Arc<SimulatedDevice>,
    /// How they move and lie.
    pub motion: Arc<SimulatedMotion>,
    /// What was copied on them.
    pub clipboard: Arc<SimulatedClipboard>,
    /// How they were shaken.
    pub vibration: Arc<SimulatedVibration>,
    first: Arc<first::First>,
}

impl SimulatedDevices {
    /// Simulated providers for everything, these devices among them.
    #[must_use]
    pub fn providers(&self) -> Providers {
        let mut providers = Providers::simulated();
        self.put_behind(&mut providers);
        providers
    }

    /// Puts them behind the capabilities that they stand for.
    pub fn put_behind(&self, providers: &mut Providers) {
        providers.location = self.location.clone();
        providers.fetch = Arc::new(self.fetching(None));
        providers.identity = self.identity.clone();
        providers.notify = behind_a_limit(self.notify.clone());
        providers.scan = self.scan.clone();
        providers.bluetooth = self.bluetooth.clone();
        providers.open_app = self.open_app.clone();
        providers.battery = self.battery.clone();
        providers.network = self.network.clone();
        providers.device = self.device.clone();
        providers.motion = self.motion.clone();
        providers.clipboard = self.clipboard.clone();
        providers.vibration = self.vibration.clone();
    }

    /// Fetches over their networks: what nobody wrote down is asked `beyond`, if there is somewhere.
    #[must_use]
    pub fn fetching(&self, beyond: Option<Arc<dyn FetchProvider>>) -> OverNetwork {
        OverNetwork::new(self.network.clone(), self.fetch.clone(), beyond)
    }

    /// The parts, by the words that name them in [`set`](Self::set).
    #[must_use]
    pub fn parts(&self) -> Vec<(&'static str, &dyn Part)> {
        vec![
            ("location", &*self.location as &dyn Part),
            ("fetch", &*self.fetch),
            ("identity", &*self.identity),
            ("notify", &*self.notify),
            ("scan", &*self.scan),
            ("bluetooth", &*self.bluetooth),
            ("open-app", &*self.open_app),
            ("battery", &*self.battery),
            ("network", &*self.network),
            ("device", &*self.device),
            ("motion", &*self.motion),
            ("clipboard", &*self.clipboard),
            ("vibration", &*self.vibration),
        ]
    }

    /// Says how devices are in the beginning, from now on: lines that [`begin`](Self::begin) sets them by, after those of before.
    pub fn begin_with(&self, lines: Vec<String>) {
        self.first.add(lines);
    }

    /// Sets a person's device as devices are in the beginning, once. Whoever launches sessions says so before.
    pub fn begin(&self, person: &str) {
        for line in self.first.of(person) {
            if let Err(error) = self.set(person, &line) {
                tracing::warn!(%error, line, "a device does not begin so");
            }
        }
    }

    /// Sets a part of a person's device by a line of words, its name first: `location -6.2 106.8`.
    ///
    /// # Errors
    /// What is wrong with the line, and what would be right.
    pub fn set(&self, person: &str, line: &str) -> Result<(), String> {
        let line = line.trim_start();
        let (name, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        if name.is_empty() {
            return Err("name a part of the device".into());
        }
        let parts = self.parts();
        let Some((_, part)) = parts.iter().find(|(one, _)| *one == name) else {
            let names: Vec<_> = parts.iter().map(|(name, _)| *name).collect();
            let names = names.join(", ");
            return Err(format!("the device has no {name:?}; it has {names}"));
        };
        part.set_text(person, rest)
    }

    /// What a person's device is set to, for a shell to show.
    #[must_use]
    pub fn shown(&self, person: &str) -> serde_json::Value {
        let parts = self.parts().into_iter();
        parts
            .map(|(name, part)| (name.to_owned(), part.shown(person)))
            .collect::<serde_json::Map<_, _>>()
            .into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_person_has_a_device_that_is_set_by_words() {
        let devices = SimulatedDevices::default();
        devices.set("ani", "location 1.5 2.25").expect("set");
        assert_eq!(devices.shown("ani")["location"]["latitude"], 1.5);
        assert_ne!(devices.shown("budi")["location"]["latitude"], 1.5);
        for wrong in [
            "",
            "toaster on",
            "location",
            "location north",
            "location 91 0",
        ] {
            let error = devices.set("ani", wrong).expect_err(wrong);
            assert!(!error.is_empty(), "{wrong}");
        }
        devices.set("ani", "location off").expect("set");
        assert!(devices.shown("ani")["location"].is_null());
    }

    #[test]
    fn every_part_is_shown_as_it_is_set() {
        let devices = SimulatedDevices::default();
        let first = devices.shown("ani");
        for (line, part, shown) in [
            (
                "battery 40 charging",
                "battery",
                serde_json::json!({ "percent": 40, "charging": true }),
            ),
            ("battery none", "battery", serde_json::Value::Null),
            (
                "network cellular metered",
                "network",
                serde_json::json!({ "kind": "cellular", "metered": true }),
            ),
            (
                "network off",
                "network",
                serde_json::json!({ "kind": "off", "metered": false }),
            ),
            ("clipboard  a  b ", "clipboard", " a  b ".into()),
            ("clipboard", "clipboard", serde_json::Value::Null),
        ] {
            devices.set("ani", line).expect(line);
            assert_eq!(devices.shown("ani")[part], shown, "{line}");
        }
        devices.set("ani", "device theme dark").expect("set");
        devices.set("ani", "device locale id").expect("set");
        devices.set("ani", "device screen 640 360").expect("set");
        let device = &devices.shown("ani")["device"];
        assert_eq!(
            (&device["theme"], &device["locale"]),
            (&"dark".into(), &"id".into())
        );
        assert_eq!(
            (&device["screen"]["width"], &device["screen"]["scale"]),
            (&640.into(), &2.0.into())
        );
        devices
            .set("ani", "motion accelerometer 0 0 9.8")
            .expect("set");
        devices.set("ani", "motion compass 90").expect("set");
        let motion = &devices.shown("ani")["motion"];
        assert_eq!(
            (&motion["accelerometer"][2], &motion["compass"]),
            (&9.8.into(), &90.0.into())
        );
        devices.set("ani", "motion off").expect("set");
        assert!(devices.shown("ani")["motion"]["gyroscope"].is_null());
        // Nobody else's.
        assert_eq!(devices.shown("budi"), first);
    }

    #[test]
    fn what_no_part_can_be_set_to_is_said() {
        let devices = SimulatedDevices::default();
        let first = devices.shown("ani");
        for wrong in [
            "battery",
            "battery 101",
            "battery 50 draining",
            "network",
            "network wifi free",
            "device",
            "device theme blue",
            "device locale id_ID",
            "device screen 0.5 1",
            "device screen 360 640 1e9",
            "motion",
            "motion compass north",
            "motion accelerometer 1 2",
            "motion gyroscope 0 0 NaN",
            "vibration 200",
        ] {
            let error = devices.set("ani", wrong).expect_err(wrong);
            assert!(!error.is_empty(), "{wrong}");
        }
        assert_eq!(devices.shown("ani"), first);
    }
}
