//! What the stall cooks.

use std::fmt;
use std::ops::Deref;
use std::str::FromStr;

use crate::money::Rupiah;

/// A dish of the menu. There is no other: an id from outside is looked up and may fail, a `Dish` cannot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Dish(&'static Entry);

/// A line of the menu. Its description stands in `i18n/`, under `about.<id>`.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct Entry {
    /// As page URLs, stored baskets and pictures have it.
    pub(crate) id: &'static str,
    /// The same in every language, as on any menu in Indonesia.
    pub(crate) name: &'static str,
    pub(crate) category: Category,
    pub(crate) price: Rupiah,
    /// 0 (not at all) to 3.
    pub(crate) spice: u8,
    pub(crate) vegetarian: bool,
}

/// A part of the menu.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Category {
    Rice,
    Noodles,
    Grill,
    Soup,
    Snack,
    Drink,
}

impl Category {
    /// In the menu's order.
    pub(crate) const ALL: [Self; 6] = [
        Self::Rice,
        Self::Noodles,
        Self::Grill,
        Self::Soup,
        Self::Snack,
        Self::Drink,
    ];

    /// Key of its name in `i18n/`.
    pub(crate) fn key(self) -> &'static str {
        match self {
            Self::Rice => "category.rice",
            Self::Noodles => "category.noodles",
            Self::Grill => "category.grill",
            Self::Soup => "category.soup",
            Self::Snack => "category.snack",
            Self::Drink => "category.drink",
        }
    }
}

impl Dish {
    /// Every dish, category by category.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        MENU.iter().map(Self)
    }

    /// Path of its picture in the package.
    pub(crate) fn picture(self) -> String {
        format!("common/img/{}.svg", self.id)
    }

    /// Key of its description in `i18n/`.
    pub(crate) fn about_key(self) -> String {
        format!("about.{}", self.id)
    }
}

impl Deref for Dish {
    type Target = Entry;

    fn deref(&self) -> &Entry {
        self.0
    }
}

/// Its id.
impl fmt::Display for Dish {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id)
    }
}

/// No dish has this id.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct UnknownDish;

impl FromStr for Dish {
    type Err = UnknownDish;

    fn from_str(id: &str) -> Result<Self, UnknownDish> {
        Self::all().find(|dish| dish.id == id).ok_or(UnknownDish)
    }
}

static MENU: [Entry; 18] = [
    dish("nasi-goreng", "Nasi goreng", Category::Rice, 28_000).spice(1),
    dish("rendang", "Nasi rendang", Category::Rice, 35_000).spice(2),
    dish("nasi-uduk", "Nasi uduk", Category::Rice, 24_000)
        .spice(1)
        .vegetarian(),
    dish("mie-goreng", "Mie goreng", Category::Noodles, 27_000).spice(1),
    dish("bakmi-ayam", "Bakmi ayam", Category::Noodles, 25_000),
    dish("kwetiau", "Kwetiau sayur", Category::Noodles, 24_000).vegetarian(),
    dish("sate-ayam", "Sate ayam", Category::Grill, 30_000).spice(1),
    dish("ayam-bakar", "Ayam bakar", Category::Grill, 32_000).spice(2),
    dish("ikan-bakar", "Ikan bakar", Category::Grill, 48_000).spice(3),
    dish("soto-ayam", "Soto ayam", Category::Soup, 23_000),
    dish("bakso", "Bakso", Category::Soup, 20_000),
    dish("sayur-lodeh", "Sayur lodeh", Category::Soup, 18_000)
        .spice(1)
        .vegetarian(),
    dish("gado-gado", "Gado-gado", Category::Snack, 22_000)
        .spice(1)
        .vegetarian(),
    dish("tempe-mendoan", "Tempe mendoan", Category::Snack, 12_000).vegetarian(),
    dish("pisang-goreng", "Pisang goreng", Category::Snack, 10_000).vegetarian(),
    dish("es-teh", "Es teh manis", Category::Drink, 6_000).vegetarian(),
    dish("es-jeruk", "Es jeruk", Category::Drink, 10_000).vegetarian(),
    dish("es-cendol", "Es cendol", Category::Drink, 14_000).vegetarian(),
];

const fn dish(id: &'static str, name: &'static str, category: Category, price: u64) -> Entry {
    Entry {
        id,
        name,
        category,
        price: Rupiah(price),
        spice: 0,
        vegetarian: false,
    }
}

impl Entry {
    const fn spice(mut self, spice: u8) -> Self {
        self.spice = spice;
        self
    }

    const fn vegetarian(mut self) -> Self {
        self.vegetarian = true;
        self
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    #[test]
    fn ids_are_unique_and_lead_back_to_their_dish() {
        let ids: BTreeSet<_> = Dish::all().map(|dish| dish.id).collect();
        assert_eq!(ids.len(), MENU.len());
        for dish in Dish::all() {
            assert_eq!(dish.to_string().parse(), Ok(dish));
        }
        assert_eq!("pizza".parse::<Dish>(), Err(UnknownDish));
    }

    #[test]
    fn the_menu_follows_the_order_of_the_categories() {
        let mut categories: Vec<_> = Dish::all().map(|dish| dish.category).collect();
        categories.dedup();
        assert_eq!(categories, Category::ALL);
    }

    #[test]
    fn every_dish_has_a_picture() {
        let package = Path::new(env!("CARGO_MANIFEST_DIR"));
        for dish in Dish::all() {
            let picture = package.join(dish.picture());
            let bytes =
                std::fs::read(&picture).unwrap_or_else(|error| panic!("{picture:?}: {error}"));
            assert!(bytes.len() < 4096, "{picture:?} has {} bytes", bytes.len());
        }
    }
}
