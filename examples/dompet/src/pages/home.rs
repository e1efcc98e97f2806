//! The balance, what can be done, and what happened last.

use lapak_sdk::prelude::*;

use super::{bank_error, line, notice};
use crate::amount::written;
use crate::{Dompet, Msg, Page};

/// Lines of history on this page.
const RECENT: usize = 4;

pub(crate) fn page(app: &Dompet) -> View<'_, Msg> {
    let not_kept = (app.keeps == Some(false)).then(|| {
        let words = text(app.texts.get("not_kept")).class("notice-text");
        view((icon(IconName::Warning).size(20), words))
            .class("notice")
            .key("not-kept")
    });
    let content = (
        balance(app),
        notice(app),
        bank_error(app),
        not_kept,
        recent(app),
    );
    view(scroll(content).class("content")).class("screen")
}

fn balance(app: &Dompet) -> View<'_, Msg> {
    let texts = &app.texts;
    let known = app.bank.account.as_ref();
    let amount = match known {
        Some(_) if app.hidden => "Rp ••••••".to_owned(),
        Some(account) => written(&account.available),
        None if app.bank.asking => texts.get("home.asking").to_owned(),
        None => "–".to_owned(),
    };
    let held = known
        .filter(|account| account.held_minor > 0 && !app.hidden)
        .map(|account| {
            let held = written(&lapak_sdk::payments::Money::new(
                account.held_minor,
                &account.available.currency,
            ));
            text(texts.fill("home.held", &[("amount", &held)])).class("balance-held")
        });
    let (symbol, says) = if app.hidden {
        (IconName::Lock, "home.show")
    } else {
        (IconName::Eye, "home.hide")
    };
    let eye = button(icon(symbol).size(20))
        .plain()
        .class("balance-eye")
        .key("eye")
        .label(texts.get(says))
        .on_tap(Msg::Hide(!app.hidden));
    let head = view((text(texts.get("home.hello")).class("balance-name"), eye));
    view((
        view((
            head.class("balance-head"),
            text(amount)
                .class("balance-amount")
                .class_if(known.is_none(), "waits")
                .key("balance"),
            held,
        ))
        .class("balance-card"),
        actions(texts),
    ))
    .class("top")
}

fn actions<'a>(texts: &Translations) -> View<'a, Msg> {
    let action = |page: Page, symbol: View<'a, Msg>, key: &str| {
        let words = text(texts.get(key)).class("action-name");
        let round = view(symbol).class("action-icon");
        let link = navigator(&page, (round, words)).class("action").key(key);
        if page == Page::Request {
            link.action(NavigatorAction::SwitchTab)
        } else {
            link
        }
    };
    let bolt = image("common/img/bolt.svg").class("action-picture");
    view((
        action(Page::Send, icon(IconName::Send).size(24), "action.send"),
        action(Page::Bill, bolt, "action.bill"),
        action(Page::Scan, icon(IconName::Scan).size(24), "action.scan"),
        action(
            Page::Request,
            icon(IconName::Down).size(24),
            "action.request",
        ),
    ))
    .class("actions")
}

fn recent(app: &Dompet) -> Option<View<'_, Msg>> {
    let texts = &app.texts;
    app.bank.account.as_ref()?;
    let head = text(texts.get("home.recent")).class("section-title");
    if app.bank.history.is_empty() {
        let hint = (
            text(texts.get("home.nothing")).class("empty-title"),
            text(texts.get("home.nothing_hint")).class("empty-hint"),
        );
        return Some(view((head, view(hint).class("card empty"))).class("section"));
    }
    let all = navigator(&Page::Activity, text(texts.get("home.all")))
        .action(NavigatorAction::SwitchTab)
        .class("link")
        .key("all");
    let lines = app.bank.history.iter().take(RECENT);
    let lines = list(lines.map(|entry| line(app, entry))).class("card lines");
    Some(view((view((head, all)).class("section-head"), lines.key("recent"))).class("section"))
}
