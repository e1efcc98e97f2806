//! The map: a picture of the quarter, and on it what moves.

use lapak_sdk::prelude::*;
use lapak_sdk::view::IntoViews;

use crate::fleet::{Bicycle, STATIONS};
use crate::place::Place;
use crate::{Msg, Sepeda};

/// The names of the streets, and the classes that put them there.
const STREETS: [(&str, &str); 5] = [
    ("Jl. Medan Merdeka Utara", "street north"),
    ("Jl. Medan Merdeka Selatan", "street south"),
    ("Jl. Medan Merdeka Barat", "street west"),
    ("Jl. Medan Merdeka Timur", "street east"),
    ("Monas", "street middle"),
];

/// The map with every bicycle, to choose one.
pub(super) fn to_choose<'a>(app: &'a Sepeda, chosen: Option<Bicycle>) -> View<'a, Msg> {
    let pins: Vec<_> = Bicycle::all()
        .filter_map(|bicycle| pin(&app.texts, bicycle, chosen == Some(bicycle)))
        .collect();
    whole(app, (pins, person(app)))
}

/// The map with the way that was ridden, and the rider if they still are.
pub(super) fn of_way<'a>(app: &'a Sepeda, way: &[Place], riding: bool) -> View<'a, Msg> {
    let last = way.len().saturating_sub(1);
    let dots: Vec<_> = way
        .iter()
        .enumerate()
        .filter_map(|(nth, place)| {
            let look = match nth {
                0 => "dot start",
                _ if nth == last && !riding => "dot end",
                _ => "dot",
            };
            Some(view(()).class(&place.spot()?.class(look)))
        })
        .collect();
    whole(app, (dots, riding.then(|| person(app))))
}

fn whole<'a>(app: &'a Sepeda, on_it: impl IntoViews<'a, Msg>) -> View<'a, Msg> {
    view((
        lazy("ground", (), move |()| ground(app)),
        view(on_it).class("layer"),
    ))
    .class("map")
    .label(app.texts.get("map.label"))
}

/// What never changes.
fn ground(app: &Sepeda) -> View<'_, Msg> {
    let streets = STREETS.map(|(name, look)| text(name).class(look));
    let stations = STATIONS.iter().filter_map(|station| {
        let name = app.texts.fill("map.station", &[("name", &station.name)]);
        Some(
            text("P")
                .class(&station.place.spot()?.class("station"))
                .label(name),
        )
    });
    view((
        image("common/img/map.svg").class("ground light"),
        image("common/img/map-dark.svg").class("ground dark"),
        streets,
        stations.collect::<Vec<_>>(),
    ))
    .class("layer")
}

fn pin<'a>(texts: &Translations, bicycle: Bicycle, chosen: bool) -> Option<View<'a, Msg>> {
    let says: [(&str, &dyn std::fmt::Display); 2] =
        [("number", &bicycle.digits()), ("street", &bicycle.street)];
    let look = if chosen { "pin on" } else { "pin" };
    let pin = button(icon(IconName::Bicycle).size(18))
        .plain()
        .class(&bicycle.place.spot()?.class(look))
        .key(format!("pin-{bicycle}"))
        .label(texts.fill("map.pin", &says))
        .on_tap(Msg::Choose(bicycle));
    Some(pin)
}

/// Where the person is, if that is known and on the map.
fn person(app: &Sepeda) -> Option<View<'_, Msg>> {
    let spot = app.whereabouts.here.place()?.spot()?;
    let person = view(()).class(&spot.class("person")).key("you");
    Some(person.label(app.texts.get("map.you")))
}
