//! What the inspector shows: lines and events as they come, storage and the app itself when asked.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use lapak_host::capability::storage::{Operation, Outcome, Quota, StorageProvider};
use lapak_host::session::{EventRecord, Update};
use lapak_host::{Runtime, Session};
use serde_json::{Value, json};
use tokio::sync::{broadcast, oneshot};

use super::shelf::ShownApp;

/// Lines and events kept for an inspector that is opened later.
const KEPT: usize = 300;
/// Storage entries shown.
const ENTRIES: usize = 200;
/// Characters shown of a value.
const SHOWN_CHARACTERS: usize = 2_000;

/// The last lines and events of a session, as messages.
#[derive(Debug)]
pub(super) struct Journal {
    kept: Mutex<VecDeque<Arc<Value>>>,
    live: broadcast::Sender<Arc<Value>>,
}

impl Default for Journal {
    fn default() -> Self {
        Self {
            kept: Mutex::default(),
            live: broadcast::Sender::new(KEPT),
        }
    }
}

impl Journal {
    /// Writes down what a session does, until it has ended.
    pub(super) fn follow(self: &Arc<Self>, mut updates: broadcast::Receiver<Update>) {
        let journal = self.clone();
        tokio::spawn(async move {
            loop {
                match updates.recv().await {
                    Ok(Update::Log(line)) => journal.write(json!({
                        "t": "log", "level": level(line.level), "text": line.message, "at": now_ms(),
                    })),
                    Ok(Update::Handled(record)) => journal.write(event(&record)),
                    Ok(Update::Ended(_)) | Err(broadcast::error::RecvError::Closed) => return,
                    Ok(_) => {}
                    Err(broadcast::error::RecvError::Lagged(missed)) => journal.write(json!({
                        "t": "log", "level": "warn", "at": now_ms(),
                        "text": format!("({missed} lines and events came too fast and are not shown)"),
                    })),
                }
            }
        });
    }

    /// What was kept, and everything from now on.
    pub(super) fn read(&self) -> (Vec<Arc<Value>>, broadcast::Receiver<Arc<Value>>) {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        (kept.iter().cloned().collect(), self.live.subscribe())
    }

    fn write(&self, message: Value) {
        let message = Arc::new(message);
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= KEPT {
            kept.pop_front();
        }
        kept.push_back(message.clone());
        // Nobody inspecting is no fault.
        let _ = self.live.send(message);
    }
}

fn event(record: &EventRecord) -> Value {
    #[expect(
        clippy::cast_precision_loss,
        reason = "a microsecond's fractions do not matter at 2^53 ns"
    )]
    let micros = |ns: u64| ns as f64 / 1_000.0;
    json!({
        "t": "event", "event": record.event, "cpu_us": micros(record.cpu_ns), "wall_us": micros(record.wall_ns),
        "ops": record.ops, "v": record.version, "dropped": record.dropped, "at": now_ms(),
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

/// What the app keeps for this person.
pub(super) async fn storage(runtime: &Runtime, session: &Session) -> Value {
    let quota = Quota::of(runtime.limits());
    let ask = |operation| {
        ask(
            runtime.providers().storage.as_ref(),
            session,
            quota,
            operation,
        )
    };
    let keys = match ask(Operation::Keys).await {
        Some(Outcome::Keys(keys)) => keys,
        _ => return json!({ "t": "error", "message": "the storage could not be read" }),
    };
    let (mut entries, mut total) = (Vec::new(), 0);
    for key in keys {
        let Some(Outcome::Value(Some(value))) = ask(Operation::Get(key.clone())).await else {
            continue;
        };
        total += key.len() + value.len();
        if entries.len() < ENTRIES {
            let text: String = String::from_utf8_lossy(&value)
                .chars()
                .take(SHOWN_CHARACTERS)
                .collect();
            entries.push(json!({ "key": key, "bytes": value.len(), "text": text }));
        }
    }
    json!({ "t": "storage", "entries": entries, "bytes": total, "quota": quota.total_bytes })
}

async fn ask(
    provider: &dyn StorageProvider,
    session: &Session,
    quota: Quota,
    operation: Operation,
) -> Option<Outcome> {
    let (sender, receiver) = oneshot::channel();
    let done = Box::new(move |outcome| drop(sender.send(outcome)));
    provider.submit(session.owner(), quota, operation, done);
    receiver.await.ok()?.ok()
}

/// What the app is.
pub(super) fn about(shown: &ShownApp) -> Value {
    let package = shown.app.package();
    let manifest = package.manifest();
    let lang = manifest.lang.clone().unwrap_or_default();
    let rows = [
        ("Name", package.localized(&manifest.name, &lang)),
        ("Id", manifest.app_id.clone()),
        (
            "Version",
            format!("{} ({})", manifest.version.name, manifest.version.code),
        ),
        (
            "Pages",
            manifest
                .pages
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join(", "),
        ),
        (
            "Package",
            format!(
                "{} bytes, {} files",
                package.size(),
                package.files().count()
            ),
        ),
        ("Component", format!("{} bytes", package.component().len())),
        ("Digest", shown.digest.clone()),
        (
            "Compiled code",
            if shown.app.from_cache() {
                "from the cache"
            } else {
                "compiled now"
            }
            .to_owned(),
        ),
    ];
    let warnings = package
        .warnings()
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>();
    let warnings = [warnings, shown.style.notes.clone()].concat();
    json!({ "t": "about", "rows": rows, "warnings": warnings })
}
