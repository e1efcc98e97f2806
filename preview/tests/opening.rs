//! An app opens another that the server shows: where the person has agreed, at the page that it names, and nowhere else.

mod support;

use serde_json::{Value, json};
use support::Server;
use support::shell::{Shell, launched_app, node_of_key};

fn hostile(uri: &str) -> String {
    let uri = uri
        .replace(':', "%3A")
        .replace('/', "%2F")
        .replace('?', "%3F");
    format!("hostile?page=pages/main%3Fdo%3Dcall-open-app-open%26at%3Dinteraction%26with%3D{uri}")
}

/// A session whose tap asks to open another app, as a shell with the sheet open.
async fn asked(server: &Server, uri: &str) -> (Shell, String, Value) {
    let (session, _) = launched_app(server, &hostile(uri), None).await;
    let (mut shell, page) = Shell::hello(server, &session, "one").await;
    shell.tap(node_of_key(&page, "tap")).await;
    let sheet = loop {
        let sheets = shell.hear("sheets").await;
        if let Some(sheet) = sheets["sheets"].get(0) {
            break sheet.clone();
        }
    };
    assert_eq!(sheet["asks"], "open-app");
    (shell, session, sheet)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_other_app_comes_to_the_front_where_the_person_has_agreed() {
    let server = Server::of(&["host/tests/guests/hostile", "examples/warung"]).await;
    // But for its case, as nothing else has this id.
    let uri = "platform://miniapp/dev.lapak.WARUNG/pages/dish?id=rendang";
    let (mut shell, session, sheet) = asked(&server, uri).await;
    // The same session in another window, which is left alone.
    let (mut second, _) = Shell::hello(&server, &session, "two").await;
    let agree = json!({ "t": "sheet-agree", "sheet": sheet["id"] });
    shell.say(&agree).await;
    let opened = shell.hear("open").await;
    let href = opened["href"].as_str().expect("an address");
    assert_ne!(href, session);
    let (_, page) = Shell::hello(&server, href, "three").await;
    let html = page["html"].as_str().expect("html");
    assert!(html.contains("Nasi rendang"), "{html}");
    assert_eq!(page["route"], "pages/dish");
    second.hear("sheet-done").await;
    second.say(&json!({ "t": "storage" })).await;
    loop {
        let message = second.next().await;
        assert_ne!(message["t"], "open");
        if message["t"] == "storage" {
            break;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_that_is_not_shown_or_that_the_device_lacks_is_not_opened() {
    let server = Server::of(&["host/tests/guests/hostile", "examples/warung"]).await;
    for (uri, has) in [
        ("platform://miniapp/com.example.nobody", "any"),
        ("platform://miniapp/dev.lapak.warung", "none"),
    ] {
        let (mut shell, session, sheet) = asked(&server, uri).await;
        let token = session.rsplit('/').next().expect("a token");
        assert!(!token.is_empty());
        shell
            .say(&json!({ "t": "device", "line": format!("open-app {has}") }))
            .await;
        shell.hear("device").await;
        shell
            .say(&json!({ "t": "sheet-agree", "sheet": sheet["id"] }))
            .await;
        loop {
            let message = shell.next().await;
            assert_ne!(message["t"], "open", "{uri}");
            if message["t"] == "patch" && message.to_string().contains("not-opened") {
                break;
            }
        }
    }
}
