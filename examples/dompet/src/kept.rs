//! What outlives the session: the people whom somebody sends money to. Money itself is the bank's to remember.

use lapak_sdk::storage;
use serde::{Deserialize, Serialize};

use crate::code::is_account;

const KEY: &str = "people";
/// Most people on the list.
const MOST: usize = 50;
/// The longest name, in characters.
pub(crate) const LONGEST_NAME: u32 = 40;

/// Somebody to send money to.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Person {
    pub(crate) name: String,
    /// As the platform knows it.
    pub(crate) account: String,
}

/// The list, in the order in which people were added.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<Person>", into = "Vec<Person>")]
pub(crate) struct People(Vec<Person>);

/// The family whose accounts the demonstration's bank has.
impl Default for People {
    fn default() -> Self {
        let family = [
            ("Ibu", "ibu"),
            ("Kak Rina", "rina"),
            ("Budi", "budi"),
            ("Nenek", "nenek"),
        ];
        Self(family.map(|(name, account)| person(name, account)).into())
    }
}

fn person(name: &str, account: &str) -> Person {
    Person {
        name: name.to_owned(),
        account: account.to_owned(),
    }
}

impl People {
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Person> {
        self.0.iter()
    }

    pub(crate) fn find(&self, account: &str) -> Option<&Person> {
        self.iter().find(|person| person.account == account)
    }

    /// How the wallet calls an account: by the name on the list, if there is one.
    pub(crate) fn name_of<'a>(&'a self, account: &'a str) -> &'a str {
        self.find(account).map_or(account, |person| &person.name)
    }

    /// Adds somebody, or changes their name. Tells whether it did: not without a name, nor to an account that cannot be.
    pub(crate) fn add(&mut self, name: &str, account: &str) -> bool {
        let (name, account) = (name.trim(), account.trim());
        let fine = !name.is_empty()
            && name.chars().count() <= LONGEST_NAME as usize
            && !name.chars().any(char::is_control)
            && is_account(account);
        if !fine {
            return false;
        }
        self.remove(account);
        if self.0.len() >= MOST {
            return false;
        }
        self.0.push(person(name, account));
        true
    }

    pub(crate) fn remove(&mut self, account: &str) {
        self.0.retain(|person| person.account != account);
    }
}

/// What was stored is input like any other.
impl From<Vec<Person>> for People {
    fn from(stored: Vec<Person>) -> Self {
        let mut people = Self(Vec::new());
        for Person { name, account } in stored {
            people.add(&name, &account);
        }
        people
    }
}

impl From<People> for Vec<Person> {
    fn from(people: People) -> Self {
        people.0
    }
}

pub(crate) fn load() -> storage::Pending<Option<People>> {
    storage::load(KEY)
}

pub(crate) fn store(people: &People) -> storage::Pending<()> {
    storage::store(KEY, people)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_stands_on_the_list_once() {
        let mut people = People::default();
        assert!(people.add(" Mama ", "ibu"));
        assert_eq!(people.iter().count(), 4);
        assert_eq!(people.name_of("ibu"), "Mama");
        assert_eq!(people.name_of("stranger"), "stranger");
    }

    #[test]
    fn the_list_takes_no_more_than_it_can_and_no_nonsense() {
        let mut people = People::default();
        for (name, account) in [("", "a"), ("A", ""), ("A", "b c"), ("A\u{7}", "a")] {
            assert!(!people.add(name, account), "{name:?} {account:?}");
        }
        let many: Vec<_> = (0..MOST + 9)
            .map(|at| person("A", &at.to_string()))
            .collect();
        assert_eq!(People::from(many).iter().count(), MOST);
    }
}
