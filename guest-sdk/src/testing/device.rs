//! The device that a test says the person has.

use super::TestApp;
use crate::app::App;
use crate::identity::Claim;
use crate::location::{Accuracy, Position};
use crate::simulated;

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

    fn move_to(&mut self, at: Option<Position>) {
        simulated::with(|host| {
            let told = host.location.set(at);
            host.waiting.extend(told);
        });
        self.settle();
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
