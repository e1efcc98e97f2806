//! What stands behind payments, each piece behind a trait of its own, none knowing of WebAssembly.

use std::collections::BTreeMap;
use std::sync::Arc;

use lapak_ledger::merchant::{MerchantClient, NoOrder, Shop, Wanted};
use lapak_ledger::money::Currency;
use lapak_ledger::name::AccountId;
use lapak_ledger::pin::{PinError, Pins};
use lapak_ledger::provider::PaymentProvider;
use lapak_ledger::provider::ledger::LedgerProvider;
use lapak_ledger::{AddressBook, AddressError, Clock, Merchants, PublicKey};

use super::records::PaymentRecords;

/// What a platform owner plugs in.
#[derive(Clone)]
pub struct PaymentParts {
    /// Moves the money.
    pub provider: Arc<dyn PaymentProvider>,
    /// Whose orders are taken.
    pub merchants: Arc<Merchants>,
    /// The keys that receipts are signed with: a receipt that none of them signed is not believed.
    pub host_keys: Vec<PublicKey>,
    /// The people's PINs.
    pub pins: Arc<dyn PinCheck>,
    /// What people agreed to, and what came of it.
    pub records: Arc<dyn PaymentRecords>,
    /// Who can be sent money.
    pub people: Arc<dyn People>,
    /// Where apps without a server of their own have orders signed.
    pub servers: Arc<dyn MerchantServers>,
    /// Tells when orders and sheets expire.
    pub clock: Arc<dyn Clock>,
}

/// Looks at PINs. May take as long as a slow hash does.
pub trait PinCheck: Send + Sync {
    /// Whether the person has chosen a PIN.
    ///
    /// # Errors
    /// When that cannot be told.
    fn is_set(&self, person: &str) -> Result<bool, PinError>;

    /// Chooses a person's first PIN.
    ///
    /// # Errors
    /// When there is one already, or this one is none or weak.
    fn choose(&self, person: &str, pin: &str) -> Result<(), PinError>;

    /// Tries a PIN, which counts.
    ///
    /// # Errors
    /// When it is not right, or must not be tried.
    fn check(&self, person: &str, pin: &str) -> Result<(), PinError>;
}

impl PinCheck for Pins {
    fn is_set(&self, person: &str) -> Result<bool, PinError> {
        Self::is_set(self, person)
    }

    fn choose(&self, person: &str, pin: &str) -> Result<(), PinError> {
        Self::choose(self, person, pin)
    }

    fn check(&self, person: &str, pin: &str) -> Result<(), PinError> {
        Self::check(self, person, pin)
    }
}

/// Somebody who can be sent money.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipient {
    /// Where the money goes.
    pub account: AccountId,
    /// What the sheet calls them.
    pub name: String,
}

/// Knows people. May look them up elsewhere, so it is never asked on a thread that runs guests.
pub trait People: Send + Sync {
    /// Whose address this is, and their account in a currency.
    fn find(&self, address: &str, currency: Currency) -> Option<Recipient>;

    /// What others write to send money to this person, as an app is told it; `None` when it cannot be told now.
    ///
    /// # Security
    /// Apps, and everybody whom they show it, learn this text. It must open nothing, and be another for each app, or apps can
    /// tell that they serve the same person. See [`AddressBook`].
    fn address(&self, person: &str, app_id: &str) -> Option<String>;

    /// What an app is told of the other side of a payment, an account of somebody else's.
    ///
    /// # Security
    /// As of [`People::address`]. By itself it tells nothing but that it is the same account again.
    fn other(&self, account: &AccountId, app_id: &str) -> String {
        unknown_other(account, app_id)
    }
}

/// An account as an app that may not know it is told: the same text again for the same account, and no more.
fn unknown_other(account: &AccountId, app_id: &str) -> String {
    let mut hasher = blake3::Hasher::new_derive_key("lapak other side of a payment 1");
    hasher.update(app_id.as_bytes());
    hasher.update(&[0]);
    hasher.update(account.as_str().as_bytes());
    hasher.finalize().to_hex()[..32].to_owned()
}

/// The people of the embedded ledger, by the addresses in its book. Whether there is such an account the ledger tells when the
/// money is to move.
#[derive(Clone, Debug)]
pub struct PeopleOfLedger(pub Arc<AddressBook>);

