//! A bank for demonstrations: real books, sheets, PINs and signatures, and play money.
//!
//! It differs from a platform's own in this:
//! - Everybody who asks gets an account with [`WELCOME_MINOR`] in it, out of nothing; sheets say that it is play money.
//! - A few relatives have accounts too, so that there is somebody to send money to; nobody looks after them.
//! - Shops are in this process, and their keys lie beside the bank's: nobody but the one person in front of the preview
//!   trusts anybody here.
//! - Nobody is told who somebody is: whoever has the browser's cookie is the person.
//!
//! The books are kept as a platform's are, so that `lapak ledger verify` proves them.

mod people;
mod welcome;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use lapak_host::capability::payments::records::sqlite::SqliteRecords;
use lapak_host::capability::payments::{PaymentParts, Payments, People, Shops};
use lapak_host::capability::wallet::{PaymentAccounts, WalletProvider};
use lapak_ledger::ledger::{AccountTerms, Ledger, LedgerError, LedgerOptions, Operation};
use lapak_ledger::merchant::{Catalogue, Shop};
use lapak_ledger::money::Currency;
use lapak_ledger::name::{AccountId, MerchantId};
use lapak_ledger::pin::{PinPolicy, Pins};
use lapak_ledger::provider::Label;
use lapak_ledger::provider::ledger::LedgerProvider;
use lapak_ledger::{Clock, Merchant, Merchants, SecretKey, SystemClock};
use serde::Deserialize;

use people::Family;
use welcome::Welcoming;

/// What everybody begins with: two million rupiah.
pub const WELCOME_MINOR: i64 = 200_000_000;
/// The file in an app's folder that says what its shop sells. No package carries it.
pub const SHOP_FILE: &str = "shop.json";
/// What play money is counted in.
const CURRENCY: &str = "IDR";
/// A biller without a shop, for apps that pay bills.
const BILLER: (&str, &str) = ("listrik", "Listrik Nusantara");
/// Where play money comes from.
const SOURCE: &str = "equity:welcome";

/// What an app's shop sells, and under which name: the file [`SHOP_FILE`].
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DemoShop {
    /// What the payment sheet calls it.
    pub name: String,
    /// What it sells, and for which app.
    pub catalogue: Catalogue,
}

/// The bank, open over a folder.
#[derive(Clone)]
pub struct DemoBank {
    payments: Arc<Payments>,
    wallet: Arc<dyn WalletProvider>,
}

/// The bank could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// A file of its folder cannot be used.
    #[error("{0}: {1}")]
    File(PathBuf, String),
    /// The books do not allow it.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// A name that cannot be one.
    #[error("{0}")]
    Name(String),
    /// A thread could not be started.
    #[error("a thread could not be started: {0}")]
    Thread(#[from] std::io::Error),
}

impl DemoShop {
    /// Reads the shop of an app's folder; `None` if it has none.
    ///
    /// # Errors
    /// When there is a file that is no shop.
    pub fn of_folder(folder: &Path) -> Result<Option<Self>, DemoError> {
        let path = folder.join(SHOP_FILE);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(DemoError::File(path, error.to_string())),
        };
        serde_json::from_str(&text)
            .map(Some)
            .map_err(|error| DemoError::File(path, error.to_string()))
    }
}

impl DemoBank {
    /// Opens the bank in `folder`, which must be private: its keys are in it. The books are the file [`Self::books`].
    ///
    /// # Errors
    /// When a file of it cannot be used, or two shops are the same merchant.
    pub fn open(folder: &Path, shops: &[DemoShop]) -> Result<Self, DemoError> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let key = Arc::new(secret_key(&folder.join("bank.key"))?);
        let currency: Currency = CURRENCY.parse().map_err(name)?;
        let mut shop_keys = BTreeMap::new();
        for shop in shops {
            let merchant = &shop.catalogue.merchant;
            let key = secret_key(&folder.join(format!("shop-{}.key", digest_name(merchant))))?;
            if shop_keys.insert(merchant.clone(), key).is_some() {
                return Err(DemoError::Name(format!(
                    "two shops are the merchant {merchant}: change one of their {SHOP_FILE}"
                )));
            }
        }
        let merchants = Arc::new(Merchants::new(registered(shops, &shop_keys, currency)?));

        let books = Self::books(folder);
        let options = LedgerOptions {
            clock: clock.clone(),
            ..LedgerOptions::default()
        };
        let ledger = Ledger::open(&books, options)
            .map_err(|error| DemoError::File(books.clone(), error.to_string()))?;
        let ledger = Arc::new(ledger);
        open_accounts(&ledger, shops, currency)?;

