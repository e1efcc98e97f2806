//! A host that is killed at any instant has kept whatever it acknowledged.
//!
//! The test starts itself again as the host that is killed. A power cut cannot be had here: what is shown is
//! that the end of the process takes nothing, not what the disk does with an `fsync`.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use lapak_host::SessionId;
use lapak_host::snapshot::store::SnapshotStore;
use lapak_host::snapshot::store::sqlite::SqliteSnapshots;

use crate::{new_id, noise};

const KILLS: usize = 20;
const SESSIONS: u64 = 400;
/// Names the folder, and makes this program the host that is killed.
const ROLE: &str = "LAPAK_TEST_CRASH_FOLDER";

#[test]
fn what_was_acknowledged_survives_a_kill() {
    if let Some(folder) = std::env::var_os(ROLE) {
        return put_and_acknowledge(Path::new(&folder));
    }
    let folder = tempfile::tempdir().expect("a folder");
    for kill in 0..KILLS {
        let before = acknowledged(folder.path());
        let mut host = Host::start(folder.path());
        host.wait_for_more(folder.path(), before);
        // From 0 to 77 ms later: within a write, a sync, a copy of the log, or between two.
        let [random, ..] = *new_id().as_bytes();
        std::thread::sleep(Duration::from_micros(u64::from(random) * 300));
        host.kill();
        assert_kept(folder.path(), kill);
    }
}

/// The host's part: puts one batch after another for ever, and notes each one that was acknowledged.
fn put_and_acknowledge(folder: &Path) {
    let store = SqliteSnapshots::open(&folder.join("snapshots.sqlite")).expect("opened");
    let mut notes = std::fs::OpenOptions::new()
        .append(true)
        .create(true)
        .open(folder.join("acknowledged"))
        .expect("opened");
    // Bounded, should whoever ought to kill it be gone.
    for version in acknowledged(folder) + 1..100_000 {
        let batch = batch(version);
        let lent: Vec<_> = batch.iter().map(|(id, bytes)| (*id, &bytes[..])).collect();
        store.put(&lent).expect("kept");
        notes.write_all(&version.to_le_bytes()).expect("noted");
    }
}

/// The number of the last batch that was acknowledged; they begin with 1.
fn acknowledged(folder: &Path) -> u64 {
    let notes = std::fs::read(folder.join("acknowledged")).unwrap_or_default();
    let (notes, _) = notes.as_chunks::<8>();
    notes.last().map_or(0, |last| u64::from_le_bytes(*last))
}

/// Batch number `version`: 1 to 97 sessions, most of which had snapshots before.
fn batch(version: u64) -> BTreeMap<SessionId, Vec<u8>> {
    (0..1 + version % 97)
        .map(|at| (version * 131 + at * 7) % SESSIONS)
        .map(|number| (session(number), contents(number, version)))
        .collect()
}

fn session(number: u64) -> SessionId {
    SessionId::from_bytes(u128::from(number).to_be_bytes())
}

/// The snapshot that session `number` has in batch `version`: 0 to 6 KB behind the version.
fn contents(number: u64, version: u64) -> Vec<u8> {
    let seed = version * SESSIONS + number;
    let length = usize::try_from(seed * 2003 % 6000).expect("small");
    [&version.to_le_bytes()[..], &noise(seed, length)].concat()
}

/// Every session has what the last acknowledged batch with it said; or the batch that was being written has
/// reached all its sessions.
fn assert_kept(folder: &Path, kill: usize) {
    let last = acknowledged(folder);
    let store = SqliteSnapshots::open(&folder.join("snapshots.sqlite")).expect("opened");
    let mut expected = BTreeMap::new();
    for version in 1..=last {
        expected.extend(batch(version));
    }
    let open = batch(last + 1);
    let open_is_there = open
        .iter()
        .next()
        .is_some_and(|(id, bytes)| store.get(*id).expect("read").as_ref() == Some(bytes));
    if open_is_there {
        expected.extend(open);
    }
    for (id, bytes) in &expected {
        let found = store.get(*id).expect("read");
        assert!(
            found.as_ref() == Some(bytes),
            "kill {kill}: {id:?} after batch {last}"
        );
    }
    assert_eq!(store.len().expect("counted"), expected.len() as u64);
    let listed = store.after(None, usize::MAX).expect("listed");
    assert!(listed.iter().eq(expected.keys()));
}

struct Host(Child);

impl Host {
    fn start(folder: &Path) -> Self {
        let this = std::env::current_exe().expect("this program");
        let child = Command::new(this)
            .args(["--exact", "crash::what_was_acknowledged_survives_a_kill"])
            .env(ROLE, folder)
            .stdout(Stdio::null())
            .spawn()
            .expect("started");
        Self(child)
    }

    /// Until it has acknowledged one batch more: a kill before that would test nothing.
    fn wait_for_more(&mut self, folder: &Path, before: u64) {
        while acknowledged(folder) == before {
            let ended = self.0.try_wait().expect("its state");
            assert!(ended.is_none(), "the host ended by itself: {ended:?}");
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// SIGKILL: it cannot do anything about it.
    fn kill(&mut self) {
        self.0.kill().expect("killed");
        let status = self.0.wait().expect("ended");
        assert!(!status.success(), "it was still at work");
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
