//! A small world with money: Ani and Budi, a shop, an electricity company, and a provider that can be meddled with.

use std::collections::{BTreeMap, VecDeque};
use std::path::Path;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use lapak_abi::package::Package;
use lapak_host::capability::Providers;
use lapak_host::capability::payments::records::PaymentRecords;
use lapak_host::capability::payments::records::sqlite::SqliteRecords;
use lapak_host::capability::payments::{PaymentParts, Payments, PeopleOfLedger, Shops};
use lapak_host::capability::wallet::PaymentAccounts;
use lapak_host::sheet::{Pin, Sheet, SheetAnswer, SheetError};
use lapak_host::{App, Launch, Runtime, RuntimeConfig, Session};
use lapak_ledger::ledger::AccountTerms;
use lapak_ledger::merchant::{Catalogue, Item, Shop};
use lapak_ledger::money::{Amount, Currency};
use lapak_ledger::name::{AccountId, MerchantId, OrderId, RequestKey};
use lapak_ledger::order::{Line, Order, RefundOrder};
use lapak_ledger::pin::{PinPolicy, Pins};
use lapak_ledger::provider::ledger::LedgerProvider;
use lapak_ledger::provider::simulated::SimulatedProvider;
use lapak_ledger::provider::{
    Answer, Done, HistoryLine, Label, OrderState, Outcome, PaymentProvider, PersonAccount, Request,
};
use lapak_ledger::{Clock, Merchant, Merchants, SecretKey};

use super::{hostile, tap, text, until};

pub const APP: &str = "test.lapak.hostile";
pub const PIN: &str = "271828";
pub const START_MS: i64 = 1_795_557_441_000;
/// What Ani has at first, in sen.
pub const ANI_MINOR: i64 = 10_000_000;

/// A clock that a test turns.
#[derive(Clone)]
pub struct HandClock(Arc<AtomicI64>);

impl HandClock {
    pub fn forward(&self, ms: i64) {
        self.0.fetch_add(ms, Ordering::SeqCst);
    }
}

impl Clock for HandClock {
    fn now_ms(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }
}

/// What becomes of an outcome on its way from the provider.
pub type Meddle = Box<dyn FnOnce(Outcome, Done) + Send>;

/// The simulated provider, behind somebody who meddles.
pub struct Meddler {
    pub inner: SimulatedProvider,
    pub meddle: Mutex<VecDeque<Meddle>>,
    pub submitted: AtomicUsize,
}

impl PaymentProvider for Meddler {
    fn label(&self) -> Label {
        self.inner.label()
    }

    fn submit(&self, request: Request, done: Done) {
        self.submitted.fetch_add(1, Ordering::SeqCst);
        match self.meddle.lock().expect("not poisoned").pop_front() {
            Some(meddle) => self
                .inner
                .submit(request, Box::new(move |outcome| meddle(outcome, done))),
            None => self.inner.submit(request, done),
        }
    }

    fn cancel(&self, account: &AccountId, key: &RequestKey) {
        self.inner.cancel(account, key);
    }

    fn order(
        &self,
        account: &AccountId,
        merchant: &MerchantId,
        order: &OrderId,
        answer: Answer<OrderState>,
    ) {
        self.inner.order(account, merchant, order, answer);
    }

    fn accounts(&self, person: &str, answer: Answer<Vec<PersonAccount>>) {
        self.inner.accounts(person, answer);
    }

    fn history(
        &self,
        account: &AccountId,
        before: Option<&str>,
        limit: u32,
        answer: Answer<Vec<HistoryLine>>,
    ) {
        self.inner.history(account, before, limit, answer);
    }
}

pub struct World {
    pub clock: HandClock,
    pub host_key: Arc<SecretKey>,
    pub shop_key: SecretKey,
    pub provider: Arc<Meddler>,
    pub folder: tempfile::TempDir,
}

impl World {
    pub fn new() -> Self {
        let clock = HandClock(Arc::new(AtomicI64::new(START_MS)));
        let host_key = Arc::new(SecretKey::from_seed(&[1; 32]));
        let inner = SimulatedProvider::new(
            host_key.clone(),
            Arc::new(merchants()),
            Arc::new(clock.clone()),
        )
        .expect("a provider");
        for account in ["merchant:shop", "merchant:pln"] {
            open(&inner, account);
        }
        for person in ["ani", "budi"] {
            open(&inner, account(person).as_str());
        }
        let amount = Amount::new(ANI_MINOR, idr()).expect("an amount");
        let key = "first".parse().expect("a key");
        inner
            .top_up(&account("ani"), key, amount)
            .expect("topped up");
        let world = Self {
            clock,
            host_key,
            shop_key: SecretKey::from_seed(&[2; 32]),
            provider: Arc::new(Meddler {
                inner,
                meddle: Mutex::default(),
                submitted: AtomicUsize::new(0),
            }),
            folder: tempfile::tempdir().expect("a folder"),
        };
        world.pins().choose("ani", PIN).expect("a PIN");
        world
    }

