//! Sheets over the socket, answered by shells that do as they like.

mod support;

use serde_json::{Value, json};
use support::Server;
use support::sheet::PIN;
use support::shell::{Shell, launched_app, node, node_around, node_of_key};

const STALL: &str = "merchant:warung-sari";

/// A session with a portion of bakso for Rp 20.000, packaging for Rp 2.000, and the sheet open.
async fn at_the_sheet(server: &Server) -> (Shell, u64) {
    let (shell, sheet, _) = at_the_sheet_of(server).await;
    (shell, sheet)
}

/// The same, with the shop's number of the order.
async fn at_the_sheet_of(server: &Server) -> (Shell, u64, String) {
    let (session, _) = launched_app(server, "warung", None).await;
    let (mut shell, page) = Shell::hello(server, &session, "one").await;
    shell.tap(node(&page, "Add Bakso")).await;
    shell.hear("patch").await;
    shell.seq += 1;
    let tab = json!({ "t": "tab", "seq": shell.seq, "page": "pages/basket" });
    shell.say(&tab).await;
    let basket = shell.hear("page").await;
    shell.tap(node_of_key(&basket, "pay")).await;
    let sheet = loop {
        let sheets = shell.hear("sheets").await;
        if let Some(sheet) = sheets["sheets"].get(0) {
            break sheet.clone();
        }
    };
    assert_eq!(sheet["amount"], "22000.00", "{sheet}");
    assert_eq!(sheet["asks"], "payment", "{sheet}");
    assert_eq!(sheet["to"], "Warung Bu Sari", "{sheet}");
    assert_eq!(sheet["provider"]["simulated"], true, "{sheet}");
    assert_eq!(sheet["has_pin"], false, "{sheet}");
    let order = sheet["reference"].as_str().expect("a reference").to_owned();
    (shell, sheet["id"].as_u64().expect("an id"), order)
}

/// The same person, who orders the same again.
async fn again_at_the_sheet(mut shell: Shell, orders: &Value) -> (Shell, u64) {
    let again = orders["html"].as_str().expect("html");
    let at = again.find("Order again").expect("a button");
    shell.tap(node_around(again, at)).await;
    let basket = shell.hear("page").await;
    shell.tap(node_of_key(&basket, "pay")).await;
    loop {
        let sheets = shell.hear("sheets").await;
        if let Some(sheet) = sheets["sheets"].get(0) {
            return (shell, sheet["id"].as_u64().expect("an id"));
        }
    }
}

/// Waits for what came of the sheet and for the page that the app goes on to, in whatever order they come.
async fn paid(shell: &mut Shell) -> Value {
    let (mut done, mut orders) = (None, None);
    while done.is_none() || orders.is_none() {
        let message = shell.next().await;
        match message["t"].as_str() {
            Some("sheet-done") => done = Some(message),
            Some("page") => orders = Some(message),
            _ => {}
        }
    }
    assert_eq!(
        done.map(|done| done["outcome"].clone()),
        Some(json!("paid"))
    );
    orders.unwrap_or_default()
}

fn pay(sheet: u64, pin: &str, fresh: bool) -> Value {
    json!({ "t": "sheet-pay", "sheet": sheet, "pin": pin, "fresh": fresh })
}

