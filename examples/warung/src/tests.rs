//! What a person does at the stall, from the first look to the order.

use std::collections::BTreeMap;

use lapak_sdk::payments::{Decline, Money, OrderRefusal, Outcome, Receipt, Wanted};
use lapak_sdk::testing::{Asked, Capability, TestApp};

use super::{LANGUAGES, Warung};

fn open(lang: &str) -> TestApp<Warung> {
    TestApp::launch(include_str!("../manifest.json"), lang)
}

/// The names of the dishes on show.
fn dishes(app: &TestApp<Warung>) -> Vec<String> {
    let names = crate::menu::Dish::all().map(|dish| dish.name.to_owned());
    names.filter(|name| app.shows(name)).collect()
}

#[test]
fn the_menu_shows_every_dish_by_category() {
    let app = open("en");
    assert_eq!(app.page(), "pages/menu");
    assert_eq!(dishes(&app).len(), 18);
    for title in [
        "Rice",
        "Noodles",
        "Sate & grill",
        "Soups",
        "Snacks",
        "Drinks",
    ] {
        // Once as a chip, once above the dishes.
        assert_eq!(
            app.texts().iter().filter(|text| **text == title).count(),
            2,
            "{title}"
        );
    }
    assert!(app.shows("Rp 35.000"));
    assert!(app.images().contains(&"common/img/rendang.svg"));
}

#[test]
fn search_finds_names_as_they_are_typed() {
    let mut app = open("en");
    app.type_into("search", "nasi");
    assert_eq!(dishes(&app), ["Nasi goreng", "Nasi rendang", "Nasi uduk"]);
    app.type_into("search", "nasi  REND");
    assert_eq!(dishes(&app), ["Nasi rendang"]);
    assert!(
        !app.text_of("dishes").contains("Noodles"),
        "a title without dishes"
    );
    app.tap("Clear the search");
    assert_eq!(dishes(&app).len(), 18);
}

#[test]
fn search_finds_descriptions_in_both_languages() {
    let mut app = open("en");
    app.type_into("search", "charcoal");
    assert_eq!(dishes(&app), ["Sate ayam"]);
    app.type_into("search", "arang");
    assert_eq!(dishes(&app), ["Sate ayam"]);
    let mut app = open("id");
    app.type_into("search", "coconut soup");
    assert_eq!(dishes(&app), ["Sayur lodeh"]);
}

#[test]
fn a_search_without_result_leads_back_to_the_menu() {
    let mut app = open("en");
    app.tap("Drinks");
    app.type_into("search", "pizza");
    assert!(app.shows("Nothing found for “pizza”"), "{}", app.snapshot());
    app.tap("Show the whole menu");
    assert_eq!(dishes(&app).len(), 18);
}

#[test]
fn a_category_shows_its_dishes_alone() {
    let mut app = open("en");
    app.tap("Drinks");
    assert_eq!(dishes(&app), ["Es teh manis", "Es jeruk", "Es cendol"]);
    app.type_into("search", "orange");
    assert_eq!(dishes(&app), ["Es jeruk"]);
    app.tap("Clear the search");
    app.tap("All");
    assert_eq!(dishes(&app).len(), 18);
}

#[test]
fn adding_turns_the_button_into_a_stepper() {
    let mut app = open("en");
    assert!(!app.has("basket-bar"));
    app.tap("Add Nasi goreng");
    assert!(!app.has("Add Nasi goreng"));
    app.tap("One more Nasi goreng");
    app.tap("Add Es teh manis");
    assert_eq!(app.text_of("basket-bar"), "3 items View basket Rp 62.000");
    app.tap("One fewer Nasi goreng");
    app.tap("One fewer Nasi goreng");
    assert!(app.has("Add Nasi goreng"));
    assert_eq!(app.text_of("basket-bar"), "1 item View basket Rp 6.000");
}

#[test]
fn a_dish_has_a_page_with_amount_note_and_price() {
    let mut app = open("en");
    app.tap("Nasi goreng");
    assert_eq!(
        (app.page().as_str(), app.title()),
        ("pages/dish", Some("Nasi goreng"))
    );
    assert_eq!(app.images().first(), Some(&"common/img/nasi-goreng.svg"));
    app.tap("One more Nasi goreng");
    assert_eq!(app.text_of("put"), "Add to basket · Rp 56.000");
    app.type_into("note", "less spicy");
    app.tap("put");
    assert_eq!(app.page(), "pages/menu");
    app.tab("pages/basket");
    assert_eq!(
        app.text_of("nasi-goreng"),
        "Nasi goreng less spicy Rp 56.000 2"
    );
}

