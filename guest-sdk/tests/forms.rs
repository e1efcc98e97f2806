//! Forms: what is filled in arrives by name and type, whether the app follows the fields or not.

use lapak_sdk::prelude::*;
use lapak_sdk::testing::TestApp;

#[derive(Default)]
struct Booking {
    sent: Vec<String>,
    resets: u32,
    nights: f64,
}

#[derive(Clone)]
enum Msg {
    Sent(Fields),
    Reset,
    Nights(f64),
    Entered(String),
}

impl App for Booking {
    type Msg = Msg;
    type Page = SinglePage;

    fn launch(_: &Launch, _: &mut Context<Self>) -> Self {
        Self {
            nights: 2.0,
            ..Self::default()
        }
    }

    fn update(&mut self, msg: Msg, _: &mut Context<Self>) {
        match msg {
            Msg::Sent(fields) => self.sent.push(format!(
                "{}|{}|{}|{}|{:?}|{:?}|{}",
                fields.text("name"),
                fields.text("note"),
                fields.is_on("breakfast"),
                fields.text("bed"),
                fields.number("nights"),
                fields.index("room"),
                fields.text("day"),
            )),
            Msg::Reset => self.resets += 1,
            Msg::Nights(nights) => self.nights = nights,
            Msg::Entered(text) => self.sent.push(format!("search {text}")),
        }
    }

    fn view(&self, _: &SinglePage) -> View<'_, Msg> {
        let fields = (
            label((text("Your name"), input("").name("name"))),
            textarea("").name("note").placeholder("Wishes"),
            checkbox(false).name("breakfast").label("Breakfast"),
            radio("bed", "single", true),
            radio("bed", "double", false),
            slider(1.0..=14.0, self.nights)
                .name("nights")
                .on_slid(Msg::Nights),
            picker(["garden", "sea"], None).name("room").label("Room"),
            date_picker(Some("2026-01-05".into())).name("day"),
        );
        let buttons = (button("Book").submits(), button("Clear").resets());
        let booking = form((fields, buttons))
            .on_submit(Msg::Sent)
            .on_reset(Msg::Reset);
        let search = input("").label("Search").on_enter(Msg::Entered);
        view((
            booking,
            search,
            text(format!("resets: {}", self.resets)),
            text(self.nights).key("chosen"),
        ))
    }
}

/// Submits, and gives what arrived.
fn submitted(app: &mut TestApp<Booking>) -> String {
    app.tap("Book");
    app.app().sent.last().cloned().unwrap_or_default()
}

#[test]
fn what_nobody_touched_is_what_the_view_says() {
    let mut app = TestApp::<Booking>::single();
    assert_eq!(
        submitted(&mut app),
        "||false|single|Some(2.0)|None|2026-01-05"
    );
}

#[test]
fn every_kind_of_field_arrives() {
    let mut app = TestApp::<Booking>::single();
    app.type_into("Your name", "Sari");
    app.type_into("Wishes", "a quiet room");
    app.turn("Breakfast", true);
    app.choose("bed", "double");
    app.slide("nights", 3.0);
    app.pick("Room", 1);
    app.type_into("day", "2026-02-01");
    assert_eq!(
        submitted(&mut app),
        "Sari|a quiet room|true|double|Some(3.0)|Some(1)|2026-02-01"
    );
    assert_eq!(
        app.text_of("chosen"),
        "3",
        "a field may have a handler besides"
    );
}

#[test]
fn reset_takes_back_what_was_filled_in() {
    let mut app = TestApp::<Booking>::single();
    app.type_into("name", "Sari");
    app.tap("Clear");
    assert!(app.shows("resets: 1"));
    assert_eq!(
        submitted(&mut app),
        "||false|single|Some(2.0)|None|2026-01-05"
    );
}

#[test]
fn enter_submits_the_form_around_the_input() {
    let mut app = TestApp::<Booking>::single();
    app.type_into("name", "Sari");
    app.enter("name");
    assert!(app.app().sent.last().unwrap().starts_with("Sari|"));
}

#[test]
fn enter_in_an_input_of_its_own_is_the_inputs() {
    let mut app = TestApp::<Booking>::single();
    app.enter("Search");
    assert_eq!(app.app().sent, ["search "]);
}

#[test]
fn a_field_of_another_type_reads_as_nothing() {
    struct Odd(Vec<bool>);
    impl App for Odd {
        type Msg = Fields;
        type Page = SinglePage;

        fn launch(_: &Launch, _: &mut Context<Self>) -> Self {
            Self(Vec::new())
        }

        fn update(&mut self, fields: Fields, _: &mut Context<Self>) {
            let text = fields.text("text").parse::<f64>().is_ok();
            self.0 = vec![
                fields.is_on("text"),
                fields.number("text").is_some(),
                fields.index("none").is_some(),
                text,
            ];
        }

        fn view(&self, _: &SinglePage) -> View<'_, Fields> {
            form((input("1").name("text"), button("Go").submits())).on_submit(|fields| fields)
        }
    }
    let mut app = TestApp::<Odd>::single();
    app.tap("Go");
    assert_eq!(app.app().0, [false, false, false, true]);
}
