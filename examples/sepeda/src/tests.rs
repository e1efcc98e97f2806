//! What a person does: finds a bicycle, stands beside it, rides, pays.

mod lacking;

use std::collections::BTreeMap;
use std::time::Duration;

use lapak_sdk::payments::{Decline, Money, OrderRefusal, Outcome, Receipt, Wanted};
use lapak_sdk::testing::{Asked, Capability, Preparation, TestApp};

use super::fleet::Bicycle;
use super::place::MIDDLE;
use super::{LANGUAGES, Sepeda, fare, lock};

const CODE: &str = "https://sepeda.example/b/SPD-1042";
const LOCK: &str = "SPD-1042";

fn prepared() -> Preparation<Sepeda> {
    TestApp::prepare(include_str!("../manifest.json")).timers_wait()
}

/// Somebody at the monument.
fn at_monas(preparation: Preparation<Sepeda>) -> TestApp<Sepeda> {
    let mut app = preparation.launch();
    app.add_lock(LOCK);
    app.set_location(MIDDLE.latitude, MIDDLE.longitude);
    app
}

/// Somebody on bicycle 1042.
fn riding() -> TestApp<Sepeda> {
    let mut app = at_monas(prepared());
    app.show_qr_code(CODE);
    app.tap("scan");
    assert_eq!(app.page(), "pages/ride", "{}", app.snapshot());
    app
}

/// Somebody who has ridden for two minutes and a half, and half a kilometre to the north.
fn ridden() -> TestApp<Sepeda> {
    let mut app = riding();
    app.pass(Duration::from_secs(150));
    app.set_location(MIDDLE.latitude + 0.0045, MIDDLE.longitude);
    app.tap("lock");
    assert_eq!(app.page(), "pages/trip", "{}", app.snapshot());
    app
}

#[test]
fn the_nearest_bicycle_comes_first_and_a_pin_chooses_another() {
    let mut app = at_monas(prepared());
    assert!(app.has("you"));
    let chosen = app.text_of("chosen");
    assert!(
        chosen.starts_with("Nearest SPD-1042 Taman Medan Merdeka · 125 m · 2 min walk"),
        "{chosen}"
    );
    assert!(
        app.text_of("bicycles")
            .starts_with("Taman Medan Merdeka SPD-1042 125 m Air Mancur Menari")
    );
    app.tap("pin-1108");
    let chosen = app.text_of("chosen");
    assert!(
        chosen.starts_with("Your choice SPD-1108 Gerbang Gambir"),
        "{chosen}"
    );
    // The list does the same.
    app.tap("1063");
    assert!(app.text_of("chosen").contains("SPD-1063"));
    app.set_location(MIDDLE.latitude, MIDDLE.longitude - 0.006);
    assert!(app.text_of("bicycles").starts_with("Museum Gajah"));
    app.tap("rent");
    assert_eq!(
        (app.page().as_str(), app.title()),
        ("pages/unlock", Some("SPD-1063"))
    );
}

#[test]
fn from_the_code_to_the_receipt() {
    let mut app = at_monas(prepared());
    app.tap("rent");
    app.tap("scan");
    assert!(app.is_scanning());
    assert!(app.is_locked(LOCK));
    app.show_qr_code(CODE);
    assert_eq!(app.page(), "pages/ride");
    assert!(!app.is_locked(LOCK));
    assert_eq!(
        (app.text_of("time"), app.text_of("ride.fare")),
        ("0:00".into(), "Rp 3.500".into())
    );

    app.pass(Duration::from_secs(61));
    assert_eq!(
        (app.text_of("time"), app.text_of("ride.fare")),
        ("1:01".into(), "Rp 4.000".into())
    );
    app.set_location(MIDDLE.latitude + 0.0045, MIDDLE.longitude);
    assert_eq!(app.text_of("ride.distance"), "500 m");
    app.pass(Duration::from_secs(89));
    app.tap("lock");
    assert!(app.is_locked(LOCK));
    assert_eq!(
        (app.page().as_str(), app.title()),
        ("pages/trip", Some("Ride 1"))
    );
    assert_eq!(
        (app.text_of("ride.time"), app.text_of("total")),
        ("2:30".into(), "Total Rp 4.500".into())
    );
    assert_eq!(app.text_of("paid"), "Not paid yet");

    app.merchants_answer(Ok(SIGNED.to_vec()));
    app.tap("pay");
    let items = [("unlock", 1), ("minute", 3)].map(|(item, quantity)| Wanted {
        item: item.into(),
        quantity,
    });
    assert_eq!(app.ordered(), [("sepeda-kota".to_owned(), items.to_vec())]);
    assert_eq!(app.sheet(), Some(Asked::Order(SIGNED.to_vec())));
    let receipt = app.confirm_sheet(Money::new(450_000, "IDR"));
    assert_eq!(app.text_of("paid"), "Paid");
    assert_eq!(app.text_of("receipt"), format!("Receipt {}", receipt.id));
    assert!(!app.has("pay") && !app.has("at-station"));
    // And so it is kept.
    let mut app = app.relaunch();
    app.tab("pages/trips");
    assert_eq!(app.text_of("sum"), "500 m in all, on one ride");
    app.tap("1");
    assert_eq!(app.text_of("paid"), "Paid");
}