#[test]
fn the_page_of_a_dish_in_the_basket_changes_it() {
    let mut app = open("en");
    app.tap("Nasi goreng");
    app.type_into("note", "no egg");
    app.tap("put");
    app.tap("Nasi goreng");
    assert_eq!(app.text_of("put"), "Update basket · Rp 28.000");
    app.tap("One more Nasi goreng");
    app.tap("put");
    app.tab("pages/basket");
    assert_eq!(app.text_of("nasi-goreng"), "Nasi goreng no egg Rp 56.000 2");
}

#[test]
fn going_back_changes_nothing() {
    let mut app = open("en");
    app.tap("Bakso");
    assert_eq!(app.depth(), 2);
    app.tap("One more Bakso");
    app.back();
    assert_eq!((app.page().as_str(), app.depth()), ("pages/menu", 1));
    assert!(!app.has("basket-bar"));
}

#[test]
fn the_basket_adds_up() {
    let mut app = open("en");
    app.tab("pages/basket");
    assert!(app.shows("Your basket is empty"));
    app.tap("See the menu");
    app.tap("Add Nasi rendang");
    app.tap("One more Nasi rendang");
    app.tap("Add Es jeruk");
    app.tab("pages/basket");
    assert_eq!(app.text_of("subtotal-line"), "Subtotal Rp 80.000");
    assert_eq!(app.text_of("packaging-line"), "Packaging Rp 2.000");
    assert_eq!(app.text_of("total"), "Rp 82.000");
    app.tap("One fewer Es jeruk");
    assert_eq!(app.text_of("total"), "Rp 72.000");
    assert!(!app.has("es-jeruk"));
}

#[test]
fn a_dish_has_a_largest_amount() {
    let mut app = open("en");
    app.tap("Add Bakso");
    for _ in 1..20 {
        app.tap("One more Bakso");
    }
    assert!(app.is_disabled("One more Bakso"));
    assert_eq!(app.text_of("basket-bar"), "20 items View basket Rp 400.000");
}

#[test]
fn the_basket_outlives_the_app() {
    let mut app = open("en");
    app.tap("Nasi rendang");
    app.type_into("note", "extra sauce");
    app.tap("put");
    app.tap("Add Es teh manis");
    let mut app = app.relaunch();
    app.tab("pages/basket");
    assert_eq!(
        app.text_of("rendang"),
        "Nasi rendang extra sauce Rp 35.000 1"
    );
    assert_eq!(app.text_of("total"), "Rp 43.000");
}

#[test]
fn taps_that_are_faster_than_storage_are_kept() {
    let mut app = open("en");
    app.tap("Add Bakso");
    app.hold_requests();
    let mut app = app.relaunch();
    app.tap("Add Es jeruk");
    app.release_requests();
    app.tab("pages/basket");
    assert!(
        app.has("bakso") && app.has("es-jeruk"),
        "{}",
        app.snapshot()
    );
    let mut app = app.relaunch();
    app.tab("pages/basket");
    assert_eq!(app.text_of("total"), "Rp 32.000");
}

#[test]
fn without_storage_the_app_works_and_says_so() {
    let mut app = TestApp::<Warung>::prepare(include_str!("../manifest.json"))
        .deny(Capability::Storage)
        .launch();
    app.tap("Add Bakso");
    app.tab("pages/basket");
    assert!(
        app.text_of("not-kept")
            .starts_with("This device does not keep")
    );
    app.tap("Order now, pay at the stall");
    assert_eq!(app.page(), "pages/orders");
    assert!(app.shows("Order 1"));
}

