//! The account's history.

use lapak_sdk::prelude::*;

use super::{bank_error, line};
use crate::{Dompet, Msg};

pub(crate) fn page(app: &Dompet) -> View<'_, Msg> {
    let texts = &app.texts;
    if app.bank.history.is_empty() {
        let symbol = view(icon(IconName::List).size(44)).class("empty-icon");
        let words = (
            symbol,
            text(texts.get("home.nothing")).class("empty-title"),
            text(texts.get("home.nothing_hint")).class("empty-hint"),
        );
        return view((bank_error(app), view(words).class("empty whole"))).class("screen pad");
    }
    let lines = app.bank.history.iter().map(|entry| line(app, entry));
    let content = (
        bank_error(app),
        list(lines).class("card lines").key("history"),
        app.bank.has_more.then(|| progress(None)),
    );
    view(scroll(content).class("content pad").on_reach_end(Msg::More)).class("screen")
}
