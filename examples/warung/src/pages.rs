//! What each page shows. A page is a function of the app's state; what several pages share stands here.

pub(crate) mod basket;
pub(crate) mod dish;
pub(crate) mod menu;
pub(crate) mod orders;

use std::fmt::Display;

use lapak_sdk::prelude::*;

use crate::basket::MOST_OF_ONE_DISH;
use crate::kept::Keeping;
use crate::menu::Dish;
use crate::{Msg, Page, Warung};

/// The key of every stepper's +.
const MORE: &str = "more";

/// `3` between − and +. `fewer` and `more` are what the buttons do; there is always a way to 0 or 1.
fn stepper<'a>(
    texts: &Translations,
    dish: Dish,
    amount: u32,
    fewer: Option<Msg>,
    more: Msg,
) -> View<'a, Msg> {
    let name: &[(&str, &dyn Display)] = &[("dish", &dish.name)];
    let minus = button(icon(IconName::Minus).size(18))
        .plain()
        .class("step")
        .key("fewer")
        .label(texts.fill("fewer", name));
    let minus = match fewer {
        Some(fewer) => minus.on_tap(fewer),
        None => minus.disabled(true),
    };
    let plus = button(icon(IconName::Add).size(18))
        .plain()
        .class("step")
        .key(MORE)
        .label(texts.fill("more", name));
    let plus = plus.on_tap(more).disabled(amount >= MOST_OF_ONE_DISH);
    view((minus, text(amount).class("amount").key("amount"), plus)).class("stepper")
}

/// The stepper of a dish that is not in the basket yet: + alone. Its key makes it the + of the whole stepper once
/// it was tapped, so that the keyboard's focus stays on it.
fn add_button<'a>(texts: &Translations, dish: Dish) -> View<'a, Msg> {
    let plus = button(icon(IconName::Add).size(20))
        .plain()
        .class("add")
        .key(MORE);
    let says = texts.fill("add", &[("dish", &dish.name)]);
    view(plus.label(says).on_tap(Msg::AddOne(dish)))
}

/// The stepper of a dish that is in the basket.
fn basket_stepper<'a>(texts: &Translations, dish: Dish, amount: u32) -> View<'a, Msg> {
    stepper(
        texts,
        dish,
        amount,
        Some(Msg::TakeOne(dish)),
        Msg::AddOne(dish),
    )
}

/// How spicy a dish is, in little pictures.
fn chillies<'a>(texts: &Translations, dish: Dish) -> Vec<View<'a, Msg>> {
    let says = texts.get(spice_key(dish));
    let chilli = |nth| {
        // The first one says it; the others are decoration.
        let alt = if nth == 0 { says } else { "" };
        image("common/img/chilli.svg").alt(alt).class("hint")
    };
    (0..dish.spice).map(chilli).collect()
}

/// Where a dish is vegetarian.
fn leaf<'a>(texts: &Translations, dish: Dish) -> Option<View<'a, Msg>> {
    let leaf = || {
        image("common/img/leaf.svg")
            .alt(texts.get("vegetarian"))
            .class("hint")
    };
    dish.vegetarian.then(leaf)
}

fn spice_key(dish: Dish) -> &'static str {
    match dish.spice {
        0 => "spice.0",
        1 => "spice.1",
        2 => "spice.2",
        _ => "spice.3",
    }
}

/// A page with nothing on it yet.
fn empty<'a>(symbol: IconName, title: &str, hint: &str, way_out: View<'a, Msg>) -> View<'a, Msg> {
    let symbol = view(icon(symbol).size(48)).class("empty-icon");
    view((
        symbol,
        text(title).class("empty-title"),
        text(hint).class("empty-hint"),
        way_out,
    ))
    .class("empty")
}

/// `3 items`.
fn items(app: &Warung) -> String {
    match app.kept.basket.portions() {
        1 => app.texts.get("items.one").to_owned(),
        count => app.texts.fill("items.other", &[("count", &count)]),
    }
}

/// Leads to the menu.
fn to_menu<'a>(texts: &Translations) -> View<'a, Msg> {
    let link = navigator(&Page::Menu, text(texts.get("basket.to_menu")));
    link.action(NavigatorAction::SwitchTab)
        .class("pill")
        .key("to-menu")
}

/// Says that nothing is kept, where that is so.
fn not_kept(app: &Warung) -> Option<View<'_, Msg>> {
    (app.keeping == Keeping::Fails).then(|| {
        view((
            icon(IconName::Warning).size(20),
            text(app.texts.get("not_kept")),
        ))
        .class("notice")
        .key("not-kept")
    })
}