#[test]
fn the_ride_ends_when_somebody_pushes_the_lever() {
    let mut app = riding();
    app.lock_by_hand(LOCK);
    assert_eq!(app.page(), "pages/trip");
    // Also when they look at something else.
    let mut app = riding();
    app.tab("pages/trips");
    app.lock_by_hand(LOCK);
    assert_eq!(app.page(), "pages/trip");
    assert_eq!(app.text_of("total"), "Total Rp 3.500");
}

#[test]
fn it_ticks_only_while_somebody_looks_and_the_fare_follows_the_clock() {
    let mut app = at_monas(prepared());
    assert_eq!(app.timers(), 0);
    app.show_qr_code(CODE);
    app.tap("scan");
    assert_eq!(app.timers(), 1);
    app.leave();
    app.pass(Duration::from_secs(600));
    assert_eq!(app.timers(), 0);
    app.come_back();
    assert_eq!(app.text_of("time"), "10:00");
    assert_eq!(app.timers(), 1);
    app.tab("pages/find");
    app.pass(Duration::from_secs(5));
    assert_eq!(app.timers(), 0);
    app.tap("to-ride");
    assert_eq!(app.text_of("ride.fare"), "Rp 8.500");
    assert_eq!(app.timers(), 1);
    app.tap("lock");
    app.pass(Duration::from_secs(5));
    assert_eq!(app.timers(), 0);
}

#[test]
fn a_ride_goes_on_when_the_app_was_ended() {
    let mut app = riding();
    app.set_location(MIDDLE.latitude + 0.0009, MIDDLE.longitude);
    app.pass(Duration::from_secs(60));
    let mut app = app.relaunch();
    assert_eq!(app.page(), "pages/ride");
    assert_eq!(
        (app.text_of("time"), app.text_of("ride.distance")),
        ("1:00".into(), "100 m".into())
    );
    app.set_location(MIDDLE.latitude + 0.0018, MIDDLE.longitude);
    assert_eq!(app.text_of("ride.distance"), "200 m");
    // It hears the lock again.
    app.lock_by_hand(LOCK);
    assert_eq!(app.page(), "pages/trip");
    let mut app = app.relaunch();
    assert_eq!(app.page(), "pages/find");
    assert!(app.text_of("unpaid").contains("Ride 1 is not paid yet"));
    app.tap("to-trip");
    assert_eq!(app.page(), "pages/trip");
}

#[test]
fn a_bicycle_that_was_locked_while_the_app_was_away_is_not_charged_for_ever() {
    let mut app = riding();
    // Not connected: nobody hears it.
    app.hold_requests();
    app.lock_by_hand(LOCK);
    let mut app = app.relaunch();
    app.release_requests();
    assert_eq!(app.page(), "pages/trip", "{}", app.snapshot());
}

#[test]
fn only_the_code_of_a_bicycle_is_one() {
    let mut app = at_monas(prepared());
    app.show_qr_code("https://elsewhere.example/");
    app.tap("scan");
    assert!(app.text_of("notice").contains("not on one of our bicycles"));
    assert_eq!(app.page(), "pages/find");
    app.tap("scan");
    app.close_scanner();
    assert!(!app.has("notice"));
    // Beside another bicycle than the one that was looked at, it is that one.
    app.tap("pin-1108");
    app.tap("rent");
    app.show_qr_code(CODE);
    app.tap("scan");
    assert_eq!(app.page(), "pages/ride");
    assert!(!app.is_locked(LOCK));
}

#[test]
fn there_is_one_ride_at_a_time() {
    let mut app = riding();
    app.tab("pages/find");
    assert!(!app.has("scan"));
    app.tap("pin-1108");
    app.tap("rent");
    assert!(app.shows("You are riding already. One bicycle at a time."));
    app.tap("to-ride");
    assert_eq!(app.page(), "pages/ride");
}

/// What the rental's server signs: a number is in it.
const SIGNED: &[u8] = b"eyJhbGciOiJFZERTQSJ9.eyJvcmRlciI6IjE3LWFiIn0.c2ln";

