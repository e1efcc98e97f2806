//! A bank for demonstrations: real books, sheets, PINs and signatures, and play money.
//!
//! It differs from a platform's own in this:
//! - Everybody who asks gets an account with [`WELCOME_MINOR`] in it, out of nothing; sheets say that it is play money.
//! - A few relatives have accounts too, so that there is somebody to send money to; nobody looks after them.
//! - Shops are served by this process, on loopback, and their keys lie beside the bank's: nobody but the one person in
//!   front of the preview trusts anybody here. They forget with the process what they sold.
//! - Nobody is told who somebody is: whoever has the browser's cookie is the person. What others see of them is a random address,
//!   another for each app.
//!
//! The books are kept as a platform's are, so that `lapak ledger verify` proves them.

mod people;
mod shops;
mod welcome;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use lapak_host::capability::payments::records::sqlite::SqliteRecords;
use lapak_host::capability::payments::{PaymentParts, Payments};
use lapak_host::capability::wallet::{PaymentAccounts, WalletProvider};
use lapak_ledger::ledger::{AccountTerms, Ledger, LedgerError, LedgerOptions, Operation};
use lapak_ledger::merchant::Catalogue;
use lapak_ledger::money::Currency;
use lapak_ledger::name::{AccountId, MerchantId};
use lapak_ledger::pin::{PinPolicy, Pins};
use lapak_ledger::provider::Label;
use lapak_ledger::provider::ledger::LedgerProvider;
use lapak_ledger::{AddressBook, Clock, Merchant, Merchants, SecretKey, SystemClock};
use serde::Deserialize;

use people::{Family, MERCHANT};
use shops::{Bank, Places, ServedShops};
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
    shops: Arc<ServedShops>,
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
    /// A shop has no port to be served at.
    #[error("a shop cannot be served: {0}")]
    Shop(std::io::Error),
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
        let text = match lapak_abi::file::read_text(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(DemoError::File(path, error.to_string())),
        };
        lapak_abi::json::read(text.as_bytes(), lapak_abi::json::JsonLimits::default())
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
        let keys = shop_keys(folder, shops)?;
        let places = Places::take(shops)?;
        let merchants = registered(shops, &keys, &places, currency)?;
        let merchants = Arc::new(Merchants::new(merchants));
        let ledger = ledger(folder, &clock)?;
        let book = Arc::new(addresses(folder)?);
        open_accounts(&ledger, shops, currency)?;
        let bank = Bank {
            ledger,
            key,
            merchants,
            book,
            clock,
        };
        let provider = bank.provider(currency)?;
        let shops = Arc::new(ServedShops::start(shops, keys, places, &bank)?);
        let people = Arc::new(Family::new(bank.book.clone()));
        let payments = Payments::new(PaymentParts {
            provider: provider.clone(),
            pins: Arc::new(bank.pins(folder)?),
            records: Arc::new(records(folder)?),
            people: people.clone(),
            servers: shops.clone(),
            host_keys: vec![bank.key.public().clone()],
            merchants: bank.merchants,
            clock: bank.clock,
        });
        Ok(Self {
            payments,
            wallet: Arc::new(PaymentAccounts::new(provider, people)),
            shops,
        })
    }

    /// Where a shop is served: `http://127.0.0.1:…`, with the addresses of [`shop::router`](crate::shop::router).
    #[must_use]
    pub fn shop_url(&self, merchant: &str) -> Option<&str> {
        self.shops.url(merchant)
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

impl Bank {
    /// Moves the money, and gives newcomers some.
    fn provider(&self, currency: Currency) -> Result<Arc<Welcoming>, DemoError> {
        let label = Label {
            name: "Demo bank".into(),
            simulated: true,
        };
        let (ledger, key) = (&self.ledger, &self.key);
        let parties = (self.merchants.clone(), self.book.clone());
        let provider =
            LedgerProvider::labelled(ledger.clone(), key.clone(), parties, "demo", label)?;
        let source = SOURCE.parse().map_err(name)?;
        let welcoming = Welcoming::new(
            ledger.clone(),
            (provider, self.book.clone()),
            source,
            currency,
        );
        Ok(Arc::new(welcoming))
    }

    fn pins(&self, folder: &Path) -> Result<Pins, DemoError> {
        let pins = folder.join("pins.sqlite");
        let pepper = self.key.derive("pins");
        let opened = Pins::open(&pins, pepper, PinPolicy::default(), self.clock.clone());
        // Whoever puts the PINs' file back has to put the books back with it.
        opened
            .map(|pins| pins.witnessed_by(self.ledger.clone()))
            .map_err(|error| DemoError::File(pins, error.to_string()))
    }
}

/// A key for each shop.
fn shop_keys(
    folder: &Path,
    shops: &[DemoShop],
) -> Result<BTreeMap<MerchantId, SecretKey>, DemoError> {
    let mut keys = BTreeMap::new();
    for shop in shops {
        let merchant = &shop.catalogue.merchant;
        let key = secret_key(&folder.join(format!("shop-{}.key", digest_name(merchant))))?;
        if keys.insert(merchant.clone(), key).is_some() {
            return Err(DemoError::Name(format!(
                "two shops are the merchant {merchant}: change one of their {SHOP_FILE}"
            )));
        }
    }
    Ok(keys)
}

/// The books; merchants are told what is written in them.
fn ledger(folder: &Path, clock: &Arc<dyn Clock>) -> Result<Arc<Ledger>, DemoError> {
    let books = DemoBank::books(folder);
    let options = LedgerOptions {
        clock: clock.clone(),
        notices: true,
        ..LedgerOptions::default()
    };
    let ledger = Ledger::open(&books, options);
    let ledger = ledger.map_err(|error| DemoError::File(books, error.to_string()))?;
    Ok(Arc::new(ledger))
}

/// Who is called what in the books and by others.
fn addresses(folder: &Path) -> Result<AddressBook, DemoError> {
    let path = folder.join("addresses.sqlite");
    AddressBook::open(&path).map_err(|error| DemoError::File(path, error.to_string()))
}

fn records(folder: &Path) -> Result<SqliteRecords, DemoError> {
    let records = folder.join("payments.sqlite");
    SqliteRecords::open(&records).map_err(|error| DemoError::File(records, error.to_string()))
}

/// The merchants that the bank knows: the shops and the biller.
fn registered(
    shops: &[DemoShop],
    keys: &BTreeMap<MerchantId, SecretKey>,
    places: &Places,
    currency: Currency,
) -> Result<Vec<Merchant>, DemoError> {
    let mut merchants = Vec::new();
    let of_shops = shops.iter().map(|shop| {
        let id = shop.catalogue.merchant.clone();
        let keys = keys.get(&id).map(|key| key.public().clone());
        let account = account_of(id.as_str())?;
        Ok::<_, DemoError>(Merchant {
            paid_url: places.paid_url(&id),
            id,
            name: shop.name.clone(),
            keys: keys.into_iter().collect(),
            accounts: BTreeMap::from([(shop.catalogue.currency, account)]),
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
    format!("{MERCHANT}{merchant}").parse().map_err(name)
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
