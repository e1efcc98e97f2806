//! The ride that is on: the map, the time, the way, the fare.

use lapak_sdk::prelude::*;

use super::{distance, empty, line, map, minutes, not_kept, notice, to_find};
use crate::fare::{MINUTE, UNLOCK};
use crate::lock::Stage;
use crate::ride::Ride;
use crate::whereabouts::Here;
use crate::{Msg, Sepeda};

pub(crate) fn page(app: &Sepeda) -> View<'_, Msg> {
    let texts = &app.texts;
    let Some(ride) = &app.kept.ride else {
        let (title, hint) = (texts.get("ride.none"), texts.get("ride.none_hint"));
        return view(empty(title, hint, to_find(texts))).class("screen");
    };
    let trouble = ride.bicycle().and_then(|of| app.lock.trouble_of(of));
    let not_measured = !matches!(app.whereabouts.here, Here::At(_) | Here::Unknown);
    let content = (
        map::of_way(app, &ride.way, true),
        view((
            not_kept(app),
            notice(app),
            trouble.map(|trouble| line(IconName::Warning, "trouble", texts.get(trouble.key()))),
            numbers(app, ride),
            not_measured.then(|| line(IconName::Location, "no-way", texts.get("ride.no_way"))),
        ))
        .class("below"),
    );
    let by_hand = ride.by_hand || trouble.is_some();
    view((scroll(content).class("content"), foot(app, ride, by_hand))).class("screen")
}

fn numbers<'a>(app: &'a Sepeda, ride: &Ride) -> View<'a, Msg> {
    let texts = &app.texts;
    let number = |key: &str, says: String| {
        view((
            text(texts.get(key)).class("number-name"),
            text(says).class("number-value").key(key),
        ))
        .class("number-box")
    };
    let way = distance(texts, ride.metres);
    let charged = texts.fill(
        "ride.charged",
        &[
            ("minutes", &minutes(texts, ride.minutes(app.now_ms))),
            ("minute", &MINUTE),
            ("unlock", &UNLOCK),
        ],
    );
    view((
        text(ride.time(app.now_ms))
            .class("time")
            .key("time")
            .label(format!(
                "{} {}",
                texts.get("ride.time"),
                ride.time(app.now_ms)
            )),
        view((
            number("ride.distance", way),
            number("ride.fare", ride.fare(app.now_ms).to_string()),
        ))
        .class("number-row"),
        text(charged).class("quiet centred"),
    ))
    .class("card numbers")
}

fn foot<'a>(app: &'a Sepeda, ride: &Ride, by_hand: bool) -> View<'a, Msg> {
    let texts = &app.texts;
    let stage = ride
        .bicycle()
        .map_or(Stage::Idle, |of| app.lock.stage_of(of));
    let says = match stage {
        Stage::Reaching => "ride.reaching",
        Stage::Turning => "ride.turning",
        Stage::Idle => "ride.lock",
    };
    let lock = (!ride.by_hand).then(|| {
        button((icon(IconName::Lock).size(20), text(texts.get(says))))
            .class("main")
            .key("lock")
            .loading(stage != Stage::Idle)
            .on_tap(Msg::Lock)
    });
    let hint = if by_hand {
        "ride.by_hand"
    } else {
        "ride.listening"
    };
    let closed = by_hand.then(|| {
        button(texts.get("ride.closed"))
            .class("main second")
            .key("closed")
            .on_tap(Msg::ClosedByHand)
    });
    view((text(texts.get(hint)).class("foot-hint"), closed, lock)).class("foot")
}