    pub fn pins(&self) -> Pins {
        // As cheap as it can be: what is tested here is not Argon2.
        let policy = PinPolicy {
            memory_kib: 8,
            passes: 1,
            ..PinPolicy::default()
        };
        let path = self.folder.path().join("pins.sqlite");
        Pins::open(&path, [3; 32].into(), policy, Arc::new(self.clock.clone())).expect("PINs")
    }

    pub fn records(&self) -> SqliteRecords {
        SqliteRecords::open(&self.folder.path().join("payments.sqlite")).expect("records")
    }

    /// Payments over the same files, as another process would have them.
    pub fn payments(&self) -> Arc<Payments> {
        self.payments_with(Arc::new(self.records()))
    }

    pub fn payments_with(&self, records: Arc<dyn PaymentRecords>) -> Arc<Payments> {
        Payments::new(PaymentParts {
            provider: self.provider.clone(),
            merchants: Arc::new(merchants()),
            host_keys: vec![self.host_key.public()],
            pins: Arc::new(self.pins()),
            records,
            people: people(),
            servers: Arc::new(Shops::new(
                [Arc::new(self.shop())],
                Arc::new(self.clock.clone()),
            )),
            clock: Arc::new(self.clock.clone()),
        })
    }

    pub fn config(&self) -> RuntimeConfig {
        RuntimeConfig {
            providers: Providers {
                payments: self.payments(),
                wallet: Arc::new(PaymentAccounts::new(self.provider.clone(), people())),
                ..Providers::simulated()
            },
            ..RuntimeConfig::simulated()
        }
    }

    pub async fn start(&self) -> (Runtime, Arc<App>) {
        start(self.config()).await
    }

    /// An order over this much.
    pub fn order(&self, id: &str, minor: i64) -> Order {
        Order {
            amount_minor: minor,
            app: APP.into(),
            currency: idr(),
            expires_at_ms: self.clock.now_ms() + 600_000,
            lines: vec![Line {
                amount_minor: minor,
                quantity: 1,
                title: "Rendang".into(),
            }],
            merchant: "shop".parse().expect("a merchant"),
            order: id.parse().expect("an order"),
            version: 1,
        }
    }

    pub fn signed(&self, id: &str, minor: i64) -> String {
        self.order(id, minor).sign(&self.shop_key).expect("signed")
    }

    pub fn refund(&self, id: &str, key: &str, minor: i64) -> String {
        let refund = RefundOrder {
            amount_minor: minor,
            app: APP.into(),
            currency: idr(),
            expires_at_ms: self.clock.now_ms() + 600_000,
            key: key.parse().expect("a key"),
            merchant: "shop".parse().expect("a merchant"),
            order: id.parse().expect("an order"),
            version: 1,
        };
        refund.sign(&self.shop_key).expect("signed")
    }

    fn shop(&self) -> Shop {
        let item = Item {
            title: "Rice".into(),
            price_minor: 500_000,
        };
        let catalogue = Catalogue {
            merchant: "shop".parse().expect("a merchant"),
            app: APP.into(),
            currency: idr(),
            valid_ms: 600_000,
            items: BTreeMap::from([("rice".to_owned(), item)]),
        };
        let hosts = vec![self.host_key.public()];
        Shop::new(catalogue, SecretKey::from_seed(&[2; 32]), hosts)
    }

    pub fn has(&self, owner: &str) -> i64 {
        let id = owner.parse().expect("an account");
        let balance = self.provider.inner.ledger().balance(&id).expect("read");
        balance.map_or(0, |balance| balance.available_minor)
    }

    pub fn ani(&self) -> i64 {
        self.has(account("ani").as_str())
    }

    pub fn submitted(&self) -> usize {
        self.provider.submitted.load(Ordering::SeqCst)
    }

    pub fn meddle(&self, meddle: impl FnOnce(Outcome, Done) + Send + 'static) {
        let mut all = self.provider.meddle.lock().expect("not poisoned");
        all.push_back(Box::new(meddle));
    }