impl People for PeopleOfLedger {
    fn find(&self, address: &str, currency: Currency) -> Option<Recipient> {
        let holder = logged(self.0.holder_at(address))??;
        Some(Recipient {
            account: LedgerProvider::account_id(&holder, currency).ok()?,
            name: format!("Account {}", address.chars().take(8).collect::<String>()),
        })
    }

    fn address(&self, person: &str, app_id: &str) -> Option<String> {
        logged(self.0.address(person, app_id))
    }

    fn other(&self, account: &AccountId, app_id: &str) -> String {
        let holder = LedgerProvider::holder_of(account);
        let address = holder.and_then(|holder| logged(self.0.address_of(holder, app_id)));
        address.unwrap_or_else(|| unknown_other(account, app_id))
    }
}

fn logged<T>(found: Result<T, AddressError>) -> Option<T> {
    found
        .inspect_err(|error| tracing::error!(%error, "an address is not known"))
        .ok()
}

/// Why a merchant signed no order.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotSigned {
    /// The merchant does not sell it, or has no server that this host may ask.
    #[error("not sold: {0}")]
    NotSold(String),
    /// The server did not answer, or not in a form that can be read.
    #[error("the merchant's server cannot be asked: {0}")]
    Unavailable(String),
}

/// Merchants' servers, where the platform registered them. May wait for a network, so it is never asked on a thread that
/// runs guests.
pub trait MerchantServers: Send + Sync {
    /// Has an order signed for what somebody wants, for the app that asks.
    ///
    /// # Errors
    /// [`NotSigned`].
    fn order(&self, merchant: &str, app_id: &str, wanted: &[Wanted]) -> Result<String, NotSigned>;
}

impl MerchantServers for MerchantClient {
    fn order(&self, merchant: &str, _app_id: &str, wanted: &[Wanted]) -> Result<String, NotSigned> {
        let merchant = merchant.parse();
        let merchant = merchant.map_err(|_| NotSigned::NotSold("no such merchant".into()))?;
        // Whose app the order is for stands in it, and is checked when the app brings it.
        Self::order(self, &merchant, wanted).map_err(|error| match error {
            NoOrder::NoServer | NoOrder::Refused(_) => NotSigned::NotSold(error.to_string()),
            NoOrder::Unavailable(why) => NotSigned::Unavailable(why),
        })
    }
}

/// Shops within this process, by merchant: what a demonstration has instead of servers. With none in it every merchant
/// answers that nothing is sold.
#[derive(Debug, Default)]
pub struct Shops {
    by_merchant: BTreeMap<String, Arc<Shop>>,
    clock: ShopClock,
}

struct ShopClock(Arc<dyn Clock>);

impl Default for ShopClock {
    fn default() -> Self {
        Self(Arc::new(lapak_ledger::SystemClock))
    }
}

impl std::fmt::Debug for ShopClock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Clock")
    }
}

impl Shops {
    /// These shops; `clock` dates their orders.
    #[must_use]
    pub fn new(shops: impl IntoIterator<Item = Arc<Shop>>, clock: Arc<dyn Clock>) -> Self {
        let by_merchant = shops.into_iter().map(|shop| {
            let merchant = shop.catalogue().merchant.to_string();
            (merchant, shop)
        });
        Self {
            by_merchant: by_merchant.collect(),
            clock: ShopClock(clock),
        }
    }
}

impl MerchantServers for Shops {
    fn order(&self, merchant: &str, app_id: &str, wanted: &[Wanted]) -> Result<String, NotSigned> {
        let shop = self.by_merchant.get(merchant);
        let shop = shop.filter(|shop| shop.catalogue().app == app_id);
        let shop = shop.ok_or_else(|| NotSigned::NotSold("no such shop for this app".into()))?;
        let signed = shop.order(wanted, self.clock.0.now_ms());
        signed
            .map(|order| order.signed)
            .map_err(|error| NotSigned::NotSold(error.to_string()))
    }
}

impl std::fmt::Debug for PaymentParts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PaymentParts")
            .field("provider", &self.provider.label())
            .field("host_keys", &self.host_keys)
            .finish_non_exhaustive()
    }
}
