//! The device that a test says the person has.

use super::TestApp;
use crate::app::App;
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
