//! A ride that is over: what it was, what it costs, and the receipt.

use lapak_sdk::platform;
use lapak_sdk::prelude::*;

use super::{distance, empty, map, minutes, not_kept, notice, to_find};
use crate::checkout::Checkout;
use crate::fare::{MINUTE, UNLOCK};
use crate::fleet::STATIONS;
use crate::place::Place;
use crate::trips::{Paid, Trip};
use crate::{Msg, Sepeda};

pub(crate) fn page(app: &Sepeda, number: u32) -> View<'_, Msg> {
    let texts = &app.texts;
    let Some(trip) = app.kept.trips.trip(number) else {
        let (title, hint) = (texts.get("trip.none"), texts.get("ride.none_hint"));
        return view(empty(title, hint, to_find(texts))).class("screen");
    };
    let content = (
        view(map::of_way(app, &trip.way, false)).class(strip(&trip.way)),
        view((
            not_kept(app),
            notice(app),
            summary(app, trip),
            bill(app, trip),
        ))
        .class("below"),
    );
    view((scroll(content).class("content"), foot(app, trip))).class("screen")
}

/// The strip of the map that shows the way.
fn strip(way: &[Place]) -> &'static str {
    let spots: Vec<_> = way.iter().filter_map(|place| place.spot()).collect();
    let down: usize = spots.iter().map(|spot| usize::from(spot.down())).sum();
    match down / spots.len().max(1) {
        _ if spots.is_empty() => "strip",
        0..40 => "strip upper",
        61.. => "strip lower",
        _ => "strip",
    }
}

fn summary<'a>(app: &'a Sepeda, trip: &Trip) -> View<'a, Msg> {
    let texts = &app.texts;
    let number = |key: &str, says: &str| {
        view((
            text(texts.get(key)).class("number-name"),
            text(says).class("number-value").key(key),
        ))
        .class("number-box")
    };
    view((
        text(texts.get("trip.thanks")).class("thanks"),
        view((
            number("ride.time", &trip.time),
            number("ride.distance", &distance(texts, trip.metres)),
            number("trip.bicycle", &trip.bicycle),
        ))
        .class("number-row"),
        text(&trip.started).class("quiet centred"),
    ))
    .class("card numbers")
}

fn bill<'a>(app: &'a Sepeda, trip: &Trip) -> View<'a, Msg> {
    let texts = &app.texts;
    let line = |says: &str, amount: String| view((text(says), text(amount))).class("bill-line");
    let ridden = format!("{} × {MINUTE}", minutes(texts, trip.minutes));
    let of_minutes = MINUTE.times(trip.minutes).unwrap_or_default();
    let (says, look) = match trip.paid {
        Paid::Here(_) => ("trip.paid", "tag good"),
        Paid::AtStation => ("trip.cash", "tag"),
        Paid::NotYet => ("trip.not_paid", "tag warn"),
    };
    let receipt = match &trip.paid {
        Paid::Here(id) => Some(texts.fill("trip.receipt", &[("id", id)])),
        Paid::AtStation | Paid::NotYet => None,
    };
    view((
        line(texts.get("trip.unlock"), UNLOCK.to_string()),
        line(&ridden, of_minutes.to_string()),
        line(texts.get("trip.total"), trip.fare.to_string())
            .class("total")
            .key("total"),
        text(texts.get(says)).class(look).key("paid"),
        receipt.map(|receipt| text(receipt).class("receipt").key("receipt")),
    ))
    .class("card bill")
}

/// How it can be paid: here, where the platform has payments, or in cash.
fn foot<'a>(app: &'a Sepeda, trip: &Trip) -> Option<View<'a, Msg>> {
    let texts = &app.texts;
    if matches!(trip.paid, Paid::Here(_)) {
        return None;
    }
    let busy = app.checkout != Checkout::None;
    let pay = platform::offers("payments").then(|| {
        button(texts.fill("trip.pay", &[("fare", &trip.fare)]))
            .class("main")
            .key("pay")
            .loading(busy)
            .on_tap(Msg::CheckOut(trip.number))
    });
    let names = STATIONS.each_ref().map(|station| station.name).join(", ");
    let hint = texts.fill("trip.at_station_hint", &[("stations", &names)]);
    let in_cash = (pay.is_none() || trip.paid == Paid::AtStation)
        .then(|| text(hint).class("foot-hint").key("stations"));
    let at_station = (trip.paid == Paid::NotYet).then(|| {
        button(texts.get("trip.at_station"))
            .plain()
            .class("second-way")
            .key("at-station")
            .disabled(busy)
            .on_tap(Msg::PayAtStation(trip.number))
    });
    Some(view((in_cash, pay, at_station)).class("foot"))
}
