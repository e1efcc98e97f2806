//! Merchants: told of every payment until they acknowledge it, and believing nothing that the host did not sign.

mod support;
mod world;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use lapak_ledger::jws::JwsError;
use lapak_ledger::ledger::{Ledger, LedgerOptions, Operation, Transfer};
use lapak_ledger::merchant::{Catalogue, Item, NewOrder, NoticeError, Shop, ShopError, Wanted};
use lapak_ledger::money::MAX_AMOUNT_MINOR;
use lapak_ledger::order::{verify_order, verify_refund};
use lapak_ledger::provider::ledger::LedgerProvider;
use lapak_ledger::provider::{Ask, Outcome};
use lapak_ledger::{Courier, Merchant, Merchants, Purpose, Receipt, SecretKey, WebOptions};
use support::{HandClock, START_MS, currency, id, idr, terms};
use world::tls::{Goes, Server};
use world::{APP, ani, host, merchant_key, outcome, request};

#[test]
fn a_merchant_is_told_until_it_acknowledges_also_across_restarts() {
    let market = Market::new();
    let (provider, courier) = market.open();
    market.refuse(3);
    let first = market.buy(&provider, "rendang", 2);
    market.wait_for(|| market.sold(&first).paid.is_some());
    assert_eq!(
        market.refused.load(Ordering::SeqCst),
        0,
        "it was told three times in vain"
    );

    // The merchant is away; meanwhile the host ends.
    market.refuse(usize::MAX);
    let second = market.buy(&provider, "teh", 1);
    market.wait_for(|| market.refused.load(Ordering::SeqCst) < usize::MAX - 1);
    drop((courier, provider));
    assert!(market.sold(&second).paid.is_none());
    market.refuse(0);
    let (provider, _courier) = market.open();
    market.wait_for(|| market.sold(&second).paid.is_some());

    let paid = market.sold(&first).paid.expect("paid");
    assert_eq!((paid.amount_minor, paid.simulated), (9_000, false));
    let signed = market
        .shop
        .refund(&first.order, "r".parse().expect("a name"), 4_500, START_MS)
        .expect("signed");
    let refund =
        verify_refund(signed.as_bytes(), &market.merchants, APP, START_MS).expect("genuine");
    assert!(matches!(
        outcome(&provider, request("r", Ask::Refund(refund))),
        Outcome::Paid(_)
    ));
    market.wait_for(|| market.sold(&first).refunds.len() == 1);
    market.wait_for(|| {
        market
            .ledger
            .lock()
            .expect("unbroken")
            .as_ref()
            .expect("open")
            .notices(i64::MAX, 9)
            .expect("read")
            .0
            .is_empty()
    });
}

#[test]
fn a_silent_merchant_holds_up_nobody_else() {
    let clock = HandClock::new();
    let options = LedgerOptions {
        clock: clock.shared(),
        notices: true,
        max_pages: None,
    };
    let ledger = Arc::new(Ledger::in_memory(options).expect("a ledger"));
    for terms in [
        terms("person:ani:IDR", None),
        terms("merchant:warung", Some(0)),
    ] {
        ledger.carry_out(Operation::Open(terms)).expect("opened");
    }
    // It takes what it is sent, and says nothing.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let heard = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&heard);
    let server = Server::start(None, move |_| {
        counted.fetch_add(1, Ordering::SeqCst);
        Goes::Answer(204, None, Vec::new())
    });
    let merchant = |name: &str, address| Merchant {
        id: name.parse().expect("a name"),
        name: name.into(),
        keys: vec![merchant_key().public()],
        accounts: [(currency("IDR"), id("merchant:warung"))].into(),
        paid_url: Some(format!("http://{address}/paid")),
    };
    let merchants = Merchants::new([
        merchant("silent", silent.local_addr().expect("an address")),
        merchant("warung", server.address),
    ]);
    for number in 0..40 {
        let mut payment = support::payment(&format!("s{number}"), "person:ani:IDR", 1);
        payment.merchant = "silent".parse().expect("a name");
        ledger.carry_out(Operation::Pay(payment)).expect("paid");
    }
    for number in 0..3 {
        let paid = support::pay(&format!("w{number}"), "person:ani:IDR", 1);
        ledger.carry_out(paid).expect("paid");
    }
    let courier = Courier::start(
        Arc::clone(&ledger),
        host(),
        Arc::new(merchants),
        clock.shared(),
        WebOptions {
            timeout: 10 * world::WAIT,
            ..WebOptions::default()
        },
    )
    .expect("a courier");
    let begun = std::time::Instant::now();
    while heard.load(Ordering::SeqCst) < 3 {
        assert!(begun.elapsed() < world::WAIT, "it never came");
        std::thread::sleep(Duration::from_millis(5));
    }
    // Not one exchange with the silent one was over by then.
    let (left, _) = ledger.notices(i64::MAX, 99).expect("read");
    let of_silent = left.iter().filter(|notice| {
        let order = notice.posted.entry.event.order();
        order.is_some_and(|(merchant, _)| merchant.as_str() == "silent")
    });
    let tries: Vec<u32> = of_silent.map(|notice| notice.attempts).collect();
    assert_eq!(tries, [0; 40]);
    drop(silent);
    drop(courier);
    // It was left alone as a whole after the first that failed.
    let (left, _) = ledger.notices(i64::MAX, 99).expect("read");
    let tries: u32 = left.iter().map(|notice| notice.attempts).sum();
    assert!(tries <= 1, "{tries}");
}

