//! Orders that were placed. Names and prices are kept as they were then, whatever the menu says later.

use lapak_sdk::clock::LocalTime;
use serde::{Deserialize, Serialize};

use crate::basket::{Basket, Line};
use crate::menu::Dish;
use crate::money::Rupiah;

/// Most orders that are kept; the oldest make room.
const MOST_KEPT: usize = 50;

/// Orders, the newest first.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Orders(Vec<Order>);

/// One order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Order {
    /// Counts from 1.
    pub(crate) number: u32,
    /// When it was placed, as the person's clock showed it: `2026-01-05 11:00`. Empty without a clock.
    pub(crate) time: String,
    pub(crate) lines: Vec<OrderLine>,
    pub(crate) total: Rupiah,
    /// The receipt's id, if it was paid here; else it is paid at the stall.
    #[serde(default)]
    pub(crate) receipt: Option<String>,
}

/// One dish of an order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct OrderLine {
    id: String,
    pub(crate) name: String,
    pub(crate) amount: u32,
    pub(crate) note: String,
}

impl Orders {
    /// The newest first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Order> {
        self.0.iter()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn order(&self, number: u32) -> Option<&Order> {
        self.iter().find(|order| order.number == number)
    }

    /// Makes an order of what is in the basket. Tells whether it did: not of nothing, nor of more than can
    /// be counted.
    pub(crate) fn place(
        &mut self,
        basket: &Basket,
        time: Option<LocalTime>,
        receipt: Option<String>,
    ) -> bool {
        let Some(bill) = basket.bill().filter(|_| !basket.is_empty()) else {
            return false;
        };
        self.add(Order {
            number: 0,
            time: time.map(|time| time.to_string()).unwrap_or_default(),
            lines: basket.lines().iter().map(OrderLine::new).collect(),
            total: bill.total,
            receipt,
        });
        true
    }

    /// Adds orders that were placed before the older ones were read.
    pub(crate) fn take_over(&mut self, newer: Self) {
        newer.0.into_iter().rev().for_each(|order| self.add(order));
    }

    /// Adds an order under the next number.
    fn add(&mut self, order: Order) {
        let newest = self.0.first().map_or(0, |order| order.number);
        self.0.insert(
            0,
            Order {
                number: newest.saturating_add(1),
                ..order
            },
        );
        self.0.truncate(MOST_KEPT);
    }
}

impl OrderLine {
    fn new(line: &Line) -> Self {
        Self {
            id: line.dish.id.to_owned(),
            name: line.dish.name.to_owned(),
            amount: line.amount,
            note: line.note.clone(),
        }
    }

    /// The same once more, if it is still cooked.
    pub(crate) fn again(&self) -> Option<Line> {
        let dish: Dish = self.id.parse().ok()?;
        Some(Line {
            dish,
            amount: self.amount,
            note: self.note.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn basket() -> Basket {
        let mut basket = Basket::default();
        basket.add_one("bakso".parse().unwrap());
        basket
    }

    #[test]
    fn nothing_is_no_order() {
        let mut orders = Orders::default();
        assert!(!orders.place(&Basket::default(), None, None));
        assert!(orders.is_empty());
    }

    #[test]
    fn numbers_go_on_when_old_orders_made_room() {
        let mut orders = Orders::default();
        for _ in 0..MOST_KEPT + 3 {
            assert!(orders.place(&basket(), None, None));
        }
        assert_eq!(orders.iter().count(), MOST_KEPT);
        assert_eq!(orders.iter().next().unwrap().number, 53);
        assert!(
            orders.order(3).is_none(),
            "the third order should have made room"
        );
    }

    #[test]
    fn a_dish_that_is_not_cooked_any_more_cannot_be_ordered_again() {
        let mut orders = Orders::default();
        orders.place(&basket(), None, None);
        let mut line = orders.iter().next().unwrap().lines.first().unwrap().clone();
        assert!(line.again().is_some());
        line.id = "pizza".into();
        assert!(line.again().is_none());
    }
}
