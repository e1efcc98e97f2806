//! What each page shows; what several of them share stands here.

pub(crate) mod find;
mod map;
pub(crate) mod ride;
pub(crate) mod trip;
pub(crate) mod trips;
pub(crate) mod unlock;

use lapak_sdk::prelude::*;

use crate::kept::Keeping;
use crate::{Msg, Page, Sepeda};

/// Metres that somebody walks in a minute.
const WALKED_IN_A_MINUTE: f64 = 75.0;

/// `240 m`, `1.2 km`.
fn distance(texts: &Translations, metres: f64) -> String {
    let metres = metres.clamp(0.0, 99_999_000.0).round() as u64;
    if metres < 1_000 {
        return texts.fill("metres", &[("metres", &metres)]);
    }
    let tenths = (metres + 50) / 100;
    texts.fill(
        "kilometres",
        &[("whole", &(tenths / 10)), ("tenth", &(tenths % 10))],
    )
}

/// `3 min walk`; nothing for what nobody walks to.
fn walk(texts: &Translations, metres: f64) -> Option<String> {
    let minutes = (metres / WALKED_IN_A_MINUTE).ceil();
    (0.0..=60.0)
        .contains(&minutes)
        .then(|| texts.fill("walk", &[("minutes", &(minutes.max(1.0) as u32))]))
}

/// `3 minutes`.
fn minutes(texts: &Translations, count: u32) -> String {
    match count {
        1 => texts.get("minutes.one").to_owned(),
        _ => texts.fill("minutes.other", &[("count", &count)]),
    }
}

/// Something that the person should know.
fn line<'a>(symbol: IconName, key: &str, says: &str) -> View<'a, Msg> {
    view((icon(symbol).size(20), text(says).class("notice-text")))
        .class("notice")
        .key(key)
}

/// Why the last thing did not happen.
fn notice(app: &Sepeda) -> Option<View<'_, Msg>> {
    let says = app.texts.get(app.notice?);
    Some(line(IconName::Info, "notice", says))
}

/// Says that nothing is kept, where that is so.
fn not_kept(app: &Sepeda) -> Option<View<'_, Msg>> {
    let says = app.texts.get("not_kept");
    (app.keeping == Keeping::Fails).then(|| line(IconName::Warning, "not-kept", says))
}

/// A page with nothing on it yet.
fn empty<'a>(title: &str, hint: &str, way_out: View<'a, Msg>) -> View<'a, Msg> {
    view((
        image("common/img/bicycle.svg")
            .fit(ImageFit::Contain)
            .class("empty-picture"),
        text(title).class("empty-title"),
        text(hint).class("empty-hint"),
        way_out,
    ))
    .class("empty")
}

/// Leads to the map.
fn to_find<'a>(texts: &Translations) -> View<'a, Msg> {
    navigator(&Page::Find, text(texts.get("ride.to_find")))
        .action(NavigatorAction::SwitchTab)
        .class("pill")
        .key("to-find")
}
