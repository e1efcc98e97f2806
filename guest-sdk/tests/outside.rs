//! What the test kit stands in for: servers, files, who the person is, messages.
#![allow(missing_docs, reason = "a test")]

use lapak_sdk::prelude::*;
use lapak_sdk::testing::{Capability, TestApp};

/// Does everything once, and shows what came of it.
struct Outside(Vec<String>);

#[derive(Clone)]
enum Msg {
    Begin,
    Came(String),
}

impl App for Outside {
    type Msg = Msg;
    type Page = SinglePage;

    fn launch(_: &Launch, _: &mut Context<Self>) -> Self {
        Self(Vec::new())
    }

    fn update(&mut self, msg: Msg, cx: &mut Context<Self>) {
        match msg {
            Msg::Came(what) => self.0.push(what),
            Msg::Begin => {
                self.0.clear();
                cx.spawn(everything(), Msg::Came);
            }
        }
    }

    fn view(&self, _: &SinglePage) -> View<'_, Msg> {
        view((
            button("Begin").on_tap(Msg::Begin),
            text(self.0.join("")).key("came"),
        ))
    }
}

async fn everything() -> String {
    let mut all = Vec::new();
    let shop = fetch::post("https://shop.example/orders")
        .body("tea")
        .send()
        .await;
    all.push(match shop {
        Ok(answer) if answer.is_ok() => answer.text(),
        Ok(answer) => answer.status.to_string(),
        Err(error) => format!("{error:?}"),
    });
    let written = async {
        files::make_folder("notes").await?;
        files::write("notes/a", "tea").await?;
        let read = files::read("notes/a").await?;
        let kept = files::entries("notes").await?;
        Ok::<_, files::Error>(format!(
            "{} of {}",
            String::from_utf8_lossy(&read),
            kept.len()
        ))
    };
    all.push(written.await.unwrap_or_else(|error| format!("{error:?}")));
    let known = identity::claims(&[identity::Claim::Name]).await;
    all.push(match known {
        Ok(claims) => claims.iter().map(|claim| claim.value.clone()).collect(),
        Err(error) => format!("{error:?}"),
    });
    let subscribed = notify::subscribe(&["ready"]).await;
    let agreed = subscribed.is_ok_and(|said| said.iter().all(|one| one.agreed));
    let sent = notify::send("ready", &[("table", "12")]).await;
    all.push(format!("{agreed} {}", sent.is_ok()));
    all.join("; ")
}

const MANIFEST: &str = r#"{ "app_id": "a", "name": "a", "icons": [{ "src": "i.svg" }], "pages": ["pages/index"],
    "version": { "code": 1, "name": "1" }, "platform_version": { "min_code": 1 } }"#;

#[test]
fn what_a_test_says_is_what_the_app_gets() {
    let mut app = TestApp::<Outside>::prepare(MANIFEST)
        .answering("https://shop.example/orders", 201, "ordered")
        .launch();
    app.set_claim(identity::Claim::Name, "Ani");
    app.tap("Begin");
    assert_eq!(app.text_of("came"), "ordered; tea of 1; Ani; true true");
    let sent = app.fetched().remove(0);
    assert_eq!((&*sent.0, &*sent.2), ("POST", &b"tea"[..]));
    assert_eq!(app.file("notes/a"), Some(b"tea".to_vec()));
    let (template, fields) = app.messages().remove(0);
    assert_eq!(template, "ready");
    assert_eq!(fields, [("table".to_owned(), "12".to_owned())]);

    app.answer_fetch("https://shop.example/orders", 500, "");
    app.refuse_identity();
    app.refuse_template("ready");
    app.tap("Begin");
    let shown = app.text_of("came");
    assert!(
        shown.starts_with("500; ") && shown.ends_with("; false false"),
        "{shown}"
    );
    assert!(shown.contains("access-denied"), "{shown}");
}

#[test]
fn what_is_not_lent_is_refused() {
    let mut app = TestApp::<Outside>::prepare(MANIFEST)
        .deny(Capability::Fetch)
        .deny(Capability::Files)
        .deny(Capability::Identity)
        .deny(Capability::Notify)
        .file("notes/a", "kept")
        .launch();
    app.tap("Begin");
    let shown = app.text_of("came");
    assert_eq!(shown.matches("access-denied").count(), 3, "{shown}");
    assert!(shown.ends_with("; false false"), "{shown}");
    assert!(app.messages().is_empty() && app.fetched().is_empty());
    assert_eq!(app.file("notes/a"), Some(b"kept".to_vec()));
}
