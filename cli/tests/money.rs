//! `lapak merchant` and `lapak ledger` as a merchant and an accountant use them.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use lapak_ledger::ledger::{AccountTerms, Ledger, LedgerOptions, Operation, Payment, Transfer};
use lapak_ledger::money::Amount;
use lapak_ledger::order::{VerifiedOrder, verify_order};
use lapak_ledger::{
    Clock as _, Courier, Merchant, Merchants, PublicKey, SecretKey, SystemClock, WebOptions,
};
use serde_json::{Value, json};

const APP: &str = "com.example.warung";

#[test]
fn keys_are_made_once_and_sign_orders_that_a_host_takes() {
    let folder = tempfile::tempdir().expect("a folder");
    let merchants = merchants(&keygen(folder.path()), None);
    let again = lapak(
        folder.path(),
        &["merchant", "keygen", "--out", "warung.key"],
        "",
    );
    assert_eq!(again.status.code(), Some(1), "a key is never overwritten");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(folder.path().join("warung.key"))
            .expect("a file")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    let signed = lapak(
        folder.path(),
        &["merchant", "sign", "--key", "warung.key"],
        &order(4_500_000).to_string(),
    );
    assert!(signed.status.success(), "{}", err(&signed));
    let verified = verify_order(
        out(&signed).trim().as_bytes(),
        &merchants,
        APP,
        SystemClock.now_ms(),
    )
    .expect("genuine");
    assert_eq!(verified.amount().minor(), 4_500_000);

    for (input, says) in [
        ("{}".to_owned(), "missing field"),
        ("[".to_owned(), "no JSON"),
        (order(0).to_string(), "more than nothing"),
        (
            order(4_500_001)
                .to_string()
                .replace("[{", "[{\"colour\":1,"),
            "unknown field",
        ),
    ] {
        let refused = lapak(
            folder.path(),
            &["merchant", "sign", "--key", "warung.key"],
            &input,
        );
        assert_eq!(refused.status.code(), Some(1));
        assert!(err(&refused).contains(says), "{}", err(&refused));
    }
}

