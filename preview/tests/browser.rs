//! A person in front of a real browser.

mod support;

use std::time::Duration;

use support::browser::{Browser, ENTER};
use support::shell::{Shell, launched, node};
use support::{Server, built};

const WARUNG: &str = "examples/warung";
const COUNTER: &str = "examples/counter";

/// From the list of apps to a placed order.
#[tokio::test(flavor = "multi_thread")]
async fn a_person_orders_lunch() {
    let server = Server::of(&[WARUNG, COUNTER]).await;
    let browser = Browser::start(1280, 960).await;
    browser.open(&server.url("/")).await;
    browser.screenshot("home").await;
    browser.click("a[href='/a/warung']").await;
    browser.until_text("#title", "Warung Bu Sari").await;
    browser.until_text(".lp-app", "Nasi goreng").await;
    browser.screenshot("menu").await;

    // Searches as it is typed.
    browser.type_into("[data-key=search]", "sate").await;
    browser.until_text(".lp-app", "Sate ayam").await;
    browser
        .until(
            "only sate is left",
            "!document.querySelector('.lp-app').innerText.includes('Nasi goreng')",
        )
        .await;
    browser.click("[aria-label='Add Sate ayam']").await;
    browser.click("[aria-label='One more Sate ayam']").await;
    browser.screenshot("search").await;
    browser.click("[aria-label='Clear the search']").await;
    browser.until_text(".lp-app", "Nasi goreng").await;
    let typed = "document.querySelector('[data-key=search]').value === ''";
    browser.until("the search is empty", typed).await;

    // A dish's own page, a note, and back.
    browser.click("[aria-label='Nasi rendang']").await;
    browser.type_into("[data-key=note]", "less spicy").await;
    browser.click("[aria-label='One more Nasi rendang']").await;
    browser.until_text("[data-key=put]", "70.000").await;
    browser.screenshot("dish").await;
    browser.click("[data-key=put]").await;
    browser.until_text(".lp-app", "Nasi goreng").await;
    browser.click("[aria-label='Nasi goreng']").await;
    browser.until_text("[data-key=put]", "28.000").await;
    browser.click("#back").await;
    browser.until_text(".lp-app", "Rice").await;
    browser.click("[aria-label='Add Nasi goreng']").await;

    // 2 × 30.000 + 2 × 35.000 + 28.000 + 2.000 for packaging
    browser.click("#tabs [data-page='pages/basket']").await;
    browser.until_text("[data-key=total]", "Rp 160.000").await;
    browser.until_text(".lp-app", "less spicy").await;
    browser.screenshot("basket").await;
    browser.click("[aria-label='One fewer Sate ayam']").await;
    browser.until_text("[data-key=total]", "Rp 130.000").await;

    // To the menu and back: nothing is lost; nor by loading the page again.
    browser.click("#tabs [data-page='pages/menu']").await;
    // The basket names the dish too; the title is the menu's alone.
    browser.until_text("#title", "Warung Bu Sari").await;
    browser.click("#tabs [data-page='pages/basket']").await;
    browser.until_text("[data-key=total]", "Rp 130.000").await;
    browser.client.refresh().await.expect("loaded again");
    browser.until_text("[data-key=total]", "Rp 130.000").await;

    browser.click("[data-key=place]").await;
    browser.until_text(".lp-app", "Rp 130.000").await;
    browser.until_text(".lp-app", "Pay at the stall").await;
    browser.screenshot("orders").await;
    browser.click("#tabs [data-page='pages/basket']").await;
    browser.until_text(".lp-app", "Your basket is empty").await;
}

