//! Coarse locations: the middle of a field of a grid.
//!
//! A grid and no random error: who asks again and again gets the same answer, and cannot average the truth out of many.

use crate::bindings::lapak::app::location::{Accuracy, Position};

/// The fields' height in degrees of latitude: about 1.1 km.
const HEIGHT_DEGREES: f64 = 0.01;
/// Near the poles meridians meet: no field is wider than this, in degrees of longitude.
const MOST_WIDTH_DEGREES: f64 = 30.0;
/// From the middle of a field to its corner, rounded up.
const ACCURACY_METRES: f64 = 1_000.0;

/// What a coarse location tells of a precise one.
pub(super) fn coarse(precise: Position) -> Position {
    let latitude = middle(precise.latitude, HEIGHT_DEGREES, 90.0);
    // Fields of the same row have the same width, whoever is in them.
    let width = (HEIGHT_DEGREES / latitude.to_radians().cos().max(1e-6)).min(MOST_WIDTH_DEGREES);
    // A whole number of them goes around.
    let width = 360.0 / (360.0 / width).round();
    Position {
        latitude,
        longitude: middle(precise.longitude, width, 180.0),
        accuracy_metres: precise.accuracy_metres.max(ACCURACY_METRES),
        accuracy: Accuracy::Coarse,
        altitude_metres: None,
        heading_degrees: None,
        speed_metres_per_second: None,
        at_ms: precise.at_ms,
    }
}

fn middle(degrees: f64, field: f64, most: f64) -> f64 {
    let middle = ((degrees / field).floor() + 0.5) * field;
    middle.clamp(-most, most)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(latitude: f64, longitude: f64) -> Position {
        Position {
            latitude,
            longitude,
            accuracy_metres: 5.0,
            accuracy: Accuracy::Precise,
            altitude_metres: Some(12.0),
            heading_degrees: Some(90.0),
            speed_metres_per_second: Some(3.0),
            at_ms: 1,
        }
    }

    fn metres(one: &Position, other: &Position) -> f64 {
        let north = (one.latitude - other.latitude) * 111_320.0;
        let east = (one.longitude - other.longitude) * 111_320.0 * one.latitude.to_radians().cos();
        north.hypot(east)
    }

    #[test]
    fn it_is_within_what_it_says_and_tells_nothing_more() {
        for latitude in [-89.99, -45.3, -6.200_12, 0.0, 6.123_456, 51.5, 89.0] {
            for longitude in [-180.0, -0.001, 106.816_7, 179.999] {
                let precise = at(latitude, longitude);
                let coarse = coarse(precise);
                assert!(metres(&precise, &coarse) <= ACCURACY_METRES, "{coarse:?}");
                assert_eq!(coarse.accuracy, Accuracy::Coarse);
                assert!(coarse.altitude_metres.is_none() && coarse.heading_degrees.is_none());
                assert!(coarse.speed_metres_per_second.is_none());
                assert!(coarse.latitude.abs() <= 90.0 && coarse.longitude.abs() <= 180.0);
            }
        }
    }

    #[test]
    fn nearby_places_look_the_same() {
        let one = coarse(at(-6.201, 106.797));
        let other = coarse(at(-6.209, 106.805));
        assert_eq!(
            (one.latitude, one.longitude),
            (other.latitude, other.longitude)
        );
    }
}
