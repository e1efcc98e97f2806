//! The menu: search, categories, dishes.

use lapak_sdk::prelude::*;

use super::{add_button, basket_stepper, chillies, leaf};
use crate::menu::{Category, Dish};
use crate::{Msg, Page, Warung};

pub(crate) fn page(app: &Warung) -> View<'_, Msg> {
    let content = scroll((banner(app), dishes(app))).class("content menu");
    view((header(app), content, basket_bar(app))).class("screen")
}

fn header(app: &Warung) -> View<'_, Msg> {
    let chip = |label: &str, category: Option<Category>| {
        let chosen = app.category == category;
        button(label)
            .plain()
            .class("chip")
            .class_if(chosen, "on")
            .key(label)
            .on_tap(Msg::Show(category))
    };
    let all = chip(app.texts.get("category.all"), None);
    let each = Category::ALL.map(|category| chip(app.texts.get(category.key()), Some(category)));
    view((search(app), scroll((all, each)).horizontal().class("chips"))).class("header")
}

fn search(app: &Warung) -> View<'_, Msg> {
    let field = input(app.query.as_str())
        .kind(InputKind::Search)
        .placeholder(app.texts.get("search.placeholder"))
        .max_length(60)
        .class("search-field")
        .key("search")
        .on_input(Msg::Search);
    let clear = (!app.query.is_empty()).then(|| {
        let cross = button(icon(IconName::Close).size(16))
            .plain()
            .class("search-clear");
        cross
            .label(app.texts.get("search.clear"))
            .on_tap(Msg::Search(String::new()))
    });
    view((icon(IconName::Search).size(20), field, clear)).class("search")
}

/// Only where somebody looks around; who searches knows what they want.
fn banner(app: &Warung) -> Option<View<'_, Msg>> {
    let looks_around = app.query.is_empty() && app.category.is_none();
    looks_around.then(|| {
        let words = (
            text(app.texts.get("banner.title")).class("banner-title"),
            text(app.texts.get("banner.hours")).class("banner-hours"),
        );
        let stall = image("common/img/stall.svg")
            .alt(app.texts.get("banner.alt"))
            .class("banner-picture");
        view((stall, view(words).class("banner-words")))
            .class("banner")
            .key("banner")
    })
}

fn dishes(app: &Warung) -> View<'_, Msg> {
    let shown = Category::ALL
        .into_iter()
        .filter(|one| app.category.is_none_or(|chosen| chosen == *one));
    let found = shown.map(|category| (category, app.index.find(&app.query, category)));
    let found: Vec<_> = found.filter(|(_, dishes)| !dishes.is_empty()).collect();
    if found.is_empty() {
        return nothing_found(app);
    }
    list(found.into_iter().map(|(category, dishes)| {
        let title = text(app.texts.get(category.key())).class("section-title");
        let rows = dishes.into_iter().map(|dish| {
            let amount = app.kept.basket.amount(dish);
            lazy(dish, (dish, amount), |(dish, amount)| {
                row(&app.texts, dish, amount)
            })
        });
        view((title, list(rows).class("rows")))
            .class("section")
            .key(category.key())
    }))
    .key("dishes")
}

fn row<'a>(texts: &Translations, dish: Dish, amount: u32) -> View<'a, Msg> {
    let hints = view((chillies(texts, dish), leaf(texts, dish))).class("hints");
    let words = (
        view((text(dish.name).class("row-name"), hints)).class("row-title"),
        text(texts.get(&dish.about_key())).class("row-about"),
        text(dish.price).class("row-price price"),
    );
    let picture = image(dish.picture()).class("row-picture");
    let open = navigator(
        &Page::Dish { id: dish },
        (picture, view(words).class("row-words")),
    );
    let control = if amount == 0 {
        add_button(texts, dish)
    } else {
        basket_stepper(texts, dish, amount)
    };
    view((
        open.class("row-open").label(dish.name),
        view(control).class("row-control"),
    ))
    .class("row card")
}

fn nothing_found(app: &Warung) -> View<'_, Msg> {
    let title = app
        .texts
        .fill("search.nothing", &[("query", &app.query.trim())]);
    let whole = button(app.texts.get("search.whole_menu"))
        .class("pill")
        .on_tap(Msg::ShowWholeMenu);
    super::empty(
        IconName::Search,
        &title,
        app.texts.get("search.hint"),
        whole,
    )
    .key("nothing-found")
}

/// What is in the basket so far; leads there.
fn basket_bar(app: &Warung) -> Option<View<'_, Msg>> {
    let bill = app
        .kept
        .basket
        .bill()
        .filter(|_| !app.kept.basket.is_empty())?;
    let words = (
        view((icon(IconName::Basket).size(20), text(super::items(app)))).class("bar-items"),
        text(app.texts.get("basket.view")).class("bar-view"),
        text(bill.subtotal).class("price"),
    );
    let link = navigator(&Page::Basket, words)
        .action(NavigatorAction::SwitchTab)
        .class("bar");
    Some(view(link).class("foot").key("basket-bar"))
}