#[test]
fn an_order_is_placed_and_kept() {
    let mut app = open("en");
    app.tap("Add Nasi rendang");
    app.tab("pages/basket");
    app.tap("Order now, pay at the stall");
    assert_eq!(
        (app.page().as_str(), app.title()),
        ("pages/orders", Some("Orders"))
    );
    assert_eq!(
        app.text_of("1"),
        "Order 1 2026-01-05 11:00 1 × Nasi rendang Pay at the stall Rp 37.000 Order again"
    );
    app.tab("pages/basket");
    assert!(app.shows("Your basket is empty"));

    let mut app = app.relaunch();
    app.tab("pages/orders");
    app.tap("Order again");
    assert_eq!(
        (app.page().as_str(), app.text_of("total").as_str()),
        ("pages/basket", "Rp 37.000")
    );
    app.tap("Order now, pay at the stall");
    let orders: Vec<_> = app
        .texts()
        .into_iter()
        .filter(|text| text.starts_with("Order "))
        .collect();
    assert_eq!(orders, ["Order 2", "Order again", "Order 1", "Order again"]);
}

#[test]
fn speaks_indonesian() {
    let mut app = open("id-ID");
    app.tap("Minuman");
    app.tap("Tambah Es teh manis");
    app.tap("Tambah satu Es teh manis");
    assert_eq!(
        app.text_of("basket-bar"),
        "2 porsi Lihat keranjang Rp 12.000"
    );
    app.tab("pages/basket");
    assert_eq!(app.title(), Some("Keranjang"));
    app.tap("Pesan dulu, bayar di warung");
    assert!(app.shows("Pesanan 1") && app.shows("Bayar di warung"));
}

#[test]
fn both_languages_say_everything() {
    let [en, id] =
        LANGUAGES.map(|(_, json)| serde_json::from_str::<BTreeMap<String, String>>(json).unwrap());
    assert_eq!(en.keys().collect::<Vec<_>>(), id.keys().collect::<Vec<_>>());
    for dish in crate::menu::Dish::all() {
        assert!(en.contains_key(&dish.about_key()), "{dish}");
        assert!(en.contains_key(&format!("spice.{}", dish.spice)), "{dish}");
    }
    // Every text that the code asks for; a missing one would show its key.
    let placeholders = |text: &String| text.matches('{').count();
    for (key, text) in &en {
        assert_eq!(
            placeholders(text),
            id.get(key).map_or(0, placeholders),
            "{key}"
        );
    }
}

/// What the stall's server signs: a number is in it.
const SIGNED: &[u8] = b"eyJhbGciOiJFZERTQSJ9.eyJvcmRlciI6IjE3LWFiIn0.c2ln";

/// Somebody with two portions of rendang at the payment sheet.
fn at_the_sheet(lang: &str) -> TestApp<Warung> {
    let mut app = open(lang);
    app.merchants_answer(Ok(SIGNED.to_vec()));
    app.tap(if lang == "id" {
        "Tambah Nasi rendang"
    } else {
        "Add Nasi rendang"
    });
    app.tab("pages/basket");
    app.tap("pay");
    assert_eq!(app.sheet(), Some(Asked::Order(SIGNED.to_vec())));
    app
}

#[test]
fn lunch_is_paid_and_the_receipt_shows() {
    let mut app = at_the_sheet("en");
    let items = [("rendang", 1), ("packaging", 1)].map(|(item, quantity)| Wanted {
        item: item.into(),
        quantity,
    });
    assert_eq!(app.ordered(), [("warung-sari".to_owned(), items.to_vec())]);
    let receipt = app.confirm_sheet(Money::new(3_700_000, "IDR"));
    assert_eq!(app.page(), "pages/orders");
    assert_eq!(
        app.text_of("1"),
        format!(
            "Order 1 2026-01-05 11:00 1 × Nasi rendang Paid Rp 37.000 Receipt {} Order again",
            receipt.id
        )
    );
    app.tab("pages/basket");
    assert!(app.shows("Your basket is empty"));
    let mut app = app.relaunch();
    app.tab("pages/orders");
    assert!(app.shows("Paid"));
}

#[test]
fn a_second_tap_opens_no_second_sheet() {
    let mut app = at_the_sheet("en");
    assert!(app.is_disabled("pay") && app.is_disabled("place"));
    app.confirm_sheet(Money::new(3_700_000, "IDR"));
    assert_eq!(app.sheet(), None);
    assert_eq!(app.ordered().len(), 1);
}

