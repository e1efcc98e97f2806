//! What may stand within a node, pages that come and go, and the rules that a host would end an app for.

use lapak_sdk::Route;
use lapak_sdk::navigation::NavigationError;
use lapak_sdk::prelude::*;
use lapak_sdk::testing::TestApp;

/// An app that shows one thing and does nothing.
struct Show<const N: u8>;

fn thing<'a>(number: u8) -> View<'a, ()> {
    match number {
        0 => view((
            "text",
            'c',
            7,
            2.5,
            String::from("owned"),
            [text("a"), text("b")],
            vec![text("c")],
            None::<View<'_, ()>>,
            Some("some"),
            (1..=2).map(text),
            ((), ("deep", ("deeper",))),
        )),
        1 => view((text("x").key("same"), text("y").key("same"))),
        2 => list([text("no key")]),
        3 => form(form("inner")),
        4 => button("typed into").on_input(|_| ()),
        5 => slider(5.0..=1.0, 3.0),
        6 => picker(["only"], Some(1)),
        7 => text("").key(""),
        _ => progress(Some(f64::NAN)),
    }
}

impl<const N: u8> App for Show<N> {
    type Msg = ();
    type Page = SinglePage;

    fn launch(_: &Launch, _: &mut Context<Self>) -> Self {
        Self
    }

    fn update(&mut self, (): (), _: &mut Context<Self>) {}

    fn view(&self, _: &SinglePage) -> View<'_, ()> {
        thing(N)
    }
}

#[test]
fn children_are_whatever_reads_well() {
    let app = TestApp::<Show<0>>::single();
    let shown = [
        "text", "c", "7", "2.5", "owned", "a", "b", "c", "some", "1", "2", "deep", "deeper",
    ];
    assert_eq!(app.texts(), shown);
}

macro_rules! ends_the_app {
    ($($test:ident $number:literal $expected:literal)*) => {$(
        #[test]
        #[should_panic(expected = $expected)]
        fn $test() {
            let _ = TestApp::<Show<$number>>::single();
        }
    )*};
}

ends_the_app! {
    two_siblings_with_one_key 1 "two siblings have the key \"same\""
    a_list_with_a_child_without_key 2 "a child of a list has no key"
    a_form_in_a_form 3 "a form stands in a form"
    a_handler_that_the_element_does_not_know 4 "Trigger::Input is nothing that"
    a_slider_without_room 5 "not a slider"
    an_option_that_is_not_there 6 "a picker of 1 options has chosen 1"
    an_empty_key 7 "has 0 bytes"
    a_progress_that_is_no_number 8 "not a number"
}

pages! {
    enum Page {
        Home = "pages/home",
        Word { word: String, page: Option2 } = "pages/word",
    }
}

/// A query value of an app's own type.
#[derive(Clone, Debug, PartialEq)]
struct Option2(u8);

impl std::fmt::Display for Option2 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "p{}", self.0)
    }
}

impl std::str::FromStr for Option2 {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        text.strip_prefix('p')
            .and_then(|number| number.parse().ok())
            .map(Self)
            .ok_or(())
    }
}

#[test]
fn a_page_survives_its_url() {
    for word in ["", "plain", "a&b=c?d#e", "100%", "Ätsch ☕", "%26", "+ +"] {
        let page = Page::Word {
            word: word.to_owned(),
            page: Option2(9),
        };
        let url = page.to_url();
        let (path, query) = url.split_once('?').unwrap();
        assert_eq!(
            Page::parse(path, &lapak_sdk::Query::new(query)),
            Some(page),
            "{url}"
        );
    }
}

#[test]
fn a_percent_sign_means_a_byte_only_before_two_digits() {
    let read = |written: &str| {
        let query = format!("word={written}&page=p1");
        match Page::parse("pages/word", &lapak_sdk::Query::new(&query)) {
            Some(Page::Word { word, .. }) => word,
            other => panic!("{written}: {other:?}"),
        }
    };
    for (written, word) in [
        ("%2B5", "+5"),
        ("%4f", "O"),
        ("%e2%98%95", "☕"),
        ("%+5", "%+5"),
        ("%-5", "%-5"),
        ("% 5", "% 5"),
        ("%0x", "%0x"),
        ("%", "%"),
        ("%4", "%4"),
        ("%%41", "%A"),
        ("%é", "%é"),
    ] {
        assert_eq!(read(written), word, "{written}");
    }
}