#[test]
fn a_notice_that_is_forged_altered_replayed_or_anothers_is_no_payment() {
    let market = Market::new();
    let order = market
        .shop
        .order(&[wanted("teh", 1)], START_MS)
        .expect("an order");
    let sha256 = verify_order(order.signed.as_bytes(), &market.merchants, APP, START_MS)
        .expect("genuine")
        .digest();
    let receipt = |merchant: &str, sha256| Receipt {
        amount_minor: 500,
        at_ms: START_MS,
        currency: currency("IDR"),
        purpose: Purpose::Payment {
            merchant: merchant.parse().expect("a name"),
            order: order.order.clone(),
            sha256,
        },
        id: "ledger:1".into(),
        proof: String::new(),
        simulated: false,
        version: 1,
    };
    let told = |signed: &str| market.shop.told(signed.as_bytes());
    let genuine = receipt("warung", sha256).sign(&host());
    let forged = receipt("warung", sha256).sign(&SecretKey::from_seed(&[66; 32]));
    assert_eq!(
        told(forged.as_str()),
        Err(NoticeError::Signature(JwsError::UnknownKey))
    );
    assert!(told(&genuine.as_str().replace('A', "B")).is_err());
    let another = receipt("listrik", sha256).sign(&host());
    assert_eq!(told(another.as_str()), Err(NoticeError::OtherMerchant));
    let other_order = receipt("warung", lapak_ledger::Digest::sha256(b"another")).sign(&host());
    assert_eq!(told(other_order.as_str()), Err(NoticeError::OtherOrder));
    assert_eq!(
        told(&order.signed),
        Err(NoticeError::Signature(JwsError::OtherKind))
    );
    for garbage in ["", "{}", "a.b.c"] {
        assert!(told(garbage).is_err());
    }
    assert!(market.sold(&order).paid.is_none());
    assert_eq!(told(genuine.as_str()), Ok(true));
    assert_eq!(
        told(genuine.as_str()),
        Ok(false),
        "sent again, it is acknowledged and is no news"
    );
    let second = Receipt {
        id: "ledger:2".into(),
        ..receipt("warung", sha256)
    }
    .sign(&host());
    assert_eq!(
        told(second.as_str()),
        Err(NoticeError::OtherOrder),
        "one order is paid once"
    );
}

#[test]
fn a_shop_makes_orders_at_its_own_prices_only() {
    let market = Market::new();
    let shop = &market.shop;
    let made = shop
        .order(&[wanted("rendang", 2), wanted("teh", 3)], START_MS)
        .expect("an order");
    let order =
        verify_order(made.signed.as_bytes(), &market.merchants, APP, START_MS).expect("genuine");
    assert_eq!(order.amount().minor(), 2 * 4_500 + 3 * 500);
    let other = shop.order(&[wanted("teh", 1)], START_MS).expect("an order");
    assert_ne!(other.order, made.order);
    assert_eq!(
        shop.order(&[wanted("gold", 1)], START_MS),
        Err(ShopError::UnknownItem("gold".into()))
    );
    for quantity in [0, 1_000, u32::MAX] {
        assert_eq!(
            shop.order(&[wanted("teh", quantity)], START_MS),
            Err(ShopError::Quantity)
        );
    }
    assert!(shop.order(&[], START_MS).is_err());
    assert!(
        shop.order(&[wanted("palace", 2)], START_MS).is_err(),
        "more than an order may be"
    );
    let refund = shop.refund(&made.order, "r".parse().expect("a name"), 1, START_MS);
    assert_eq!(refund, Err(ShopError::NotPaid));
}