#[test]
fn what_is_not_paid_is_told_and_the_basket_is_kept() {
    let told = |answer: &dyn Fn(&mut TestApp<Warung>)| {
        let mut app = at_the_sheet("en");
        answer(&mut app);
        assert_eq!(app.page(), "pages/basket");
        assert!(app.has("rendang"));
        let told = app.text_of("not-paid");
        // And it can be paid after all.
        app.merchants_answer(Ok(SIGNED.to_vec()));
        app.tap("pay");
        assert!(app.sheet().is_some() && !app.has("not-paid"));
        told
    };
    let cancelled = told(&|app| app.cancel_sheet());
    assert!(cancelled.contains("basket is still here"), "{cancelled}");
    let expired = told(&|app| app.answer_sheet(Outcome::Expired));
    assert!(expired.contains("no longer good"), "{expired}");
    let few = told(&|app| app.decline_sheet(Decline::InsufficientFunds));
    assert!(few.contains("not enough in your account"), "{few}");
    let denied = told(&|app| app.answer_sheet(Outcome::AccessDenied));
    assert!(denied.contains("pay at the stall"), "{denied}");
}

#[test]
fn who_has_not_enough_is_led_to_their_wallet_and_comes_back_to_the_basket() {
    let mut app = at_the_sheet("en");
    app.cancel_sheet();
    assert!(!app.has("wallet"));
    app.merchants_answer(Ok(SIGNED.to_vec()));
    app.tap("pay");
    app.decline_sheet(Decline::InsufficientFunds);
    app.tap("wallet");
    let asked = app.asked_to_open();
    assert_eq!(
        asked.as_deref(),
        Some("platform://miniapp/dev.lapak.dompet")
    );
    // Not now; then after all.
    app.answer_open_app(false);
    app.tap("wallet");
    app.answer_open_app(true);
    assert!(app.has("rendang") && !app.has("not-paid"));
}

#[test]
fn a_stall_that_signs_nothing_leaves_the_basket_alone() {
    for (refusal, says) in [
        (OrderRefusal::NotSold, "does not sell"),
        (OrderRefusal::Unavailable, "does not answer"),
    ] {
        let mut app = open("en");
        app.merchants_answer(Err(refusal));
        app.tap("Add Bakso");
        app.tab("pages/basket");
        app.tap("pay");
        assert_eq!(app.sheet(), None);
        assert!(app.text_of("not-paid").contains(says));
        assert!(app.has("bakso"));
    }
}

#[test]
fn without_payments_lunch_is_paid_at_the_stall() {
    let mut app = TestApp::<Warung>::prepare(include_str!("../manifest.json"))
        .deny(Capability::Payments)
        .launch();
    app.tap("Add Bakso");
    app.tab("pages/basket");
    app.tap("pay");
    assert!(app.text_of("not-paid").contains("pay at the stall"));
    app.tap("place");
    assert_eq!(app.page(), "pages/orders");
    assert!(app.shows("Pay at the stall"));
}

#[test]
fn a_payment_is_not_forgotten_when_the_app_is_launched_anew() {
    let mut app = at_the_sheet("en");
    // The sheet is confirmed when the app that asked is gone.
    let receipt = Receipt {
        id: "simulated:9".into(),
        amount: Money::new(3_700_000, "IDR"),
        at_ms: 0,
        simulated: true,
        signed: String::new(),
    };
    app.order_is_paid("warung-sari", "17-ab", receipt);
    let mut app = app.relaunch();
    app.tab("pages/orders");
    assert!(app.shows("Paid") && app.shows("Order 1"));
    app.tab("pages/basket");
    assert!(app.shows("Your basket is empty"));

    // It was not confirmed: the basket is there, and can be paid.
    let mut app = at_the_sheet("en").relaunch();
    app.tab("pages/basket");
    assert!(app.has("rendang") && !app.is_disabled("pay"));
}

/// The stall's catalogue and the menu say the same, so that nobody is surprised at the sheet.
#[test]
fn the_stall_signs_what_the_menu_says() {
    let shop: serde_json::Value = serde_json::from_str(include_str!("../shop.json")).unwrap();
    let items = shop["catalogue"]["items"].as_object().unwrap();
    for dish in crate::menu::Dish::all() {
        let item = &items[dish.id];
        assert_eq!(item["title"], dish.name);
        assert_eq!(item["price_minor"], dish.price.0 * 100, "{dish}");
    }
    assert_eq!(items["packaging"]["price_minor"], 200_000);
    assert_eq!(items.len(), crate::menu::Dish::all().count() + 1);
}