#[test]
fn what_is_not_paid_is_told_and_can_be_paid_after_all() {
    let told = |answer: &dyn Fn(&mut TestApp<Sepeda>)| {
        let mut app = ridden();
        app.merchants_answer(Ok(SIGNED.to_vec()));
        app.tap("pay");
        assert!(app.is_disabled("pay") && app.is_disabled("at-station"));
        answer(&mut app);
        let told = app.text_of("notice");
        app.merchants_answer(Ok(SIGNED.to_vec()));
        app.tap("pay");
        assert!(app.sheet().is_some() && !app.has("notice"));
        told
    };
    assert!(told(&|app| app.cancel_sheet()).contains("Not paid yet"));
    assert!(told(&|app| app.answer_sheet(Outcome::Expired)).contains("nothing was paid"));
    assert!(told(&|app| app.decline_sheet(Decline::InsufficientFunds)).contains("not enough"));
    assert!(told(&|app| app.answer_sheet(Outcome::AccessDenied)).contains("at a station"));

    let mut app = ridden();
    app.merchants_answer(Err(OrderRefusal::Unavailable));
    app.tap("pay");
    assert!(app.text_of("notice").contains("does not answer"));
    let mut app = at_monas(prepared().deny(Capability::Payments));
    app.show_qr_code(CODE);
    app.tap("scan");
    app.tap("lock");
    app.tap("pay");
    assert!(app.text_of("notice").contains("may not ask for payments"));
}

#[test]
fn a_payment_is_not_forgotten_when_the_app_is_launched_anew() {
    let mut app = ridden();
    app.merchants_answer(Ok(SIGNED.to_vec()));
    app.tap("pay");
    // The sheet is confirmed when the app that asked is gone.
    let receipt = Receipt {
        id: "simulated:9".into(),
        amount: Money::new(450_000, "IDR"),
        at_ms: 0,
        simulated: true,
        signed: String::new(),
    };
    app.order_is_paid("sepeda-kota", "17-ab", receipt);
    let mut app = app.relaunch();
    app.tab("pages/trips");
    app.tap("1");
    assert_eq!(app.text_of("receipt"), "Receipt simulated:9");
}

#[test]
fn speaks_indonesian() {
    let mut app = at_monas(prepared().lang("id-ID"));
    assert!(
        app.text_of("chosen")
            .starts_with("Terdekat SPD-1042 Taman Medan Merdeka · 125 m · jalan kaki 2 mnt")
    );
    app.show_qr_code(CODE);
    app.tap("Pindai kode sepeda");
    assert_eq!(app.title(), Some("Perjalanan Anda"));
    app.set_location(MIDDLE.latitude + 0.018, MIDDLE.longitude);
    assert_eq!(app.text_of("ride.distance"), "2,0 km");
    app.tap("Kunci dan akhiri");
    assert!(app.shows("Terima kasih sudah bersepeda") && app.shows("Belum dibayar"));
}

#[test]
fn both_languages_say_everything() {
    let [en, id] =
        LANGUAGES.map(|(_, json)| serde_json::from_str::<BTreeMap<String, String>>(json).unwrap());
    assert_eq!(en.keys().collect::<Vec<_>>(), id.keys().collect::<Vec<_>>());
    let placeholders = |text: &String| text.matches('{').count();
    for (key, text) in &en {
        let others = id.get(key).map_or(0, placeholders);
        assert_eq!(placeholders(text), others, "{key}");
    }
    for trouble in [
        lock::Trouble::Denied,
        lock::Trouble::Off,
        lock::Trouble::Away,
        lock::Trouble::Refused,
    ] {
        assert!(en.contains_key(trouble.key()), "{trouble:?}");
    }
}

/// The rental's catalogue and the app say the same, so that nobody is surprised at the sheet.
#[test]
fn the_rental_signs_what_the_app_says() {
    let shop: serde_json::Value = serde_json::from_str(include_str!("../shop.json")).unwrap();
    let items = shop["catalogue"]["items"].as_object().unwrap();
    assert_eq!(items["unlock"]["price_minor"], fare::UNLOCK.0 * 100);
    assert_eq!(items["minute"]["price_minor"], fare::MINUTE.0 * 100);
    assert_eq!(items.len(), 2);
}

/// The lock that the test kit and the preview put beside the person is the one that the app speaks to.
#[test]
fn the_lock_speaks_the_same_language() {
    use lapak_sdk::testing::{LOCK_COMMAND, LOCK_SERVICE, LOCK_STATE};
    assert_eq!(
        [lock::SERVICE, lock::STATE, lock::COMMAND],
        [LOCK_SERVICE, LOCK_STATE, LOCK_COMMAND]
    );
}

/// The style sheet has a class for every spot, and they say where it is.
#[test]
fn every_spot_has_its_classes() {
    let css = include_str!("../app.css");
    for hundredth in 0..=100 {
        assert!(css.contains(&format!(".x{hundredth} {{ left: {hundredth}%; }}")));
        assert!(css.contains(&format!(".y{hundredth} {{ top: {hundredth}%; }}")));
    }
    let mut app = at_monas(prepared());
    app.tap("pin-1042");
    let pins = Bicycle::all().filter(|bicycle| app.has(&format!("pin-{bicycle}")));
    assert_eq!(pins.count(), Bicycle::all().count());
}
