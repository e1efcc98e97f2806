//! A WebSocket that writes what belongs together at once.
//!
//! An event is answered twice: that it was taken, and a little later what it led to. Two small writes are two packets, and two
//! times that the browser wakes; so the first waits for the second, but for no more than a moment.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Bytes;
use futures_util::{SinkExt as _, Stream as _};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::io::AsyncReadExt as _;
use tokio::time::{Instant, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{CloseCode, Data, OpCode};
use tokio_tungstenite::tungstenite::protocol::frame::{CloseFrame, Frame};
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};

use super::Gone;
use super::unfinished::{self, Unfinished};

/// The largest message that is heard, in bytes. Those that are taken are smaller (`MAX_MESSAGE_BYTES`): what is only a little
/// too large is answered, and not the end of the connection.
const MAX_HEARD_BYTES: usize = super::MAX_MESSAGE_BYTES + 64 * 1024;
/// What is read at once, and kept for each connection.
const READ_BYTES: usize = 4 * 1024;
/// The largest frame written, in bytes: what the buffer grows to, it keeps.
const FRAME_BYTES: usize = 8 * 1024;
/// How much of a message that is too large is still read, so that the other side gets to read why the connection ends.
const LINGER_BYTES: usize = 8 << 20;
/// How long it is read.
const LINGER: Duration = Duration::from_secs(1);

/// The connection.
pub(super) struct Line {
    socket: WebSocketStream<Unfinished<TokioIo<Upgraded>>>,
    owes: Owes,
    /// How long an acknowledgement may wait for what the event leads to.
    moment: Duration,
}

/// What is in the buffer and not written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Owes {
    Nothing,
    /// Acknowledgements alone, which wait until then.
    Acks(Instant),
    Words,
}

impl Line {
    pub(super) async fn new(stream: Upgraded, moment: Duration) -> Self {
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BYTES)
            .write_buffer_size(FRAME_BYTES)
            .max_message_size(Some(MAX_HEARD_BYTES))
            .max_frame_size(Some(MAX_HEARD_BYTES));
        let stream = Unfinished::new(TokioIo::new(stream), &unfinished::ALL);
        Self {
            socket: WebSocketStream::from_raw_socket(stream, Role::Server, Some(config)).await,
            owes: Owes::Nothing,
            moment,
        }
    }

    /// The next message.
    pub(super) fn poll_heard(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Message, Error>>> {
        let heard = Pin::new(&mut self.socket).poll_next(cx);
        let unfinished = self.socket.get_mut();
        match &heard {
            Poll::Ready(Some(Ok(Message::Text(_) | Message::Binary(_)))) => unfinished.whole(),
            Poll::Ready(Some(Ok(Message::Ping(bytes) | Message::Pong(bytes)))) => {
                unfinished.control(bytes.len());
            }
            _ => {}
        }
        heard
    }

    /// Whether a message has begun and should have come to its end.
    pub(super) fn is_overdue(&self, now: Instant) -> bool {
        self.socket.get_ref().is_overdue(now)
    }

    /// Nothing is read at the moment: the other side is not to be blamed for that.
    pub(super) fn excuse(&mut self, now: Instant) {
        self.socket.get_mut().excuse(now);
    }

    /// Says something, with the next [`flush`](Self::flush) at the latest.
    pub(super) async fn say(&mut self, text: String) -> Result<(), Gone> {
        self.owes = Owes::Words;
        if text.len() <= FRAME_BYTES {
            return self.feed(Message::text(text)).await;
        }
        // Frame by frame, each written before the next: a large page leaves no large buffer.
        let text = Bytes::from(text);
        let mut from = 0;
        while from < text.len() {
            let to = text.len().min(from + FRAME_BYTES);
            let kind = if from == 0 {
                Data::Text
            } else {
                Data::Continue
            };
            let frame = Frame::message(text.slice(from..to), OpCode::Data(kind), to == text.len());
            self.feed(Message::Frame(frame)).await?;
            from = to;
        }
        Ok(())
    }

    /// Says that an event was taken, together with what it leads to if that comes in a moment.
    pub(super) async fn acknowledge(&mut self, text: String) -> Result<(), Gone> {
        if self.owes == Owes::Nothing {
            self.owes = Owes::Acks(Instant::now() + self.moment);
        }
        self.feed(Message::text(text)).await
    }

    /// Asks the other side, not the page, whether it is there.
    pub(super) async fn ping(&mut self) -> Result<(), Gone> {
        self.owes = Owes::Words;
        self.feed(Message::Ping(Bytes::new())).await
    }

    /// Whether there is something to write now.
    pub(super) fn is_due(&self) -> bool {
        self.owes == Owes::Words
    }

    /// When what waits for what follows is to be written without it.
    pub(super) fn waits_until(&self) -> Option<Instant> {
        match self.owes {
            Owes::Acks(until) => Some(until),
            _ => None,
        }
    }

    /// Writes what was said.
    pub(super) async fn flush(&mut self) -> Result<(), Gone> {
        self.owes = Owes::Nothing;
        self.socket.flush().await.map_err(|_| Gone)
    }

    /// Ends the connection because of a message that is larger than can be heard.
    pub(super) async fn end_for_size(&mut self) {
        let close = CloseFrame {
            code: CloseCode::Size,
            reason: "too large".into(),
        };
        if self.socket.send(Message::Close(Some(close))).await.is_err() {
            return;
        }
        // A connection that is closed with something unread is reset, and the reason lost.
        let stream = self.socket.get_mut().uncounted();
        let read = async {
            let mut nothing = [0; READ_BYTES];
            let mut left = LINGER_BYTES;
            while let Ok(count @ 1..) = stream.read(&mut nothing).await {
                left = left.saturating_sub(count);
                if left == 0 {
                    break;
                }
            }
        };
        let _ = timeout(LINGER, read).await;
    }

    async fn feed(&mut self, message: Message) -> Result<(), Gone> {
        self.socket.feed(message).await.map_err(|_| Gone)
    }
}
