//! What the inspector shows when asked: storage, and the app itself. Lines and events are the [journal](super::journal)'s.

use lapak_host::capability::storage::{Operation, Outcome, Quota, StorageProvider};
use lapak_host::{Runtime, Session};
use serde_json::{Value, json};
use tokio::sync::oneshot;

use super::shelf::ShownApp;

/// Storage entries shown.
const ENTRIES: usize = 200;
/// Characters shown of a value.
const SHOWN_CHARACTERS: usize = 2_000;

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
