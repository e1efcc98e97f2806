//! The electricity bill: credit for a meter.

use lapak_sdk::prelude::*;

use super::{field, notice};
use crate::amount::{rupiah, written};
use crate::{Dompet, Msg};

/// The credits that a meter takes, in rupiah.
const CREDITS: [i64; 6] = [20_000, 50_000, 100_000, 200_000, 500_000, 1_000_000];
const CUSTOMER_DIGITS: u32 = 14;

pub(crate) fn page(app: &Dompet) -> View<'_, Msg> {
    let texts = &app.texts;
    let bolt = image("common/img/bolt.svg").class("biller-picture");
    let words = (
        text(texts.get("bill.biller")).class("biller-name"),
        text(texts.get("bill.hint")).class("hint"),
    );
    let biller = view((bolt, view(words).class("line-words"))).class("card biller");
    let customer = input(app.form.customer.as_str())
        // For its keys: people group the digits, which the app takes out again.
        .kind(InputKind::Telephone)
        .placeholder(texts.get("bill.customer_hint"))
        .max_length(CUSTOMER_DIGITS)
        .class("input")
        .key("customer")
        .on_input(Msg::Customer);
    let credits = CREDITS.map(|whole| {
        let chosen = app.form.credit == Some(whole);
        let look = button(written(&rupiah(whole))).class("credit").key(whole);
        look.class_if(chosen, "on").on_tap(Msg::Credit(whole))
    });
    let credits = view(credits.into_iter().collect::<Vec<_>>()).class("credits");
    let form = view((
        field(texts.get("bill.customer"), customer),
        text(texts.get("bill.credit")).class("field-name"),
        credits,
    ));
    let content = (notice(app), biller, form.class("card form"));
    view((scroll(content).class("content pad"), foot(app))).class("screen")
}

fn foot(app: &Dompet) -> View<'_, Msg> {
    let ready = app.billed().is_some();
    let amount = written(&rupiah(app.form.credit.unwrap_or(0)));
    let says = if ready {
        app.texts.fill("bill.pay", &[("amount", &amount)])
    } else {
        app.texts.get("bill.first").to_owned()
    };
    let pay = button(says)
        .primary()
        .class("main")
        .key("pay")
        .disabled(!ready)
        .loading(app.errand.is_some())
        .on_tap(Msg::Bill);
    view(pay).class("foot")
}
