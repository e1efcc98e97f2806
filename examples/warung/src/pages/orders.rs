//! Orders that were placed.

use lapak_sdk::prelude::*;

use super::{empty, not_kept, to_menu};
use crate::orders::{Order, OrderLine};
use crate::{Msg, Warung};

pub(crate) fn page(app: &Warung) -> View<'_, Msg> {
    if app.kept.orders.is_empty() {
        let texts = &app.texts;
        let (title, hint) = (texts.get("orders.empty"), texts.get("orders.empty_hint"));
        return view((
            not_kept(app),
            empty(IconName::Document, title, hint, to_menu(texts)),
        ))
        .class("screen");
    }
    // An order never changes, so its number is all that its card depends on.
    let cards = app
        .kept
        .orders
        .iter()
        .map(|order| lazy(order.number, order.number, |_| card(&app.texts, order)));
    let content = (not_kept(app), list(cards).class("rows"));
    view(scroll(content).class("content pad")).class("screen")
}

fn card<'a>(texts: &Translations, order: &Order) -> View<'a, Msg> {
    let number = texts.fill("orders.number", &[("number", &order.number)]);
    let head = (
        text(number).class("order-number"),
        text(&order.time).class("order-time"),
    );
    let (says, look) = match order.receipt {
        Some(_) => ("orders.paid", "tag green"),
        None => ("orders.pay", "tag"),
    };
    let pay = (
        text(texts.get(says)).class(look),
        text(order.total).class("price").key("total"),
    );
    let receipt = order
        .receipt
        .as_ref()
        .map(|id| text(texts.fill("orders.receipt", &[("id", id)])).class("order-receipt"));
    let again = button(texts.get("orders.again"))
        .class("pill")
        .on_tap(Msg::OrderAgain(order.number));
    view((
        view(head).class("order-head"),
        view(order.lines.iter().map(line)).class("order-lines"),
        view(pay).class("order-pay"),
        receipt.map(|receipt| receipt.key("receipt")),
        again,
    ))
    .class("order card")
}

fn line<'a>(line: &OrderLine) -> View<'a, Msg> {
    let note = (!line.note.is_empty()).then(|| text(&line.note).class("line-note"));
    let amount = text(format!("{} ×", line.amount)).class("order-amount");
    view((amount, view((text(&line.name), note)).class("row-words"))).class("order-line")
}
