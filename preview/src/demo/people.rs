//! Who can be sent money.

use std::sync::Arc;

use lapak_host::capability::payments::{People, PeopleOfLedger, Recipient};
use lapak_ledger::AddressBook;
use lapak_ledger::money::Currency;
use lapak_ledger::name::AccountId;
use lapak_ledger::provider::ledger::LedgerProvider;

/// What others write, and what the sheet calls them. They are no secret: the apps' lists have them.
const RELATIVES: [(&str, &str); 4] = [
    ("ibu", "Ibu Sri Lestari"),
    ("rina", "Rina Lestari"),
    ("budi", "Budi Santoso"),
    ("nenek", "Nenek Aminah"),
];
/// What the accounts of merchants and billers begin with.
pub(super) const MERCHANT: &str = "merchant:";

/// The relatives, and whoever has used the preview before, by the addresses that the bank gave them.
#[derive(Clone, Debug)]
pub(super) struct Family(PeopleOfLedger);

impl Family {
    pub(super) fn new(book: Arc<AddressBook>) -> Self {
        Self(PeopleOfLedger(book))
    }
}

/// What others write to send money to a relative, who is called the same in the books.
pub(super) fn relatives() -> impl Iterator<Item = &'static str> {
    RELATIVES.into_iter().map(|(address, _)| address)
}

impl People for Family {
    fn find(&self, address: &str, currency: Currency) -> Option<Recipient> {
        match RELATIVES.iter().find(|(known, _)| *known == address) {
            Some((holder, name)) => Some(Recipient {
                account: LedgerProvider::account_id(holder, currency).ok()?,
                name: (*name).to_owned(),
            }),
            None => self.0.find(address, currency),
        }
    }

    fn address(&self, person: &str, app_id: &str) -> Option<String> {
        self.0.address(person, app_id)
    }

    fn other(&self, account: &AccountId, app_id: &str) -> String {
        let relative = LedgerProvider::holder_of(account)
            .and_then(|holder| relatives().find(|known| *known == holder));
        // What is public has one name everywhere.
        if let Some(relative) = relative {
            return relative.to_owned();
        }
        match account.as_str().strip_prefix(MERCHANT) {
            Some(merchant) => merchant.to_owned(),
            None if account.as_str() == super::SOURCE => "welcome".into(),
            None => self.0.other(account, app_id),
        }
    }
}
