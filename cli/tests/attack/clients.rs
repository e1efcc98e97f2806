//! Clients that keep no promise of HTTP's or of the protocol's.

use std::io::Write as _;
use std::net::TcpStream;
use std::time::Duration;

use serde_json::json;
use tokio_tungstenite::tungstenite::{Message, WebSocket};

use super::Attacker;
use super::support::running::{Running, stream};

/// Connections that one attacker holds at a time.
const HELD: usize = 300;

/// Requests whose heads never end.
pub(super) fn half_requests() -> Attacker {
    let mut held: Vec<TcpStream> = Vec::new();
    Box::new(move |preview| {
        if held.len() >= HELD {
            held.drain(..HELD / 2);
        }
        match stream(&preview.address) {
            Ok(mut stream) => {
                let _ = stream.write_all(b"GET / HTTP/1.1\r\nhost: ");
                held.push(stream);
            }
            Err(_) => std::thread::sleep(Duration::from_millis(50)),
        }
        std::thread::sleep(Duration::from_millis(2));
    })
}

/// Taps that nobody reads the answers of.
pub(super) fn deaf() -> Attacker {
    let mut open: Option<(WebSocket<TcpStream>, u64)> = None;
    Box::new(move |preview| {
        if open.is_none() {
            open = socket(preview).and_then(deafened);
        }
        let Some((socket, seq)) = &mut open else {
            return std::thread::sleep(Duration::from_millis(50));
        };
        *seq += 1;
        let back = json!({ "t": "show", "seq": *seq });
        let inspect = json!({ "t": "inspect", "on": true });
        let sent = socket
            .send(Message::text(inspect.to_string()))
            .and_then(|()| socket.send(Message::text(back.to_string())));
        if sent.is_err() {
            open = None;
            std::thread::sleep(Duration::from_millis(20));
        }
    })
}

/// Greets, and waits for nothing for long.
fn deafened(mut socket: WebSocket<TcpStream>) -> Option<(WebSocket<TcpStream>, u64)> {
    let hello = json!({ "t": "hello", "client": "a", "v": 0, "page": 0, "app": "" });
    socket.send(Message::text(hello.to_string())).ok()?;
    let stream = socket.get_ref();
    stream
        .set_write_timeout(Some(Duration::from_millis(100)))
        .ok()?;
    Some((socket, 0))
}

/// Messages far larger than any that is taken.
pub(super) fn large_messages() -> Attacker {
    let text = "x".repeat(4 * 1024 * 1024);
    Box::new(move |preview| {
        if let Some(mut socket) = socket(preview) {
            let _ = socket.send(Message::text(text.clone()));
        }
        std::thread::sleep(Duration::from_millis(20));
    })
}

/// Frames that say that they are long, and never end.
pub(super) fn unfinished_frames() -> Attacker {
    let mut held: Vec<WebSocket<TcpStream>> = Vec::new();
    let piece = vec![b'x'; 1024 * 1024];
    Box::new(move |preview| {
        if held.len() >= 40 {
            held.clear();
        }
        if let Some(mut socket) = socket(preview) {
            let stream = socket.get_mut();
            let _ = stream.set_write_timeout(Some(Duration::from_millis(200)));
            // A text frame of 15 MiB, masked with zeros.
            let _ = stream.write_all(&[0x81, 0xff, 0, 0, 0, 0, 0, 0xf0, 0, 0, 0, 0, 0, 0]);
            for _ in 0..14 {
                if stream.write_all(&piece).is_err() {
                    break;
                }
            }
            held.push(socket);
        }
        std::thread::sleep(Duration::from_millis(20));
    })
}

fn socket(preview: &Running) -> Option<WebSocket<TcpStream>> {
    let session = preview.try_launch("counter")?;
    preview.try_connect(&session)
}
