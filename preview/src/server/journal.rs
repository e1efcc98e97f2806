//! The last lines and events of a session, for an inspector that is opened later.
//!
//! A journal is told by its session and takes what it is told as it is: nothing is written out before somebody looks. All
//! journals of a server together hold a bounded number of bytes.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use lapak_host::capability::console::ConsoleLine;
use lapak_host::session::{EventRecord, Hears, Update, Watcher};
use serde_json::{Value, json};
use tokio::sync::Notify;
use tokio::sync::futures::OwnedNotified;

/// Most lines and events that one journal keeps.
const KEPT: usize = 300;
/// Most bytes that one journal keeps, as long as there is room.
const KEPT_BYTES: usize = 64 * 1024;
/// Most bytes that one journal keeps when there is none.
const KEPT_BYTES_OF_MANY: usize = 1024;
/// Bytes of all journals past which there is no more room.
const ALL_BYTES: usize = 32 << 20;

/// Bytes that all journals of a server keep.
pub(super) type AllBytes = Arc<AtomicUsize>;

/// What a session has lately written and done.
#[derive(Debug)]
pub(super) struct Journal {
    kept: Mutex<Kept>,
    news: Arc<Notify>,
    all: AllBytes,
}

#[derive(Debug, Default)]
struct Kept {
    entries: VecDeque<Entry>,
    bytes: usize,
    /// Entries that are gone: the number of the first that is kept.
    gone: u64,
}

#[derive(Debug)]
struct Entry {
    at_ms: u64,
    what: What,
}

#[derive(Debug)]
enum What {
    Line(Arc<ConsoleLine>),
    Event(Arc<EventRecord>),
}

impl Journal {
    pub(super) fn new(all: AllBytes) -> Self {
        Self {
            kept: Mutex::default(),
            news: Arc::default(),
            all,
        }
    }

    /// For the session that it is of.
    pub(super) fn watcher(self: &Arc<Self>) -> Weak<dyn Watcher> {
        let journal: Weak<Self> = Arc::downgrade(self);
        journal
    }

    /// As messages: everything from the entry of this number on, as far as it is kept; and the number of the next.
    pub(super) fn since(&self, number: u64) -> (Vec<Value>, u64) {
        let kept = self.lock();
        let mut messages = Vec::new();
        if let missed @ 1.. = kept.gone.saturating_sub(number)
            && number > 0
        {
            messages.push(json!({
                "t": "log", "level": "warn", "at": now_ms(),
                "text": format!("({missed} lines and events came too fast and are not shown)"),
            }));
        }
        let known = usize::try_from(number.saturating_sub(kept.gone)).unwrap_or(usize::MAX);
        messages.extend(kept.entries.iter().skip(known).map(Entry::message));
        (messages, kept.gone + kept.entries.len() as u64)
    }

    /// Comes with the next entry after this call.
    pub(super) fn news(&self) -> OwnedNotified {
        self.news.clone().notified_owned()
    }

    fn write(&self, what: What) {
        let entry = Entry {
            at_ms: now_ms(),
            what,
        };
        let added = entry.bytes();
        {
            let mut kept = self.lock();
            let all = self.all.fetch_add(added, Ordering::Relaxed) + added;
            kept.bytes += added;
            kept.entries.push_back(entry);
            let most = match all > ALL_BYTES {
                true => KEPT_BYTES_OF_MANY,
                false => KEPT_BYTES,
            };
            let removed = kept.shorten(most);
            self.all.fetch_sub(removed, Ordering::Relaxed);
        }
        // Nobody inspecting is no fault.
        self.news.notify_waiters();
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        let bytes = self.lock().bytes;
        self.all.fetch_sub(bytes, Ordering::Relaxed);
    }
}

impl Watcher for Journal {
    fn hears(&self) -> Hears {
        Hears::Lines
    }

    fn told(&self, update: &Update) {
        match update {
            Update::Log(line) => self.write(What::Line(line.clone())),
            Update::Handled(record) => self.write(What::Event(record.clone())),
            _ => {}
        }
    }
}

impl Kept {
    /// Forgets the oldest entries until so many bytes are left; tells how many bytes went.
    fn shorten(&mut self, most: usize) -> usize {
        let before = self.bytes;
        while self.bytes > most || self.entries.len() > KEPT {
            let Some(oldest) = self.entries.pop_front() else {
                break;
            };
            self.bytes -= oldest.bytes();
            self.gone += 1;
        }
        before - self.bytes
    }
}

impl Entry {
    fn bytes(&self) -> usize {
        let held = match &self.what {
            What::Line(line) => size_of_val(&**line) + line.message.len(),
            What::Event(record) => {
                let dropped = record.dropped.as_ref().map_or(0, String::len);
                size_of_val(&**record) + record.event.len() + dropped
            }
        };
        size_of::<Self>() + held
    }

    fn message(&self) -> Value {
        match &self.what {
            What::Line(line) => json!({
                "t": "log", "level": level(line.level), "text": line.message, "at": self.at_ms,
            }),
            What::Event(record) => event(record, self.at_ms),
        }
    }
}

fn event(record: &EventRecord, at_ms: u64) -> Value {
    #[expect(
        clippy::cast_precision_loss,
        reason = "a microsecond's fractions do not matter at 2^53 ns"
    )]
    let micros = |ns: u64| ns as f64 / 1_000.0;
    json!({
        "t": "event", "event": record.event, "cpu_us": micros(record.cpu_ns), "wall_us": micros(record.wall_ns),
        "ops": record.ops, "v": record.version, "dropped": record.dropped, "at": at_ms,
    })
}

fn level(level: lapak_host::capability::console::Level) -> String {
    format!("{level:?}")
        .rsplit(':')
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase()
}

fn now_ms() -> u64 {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or(Duration::ZERO);
    u64::try_from(now.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use lapak_host::capability::console::Level;

    use super::*;

    fn line(message: &str) -> Update {
        Update::Log(Arc::new(ConsoleLine {
            level: Level::Info,
            message: message.to_owned(),
        }))
    }

    #[test]
    fn the_latest_lines_are_kept_within_a_bound_of_bytes() {
        let all = AllBytes::default();
        let journal = Journal::new(all.clone());
        for number in 0..100 {
            journal.told(&line(&format!("{number} {}", "x".repeat(10_000))));
        }
        assert!(all.load(Ordering::Relaxed) <= KEPT_BYTES);
        let (kept, next) = journal.since(0);
        assert_eq!(next, 100);
        assert!(kept.last().expect("kept").to_string().contains("\"99 x"));
        let (news, next) = journal.since(next);
        assert_eq!((news.len(), next), (0, 100));
        // Whoever looked last at the tenth is told that lines are missing.
        assert!(
            journal.since(10).0[0]["text"]
                .to_string()
                .contains("not shown")
        );
        drop(journal);
        assert_eq!(all.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn many_journals_share_one_bound() {
        let all = AllBytes::default();
        let journals: Vec<_> = (0..1_000).map(|_| Journal::new(all.clone())).collect();
        for journal in &journals {
            (0..8).for_each(|_| journal.told(&line(&"x".repeat(10_000))));
        }
        let most = ALL_BYTES + journals.len() * KEPT_BYTES_OF_MANY;
        assert!(all.load(Ordering::Relaxed) <= most);
    }
}
