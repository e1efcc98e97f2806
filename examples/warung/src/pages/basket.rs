//! The basket: its lines, what they come to, and the order.

use lapak_sdk::prelude::*;

use super::{basket_stepper, empty, not_kept, to_menu};
use crate::basket::{Bill, Line};
use crate::{Msg, Page, Warung};

pub(crate) fn page(app: &Warung) -> View<'_, Msg> {
    if app.kept.basket.is_empty() {
        let texts = &app.texts;
        let (title, hint) = (texts.get("basket.empty"), texts.get("basket.empty_hint"));
        return view((
            not_kept(app),
            empty(IconName::Basket, title, hint, to_menu(texts)),
        ))
        .class("screen");
    }
    let lines = app.kept.basket.lines().iter();
    let rows =
        list(lines.map(|line| lazy(line.dish, line, |line| row(&app.texts, line)))).class("rows");
    let bill = app.kept.basket.bill();
    let content = (
        not_kept(app),
        rows,
        bill.map(|bill| bill_card(&app.texts, bill)),
    );
    let place = button(app.texts.get("basket.place"))
        .primary()
        .class("main")
        .key("place");
    let pay = text(app.texts.get(if bill.is_some() {
        "basket.pay_at_stall"
    } else {
        "basket.too_much"
    }));
    let foot = (
        place.disabled(bill.is_none()).on_tap(Msg::PlaceOrder),
        pay.class("foot-hint"),
    );
    view((
        scroll(content).class("content pad"),
        view(foot).class("foot"),
    ))
    .class("screen")
}

fn row<'a>(texts: &Translations, line: &Line) -> View<'a, Msg> {
    let dish = line.dish;
    let note = (!line.note.is_empty()).then(|| text(&line.note).class("line-note").key("note"));
    let price = line
        .price()
        .map(|price| text(price).class("price").key("price"));
    let words = view((text(dish.name).class("row-name"), note, price)).class("row-words");
    let picture = image(dish.picture()).class("line-picture");
    let open = navigator(&Page::Dish { id: dish }, (picture, words))
        .class("row-open")
        .label(dish.name);
    view((open, basket_stepper(texts, dish, line.amount))).class("line card")
}

fn bill_card<'a>(texts: &Translations, bill: Bill) -> View<'a, Msg> {
    let line = |key: &str, amount| view((text(texts.get(key)), text(amount))).class("bill-line");
    view((
        line("basket.subtotal", bill.subtotal).key("subtotal-line"),
        line("basket.packaging", bill.packaging).key("packaging-line"),
        view((
            text(texts.get("basket.total")),
            text(bill.total).key("total"),
        ))
        .class("bill-line total"),
    ))
    .class("bill card")
}
