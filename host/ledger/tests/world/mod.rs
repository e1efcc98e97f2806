//! The same small world for every provider: Ani with 100,000, Budi with nothing, a warung, an electricity company.

#![allow(dead_code, unreachable_pub, reason = "each test file uses its part")]

pub mod service;
pub mod tls;

use std::any::Any;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use lapak_ledger::ledger::{AccountTerms, Ledger, LedgerOptions, Operation, Transfer};
use lapak_ledger::name::AccountId;
use lapak_ledger::order::{
    Line, Order, RefundOrder, VerifiedOrder, VerifiedRefund, verify_order, verify_refund,
};
use lapak_ledger::provider::http::{HttpOptions, HttpProvider};
use lapak_ledger::provider::ledger::LedgerProvider;
use lapak_ledger::provider::simulated::SimulatedProvider;
use lapak_ledger::provider::{Ask, Outcome, PaymentProvider, Request};
use lapak_ledger::{Merchant, Merchants, Receipt, SecretKey, WebOptions};

use crate::support::{HandClock, START_MS, currency, id, idr, terms};
use service::Service;

pub const APP: &str = "com.example.warung";
pub const CLIENT: &str = "host.example";

/// A provider in its world.
pub struct Rig {
    pub provider: Arc<dyn PaymentProvider>,
    pub clock: HandClock,
    pub host: Arc<SecretKey>,
    /// What the provider needs to live on.
    _world: Box<dyn Any>,
}

impl Rig {
    pub fn ledger() -> Self {
        let clock = HandClock::new();
        let folder = tempfile::tempdir().expect("a folder");
        let options = LedgerOptions {
            clock: clock.shared(),
            ..LedgerOptions::default()
        };
        let ledger =
            Arc::new(Ledger::open(&folder.path().join("ledger.db"), options).expect("a ledger"));
        open_world(&ledger);
        let provider = LedgerProvider::new(
            ledger,
            host(),
            merchants(),
            Arc::new(lapak_ledger::AddressBook::of_own_names()),
        )
        .expect("a provider");
        Self {
            provider: Arc::new(provider),
            clock,
            host: host(),
            _world: Box::new(folder),
        }
    }

    pub fn simulated() -> Self {
        let (provider, clock) = simulated();
        Self {
            provider,
            clock,
            host: host(),
            _world: Box::new(()),
        }
    }

    pub fn http() -> Self {
        let clock = HandClock::new();
        let (provider, service) = http(&clock);
        Self {
            provider,
            clock,
            host: host(),
            _world: Box::new(service),
        }
    }

    /// Submits a request and waits for its outcome.
    #[track_caller]
    pub fn outcome(&self, request: Request) -> Outcome {
        outcome(&*self.provider, request)
    }

    /// The receipt of a request that is to be paid.
    #[track_caller]
    pub fn paid(&self, request: Request) -> Receipt {
        match self.outcome(request) {
            Outcome::Paid(receipt) => receipt.verify([&self.host.public()]).expect("the host's"),
            other => panic!("not paid: {other:?}"),
        }
    }

    /// What a person can spend.
    #[track_caller]
    pub fn balance(&self, person: &str) -> i64 {
        let (tell, told) = mpsc::channel();
        self.provider.accounts(
            person,
            Box::new(move |accounts| tell.send(accounts).expect("heard")),
        );
        let accounts = told.recv_timeout(WAIT).expect("an answer").expect("read");
        assert_eq!(accounts.len(), 1, "{accounts:?}");
        accounts[0].available_minor
    }
}

/// Long enough for the slowest machine; no test waits for it unless it fails.
pub const WAIT: Duration = Duration::from_secs(60);

#[track_caller]
pub fn outcome(provider: &dyn PaymentProvider, request: Request) -> Outcome {
    waiting(provider, request)
        .recv_timeout(WAIT)
        .expect("an outcome")
}

pub fn waiting(provider: &dyn PaymentProvider, request: Request) -> mpsc::Receiver<Outcome> {
    let (tell, told) = mpsc::channel();
    // Some tests no longer listen.
    provider.submit(request, Box::new(move |outcome| drop(tell.send(outcome))));
    told
}

pub fn simulated() -> (Arc<SimulatedProvider>, HandClock) {
    let clock = HandClock::new();
    let provider =
        SimulatedProvider::new(host(), merchants(), clock.shared()).expect("a simulation");
    for terms in world() {
        provider.open_account(terms).expect("opened");
    }
    provider
        .top_up(&ani(), "top-up".parse().expect("a name"), idr(100_000))
        .expect("topped up");
    (Arc::new(provider), clock)
}

