//! One dish: a large picture, how many, and a note for the kitchen.

use lapak_sdk::prelude::*;

use super::{chillies, leaf, spice_key, stepper};
use crate::basket::{LONGEST_NOTE, Line};
use crate::menu::Dish;
use crate::{Msg, Warung};

pub(crate) fn page(app: &Warung, dish: Dish) -> View<'_, Msg> {
    let draft = app.draft_of(dish);
    let picture = image(dish.picture()).alt(dish.name).class("dish-picture");
    let content = (
        picture,
        view((about(app, dish), note(app, &draft))).class("dish-words"),
    );
    view((scroll(content).class("content"), foot(app, draft))).class("screen")
}

fn about(app: &Warung, dish: Dish) -> View<'_, Msg> {
    let hints = (dish.spice > 0).then(|| view(chillies(&app.texts, dish)).class("hints"));
    let spice = (hints, text(app.texts.get(spice_key(dish))));
    let vegetarian = leaf(&app.texts, dish).map(|leaf| {
        // The words beside it say the same.
        view((leaf.alt(""), text(app.texts.get("vegetarian")))).class("tag green")
    });
    let tags = (
        text(app.texts.get(dish.category.key())).class("tag"),
        view(spice).class("tag"),
        vegetarian,
    );
    let price = app.texts.fill("dish.each", &[("price", &dish.price)]);
    view((
        text(dish.name).class("dish-name"),
        text(price).class("price"),
        text(app.texts.get(&dish.about_key())).class("dish-about"),
        view(tags).class("tags"),
    ))
    .class("dish-about-box")
}

fn note<'a>(app: &'a Warung, draft: &Line) -> View<'a, Msg> {
    let begun = draft.clone();
    let field = textarea(draft.note.as_str())
        .rows(2)
        .max_length(LONGEST_NOTE)
        .placeholder(app.texts.get("dish.note_hint"))
        .class("note")
        .key("note")
        .on_input(move |note| {
            Msg::Draft(Line {
                note,
                ..begun.clone()
            })
        });
    label((text(app.texts.get("dish.note")).class("field-name"), field)).class("field")
}

fn foot(app: &Warung, draft: Line) -> View<'_, Msg> {
    let dish = draft.dish;
    let of = |amount: u32| {
        Msg::Draft(Line {
            amount,
            ..draft.clone()
        })
    };
    let fewer = (draft.amount > 1).then(|| of(draft.amount - 1));
    let more = of(draft.amount.saturating_add(1));
    let key = if app.kept.basket.amount(dish) == 0 {
        "dish.put"
    } else {
        "dish.update"
    };
    let total = draft
        .price()
        .map(|price| price.to_string())
        .unwrap_or_default();
    let put = button(app.texts.fill(key, &[("total", &total)]))
        .primary()
        .class("main")
        .key("put");
    view((
        stepper(&app.texts, dish, draft.amount, fewer, more),
        put.on_tap(Msg::PutDraft(dish)),
    ))
    .class("foot dish-foot")
}
