//! `fetch` over a network: against servers on loopback, with the resolver and the route under the test's control.

mod support;

use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use lapak_host::RuntimeConfig;
use lapak_host::capability::Providers;
use lapak_host::capability::fetch::https::{HttpsFetch, HttpsOptions, Resolve};
use lapak_host::capability::fetch::{
    Exchange, FetchError, FetchProvider, MOST_RECEIVED_BYTES, Reply,
};
use lapak_host::capability::storage::Owner;
use lapak_host::flights::Stop;
use lapak_host::simulated::SimulatedDevices;
use support::device::{Device, ask, told};
use support::tls::{Goes, Server, answer};
use support::{text, until};

const PUBLIC: &str = "93.184.215.14";
const TIME: Duration = Duration::from_secs(30);

/// Names lead where the test says, one answer after the other; the last one stays.
#[derive(Default)]
struct Names {
    answers: Mutex<VecDeque<Vec<IpAddr>>>,
    asked: AtomicUsize,
}

impl Names {
    fn leading(answers: &[&[&str]]) -> Arc<Self> {
        let parsed = answers.iter().map(|addresses| {
            let addresses = addresses.iter().map(|one| one.parse().expect("an address"));
            addresses.collect()
        });
        Arc::new(Self {
            answers: Mutex::new(parsed.collect()),
            asked: AtomicUsize::new(0),
        })
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

impl Resolve for Names {
    fn resolve(&self, _: &str) -> std::io::Result<Vec<IpAddr>> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let mut answers = self.answers.lock().expect("not poisoned");
        match answers.len() {
            0 => Err(std::io::ErrorKind::NotFound.into()),
            1 => Ok(answers[0].clone()),
            _ => Ok(answers.pop_front().expect("one")),
        }
    }
}

/// Whatever may be reached is this server.
fn options(server: &Server, names: &Arc<Names>) -> HttpsOptions {
    let address = server.address;
    HttpsOptions {
        roots: Some(vec![server.root.clone()]),
        resolver: names.clone(),
        route: Some(Arc::new(move |_| address)),
        ..HttpsOptions::default()
    }
}

fn exchange(method: &str, path: &str) -> Exchange {
    Exchange {
        method: method.into(),
        url: format!("https://fetch.example{path}"),
        host: "fetch.example".into(),
        headers: vec![],
        body: [].into(),
        timeout: TIME,
    }
}

type Came = Result<Reply, FetchError>;

fn begin(fetch: &HttpsFetch, exchange: Exchange) -> (Stop, mpsc::Receiver<Came>) {
    let owner = Owner {
        app_id: "app".into(),
        person: "ani".into(),
    };
    let (came, reply) = mpsc::channel();
    let stop = fetch.exchange(
        &owner,
        exchange,
        Box::new(move |reply| {
            let _ = came.send(reply);
        }),
    );
    (stop, reply)
}

fn fetched(fetch: &HttpsFetch, exchange: Exchange) -> Came {
    let (_stop, reply) = begin(fetch, exchange);
    reply.recv_timeout(TIME).expect("an answer")
}

fn is_unavailable(came: &Came) -> bool {
    matches!(came, Err(FetchError::Unavailable(_)))
}

#[test]
fn what_is_sent_arrives_and_what_is_answered_comes_back() {
    let server = Server::start(|_, body| answer(201, "x-kind: Tea\r\n", body));
    let names = Names::leading(&[&[PUBLIC]]);
    let fetch = HttpsFetch::new(options(&server, &names));
    let reply = fetched(
        &fetch,
        Exchange {
            headers: vec![("x-key".into(), "1".into())],
            body: (*b"order").into(),
            ..exchange("POST", "/a?b=c")
        },
    );
    let reply = reply.expect("an answer");
    assert_eq!((reply.status, &*reply.body), (201, &b"order"[..]));
    assert!(reply.headers.contains(&("x-kind".into(), "Tea".into())));
    let head = server.heads().remove(0);
    assert!(head.starts_with("post /a?b=c http/1.1\r\n"), "{head}");
    for line in [
        "host: fetch.example",
        "x-key: 1",
        "user-agent: lapak",
        "accept-encoding: identity",
    ] {
        assert!(head.lines().any(|one| one == line), "{line}: {head}");
    }
    for name in ["referer", "cookie", "origin"] {
        assert!(!head.contains(&format!("{name}:")), "{name}: {head}");
    }
    for method in ["GET", "HEAD", "DELETE", "PUT", "PATCH"] {
        let reply = fetched(&fetch, exchange(method, "/"));
        assert_eq!(reply.map(|reply| reply.status), Ok(201), "{method}");
    }
}

#[test]
fn an_address_that_is_not_public_is_not_connected_to_even_among_others() {
    let server = Server::start(|_, _| answer(200, "", "secret"));
    for addresses in [
        &["127.0.0.1"][..],
        &["10.0.0.1"],
        &["169.254.169.254"],
        &["::1"],
        &["::ffff:192.168.0.1"],
        &["64:ff9b::a00:1"],
        &["2002:7f00:1::"],
        &[PUBLIC, "192.168.1.1"],
        &["fd00::1", PUBLIC],
    ] {
        let names = Names::leading(&[addresses]);
        let fetch = HttpsFetch::new(options(&server, &names));
        let came = fetched(&fetch, exchange("GET", "/"));
        assert_eq!(came, Err(FetchError::NotPublic), "{addresses:?}");
    }
    assert_eq!(server.connections(), 0);
}

#[test]
fn a_name_is_looked_up_once_and_leads_nowhere_else_later() {
    let server = Server::start(|_, _| answer(200, "", "hello"));
    // Public as it is looked at, and this machine's as soon as somebody asks again.
    let names = Names::leading(&[&[PUBLIC], &["127.0.0.1"]]);
    let asked = Arc::new(Mutex::new(Vec::new()));
    let (seen, address) = (asked.clone(), server.address);
    let fetch = HttpsFetch::new(HttpsOptions {
        route: Some(Arc::new(move |to| {
            seen.lock().expect("not poisoned").push(to.to_string());
            address
        })),
        ..options(&server, &names)
    });
    assert!(fetched(&fetch, exchange("GET", "/")).is_ok());
    assert_eq!(names.asked(), 1);
    assert_eq!(
        *asked.lock().expect("not poisoned"),
        [format!("{PUBLIC}:443")]
    );
    // A second request asks again, keeps no connection, and is refused.
    let came = fetched(&fetch, exchange("GET", "/"));
    assert_eq!((came, names.asked()), (Err(FetchError::NotPublic), 2));
    assert_eq!(server.connections(), 1);
}

#[test]
fn a_server_is_who_its_certificate_says() {
    let server = Server::start(|_, _| answer(200, "", "hello"));
    let names = Names::leading(&[&[PUBLIC]]);
    let untrusted = HttpsFetch::new(HttpsOptions {
        roots: None,
        ..options(&server, &names)
    });
    assert!(is_unavailable(&fetched(&untrusted, exchange("GET", "/"))));
    let fetch = HttpsFetch::new(options(&server, &names));
    let other = Exchange {
        url: "https://other.example/".into(),
        host: "other.example".into(),
        ..exchange("GET", "/")
    };
    assert!(is_unavailable(&fetched(&fetch, other)));
    assert!(server.heads().is_empty());
}

#[test]
fn broken_answers_and_no_host_are_unavailable() {
    for bytes in [
        &b""[..],
        b"hello",
        b"HTTP/1.1 abc x\r\n\r\n",
        b"HTTP/1.1 200 x\r\ncontent-length: 10\r\n\r\nhalf",
        b"HTTP/1.1 200 x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
    ] {
        let server = Server::start(move |_, _| Goes::Raw(bytes.to_vec()));
        let names = Names::leading(&[&[PUBLIC]]);
        let fetch = HttpsFetch::new(options(&server, &names));
        let came = fetched(&fetch, exchange("GET", "/"));
        assert!(is_unavailable(&came), "{bytes:?}: {came:?}");
    }
    let server = Server::start(|_, _| answer(200, "", ""));
    for nowhere in [Names::leading(&[]), Names::leading(&[&[]])] {
        let fetch = HttpsFetch::new(options(&server, &nowhere));
        assert!(is_unavailable(&fetched(&fetch, exchange("GET", "/"))));
    }
}

#[test]
fn what_comes_is_bounded_however_it_comes_and_nothing_is_unpacked() {
    let server = Server::start(|head, _| {
        let most = MOST_RECEIVED_BYTES;
        match head {
            head if head.starts_with("get /most ") => answer(200, "", vec![b'a'; most]),
            head if head.starts_with("get /more ") => answer(200, "", vec![b'a'; most + 1]),
            head if head.starts_with("get /chunked ") => {
                let mut bytes = b"HTTP/1.1 200 x\r\ntransfer-encoding: chunked\r\n\r\n".to_vec();
                for _ in 0..80 {
                    bytes.extend(b"10000\r\n");
                    bytes.extend([b'a'; 0x10000]);
                    bytes.extend(b"\r\n");
                }
                bytes.extend(b"0\r\n\r\n");
                Goes::Raw(bytes)
            }
            head if head.starts_with("get /headers ") => {
                answer(200, &format!("x: {}\r\n", "a".repeat(1 << 20)), "")
            }
            _ => answer(200, "content-encoding: gzip\r\n", b"\x1f\x8bpacked"),
        }
    });
    let names = Names::leading(&[&[PUBLIC]]);
    let fetch = HttpsFetch::new(options(&server, &names));
    let most = fetched(&fetch, exchange("GET", "/most")).expect("an answer");
    assert_eq!(most.body.len(), MOST_RECEIVED_BYTES);
    for path in ["/more", "/chunked"] {
        let came = fetched(&fetch, exchange("GET", path));
        assert_eq!(came, Err(FetchError::TooLarge), "{path}");
    }
    assert!(is_unavailable(&fetched(
        &fetch,
        exchange("GET", "/headers")
    )));
    let packed = fetched(&fetch, exchange("GET", "/")).expect("an answer");
    assert_eq!(packed.body, b"\x1f\x8bpacked");
}

#[test]
fn no_redirect_is_followed_here_and_silence_is_not_waited_for() {
    let server = Server::start(|head, _| match head.starts_with("get /silent ") {
        true => Goes::Silence,
        false => answer(302, "location: https://127.0.0.1/\r\n", ""),
    });
    let names = Names::leading(&[&[PUBLIC]]);
    let fetch = HttpsFetch::new(options(&server, &names));
    let reply = fetched(&fetch, exchange("GET", "/")).expect("an answer");
    assert_eq!(reply.status, 302);
    let late = fetched(
        &fetch,
        Exchange {
            timeout: Duration::from_millis(200),
            ..exchange("GET", "/silent")
        },
    );
    assert_eq!(late, Err(FetchError::TimedOut));
}

#[tokio::test]
async fn giving_up_closes_the_connection_and_frees_the_place_of_the_next() {
    let server = Server::start(|head, _| match head.starts_with("get /silent ") {
        true => Goes::Silence,
        false => answer(200, "", "hello"),
    });
    let names = Names::leading(&[&[PUBLIC]]);
    let fetch = HttpsFetch::new(HttpsOptions {
        at_a_time: 1,
        waiting: 2,
        ..options(&server, &names)
    });
    let (silent, _) = begin(&fetch, exchange("GET", "/silent"));
    until("it has arrived", || server.heads().len() == 1).await;
    let (given_up, never) = begin(&fetch, exchange("GET", "/given-up"));
    let (_next, next) = begin(&fetch, exchange("GET", "/next"));
    let (_one_too_many, refused) = begin(&fetch, exchange("GET", "/"));
    let refused = refused.recv_timeout(TIME).expect("an answer");
    assert!(is_unavailable(&refused));
    drop(given_up);
    drop(silent);
    until("the connection is closed", || server.hung_up() == 1).await;
    let next = next.recv_timeout(TIME).expect("an answer");
    assert_eq!(next.expect("an answer").body, b"hello");
    assert!(never.recv_timeout(TIME).is_err());
    assert!(!server.heads().iter().any(|head| head.contains("given-up")));
}

/// The hostile app over a network that is this server.
async fn device(server: &Server, names: &Arc<Names>) -> Device {
    let fetch = HttpsFetch::new(options(server, names));
    let config = RuntimeConfig {
        providers: Providers {
            fetch: Arc::new(fetch),
            ..Providers::simulated()
        },
        ..RuntimeConfig::simulated()
    };
    Device::with(config, SimulatedDevices::default()).await
}

#[tokio::test]
async fn an_app_fetches_over_redirects_and_none_leads_out() {
    let server = Server::start(|head, body| {
        let path = head.split(' ').nth(1).unwrap_or_default();
        let to = |status, location: &str| answer(status, &format!("location: {location}\r\n"), "");
        match path {
            "/moved" => to(307, "https://a.img.example/end"),
            "/plain" => to(302, "http://fetch.example/end"),
            "/local" => to(302, "https://127.0.0.1/end"),
            "/outside" => to(302, "https://other.example/end"),
            "/port" => to(302, "https://fetch.example:8443/end"),
            "/circle" => to(302, "/circle"),
            _ => answer(200, "", [b"got ", body].concat()),
        }
    });
    let names = Names::leading(&[&[PUBLIC]]);
    let device = device(&server, &names).await;
    let session = device
        .launch("call-fetch-post", "fetch.example/moved")
        .await;
    ask(&session).await;
    told(
        &session,
        "status=200 url=https://a.img.example/end body=got order",
    )
    .await;
    let heads = server.heads();
    assert!(heads[0].contains("authorization: secret") && heads[0].contains("cookie: secret"));
    assert!(!heads[1].contains("authorization") && !heads[1].contains("cookie"));
    assert!(heads[1].contains("x-key: secret") && heads[1].contains("host: a.img.example"));
    for (path, expected) in [
        ("plain", "access-denied"),
        ("local", "access-denied"),
        ("outside", "access-denied"),
        ("port", "access-denied"),
        ("circle", "unavailable"),
    ] {
        let session = device
            .launch("call-fetch-get", &format!("fetch.example/{path}"))
            .await;
        ask(&session).await;
        told(&session, expected).await;
    }
    assert!(!server.heads()[2..].iter().any(|head| head.contains("/end")));
    let circles = server.heads();
    let circles = circles.iter().filter(|head| head.contains("/circle"));
    assert_eq!(circles.count(), 6);
}

#[tokio::test]
async fn each_hop_is_resolved_and_looked_at_again() {
    let server = Server::start(|_, _| answer(302, "location: https://a.img.example/\r\n", ""));
    let names = Names::leading(&[&[PUBLIC], &["10.1.1.1"]]);
    let device = device(&server, &names).await;
    let session = device.launch("call-fetch-get", "fetch.example/").await;
    ask(&session).await;
    told(&session, "access-denied").await;
    assert_eq!((names.asked(), server.connections()), (2, 1));
}

#[tokio::test]
async fn withdrawing_closes_the_connection() {
    let server = Server::start(|_, _| Goes::Silence);
    let names = Names::leading(&[&[PUBLIC]]);
    let device = device(&server, &names).await;
    let session = device.launch("call-fetch-get", "fetch.example/").await;
    ask(&session).await;
    until("it has arrived", || server.heads().len() == 1).await;
    session.grants().withdraw(lapak_host::Capability::Fetch);
    told(&session, "access-denied").await;
    until("the connection is closed", || server.hung_up() == 1).await;
    assert!(!text(&session, "text").contains("status"));
}
