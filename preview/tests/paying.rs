//! Paying, from a real browser down to the books.

mod support;

use std::time::Duration;

use lapak_abi::package::{Package, PackageLimits, PackageWriter};
use support::browser::{Browser, ENTER};
use support::sheet::{PIN, to_the_sheet};
use support::{Server, built};

const WARUNG: &str = "examples/warung";
/// What everybody begins with.
const WELCOME: i64 = lapak_preview::demo::WELCOME_MINOR;
const STALL: &str = "merchant:warung-sari";

#[tokio::test(flavor = "multi_thread")]
async fn lunch_is_ordered_and_paid() {
    let server = Server::of(&[WARUNG]).await;
    let browser = Browser::start(1280, 960).await;
    to_the_sheet(&browser, &server).await;
    for says in [
        "Rp 60.000",
        "Nasi goreng",
        "Rp 28.000",
        "Packaging",
        "Your IDR account",
        "Rp 2.000.000 available",
        "Play money",
        "Asked for by the app Warung Bu Sari",
    ] {
        browser.until_sheet(says).await;
    }
    browser
        .until(
            "the sheet takes taps",
            "getComputedStyle(document.querySelector('#sheet [data-sheet=continue]')).opacity === '1'",
        )
        .await;
    browser.screenshot("sheet").await;
    browser.tap_sheet("continue").await;
    browser.until_sheet("Choose a PIN").await;
    browser.tap_digits(PIN).await;
    browser.screenshot("sheet-pin").await;
    browser.tap_sheet("back").await;
    browser.pay_with_a_new_pin().await;
    browser.until_sheet("Rp 60.000 to Warung Bu Sari").await;
    browser.until_sheet("Receipt").await;
    browser.screenshot("sheet-paid").await;
    browser.tap_sheet("done").await;
    browser.until_no_sheet().await;
    browser.until_text(".lp-app", "Paid").await;
    browser.until_text(".lp-app", "Receipt demo:").await;
    browser.screenshot("paid").await;
    browser.click("#tabs [data-page='pages/basket']").await;
    browser.until_text(".lp-app", "Your basket is empty").await;

    let payer = server.persons_account();
    assert_eq!(server.balance(STALL), 6_000_000);
    assert_eq!(server.balance(&payer), WELCOME - 6_000_000);
    let proof = server.books();
    assert_eq!(proof.owed.values().sum::<i128>(), i128::from(WELCOME));
    assert_eq!(browser.complaints().await, Vec::<String>::new());
}

/// However often somebody taps or presses Enter, the money moves once.
#[tokio::test(flavor = "multi_thread")]
async fn a_second_tap_charges_nothing() {
    let server = Server::of(&[WARUNG]).await;
    let browser = Browser::start(1280, 960).await;
    to_the_sheet(&browser, &server).await;
    browser.pay_with_a_new_pin().await;
    for _ in 0..5 {
        browser.press(ENTER).await;
    }
    browser.until_sheet("Receipt").await;
    browser.tap_sheet("done").await;
    browser.until_no_sheet().await;
    browser.until_text(".lp-app", "Receipt demo:").await;
    assert_eq!(server.balance(STALL), 6_000_000);
    server.books();

    // A script's own taps are nobody's.
    to_the_sheet(&browser, &server).await;
    browser
        .until(
            "the sheet takes taps",
            "document.querySelector('#sheet [data-sheet=continue]').disabled === false",
        )
        .await;
    let tap = "document.querySelector('#sheet [data-sheet=continue]').click()";
    let tapped = browser.client.execute(tap, vec![]).await;
    tapped.expect("the script runs");
    assert!(!browser.text("#sheet").await.contains("PIN"));
    // Nor does the browser's way back pay or lose anything.
    browser.tap_sheet("cancel").await;
    browser.until_no_sheet().await;
    browser
        .until_text("[data-key=not-paid]", "basket is still here")
        .await;
    browser.screenshot("not-paid").await;
    assert_eq!(server.balance(STALL), 6_000_000);
}

/// Without a pointer: the sheet takes the focus, keeps it, and gives it back.
#[tokio::test(flavor = "multi_thread")]
async fn the_keyboard_alone_pays() {
    let server = Server::of(&[WARUNG]).await;
    let browser = Browser::start(1280, 960).await;
    to_the_sheet(&browser, &server).await;
    let within = "document.querySelector('#sheet').contains(document.activeElement)";
    browser.until("the sheet has the focus", within).await;
    let on = |name: &str| format!("document.activeElement.dataset.sheet === '{name}'");
    let ready = "!document.querySelector('#sheet [data-sheet=continue]').disabled";
    browser.until("the sheet takes taps", ready).await;
    browser.tab_to(&on("continue")).await;
    // Round and round: what is behind the sheet cannot be reached.
    for _ in 0..8 {
        browser.press('\u{e004}').await;
        let outside = "document.activeElement !== document.body && \
                       !document.querySelector('#sheet').contains(document.activeElement)";
        let escaped = browser
            .client
            .execute(&format!("return {outside}"), vec![])
            .await;
        assert_eq!(escaped.expect("the script runs"), serde_json::json!(false));
    }
    browser.tab_to(&on("continue")).await;
    browser.press(ENTER).await;
    browser.until_sheet("Choose a PIN").await;
    let typing = "document.activeElement.matches('#sheet input[type=password]')";
    for says in ["Once more", "Receipt"] {
        browser.until("the PIN has the focus", typing).await;
        for digit in PIN.chars() {
            browser.press(digit).await;
        }
        browser
            .until(
                "the PIN can be given",
                "!document.querySelector('#sheet [data-sheet=agree]').disabled",
            )
            .await;
        browser.press(ENTER).await;
        browser.until_sheet(says).await;
    }
    browser.tab_to(&on("done")).await;
    browser.press(ENTER).await;
    browser.until_no_sheet().await;
    browser.until_text(".lp-app", "Receipt demo:").await;
    assert_eq!(server.balance(STALL), 6_000_000);
}

