//! What somebody wants to eat, and what it costs.

use serde::{Deserialize, Serialize};

use crate::menu::Dish;
use crate::money::Rupiah;

/// Most portions of one dish: a stall has one wok.
pub(crate) const MOST_OF_ONE_DISH: u32 = 20;
/// Most characters of a note.
pub(crate) const LONGEST_NOTE: u32 = 120;
/// Boxes and bags, once for each order.
const PACKAGING: Rupiah = Rupiah(2_000);

/// Dishes, each once, in the order in which they were put in.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(from = "Vec<StoredLine>", into = "Vec<StoredLine>")]
pub(crate) struct Basket {
    lines: Vec<Line>,
}

/// One dish in the basket.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Line {
    pub(crate) dish: Dish,
    /// 1 to [`MOST_OF_ONE_DISH`].
    pub(crate) amount: u32,
    /// For the kitchen; may be empty.
    pub(crate) note: String,
}

/// What a basket comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bill {
    pub(crate) subtotal: Rupiah,
    pub(crate) packaging: Rupiah,
    pub(crate) total: Rupiah,
}

impl Line {
    /// Price of the line, unless it is too large to count.
    pub(crate) fn price(&self) -> Option<Rupiah> {
        self.dish.price.times(self.amount)
    }
}

impl Basket {
    pub(crate) fn lines(&self) -> &[Line] {
        &self.lines
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    pub(crate) fn line(&self, dish: Dish) -> Option<&Line> {
        self.lines.iter().find(|line| line.dish == dish)
    }

    /// How many portions of a dish are in it.
    pub(crate) fn amount(&self, dish: Dish) -> u32 {
        self.line(dish).map_or(0, |line| line.amount)
    }

    /// How many portions of anything are in it.
    pub(crate) fn portions(&self) -> u32 {
        self.lines
            .iter()
            .map(|line| line.amount)
            .fold(0, u32::saturating_add)
    }

    pub(crate) fn add_one(&mut self, dish: Dish) {
        let amount = self.amount(dish).saturating_add(1);
        self.set_amount(dish, amount);
    }

    /// Takes one portion out; the last one takes the line along, with its note.
    pub(crate) fn take_one(&mut self, dish: Dish) {
        let amount = self.amount(dish).saturating_sub(1);
        self.set_amount(dish, amount);
    }

    /// Puts a line in the place of the one that the dish has.
    pub(crate) fn set(&mut self, line: Line) {
        let Line { dish, amount, note } = line;
        self.set_amount(dish, amount);
        if let Some(line) = self.lines.iter_mut().find(|line| line.dish == dish) {
            line.note = note.trim().to_owned();
        }
    }

    fn set_amount(&mut self, dish: Dish, amount: u32) {
        let amount = amount.min(MOST_OF_ONE_DISH);
        let at = self.lines.iter().position(|line| line.dish == dish);
        match at.and_then(|at| self.lines.get_mut(at)) {
            Some(line) if amount > 0 => line.amount = amount,
            Some(_) => self.lines.retain(|line| line.dish != dish),
            None if amount > 0 => self.lines.push(Line {
                dish,
                amount,
                note: String::new(),
            }),
            None => {}
        }
    }

    /// What it comes to, unless that is too large to count. Nothing costs nothing, not even packaging.
    pub(crate) fn bill(&self) -> Option<Bill> {
        let mut subtotal = Rupiah(0);
        for line in &self.lines {
            subtotal = subtotal.plus(line.price()?)?;
        }
        let packaging = if self.is_empty() {
            Rupiah(0)
        } else {
            PACKAGING
        };
        let total = subtotal.plus(packaging)?;
        Some(Bill {
            subtotal,
            packaging,
            total,
        })
    }
}

/// A line as it is stored: by the dish's id, since the menu may have changed when it is read again.
#[derive(Serialize, Deserialize)]
struct StoredLine {
    dish: String,
    amount: u32,
    note: String,
}

/// What was stored is input like any other: a dish that is no longer cooked is left out.
impl From<Vec<StoredLine>> for Basket {
    fn from(stored: Vec<StoredLine>) -> Self {
        let mut basket = Self::default();
        for StoredLine { dish, amount, note } in stored {
            if let Ok(dish) = dish.parse() {
                basket.set(Line { dish, amount, note });
            }
        }
        basket
    }
}

impl From<Basket> for Vec<StoredLine> {
    fn from(basket: Basket) -> Self {
        let stored = |Line { dish, amount, note }: Line| StoredLine {
            dish: dish.to_string(),
            amount,
            note,
        };
        basket.lines.into_iter().map(stored).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dish(id: &str) -> Dish {
        id.parse().unwrap()
    }

    #[test]
    fn a_dish_stands_in_it_once() {
        let mut basket = Basket::default();
        basket.add_one(dish("rendang"));
        basket.add_one(dish("es-teh"));
        basket.add_one(dish("rendang"));
        assert_eq!((basket.lines().len(), basket.portions()), (2, 3));
    }

    #[test]
    fn the_last_portion_takes_the_line_along() {
        let mut basket = Basket::default();
        basket.take_one(dish("rendang"));
        basket.add_one(dish("rendang"));
        basket.take_one(dish("rendang"));
        assert!(basket.is_empty());
    }

    #[test]
    fn has_a_largest_amount() {
        let mut basket = Basket::default();
        basket.set(Line {
            dish: dish("bakso"),
            amount: u32::MAX,
            note: String::new(),
        });
        basket.add_one(dish("bakso"));
        assert_eq!(basket.amount(dish("bakso")), MOST_OF_ONE_DISH);
    }

    #[test]
    fn packaging_comes_once_and_only_with_food() {
        let mut basket = Basket::default();
        assert_eq!(basket.bill().unwrap().total, Rupiah(0));
        basket.add_one(dish("rendang"));
        basket.add_one(dish("rendang"));
        basket.add_one(dish("es-teh"));
        let bill = basket.bill().unwrap();
        assert_eq!(bill.subtotal, Rupiah(2 * 35_000 + 6_000));
        assert_eq!(bill.total, Rupiah(78_000));
    }

    #[test]
    fn what_was_stored_is_checked_when_it_is_read() {
        let stored = [("rendang", 3), ("pizza", 1), ("bakso", 999), ("es-teh", 0)];
        let stored = stored.map(|(dish, amount)| StoredLine {
            dish: dish.into(),
            amount,
            note: " hot ".into(),
        });
        let basket = Basket::from(Vec::from(stored));
        let lines: Vec<_> = basket
            .lines()
            .iter()
            .map(|line| (line.dish.id, line.amount, line.note.as_str()))
            .collect();
        assert_eq!(
            lines,
            [("rendang", 3, "hot"), ("bakso", MOST_OF_ONE_DISH, "hot")]
        );
    }
}