pub fn http(clock: &HandClock) -> (Arc<HttpProvider>, Service) {
    let service = Service::start(merchants(), clock, CLIENT, host().public());
    open_world(&service.ledger);
    (Arc::new(connected(&service, clock)), service)
}

/// A host that uses the service.
pub fn connected(service: &Service, clock: &HandClock) -> HttpProvider {
    let web = WebOptions {
        roots: Some(vec![service.root.clone()]),
        timeout: Duration::from_secs(10),
        first_wait: Duration::from_millis(5),
        most_wait: Duration::from_millis(40),
    };
    HttpProvider::new(HttpOptions {
        name: "Reference".into(),
        url: service.url.clone(),
        client: CLIENT.into(),
        key: host(),
        service_keys: vec![service.key.clone()],
        clock: clock.shared(),
        web,
    })
    .expect("a provider")
}

fn world() -> Vec<AccountTerms> {
    [
        "person:ani:IDR",
        "person:budi:IDR",
        "merchant:warung",
        "merchant:listrik",
    ]
    .map(|account| terms(account, Some(0)))
    .into()
}

fn open_world(ledger: &Ledger) {
    for terms in world().into_iter().chain([terms("equity:issued", None)]) {
        ledger.carry_out(Operation::Open(terms)).expect("opened");
    }
    let (from, to, key) = (
        id("equity:issued"),
        ani(),
        "top-up".parse().expect("a name"),
    );
    let top_up = Transfer {
        from,
        to,
        key,
        amount: idr(100_000),
        note: String::new(),
    };
    ledger
        .carry_out(Operation::Transfer(top_up))
        .expect("topped up");
}

pub fn ani() -> AccountId {
    id("person:ani:IDR")
}

pub fn host() -> Arc<SecretKey> {
    Arc::new(SecretKey::from_seed(&[50; 32]))
}

pub fn merchant_key() -> SecretKey {
    SecretKey::from_seed(&[51; 32])
}

pub fn merchants() -> Arc<Merchants> {
    let merchant = |name: &str, account: &str| Merchant {
        id: name.parse().expect("a name"),
        name: name.to_owned(),
        keys: vec![merchant_key().public()],
        accounts: [(currency("IDR"), id(account))].into(),
        paid_url: None,
    };
    Arc::new(Merchants::new([
        merchant("warung", "merchant:warung"),
        merchant("listrik", "merchant:listrik"),
    ]))
}

/// An order of the warung, good for a minute.
pub fn order(name: &str, minor: i64) -> Order {
    Order {
        amount_minor: minor,
        app: APP.into(),
        currency: currency("IDR"),
        expires_at_ms: START_MS + 60_000,
        lines: vec![Line {
            amount_minor: minor,
            quantity: 1,
            title: "Rendang".into(),
        }],
        merchant: "warung".parse().expect("a name"),
        order: name.parse().expect("a name"),
        version: 1,
    }
}

pub fn verified(order: &Order) -> VerifiedOrder {
    let signed = order.sign(&merchant_key()).expect("signed");
    verify_order(signed.as_bytes(), &merchants(), APP, START_MS).expect("genuine")
}

pub fn refund(order: &str, key: &str, minor: i64) -> VerifiedRefund {
    let refund = RefundOrder {
        amount_minor: minor,
        app: APP.into(),
        currency: currency("IDR"),
        expires_at_ms: START_MS + 60_000,
        key: key.parse().expect("a name"),
        merchant: "warung".parse().expect("a name"),
        order: order.parse().expect("a name"),
        version: 1,
    };
    let signed = refund.sign(&merchant_key()).expect("signed");
    verify_refund(signed.as_bytes(), &merchants(), APP, START_MS).expect("genuine")
}

/// Ani's request.
pub fn request(key: &str, ask: Ask) -> Request {
    Request {
        key: key.parse().expect("a name"),
        account: ani(),
        ask,
    }
}

/// Ani pays an order, with a key of its own.
pub fn pay(name: &str, minor: i64) -> Request {
    request(
        &format!("pay-{name}"),
        Ask::Pay(verified(&order(name, minor))),
    )
}

pub fn send(key: &str, to: &str, minor: i64) -> Request {
    request(
        key,
        Ask::Transfer {
            to: id(to),
            amount: idr(minor),
            note: "untuk ibu".into(),
        },
    )
}
