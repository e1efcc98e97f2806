//! The device that a test says the person has.

use super::TestApp;
use crate::app::App;
use crate::battery;
use crate::device::Information;
use crate::identity::Claim;
use crate::location::{Accuracy, Position};
use crate::motion::{self, Sensor};
use crate::network;
use crate::simulated::motion::reading;
use crate::simulated::{self, Host};

impl<A: App> TestApp<A> {
    /// The device is at these degrees of latitude and longitude, and whatever watches it is told.
    pub fn set_location(&mut self, latitude: f64, longitude: f64) {
        self.move_to(Some(position(latitude, longitude)));
    }

    /// The device cannot tell where it is (any more).
    pub fn lose_location(&mut self) {
        self.move_to(None);
    }

    /// From now on a URL answers this; one that nobody spoke of is unavailable. What an app fetches as it is launched is to be
    /// said before: [`Preparation::answering`](super::Preparation::answering).
    pub fn answer_fetch(&mut self, url: &str, status: u16, body: impl AsRef<[u8]>) {
        simulated::with(|host| host.fetch.answer(url, status, body.as_ref()));
    }

    /// Method, URL and body of each request that the app has sent, in their order.
    #[must_use]
    pub fn fetched(&self) -> Vec<(String, String, Vec<u8>)> {
        simulated::with(|host| {
            let sent = host.fetch.sent.iter().cloned();
            sent.map(|request| (request.method, request.url, request.body))
                .collect()
        })
    }

    /// What one of the app's files holds.
    #[must_use]
    pub fn file(&self, path: &str) -> Option<Vec<u8>> {
        simulated::with(|host| host.files.file(path).map(<[u8]>::to_vec))
    }

    /// The person tells this about themselves from now on, when they are asked for it.
    pub fn set_claim(&mut self, claim: Claim, value: &str) {
        simulated::with(|host| host.identity.tell(claim, value));
    }

    /// The person does not want to tell who they are any more.
    pub fn refuse_identity(&mut self) {
        simulated::with(|host| host.identity.is_silent = true);
    }

    /// The person wants no messages of this template (any more).
    pub fn refuse_template(&mut self, template: &str) {
        simulated::with(|host| host.notify.refused.insert(template.to_owned()));
    }

    /// The messages that the app has sent, in their order: template, and the fields' names and values.
    #[must_use]
    pub fn messages(&self) -> Vec<(String, Vec<(String, String)>)> {
        simulated::with(|host| host.notify.sent.clone())
    }

    /// The battery is as full as this, in percent, and whatever watches it is told.
    pub fn set_battery(&mut self, percent: u8, charging: bool) {
        self.set_up(|host| {
            host.battery
                .0
                .set(Ok(battery::Status { percent, charging }))
        });
    }

    /// The device has no battery (any more), or does not tell.
    pub fn lose_battery(&mut self) {
        self.set_up(|host| host.battery.0.set(Err(battery::Error::Unavailable)));
    }

    /// The device is on a network of this kind, and whatever watches it is told.
    pub fn set_network(&mut self, kind: network::Kind, metered: bool) {
        self.set_up(|host| host.network.0.set(Ok(network::Status { kind, metered })));
    }

    /// Changes what the app runs on, and tells whatever watches it. The colours and the language that an app is launched with
    /// are the [preparation](Self::prepare)'s.
    pub fn change_device(&mut self, change: impl FnOnce(&mut Information)) {
        self.set_up(|host| {
            let mut now = host.device.0.now();
            if let Ok(now) = &mut now {
                change(now);
            }
            host.device.0.set(now)
        });
    }

    /// A sensor reads this, and whatever watches it is told.
    pub fn sense(&mut self, sensor: Sensor, x: f64, y: f64, z: f64) {
        self.set_up(|host| host.motion.sensor(sensor).set(Ok(reading(x, y, z))));
    }

    /// The device has no such sensor (any more).
    pub fn lose_sensor(&mut self, sensor: Sensor) {
        self.set_up(|host| {
            host.motion
                .sensor(sensor)
                .set(Err(motion::Error::Unavailable))
        });
    }

    /// The person copies a text.
    pub fn copy(&mut self, text: impl Into<String>) {
        simulated::with(|host| host.clipboard.text = Some(text.into()));
    }

    /// What lies in the clipboard.
    #[must_use]
    pub fn copied(&self) -> Option<String> {
        simulated::with(|host| host.clipboard.text.clone())
    }

    /// How long the app has let the device vibrate, each time, in milliseconds.
    #[must_use]
    pub fn vibrations(&self) -> Vec<u32> {
        simulated::with(|host| host.vibration.0.clone())
    }

    /// Sets a part of the device, and tells the watches that are to be told.
    fn set_up(&mut self, set: impl FnOnce(&mut Host) -> Vec<u32>) {
        simulated::with(|host| {
            let told = set(host);
            host.waiting.extend(told);
        });
        self.settle();
    }

    fn move_to(&mut self, at: Option<Position>) {
        self.set_up(|host| host.location.set(at));
    }
}

/// A precise location, by nothing but its degrees.
pub(super) fn position(latitude: f64, longitude: f64) -> Position {
    Position {
        latitude,
        longitude,
        accuracy_metres: 5.0,
        accuracy: Accuracy::Precise,
        altitude_metres: None,
        heading_degrees: None,
        speed_metres_per_second: None,
        at_ms: simulated::clock::UNIX_MS,
    }
}
