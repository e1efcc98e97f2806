//! Orders signed by a merchant's server over TLS, and servers that answer wrongly.

#[path = "support/mod.rs"]
mod support;
#[path = "world/mod.rs"]
mod world;

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
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

/// What a hostile server does with the connection after a request has come.
type Hostile = fn(&mut TcpStream, &dyn Fn() -> bool);

/// A server that is hostile to everybody, on loopback and without TLS; counts who came, and the bytes that were taken from it.
struct HostileServer {
    address: SocketAddr,
    came: Arc<AtomicUsize>,
}

impl HostileServer {
    fn start(hostile: Hostile) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let came = Arc::new(AtomicUsize::new(0));
        let count = came.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                count.fetch_add(1, Ordering::SeqCst);
                std::thread::spawn(move || {
                    let mut stream = stream;
                    let mut head = [0; 4_096];
                    let _ = stream.read(&mut head);
                    // Waits for more, or for the end.
                    let looks = stream.try_clone().expect("a stream");
                    let gone = move || matches!((&looks).read(&mut [0; 4_096]), Ok(0) | Err(_));
                    hostile(&mut stream, &gone);
                });
            }
        });
        Self { address, came }
    }

    fn order(&self) -> Result<String, NoOrder> {
        let url = format!("http://{}/orders", self.address);
        let urls = BTreeMap::from([("warung".parse().expect("a name"), url)]);
        let options = WebOptions {
            timeout: Duration::from_secs(2),
            ..WebOptions::default()
        };
        let client = MerchantClient::new(urls, &options).expect("a safe address");
        client.order(&"warung".parse().expect("a name"), &wanted("rendang"))
    }
}

/// Bytes that were taken from the endless ones, of all of them.
static TAKEN: AtomicUsize = AtomicUsize::new(0);

fn send_for_ever(stream: &mut TcpStream, what: &[u8]) {
    while stream.write_all(what).is_ok() {
        TAKEN.fetch_add(what.len(), Ordering::SeqCst);
    }
}

/// None of them is believed, followed, waited for beyond the time-out, or read beyond the bound.
#[test]
fn hostile_servers_cost_no_more_than_the_bounds() {
    const OK: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n";
    let all: [(&str, Hostile); 9] = [
        ("never answers", |_, gone| while !gone() {}),
        ("closes at once", |_, _| {}),
        ("an endless head", |stream, _| {
            let _ = stream.write_all(OK);
            send_for_ever(stream, format!("x-a: {}\r\n", "a".repeat(1_000)).as_bytes());
        }),
        ("an endless first line", |stream, _| {
            send_for_ever(stream, &[b'a'; 4_096]);
        }),
        ("an endless body", |stream, _| {
            let _ = stream.write_all(OK);
            let _ = stream.write_all(b"\r\n{\"signed\":\"");
            send_for_ever(stream, &[b'a'; 4_096]);
        }),
        ("endless chunks", |stream, _| {
            let _ = stream.write_all(OK);
            let _ = stream.write_all(b"transfer-encoding: chunked\r\n\r\n");
            send_for_ever(stream, b"1\r\na\r\n");
        }),
        ("a length that is none", |stream, _| {
            let _ = stream.write_all(OK);
            let _ = stream.write_all(b"content-length: 99999999999999999999\r\n\r\n{}");
        }),
        ("a byte now and then", |stream, _| {
            let _ = stream.write_all(OK);
            let _ = stream.write_all(b"content-length: 100000\r\n\r\n");
            while stream.write_all(b"a").is_ok() {
                std::thread::sleep(Duration::from_millis(20));
            }
        }),
        ("a list in a list in a list", |stream, _| {
            let _ = stream.write_all(OK);
            let body = "[".repeat(200_000);
            let _ = write!(stream, "content-length: {}\r\n\r\n{body}", body.len());
        }),
    ];
    for (what, hostile) in all {
        let server = HostileServer::start(hostile);
        let signed = server.order();
        assert!(
            matches!(signed, Err(NoOrder::Unavailable(_))),
            "{what}: {signed:?}"
        );
    }
    // What is in the sockets on the way is the system's.
    let taken = TAKEN.load(Ordering::SeqCst);
    assert!(taken < 64 << 20, "{taken} bytes were taken");
}

/// An address that a merchant names was looked at by nobody.
#[test]
fn no_redirect_is_followed() {
    static ELSEWHERE: OnceLock<SocketAddr> = OnceLock::new();
    let elsewhere = HostileServer::start(|_, _| {});
    ELSEWHERE.set(elsewhere.address).expect("once");
    let sends_on = HostileServer::start(|stream, _| {
        let to = ELSEWHERE.get().expect("set");
        let _ = write!(
            stream,
            "HTTP/1.1 307 Temporary Redirect\r\nlocation: http://{to}/orders\r\ncontent-length: 0\r\n\r\n"
        );
    });
    let signed = sends_on.order();
    assert!(matches!(signed, Err(NoOrder::Unavailable(_))), "{signed:?}");
    assert_eq!(sends_on.came.load(Ordering::SeqCst), 1);
    assert_eq!(elsewhere.came.load(Ordering::SeqCst), 0);
}