/// A host with a ledger, and a merchant's server that it tells.
struct Market {
    folder: tempfile::TempDir,
    clock: HandClock,
    shop: Arc<Shop>,
    merchants: Arc<Merchants>,
    ledger: Mutex<Option<Arc<Ledger>>>,
    /// How many notices are still to be refused.
    refused: Arc<AtomicUsize>,
    _server: Server,
}

impl Market {
    fn new() -> Self {
        let item = |title: &str, price_minor| Item {
            title: title.into(),
            price_minor,
        };
        let catalogue = Catalogue {
            merchant: "warung".parse().expect("a name"),
            app: APP.into(),
            currency: currency("IDR"),
            valid_ms: 600_000,
            items: [
                ("rendang".into(), item("Rendang", 4_500)),
                ("teh".into(), item("Teh", 500)),
                ("palace".into(), item("Istana", MAX_AMOUNT_MINOR)),
            ]
            .into(),
        };
        let shop = Arc::new(Shop::new(catalogue, merchant_key(), vec![host().public()]));
        let refused = Arc::new(AtomicUsize::new(0));
        let (told, refuse) = (Arc::clone(&shop), Arc::clone(&refused));
        let server = Server::start(None, move |came| {
            let refuse = refuse
                .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
                    left.checked_sub(1)
                })
                .is_ok();
            let status = if refuse {
                503
            } else {
                told.told(&came.body).map_or(400, |_| 204)
            };
            Goes::Answer(status, None, Vec::new())
        });
        let merchants = Merchants::new([Merchant {
            id: "warung".parse().expect("a name"),
            name: "Warung".into(),
            keys: vec![merchant_key().public()],
            accounts: [(currency("IDR"), id("merchant:warung"))].into(),
            paid_url: Some(format!("http://{}/paid", server.address)),
        }]);
        Self {
            folder: tempfile::tempdir().expect("a folder"),
            clock: HandClock::new(),
            shop,
            merchants: Arc::new(merchants),
            ledger: Mutex::new(None),
            refused,
            _server: server,
        }
    }

    fn open(&self) -> (LedgerProvider, Courier) {
        // The one before ends first.
        self.ledger.lock().expect("unbroken").take();
        let options = LedgerOptions {
            clock: self.clock.shared(),
            notices: true,
            max_pages: None,
        };
        let ledger = Arc::new(
            Ledger::open(&self.folder.path().join("ledger.db"), options).expect("a ledger"),
        );
        for terms in [
            terms("equity:issued", None),
            terms("person:ani:IDR", Some(0)),
            terms("merchant:warung", Some(0)),
        ] {
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
        *self.ledger.lock().expect("unbroken") = Some(Arc::clone(&ledger));
        // The retries' waits go by the ledger's clock, which stands still in this test: no wait at all.
        let web = WebOptions {
            first_wait: Duration::ZERO,
            most_wait: Duration::ZERO,
            ..WebOptions::default()
        };
        let merchants = Arc::clone(&self.merchants);
        let courier = Courier::start(
            Arc::clone(&ledger),
            host(),
            merchants,
            self.clock.shared(),
            web,
        )
        .expect("a courier");
        let provider = LedgerProvider::new(
            ledger,
            host(),
            Arc::clone(&self.merchants),
            Arc::new(lapak_ledger::AddressBook::of_own_names()),
        )
        .expect("a provider");
        (provider, courier)
    }

    fn refuse(&self, times: usize) {
        self.refused.store(times, Ordering::SeqCst);
    }

    fn buy(&self, provider: &LedgerProvider, item: &str, quantity: u32) -> NewOrder {
        let made = self
            .shop
            .order(&[wanted(item, quantity)], START_MS)
            .expect("an order");
        let order =
            verify_order(made.signed.as_bytes(), &self.merchants, APP, START_MS).expect("genuine");
        let paid = outcome(provider, request(made.order.as_str(), Ask::Pay(order)));
        assert!(matches!(paid, Outcome::Paid(_)), "{paid:?}");
        made
    }

    fn sold(&self, order: &NewOrder) -> lapak_ledger::merchant::Sold {
        self.shop.sold(&order.order).expect("ordered")
    }

    #[track_caller]
    fn wait_for(&self, done: impl Fn() -> bool) {
        let begun = std::time::Instant::now();
        while !done() {
            assert!(begun.elapsed() < world::WAIT, "it never came");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

fn wanted(item: &str, quantity: u32) -> Wanted {
    Wanted {
        item: item.into(),
        quantity,
    }
}