#[test]
fn a_query_that_does_not_read_is_no_page() {
    let parse = |query| Page::parse("pages/word", &lapak_sdk::Query::new(query));
    assert!(parse("word=a&page=p1").is_some());
    for query in [
        "",
        "word=a",
        "page=p1",
        "word=a&page=1",
        "word=a&page=p256",
        "word&page=p1",
    ] {
        assert_eq!(parse(query), None, "{query}");
    }
    assert_eq!(
        Page::parse("pages/nowhere", &lapak_sdk::Query::new("")),
        None
    );
}

/// Walks its pages and tells which came on show.
struct Walker {
    shown: Vec<String>,
    failed: Option<NavigationError>,
}

#[derive(Clone)]
enum Msg {
    Shown(Page),
    Deeper(u8),
    Background,
    Foreground,
}

impl App for Walker {
    type Msg = Msg;
    type Page = Page;

    fn launch(_: &Launch, _: &mut Context<Self>) -> Self {
        Self {
            shown: Vec::new(),
            failed: None,
        }
    }

    fn update(&mut self, msg: Msg, cx: &mut Context<Self>) {
        match msg {
            Msg::Shown(page) => self.shown.push(page.to_url()),
            Msg::Background => self.shown.push("background".into()),
            Msg::Foreground => self.shown.push("foreground".into()),
            Msg::Deeper(number) => {
                let page = Page::Word {
                    word: "w".into(),
                    page: Option2(number),
                };
                self.failed = cx.navigate_to(page).err();
            }
        }
    }

    fn view(&self, page: &Page) -> View<'_, Msg> {
        match page {
            Page::Home => button("deeper").on_tap(Msg::Deeper(1)),
            Page::Word {
                page: Option2(number),
                ..
            } => button("deeper").on_tap(Msg::Deeper(number + 1)),
        }
    }

    fn page_shown(&self, page: &Page) -> Option<Msg> {
        Some(Msg::Shown(page.clone()))
    }

    fn hidden(&self) -> Option<Msg> {
        Some(Msg::Background)
    }

    fn shown(&self) -> Option<Msg> {
        Some(Msg::Foreground)
    }
}

const MANIFEST: &str = r#"{ "app_id": "a", "name": "a", "icons": [{ "src": "i.svg" }],
    "pages": ["pages/home", "pages/word"], "version": { "code": 1, "name": "1" },
    "platform_version": { "min_code": 1 } }"#;

#[test]
fn pages_tell_when_they_come_on_show() {
    let mut app = TestApp::<Walker>::launch(MANIFEST, "en");
    app.tap("deeper");
    app.leave();
    app.come_back();
    app.back();
    app.back();
    let word = "pages/word?word=w&page=p1";
    assert_eq!(
        app.app().shown,
        [
            "foreground",
            "pages/home",
            word,
            "background",
            "foreground",
            word,
            "pages/home"
        ]
    );
}

#[test]
fn a_full_stack_is_a_value() {
    let mut app = TestApp::<Walker>::launch(MANIFEST, "en");
    for _ in 0..12 {
        app.tap("deeper");
    }
    assert_eq!(
        (app.depth(), app.app().failed),
        (10, Some(NavigationError::StackFull))
    );
}

#[test]
fn a_launch_may_begin_elsewhere() {
    let app = TestApp::<Walker>::prepare(MANIFEST)
        .page("pages/word?word=x&page=p3")
        .launch();
    assert_eq!(
        app.app().shown.last().map(String::as_str),
        Some("pages/word?word=x&page=p3")
    );
    let app = TestApp::<Walker>::prepare(MANIFEST)
        .page("pages/word?word=x")
        .launch();
    assert!(
        app.shows("This page cannot be opened."),
        "{}",
        app.snapshot()
    );
}
