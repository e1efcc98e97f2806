//! The WebSocket: what goes over the wire, what is kept, what bad messages do.

mod support;

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use lapak_host::recording::Recording;
use lapak_preview::MessageRates;
use serde_json::json;
use support::Server;
use support::shell::{Shell, body, get, launched, node};
use tokio_tungstenite::tungstenite::Message;

const COUNTER: &str = "examples/counter";

#[tokio::test]
async fn a_tap_gives_a_patch_and_a_reload_resumes() {
    let server = Server::of(&[COUNTER]).await;
    let (session, _) = launched(&server, None).await;
    let (mut shell, page) = Shell::hello(&server, &session, "one").await;
    let plus = node(&page, "Add one");
    shell.tap(plus).await;
    shell.hear("ack").await;
    let patch = shell.hear("patch").await;
    assert_eq!(patch["v"].as_u64(), page["v"].as_u64().map(|v| v + 1));
    assert!(patch["ops"].to_string().contains("\"1\""), "{patch}");
    // The page is loaded again.
    let html = body(get(&server, &session, &[]).await).await;
    assert!(html.contains(">1</span>"), "{html}");
    let (_, page) = Shell::hello(&server, &session, "two").await;
    assert!(
        page["html"].as_str().expect("html").contains(">1</span>"),
        "{page}"
    );
}

#[tokio::test]
async fn a_shell_that_is_up_to_date_is_not_painted_again() {
    let server = Server::of(&[COUNTER]).await;
    let (session, _) = launched(&server, None).await;
    let (_, page) = Shell::hello(&server, &session, "one").await;
    let mut shell = Shell::connect(&server, &session).await;
    let hello = json!({ "t": "hello", "client": "one", "v": page["v"], "page": page["page"], "app": page["app"] });
    shell.say(&hello).await;
    shell.hear("welcome").await;
    shell.tap(node(&page, "Add one")).await;
    let mut kinds = Vec::new();
    while kinds.last().is_none_or(|kind| kind != "patch") {
        kinds.push(shell.next().await["t"].as_str().expect("a kind").to_owned());
    }
    assert!(!kinds.contains(&"page".to_owned()), "{kinds:?}");
}

#[tokio::test]
async fn an_event_sent_twice_counts_once() {
    let server = Server::of(&[COUNTER]).await;
    let (session, _) = launched(&server, None).await;
    let (mut shell, page) = Shell::hello(&server, &session, "one").await;
    let tap = json!({ "t": "input", "seq": 1, "node": node(&page, "Add one"), "on": "tap", "value": null });
    shell.say(&tap).await;
    shell.hear("ack").await;
    drop(shell);
    // The connection broke before the acknowledgement came; the shell sends again.
    let (mut shell, _) = Shell::hello(&server, &session, "one").await;
    assert_eq!(shell.seq, 1);
    shell.say(&tap).await;
    assert_eq!(shell.hear("ack").await["seq"], 1);
    shell.tap(node(&page, "Add one")).await;
    shell.hear("patch").await;
    let html = body(get(&server, &session, &[]).await).await;
    assert!(html.contains(">2</span>"), "{html}");
}

#[tokio::test]
async fn an_event_out_of_order_waits_for_those_before_it() {
    let server = Server::of(&[COUNTER]).await;
    let (session, _) = launched(&server, None).await;
    let (mut shell, page) = Shell::hello(&server, &session, "one").await;
    let tap = |seq: u64| json!({ "t": "input", "seq": seq, "node": node(&page, "Add one"), "on": "tap", "value": null });
    shell.say(&tap(2)).await;
    assert_eq!(shell.hear("slow").await["seq"], 2);
    shell.say(&tap(1)).await;
    assert_eq!(shell.hear("ack").await["seq"], 1);
}

