//! The basket: its lines, what they come to, and how it is paid.

use lapak_sdk::prelude::*;

use super::{basket_stepper, empty, not_kept, to_menu};
use crate::basket::{Bill, Line};
use crate::checkout::{Checkout, NO_FUNDS};
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
        not_paid(app),
        rows,
        bill.map(|bill| bill_card(&app.texts, bill)),
    );
    view((scroll(content).class("content pad"), foot(app, bill))).class("screen")
}

/// Why it was not paid; what was put in is still there.
fn not_paid(app: &Warung) -> Option<View<'_, Msg>> {
    let notice = app.notice?;
    let why = text(app.texts.get(notice));
    let wallet = (notice == NO_FUNDS).then(|| {
        button(app.texts.get("pay.open_wallet"))
            .plain()
            .class("notice-link")
            .key("wallet")
            .on_tap(Msg::OpenWallet)
    });
    let words = view((why, wallet)).class("notice-text");
    let line = view((icon(IconName::Info).size(20), words));
    Some(line.class("notice").key("not-paid"))
}

fn foot(app: &Warung, bill: Option<Bill>) -> View<'_, Msg> {
    let texts = &app.texts;
    let Some(bill) = bill else {
        let too_much = text(texts.get("basket.too_much")).class("foot-hint");
        return view(too_much).class("foot");
    };
    let busy = app.checkout != Checkout::None;
    let pay = button(texts.fill("basket.pay", &[("total", &bill.total)]))
        .primary()
        .class("main")
        .key("pay")
        .loading(busy)
        .on_tap(Msg::CheckOut);
    let place = button(texts.get("basket.at_stall"))
        .plain()
        .class("at-stall")
        .key("place")
        .disabled(busy)
        .on_tap(Msg::PlaceOrder);
    view((pay, place)).class("foot")
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