    /// What the books say adds up, whatever happened.
    pub fn books_balance(&self) {
        let proof = self.provider.inner.ledger().verify(&[]);
        assert!(proof.is_ok(), "{proof:?}");
        let all = ["merchant:shop", "merchant:pln"].map(|one| self.has(one));
        let people = ["ani", "budi"].map(|one| self.has(account(one).as_str()));
        let sum: i64 = all.iter().chain(&people).sum();
        assert_eq!(sum, ANI_MINOR);
    }
}

/// Called by their own names, as the simulated provider's accounts are.
pub fn people() -> Arc<PeopleOfLedger> {
    let names = lapak_ledger::AddressBook::of_own_names();
    Arc::new(PeopleOfLedger(Arc::new(names)))
}

pub async fn start(config: RuntimeConfig) -> (Runtime, Arc<App>) {
    // Built once for all tests of a file.
    static GUEST: OnceLock<Package> = OnceLock::new();
    let runtime = Runtime::new(config).expect("a runtime");
    let package = GUEST.get_or_init(hostile).clone();
    let app = runtime.load(package).await.expect("loaded");
    (runtime, app)
}

pub fn idr() -> Currency {
    "IDR".parse().expect("a currency")
}

pub fn account(person: &str) -> AccountId {
    LedgerProvider::account_id(person, idr()).expect("an account")
}

fn open(provider: &SimulatedProvider, id: &str) {
    let terms = AccountTerms {
        id: id.parse().expect("an account"),
        currency: idr(),
        floor_minor: Some(0),
        ceiling_minor: None,
    };
    provider.open_account(terms).expect("opened");
}

pub fn merchants() -> Merchants {
    let merchant = |id: &str, name: &str, seed: u8| Merchant {
        id: id.parse().expect("a merchant"),
        name: name.into(),
        keys: vec![SecretKey::from_seed(&[seed; 32]).public()],
        accounts: BTreeMap::from([(idr(), format!("merchant:{id}").parse().expect("an account"))]),
        paid_url: None,
    };
    Merchants::new([
        merchant("shop", "Warung Sari", 2),
        merchant("pln", "PLN", 4),
    ])
}

/// Launches the guest as Ani, so that a tap makes it do `action` with `with`.
pub async fn ani(runtime: &Runtime, app: &Arc<App>, action: &str, with: &str) -> Session {
    let mut launch = Launch::new("ani");
    launch.pages = vec![format!("pages/main?do={action}&at=interaction&with={with}")];
    let session = runtime.launch(app, launch).expect("launched");
    session.settled().await;
    session
}

/// Taps without waiting for the request's end.
pub async fn ask(session: &Session) {
    let handled = session.handled();
    let node = session
        .screen()
        .tree
        .find("tap", lapak_host::view::Trigger::Tap)
        .expect("something to tap");
    session.send(super::tap_on(node)).expect("sent");
    until("the tap is handled", || session.handled() > handled).await;
}

/// Taps, and waits for the sheet.
pub async fn asked(session: &Session) -> Arc<Sheet> {
    ask(session).await;
    sheet(session).await
}

/// Waits for a sheet.
pub async fn sheet(session: &Session) -> Arc<Sheet> {
    until("a sheet opens", || !session.sheets().is_empty()).await;
    session.sheets().remove(0)
}

pub async fn confirm(session: &Session, sheet: &Sheet) -> Result<(), SheetError> {
    confirm_with(session, sheet, PIN).await
}

pub async fn confirm_with(session: &Session, sheet: &Sheet, pin: &str) -> Result<(), SheetError> {
    let answer = SheetAnswer::Confirm(Pin::new(pin.into()));
    session.answer_sheet(sheet.id, answer).await
}

/// Waits until the app shows this about its request.
pub async fn told(session: &Session, what: &str) {
    session.painted().await;
    for _ in 0..6_000 {
        if text(session, "text").contains(what) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!(
        "the app was not told {what:?} but {:?}",
        text(session, "text")
    );
}

/// What a call is refused with.
pub async fn refused(session: &Session) -> String {
    tap(session, "tap").await;
    text(session, "text")
}

/// The folder of a session store.
pub fn sessions(world: &World) -> std::path::PathBuf {
    let folder = world.folder.path().join("sessions");
    std::fs::create_dir_all(&folder).expect("a folder");
    Path::new(&folder).to_owned()
}
