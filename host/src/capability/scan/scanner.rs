//! An open scanner: its frames are read one after the other until one has a code that is wanted.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use super::{Frame, Kinds, Seen, codes, picture};
use crate::bindings::lapak::app::scan::Error;
use crate::capability::Answer;
use crate::flights::{Stop, Teller};
use crate::session::Shared;

/// The longest that a scanner stays open.
const OPEN: Duration = Duration::from_secs(5 * 60);
/// Frames that wait for one that is read.
const WAITING: usize = 4;

pub(super) struct Scanner {
    session: Weak<Shared>,
    teller: Teller,
    kinds: Kinds,
    frames: Mutex<Frames>,
}

#[derive(Default)]
struct Frames {
    waiting: VecDeque<Frame>,
    /// One is read, or about to be.
    reading: bool,
    over: bool,
}

/// Closes the scanner when time is up; not any more once this is dropped.
struct Limit(tokio::task::JoinHandle<()>);

impl Scanner {
    /// Opens one; gives what closes it.
    pub(super) fn open(session: &Arc<Shared>, teller: Teller, kinds: Kinds) -> Stop {
        let scanner = Arc::new(Self {
            session: Arc::downgrade(session),
            teller,
            kinds,
            frames: Mutex::default(),
        });
        let limit = Limit(session.host.io().spawn({
            let scanner = scanner.clone();
            async move {
                tokio::time::sleep(OPEN).await;
                scanner.end(Err(Error::Cancelled));
            }
        }));
        let sees = Box::new(move |seen| scanner.sees(seen));
        let provider = &session.providers.scan;
        let open = provider.open(&session.owner, sees);
        Box::new((open, limit))
    }

    fn sees(self: &Arc<Self>, seen: Seen) {
        match seen {
            Seen::Frame(frame) => self.frame(frame),
            Seen::Closed => self.end(Err(Error::Cancelled)),
            Seen::Unavailable => self.end(Err(Error::Unavailable)),
        }
    }

    fn frame(self: &Arc<Self>, frame: Frame) {
        {
            let mut frames = self.frames();
            if frames.over {
                return;
            }
            if frames.waiting.len() >= WAITING {
                frames.waiting.pop_front();
            }
            frames.waiting.push_back(frame);
            if std::mem::replace(&mut frames.reading, true) {
                return;
            }
        }
        self.read_next();
    }

    /// Reads what waits, one frame in a turn: others' pictures are read between.
    fn read_next(self: &Arc<Self>) {
        let Some(session) = self.session.upgrade() else {
            return;
        };
        let scanner = self.clone();
        let pixels = {
            let frames = self.frames();
            frames.waiting.front().map_or(0, picture::pixels)
        };
        let pools = &session.host.pools;
        pools.read_picture(&session.owner, pixels, move |has_room| {
            let frame = {
                let mut frames = scanner.frames();
                let next = frames.waiting.pop_front();
                // Where too much waits frames go unread: a camera has more of them.
                if !has_room {
                    frames.waiting.clear();
                }
                let next = next.filter(|_| has_room && !frames.over);
                frames.reading = next.is_some();
                next
            };
            let Some(frame) = frame else { return };
            if let Some(seen) = picture::decode(&frame)
                && let Ok(Some(code)) = codes::read(&seen, &scanner.kinds)
            {
                return scanner.end(Ok(Some(code)));
            }
            scanner.read_next();
        });
    }

    fn end(&self, read: super::Answer) {
        {
            let mut frames = self.frames();
            frames.over = true;
            frames.waiting.clear();
        }
        self.teller.last(Answer::Scan(read));
    }

    fn frames(&self) -> MutexGuard<'_, Frames> {
        self.frames.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Limit {
    fn drop(&mut self) {
        self.0.abort();
    }
}