/// What an app's own style sheet would do, if it could.
const HOSTILE_CSS: &str = "
dialog, #sheet, .shell-sheet, [data-sheet] { display: none !important; opacity: 0 !important; pointer-events: none !important; }
#sheet::backdrop { background: white !important; }
* { transform: scale(3); z-index: 2147483647; }
.screen, .card, page, .lp-app, body, html { position: fixed !important; inset: 0 !important; z-index: 2147483647 !important;
  width: 100vw !important; height: 100vh !important; opacity: 1 !important; background: red !important; }
.sheet-amount { font-size: 0 !important; color: transparent !important; }
.sheet-amount::after { content: 'Rp 1' !important; }
@import url('https://evil.example/steal.css');
:root { --sheet-card: transparent; --sheet-text: transparent; --sheet-accent: transparent; --sheet-left: -9999px; }
";

fn with_css(package: &Package, css: &str) -> Package {
    let mut writer = PackageWriter::new();
    for (path, bytes) in package.files() {
        let bytes = if path == "app.css" {
            [bytes, css.as_bytes()].concat()
        } else {
            bytes.to_vec()
        };
        writer.file(path, bytes).expect("a file");
    }
    let bytes = writer.finish().expect("a package");
    Package::read(bytes, &PackageLimits::default()).expect("reads")
}

/// How the sheet looks and where it is, part by part; and what lies on top at its buttons.
const LOOK: &str = "
const sheet = document.querySelector('#sheet');
const parts = [sheet, ...sheet.querySelectorAll('h2, .sheet-amount, .sheet-lines, .sheet-facts, .sheet-actions button')];
const names = ['display', 'opacity', 'visibility', 'color', 'backgroundColor', 'fontSize', 'transform', 'zIndex', 'pointerEvents', 'position'];
const look = parts.map((part) => {
  const { left, top, width, height } = part.getBoundingClientRect();
  const style = getComputedStyle(part);
  const after = getComputedStyle(part, '::after').content;
  return [[left, top, width, height].map(Math.round), after, ...names.map((name) => style[name])];
});
const onTop = [...sheet.querySelectorAll('.sheet-actions button')].map((button) => {
  const { left, top, width, height } = button.getBoundingClientRect();
  return [[2, 2], [width / 2, height / 2], [width - 3, height - 3]].every(([x, y]) => {
    const found = document.elementFromPoint(left + x, top + y);
    return found === button || sheet.contains(found);
  });
});
return JSON.stringify({ look, onTop, dim: getComputedStyle(sheet, '::backdrop').backgroundColor });
";

#[tokio::test(flavor = "multi_thread")]
async fn an_apps_style_neither_covers_nor_changes_the_sheet() {
    let server = Server::of(&[WARUNG]).await;
    let browser = Browser::start(1280, 960).await;
    let mut looks = Vec::new();
    for hostile in [false, true] {
        if hostile {
            let package = tokio::task::spawn_blocking(|| built(WARUNG)).await;
            let package = with_css(&package.expect("built"), HOSTILE_CSS);
            server.show("warung", package).await;
        }
        browser
            .open(&server.url("/a/warung?page=pages/basket"))
            .await;
        // The basket is what is left of the last time.
        if !hostile {
            to_the_sheet(&browser, &server).await;
        } else {
            let pay = "document.querySelector('[data-key=pay]')";
            browser.until("there is something to pay", pay).await;
            // It may be anywhere, and tapping it is the app's own affair.
            let tap = format!("{pay}.click()");
            browser.client.execute(&tap, vec![]).await.expect("tapped");
            browser.until_sheet("Pay Warung Bu Sari").await;
        }
        // Whatever moves has come to rest.
        let button = "document.querySelector('#sheet [data-sheet=continue]')";
        let rest = format!("!{button}.disabled && getComputedStyle({button}).opacity === '1'");
        browser.until("the sheet takes taps", &rest).await;
        let look = browser.client.execute(LOOK, vec![]).await;
        looks.push(
            look.expect("the script runs")
                .as_str()
                .expect("text")
                .to_owned(),
        );
        if hostile {
            browser.screenshot("sheet-hostile").await;
        }
        browser.tap_sheet("cancel").await;
        browser.until_no_sheet().await;
    }
    assert!(looks[0].contains("\"onTop\":[true,true]"), "{}", looks[0]);
    assert_eq!(looks[0], looks[1]);
}

