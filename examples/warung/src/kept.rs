//! What outlives the session. Basket and orders are one value, so that no order ever stands beside the basket
//! that it was made of.

use lapak_sdk::clock::LocalTime;
use lapak_sdk::{console, storage};
use serde::{Deserialize, Serialize};

use crate::basket::Basket;
use crate::checkout::Paying;
use crate::orders::{OrderLine, Orders};

const KEY: &str = "warung";

/// What is stored.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Kept {
    pub(crate) basket: Basket,
    pub(crate) orders: Orders,
    /// What the payment sheet was opened for, until it is known what came of it.
    #[serde(default)]
    pub(crate) paying: Option<Paying>,
}

impl Kept {
    /// Makes an order of the basket, to be paid at the stall; tells whether there was anything to order.
    pub(crate) fn place_order(&mut self, time: Option<LocalTime>) -> bool {
        let placed = self.orders.place(&self.basket, time, None);
        if placed {
            self.basket = Basket::default();
        }
        placed
    }

    /// Makes an order of what was paid for. What came into the basket meanwhile stays there.
    pub(crate) fn paid(&mut self, paying: Paying, time: Option<LocalTime>, receipt: String) {
        self.orders.place(&paying.basket, time, Some(receipt));
        if self.basket == paying.basket {
            self.basket = Basket::default();
        }
    }

    /// Puts what was ordered once into the basket, as far as it is still cooked.
    pub(crate) fn order_again(&mut self, number: u32) {
        let lines = self
            .orders
            .order(number)
            .into_iter()
            .flat_map(|order| &order.lines);
        lines
            .filter_map(OrderLine::again)
            .for_each(|line| self.basket.set(line));
    }

    /// Adds what was done before the rest was read.
    pub(crate) fn take_over(&mut self, early: Self) {
        early
            .basket
            .lines()
            .iter()
            .cloned()
            .for_each(|line| self.basket.set(line));
        self.orders.take_over(early.orders);
        self.paying = early.paying.or(self.paying.take());
    }
}

/// What one version of the app hands over to the next.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Handover {
    pub(crate) kept: Kept,
    /// The host's number of the payment whose sheet is open: the next version hears what came of it.
    pub(crate) sheet: Option<u32>,
}

pub(crate) fn hand_over(kept: &Kept, sheet: Option<u32>) -> Option<Vec<u8>> {
    let kept = kept.clone();
    serde_json::to_vec(&Handover { kept, sheet }).ok()
}

/// What an older version handed over; `None` if it is not understood, and then storage has nearly the same.
pub(crate) fn handed_over(bytes: &[u8]) -> Option<Handover> {
    serde_json::from_slice(bytes).ok()
}

/// Whether anything is stored at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keeping {
    /// Nothing may be written before what is there was read.
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