/// Without a pointer: every control can be reached, and what a tap replaced hands the focus on.
#[tokio::test(flavor = "multi_thread")]
async fn the_keyboard_alone_orders_lunch() {
    let server = Server::of(&[WARUNG]).await;
    let browser = Browser::start(1280, 960).await;
    browser.open(&server.url("/a/warung")).await;
    browser.until_text(".lp-app", "Nasi goreng").await;
    let focused = |label: &str| format!("document.activeElement.ariaLabel === '{label}'");
    browser.tab_to(&focused("Add Nasi goreng")).await;
    browser.press(ENTER).await;
    let more = focused("One more Nasi goreng");
    browser.until("the focus stays on +", &more).await;
    browser.press(ENTER).await;
    browser.until_text(".lp-app", "2 items").await;
    browser.until("the focus stays on +", &more).await;

    // What goes away hands the focus to what is beside it.
    browser.tab_to(&focused("Add Nasi rendang")).await;
    browser.press(ENTER).await;
    browser.until_text(".lp-app", "3 items").await;
    browser
        .back_tab_to(&focused("One fewer Nasi rendang"))
        .await;
    browser.press(ENTER).await;
    browser
        .until("the focus is on +", &focused("Add Nasi rendang"))
        .await;

    browser
        .tab_to("document.activeElement.dataset.page === 'pages/basket'")
        .await;
    browser.press(ENTER).await;
    browser.until_text("[data-key=total]", "Rp 58.000").await;
    browser
        .tab_to("document.activeElement.dataset.key === 'place'")
        .await;
    browser.press(ENTER).await;
    browser.until_text(".lp-app", "Pay at the stall").await;
}

/// Ten thousand taps at once: those that there is room for count, and the rest is said, once.
#[tokio::test(flavor = "multi_thread")]
async fn taps_without_end_are_told_once() {
    let server = Server::of(&[COUNTER]).await;
    let browser = Browser::start(1280, 900).await;
    browser.open(&server.url("/a/counter")).await;
    browser.until_text("[data-key=count]", "0").await;
    let storm = "const add = document.querySelector(\"[aria-label='Add one']\"); for (let i = 0; i < 10000; i++) add.click();";
    browser
        .client
        .execute(storm, vec![])
        .await
        .expect("the script runs");
    browser.until_text("#toasts", "not sent").await;
    browser
        .until(
            "one notice stands there",
            "document.querySelectorAll('#toasts > *').length === 1",
        )
        .await;
    // One of the 256 places may have gone to the person's time zone.
    browser
        .until(
            "what was taken is counted",
            "Number(document.querySelector('[data-key=count]').innerText) >= 255",
        )
        .await;
}

/// What was tapped while the connection was away counts when it is back.
#[tokio::test(flavor = "multi_thread")]
async fn taps_while_away_are_not_lost() {
    let server = Server::of(&[COUNTER]).await;
    let browser = Browser::start(1280, 900).await;
    // Keeps hold of the page's socket, so that the test can break it.
    let spy = "const Real = WebSocket; window.sockets = []; window.WebSocket = class extends Real { constructor(...a) \
               { super(...a); window.sockets.push(this); } };";
    browser.before_each_page(spy).await;
    browser.open(&server.url("/a/counter")).await;
    browser
        .until(
            "connected",
            "window.sockets.some(socket => socket.readyState === 1)",
        )
        .await;
    browser.click("[aria-label='Add one']").await;
    browser.until_text("[data-key=count]", "1").await;
    browser
        .client
        .execute("window.sockets.forEach(socket => socket.close())", vec![])
        .await
        .expect("closed");
    for _ in 0..3 {
        browser.click("[aria-label='Add one']").await;
    }
    browser.until_text("[data-key=count]", "4").await;
    // The session is still the same one after the page is loaded again.
    browser.client.refresh().await.expect("loaded again");
    browser.until_text("[data-key=count]", "4").await;
}

/// Two windows on the same session show the same; another person's session is another.
#[tokio::test(flavor = "multi_thread")]
async fn two_windows_show_the_same_session() {
    let server = Server::of(&[COUNTER]).await;
    let (first, second) = (
        Browser::start(1280, 900).await,
        Browser::start(390, 844).await,
    );
    first.open(&server.url("/a/counter")).await;
    first.click("[aria-label='Add one']").await;
    first.until_text("[data-key=count]", "1").await;
    let url = first.client.current_url().await.expect("an address");
    second.open(url.as_str()).await;
    second.until_text("[data-key=count]", "1").await;
    second.click("[aria-label='Add one']").await;
    first.until_text("[data-key=count]", "2").await;
    second.open(&server.url("/a/counter")).await;
    second.until_text("[data-key=count]", "0").await;
}

