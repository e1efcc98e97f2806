//! What whoever means no good sends over many connections, and what honest people send beside it.

mod support;

use futures_util::SinkExt as _;
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
