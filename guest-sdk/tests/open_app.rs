//! Opening another app, in the test kit.

use lapak_sdk::open_app::Error;
use lapak_sdk::prelude::*;
use lapak_sdk::testing::TestApp;

const BANK: &str = "platform://miniapp/com.example.bank/pages/pay?order=1";

#[derive(Default)]
struct Shop(String);

#[derive(Clone)]
enum Msg {
    Open(&'static str),
    Opened(Result<(), Error>),
}

impl App for Shop {
    type Msg = Msg;
    type Page = SinglePage;

    fn launch(_: &Launch, _: &mut Context<Self>) -> Self {
        Self::default()
    }

    fn update(&mut self, msg: Msg, cx: &mut Context<Self>) {
        match msg {
            Msg::Open(uri) => cx.spawn(open_app::open(uri), Msg::Opened),
            Msg::Opened(Ok(())) => self.0 = "opened".into(),
            Msg::Opened(Err(error)) => self.0 = error.name().into(),
        }
    }

    fn view(&self, _: &SinglePage) -> View<'_, Msg> {
        view((
            button("Bank").on_tap(Msg::Open(BANK)),
            button("Web").on_tap(Msg::Open("https://bank.example/")),
            text(&self.0).key("said"),
        ))
    }
}

#[test]
fn the_person_answers() {
    let mut app = TestApp::<Shop>::single();
    for (opened, said) in [(true, "opened"), (false, "not-opened")] {
        app.tap("Bank");
        assert_eq!(app.asked_to_open().as_deref(), Some(BANK));
        app.tap("Bank");
        assert_eq!(app.text_of("said"), "too-many-requests");
        app.answer_open_app(opened);
        assert_eq!(app.text_of("said"), said);
        assert_eq!(app.asked_to_open(), None);
    }
}

#[test]
fn what_names_no_app_is_invalid() {
    let mut app = TestApp::<Shop>::single();
    app.tap("Web");
    assert_eq!(app.text_of("said"), "invalid");
}
