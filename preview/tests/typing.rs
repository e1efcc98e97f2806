//! Typing in a real browser: what goes in, what the app hears of it, and where the caret is meanwhile.

mod support;

use serde_json::json;
use support::Server;
use support::browser::{Browser, ENTER};

const PROBE: &str = "preview/tests/guests/probe";
const LEFT: char = '\u{e012}';
const BACKSPACE: char = '\u{e003}';

async fn probe(server: &Server) -> Browser {
    let browser = Browser::start(1280, 1000).await;
    browser.open(&server.url("/a/probe")).await;
    browser.until_text(".lp-app", "Tick").await;
    browser
        .until(
            "the session is connected",
            "document.querySelector('#away').hidden",
        )
        .await;
    browser
}

fn field(key: &str) -> String {
    format!("document.querySelector('[data-key={key}]')")
}

/// Waits until a field holds this; `|` is where the caret is.
async fn until_holds(browser: &Browser, key: &str, wanted: &str) {
    let field = field(key);
    let before = wanted.split_once('|').map(|(before, _)| before);
    let caret = before.map(|before| before.encode_utf16().count());
    let script = match caret {
        Some(caret) => format!(
            "{field}.value === {} && {field}.selectionStart === {caret} && {field}.selectionEnd === {caret}",
            json!(wanted.replace('|', ""))
        ),
        None => format!("{field}.value === {}", json!(wanted)),
    };
    browser
        .until(&format!("{key} holds {wanted}"), &script)
        .await;
}

async fn at(browser: &Browser, key: &str, caret: usize) {
    let field = field(key);
    browser
        .run(&format!(
            "{field}.focus(); {field}.setSelectionRange({caret}, {caret})"
        ))
        .await;
}

