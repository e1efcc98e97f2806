//! Who can be sent money.

use lapak_host::capability::payments::{People, Recipient};
use lapak_ledger::money::Currency;
use lapak_ledger::provider::ledger::LedgerProvider;

/// What others write, and what the sheet calls them.
const RELATIVES: [(&str, &str); 4] = [
    ("ibu", "Ibu Sri Lestari"),
    ("rina", "Rina Lestari"),
    ("budi", "Budi Santoso"),
    ("nenek", "Nenek Aminah"),
];

/// The relatives, and whoever has used the preview before.
#[derive(Clone, Copy, Debug)]
pub(super) struct Family;

/// What others write to send money to a relative.
pub(super) fn relatives() -> impl Iterator<Item = &'static str> {
    RELATIVES.into_iter().map(|(address, _)| address)
}

impl People for Family {
    fn find(&self, person: &str, currency: Currency) -> Option<Recipient> {
        let known = RELATIVES.iter().find(|(address, _)| *address == person);
        // A stranger has no name here, only the one that their browser is known by.
        let name = known.map_or_else(
            || format!("Account {}", person.chars().take(8).collect::<String>()),
            |(_, name)| (*name).to_owned(),
        );
        Some(Recipient {
            account: LedgerProvider::account_id(person, currency).ok()?,
            name,
        })
    }

    fn address(&self, person: &str) -> String {
        person.to_owned()
    }
}
