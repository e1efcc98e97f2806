//! Work beside the app: futures over several requests, in order, across taps, and after refusals.

use lapak_sdk::prelude::*;
use lapak_sdk::storage::Error;
use lapak_sdk::testing::{Capability, TestApp};

#[derive(Default)]
struct Notes {
    heard: Vec<String>,
    denied: bool,
}

#[derive(Clone)]
enum Msg {
    Moved(Result<usize, Error>),
    Said(String),
    Start,
    Both,
    Say(&'static str),
}

/// Moves what is under `old` to `new` and counts the keys: four requests, one after the other.
async fn rename(old: &'static str, new: &'static str) -> Result<usize, Error> {
    if let Some(value) = storage::get(old).await? {
        storage::set(new, value).await?;
        storage::remove(old).await?;
    }
    Ok(storage::keys().await?.len())
}

impl App for Notes {
    type Msg = Msg;
    type Page = SinglePage;

    fn launch(_: &Launch, cx: &mut Context<Self>) -> Self {
        cx.spawn(storage::store("old", "a note"), |_| {
            Msg::Said("stored".into())
        });
        Self::default()
    }

    fn update(&mut self, msg: Msg, cx: &mut Context<Self>) {
        match msg {
            Msg::Start => cx.spawn(rename("old", "new"), Msg::Moved),
            Msg::Both => {
                cx.spawn(storage::set("n", "1"), |_| Msg::Said("first".into()));
                cx.spawn(storage::load::<u32>("n"), |n| {
                    Msg::Said(format!("second {n:?}"))
                });
                cx.send(Msg::Say("at once"));
            }
            Msg::Moved(Ok(keys)) => self.heard.push(format!("{keys} keys")),
            Msg::Moved(Err(error)) => self.denied = error == Error::AccessDenied,
            Msg::Said(what) => self.heard.push(what),
            Msg::Say(what) => self.heard.push(what.to_owned()),
        }
    }

    fn view(&self, _: &SinglePage) -> View<'_, Msg> {
        view((
            button("start").on_tap(Msg::Start),
            button("both").on_tap(Msg::Both),
            button("tap").on_tap(Msg::Say("tapped")),
        ))
    }
}

fn heard(app: &TestApp<Notes>) -> Vec<&str> {
    app.app().heard.iter().map(String::as_str).collect()
}

#[test]
fn a_future_awaits_one_request_after_the_other() {
    let mut app = TestApp::<Notes>::single();
    app.tap("start");
    assert_eq!(heard(&app), ["stored", "1 keys"]);
    assert_eq!(
        app.stored("new").as_deref(),
        Some(br#""a note""#.as_slice())
    );
    assert_eq!(app.stored("old"), None);
}

#[test]
fn the_app_goes_on_while_a_request_is_under_way() {
    let mut app = TestApp::<Notes>::single();
    app.hold_requests();
    app.tap("start");
    app.tap("tap");
    assert_eq!(heard(&app), ["stored", "tapped"]);
    app.release_requests();
    assert_eq!(heard(&app), ["stored", "tapped", "1 keys"]);
}

#[test]
fn two_futures_go_side_by_side() {
    let mut app = TestApp::<Notes>::single();
    app.hold_requests();
    app.tap("start");
    app.tap("both");
    app.release_requests();
    // The shorter ones are through first; what was sent did not wait at all.
    assert_eq!(
        heard(&app),
        ["stored", "at once", "first", "second Ok(Some(1))", "2 keys"]
    );
}

#[test]
fn a_refusal_is_a_value() {
    let page = r#"{ "app_id": "a", "name": "a", "icons": [{ "src": "i.svg" }], "pages": ["pages/index"],
        "version": { "code": 1, "name": "1" }, "platform_version": { "min_code": 1 } }"#;
    let mut app = TestApp::<Notes>::prepare(page)
        .deny(Capability::Storage)
        .launch();
    app.tap("start");
    assert_eq!((heard(&app), app.app().denied), (vec!["stored"], true));
    assert_eq!(app.stored("old"), None);
}

#[test]
fn what_was_under_way_ends_with_the_session() {
    let mut app = TestApp::<Notes>::single();
    app.hold_requests();
    app.tap("start");
    let mut app = app.relaunch();
    app.release_requests();
    assert_eq!(heard(&app), ["stored"]);
}