async fn paste(browser: &Browser, key: &str, text: &str) {
    browser
        .run(&format!("{}.focus(); {}.select()", field(key), field(key)))
        .await;
    browser
        .dev("Input.insertText", json!({ "text": text }))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_caret_stays_where_the_person_is() {
    let server = Server::of(&[PROBE]).await;
    let browser = probe(&server).await;
    browser.type_into("[data-key=name]", "hello").await;
    until_holds(&browser, "name", "HELLO|").await;
    at(&browser, "name", 3).await;
    browser.press('a').await;
    until_holds(&browser, "name", "HELA|LO").await;
    browser.press('a').await;
    until_holds(&browser, "name", "HELAA|LO").await;

    browser.type_into("[data-key=card]", "41111111").await;
    until_holds(&browser, "card", "4111 1111|").await;
    at(&browser, "card", 4).await;
    browser.press('2').await;
    until_holds(&browser, "card", "4111 2|111 1").await;
    browser.press(BACKSPACE).await;
    until_holds(&browser, "card", "4111 |1111").await;

    browser.type_into("[data-key=rupiah]", "1250000").await;
    until_holds(&browser, "rupiah", "1.250.000|").await;
    browser.press(LEFT).await;
    browser.press(LEFT).await;
    browser.press('9').await;
    until_holds(&browser, "rupiah", "12.500.9|00").await;
}

/// The app takes its time for each letter; none is lost, and the caret is behind the last.
#[tokio::test(flavor = "multi_thread")]
async fn fast_typing_loses_nothing_to_slow_answers() {
    let server = Server::of(&[PROBE]).await;
    let browser = probe(&server).await;
    at(&browser, "slow", 0).await;
    for letter in "selamat pagi".chars() {
        browser.press(letter).await;
    }
    until_holds(&browser, "slow", "SELAMAT PAGI|").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_is_what_was_typed_or_nothing() {
    let server = Server::of(&[PROBE]).await;
    let browser = probe(&server).await;
    paste(&browser, "count", "12.5").await;
    browser.until_text("#toasts", "whole number").await;
    browser
        .until(
            "it is marked",
            "document.querySelector('[data-key=count]').matches('[aria-invalid]')",
        )
        .await;
    browser.click("[data-key=plain]").await;
    until_holds(&browser, "count", "").await;
    browser.type_into("[data-key=count]", "12.5").await;
    browser.until_text("[data-key=heard]", "count:12").await;
    browser.click("[data-key=plain]").await;
    until_holds(&browser, "count", "12").await;
    // With a comma, as half of the world writes it; the field shows the app's way when the person leaves it.
    browser.type_into("[data-key=weight]", "-1,5").await;
    browser.until_text("[data-key=heard]", "weight:-1.5").await;
    until_holds(&browser, "weight", "-1,5|").await;
    browser.type_into("[data-key=weight]", "x").await;
    browser.click("[data-key=plain]").await;
    until_holds(&browser, "weight", "-1.5").await;
    let heard = browser.text("[data-key=heard]").await;
    assert!(!heard.contains("125") && !heard.contains('x'), "{heard}");

    // The same in a form, of which the app hears nothing before.
    paste(&browser, "kilos", "12.5").await;
    browser
        .run("document.querySelector('[data-key=kilos]').form.requestSubmit()")
        .await;
    browser
        .until(
            "the field is shown",
            "document.activeElement.dataset.key === 'kilos'",
        )
        .await;
    paste(&browser, "kilos", "13").await;
    browser.click("[data-key=send]").await;
    browser.until_text("[data-key=heard]", "sent:13||").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_character_is_one_however_it_is_made() {
    let server = Server::of(&[PROBE]).await;
    let browser = probe(&server).await;
    let family = "\u{1F468}\u{200D}\u{1F469}\u{200D}\u{1F467}";
    paste(&browser, "short", &family.repeat(5)).await;
    until_holds(&browser, "short", &family.repeat(3)).await;
    browser.until_text("#toasts", "room for 3").await;
    // What is full stays as it is, and what stood behind the caret is not pushed out.
    paste(&browser, "short", "abc").await;
    until_holds(&browser, "short", "abc").await;
    at(&browser, "short", 1).await;
    browser.press('x').await;
    until_holds(&browser, "short", "a|bc").await;
}

/// As an input method does it: the text grows while it is composed, and is there when it ends.
#[tokio::test(flavor = "multi_thread")]
async fn a_composed_word_is_heard_once() {
    let server = Server::of(&[PROBE]).await;
    let browser = probe(&server).await;
    at(&browser, "plain", 0).await;
    for text in ["n", "ni", "ni'h", "ni'hao"] {
        let caret = text.len();
        browser
            .dev(
                "Input.imeSetComposition",
                json!({ "text": text, "selectionStart": caret, "selectionEnd": caret }),
            )
            .await;
    }
    // The app says something meanwhile, and to its other nodes it is done.
    browser
        .run("document.querySelector('[data-key=tick]').click()")
        .await;
    browser.until_text("[data-key=ticks]", "1").await;
    until_holds(&browser, "plain", "ni'hao").await;
    // Safari ends the composition before it tells of the Enter that did.
    browser
        .dev("Input.insertText", json!({ "text": "你好" }))
        .await;
    browser
        .run("document.querySelector('[data-key=plain]').dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', keyCode: 229, bubbles: true }))")
        .await;
    browser.until_text("[data-key=heard]", "plain:你好").await;
    until_holds(&browser, "plain", "你好|").await;
    assert_eq!(browser.text("[data-key=heard]").await, "plain:你好");
    browser.press(ENTER).await;
    browser.until_text("[data-key=heard]", "enter:你好").await;
    assert_eq!(
        browser.text("[data-key=heard]").await,
        "plain:你好 enter:你好"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_app_shows_is_in_sight() {
    let server = Server::of(&[PROBE]).await;
    let browser = probe(&server).await;
    let rows = "document.querySelector('[data-key=rows] .lp-list').parentElement";
    assert_eq!(
        browser.run(&format!("return {rows}.scrollTop")).await,
        json!(0)
    );
    browser.click("[data-key=row]").await;
    let seen = format!(
        "(() => {{ const box = {rows}.getBoundingClientRect(); const row = document.querySelector('[data-key=\"40\"]').getBoundingClientRect(); \
         return row.top >= box.top - 1 && row.bottom <= box.bottom + 1; }})()"
    );
    browser.until("row 40 is in sight", &seen).await;
    // A text area has as many lines as its text.
    assert_eq!(
        browser
            .run("return document.querySelector('[data-key=note]').rows")
            .await,
        json!(1)
    );
    paste(&browser, "note", "a\nb\nc\nd").await;
    browser
        .until(
            "it has grown",
            "document.querySelector('[data-key=note]').rows === 4",
        )
        .await;
    let bounds = "[document.querySelector('[data-key=when] input').min, document.querySelector('[data-key=when] input').max].join()";
    assert_eq!(
        browser.run(&format!("return {bounds}")).await,
        json!("2026-01-05,2026-02-28")
    );
    // Past its end a swiper leaves nothing to the browser, which would go back.
    let past = "return [document.documentElement, document.querySelector('.lp-track'), document.querySelector('.lp-page')].map((one) => getComputedStyle(one).overscrollBehaviorX).join()";
    assert_eq!(browser.run(past).await, json!("none,none,none"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_runs_the_way_of_its_language() {
    let server = Server::of(&[PROBE]).await;
    let browser = Browser::start(1280, 1000).await;
    browser
        .open(&server.url("/a/probe?lang=ar&page=pages/words"))
        .await;
    browser.until_text(".lp-app", "مرحبا").await;
    browser.until_text("#title", "مسبار").await;
    assert_eq!(browser.run("return document.title").await, json!("مسبار"));
    let sides = "const app = document.querySelector('.lp-app').getBoundingClientRect(); const of = (css) => document.querySelector(css).getBoundingClientRect(); \
                 return { dir: document.querySelector('.lp-app').dir, \
                 latin: getComputedStyle(document.querySelector('.lp-text')).textAlign, \
                 capsule: of('#capsule').left - app.left < 40, \
                 arrow: getComputedStyle(document.querySelector('.lp-picker'), '::after').left }";
    let sides = browser.run(sides).await;
    browser.screenshot("arabic").await;
    assert_eq!(sides["dir"], "rtl");
    assert_eq!(sides["latin"], "right");
    assert_eq!(sides["capsule"], true);
    assert_eq!(sides["arrow"], "17px");
}

/// Berlin has its summer, and the server's clock stands in Jakarta.
#[tokio::test(flavor = "multi_thread")]
async fn the_person_s_time_zone_reaches_the_session() {
    let server = Server::of(&[PROBE, "examples/dompet"]).await;
    let browser = Browser::start(1280, 1000).await;
    browser
        .dev(
            "Emulation.setTimezoneOverride",
            json!({ "timezoneId": "Europe/Berlin" }),
        )
        .await;
    browser.open(&server.url("/")).await;
    browser
        .until(
            "the zone is noted",
            "document.cookie.includes('lapak_zone=Europe/Berlin')",
        )
        .await;
}
