//! Places: how far apart they are, and where they are on the map.

use lapak_sdk::location::Position;
use serde::{Deserialize, Serialize};

/// A place on earth, in degrees (WGS 84).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Place {
    pub(crate) latitude: f64,
    pub(crate) longitude: f64,
}

/// The National Monument, in the middle of the map.
pub(crate) const MIDDLE: Place = Place {
    latitude: -6.175_392,
    longitude: 106.827_153,
};

/// How far the map's edges are from its middle, in metres.
const TO_THE_EDGE: f64 = 750.0;
const EARTH_RADIUS: f64 = 6_371_000.0;

/// A spot on the map, in hundredths of its sides from left and top: what the style sheet has classes for, `x0` to `x100` and
/// `y0` to `y100`, as apps have no styles of single nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Spot {
    x: u8,
    y: u8,
}

impl Place {
    /// How far it is to another place, along the ground (the haversine formula).
    pub(crate) fn metres_to(self, other: Self) -> f64 {
        let half_sine = |from: f64, to: f64| ((to - from).to_radians() / 2.0).sin().powi(2);
        let north = half_sine(self.latitude, other.latitude);
        let east = half_sine(self.longitude, other.longitude);
        let shrink = self.latitude.to_radians().cos() * other.latitude.to_radians().cos();
        2.0 * EARTH_RADIUS * (north + shrink * east).clamp(0.0, 1.0).sqrt().asin()
    }

    /// Where it is on the map; nowhere, if it is beyond the map's edges.
    pub(crate) fn spot(self) -> Option<Spot> {
        let metres_per_degree = EARTH_RADIUS.to_radians();
        let shrink = MIDDLE.latitude.to_radians().cos();
        let north = (self.latitude - MIDDLE.latitude) * metres_per_degree;
        let east = (self.longitude - MIDDLE.longitude) * metres_per_degree * shrink;
        Some(Spot {
            x: hundredths(east)?,
            y: hundredths(-north)?,
        })
    }
}

impl From<&Position> for Place {
    fn from(position: &Position) -> Self {
        Self {
            latitude: position.latitude,
            longitude: position.longitude,
        }
    }
}

impl Spot {
    /// In hundredths from the top.
    pub(crate) fn down(self) -> u8 {
        self.y
    }

    /// The classes that put something there.
    pub(crate) fn class(self, look: &str) -> String {
        format!("{look} x{} y{}", self.x, self.y)
    }
}

fn hundredths(metres: f64) -> Option<u8> {
    let hundredths = (50.0 + metres / TO_THE_EDGE * 50.0).round();
    (0.0..=100.0)
        .contains(&hundredths)
        .then_some(hundredths as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(latitude: f64, longitude: f64) -> Place {
        Place {
            latitude,
            longitude,
        }
    }

    #[test]
    fn distances_are_those_of_the_globe() {
        let near = |metres: f64, wanted: f64| (metres / wanted - 1.0).abs() < 0.005;
        // From the monument in Jakarta to the one in Bandung, and once around half the earth.
        let bandung = place(-6.902_48, 107.618_7);
        assert!(
            near(MIDDLE.metres_to(bandung), 119_200.0),
            "{}",
            MIDDLE.metres_to(bandung)
        );
        let half_around = place(0.0, 0.0).metres_to(place(0.0, 180.0));
        assert!(near(half_around, 20_015_000.0), "{half_around}");
        assert!(MIDDLE.metres_to(MIDDLE) < 0.001);
    }

    #[test]
    fn the_map_has_its_middle_and_its_edges() {
        assert_eq!(MIDDLE.spot(), Some(Spot { x: 50, y: 50 }));
        let north_west = place(MIDDLE.latitude + 0.006_7, MIDDLE.longitude - 0.006_7);
        assert_eq!(north_west.spot(), Some(Spot { x: 1, y: 0 }));
        assert_eq!(place(-6.3, 106.8).spot(), None);
        assert_eq!(place(f64::NAN, 106.8).spot(), None);
        assert_eq!(
            MIDDLE.spot().map(|spot| spot.class("pin")).as_deref(),
            Some("pin x50 y50")
        );
    }
}