#[test]
fn a_merchants_server_makes_orders_and_is_told_of_payments() {
    let folder = tempfile::tempdir().expect("a folder");
    let public = keygen(folder.path());
    let host = Arc::new(SecretKey::generate().expect("a key"));
    std::fs::write(folder.path().join("host.pub"), host.public().to_jwk()).expect("written");
    let catalogue = json!({
        "merchant": "warung", "app": APP, "currency": "IDR", "valid_ms": 900_000,
        "items": { "rendang": { "title": "Rendang", "price_minor": 4_500_000 } }
    });
    std::fs::write(folder.path().join("warung.json"), catalogue.to_string()).expect("written");
    let server = Server::start(folder.path());
    let merchants = Arc::new(merchants(&public, Some(format!("{}/paid", server.url))));

    let (status, made) = server.ask("POST", "/orders", r#"[{"item":"rendang","quantity":2}]"#);
    assert_eq!(status, 200, "{made}");
    let signed = made["signed"].as_str().expect("text");
    let order =
        verify_order(signed.as_bytes(), &merchants, APP, SystemClock.now_ms()).expect("genuine");
    assert_eq!(order.amount().minor(), 9_000_000);
    assert_eq!(
        server
            .ask("POST", "/orders", r#"[{"item":"gold","quantity":1}]"#)
            .0,
        400
    );
    assert_eq!(
        server
            .ask(
                "POST",
                "/orders",
                r#"[{"item":"rendang","quantity":1,"price_minor":1}]"#
            )
            .0,
        422
    );
    assert_eq!(server.ask("POST", "/paid", "forged").0, 400);
    let path = format!("/orders/{}", made["order"].as_str().expect("text"));
    assert_eq!(server.ask("GET", &path, "").1["paid"], Value::Null);
    assert_eq!(server.ask("GET", "/orders/nobody", "").0, 404);

    let ledger = Arc::new(paid(&folder.path().join("ledger.db"), &order));
    let clock = Arc::new(SystemClock);
    let _courier =
        Courier::start(ledger, host, merchants, clock, WebOptions::default()).expect("a courier");
    let begun = Instant::now();
    while server.ask("GET", &path, "").1["paid"].is_null() {
        assert!(
            begun.elapsed() < Duration::from_secs(60),
            "the merchant was never told"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(
        server.ask("GET", &path, "").1["paid"]["amount_minor"],
        9_000_000
    );
}

#[test]
fn a_ledger_is_proved() {
    let folder = ledger();
    let proved = lapak(
        folder.path(),
        &["ledger", "verify", "ledger.db", "--json"],
        "",
    );
    assert!(proved.status.success(), "{}", err(&proved));
    let proof: Value = serde_json::from_str(&out(&proved)).expect("JSON");
    assert_eq!(
        (&proof["entries"], &proof["owed_minor"]["IDR"]),
        (&json!(5), &json!("10000000"))
    );
    let anchor = format!("5:{}", proof["head"].as_str().expect("text"));
    let told = lapak(
        folder.path(),
        &["ledger", "verify", "ledger.db", "--anchor", &anchor],
        "",
    );
    let said = out(&told);
    assert!(
        said.contains("sound: 5 entries") && said.contains("owed   100000.00 IDR"),
        "{said}"
    );
}

#[test]
fn a_ledger_that_was_cut_or_changed_is_not_sound() {
    let folder = ledger();
    let proved = lapak(
        folder.path(),
        &["ledger", "verify", "ledger.db", "--json"],
        "",
    );
    let proof: Value = serde_json::from_str(&out(&proved)).expect("JSON");
    let anchor = format!("6:{}", proof["head"].as_str().expect("text"));
    let cut = lapak(
        folder.path(),
        &["ledger", "verify", "ledger.db", "--anchor", &anchor],
        "",
    );
    assert_eq!(cut.status.code(), Some(1), "{}", out(&cut));
    assert!(err(&cut).contains("not sound"), "{}", err(&cut));
    let missing = lapak(folder.path(), &["ledger", "verify", "nothing.db"], "");
    assert_eq!(missing.status.code(), Some(1));

    let file = rusqlite::Connection::open(folder.path().join("ledger.db")).expect("opened");
    file.execute(
        "UPDATE accounts SET available_minor = 0 WHERE id = 'merchant:warung'",
        [],
    )
    .expect("changed");
    let broken = lapak(folder.path(), &["ledger", "verify", "ledger.db"], "");
    assert_eq!(broken.status.code(), Some(1));
    assert!(err(&broken).contains("merchant:warung"), "{}", err(&broken));
}

#[test]
fn a_ledger_is_exported() {
    let folder = ledger();
    for (format, holds) in [
        ("csv", "paid,warung,17"),
        ("hledger", "liabilities:merchant:warung  -45000.00 IDR"),
        ("beancount", "Liabilities:Merchant:Warung  -45000.00 IDR"),
    ] {
        let exported = lapak(
            folder.path(),
            &["ledger", "export", "ledger.db", "--format", format],
            "",
        );
        assert!(out(&exported).contains(holds), "{}", out(&exported));
        let file = [
            "ledger",
            "export",
            "ledger.db",
            "--format",
            format,
            "--out",
            "books",
        ];
        assert!(lapak(folder.path(), &file, "").status.success());
        assert_eq!(
            std::fs::read_to_string(folder.path().join("books")).expect("read"),
            out(&exported)
        );
    }
}

/// A folder with `ledger.db`, in which an order was paid.
fn ledger() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let public = keygen(folder.path());
    let signed = lapak(
        folder.path(),
        &["merchant", "sign", "--key", "warung.key"],
        &order(4_500_000).to_string(),
    );
    let order = verify_order(
        out(&signed).trim().as_bytes(),
        &merchants(&public, None),
        APP,
        SystemClock.now_ms(),
    );
    drop(paid(
        &folder.path().join("ledger.db"),
        &order.expect("genuine"),
    ));
    folder
}

/// A ledger in which Ani paid the order.
fn paid(path: &Path, order: &VerifiedOrder) -> Ledger {
    let ledger = Ledger::open(
        path,
        LedgerOptions {
            notices: true,
            ..LedgerOptions::default()
        },
    )
    .expect("a ledger");
    let name = |text: &str| text.parse().expect("a name");
    let currency = order.amount().currency();
    for (id, floor_minor) in [
        ("equity:issued", None),
        ("person:ani", Some(0)),
        ("merchant:warung", Some(0)),
    ] {
        let terms = AccountTerms {
            id: name(id),
            currency,
            floor_minor,
            ceiling_minor: None,
        };
        ledger.carry_out(Operation::Open(terms)).expect("opened");
    }
    let amount = Amount::new(10_000_000, currency).expect("an amount");
    let (from, to, key) = (
        name("equity:issued"),
        name("person:ani"),
        "top-up".parse().expect("a name"),
    );
    let top_up = Transfer {
        from,
        to,
        key,
        amount,
        note: String::new(),
    };
    ledger
        .carry_out(Operation::Transfer(top_up))
        .expect("topped up");
    let payment = Payment {
        merchant: order.order().merchant.clone(),
        order: order.order().order.clone(),
        digest: order.digest(),
        payer: name("person:ani"),
        payee: order.payee().clone(),
        amount: order.amount(),
        expires_at_ms: order.order().expires_at_ms,
    };
    ledger.carry_out(Operation::Pay(payment)).expect("paid");
    ledger
}

fn order(minor: i64) -> Value {
    json!({
        "merchant": "warung", "order": "17", "app": APP, "currency": "IDR", "amount_minor": minor,
        "lines": [{ "title": "Rendang", "quantity": 1, "amount_minor": minor }]
    })
}

/// Makes `warung.key`, gives the public half.
fn keygen(folder: &Path) -> PublicKey {
    let made = lapak(folder, &["merchant", "keygen", "--out", "warung.key"], "");
    assert!(made.status.success(), "{}", err(&made));
    PublicKey::from_jwk(&out(&made)).expect("a key")
}

fn merchants(key: &PublicKey, paid_url: Option<String>) -> Merchants {
    let currency = "IDR".parse().expect("a currency");
    Merchants::new([Merchant {
        id: "warung".parse().expect("a name"),
        name: "Warung Bu Sari".into(),
        keys: vec![key.clone()],
        accounts: [(currency, "merchant:warung".parse().expect("a name"))].into(),
        paid_url,
    }])
}

/// `lapak merchant serve`; it ends when it is dropped.
struct Server {
    process: Child,
    url: String,
}

impl Server {
    fn start(folder: &Path) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_lapak"))
            .args([
                "merchant",
                "serve",
                "--key",
                "warung.key",
                "--catalogue",
                "warung.json",
                "--host-key",
                "host.pub",
            ])
            .args(["--port", "0"])
            .current_dir(folder)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("lapak starts");
        let mut url = String::new();
        BufReader::new(process.stdout.take().expect("piped"))
            .read_line(&mut url)
            .expect("read");
        Self {
            process,
            url: url.trim().to_owned(),
        }
    }

    /// Asks with curl's plainest substitute: a request over a socket.
    fn ask(&self, method: &str, path: &str, body: &str) -> (u16, Value) {
        let address = self.url.strip_prefix("http://").expect("an address");
        let mut stream = std::net::TcpStream::connect(address).expect("connected");
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        )
        .expect("asked");
        let mut answer = String::new();
        std::io::Read::read_to_string(&mut stream, &mut answer).expect("answered");
        let status = answer
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok())
            .expect("a status");
        let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        (status, serde_json::from_str(body).unwrap_or(Value::Null))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn lapak(folder: &Path, arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_lapak"))
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("lapak starts");
    // A command that does not read its input closes the pipe.
    let _ = child
        .stdin
        .take()
        .expect("piped")
        .write_all(input.as_bytes());
    child.wait_with_output().expect("lapak ends")
}

fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