/// Loaded again, and over a restart of the server: the sheet is there again, and pays once.
#[tokio::test(flavor = "multi_thread")]
async fn the_sheet_outlives_the_page_and_the_server() {
    let server = Server::of(&[WARUNG]).await;
    let browser = Browser::start(390, 844).await;
    to_the_sheet(&browser, &server).await;
    browser.client.refresh().await.expect("loaded again");
    browser.until_sheet("Pay Warung Bu Sari").await;
    let server = server.again("warung").await;
    browser.until_sheet("Waiting for the connection").await;
    let package = tokio::task::spawn_blocking(|| built(WARUNG)).await;
    server.show("warung", package.expect("built")).await;
    browser.until_sheet("Pay Warung Bu Sari").await;
    browser.pay_with_a_new_pin().await;
    browser.until_sheet("Receipt").await;
    browser.screenshot("sheet-phone").await;
    browser.tap_sheet("done").await;
    browser.until_text(".lp-app", "Receipt demo:").await;
    assert_eq!(server.balance(STALL), 6_000_000);
    server.books();
}

/// Connected again, but not told yet which sheets are open: the sheet that is on show may be over.
#[tokio::test(flavor = "multi_thread")]
async fn a_sheet_takes_no_tap_before_the_server_says_that_it_is_open() {
    let server = Server::of(&[WARUNG]).await;
    let browser = Browser::start(390, 844).await;
    // While `window.holds` the lists of sheets wait.
    let holds = "const Real = WebSocket; window.sockets = []; window.held = []; window.WebSocket = class extends Real { \
                 constructor(...a) { super(...a); window.sockets.push(this); } \
                 set onmessage(hear) { super.onmessage = (event) => { \
                 const holds = window.holds && event.data.includes('\"sheets\"'); \
                 holds ? window.held.push(() => hear(event)) : hear(event); }; } };";
    browser.before_each_page(holds).await;
    to_the_sheet(&browser, &server).await;
    let button = "document.querySelector('#sheet [data-sheet=continue]')";
    let takes = format!("!{button}.disabled");
    browser.until("the sheet takes taps", &takes).await;
    // Were it drawn anew for the same list, a tap that is on its way would meet nothing.
    let mark = format!(
        "{button}.marked = true; window.holds = true; window.sockets.forEach(socket => socket.close())"
    );
    let done = browser.client.execute(&mark, vec![]).await;
    done.expect("the script runs");
    browser
        .until("a list waits", "window.held.length > 0")
        .await;
    tokio::time::sleep(Duration::from_millis(1_000)).await;
    browser
        .until("no tap is taken", &format!("{button}.disabled"))
        .await;
    let tell = "window.holds = false; window.held.forEach(tell => tell())";
    let done = browser.client.execute(tell, vec![]).await;
    done.expect("the script runs");
    browser.until("it takes taps again", &takes).await;
    browser
        .until("it is the same button", &format!("{button}.marked"))
        .await;
    browser.pay_with_a_new_pin().await;
    browser.until_sheet("Receipt").await;
    assert_eq!(server.balance(STALL), 6_000_000);
}

/// Wrong PINs are counted, and told; then the right one is taken.
#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_pin_is_told_with_what_is_left() {
    let server = Server::of(&[WARUNG]).await;
    let browser = Browser::start(1280, 960).await;
    to_the_sheet(&browser, &server).await;
    browser.pay_with_a_new_pin().await;
    browser.until_sheet("Receipt").await;
    browser.tap_sheet("done").await;
    browser.until_no_sheet().await;
    to_the_sheet(&browser, &server).await;
    browser.pay_with_pin("999111").await;
    browser
        .until_sheet("That is not your PIN. 7 tries left.")
        .await;
    browser.screenshot("sheet-wrong").await;
    browser.tap_digits("111999").await;
    browser.tap_sheet("agree").await;
    browser.until_sheet("6 tries left").await;
    browser.tap_digits(PIN).await;
    browser.tap_sheet("agree").await;
    browser.until_sheet("Receipt").await;
    assert_eq!(server.balance(STALL), 12_000_000);
}

/// Two windows on one session show one sheet; whoever answers, it is answered.
#[tokio::test(flavor = "multi_thread")]
async fn two_windows_show_one_sheet() {
    let server = Server::of(&[WARUNG]).await;
    let (first, second) = (
        Browser::start(1280, 960).await,
        Browser::start(390, 844).await,
    );
    to_the_sheet(&first, &server).await;
    let url = first.client.current_url().await.expect("an address");
    second.open(url.as_str()).await;
    second.until_sheet("Pay Warung Bu Sari").await;
    first.pay_with_a_new_pin().await;
    first.until_sheet("Receipt").await;
    second.until_sheet("Receipt").await;
    second.tap_sheet("done").await;
    second.until_no_sheet().await;
    second.until_text(".lp-app", "Receipt demo:").await;
    assert_eq!(server.balance(STALL), 6_000_000);
}
