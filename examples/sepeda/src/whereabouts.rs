//! Where the person is: followed while somebody looks, and for as long as a ride is on.

use lapak_sdk::Following;
use lapak_sdk::location::{self, Accuracy, Position};
use lapak_sdk::prelude::*;

use crate::fleet::Bicycle;
use crate::place::Place;
use crate::{Msg, Sepeda};

/// How far somebody moves before the app hears of it.
const STEP: f64 = 5.0;
/// A ride is stored again when it has become so much longer.
const STORED_EVERY: f64 = 50.0;

/// What is known of where the person is.
#[derive(Debug, Default)]
pub(crate) struct Whereabouts {
    pub(crate) here: Here,
    following: Option<Following>,
    /// How long the ride was when it was last stored.
    stored_metres: f64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) enum Here {
    /// Nothing was heard yet.
    #[default]
    Unknown,
    At(Place),
    /// To about a kilometre: good for sorting, not for measuring a way.
    About(Place),
    /// The host does not lend the location, or the person does not.
    Denied,
    /// The device cannot tell.
    Unavailable,
}

impl Here {
    pub(crate) fn place(self) -> Option<Place> {
        match self {
            Self::At(place) | Self::About(place) => Some(place),
            Self::Unknown | Self::Denied | Self::Unavailable => None,
        }
    }
}

impl Sepeda {
    /// Follows the person, or stops to.
    pub(crate) fn locate(&mut self, cx: &mut Context<Self>) {
        let whereabouts = &mut self.whereabouts;
        if !self.visible && self.kept.ride.is_none() {
            whereabouts.following = None;
        } else if whereabouts.following.is_none() && whereabouts.here != Here::Denied {
            match location::watch(Accuracy::Precise, STEP) {
                Ok(watch) => whereabouts.following = Some(cx.follow(watch, Msg::Moved)),
                Err(error) => self.not_located(error),
            }
        }
    }

    pub(crate) fn locate_again(&mut self, cx: &mut Context<Self>) {
        self.whereabouts.here = Here::Unknown;
        self.whereabouts.following = None;
        self.locate(cx);
    }

    pub(crate) fn moved(
        &mut self,
        position: Result<Position, location::Error>,
        cx: &mut Context<Self>,
    ) {
        let position = match position {
            Ok(position) => position,
            Err(error) => return self.not_located(error),
        };
        let place = Place::from(&position);
        self.whereabouts.here = match position.accuracy {
            Accuracy::Precise => Here::At(place),
            Accuracy::Coarse => return self.whereabouts.here = Here::About(place),
        };
        if let Some(ride) = &mut self.kept.ride
            && ride.moved(place, position.accuracy_metres)
        {
            // A new ride begins at nothing again.
            let stored = self.whereabouts.stored_metres.min(ride.metres);
            if ride.metres - stored >= STORED_EVERY {
                self.whereabouts.stored_metres = ride.metres;
                self.save(cx);
            } else {
                self.whereabouts.stored_metres = stored;
            }
        }
    }

    fn not_located(&mut self, error: location::Error) {
        console::warn!("location: {error}");
        self.whereabouts.following = None;
        self.whereabouts.here = match error {
            location::Error::AccessDenied => Here::Denied,
            _ => Here::Unavailable,
        };
    }

    /// The bicycles, nearest first, as far as it is known where that is.
    pub(crate) fn by_distance(&self) -> Vec<(Bicycle, Option<f64>)> {
        let here = self.whereabouts.here.place();
        let away = |bicycle: Bicycle| here.map(|here| here.metres_to(bicycle.place));
        let mut bicycles: Vec<_> = Bicycle::all().map(|one| (one, away(one))).collect();
        bicycles.sort_by(|(_, one), (_, other)| {
            let metres = |away: &Option<f64>| away.unwrap_or_default();
            metres(one).total_cmp(&metres(other))
        });
        bicycles
    }
}
