//! What whoever means no good sends over many connections, and what honest people send beside it.

mod support;

use std::time::Duration;

use futures_util::SinkExt as _;
use lapak_preview::MessageRates;
use serde_json::json;
use support::Server;
use support::shell::{Shell, launched, node};
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use tokio_tungstenite::tungstenite::{Bytes, Message};

const COUNTER: &str = "examples/counter";

#[tokio::test]
async fn a_message_in_pieces_with_pings_between_them_is_heard() {
    let server = Server::of(&[COUNTER]).await;
    let (session, _) = launched(&server, None).await;
    let (mut shell, page) = Shell::hello(&server, &session, "one").await;
    let plus = node(&page, "Add one");
    let pieces = [
        "{\"t\":\"input\",\"seq\":1,".to_owned(),
        format!("\"node\":{plus},\"on\":\"tap\","),
        "\"value\":null}".to_owned(),
    ];
    let last = pieces.len() - 1;
    for (at, piece) in pieces.into_iter().enumerate() {
        let kind = if at == 0 { Data::Text } else { Data::Continue };
        let frame = Frame::message(Bytes::from(piece), OpCode::Data(kind), at == last);
        let sent = shell.socket.send(Message::Frame(frame)).await;
        sent.expect("sent");
        let pinged = shell.socket.send(Message::Ping(Bytes::new())).await;
        pinged.expect("sent");
    }
    assert_eq!(shell.hear("ack").await["seq"], 1);
    shell.hear("patch").await;
}

#[tokio::test]
async fn a_flood_of_one_person_is_not_read_and_another_is_answered() {
    let package = tokio::task::spawn_blocking(|| support::built(COUNTER)).await;
    let packages = vec![("counter", package.expect("built"))];
    let server = Server::set_up(packages, |options, _| {
        options.sockets.messages = MessageRates {
            at_once: 100,
            a_second: 1,
        };
    })
    .await;
    let (session, _) = launched(&server, None).await;
    let mut flood = Vec::new();
    for client in ["one", "two", "three", "four"] {
        flood.push(Shell::hello(&server, &session, client).await.0);
    }
    for shell in &mut flood {
        for _ in 0..50 {
            shell.say(&json!({ "t": "trust" })).await;
        }
    }
    let (session, _) = launched(&server, None).await;
    let (mut other, page) = Shell::hello(&server, &session, "other").await;
    let plus = node(&page, "Add one");
    for _ in 0..20 {
        other.tap(plus).await;
        other.hear("ack").await;
    }
    // Four greetings are paid for; what is left is for six, and each connection may be in debt by one.
    let mut answers = 0;
    for shell in &mut flood {
        while let Ok(message) = tokio::time::timeout(Duration::from_millis(200), shell.next()).await
        {
            answers += usize::from(message["t"] == "trust" || message["t"] == "error");
        }
    }
    assert!((1..50).contains(&answers), "{answers} of 200");
}
