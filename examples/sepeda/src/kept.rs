//! What outlives the session: the ride that is on, the trips, and what is being paid. One value, so that a ride is never
//! both on and over.

use lapak_sdk::{console, storage};
use serde::{Deserialize, Serialize};

use crate::checkout::Paying;
use crate::ride::Ride;
use crate::trips::Trips;

const KEY: &str = "sepeda";

/// What is stored.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Kept {
    pub(crate) ride: Option<Ride>,
    pub(crate) trips: Trips,
    /// What the payment sheet was opened for, until it is known what came of it.
    pub(crate) paying: Option<Paying>,
}

/// Whether anything is stored at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keeping {
    /// Nothing may be written before what is there was read; nor is a ride begun.
    NotReadYet,
    Works,
    /// The host lends no storage, or storage failed. The app goes on without.
    Fails,
}

impl Keeping {
    pub(crate) fn failed(&mut self, error: &storage::Error) {
        console::warn!("storage: {error}");
        *self = Self::Fails;
    }
}

pub(crate) fn load() -> storage::Pending<Option<Kept>> {
    storage::load(KEY)
}

pub(crate) fn store(kept: &Kept) -> storage::Pending<()> {
    storage::store(KEY, kept)
}
