//! Finding dishes as somebody types.

use lapak_sdk::Translations;

use crate::menu::{Category, Dish};

/// What can be found: for each dish its name and its descriptions in every language, in lower case.
pub(crate) struct Index(Vec<(Dish, String)>);

impl Index {
    pub(crate) fn new(languages: &[Translations]) -> Self {
        let words = |dish: Dish| {
            let mut words = dish.name.to_lowercase();
            for texts in languages {
                for key in [dish.about_key().as_str(), dish.category.key()] {
                    words.push(' ');
                    words.push_str(&texts.get(key).to_lowercase());
                }
            }
            (dish, words)
        };
        Self(Dish::all().map(words).collect())
    }

    /// The dishes of `category` in which every word of `query` occurs, in the menu's order.
    pub(crate) fn find(&self, query: &str, category: Category) -> Vec<Dish> {
        let query = query.to_lowercase();
        let of_category = self.0.iter().filter(|(dish, _)| dish.category == category);
        let found = of_category
            .filter(|(_, words)| query.split_whitespace().all(|word| words.contains(word)));
        found.map(|(dish, _)| *dish).collect()
    }
}