#[tokio::test]
async fn ten_thousand_taps_all_count() {
    let package = tokio::task::spawn_blocking(|| support::built(COUNTER)).await;
    let packages = vec![("counter", package.expect("built"))];
    // Nobody is as fast as this test.
    let server = Server::set_up(packages, |options, _| {
        options.sockets.messages = MessageRates::UNBOUNDED;
    })
    .await;
    let (session, _) = launched(&server, None).await;
    let (mut shell, page) = Shell::hello(&server, &session, "one").await;
    let plus = node(&page, "Add one");
    let mut taken = 0;
    // In volleys larger than the mailbox; what is told to be slow is sent again.
    while taken < 10_000 {
        let volley: Vec<u64> = (taken + 1..=10_000).take(500).collect();
        for seq in &volley {
            let tap = json!({ "t": "input", "seq": seq, "node": plus, "on": "tap", "value": null });
            shell.say(&tap).await;
        }
        for _ in &volley {
            let answer = loop {
                let message = shell.next().await;
                if message["t"] == "ack" || message["t"] == "slow" {
                    break message;
                }
            };
            if answer["t"] == "ack" {
                taken = taken.max(answer["seq"].as_u64().expect("a number"));
            }
        }
    }
    for _ in 0..200 {
        let html = body(get(&server, &session, &[]).await).await;
        if html.contains(">10000</span>") {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("taps were lost");
}

#[tokio::test]
async fn malformed_messages_are_answered_and_change_nothing() {
    let server = Server::of(&[COUNTER]).await;
    let (session, _) = launched(&server, None).await;
    let (mut shell, page) = Shell::hello(&server, &session, "one").await;
    for message in [
        "",
        "{",
        "null",
        "[1,2]",
        "{\"t\":\"input\"}",
        "{\"t\":\"no-such\"}",
        "\u{0}",
        r#"{"t":"input","node":-1,"on":"tap","value":null}"#,
        r#"{"t":"input","seq":1e400,"node":1,"on":"tap","value":null}"#,
    ] {
        shell.raw(message).await;
        shell.hear("error").await;
    }
    shell
        .socket
        .send(Message::binary(vec![0xff; 64]))
        .await
        .expect("sent");
    shell.hear("error").await;
    let deep = "[".repeat(100_000);
    shell.raw(&deep).await;
    shell.hear("error").await;
    shell.tap(node(&page, "Add one")).await;
    shell.hear("patch").await;
}

#[tokio::test]
async fn events_for_foreign_nodes_are_dropped_and_said_in_the_inspector() {
    let server = Server::of(&[COUNTER]).await;
    let (session, _) = launched(&server, None).await;
    let (mut shell, page) = Shell::hello(&server, &session, "one").await;
    shell.say(&json!({ "t": "inspect", "on": true })).await;
    shell.hear("about").await;
    shell.tap(4_000_000_000).await;
    let dropped = loop {
        let event = shell.hear("event").await;
        if !event["dropped"].is_null() {
            break event;
        }
    };
    assert!(
        dropped["dropped"]
            .as_str()
            .expect("why")
            .contains("4000000000"),
        "{dropped}"
    );
    // A value that the node cannot have.
    shell.seq += 1;
    let (seq, plus) = (shell.seq, node(&page, "Add one"));
    shell.say(&json!({ "t": "input", "seq": seq, "node": plus, "on": "change", "value": { "index": 7 } })).await;
    let event = loop {
        let event = shell.hear("event").await;
        if !event["dropped"].is_null() {
            break event;
        }
    };
    assert!(event["dropped"].is_string(), "{event}");
    shell.tap(plus).await;
    let patch = shell.hear("patch").await;
    assert!(patch["ops"].to_string().contains("\"1\""), "{patch}");
}

#[tokio::test]
async fn a_message_that_is_too_large_ends_the_connection_and_nothing_else() {
    let server = Server::of(&[COUNTER]).await;
    let (session, _) = launched(&server, None).await;
    let (mut shell, _) = Shell::hello(&server, &session, "one").await;
    // The server may close before it has read everything.
    let _ = shell.socket.send(Message::text("x".repeat(1 << 20))).await;
    let mut rest = Vec::new();
    while let Some(Ok(message)) = shell.socket.next().await {
        rest.push(message);
    }
    assert!(
        !rest
            .iter()
            .any(|message| message.to_string().contains("\"ack\"")),
        "{rest:?}"
    );
    let (_, page) = Shell::hello(&server, &session, "two").await;
    assert_eq!(page["t"], "page");
}

#[tokio::test]
async fn an_event_that_is_a_little_too_large_is_refused_and_the_session_goes_on() {
    let server = Server::of(&[COUNTER]).await;
    let (session, _) = launched(&server, None).await;
    let (mut shell, page) = Shell::hello(&server, &session, "one").await;
    let plus = node(&page, "Add one");
    // What somebody pastes: 87,400 characters of three bytes each.
    let text = "中".repeat(87_400);
    shell.say(&json!({ "t": "input", "seq": 1, "node": plus, "on": "input", "value": { "text": text } })).await;
    let refused = shell.hear("refused").await;
    assert_eq!(refused["seq"], 1);
    assert_eq!(refused["why"], "too-large");
    assert_eq!(refused["most"], 256 * 1024);
    // Its number is used up; the next event is taken.
    shell.seq = 1;
    shell.tap(plus).await;
    assert_eq!(shell.hear("ack").await["seq"], 2);
    shell.hear("patch").await;
}

#[tokio::test]
async fn an_event_that_cannot_be_read_is_refused_and_the_session_goes_on() {
    let server = Server::of(&[COUNTER]).await;
    let (session, _) = launched(&server, None).await;
    let (mut shell, page) = Shell::hello(&server, &session, "one").await;
    let plus = node(&page, "Add one");
    let values = [
        r#"{"text":"\ud83d"}"#,
        r#"{"number":1e999}"#,
        r#"{"number":null}"#,
    ];
    for (seq, value) in (1_u64..).zip(values) {
        let text =
            format!(r#"{{"t":"input","seq":{seq},"node":{plus},"on":"input","value":{value}}}"#);
        shell.raw(&text).await;
        let refused = shell.hear("refused").await;
        assert_eq!(refused["seq"], seq);
        assert_eq!(refused["why"], "malformed");
    }
    // One whose turn has not come keeps its number.
    shell.raw(r#"{"t":"input","seq":9,"node":-1}"#).await;
    assert_eq!(shell.hear("slow").await["seq"], 9);
    // Their numbers are used up; the next event is taken.
    shell.seq = 3;
    shell.tap(plus).await;
    assert_eq!(shell.hear("ack").await["seq"], 4);
    shell.hear("patch").await;
}

#[tokio::test]
async fn a_message_that_cannot_be_heard_ends_the_connection_with_its_reason() {
    let server = Server::of(&[COUNTER]).await;
    let (session, _) = launched(&server, None).await;
    let (mut shell, _) = Shell::hello(&server, &session, "one").await;
    let sent = shell
        .socket
        .send(Message::text("x".repeat(600 << 10)))
        .await;
    sent.expect("the server reads on until it has said why");
    let code = loop {
        match shell.socket.next().await {
            Some(Ok(Message::Close(Some(frame)))) => break u16::from(frame.code),
            Some(Ok(_)) => {}
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(code, 1009);
}

#[tokio::test]
async fn the_number_of_an_event_that_was_given_up_is_taken_without_it() {
    let server = Server::of(&[COUNTER]).await;
    let (session, _) = launched(&server, None).await;
    let (mut shell, page) = Shell::hello(&server, &session, "one").await;
    shell.say(&json!({ "t": "nothing", "seq": 1 })).await;
    assert_eq!(shell.hear("ack").await["seq"], 1);
    shell.seq = 1;
    shell.tap(node(&page, "Add one")).await;
    let patch = shell.hear("patch").await;
    assert!(patch["ops"].to_string().contains("\"1\""), "{patch}");
}

#[tokio::test]
async fn an_event_is_not_taken_again_after_many_other_pages() {
    let server = Server::of(&[COUNTER]).await;
    let (session, _) = launched(&server, None).await;
    let (mut shell, page) = Shell::hello(&server, &session, "first").await;
    let plus = node(&page, "Add one");
    let tap = json!({ "t": "input", "seq": 1, "node": plus, "on": "tap", "value": null });
    shell.say(&tap).await;
    shell.hear("ack").await;
    drop(shell);
    for number in 0..17 {
        let (mut shell, _) = Shell::hello(&server, &session, &format!("page {number}")).await;
        shell.tap(plus).await;
        shell.hear("patch").await;
    }
    let mut shell = Shell::connect(&server, &session).await;
    let hello = json!({ "t": "hello", "client": "first", "v": 0, "page": 0, "app": "" });
    shell.say(&hello).await;
    shell.hear("forgotten").await;
    // Under another name it goes on, and what it had sent is not counted again.
    let (mut shell, page) = Shell::hello(&server, &session, "second").await;
    assert!(
        page["html"].as_str().expect("html").contains(">18</span>"),
        "{page}"
    );
    shell.tap(plus).await;
    let patch = shell.hear("patch").await;
    assert!(patch["ops"].to_string().contains("\"19\""), "{patch}");
}

#[tokio::test]
async fn a_page_that_asks_whether_the_server_is_there_is_answered() {
    let server = Server::of(&[COUNTER]).await;
    let (session, _) = launched(&server, None).await;
    let (mut shell, _) = Shell::hello(&server, &session, "one").await;
    shell.say(&json!({ "t": "ping" })).await;
    shell.hear("pong").await;
}

#[tokio::test]
async fn only_so_many_pages_look_at_one_session() {
    let server = Server::of(&[COUNTER]).await;
    let (session, _) = launched(&server, None).await;
    let mut shells = Vec::new();
    for number in 0..8 {
        shells.push(Shell::hello(&server, &session, &format!("{number}")).await);
    }
    let origin = format!("http://{}", server.address);
    let refused = support::shell::connect(&server, &session, Some(&origin)).await;
    assert!(
        refused
            .err()
            .is_some_and(|error| error.to_string().contains("503"))
    );
    // Whoever leaves makes room.
    let (mut left, _) = shells.pop().expect("one");
    left.socket.close(None).await.expect("closed");
    while left.socket.next().await.is_some() {}
    let mut again = support::shell::connect(&server, &session, Some(&origin)).await;
    while again.is_err() {
        tokio::task::yield_now().await;
        again = support::shell::connect(&server, &session, Some(&origin)).await;
    }
}

#[tokio::test]
async fn an_app_that_traps_ends_only_its_own_session_and_can_start_again() {
    let server = Server::of(&[COUNTER, "host/tests/guests/hostile"]).await;
    let (counter, _) = launched(&server, None).await;
    let path = "/a/hostile?page=pages/main%3Fdo=panic%26at=interaction";
    let response = get(&server, path, &[]).await;
    let hostile = response.headers()["location"]
        .to_str()
        .expect("text")
        .to_owned();
    let (mut shell, page) = Shell::hello(&server, &hostile, "a").await;
    let html = page["html"].as_str().expect("html");
    let button = html
        .split("<button")
        .nth(1)
        .and_then(|rest| rest.split("data-n=\"").nth(1))
        .expect("a button");
    shell
        .tap(
            button
                .split('"')
                .next()
                .expect("a number")
                .parse()
                .expect("a number"),
        )
        .await;
    let ended = shell.hear("ended").await;
    assert!(
        ended["text"]
            .as_str()
            .expect("text")
            .contains("panicked at"),
        "{ended}"
    );
    assert!(
        !ended["stack"].as_array().expect("a stack").is_empty(),
        "{ended}"
    );
    // The end comes with what led to it, to be played again; it does not tell whose it was.
    assert_eq!(ended["recorded"], true);
    let file = get(&server, &format!("{hostile}/recording"), &[]).await;
    let disposition = file.headers()["content-disposition"].to_str();
    assert_eq!(
        disposition.expect("text"),
        "attachment; filename=\"hostile.lapakrec\""
    );
    let bytes = axum::body::to_bytes(file.into_body(), 4 << 20).await;
    let recording = Recording::from_bytes(&bytes.expect("a body")).expect("a recording");
    assert_eq!(recording.launch.as_ref().expect("a launch").person, "");
    let package = tokio::task::spawn_blocking(|| support::built("host/tests/guests/hostile"));
    let app = server.runtime.load(package.await.expect("built")).await;
    let replayed = server
        .runtime
        .replay(&app.expect("loaded"), &recording)
        .await;
    let again = replayed.expect("plays").screen.ended.expect("ends again");
    assert_eq!(ended["text"], again.cause.to_string());
    assert_eq!(ended["stack"], json!(again.stack));
    let (mut other, page) = Shell::hello(&server, &counter, "b").await;
    other.tap(node(&page, "Add one")).await;
    other.hear("patch").await;
    shell.say(&json!({ "t": "restart" })).await;
    assert_eq!(shell.hear("page").await["t"], "page");
}

#[tokio::test]
async fn a_newer_app_takes_the_olders_place_under_the_same_token() {
    let server = Server::of(&[COUNTER]).await;
    let (session, _) = launched(&server, None).await;
    let (mut shell, page) = Shell::hello(&server, &session, "a").await;
    shell.tap(node(&page, "Add one")).await;
    shell.hear("patch").await;
    server.preview.building("counter");
    shell.hear("building").await;
    server
        .preview
        .build_failed("counter", "error: expected `;`");
    assert_eq!(
        shell.hear("build-failed").await["message"],
        "error: expected `;`"
    );
    let package = tokio::task::spawn_blocking(|| support::built(COUNTER))
        .await
        .expect("built");
    server
        .preview
        .show(
            "counter",
            server.runtime.load(package).await.expect("loaded"),
        )
        .await;
    let page = shell.hear("page").await;
    assert!(
        page["html"].as_str().expect("html").contains(">0</span>"),
        "{page}"
    );
}

#[tokio::test]
async fn the_inspector_gets_lines_events_and_storage() {
    let server = Server::of(&["examples/warung"]).await;
    let response = get(&server, "/a/warung?lang=en", &[]).await;
    let session = response.headers()["location"]
        .to_str()
        .expect("text")
        .to_owned();
    let (mut shell, page) = Shell::hello(&server, &session, "a").await;
    shell.say(&json!({ "t": "inspect", "on": true })).await;
    let about = shell.hear("about").await;
    assert!(
        about["rows"].to_string().contains("dev.lapak.warung"),
        "{about}"
    );
    let event = shell.hear("event").await;
    assert!(event["cpu_us"].as_f64().expect("a number") > 0.0, "{event}");
    shell.tap(node(&page, "Add Nasi goreng")).await;
    shell.hear("patch").await;
    // The basket is written after the view: ask until it is there.
    for _ in 0..100 {
        shell.say(&json!({ "t": "storage" })).await;
        let storage = shell.hear("storage").await;
        if storage["entries"].to_string().contains("nasi-goreng") {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the basket was not stored");
}
