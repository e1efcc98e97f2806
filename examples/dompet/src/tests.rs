use std::collections::BTreeMap;

use lapak_sdk::payments::{Decline, Error, Money, Outcome};
use lapak_sdk::testing::{Asked, Capability, TestApp};
use lapak_sdk::wallet::{Account, Entry, EntryKind};

use super::{Dompet, LANGUAGES};
use crate::amount::rupiah;

fn account() -> Account {
    Account {
        id: "a1".into(),
        available: rupiah(1_250_000),
        held_minor: 0,
        address: "ani".into(),
    }
}

fn entry(number: u32, minor: i64, kind: EntryKind, other: &str) -> Entry {
    Entry {
        number: number.to_string(),
        at_ms: 1_767_585_600_000,
        amount: Money::new(minor, "IDR"),
        kind,
        other: other.into(),
        note: String::new(),
    }
}

fn history() -> Vec<Entry> {
    vec![
        Entry {
            note: "belanja".into(),
            ..entry(3, 25_000_000, EntryKind::Transferred, "ibu")
        },
        entry(2, -4_700_000, EntryKind::Paid, "warung-sari 17-ab"),
        entry(1, -10_000_000, EntryKind::Transferred, "listrik"),
    ]
}

fn open(lang: &str) -> TestApp<Dompet> {
    TestApp::prepare(include_str!("../manifest.json"))
        .lang(lang)
        .account(account(), history())
        .launch()
}

/// At a page of its own, with nothing else known but the account.
fn at(page: &str) -> TestApp<Dompet> {
    TestApp::prepare(include_str!("../manifest.json"))
        .page(page)
        .account(account(), history())
        .launch()
}

#[test]
fn the_balance_shows_and_can_be_hidden() {
    let mut app = open("en");
    assert_eq!(app.text_of("balance"), "Rp 1.250.000");
    app.tap("Hide the balance");
    assert!(!app.shows("Rp 1.250.000"), "{}", app.snapshot());
    app.tap("Show the balance");
    assert_eq!(app.text_of("balance"), "Rp 1.250.000");
}

#[test]
fn history_says_who_and_which_way() {
    let app = open("en");
    assert_eq!(
        app.text_of("recent"),
        "Ibu Received · 2026-01-05 11:00 belanja +Rp 250.000 \
         Warung sari Paid · 2026-01-05 11:00 −Rp 47.000 \
         Listrik Nusantara Sent · 2026-01-05 11:00 −Rp 100.000"
    );
}

#[test]
fn older_lines_come_when_the_end_is_reached() {
    let many: Vec<_> = (1..=60)
        .rev()
        .map(|number| entry(number, -100, EntryKind::Paid, "merchant:warung"))
        .collect();
    let mut app = TestApp::<Dompet>::prepare(include_str!("../manifest.json"))
        .account(account(), many)
        .launch();
    app.tab("pages/activity");
    let lines = |app: &TestApp<Dompet>| app.texts().iter().filter(|text| **text == "−Rp 1").count();
    assert_eq!(lines(&app), 25);
    app.reach_bottom();
    assert_eq!(lines(&app), 50);
    app.reach_bottom();
    assert_eq!(lines(&app), 60);
    app.reach_bottom();
    assert_eq!(lines(&app), 60);
}

#[test]
fn money_goes_to_a_relative_after_the_person_agreed() {
    let mut app = open("en");
    app.tap("action.send");
    assert!(app.is_disabled("send"));
    app.tap("ibu");
    app.type_into("amount", "150.000");
    app.type_into("note", "For the rent");
    app.tap("Send Rp 150.000");
    let asked = Asked::Transfer {
        to: "ibu".into(),
        amount: rupiah(150_000),
        note: "For the rent".into(),
    };
    assert_eq!(app.sheet(), Some(asked));
    assert!(app.has("busy"));
    app.has_account(
        Account {
            available: rupiah(1_100_000),
            ..account()
        },
        history(),
    );
    let receipt = app.confirm_sheet(rupiah(150_000));
    assert_eq!(app.page(), "pages/home");
    assert_eq!(app.text_of("balance"), "Rp 1.100.000");
    let told = app.text_of("notice");
    assert!(
        told.contains("Done: Rp 150.000 to Ibu.") && told.contains(&receipt.id),
        "{told}"
    );
    app.tap("Close this message");
    assert!(!app.has("notice"));
}

#[test]
fn a_second_tap_asks_nothing_more() {
    let mut app = at("pages/send");
    app.tap("budi");
    app.tap("Rp 50.000");
    app.tap("send");
    assert!(app.sheet().is_some() && app.is_disabled("send"));
    app.cancel_sheet();
    assert_eq!(app.sheet(), None);
    assert!(app.text_of("notice").contains("Cancelled"));
    // What was typed is still there.
    assert!(!app.is_disabled("send"));
}

#[test]
fn every_outcome_is_told_and_none_is_silent() {
    let told = |answer: &dyn Fn(&mut TestApp<Dompet>)| {
        let mut app = at("pages/send");
        app.tap("budi");
        app.tap("Rp 50.000");
        app.tap("send");
        answer(&mut app);
        assert_eq!(app.page(), "pages/send");
        app.text_of("notice")
    };
    let few = told(&|app| app.decline_sheet(Decline::InsufficientFunds));
    assert_eq!(
        few,
        "Not paid: there is not enough in the account. No money has moved."
    );
    let late = told(&|app| app.answer_sheet(Outcome::Expired));
    assert_eq!(late, "That took too long. No money has moved.");
    let denied = told(&|app| app.answer_sheet(Outcome::AccessDenied));
    assert!(denied.starts_with("The wallet may not use payments any more."));
}

