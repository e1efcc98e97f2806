//! The bicycles, and the stations where somebody takes cash.

use std::fmt;
use std::ops::Deref;
use std::str::FromStr;

use crate::place::Place;

/// A bicycle of the fleet. There is no other: a number from outside is looked up and may fail, a `Bicycle` cannot.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bicycle(&'static Entry);

/// What is known of a bicycle. In earnest a server tells: where each stands, which are free, and the lock's codes, for the one
/// who rents it alone.
#[derive(Debug)]
pub(crate) struct Entry {
    /// As it stands on the frame, and in the code beside it: `SPD-1042`. The lock is called so, and opens to it.
    pub(crate) number: &'static str,
    /// Where it stands; the same in every language.
    pub(crate) street: &'static str,
    pub(crate) place: Place,
    /// Opens the lock by its keys, where it cannot be opened over the air.
    pub(crate) keys: &'static str,
}

/// A place where rides can be paid in cash.
#[derive(Debug)]
pub(crate) struct Station {
    pub(crate) name: &'static str,
    pub(crate) place: Place,
}

impl Bicycle {
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        FLEET.iter().map(Self)
    }

    /// Reads what a person types or a scanner sees: `1042`, `spd 1042`, or a code's address. Whatever else a code says
    /// names no bicycle.
    pub(crate) fn read(text: &str) -> Option<Self> {
        const ADDRESS: &str = "https://sepeda.example/b/";
        let text = text.trim();
        let text = text.strip_prefix(ADDRESS).unwrap_or(text);
        let letters = text.chars().filter(|c| !matches!(c, ' ' | '-'));
        let plain: String = letters.map(|c| c.to_ascii_uppercase()).take(16).collect();
        let digits = plain.strip_prefix("SPD").unwrap_or(&plain);
        Self::all().find(|bicycle| bicycle.digits() == digits)
    }

    /// `1042`.
    pub(crate) fn digits(self) -> &'static str {
        self.number.trim_start_matches("SPD-")
    }
}

impl Deref for Bicycle {
    type Target = Entry;

    fn deref(&self) -> &Entry {
        self.0
    }
}

impl PartialEq for Bicycle {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}

/// Its digits.
impl fmt::Display for Bicycle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.digits())
    }
}

/// No bicycle has this number.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct UnknownBicycle;

impl FromStr for Bicycle {
    type Err = UnknownBicycle;

    fn from_str(digits: &str) -> Result<Self, UnknownBicycle> {
        let found = Self::all().find(|bicycle| bicycle.digits() == digits);
        found.ok_or(UnknownBicycle)
    }
}

const fn bicycle(
    number: &'static str,
    street: &'static str,
    latitude: f64,
    longitude: f64,
    keys: &'static str,
) -> Entry {
    Entry {
        number,
        street,
        place: Place {
            latitude,
            longitude,
        },
        keys,
    }
}

const fn station(name: &'static str, latitude: f64, longitude: f64) -> Station {
    Station {
        name,
        place: Place {
            latitude,
            longitude,
        },
    }
}

static FLEET: [Entry; 10] = [
    bicycle(
        "SPD-1042",
        "Taman Medan Merdeka",
        -6.174_852,
        106.828_148,
        "4719",
    ),
    bicycle(
        "SPD-1017",
        "Air Mancur Menari",
        -6.174_043,
        106.825_434,
        "2806",
    ),
    bicycle(
        "SPD-1108",
        "Gerbang Gambir",
        -6.176_741,
        106.831_043,
        "9351",
    ),
    bicycle("SPD-1063", "Museum Gajah", -6.174_852, 106.822_087, "6174"),
    bicycle(
        "SPD-1075",
        "Halte Balai Kota",
        -6.180_068,
        106.828_329,
        "3082",
    ),
    bicycle("SPD-1029", "Jalan Veteran", -6.170_086, 106.826_429, "8465"),
    bicycle("SPD-1131", "Masjid Raya", -6.170_536, 106.831_676, "5297"),
    bicycle("SPD-1094", "Jalan Sabang", -6.181_148, 106.824_168, "7130"),
    bicycle("SPD-1056", "Kebon Sirih", -6.180_878, 106.831_404, "1948"),
    bicycle(
        "SPD-1120",
        "Budi Kemuliaan",
        -6.178_540,
        106.821_454,
        "2603",
    ),
];

pub(crate) static STATIONS: [Station; 3] = [
    station("Stasiun Gambir", -6.174_852, 106.832_580),
    station("Stasiun Museum", -6.173_234, 106.821_726),
    station("Stasiun Balai Kota", -6.180_428, 106.826_339),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_people_write_them() {
        for written in [
            "1042",
            " spd-1042 ",
            "SPD 1042",
            "https://sepeda.example/b/SPD-1042",
        ] {
            let read = Bicycle::read(written).map(|bicycle| bicycle.number);
            assert_eq!(read, Some("SPD-1042"), "{written}");
        }
        for other in [
            "",
            "1",
            "9999",
            "https://elsewhere.example/b/SPD-1042",
            "dompet:send?to=me",
            &"1042".repeat(10_000),
        ] {
            assert!(Bicycle::read(other).is_none(), "{other:.40}");
        }
    }

    #[test]
    fn every_bicycle_and_station_is_on_the_map_under_a_number_of_its_own() {
        let mut numbers: Vec<_> = Bicycle::all().map(|bicycle| bicycle.number).collect();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), FLEET.len());
        for bicycle in Bicycle::all() {
            assert!(bicycle.place.spot().is_some(), "{bicycle}");
            assert_eq!(bicycle.to_string().parse(), Ok(bicycle));
        }
        for station in &STATIONS {
            assert!(station.place.spot().is_some(), "{}", station.name);
        }
    }
}
