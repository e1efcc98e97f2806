//! Money to somebody: who, how much, what for.

use lapak_sdk::prelude::*;

use super::{amount_field, field, notice};
use crate::amount::{typed, written};
use crate::kept::{LONGEST_NAME, Person};
use crate::{Dompet, Msg};

const LONGEST_NOTE: u32 = 80;

pub(crate) fn page(app: &Dompet) -> View<'_, Msg> {
    let amount = amount_field(
        app,
        "send.amount",
        &app.form.amount,
        [50_000, 100_000, 250_000],
        Msg::Amount,
    );
    let note = input(app.form.note.as_str())
        .placeholder(app.texts.get("send.note_hint"))
        .max_length(LONGEST_NOTE)
        .class("input")
        .key("note")
        .on_input(Msg::Note);
    let note = view(field(app.texts.get("send.note"), note)).class("card form");
    let content = (notice(app), people(app), amount, note);
    view((scroll(content).class("content pad"), foot(app))).class("screen")
}

fn people(app: &Dompet) -> View<'_, Msg> {
    let texts = &app.texts;
    let listed = app.people.iter().map(|one| person(app, one));
    // Somebody whom only a code named.
    let stranger = app
        .form
        .to
        .as_deref()
        .filter(|to| app.people.find(to).is_none())
        .map(|to| face(to, to, true));
    let adding = app.form.is_adding;
    let symbol = if adding {
        IconName::Close
    } else {
        IconName::Add
    };
    let more = button((
        view(icon(symbol).size(24)).class("face new"),
        text(texts.get("send.someone")).class("face-name"),
    ))
    .plain()
    .class("person")
    .key("someone")
    .on_tap(Msg::Adding(!adding));
    let row = scroll((stranger, listed.collect::<Vec<_>>(), more))
        .horizontal()
        .class("people");
    view((
        text(texts.get("send.to")).class("field-name"),
        row,
        adding.then(|| add_form(app)),
        chosen(app),
    ))
    .class("card form")
}

fn person<'a>(app: &'a Dompet, person: &'a Person) -> View<'a, Msg> {
    let chosen = app.form.to.as_deref() == Some(person.account.as_str());
    face(&person.name, &person.account, chosen)
}

fn face<'a>(name: &str, account: &str, chosen: bool) -> View<'a, Msg> {
    let initial: String = name
        .chars()
        .next()
        .into_iter()
        .flat_map(char::to_uppercase)
        .collect();
    button((
        view(text(initial)).class("face"),
        text(name).class("face-name"),
    ))
    .plain()
    .class("person")
    .class_if(chosen, "on")
    .key(account)
    .on_tap(Msg::Choose(account.to_owned()))
}

/// Who was chosen, in full: a name on the list is what the person wrote, the account is where the money goes.
fn chosen(app: &Dompet) -> Option<View<'_, Msg>> {
    let to = app.form.to.as_deref()?;
    let known = app.people.find(to);
    let remove = known.map(|person| {
        button(icon(IconName::Trash).size(18))
            .plain()
            .class("notice-close")
            .label(app.texts.fill("send.remove", &[("name", &person.name)]))
            .on_tap(Msg::Remove(to.to_owned()))
    });
    let words = view((
        text(app.people.name_of(to)).class("line-with"),
        text(to).class("line-when"),
    ));
    Some(
        view((words.class("line-words"), remove))
            .class("chosen")
            .key("chosen"),
    )
}

fn add_form(app: &Dompet) -> View<'_, Msg> {
    let texts = &app.texts;
    let name = input(app.form.name.as_str())
        .max_length(LONGEST_NAME)
        .class("input")
        .key("name")
        .on_input(Msg::Name);
    let account = input(app.form.account.as_str())
        .placeholder(texts.get("send.account_hint"))
        .max_length(64)
        .class("input")
        .key("account")
        .on_input(Msg::Account);
    let wrong = app.form.is_wrong.then(|| {
        text(texts.get("send.bad_account"))
            .class("wrong")
            .key("wrong")
    });
    let add = button(texts.get("send.add")).class("pill").key("add");
    view((
        field(texts.get("send.name"), name),
        field(texts.get("send.account"), account),
        wrong,
        add.on_tap(Msg::Add),
    ))
    .class("adding")
}

fn foot(app: &Dompet) -> View<'_, Msg> {
    let ready = app.sending().is_some();
    let says = match typed(&app.form.amount).filter(|_| ready) {
        Some(amount) => app.texts.fill("send.now", &[("amount", &written(&amount))]),
        None => app.texts.get("send.first").to_owned(),
    };
    let send = button(says)
        .primary()
        .class("main")
        .key("send")
        .disabled(!ready)
        .loading(app.errand.is_some())
        .on_tap(Msg::Send);
    view(send).class("foot")
}
