//! The server is started again, and open pages go on.

mod support;

use axum::http::StatusCode;
use lapak_abi::package::{Package, PackageLimits, PackageWriter};
use serde_json::json;
use support::shell::{Shell, body, connect, get, launched, node};
use support::{Server, built};

async fn counter() -> Package {
    tokio::task::spawn_blocking(|| built("examples/counter"))
        .await
        .expect("built")
}

/// The same app with one more file: another package.
fn changed(package: &Package) -> Package {
    let mut writer = PackageWriter::new();
    for (path, bytes) in package.files() {
        writer.file(path, bytes).expect("a file");
    }
    writer.file("common/more.txt", "more").expect("a file");
    let bytes = writer.finish().expect("a package");
    Package::read(bytes, &PackageLimits::default()).expect("reads")
}

#[tokio::test]
async fn an_open_page_goes_on_where_it_was_and_nothing_counts_twice() {
    let server = Server::of(&["examples/counter"]).await;
    let (session, _) = launched(&server, None).await;
    let (mut shell, page) = Shell::hello(&server, &session, "one").await;
    let plus = node(&page, "Add one");
    shell.tap(plus).await;
    shell.hear("ack").await;
    let version = shell.hear("patch").await["v"].clone();
    let server = Server::over(server.stop().await).await;

    // Until the app is there, the page waits.
    server.preview.building("counter");
    let waiting = get(&server, &session, &[]).await;
    assert_eq!(waiting.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(
        connect(&server, &session, Some(&server.url("")))
            .await
            .is_err()
    );
    server.show("counter", counter().await).await;

    // What the page shows is right, so that it is not painted again, and what it sent is remembered.
    let mut shell = Shell::connect(&server, &session).await;
    let hello = json!({ "t": "hello", "client": "one", "v": version, "page": page["page"], "app": page["app"] });
    shell.say(&hello).await;
    let welcome = shell.hear("welcome").await;
    assert_eq!(welcome["seq"], 1);
    shell.seq = 1;
    let again = json!({ "t": "input", "seq": 1, "node": plus, "on": "tap", "value": null });
    shell.say(&again).await;
    shell.tap(node(&page, "Take one away")).await;
    let mut heard = Vec::new();
    while heard.last().is_none_or(|(kind, _)| kind != "patch") {
        let message = shell.next().await;
        heard.push((message["t"].as_str().expect("a kind").to_owned(), message));
    }
    assert!(heard.iter().all(|(kind, _)| kind != "page"), "{heard:?}");
    let (_, patch) = heard.last().expect("a patch");
    // One taken away from the one that was there before.
    assert!(patch["ops"].to_string().contains("\"0\""), "{patch}");
}

#[tokio::test]
async fn a_changed_app_is_launched_again_under_the_same_token() {
    let server = Server::of(&["examples/counter"]).await;
    let (session, _) = launched(&server, None).await;
    let (mut shell, page) = Shell::hello(&server, &session, "one").await;
    shell.tap(node(&page, "Add one")).await;
    shell.hear("patch").await;
    let server = Server::over(server.stop().await).await;
    server.show("counter", changed(&counter().await)).await;
    let (mut shell, newer) = Shell::hello(&server, &session, "one").await;
    assert!(
        newer["html"].as_str().expect("html").contains(">0</span>"),
        "{newer}"
    );
    assert_ne!(newer["app"], page["app"]);
    assert_eq!(newer["route"], page["route"]);
    shell.tap(node(&newer, "Add one")).await;
    shell.hear("patch").await;

    // The one that took its place is kept, too.
    let server = Server::over(server.stop().await).await;
    server.show("counter", changed(&counter().await)).await;
    let html = body(get(&server, &session, &[]).await).await;
    assert!(html.contains(">1</span>"), "{html}");
}

#[tokio::test]
async fn what_was_not_open_is_still_not_there() {
    let server = Server::of(&["examples/counter"]).await;
    launched(&server, None).await;
    let server = Server::over(server.stop().await).await;
    server.show("counter", counter().await).await;
    let forged = "/s/00000000000000000000000000000000";
    assert_eq!(
        get(&server, forged, &[]).await.status(),
        StatusCode::NOT_FOUND
    );
    assert!(
        connect(&server, forged, Some(&server.url("")))
            .await
            .is_err()
    );
}
