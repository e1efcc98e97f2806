//! Lazy parts: made only when their dependency has changed, and in full working order when they were not made.

use std::cell::RefCell;

use lapak_sdk::prelude::*;
use lapak_sdk::testing::TestApp;

thread_local! {
    /// What was made since somebody last asked.
    static MADE: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

fn made() -> Vec<String> {
    MADE.take()
}

fn note(what: impl ToString) {
    MADE.with_borrow_mut(|made| made.push(what.to_string()));
}

pages! {
    enum Page {
        Rows = "pages/rows",
        Other = "pages/other",
    }
}

const MANIFEST: &str = r#"{ "app_id": "a", "name": "a", "icons": [{ "src": "i.svg" }],
    "pages": ["pages/rows", "pages/other"], "version": { "code": 1, "name": "1" },
    "platform_version": { "min_code": 1 } }"#;

/// Rows with a count each, in groups of two.
struct Rows {
    order: Vec<u32>,
    counts: [u32; 4],
}

#[derive(Clone)]
enum Msg {
    Count(u32),
    Reverse,
    Drop(u32),
    Open,
}

impl App for Rows {
    type Msg = Msg;
    type Page = Page;

    fn launch(_: &Launch, _: &mut Context<Self>) -> Self {
        Self {
            order: vec![0, 1, 2, 3],
            counts: [0; 4],
        }
    }

    fn update(&mut self, msg: Msg, cx: &mut Context<Self>) {
        match msg {
            Msg::Count(row) => self.counts[row as usize] += 1,
            Msg::Reverse => self.order.reverse(),
            Msg::Drop(row) => self.order.retain(|other| *other != row),
            Msg::Open => cx.navigate_to(Page::Other).unwrap(),
        }
    }

    fn view(&self, page: &Page) -> View<'_, Msg> {
        if *page == Page::Other {
            return text("other");
        }
        let rows = list(self.order.iter().map(|row| {
            let count = self.counts[*row as usize];
            lazy(row, (*row, count), |(row, count)| {
                note(row);
                button(format!("{row}: {count}"))
                    .on_tap(Msg::Count(row))
                    .label(format!("count {row}"))
            })
        }));
        let sum: u32 = self.counts.iter().sum();
        let nested = lazy("nested", &self.counts, move |counts| {
            note("nested");
            let inner = lazy("inner", counts[0], |count| {
                note("inner");
                button(count).on_tap(Msg::Count(0)).label("inner")
            });
            view((text(sum).key("sum"), inner))
        });
        let reverse = button("reverse").on_tap(Msg::Reverse);
        view((
            rows,
            nested,
            reverse,
            button("open").on_tap(Msg::Open),
            button("drop 1").on_tap(Msg::Drop(1)),
        ))
    }
}

fn launch() -> TestApp<Rows> {
    made();
    TestApp::launch(MANIFEST, "en")
}

fn counts(app: &TestApp<Rows>) -> Vec<String> {
    let rows = app.texts().into_iter().filter(|text| text.contains(':'));
    rows.map(str::to_owned).collect()
}

#[test]
fn only_what_changed_is_made_again() {
    let mut app = launch();
    made();
    app.tap("count 2");
    assert_eq!(made(), ["2", "nested"]);
    assert_eq!(counts(&app), ["0: 0", "1: 0", "2: 1", "3: 0"]);
    app.tap("count 0");
    assert_eq!(made(), ["0", "nested", "inner"]);
    assert_eq!(app.text_of("sum"), "2");
}

#[test]
fn handlers_of_parts_that_were_not_made_go_on_working() {
    let mut app = launch();
    for _ in 0..3 {
        app.tap("count 1");
    }
    // Neither of these was made for the last three views; the inner one stands in a part that was.
    app.tap("count 3");
    app.tap("inner");
    assert_eq!(counts(&app), ["0: 1", "1: 3", "2: 0", "3: 1"]);
}

#[test]
fn parts_move_with_their_keys_without_being_made() {
    let mut app = launch();
    app.tap("count 1");
    made();
    app.tap("reverse");
    assert!(made().is_empty(), "moving makes nothing");
    assert_eq!(counts(&app), ["3: 0", "2: 0", "1: 1", "0: 0"]);
    app.tap("drop 1");
    assert!(made().is_empty(), "removing makes nothing");
    app.tap("count 0");
    assert_eq!(counts(&app), ["3: 0", "2: 0", "0: 1"]);
}

#[test]
fn a_page_that_comes_back_is_made_anew() {
    let mut app = launch();
    app.tap("open");
    made();
    app.back();
    assert_eq!(made(), ["0", "1", "2", "3", "nested", "inner"]);
    app.tap("count 3");
    assert_eq!(counts(&app), ["0: 0", "1: 0", "2: 0", "3: 1"]);
}

#[test]
#[should_panic(expected = "a lazy view takes nothing more")]
fn a_class_said_of_the_lazy_view_itself_is_an_error_in_tests() {
    let _: View<'_, ()> = lazy(1, 1, |_| text("row")).class("row");
}
