//! A host that is killed at any instant: nobody loses more than what no checkpoint had written yet.
//!
//! The test starts itself again as the host that is killed.

mod support;

use std::io::Write as _;
use std::ops::ControlFlow;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use lapak_host::snapshot::store::sqlite::SqliteSnapshots;
use lapak_host::snapshot::store::{ImageHash, SnapshotStore, StoreError};
use lapak_host::{Launch, Runtime, RuntimeConfig, SessionId, SnapshotConfig};
use support::{counter, settled, tap, text, until};

/// Names the folder, and makes this program the host that is killed.
const ROLE: &str = "LAPAK_TEST_KILLED_FOLDER";
const TEST: &str = "what_a_checkpoint_has_written_survives_a_kill";
const SESSIONS: usize = 5;
const KILLS: usize = 3;

#[tokio::test]
async fn what_a_checkpoint_has_written_survives_a_kill() {
    if let Some(folder) = std::env::var_os(ROLE) {
        return tap_for_ever(Path::new(&folder)).await;
    }
    for _ in 0..KILLS {
        let folder = tempfile::tempdir().expect("a folder");
        let folder = folder.path();
        let mut host = Host::start(folder);
        until("there are sessions", || folder.join("ids").exists()).await;
        let ids = ids(folder);
        let written = loop {
            if let Some(written) = counts(folder, &ids, true).await
                && written.iter().all(|count| *count > 0)
            {
                break written;
            }
            assert!(
                host.0.try_wait().expect("asked").is_none(),
                "the host is alive"
            );
        };
        host.kill();
        let counts = counts(folder, &ids, false).await.expect("all of them");
        for (number, count) in counts.iter().enumerate() {
            let sent = taps_sent(folder, number);
            let written = written[number];
            assert!(
                written <= *count && *count <= sent,
                "{written} ≤ {count} ≤ {sent}"
            );
        }
    }
}

/// The host's part: taps every session in turn, and notes each tap before it is sent.
async fn tap_for_ever(folder: &Path) {
    let runtime = Runtime::new(config(folder, None)).expect("a runtime");
    let app = runtime.load(counter()).await.expect("load");
    let mut sessions = Vec::new();
    for person in 0..SESSIONS {
        let session = runtime
            .launch(&app, Launch::new(format!("p{person}")))
            .expect("launch");
        settled(&session).await;
        sessions.push(session);
    }
    let ids: Vec<String> = sessions
        .iter()
        .map(|session| session.id().to_string())
        .collect();
    std::fs::write(folder.join("ids.new"), ids.join("\n")).expect("noted");
    std::fs::rename(folder.join("ids.new"), folder.join("ids")).expect("noted");
    // Bounded, should whoever ought to kill it be gone.
    for _ in 0..100_000 {
        for (number, session) in sessions.iter().enumerate() {
            let mut notes = std::fs::OpenOptions::new();
            let notes = notes
                .append(true)
                .create(true)
                .open(folder.join(format!("sent-{number}")));
            notes.expect("opened").write_all(b"+").expect("noted");
            tap(session, "+").await;
        }
    }
}

fn config(folder: &Path, store: Option<Arc<dyn SnapshotStore>>) -> RuntimeConfig {
    let looks = store.is_some();
    // The folder is the living host's alone: who only looks opens its file beside it.
    let store = store.map(|store| SnapshotConfig {
        key_folder: folder.to_owned(),
        store,
        memory_bytes: 4 << 30,
        checkpoint: None,
    });
    let own = store.unwrap_or_else(|| SnapshotConfig::in_folder(folder).expect("a store"));
    RuntimeConfig {
        snapshots: Some(SnapshotConfig {
            checkpoint: (!looks).then(|| Duration::from_millis(100)),
            ..own
        }),
        code_cache: Some(folder.join("code")),
        freeze_after: Duration::from_millis(100),
        ..RuntimeConfig::simulated()
    }
}

/// What the sessions on disk count, as a host finds them that takes them up. One that only looks writes nothing.
async fn counts(folder: &Path, ids: &[SessionId], only_look: bool) -> Option<Vec<usize>> {
    let looks: Option<Arc<dyn SnapshotStore>> = if only_look {
        let store = SqliteSnapshots::open(&folder.join("sessions.sqlite")).expect("opened");
        Some(Arc::new(Looks(store)))
    } else {
        None
    };
    let runtime = Runtime::new(config(folder, looks)).expect("a runtime");
    let app = runtime.load(counter()).await.expect("load");
    let mut counts = Vec::new();
    for id in ids {
        let session = runtime.session(*id).ok()?;
        settled(&session).await;
        let count: usize = text(&session, "count").parse().expect("a number");
        tap(&session, "+").await;
        assert_eq!(
            text(&session, "count"),
            (count + 1).to_string(),
            "it goes on"
        );
        counts.push(count);
    }
    drop(app);
    Some(counts)
}

fn ids(folder: &Path) -> Vec<SessionId> {
    let ids = std::fs::read_to_string(folder.join("ids")).expect("there");
    ids.lines().map(|id| id.parse().expect("an id")).collect()
}

fn taps_sent(folder: &Path, number: usize) -> usize {
    std::fs::read(folder.join(format!("sent-{number}")))
        .expect("there")
        .len()
}

struct Host(Child);

impl Host {
    fn start(folder: &Path) -> Self {
        let child = Command::new(std::env::current_exe().expect("this program"))
            .args(["--exact", TEST, "--nocapture"])
            .env(ROLE, folder)
            .stdout(Stdio::null())
            .spawn();
        Self(child.expect("started"))
    }

    /// SIGKILL: it gets to do nothing more.
    fn kill(&mut self) {
        self.0.kill().expect("killed");
        self.0.wait().expect("over");
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        // Killed already, unless the test fails.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The store of a living host, to be read only.
struct Looks(SqliteSnapshots);

impl SnapshotStore for Looks {
    fn put(&self, _: &[(SessionId, &[u8])]) -> Result<(), StoreError> {
        Ok(())
    }

    fn get(&self, session: SessionId) -> Result<Option<Vec<u8>>, StoreError> {
        self.0.get(session)
    }

    fn put_parts(
        &self,
        _: SessionId,
        _: &mut dyn Iterator<Item = Result<Vec<u8>, StoreError>>,
    ) -> Result<(), StoreError> {
        Ok(())
    }

    fn put_first_part(&self, _: SessionId, _: &[u8]) -> Result<(), StoreError> {
        Ok(())
    }

    fn parts(
        &self,
        session: SessionId,
        each: &mut dyn FnMut(&[u8]) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        self.0.parts(session, each)
    }

    fn remove(&self, _: &[SessionId]) -> Result<(), StoreError> {
        Ok(())
    }

    fn after(&self, last: Option<SessionId>, limit: usize) -> Result<Vec<SessionId>, StoreError> {
        self.0.after(last, limit)
    }

    fn len(&self) -> Result<u64, StoreError> {
        self.0.len()
    }

    fn put_image(&self, _: ImageHash, _: &[u8]) -> Result<(), StoreError> {
        Ok(())
    }

    fn image(&self, hash: ImageHash) -> Result<Option<Vec<u8>>, StoreError> {
        self.0.image(hash)
    }

    fn remove_images_except(&self, _: &[ImageHash]) -> Result<u64, StoreError> {
        Ok(0)
    }
}
