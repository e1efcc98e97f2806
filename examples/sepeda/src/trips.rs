//! Rides that are over, as they were charged.

use lapak_sdk::clock::{self, Timestamp};
use serde::{Deserialize, Serialize};

use crate::fare;
use crate::money::Rupiah;
use crate::place::Place;
use crate::ride::Ride;

/// Most trips that are kept; the oldest make room.
const MOST_KEPT: usize = 50;

/// Trips, the newest first.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Trips(Vec<Trip>);

/// A ride that is over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Trip {
    /// Counts from 1.
    pub(crate) number: u32,
    pub(crate) bicycle: String,
    /// As the person's clock showed it: `2026-01-05 11:00`.
    pub(crate) started: String,
    /// `12:30`.
    pub(crate) time: String,
    pub(crate) minutes: u32,
    pub(crate) metres: f64,
    pub(crate) fare: Rupiah,
    pub(crate) way: Vec<Place>,
    pub(crate) paid: Paid,
}

/// How it was paid.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) enum Paid {
    NotYet,
    /// In cash, as the person means to.
    AtStation,
    /// Here; this is the receipt.
    Here(String),
}

impl Trips {
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Trip> {
        self.0.iter()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn trip(&self, number: u32) -> Option<&Trip> {
        self.iter().find(|trip| trip.number == number)
    }

    /// The oldest that nobody has paid or means to pay in cash.
    pub(crate) fn unpaid(&self) -> Option<&Trip> {
        self.iter().filter(|trip| trip.paid == Paid::NotYet).last()
    }

    /// Charges a ride that ended at this moment. Gives its number.
    pub(crate) fn add(&mut self, ride: Ride, ended: Timestamp) -> u32 {
        let newest = self.0.first().map_or(0, |trip| trip.number);
        let number = newest.saturating_add(1);
        let minutes = ride.minutes(ended.unix_ms);
        let started = clock::local(ride.started_ms).unwrap_or_else(|_| {
            let started = Timestamp {
                unix_ms: ride.started_ms,
                ..ended
            };
            started.local()
        });
        let trip = Trip {
            number,
            started: started.to_string(),
            time: ride.time(ended.unix_ms),
            minutes,
            fare: fare::fare(minutes),
            bicycle: ride.bicycle,
            metres: ride.metres,
            way: ride.way,
            paid: Paid::NotYet,
        };
        self.0.insert(0, trip);
        self.0.truncate(MOST_KEPT);
        number
    }

    /// Says how a trip is paid. What was paid here stays so.
    pub(crate) fn pay(&mut self, number: u32, paid: Paid) {
        let trip = self.0.iter_mut().find(|trip| trip.number == number);
        if let Some(trip) = trip
            && !matches!(trip.paid, Paid::Here(_))
        {
            trip.paid = paid;
        }
    }
}
