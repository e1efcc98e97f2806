//! A newer version of an app takes over from a session, if the app says so, whatever the person is in the middle of.

mod support;

use lapak_abi::package::{Package, PackageLimits, PackageWriter};
use serde_json::json;
use support::sheet::PIN;
use support::shell::{Shell, launched_app, node, node_of_key};
use support::{Server, built};

/// Warung with one more file: another package of the same app.
async fn newer_warung() -> Package {
    let package = tokio::task::spawn_blocking(|| built("examples/warung"))
        .await
        .expect("built");
    let mut writer = PackageWriter::new();
    for (path, bytes) in package.files() {
        writer.file(path, bytes).expect("a file");
    }
    writer.file("common/more.txt", "more").expect("a file");
    let bytes = writer.finish().expect("a package");
    Package::read(bytes, &PackageLimits::default()).expect("reads")
}

/// A portion of bakso in the basket, the basket on show.
async fn at_the_basket(server: &Server) -> (Shell, serde_json::Value) {
    let (session, _) = launched_app(server, "warung", None).await;
    let (mut shell, page) = Shell::hello(server, &session, "one").await;
    shell.tap(node(&page, "Add Bakso")).await;
    shell.hear("patch").await;
    shell.seq += 1;
    let tab = json!({ "t": "tab", "seq": shell.seq, "page": "pages/basket" });
    shell.say(&tab).await;
    let basket = shell.hear("page").await;
    (shell, basket)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_goes_on_with_what_the_older_version_hands_over() {
    let server = Server::of(&["examples/warung"]).await;
    let (mut shell, older) = at_the_basket(&server).await;
    server.show("warung", newer_warung().await).await;
    let newer = shell.hear("page").await;
    assert_ne!(newer["app"], older["app"]);
    assert_eq!(newer["route"], "pages/basket");
    let html = newer["html"].as_str().expect("html");
    assert!(html.contains("Bakso"), "{html}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_whose_sheet_is_open_goes_on_after_a_rebuild() {
    let server = Server::of(&["examples/warung"]).await;
    let (mut shell, basket) = at_the_basket(&server).await;
    shell.tap(node_of_key(&basket, "pay")).await;
    let open = |sheets: &serde_json::Value| sheets["sheets"][0]["id"].as_u64();
    let older = loop {
        if let Some(sheet) = open(&shell.hear("sheets").await) {
            break sheet;
        }
    };
    server.show("warung", newer_warung().await).await;
    // Another sheet for the same payment: the older version's is closed, and answers to it count no more.
    let newer = loop {
        match open(&shell.hear("sheets").await) {
            Some(sheet) if sheet != older => break sheet,
            _ => {}
        }
    };
    let pay = |sheet: u64| json!({ "t": "sheet-pay", "sheet": sheet, "pin": PIN, "fresh": true });
    shell.say(&pay(older)).await;
    assert_eq!(shell.hear("sheet-refused").await["why"], "not-open");
    shell.say(&pay(newer)).await;
    // The newer version hears of it, and shows the order.
    let orders = loop {
        let page = shell.hear("page").await;
        if page["route"] == "pages/orders" {
            break page;
        }
    };
    let html = orders["html"].as_str().expect("html");
    assert!(html.contains("Bakso"), "{html}");
    assert_eq!(server.balance("merchant:warung-sari"), 2_200_000);
    server.books();
}
