//! Where something is not lent, or is lost on the way.

use std::time::Duration;

use lapak_sdk::testing::Capability;

use super::{CODE, LOCK, at_monas, prepared, riding};
use crate::place::MIDDLE;

#[test]
fn without_a_scanner_the_number_is_typed() {
    let mut app = at_monas(prepared().deny(Capability::Scan));
    app.tap("rent");
    app.tap("scan");
    assert!(app.text_of("notice").contains("Type the number"));
    assert!(app.is_disabled("enter"));
    app.type_into("number", "77");
    app.tap("enter");
    assert!(
        app.text_of("notice")
            .contains("no bicycle with this number")
    );
    app.type_into("number", "spd 1042");
    app.tap("enter");
    assert_eq!(app.page(), "pages/ride");
}

#[test]
fn without_a_location_one_picks_from_the_list() {
    let mut app = at_monas(prepared().deny(Capability::Location));
    assert!(app.text_of("no-location").contains("Pick a bicycle"));
    assert!(!app.has("you") && !app.has("chosen"));
    app.tap("1075");
    assert!(
        app.text_of("chosen")
            .starts_with("Your choice SPD-1075 Halte Balai Kota Rp")
    );
    app.show_qr_code(CODE);
    app.tap("scan");
    assert!(app.text_of("no-way").contains("way is not measured"));
    app.pass(Duration::from_secs(90));
    app.tap("lock");
    assert_eq!(app.text_of("total"), "Total Rp 4.000");
}

#[test]
fn a_location_that_is_lost_is_looked_for_again() {
    let mut app = at_monas(prepared());
    app.lose_location();
    assert!(
        app.text_of("no-location")
            .contains("cannot tell where it is")
    );
    app.tap("Look again");
    app.set_location(MIDDLE.latitude, MIDDLE.longitude);
    assert!(app.has("you") && !app.has("no-location"));
    // Far away there is no dot on the map.
    app.set_location(-6.9, 107.6);
    assert!(app.text_of("off-map").contains("outside our quarter"));
    assert!(!app.has("you") && app.has("chosen"));
}

#[test]
fn without_bluetooth_the_lock_has_keys() {
    let mut app = at_monas(prepared().deny(Capability::Bluetooth));
    app.show_qr_code(CODE);
    app.tap("scan");
    assert_eq!(app.page(), "pages/unlock");
    assert!(app.text_of("trouble").contains("may not use Bluetooth"));
    assert_eq!(app.text_of("keys"), "4 7 1 9");
    app.tap("opened");
    assert_eq!(app.page(), "pages/ride");
    assert!(!app.has("lock"));
    app.pass(Duration::from_secs(10));
    let mut app = app.relaunch();
    app.tap("closed");
    assert_eq!(app.text_of("total"), "Total Rp 3.500");
}

#[test]
fn a_lock_that_is_out_of_reach_can_be_tried_again() {
    let mut app = at_monas(prepared());
    app.switch_bluetooth(false);
    app.show_qr_code(CODE);
    app.tap("scan");
    assert!(app.text_of("trouble").contains("switched off"));
    app.switch_bluetooth(true);
    app.remove_bluetooth(LOCK);
    app.tap("open");
    assert!(app.text_of("trouble").contains("does not answer"));
    app.add_lock(LOCK);
    app.tap("open");
    assert_eq!(app.page(), "pages/ride");
}

#[test]
fn a_lock_that_is_lost_on_the_way_is_found_again_or_closed_by_hand() {
    let mut app = riding();
    app.remove_bluetooth(LOCK);
    assert!(!app.has("closed"), "it is only out of reach");
    app.tap("lock");
    assert!(app.text_of("trouble").contains("does not answer"));
    app.tap("closed");
    assert_eq!(app.page(), "pages/trip");

    let mut app = riding();
    app.switch_bluetooth(false);
    app.switch_bluetooth(true);
    app.tap("lock");
    assert_eq!(app.page(), "pages/trip");
    assert!(app.is_locked(LOCK));
}

#[test]
fn without_storage_the_app_works_and_says_so() {
    let mut app = at_monas(prepared().deny(Capability::Storage));
    assert!(
        app.text_of("not-kept")
            .starts_with("This device does not keep")
    );
    app.show_qr_code(CODE);
    app.tap("scan");
    app.tap("lock");
    assert_eq!(app.page(), "pages/trip");
}

#[test]
fn without_timers_and_without_a_clock() {
    let mut app = at_monas(prepared().deny(Capability::Timer));
    app.show_qr_code(CODE);
    app.tap("scan");
    app.pass(Duration::from_secs(90));
    app.tap("lock");
    assert_eq!(app.text_of("total"), "Total Rp 4.000");
    let mut app = at_monas(prepared().deny(Capability::Clock));
    app.show_qr_code(CODE);
    app.tap("scan");
    app.tap("open");
    assert!(app.text_of("notice").contains("does not tell the time"));
    assert!(app.is_locked(LOCK));
}

#[test]
fn where_there_are_no_payments_one_pays_at_the_station() {
    let mut app = at_monas(prepared().lacks("payments"));
    app.show_qr_code(CODE);
    app.tap("scan");
    app.tap("lock");
    assert!(!app.has("pay"));
    assert!(app.text_of("stations").contains("Stasiun Gambir"));
    app.tap("at-station");
    assert_eq!(app.text_of("paid"), "In cash, at a station");
    let app = app.relaunch();
    assert!(!app.has("unpaid"));
}