/// An app that traps leaves a readable card, and can be started again.
#[tokio::test(flavor = "multi_thread")]
async fn a_trap_is_told_and_the_app_starts_again() {
    let server = Server::of(&["host/tests/guests/hostile"]).await;
    let browser = Browser::start(1280, 900).await;
    browser
        .open(&server.url("/a/hostile?page=pages/main%3Fdo=panic%26at=interaction"))
        .await;
    browser.click("[data-key=tap]").await;
    browser.until_text("#over", "panicked").await;
    browser.until_text("#over", "src/basket.rs").await;
    browser
        .until(
            "what led to it can be had",
            "document.querySelector('#over a[download]').pathname === `${location.pathname}/recording`",
        )
        .await;
    browser.screenshot("ended").await;
    browser.click("#over button").await;
    browser
        .until(
            "the app is back",
            "document.querySelector('#over').hidden && document.querySelector('[data-key=tap]')",
        )
        .await;
}

/// A change of the sources, seen from the browser: building, failed with the compiler's words, shown.
#[tokio::test(flavor = "multi_thread")]
async fn a_rebuilt_app_shows_up_at_the_page_where_it_was() {
    let server = Server::of(&[WARUNG]).await;
    let browser = Browser::start(1280, 900).await;
    browser
        .open(&server.url("/a/warung?page=pages/dish%3Fid=sate-ayam"))
        .await;
    browser.until_text("[data-key=put]", "30.000").await;
    server.preview.building("warung");
    browser
        .until(
            "said to be building",
            "!document.querySelector('#building').hidden",
        )
        .await;
    server.preview.build_failed(
        "warung",
        "error[E0425]: cannot find value `prise` in this scope\n --> src/menu.rs:3:5",
    );
    browser.until_text("#failed", "cannot find value").await;
    browser.screenshot("build-failed").await;
    let package = tokio::task::spawn_blocking(|| built(WARUNG))
        .await
        .expect("built");
    server
        .preview
        .show(
            "warung",
            server.runtime.load(package).await.expect("loaded"),
        )
        .await;
    browser
        .until(
            "the failure is gone",
            "document.querySelector('#failed').hidden",
        )
        .await;
    browser.until_text("[data-key=put]", "30.000").await;
}

/// The inspector shows what the app did.
#[tokio::test(flavor = "multi_thread")]
async fn the_inspector_shows_view_events_and_storage() {
    let server = Server::of(&[WARUNG]).await;
    let browser = Browser::start(1280, 1040).await;
    browser.open(&server.url("/a/warung")).await;
    browser.click("[aria-label='Add Nasi goreng']").await;
    browser.click("#tab-events").await;
    browser.until_text("#panel-events", "interaction").await;
    browser.screenshot("inspector-events").await;
    browser.click("#tab-view").await;
    browser.until_text("#panel-view", "button").await;
    browser.screenshot("inspector-view").await;
    browser.click("#tab-app").await;
    browser.until_text("#panel-app", "dev.lapak.warung").await;
    browser.click("#tab-storage").await;
    browser.until_text("#panel-storage", "nasi-goreng").await;
    browser.screenshot("inspector-storage").await;
}

/// On a phone the app has the whole screen; the browser's own back button is the app's.
#[tokio::test(flavor = "multi_thread")]
async fn on_a_phone_the_app_fills_the_screen() {
    let server = Server::of(&[WARUNG]).await;
    let browser = Browser::start(390, 844).await;
    browser.open(&server.url("/a/warung?lang=id")).await;
    browser.until_text("#tabs", "Keranjang").await;
    browser
        .until(
            "the app is as wide as the screen",
            "document.querySelector('.lp-app').offsetWidth === innerWidth",
        )
        .await;
    browser
        .until(
            "the inspector is away",
            "!document.querySelector('#inspector').offsetParent",
        )
        .await;
    browser.screenshot("phone").await;
    browser.click("[aria-label='Nasi rendang']").await;
    browser.until_text("[data-key=put]", "35.000").await;
    browser.client.back().await.expect("back");
    browser.until_text(".lp-app", "Nasi goreng").await;
}

