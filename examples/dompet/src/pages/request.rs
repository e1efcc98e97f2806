//! A code that asks somebody else for money.

use lapak_sdk::prelude::*;

use super::{amount_field, bank_error, field};
use crate::amount::written;
use crate::code::Request;
use crate::{Dompet, Msg};

const LONGEST_NOTE: u32 = 80;

pub(crate) fn page(app: &Dompet) -> View<'_, Msg> {
    let texts = &app.texts;
    let amount = amount_field(
        app,
        "request.amount",
        &app.form.ask_amount,
        [20_000, 50_000, 100_000],
        Msg::AskAmount,
    );
    let note = input(app.form.ask_note.as_str())
        .placeholder(texts.get("request.note_hint"))
        .max_length(LONGEST_NOTE)
        .class("input")
        .key("note")
        .on_input(Msg::AskNote);
    let note = view(field(texts.get("request.note"), note)).class("card form");
    let own = app.bank.account.as_ref().map(|account| {
        view((
            text(texts.get("request.own")).class("hint"),
            text(&account.address).class("own").key("own"),
        ))
        .class("card form")
    });
    let content = (bank_error(app), code(app), amount, note, own);
    view(scroll(content).class("content pad")).class("screen")
}

fn code(app: &Dompet) -> View<'_, Msg> {
    let texts = &app.texts;
    let Some(asked) = app.asked() else {
        return view((
            icon(IconName::Money).size(44),
            text(texts.get("request.first")).class("hint"),
        ))
        .class("card code-card")
        .key("code-card");
    };
    let Request { to, amount, .. } = &asked;
    let hint = texts.fill(
        "request.code_hint",
        &[("amount", &written(amount)), ("account", to)],
    );
    view((
        text(texts.get("request.code")).class("code-title"),
        text(asked.code()).class("code").key("code"),
        text(hint).class("hint"),
    ))
    .class("card code-card")
    .key("code-card")
}
