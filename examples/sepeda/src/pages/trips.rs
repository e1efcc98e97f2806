//! The rides that are over.

use lapak_sdk::prelude::*;

use super::{distance, empty, not_kept, notice, to_find};
use crate::trips::{Paid, Trip};
use crate::{Msg, Page, Sepeda};

pub(crate) fn page(app: &Sepeda) -> View<'_, Msg> {
    let texts = &app.texts;
    let trips = &app.kept.trips;
    if trips.is_empty() {
        let (title, hint) = (texts.get("trips.empty"), texts.get("trips.empty_hint"));
        let nothing = empty(title, hint, to_find(texts));
        return view((not_kept(app), nothing)).class("screen");
    }
    let metres = trips.iter().map(|trip| trip.metres).sum();
    let count = trips.iter().count();
    let key = if count == 1 {
        "trips.sum_one"
    } else {
        "trips.sum"
    };
    let far = distance(texts, metres);
    let sum = texts.fill(key, &[("distance", &far), ("count", &count)]);
    let cards = trips.iter().map(|trip| {
        // A trip never changes, except for how it is paid.
        lazy(trip.number, (trip.number, &trip.paid), |_| {
            card(texts, trip)
        })
    });
    let content = (
        not_kept(app),
        notice(app),
        text(sum).class("sum").key("sum"),
        list(cards).class("trips"),
    );
    view(scroll(content).class("content pad")).class("screen")
}

fn card<'a>(texts: &Translations, trip: &Trip) -> View<'a, Msg> {
    let number = trip.number;
    let title = texts.fill("trip.title", &[("number", &number)]);
    let (says, look) = match trip.paid {
        Paid::Here(_) => ("trip.paid", "tag good"),
        Paid::AtStation => ("trip.cash", "tag"),
        Paid::NotYet => ("trip.not_paid", "tag warn"),
    };
    let what = format!("{} · {}", trip.time, distance(texts, trip.metres));
    let words = view((
        text(title).class("row-name"),
        text(&trip.started).class("quiet"),
        text(what).class("quiet"),
    ))
    .class("row-words");
    let right = view((
        text(trip.fare).class("trip-fare"),
        text(texts.get(says)).class(look),
    ))
    .class("trip-right");
    let inside = (
        view(icon(IconName::Bicycle).size(20)).class("row-icon"),
        words,
        right,
    );
    navigator(&Page::Trip { number }, inside).class("card trip")
}