#[test]
fn somebody_else_is_added_and_kept() {
    let mut app = at("pages/send");
    app.tap("someone");
    app.type_into("name", "Pak Joko");
    app.type_into("account", "two words");
    app.tap("Add to the list");
    assert!(app.has("wrong"));
    app.type_into("account", "joko");
    app.tap("Add to the list");
    assert_eq!(app.text_of("chosen"), "Pak Joko joko");
    let mut app = app.relaunch();
    assert!(app.has("joko"));
    app.tap("joko");
    app.tap("Take Pak Joko off the list");
    let app = app.relaunch();
    assert!(!app.has("joko"));
}

#[test]
fn the_electricity_bill_is_paid() {
    let mut app = open("en");
    app.tap("action.bill");
    app.type_into("customer", "1234-5678-901");
    assert!(app.is_disabled("pay"));
    app.tap("Rp 200.000");
    app.tap("Pay Rp 200.000");
    let asked = Asked::Bill {
        biller: "listrik".into(),
        customer: "12345678901".into(),
        amount: rupiah(200_000),
    };
    assert_eq!(app.sheet(), Some(asked));
    app.confirm_sheet(rupiah(200_000));
    assert!(app.text_of("notice").contains("Listrik Nusantara"));
}

#[test]
fn a_code_that_asks_for_money_is_looked_at_before_it_is_sent() {
    let mut app = open("en");
    app.tab("pages/request");
    app.type_into("amount", "75000");
    app.type_into("note", "Lunch");
    let code = app.text_of("code");
    assert_eq!(code, "dompet:send?to=ani&amount=7500000&note=Lunch");
    app.tab("pages/home");
    app.tap("action.scan");
    app.type_into("code", "nonsense");
    app.tap("Go on");
    assert!(app.has("wrong"));
    app.type_into("code", &code);
    app.tap("Go on");
    assert_eq!(app.page(), "pages/send");
    assert_eq!(app.sheet(), None);
    assert_eq!(app.text_of("chosen"), "ani ani");
    assert_eq!(
        (app.value_of("amount"), app.value_of("note")),
        ("75000", "Lunch")
    );
}

#[test]
fn a_shops_order_is_paid_by_code() {
    let mut app = at("pages/scan");
    assert!(app.is_disabled("go"));
    app.type_into("code", "eyJhIjoxfQ.eyJiIjoyfQ.c2ln");
    app.tap("Go on");
    let order = b"eyJhIjoxfQ.eyJiIjoyfQ.c2ln".to_vec();
    assert_eq!(app.sheet(), Some(Asked::Order(order)));
    app.confirm_sheet(rupiah(47_000));
    assert!(
        app.text_of("notice")
            .contains("Done: Rp 47.000 to the shop.")
    );
}

#[test]
fn without_the_wallet_it_says_so_and_pays_nothing() {
    let mut app = TestApp::<Dompet>::prepare(include_str!("../manifest.json"))
        .deny(Capability::Wallet)
        .deny(Capability::Payments)
        .launch();
    assert!(app.text_of("bank-error").starts_with("The wallet may not"));
    assert!(!app.has("recent"));
    app.tap("action.send");
    app.tap("ibu");
    app.tap("Rp 50.000");
    app.tap("send");
    assert_eq!(app.sheet(), None);
    assert!(app.text_of("notice").starts_with("The wallet may not"));
}

#[test]
fn refusals_of_every_kind_have_words_of_their_own() {
    let texts = lapak_sdk::Translations::choose("en", &LANGUAGES);
    let order = crate::errand::Errand::Order(b"a.b.c".to_vec());
    let told = |error| order.notice(&texts, &Err(error)).text;
    assert!(told(Error::OrderForged).contains("changed"));
    assert!(told(Error::OrderOfAnotherApp).contains("another app"));
    assert!(told(Error::OrderUnpayable).contains("cannot be paid"));
}

#[test]
fn speaks_indonesian() {
    let mut app = open("id-ID");
    assert!(app.shows("Saldo") && app.shows("Diterima · 2026-01-05 11:00"));
    app.tap("action.send");
    app.tap("rina");
    app.tap("Rp 100.000");
    app.tap("Kirim Rp 100.000");
    app.confirm_sheet(rupiah(100_000));
    assert!(
        app.text_of("notice")
            .contains("Selesai: Rp 100.000 kepada Kak Rina.")
    );
}

#[test]
fn both_languages_say_everything() {
    let [en, id] =
        LANGUAGES.map(|(_, json)| serde_json::from_str::<BTreeMap<String, String>>(json).unwrap());
    assert_eq!(en.keys().collect::<Vec<_>>(), id.keys().collect::<Vec<_>>());
    let places = |text: &String| text.matches('{').count();
    for (key, text) in &en {
        assert_eq!(places(text), id.get(key).map_or(0, places), "{key}");
    }
}
