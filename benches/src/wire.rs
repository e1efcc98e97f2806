//! The smallest client of a WebSocket that does: what a measurement costs on its own side is not the server's.
//!
//! Frames to the server are masked with zeros, which RFC 6455 allows and which leaves nothing to do.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

use anyhow::Context as _;

/// What is asked of a server to open a WebSocket.
pub(crate) fn handshake(address: SocketAddr, path: &str) -> String {
    format!(
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nOrigin: http://{address}\r\nConnection: Upgrade\r\n\
         Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
}

/// A message to the server, in one frame.
pub(crate) fn frame(text: &str) -> Vec<u8> {
    let mut frame = vec![0x81];
    match u8::try_from(text.len()) {
        Ok(length @ ..126) => frame.push(0x80 | length),
        _ => {
            let length = u16::try_from(text.len()).unwrap_or(u16::MAX);
            frame.push(0x80 | 126);
            frame.extend(length.to_be_bytes());
        }
    }
    frame.extend([0; 4]);
    frame.extend(text.as_bytes());
    frame
}

/// Bytes from the server, until they are whole messages.
#[derive(Default)]
pub(crate) struct Heard {
    bytes: Vec<u8>,
    /// What came of a message whose last frame is missing.
    begun: Vec<u8>,
}

impl Heard {
    pub(crate) fn add(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// The next whole message.
    pub(crate) fn next(&mut self) -> Option<String> {
        loop {
            let [first, second, ..] = *self.bytes.as_slice() else {
                return None;
            };
            let (head, length) = match second & 0x7f {
                126 => (4, usize::from(u16::from_be_bytes(self.array(2)?))),
                127 => {
                    let length = u64::from_be_bytes(self.array(2)?);
                    (10, usize::try_from(length).ok()?)
                }
                short => (2, usize::from(short)),
            };
            if self.bytes.len() < head + length {
                return None;
            }
            let rest = self.bytes.split_off(head + length);
            let frame = std::mem::replace(&mut self.bytes, rest);
            // Pings and the like are nobody's business here.
            if first & 0x0f > 2 {
                continue;
            }
            self.begun.extend_from_slice(&frame[head..]);
            if first & 0x80 != 0 {
                return String::from_utf8(std::mem::take(&mut self.begun)).ok();
            }
        }
    }

    fn array<const N: usize>(&self, from: usize) -> Option<[u8; N]> {
        self.bytes.get(from..from + N)?.try_into().ok()
    }

    /// Everything up to the end of an HTTP head; what follows stays.
    fn head(&mut self) -> Option<String> {
        let at = self.bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
        let rest = self.bytes.split_off(at + 4);
        let head = std::mem::replace(&mut self.bytes, rest);
        String::from_utf8(head).ok()
    }
}

/// A connection of a thread that waits for every answer.
pub(crate) struct Client {
    stream: TcpStream,
    heard: Heard,
}

impl Client {
    pub(crate) fn open(address: SocketAddr, path: &str) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        let mut client = Self {
            stream,
            heard: Heard::default(),
        };
        client.write(handshake(address, path).as_bytes())?;
        loop {
            if let Some(head) = client.heard.head() {
                anyhow::ensure!(head.starts_with("HTTP/1.1 101"), "{head}");
                return Ok(client);
            }
            client.read()?;
        }
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) -> anyhow::Result<()> {
        Ok(self.stream.write_all(bytes)?)
    }

    /// Waits for the next message that begins so.
    pub(crate) fn hear(&mut self, beginning: &str) -> anyhow::Result<String> {
        loop {
            while let Some(message) = self.heard.next() {
                if message.starts_with(beginning) {
                    return Ok(message);
                }
            }
            self.read()?;
        }
    }

    fn read(&mut self) -> anyhow::Result<()> {
        let mut bytes = [0; 16 * 1024];
        let count = self.stream.read(&mut bytes)?;
        anyhow::ensure!(count > 0, "the server closed the connection");
        self.heard.add(&bytes[..count]);
        Ok(())
    }

    /// The connection for a client that waits for many.
    pub(crate) fn into_parts(self) -> (TcpStream, Heard) {
        (self.stream, self.heard)
    }
}

/// Asks for a page and gives the answer's head and what came of its body, the connection closed.
pub(crate) fn get(address: SocketAddr, path: &str) -> anyhow::Result<String> {
    let mut stream = TcpStream::connect(address)?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

/// Launches an app; gives the path of its session.
pub(crate) fn launch(address: SocketAddr, app: &str) -> anyhow::Result<String> {
    let answer = get(address, &format!("/a/{app}"))?;
    let mut lines = answer.lines();
    let to = lines.find_map(|line| line.strip_prefix("location: "));
    Ok(to
        .with_context(|| format!("no session: {answer}"))?
        .to_owned())
}
