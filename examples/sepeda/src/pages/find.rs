//! Where the bicycles are.

use lapak_sdk::prelude::*;

use super::{distance, line, map, not_kept, notice, walk};
use crate::fare::{MINUTE, UNLOCK};
use crate::fleet::Bicycle;
use crate::whereabouts::Here;
use crate::{Msg, Page, Sepeda};

type Away = (Bicycle, Option<f64>);

pub(crate) fn page(app: &Sepeda) -> View<'_, Msg> {
    let bicycles = app.by_distance();
    let nearest = app.whereabouts.here.place().and(bicycles.first().copied());
    let chosen = app.chosen.and_then(|chosen| {
        let mut bicycles = bicycles.iter();
        bicycles.find(|(bicycle, _)| *bicycle == chosen).copied()
    });
    let shown = chosen.or(nearest);
    let content = (
        map::to_choose(app, shown.map(|(bicycle, _)| bicycle)),
        view((
            not_kept(app),
            notice(app),
            where_you_are(app, nearest),
            unpaid(app),
            shown.map(|shown| card(app, shown, nearest)),
            all(app, &bicycles),
        ))
        .class("below"),
    );
    view((scroll(content).class("content"), foot(app))).class("screen")
}

/// Why distances are not known, or are so large.
fn where_you_are(app: &Sepeda, nearest: Option<Away>) -> Option<View<'_, Msg>> {
    let texts = &app.texts;
    let says = match app.whereabouts.here {
        Here::Denied => texts.get("find.denied").to_owned(),
        Here::Unavailable => texts.get("find.unavailable").to_owned(),
        Here::At(place) | Here::About(place) if place.spot().is_none() => {
            let away = distance(texts, nearest?.1?);
            return Some(line(
                IconName::Info,
                "off-map",
                &texts.fill("find.off_map", &[("distance", &away)]),
            ));
        }
        Here::Unknown | Here::At(_) | Here::About(_) => return None,
    };
    let again = button(texts.get("find.again"))
        .class("pill small")
        .on_tap(Msg::Locate);
    let words = text(says).class("notice-text");
    Some(
        view((icon(IconName::Location).size(20), words, again))
            .class("notice")
            .key("no-location"),
    )
}

fn unpaid(app: &Sepeda) -> Option<View<'_, Msg>> {
    let texts = &app.texts;
    let trip = app.kept.trips.unpaid()?;
    let says = texts.fill("find.unpaid", &[("number", &trip.number)]);
    let pay = texts.fill("find.to_trip", &[("fare", &trip.fare)]);
    let number = trip.number;
    let link = navigator(&Page::Trip { number }, text(pay)).class("pill small");
    let words = text(says).class("notice-text");
    Some(
        view((icon(IconName::Wallet).size(20), words, link.key("to-trip")))
            .class("notice")
            .key("unpaid"),
    )
}

/// The bicycle that is chosen, or the nearest.
fn card<'a>(app: &'a Sepeda, (bicycle, away): Away, nearest: Option<Away>) -> View<'a, Msg> {
    let texts = &app.texts;
    let is_nearest = nearest.is_some_and(|(nearest, _)| nearest == bicycle);
    let tag = if is_nearest {
        "find.nearest"
    } else {
        "find.chosen"
    };
    let words = view((
        text(texts.get(tag)).class("tag"),
        text(bicycle.number).class("bicycle-number"),
        text(how_far(app, bicycle, away)).class("quiet"),
    ))
    .class("card-words");
    let head = view((image("common/img/bicycle.svg").class("card-picture"), words));
    let price = texts.fill("find.price", &[("unlock", &UNLOCK), ("minute", &MINUTE)]);
    let rent = navigator(&Page::Unlock { bicycle }, text(texts.get("find.rent")))
        .class("main")
        .key("rent");
    view((head.class("card-head"), text(price).class("price"), rent))
        .class("card chosen")
        .key("chosen")
}

/// `Taman Medan Merdeka · 125 m · 2 min walk`.
fn how_far(app: &Sepeda, bicycle: Bicycle, away: Option<f64>) -> String {
    let texts = &app.texts;
    let mut says = bicycle.street.to_owned();
    if let Some(metres) = away {
        let is_rough = matches!(app.whereabouts.here, Here::About(_));
        let far = distance(texts, metres);
        let far = match is_rough {
            true => texts.fill("about", &[("distance", &far)]),
            false => far,
        };
        says = format!("{says} · {far}");
        if let (Some(walk), false) = (walk(texts, metres), is_rough) {
            says = format!("{says} · {walk}");
        }
    }
    says
}

fn all<'a>(app: &'a Sepeda, bicycles: &[Away]) -> View<'a, Msg> {
    let texts = &app.texts;
    let title = match app.whereabouts.here.place() {
        Some(_) => "find.all",
        None => "find.all_unsorted",
    };
    let rows = bicycles.iter().map(|&(bicycle, away)| {
        // Streets and numbers never change; how far it is does.
        let far = away.map(|metres| distance(texts, metres));
        lazy(bicycle.digits(), far, move |far| row(bicycle, far))
    });
    view((
        text(texts.get(title)).class("section-title"),
        list(rows).class("card rows").key("bicycles"),
    ))
    .class("section")
}

fn row<'a>(bicycle: Bicycle, far: Option<String>) -> View<'a, Msg> {
    let words = view((
        text(bicycle.street).class("row-name"),
        text(bicycle.number).class("quiet"),
    ));
    let inside = (
        view(icon(IconName::Bicycle).size(20)).class("row-icon"),
        words.class("row-words"),
        far.map(|far| text(far).class("row-far")),
    );
    button(inside)
        .plain()
        .class("row")
        .on_tap(Msg::Choose(bicycle))
}

fn foot(app: &Sepeda) -> View<'_, Msg> {
    let texts = &app.texts;
    if let Some(ride) = &app.kept.ride {
        let inside = (
            icon(IconName::Bicycle).size(22),
            text(texts.get("find.riding")).class("bar-words"),
            text(ride.fare(app.now_ms)).class("bar-fare"),
        );
        let bar = navigator(&Page::Ride, inside).class("bar").key("to-ride");
        return view(bar).class("foot");
    }
    let scan = button((icon(IconName::Scan).size(20), text(texts.get("find.scan"))))
        .class("main second")
        .key("scan")
        .loading(app.scanning)
        .on_tap(Msg::Scan);
    view((app.typing.then(|| super::unlock::number_form(app)), scan)).class("foot")
}