async fn why(shell: &mut Shell, message: &Value) -> String {
    shell.say(message).await;
    let refused = shell.hear("sheet-refused").await;
    refused["why"].as_str().expect("a reason").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_counts_once_and_only_from_its_own_session() {
    let server = Server::of(&["examples/warung"]).await;
    let (mut shell, sheet) = at_the_sheet(&server).await;
    let (other, _) = launched_app(&server, "warung", None).await;
    let (mut stranger, _) = Shell::hello(&server, &other, "two").await;
    assert_eq!(why(&mut stranger, &pay(sheet, PIN, true)).await, "not-open");
    let nonsense = json!({ "t": "sheet-cancel", "sheet": sheet + 1_000 });
    assert_eq!(why(&mut shell, &nonsense).await, "not-open");
    let consent = json!({ "t": "sheet-consent", "sheet": sheet, "answer": "always" });
    assert_eq!(why(&mut shell, &consent).await, "unavailable");
    assert_eq!(why(&mut shell, &pay(sheet, PIN, false)).await, "not-set");
    assert_eq!(why(&mut shell, &pay(sheet, "123456", true)).await, "weak");
    assert_eq!(why(&mut shell, &pay(sheet, "12", true)).await, "form");
    assert_eq!(server.balance(STALL), 0);

    // Twice in one breath.
    shell.say(&pay(sheet, PIN, true)).await;
    shell.say(&pay(sheet, PIN, false)).await;
    let done = shell.hear("sheet-done").await;
    assert_eq!(done["outcome"], "paid", "{done}");
    assert_eq!(why(&mut shell, &pay(sheet, PIN, false)).await, "not-open");
    assert_eq!(server.balance(STALL), 2_200_000);
    server.books();
}

/// The shop is a server of its own: it signs the order over HTTP, and is told of the payment by a signed notice.
#[tokio::test(flavor = "multi_thread")]
async fn the_shop_is_asked_and_told_over_http() {
    let server = Server::of(&["examples/warung"]).await;
    let shop = server.bank.shop_url("warung-sari").expect("it is served");
    let shop = shop.to_owned();
    let catalogue = fetch(&shop, "/catalogue").await;
    assert!(catalogue.contains("dev.lapak.warung"), "{catalogue}");
    let (mut shell, sheet, order) = at_the_sheet_of(&server).await;
    let sold = fetch(&shop, &format!("/orders/{order}")).await;
    assert!(sold.contains("\"paid\":null"), "{sold}");
    shell.say(&pay(sheet, PIN, true)).await;
    paid(&mut shell).await;
    // The notice comes soon, and is sent again until it is acknowledged.
    for _ in 0..200 {
        let sold = fetch(&shop, &format!("/orders/{order}")).await;
        if !sold.contains("\"paid\":null") {
            assert!(sold.contains("2200000"), "{sold}");
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("the shop was never told");
}

/// What a shop answers.
async fn fetch(shop: &str, path: &str) -> String {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    let address = shop.strip_prefix("http://").expect("an address");
    let mut stream = tokio::net::TcpStream::connect(address)
        .await
        .expect("connected");
    let request = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("answered");
    answer
}

#[tokio::test(flavor = "multi_thread")]
async fn guessing_a_pin_is_counted_and_told() {
    let server = Server::of(&["examples/warung"]).await;
    let (mut shell, sheet) = at_the_sheet(&server).await;
    // The PIN is chosen, and then typed wrong.
    shell.say(&pay(sheet, PIN, true)).await;
    let orders = paid(&mut shell).await;
    let (mut shell, sheet) = again_at_the_sheet(shell, &orders).await;
    for left in [7, 6, 5] {
        shell.say(&pay(sheet, "999111", false)).await;
        let refused = shell.hear("sheet-refused").await;
        assert_eq!(
            (&refused["why"], &refused["tries_left"]),
            (&json!("wrong"), &json!(left))
        );
    }
    // Even the right one has to wait now.
    shell.say(&pay(sheet, PIN, false)).await;
    let refused = shell.hear("sheet-refused").await;
    assert_eq!(refused["why"], "wait", "{refused}");
    let wait = refused["left_ms"].as_i64().expect("a time");
    assert!((1..=30_000).contains(&wait), "{refused}");
    shell
        .say(&json!({ "t": "sheet-cancel", "sheet": sheet }))
        .await;
    let done = shell.hear("sheet-done").await;
    assert_eq!(done["outcome"], "cancelled", "{done}");
    assert_eq!(server.balance(STALL), 2_200_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grant_that_is_withdrawn_closes_the_sheet() {
    let server = Server::of(&["examples/warung"]).await;
    let (mut shell, sheet) = at_the_sheet(&server).await;
    shell
        .say(&json!({ "t": "grant", "capability": "payments", "on": false }))
        .await;
    let done = shell.hear("sheet-done").await;
    assert_eq!(
        (&done["sheet"], &done["outcome"]),
        (&json!(sheet), &json!("denied"))
    );
    assert_eq!(why(&mut shell, &pay(sheet, PIN, true)).await, "not-open");
    shell.say(&json!({ "t": "trust" })).await;
    let trust = shell.hear("trust").await;
    let audit = trust["audit"].as_array().expect("a list");
    assert!(!audit.is_empty(), "{trust}");
    let grants = trust["grants"].as_array().expect("a list");
    let payments = grants
        .iter()
        .find(|grant| grant["capability"] == "payments");
    assert_eq!(payments.expect("there")["state"], "denied", "{trust}");
    // What the manifest does not ask for cannot be granted.
    shell
        .say(&json!({ "t": "grant", "capability": "wallet", "on": true }))
        .await;
    let trust = shell.hear("trust").await;
    let grants = trust["grants"].as_array().expect("a list");
    let wallet = grants.iter().find(|grant| grant["capability"] == "wallet");
    assert_eq!(wallet.expect("there")["asked_for"], false, "{trust}");
    assert_eq!(server.balance(STALL), 0);
}
