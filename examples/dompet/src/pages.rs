//! What each page shows; what several of them share stands here.

pub(crate) mod activity;
pub(crate) mod bill;
pub(crate) mod home;
pub(crate) mod request;
pub(crate) mod scan;
pub(crate) mod send;

use lapak_sdk::clock::{self, Timestamp};
use lapak_sdk::prelude::*;
use lapak_sdk::wallet::{self, Entry, EntryKind};

use crate::amount::change;
use crate::{Dompet, Msg};

/// What came of the last errand, or that one is under way.
fn notice(app: &Dompet) -> Option<View<'_, Msg>> {
    if app.errand.is_some() {
        let words = (
            icon(IconName::Lock).size(20),
            text(app.texts.get("busy")).class("notice-text"),
        );
        return Some(view(words).class("notice").key("busy"));
    }
    let notice = app.notice.as_ref()?;
    let symbol = if notice.is_good {
        IconName::Check
    } else {
        IconName::Info
    };
    let more = notice
        .more
        .as_ref()
        .map(|more| text(more).class("notice-more"));
    let close = button(icon(IconName::Close).size(18))
        .plain()
        .class("notice-close")
        .label(app.texts.get("close"))
        .on_tap(Msg::CloseNotice);
    let words = view((text(&notice.text), more)).class("notice-text");
    let line = view((icon(symbol).size(20), words, close)).class("notice");
    Some(line.class_if(notice.is_good, "good").key("notice"))
}

/// Why the bank says nothing, and a way to ask again.
fn bank_error(app: &Dompet) -> Option<View<'_, Msg>> {
    let key = match app.bank.error? {
        wallet::Error::AccessDenied => "denied",
        wallet::Error::TooManyRequests => "busy.many",
        wallet::Error::Unavailable | wallet::Error::Invalid | wallet::Error::UnknownRequest => {
            "unavailable"
        }
    };
    let again = button(app.texts.get("activity.again"))
        .class("pill")
        .on_tap(Msg::Ask);
    let words = text(app.texts.get(key)).class("notice-text");
    Some(
        view((icon(IconName::Warning).size(20), words, again))
            .class("notice")
            .key("bank-error"),
    )
}

/// One line of the account's history.
fn line<'a>(app: &'a Dompet, entry: &'a Entry) -> View<'a, Msg> {
    let texts = &app.texts;
    let comes_in = entry.amount.minor > 0;
    let kind = texts.get(kind(entry));
    let (symbol, look) = match entry.kind {
        EntryKind::Transferred if comes_in => (IconName::Down, "line-icon in"),
        EntryKind::Transferred => (IconName::Up, "line-icon"),
        EntryKind::Refunded | EntryKind::Released => (IconName::Refresh, "line-icon in"),
        EntryKind::Held => (IconName::Clock, "line-icon"),
        EntryKind::Paid | EntryKind::Captured | EntryKind::Other => (IconName::Basket, "line-icon"),
    };
    let when = [kind, " · ", &moment(entry.at_ms)].concat();
    let note = (!entry.note.is_empty()).then(|| text(&entry.note).class("line-note"));
    let words = (
        text(with(app, entry)).class("line-with"),
        text(when).class("line-when"),
        note,
    );
    let amount = text(change(&entry.amount)).class("line-amount");
    view((
        view(icon(symbol).size(20)).class(look),
        view(words).class("line-words"),
        amount.class_if(comes_in, "in"),
    ))
    .class("line")
    .key(&entry.number)
}

fn kind(entry: &Entry) -> &'static str {
    match entry.kind {
        EntryKind::Held => "line.held",
        EntryKind::Captured => "line.captured",
        EntryKind::Released => "line.released",
        EntryKind::Refunded => "line.refunded",
        EntryKind::Transferred if entry.amount.minor > 0 => "line.transferred_in",
        EntryKind::Transferred => "line.transferred_out",
        EntryKind::Paid | EntryKind::Other => "line.paid",
    }
}

/// The other side, as the person calls it: somebody on the list by their name there, a shop by its id made readable.
fn with(app: &Dompet, entry: &Entry) -> String {
    // Somebody's address, a biller, or a merchant and its order: `warung-sari 17`.
    let name = entry.other.split(' ').next().unwrap_or_default();
    if name == crate::errand::ELECTRICITY {
        return app.texts.get("bill.biller").to_owned();
    }
    if let Some(person) = app.people.find(name) {
        return person.name.clone();
    }
    readable(name)
}

/// `warung-sari` as `Warung sari`; of a long id its beginning.
fn readable(id: &str) -> String {
    const LONGEST: usize = 24;
    let mut letters = id.chars().map(|c| if c == '-' { ' ' } else { c });
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    let name: String = first.chain(letters).take(LONGEST).collect();
    if id.chars().count() > LONGEST {
        format!("{}…", name.chars().take(8).collect::<String>())
    } else {
        name
    }
}

/// As the person's own clock shows it; in UTC where the app has no clock.
fn moment(unix_ms: u64) -> String {
    let in_utc = || {
        let utc_offset_minutes = 0;
        let moment = Timestamp {
            unix_ms,
            utc_offset_minutes,
        };
        moment.local()
    };
    clock::local(unix_ms)
        .unwrap_or_else(|_| in_utc())
        .to_string()
}

/// A labelled field.
fn field<'a>(name: &str, control: View<'a, Msg>) -> View<'a, Msg> {
    label((text(name).class("field-name"), control)).class("field")
}

/// An amount to type, with some to tap.
fn amount_field<'a>(
    app: &'a Dompet,
    name: &str,
    value: &'a str,
    quick: [i64; 3],
    message: fn(String) -> Msg,
) -> View<'a, Msg> {
    let typed = input(value)
        // For its keys: people group the digits, which the app takes out again.
        .kind(InputKind::Telephone)
        .placeholder("0")
        .max_length(crate::amount::MOST_DIGITS)
        .class("amount-input")
        .key("amount")
        .on_input(message);
    let row = view((text("Rp").class("amount-unit"), typed)).class("amount-row");
    let chips = quick.map(|whole| {
        let says = crate::amount::written(&crate::amount::rupiah(whole));
        button(says)
            .class("chip")
            .key(whole)
            .on_tap(message(whole.to_string()))
    });
    view((
        label((text(app.texts.get(name)).class("field-name"), row)).class("field"),
        view(chips.into_iter().collect::<Vec<_>>()).class("chips"),
    ))
    .class("card form")
}
