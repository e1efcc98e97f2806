//! Lunch is paid for in `lapak preview`, which is killed at any instant: after each, `lapak ledger verify` finds the books
//! sound, and what the browser was told stays true.

mod support;

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use lapak_ledger::ledger::{Ledger, LedgerOptions};
use serde_json::{Value, json};
use support::root;
use support::running::{Running, hear};
use tokio_tungstenite::tungstenite::{Message, WebSocket};

const KILLS: u64 = 10;
/// A portion of bakso and its packaging.
const PRICE: i64 = 2_200_000;
/// A PIN is looked at slowly on purpose: so long after it, a payment is made on any machine that is not busy.
const SPAN_MS: u64 = 500;

type Socket = WebSocket<std::net::TcpStream>;

#[test]
fn killed_while_it_is_paid_it_forgets_and_doubles_nothing() {
    let data = tempfile::tempdir().expect("a folder");
    let warung = root().join("examples/warung");
    let mut seed = 0x2545_f491_4f6c_dd1d_u64;
    let mut told = 0;
    for kill in 0..KILLS {
        let preview = Running::start(&warung, data.path());
        preview.until_said("is ready");
        let mut socket = at_the_sheet(&preview);
        let instant = if kill % 3 == 0 {
            // Just after it was told.
            None
        } else {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            Some(Instant::now() + Duration::from_millis(seed % SPAN_MS))
        };
        told += i64::from(is_told(&mut socket, instant));
        // SIGKILL, as `kill -9`.
        drop(preview);
        verify(data.path());
        assert!(paid(data.path()) >= told, "what was told is gone");
    }
    // What was agreed to and not known is carried out by the next process, once.
    let preview = Running::start(&warung, data.path());
    preview.until_said("is ready");
    at_the_sheet(&preview);
    drop(preview);
    verify(data.path());
    let paid = paid(data.path());
    println!("{told} told, {paid} paid");
    let asked = i64::try_from(KILLS).expect("few") + 1;
    assert!(told > 0 && (told..=asked).contains(&paid));
}

/// Orders, and agrees on the sheet; what comes of it is still to be heard.
fn at_the_sheet(preview: &Running) -> Socket {
    let session = preview.launch_named("warung");
    let (mut socket, page) = preview.connect(&session);
    let say = |socket: &mut Socket, message: Value| {
        let message = Message::text(message.to_string());
        socket.send(message).expect("sent");
    };
    let tap = |seq: u64, node: u64| json!({ "t": "input", "seq": seq, "node": node, "on": "tap", "value": null });
    say(&mut socket, tap(1, node(&page, "aria-label=\"Add Bakso\"")));
    hear(&mut socket, "patch");
    say(
        &mut socket,
        json!({ "t": "tab", "seq": 2, "page": "pages/basket" }),
    );
    let basket = hear(&mut socket, "page");
    say(&mut socket, tap(3, node(&basket, "data-key=\"pay\"")));
    let sheet = loop {
        let sheets = hear(&mut socket, "sheets");
        if let Some(sheet) = sheets["sheets"][0]["id"].as_u64() {
            break sheet;
        }
    };
    // Everybody is a new customer, and chooses a PIN.
    say(
        &mut socket,
        json!({ "t": "sheet-pay", "sheet": sheet, "pin": "280417", "fresh": true }),
    );
    socket
}

/// Whether the browser is told that it was paid, before the instant if there is one.
fn is_told(socket: &mut Socket, before: Option<Instant>) -> bool {
    loop {
        if let Some(instant) = before {
            let left = instant.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            let left = Some(left);
            socket.get_ref().set_read_timeout(left).expect("a time");
        }
        // The time is over, or half a message is there: the rest will never come.
        let Ok(message) = socket.read() else {
            return false;
        };
        let message = message.to_text().unwrap_or_default();
        let message: Value = serde_json::from_str(message).unwrap_or_default();
        if message["t"] == "sheet-done" {
            assert_eq!(message["outcome"], "paid", "{message}");
            return true;
        }
    }
}

/// The number of the node around this place of a page, which takes taps.
fn node(page: &Value, mark: &str) -> u64 {
    let html = page["html"].as_str().expect("html");
    let at = html.find(mark);
    let mut before = at.unwrap_or_else(|| panic!("no {mark} in {html}"));
    loop {
        before = html[..before].rfind('<').expect("an element around it");
        let tag = html[before..].split('>').next().unwrap_or_default();
        if tag.contains("data-on=")
            && let Some(number) = tag.split("data-n=\"").nth(1)
        {
            let number = number.split('"').next().unwrap_or_default();
            return number.parse().expect("a number");
        }
    }
}

fn verify(data: &Path) {
    let verified = Command::new(env!("CARGO_BIN_EXE_lapak"))
        .args(["ledger", "verify"])
        .arg(data.join("bank/ledger.sqlite"))
        .output()
        .expect("lapak runs");
    assert!(verified.status.success(), "{verified:?}");
}

/// How many lunches the stall has money for.
fn paid(data: &Path) -> i64 {
    let books = data.join("bank/ledger.sqlite");
    let ledger = Ledger::open(&books, LedgerOptions::default()).expect("the books");
    let stall = "merchant:warung-sari".parse().expect("a name");
    let balance = ledger.balance(&stall).expect("read").expect("an account");
    assert_eq!(balance.available_minor % PRICE, 0);
    balance.available_minor / PRICE
}