        let label = Label {
            name: "Demo bank".into(),
            simulated: true,
        };
        let provider = LedgerProvider::labelled(
            ledger.clone(),
            key.clone(),
            merchants.clone(),
            "demo",
            label,
        )?;
        let source = SOURCE.parse().map_err(name)?;
        let provider = Arc::new(Welcoming::new(ledger, provider, source, currency));
        let host_keys = vec![key.public().clone()];
        let pepper = key.derive("pins");
        let pins = folder.join("pins.sqlite");
        let pins = Pins::open(&pins, pepper, PinPolicy::default(), clock.clone())
            .map_err(|error| DemoError::File(pins, error.to_string()))?;
        let records = folder.join("payments.sqlite");
        let records = SqliteRecords::open(&records)
            .map_err(|error| DemoError::File(records, error.to_string()))?;
        let shops = shops.iter().filter_map(|shop| {
            let key = shop_keys.remove(&shop.catalogue.merchant)?;
            Some(Arc::new(Shop::new(
                shop.catalogue.clone(),
                key,
                host_keys.clone(),
            )))
        });
        let servers = Arc::new(Shops::new(shops, clock.clone()));
        let payments = Payments::new(PaymentParts {
            provider: provider.clone(),
            merchants,
            host_keys,
            pins: Arc::new(pins),
            records: Arc::new(records),
            people: Arc::new(Family),
            servers,
            clock,
        });
        let address = |person: &str| Family.address(person);
        Ok(Self {
            payments,
            wallet: Arc::new(PaymentAccounts::new(provider, address)),
        })
    }

    /// Where the books of a bank in `folder` are.
    #[must_use]
    pub fn books(folder: &Path) -> PathBuf {
        folder.join("ledger.sqlite")
    }

    /// What stands behind `payments`.
    #[must_use]
    pub fn payments(&self) -> Arc<Payments> {
        self.payments.clone()
    }

    /// What stands behind `wallet`.
    #[must_use]
    pub fn wallet(&self) -> Arc<dyn WalletProvider> {
        self.wallet.clone()
    }
}

/// The merchants that the bank knows: the shops and the biller.
fn registered(
    shops: &[DemoShop],
    keys: &BTreeMap<MerchantId, SecretKey>,
    currency: Currency,
) -> Result<Vec<Merchant>, DemoError> {
    let mut merchants = Vec::new();
    let of_shops = shops.iter().map(|shop| {
        let id = shop.catalogue.merchant.clone();
        let keys = keys.get(&id).map(|key| key.public().clone());
        let account = account_of(id.as_str())?;
        Ok::<_, DemoError>(Merchant {
            id,
            name: shop.name.clone(),
            keys: keys.into_iter().collect(),
            accounts: BTreeMap::from([(shop.catalogue.currency, account)]),
            paid_url: None,
        })
    });
    for shop in of_shops {
        merchants.push(shop?);
    }
    let (id, shown) = BILLER;
    merchants.push(Merchant {
        id: id.parse().map_err(name)?,
        name: shown.to_owned(),
        keys: Vec::new(),
        accounts: BTreeMap::from([(currency, account_of(id)?)]),
        paid_url: None,
    });
    Ok(merchants)
}

/// Opens what is not opened when somebody comes: the source, the merchants, the relatives.
fn open_accounts(ledger: &Ledger, shops: &[DemoShop], currency: Currency) -> Result<(), DemoError> {
    let open = |id: AccountId, currency: Currency, floor_minor: Option<i64>| {
        ledger
            .carry_out(Operation::Open(AccountTerms {
                id,
                currency,
                floor_minor,
                ceiling_minor: None,
            }))
            .map(drop)
    };
    open(SOURCE.parse().map_err(name)?, currency, None)?;
    open(account_of(BILLER.0)?, currency, Some(0))?;
    for DemoShop { catalogue, .. } in shops {
        let account = account_of(catalogue.merchant.as_str())?;
        open(account, catalogue.currency, Some(0))?;
    }
    for relative in people::relatives() {
        let account = LedgerProvider::account_id(relative, currency).map_err(name)?;
        open(account, currency, Some(0))?;
    }
    Ok(())
}

fn account_of(merchant: &str) -> Result<AccountId, DemoError> {
    format!("merchant:{merchant}").parse().map_err(name)
}

/// A key that is made the first time.
fn secret_key(path: &Path) -> Result<SecretKey, DemoError> {
    let failed =
        |error: lapak_ledger::KeyError| DemoError::File(path.to_owned(), error.to_string());
    if path.exists() {
        return SecretKey::from_file(path).map_err(failed);
    }
    let key = SecretKey::generate().map_err(failed)?;
    key.to_new_file(path).map_err(failed)?;
    Ok(key)
}

/// A merchant's id as a file's name: ids may have slashes.
fn digest_name(merchant: &MerchantId) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    let digest = lapak_ledger::Digest::sha256(merchant.as_str().as_bytes()).to_string();
    let beginning: String = digest.chars().take(12).collect();
    let name: String = merchant.as_str().chars().take(40).map(plain).collect();
    format!("{name}-{beginning}")
}

fn name(error: impl std::fmt::Display) -> DemoError {
    DemoError::Name(error.to_string())
}

impl std::fmt::Debug for DemoBank {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DemoBank")
            .field("payments", &self.payments)
            .finish_non_exhaustive()
    }
}
