//! Orders signed by a merchant's server over TLS, and servers that answer wrongly.

#[path = "support/mod.rs"]
mod support;
#[path = "world/mod.rs"]
mod world;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use lapak_ledger::WebOptions;
use lapak_ledger::merchant::{Catalogue, Item, MerchantClient, NoOrder, Shop, Wanted};
use lapak_ledger::order::verify_order;
use support::{START_MS, currency};
use world::tls::{Goes, Server, certificate};
use world::{APP, host, merchant_key, merchants};

fn shop() -> Shop {
    let item = Item {
        title: "Rendang".into(),
        price_minor: 4_500_000,
    };
    let catalogue = Catalogue {
        merchant: "warung".parse().expect("a name"),
        app: APP.into(),
        currency: currency("IDR"),
        valid_ms: 900_000,
        items: BTreeMap::from([("rendang".to_owned(), item)]),
    };
    Shop::new(catalogue, merchant_key(), vec![host().public()])
}

fn wanted(item: &str) -> [Wanted; 1] {
    [Wanted {
        item: item.into(),
        quantity: 2,
    }]
}

fn client(url: String, root: Vec<u8>) -> MerchantClient {
    let options = WebOptions {
        roots: Some(vec![root]),
        timeout: Duration::from_secs(20),
        ..WebOptions::default()
    };
    let urls = BTreeMap::from([("warung".parse().expect("a name"), url)]);
    MerchantClient::new(urls, &options).expect("a safe address")
}

#[test]
fn an_order_is_signed_at_the_servers_price() {
    let (tls, root) = certificate();
    let shop = Arc::new(shop());
    let server = Server::start(Some(tls), move |came| {
        assert_eq!(came.path, "/orders");
        let wanted: Vec<Wanted> = serde_json::from_slice(&came.body).expect("what is wanted");
        match shop.order(&wanted, START_MS) {
            Ok(order) => {
                let body = serde_json::to_vec(&order).expect("written");
                Goes::Answer(200, None, body)
            }
            Err(_) => Goes::Answer(400, None, Vec::new()),
        }
    });
    let url = format!("https://localhost:{}/orders", server.address.port());
    let client = client(url, root);
    let warung = "warung".parse().expect("a name");
    let signed = client.order(&warung, &wanted("rendang")).expect("signed");
    let order = verify_order(signed.as_bytes(), &merchants(), APP, START_MS).expect("genuine");
    assert_eq!(order.amount().minor(), 9_000_000);
    let refused = client.order(&warung, &wanted("sate"));
    assert_eq!(refused, Err(NoOrder::Refused(400)));
    let nobody = "nobody".parse().expect("a name");
    let unknown = client.order(&nobody, &wanted("rendang"));
    assert_eq!(unknown, Err(NoOrder::NoServer));
}

#[test]
fn servers_that_answer_wrongly_sign_nothing() {
    for answer in [
        (500, "".to_owned()),
        (200, "".to_owned()),
        (200, "{}".to_owned()),
        (200, "{\"signed\":5}".to_owned()),
        (302, "{\"signed\":\"a\"}".to_owned()),
        (200, format!("{{\"signed\":\"{}\"}}", "a".repeat(1 << 20))),
    ] {
        let (tls, root) = certificate();
        let (status, body) = answer;
        let server = Server::start(Some(tls), move |_| {
            Goes::Answer(status, None, body.clone().into_bytes())
        });
        let url = format!("https://localhost:{}/orders", server.address.port());
        let signed =
            client(url, root).order(&"warung".parse().expect("a name"), &wanted("rendang"));
        assert!(matches!(signed, Err(NoOrder::Unavailable(_))), "{signed:?}");
    }
}

#[test]
fn orders_do_not_cross_a_network_in_the_clear() {
    let urls = BTreeMap::from([(
        "warung".parse().expect("a name"),
        "http://shop.example/orders".to_owned(),
    )]);
    assert!(MerchantClient::new(urls, &WebOptions::default()).is_err());
}
