//! How much of messages that have not come to their end a connection holds, and since when.
//!
//! A message may come in pieces, and pings between them: whoever sends half a message and a ping now and then would hold it for
//! ever. So its bytes are counted as they are read, and are given back when a whole message was heard.

use std::io::{Error, IoSlice, Result};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

/// How long a message may take from its first byte on.
const WHOLE_AFTER: Duration = Duration::from_secs(10);
/// Head and mask of a control frame as browsers send it, in bytes.
const CONTROL_HEAD: usize = 6;

/// What all connections of this process together hold.
pub(super) static ALL: Held = Held::new(64 << 20, 16 << 10);

/// Bytes of unfinished messages, of many connections.
#[derive(Debug)]
pub(super) struct Held {
    bytes: AtomicUsize,
    /// Most of them before connections are given up,
    most: usize,
    /// which hold more than this: taps and what people type in a hurry still come through.
    share: usize,
}

impl Held {
    const fn new(most: usize, share: usize) -> Self {
        Self {
            bytes: AtomicUsize::new(0),
            most,
            share,
        }
    }
}

/// A stream whose bytes are counted until they are a message.
pub(super) struct Unfinished<S> {
    stream: S,
    all: &'static Held,
    held: usize,
    since: Option<Instant>,
}

impl<S> Unfinished<S> {
    pub(super) fn new(stream: S, all: &'static Held) -> Self {
        Self {
            stream,
            all,
            held: 0,
            since: None,
        }
    }

    /// The stream itself, for what is only read to be thrown away.
    pub(super) fn uncounted(&mut self) -> &mut S {
        &mut self.stream
    }

    /// A message was heard whole. What was read of the next one is less than a buffer, and counts from its next byte on.
    pub(super) fn whole(&mut self) {
        self.give_back(self.held);
    }

    /// A ping or a pong with so many bytes was heard: no part of a message.
    pub(super) fn control(&mut self, bytes: usize) {
        self.give_back(self.held.min(bytes + CONTROL_HEAD));
    }

    /// Nothing was read on purpose: the other side could not go on.
    pub(super) fn excuse(&mut self, now: Instant) {
        if self.since.is_some() {
            self.since = Some(now);
        }
    }

    /// Whether a message should have come to its end.
    pub(super) fn is_overdue(&self, now: Instant) -> bool {
        self.since
            .is_some_and(|since| now.saturating_duration_since(since) >= WHOLE_AFTER)
    }

    fn give_back(&mut self, bytes: usize) {
        self.held -= bytes;
        self.all.bytes.fetch_sub(bytes, Ordering::Relaxed);
        if self.held == 0 {
            self.since = None;
        }
    }

    /// Counts what was read; an error if it is more than there is room for.
    fn count(&mut self, bytes: usize) -> Result<()> {
        if bytes == 0 {
            return Ok(());
        }
        self.since.get_or_insert_with(Instant::now);
        self.held += bytes;
        let before = self.all.bytes.fetch_add(bytes, Ordering::Relaxed);
        if before + bytes > self.all.most && self.held > self.all.share {
            return Err(Error::other("too much waits for its end"));
        }
        Ok(())
    }
}

impl<S> Drop for Unfinished<S> {
    fn drop(&mut self) {
        self.give_back(self.held);
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Unfinished<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<Result<()>> {
        let before = into.filled().len();
        match Pin::new(&mut self.stream).poll_read(cx, into) {
            Poll::Ready(Ok(())) => Poll::Ready(self.count(into.filled().len() - before)),
            other => other,
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Unfinished<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt as _;

    use super::*;

    async fn read(stream: &mut Unfinished<&[u8]>, bytes: usize) -> Result<()> {
        let mut into = vec![0; bytes];
        stream.read_exact(&mut into).await.map(|_| ())
    }

    #[tokio::test]
    async fn pings_do_not_renew_the_time_of_a_message_and_its_end_does() {
        static HELD: Held = Held::new(1_000, 100);
        let bytes = [0_u8; 500];
        let mut stream = Unfinished::new(&bytes[..], &HELD);
        let late = Instant::now() + 2 * WHOLE_AFTER;
        assert!(!stream.is_overdue(late));
        read(&mut stream, 50).await.expect("read");
        read(&mut stream, CONTROL_HEAD + 4).await.expect("read");
        stream.control(4);
        assert_eq!(stream.held, 50);
        assert!(!stream.is_overdue(Instant::now()));
        assert!(stream.is_overdue(late));
        stream.excuse(late);
        assert!(!stream.is_overdue(late));
        assert!(stream.is_overdue(late + WHOLE_AFTER));
        stream.whole();
        assert!(!stream.is_overdue(late + WHOLE_AFTER));
        // A ping alone leaves nothing.
        read(&mut stream, CONTROL_HEAD).await.expect("read");
        stream.control(0);
        assert!(!stream.is_overdue(late));
        assert_eq!(HELD.bytes.load(Ordering::Relaxed), 0);
    }

    #[tokio::test]
    async fn whoever_holds_much_is_given_up_when_all_hold_too_much() {
        static HELD: Held = Held::new(1_000, 100);
        let bytes = [0_u8; 2_000];
        let mut hoards: Vec<_> = (0..2).map(|_| Unfinished::new(&bytes[..], &HELD)).collect();
        for hoard in &mut hoards {
            read(hoard, 500).await.expect("there is room");
        }
        // What is small still comes through.
        let mut small = Unfinished::new(&bytes[..], &HELD);
        read(&mut small, 100).await.expect("a share");
        assert!(read(&mut small, 1).await.is_err());
        assert!(read(&mut hoards[0], 1).await.is_err());
        drop(hoards);
        read(&mut small, 1).await.expect("there is room again");
        drop(small);
        assert_eq!(HELD.bytes.load(Ordering::Relaxed), 0);
    }
}