/// Nothing is blocked by the page's own policy, nothing is missing, nothing fails in the scripts.
#[tokio::test(flavor = "multi_thread")]
async fn the_page_runs_clean() {
    let server = Server::of(&[WARUNG]).await;
    let browser = Browser::start(1280, 900).await;
    let listen = "window.faults = []; addEventListener('error', e => window.faults.push(String(e.message ?? e.target?.src)), true); \
                  addEventListener('unhandledrejection', e => window.faults.push(String(e.reason))); \
                  addEventListener('securitypolicyviolation', e => window.faults.push(e.violatedDirective + ' ' + e.blockedURI));";
    browser.before_each_page(listen).await;
    browser.open(&server.url("/a/warung")).await;
    browser.click("[aria-label='Add Nasi goreng']").await;
    browser.click("#tabs [data-page='pages/basket']").await;
    browser.until_text("[data-key=total]", "Rp 30.000").await;
    for tab in [
        "#tab-view",
        "#tab-events",
        "#tab-storage",
        "#tab-device",
        "#tab-trust",
        "#tab-app",
        "#tab-console",
    ] {
        browser.click(tab).await;
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    let faults = browser
        .client
        .execute("return window.faults", vec![])
        .await
        .expect("the script runs");
    assert_eq!(faults, serde_json::json!([]));
}

/// The server is started again under an open page: what was typed and tapped is still there, and the page goes on.
#[tokio::test(flavor = "multi_thread")]
async fn an_open_page_outlives_the_server() {
    let server = Server::of(&[WARUNG]).await;
    let browser = Browser::start(1280, 960).await;
    browser.open(&server.url("/a/warung")).await;
    browser.type_into("[data-key=search]", "sate").await;
    browser.click("[aria-label='Add Sate ayam']").await;
    browser.until_text(".lp-app", "1 item").await;
    let server = server.again("warung").await;
    browser
        .until(
            "the page notices",
            "!document.querySelector('#away').hidden",
        )
        .await;
    let package = tokio::task::spawn_blocking(|| built(WARUNG)).await;
    server.show("warung", package.expect("built")).await;
    browser
        .until("the page is back", "document.querySelector('#away').hidden")
        .await;
    browser.click("[aria-label='One more Sate ayam']").await;
    browser.until_text(".lp-app", "2 items").await;
    let typed = "document.querySelector('[data-key=search]').value === 'sate'";
    browser.until("what was typed is there", typed).await;
}

/// The live page: plots that move, in light and dark, without a complaint of the browser's.
#[tokio::test(flavor = "multi_thread")]
async fn the_load_is_drawn_while_it_changes() {
    let server = Server::of(&[COUNTER]).await;
    let browser = Browser::start(1280, 1500).await;
    browser.open(&server.url("/a/counter")).await;
    browser.until_text("[data-key=count]", "0").await;
    browser.open(&server.url("/")).await;
    browser.click("a[href='/_lapak/load']").await;
    browser.until_text("#tiles", "Sessions").await;
    let lines = "document.querySelectorAll('.load-chart svg polyline').length";
    browser
        .until("every plot has a line", &format!("{lines} >= 10"))
        .await;
    browser.until_text("#charts", "Processor by tenant").await;
    let reading = "document.querySelector('#tiles dd').innerText === '1'";
    browser.until("one session is counted", reading).await;
    let labelled =
        "[...document.querySelectorAll('.load-chart svg')].every((svg) => svg.ariaLabel)";
    browser
        .until("every plot says what it shows", labelled)
        .await;
    // Taps, so that there is something to see.
    let (session, _) = launched(&server, None).await;
    let (mut shell, page) = Shell::hello(&server, &session, "a").await;
    let plus = node(&page, "Add one");
    let taps = tokio::spawn(async move {
        loop {
            shell.tap(plus).await;
            shell.hear("patch").await;
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
    let tile = "Number([...document.querySelectorAll('#tiles > div')].find((tile) => tile.innerText.startsWith('Events/s')).querySelector('dd').innerText)";
    browser
        .until("events are counted", &format!("{tile} > 0"))
        .await;
    let points = "document.querySelector('.load-line').getAttribute('points').split(' ').length";
    browser
        .until("some seconds are drawn", &format!("{points} > 8"))
        .await;
    browser.screenshot("load").await;
    browser.dark().await;
    browser
        .until(
            "it is dark",
            "matchMedia('(prefers-color-scheme: dark)').matches",
        )
        .await;
    browser.screenshot("load-dark").await;
    taps.abort();
    assert_eq!(browser.complaints().await, Vec::<String>::new());
}
