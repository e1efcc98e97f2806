//! The ride that is on: kept as it goes, so that an app that was ended goes on with it.

use serde::{Deserialize, Serialize};

use crate::fare;
use crate::fleet::Bicycle;
use crate::money::Rupiah;
use crate::place::Place;

/// Most places of the way that are kept; of a longer way every other one is dropped.
const MOST_OF_THE_WAY: usize = 48;
/// Shorter steps are the location's own trembling.
const SHORTEST_STEP: f64 = 3.0;
/// Locations that are less certain than this say nothing of the way.
const LEAST_CERTAIN: f64 = 100.0;

/// A ride that is on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Ride {
    /// The bicycle's digits.
    pub(crate) bicycle: String,
    /// In milliseconds since 1970.
    pub(crate) started_ms: u64,
    /// The lock was opened by its keys, and tells nothing.
    pub(crate) by_hand: bool,
    pub(crate) metres: f64,
    /// Where the rider was on the way, the latest last.
    pub(crate) way: Vec<Place>,
}

impl Ride {
    pub(crate) fn new(bicycle: Bicycle, started_ms: u64, by_hand: bool, at: Option<Place>) -> Self {
        Self {
            bicycle: bicycle.to_string(),
            started_ms,
            by_hand,
            metres: 0.0,
            way: at.into_iter().collect(),
        }
    }

    /// None, if the fleet does not have it any more.
    pub(crate) fn bicycle(&self) -> Option<Bicycle> {
        self.bicycle.parse().ok()
    }

    pub(crate) fn minutes(&self, now_ms: u64) -> u32 {
        fare::minutes(self.started_ms, now_ms)
    }

    pub(crate) fn fare(&self, now_ms: u64) -> Rupiah {
        fare::fare(self.minutes(now_ms))
    }

    /// `4:07`, `1:02:33`.
    pub(crate) fn time(&self, now_ms: u64) -> String {
        let seconds = now_ms.saturating_sub(self.started_ms) / 1_000;
        let (hours, minutes, seconds) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
        match hours {
            0 => format!("{minutes}:{seconds:02}"),
            _ => format!("{hours}:{minutes:02}:{seconds:02}"),
        }
    }

    /// The rider is here now. Tells whether the ride became longer.
    pub(crate) fn moved(&mut self, to: Place, certain_to: f64) -> bool {
        if certain_to.is_nan() || certain_to > LEAST_CERTAIN {
            return false;
        }
        let Some(last) = self.way.last() else {
            self.way.push(to);
            return true;
        };
        let step = last.metres_to(to);
        if step.is_nan() || step < SHORTEST_STEP {
            return false;
        }
        self.metres += step;
        if self.way.len() >= MOST_OF_THE_WAY {
            let mut nth = 0;
            self.way.retain(|_| {
                nth += 1;
                nth % 2 == 1
            });
        }
        self.way.push(to);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::place::MIDDLE;

    fn ride() -> Ride {
        let bicycle = Bicycle::all().next().unwrap();
        Ride::new(bicycle, 5_000, false, Some(MIDDLE))
    }

    fn north(metres: f64) -> Place {
        Place {
            latitude: MIDDLE.latitude + metres / 111_195.0,
            ..MIDDLE
        }
    }

    #[test]
    fn the_way_adds_up_and_trembling_does_not() {
        let mut ride = ride();
        assert!(!ride.moved(north(2.0), 5.0));
        assert!(ride.moved(north(100.0), 5.0));
        assert!(ride.moved(north(50.0), 5.0));
        assert!(!ride.moved(north(400.0), 800.0), "not certain enough");
        assert!(!ride.moved(north(400.0), f64::NAN));
        assert_eq!(ride.metres.round(), 150.0);
    }

    #[test]
    fn a_long_way_is_thinned_and_its_length_is_not() {
        let mut ride = ride();
        for step in 1..=200 {
            assert!(ride.moved(north(f64::from(step) * 5.0), 5.0));
        }
        assert!(ride.way.len() <= MOST_OF_THE_WAY);
        assert_eq!(ride.metres.round(), 1_000.0);
        assert_eq!(ride.way.last(), Some(&north(1_000.0)));
    }

    #[test]
    fn time_is_written_as_on_a_watch() {
        let ride = ride();
        let at = |seconds: u64| ride.time(5_000 + seconds * 1_000);
        assert_eq!([at(0), at(67), at(3_753)], ["0:00", "1:07", "1:02:33"]);
        assert_eq!(ride.time(0), "0:00");
    }
}
