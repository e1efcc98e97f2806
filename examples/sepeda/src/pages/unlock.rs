//! One bicycle: whether the person stands beside it, and its lock.

use lapak_sdk::prelude::*;

use super::{distance, line, not_kept, notice, walk};
use crate::fare::{MINUTE, UNLOCK};
use crate::fleet::Bicycle;
use crate::kept::Keeping;
use crate::lock::{Stage, Trouble};
use crate::{Msg, Page, Sepeda};

pub(crate) fn page(app: &Sepeda, bicycle: Bicycle) -> View<'_, Msg> {
    let beside = app.beside == Some(bicycle);
    let trouble = app.lock.trouble_of(bicycle).filter(|_| beside);
    let content = (
        view(
            image("common/img/bicycle.svg")
                .fit(ImageFit::Contain)
                .class("hero-picture"),
        )
        .class("hero"),
        view((
            not_kept(app),
            notice(app),
            about(app, bicycle),
            trouble.map(|trouble| line(IconName::Warning, "trouble", app.texts.get(trouble.key()))),
            trouble.map(|_| keys(app, bicycle)),
        ))
        .class("below"),
    );
    let foot = if app.kept.ride.is_some() {
        riding_already(app)
    } else if beside {
        lock(app, bicycle, trouble)
    } else {
        find_out(app)
    };
    view((scroll(content).class("content"), foot)).class("screen")
}

fn about(app: &Sepeda, bicycle: Bicycle) -> View<'_, Msg> {
    let texts = &app.texts;
    let here = app.whereabouts.here.place();
    let metres = here.map(|here| here.metres_to(bicycle.place));
    let far = metres.map(|metres| {
        let far = distance(texts, metres);
        match walk(texts, metres) {
            Some(walk) => format!("{far} · {walk}"),
            None => far,
        }
    });
    let fact = |symbol, says: String| {
        view((view(icon(symbol).size(18)).class("fact-icon"), text(says))).class("fact")
    };
    let price = texts.fill("unlock.price", &[("unlock", &UNLOCK), ("minute", &MINUTE)]);
    view((
        text(bicycle.number).class("hero-number"),
        fact(IconName::Location, bicycle.street.to_owned()),
        far.map(|far| fact(IconName::Map, far)),
        fact(IconName::Tag, price),
    ))
    .class("card facts")
}

/// The person is not known to stand beside it yet.
fn find_out(app: &Sepeda) -> View<'_, Msg> {
    let texts = &app.texts;
    let scan = button((
        icon(IconName::Scan).size(20),
        text(texts.get("unlock.scan")),
    ))
    .class("main")
    .key("scan")
    .loading(app.scanning)
    .on_tap(Msg::Scan);
    let instead = button(texts.get("unlock.type"))
        .plain()
        .class("second-way")
        .key("type")
        .on_tap(Msg::TypeInstead);
    let hint = text(texts.get("unlock.how")).class("foot-hint");
    if app.typing {
        return view((number_form(app), scan.class("second"))).class("foot");
    }
    view((hint, scan, instead)).class("foot")
}

/// The number on the frame, typed.
pub(super) fn number_form(app: &Sepeda) -> View<'_, Msg> {
    let texts = &app.texts;
    let field = input(app.typed.as_str())
        .placeholder(texts.get("unlock.number_hint"))
        .max_length(32)
        .class("input")
        .key("number")
        .on_input(Msg::Typed)
        .on_enter(|_| Msg::Enter);
    let enter = button(texts.get("unlock.enter"))
        .class("pill")
        .key("enter")
        .disabled(app.typed.trim().is_empty())
        .on_tap(Msg::Enter);
    let field = label((text(texts.get("unlock.number")).class("field-name"), field)).class("field");
    view((field, enter)).class("number").key("number-form")
}

/// The person stands beside it.
fn lock(app: &Sepeda, bicycle: Bicycle, trouble: Option<Trouble>) -> View<'_, Msg> {
    let texts = &app.texts;
    let stage = app.lock.stage_of(bicycle);
    let says = match (stage, trouble) {
        (Stage::Reaching, _) => "unlock.reaching",
        (Stage::Turning, _) => "unlock.turning",
        (Stage::Idle, Some(_)) => "unlock.again",
        (Stage::Idle, None) => "unlock.open",
    };
    let open = button((icon(IconName::Lock).size(20), text(texts.get(says))))
        .class("main")
        .class_if(trouble.is_some(), "second")
        .key("open")
        .loading(stage != Stage::Idle)
        .disabled(app.keeping == Keeping::NotReadYet)
        .on_tap(Msg::Unlock(bicycle));
    let ready = text(texts.get("unlock.ready")).class("foot-hint");
    view((ready, open)).class("foot")
}

/// What opens the lock without Bluetooth.
fn keys(app: &Sepeda, bicycle: Bicycle) -> View<'_, Msg> {
    let texts = &app.texts;
    let digits: Vec<_> = bicycle
        .keys
        .chars()
        .map(|digit| text(digit).class("key"))
        .collect();
    let opened = button(texts.get("unlock.opened"))
        .class("pill")
        .key("opened")
        .on_tap(Msg::OpenedByHand(bicycle));
    view((
        text(texts.get("unlock.keys")).class("keys-title"),
        text(texts.get("unlock.keys_how")).class("quiet"),
        view(digits).class("keys").key("keys"),
        opened,
    ))
    .class("card keys-card")
}

fn riding_already(app: &Sepeda) -> View<'_, Msg> {
    let hint = text(app.texts.get("unlock.riding")).class("foot-hint");
    let link = navigator(&Page::Ride, text(app.texts.get("unlock.to_ride")));
    view((hint, link.class("main").key("to-ride"))).class("foot")
}
