//! A code to pay with, typed or pasted as long as no camera is lent.

use lapak_sdk::prelude::*;

use super::{field, notice};
use crate::{Dompet, Msg};

pub(crate) fn page(app: &Dompet) -> View<'_, Msg> {
    let texts = &app.texts;
    let frame = view((
        icon(IconName::Scan).size(72),
        text(texts.get("scan.hint")).class("hint"),
    ));
    let code = textarea(app.form.code.as_str())
        .rows(4)
        .placeholder(texts.get("scan.field_hint"))
        .class("input code-input")
        .key("code")
        .on_input(Msg::TypeCode);
    let wrong = app.form.code_is_wrong.then(|| {
        text(texts.get("scan.unreadable"))
            .class("wrong")
            .key("wrong")
    });
    let form = view((field(texts.get("scan.field"), code), wrong)).class("card form");
    let on = button(texts.get("scan.go"))
        .primary()
        .class("main")
        .key("go")
        .disabled(app.form.code.trim().is_empty())
        .loading(app.errand.is_some())
        .on_tap(Msg::ReadCode);
    view((
        scroll((notice(app), frame.class("card scan"), form)).class("content pad"),
        view(on).class("foot"),
    ))
    .class("screen")
}
