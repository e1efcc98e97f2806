//! What a person sees of an app that does not come back, and that they can always leave it.

mod support;

use std::time::Duration;

use serde_json::json;
use support::browser::Browser;
use support::shell::{Shell, launched_app, node_of_key};
use support::{Server, built};

const PROBE: &str = "preview/tests/guests/probe";

/// With the probe, which may spin for as long as a test may last: what ends it here is the person.
async fn server() -> Server {
    let package = tokio::task::spawn_blocking(|| built(PROBE)).await;
    let package = package.expect("built");
    Server::set_up(vec![("probe", package)], |_, config| {
        config.limits.foreground_cpu = Duration::from_secs(3_600);
    })
    .await
}

#[tokio::test]
async fn every_page_is_told_that_the_app_is_busy_and_any_can_start_it_again() {
    let server = server().await;
    let (session, _) = launched_app(&server, "probe", None).await;
    let (mut shell, page) = Shell::hello(&server, &session, "one").await;
    shell.tap(node_of_key(&page, "spin")).await;
    assert_eq!(shell.hear("busy").await["on"], json!(true));
    // Whoever looks later is told as well.
    let (mut other, _) = Shell::hello(&server, &session, "two").await;
    assert_eq!(other.hear("busy").await["on"], json!(true));
    other.say(&json!({ "t": "restart" })).await;
    for shell in [&mut shell, &mut other] {
        let page = shell.hear("page").await;
        // The app is there anew, and answers.
        assert!(
            page["html"].as_str().expect("html").contains("Tick"),
            "{page}"
        );
    }
    let (mut third, page) = Shell::hello(&server, &session, "three").await;
    third.tap(node_of_key(&page, "tick")).await;
    third.hear("patch").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_for_a_busy_app_sees_a_sign_and_leaves_or_starts_it_again() {
    let server = server().await;
    for (width, name) in [(390, "phone"), (1280, "desk")] {
        let browser = Browser::start(width, 844).await;
        browser.open(&server.url("/a/probe")).await;
        browser.until_text(".lp-app", "Tick").await;
        browser.click("[data-key=spin]").await;
        browser.until_text("#busy", "busy").await;
        browser.screenshot(&format!("busy-{name}")).await;
        browser.click("#busy button").await;
        browser
            .until("the sign is gone", "document.querySelector('#busy').hidden")
            .await;
        browser.click("[data-key=tick]").await;

        browser.click("[data-key=spin]").await;
        browser.until_text("#busy", "busy").await;
        browser.click("#busy a").await;
        browser.until("home", "location.pathname === '/'").await;
    }
}
