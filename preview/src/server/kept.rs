//! What is remembered of open sessions over a restart of the server: which app, how it was started, which session of the
//! host's runs behind the token. The session itself is the host's to keep.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use lapak_host::SessionId;
use lapak_ledger::database;
use rusqlite::{Connection, OptionalExtension as _, Params, Statement, params};
use serde::{Deserialize, Serialize};

use super::clients::Clients;
use super::sessions::Start;

/// The version of the table below and of [`Kept`].
const VERSION: i32 = 1;
/// Most sessions remembered; past it, those opened longest ago are forgotten when the server starts.
const MOST: u32 = 100_000;
/// How many people may have changed their sign.
const MOST_SIGNS: u32 = 1_000_000;
/// How long a session is remembered that nobody opens.
const FOR: Duration = Duration::from_secs(30 * 24 * 60 * 60);

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS open_sessions (
        token TEXT PRIMARY KEY,
        seen  INTEGER NOT NULL,
        kept  TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS open_sessions_seen ON open_sessions (seen);
    CREATE TABLE IF NOT EXISTS signs (
        person TEXT PRIMARY KEY,
        turn   INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
";

/// Remembers open sessions in one SQLite file. Cheap to clone.
///
/// # Security
/// The file holds the tokens, and whoever has a token has the session: keep it in a folder that is the server's alone.
#[derive(Clone, Debug)]
pub struct KeptSessions {
    file: Arc<Mutex<Connection>>,
}

/// Why the file of open sessions cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeptError {
    /// Not a database, or the disk refuses.
    #[error("open sessions cannot be remembered in {path}: {source}")]
    Unusable {
        /// The file.
        path: String,
        /// What SQLite says.
        source: rusqlite::Error,
    },
    /// Made by a newer server.
    #[error(
        "{path} was made by a newer Lapak (version {found}; this one knows {VERSION}): update Lapak"
    )]
    Newer {
        /// The file.
        path: String,
        /// Its version.
        found: i32,
    },
}

/// One open session.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Kept {
    /// The app's name on the shelf.
    pub(super) stall: String,
    /// BLAKE3 of its package.
    pub(super) package: [u8; 32],
    /// The host's name for the session.
    pub(super) session: SessionId,
    /// How often another session was put behind the token.
    pub(super) run: u64,
    pub(super) start: Start,
    /// What was taken from each browser page.
    pub(super) clients: Clients,
    /// The server was stopped in order: the session on disk is what browsers show.
    pub(super) in_order: bool,
}

impl KeptSessions {
    /// Opens the file `path`, which is created if it is missing. What is written outlives the process, however it ends;
    /// a power cut may take the last moments.
    ///
    /// # Errors
    /// [`KeptError`].
    pub fn open(path: &Path) -> Result<Self, KeptError> {
        let unusable = |source| KeptError::Unusable {
            path: path.display().to_string(),
            source,
        };
        let (file, found) = open(path).map_err(unusable)?;
        if found > VERSION {
            return Err(KeptError::Newer {
                path: path.display().to_string(),
                found,
            });
        }
        Ok(Self {
            file: Arc::new(Mutex::new(file)),
        })
    }

    /// Remembers a session as it is now. What cannot be written is told in the log, and ends with the process.
    pub(super) fn put(&self, token: &str, kept: &Kept) {
        let put = || -> anyhow::Result<()> {
            let text = serde_json::to_string(kept)?;
            self.lock().execute(
                "INSERT OR REPLACE INTO open_sessions (token, seen, kept) VALUES (?1, ?2, ?3)",
                params![token, now(), text],
            )?;
            Ok(())
        };
        if let Err(error) = put() {
            tracing::error!(%error, "an open session is not remembered");
        }
    }

    /// What is remembered under this token.
    pub(super) fn find(&self, token: &str) -> anyhow::Result<Option<Kept>> {
        let text: Option<String> = self
            .lock()
            .query_row(
                "SELECT kept FROM open_sessions WHERE token = ?1",
                [token],
                |row| row.get(0),
            )
            .optional()?;
        Ok(text.map(|text| serde_json::from_str(&text)).transpose()?)
    }

    /// Forgets a session.
    pub(super) fn remove(&self, token: &str) {
        let removed = self
            .lock()
            .execute("DELETE FROM open_sessions WHERE token = ?1", [token]);
        if let Err(error) = removed {
            tracing::error!(%error, "a closed session is still remembered");
        }
    }

    /// Forgets what is old or too much, and tells which sessions of the host's that leaves without a token.
    pub(super) fn prune(&self) -> anyhow::Result<Vec<SessionId>> {
        self.prune_to(MOST)
    }

    fn prune_to(&self, most: u32) -> anyhow::Result<Vec<SessionId>> {
        let oldest = now().saturating_sub(i64::try_from(FOR.as_secs())?);
        let file = self.lock();
        let mut delete = file.prepare(
            "DELETE FROM open_sessions WHERE seen < ?1 OR token NOT IN
                (SELECT token FROM open_sessions ORDER BY seen DESC LIMIT ?2) RETURNING kept",
        )?;
        sessions(&mut delete, params![oldest, most])
    }

    /// Forgets every session of a person's with the app of a stall, and tells which sessions of the host's that leaves without a
    /// token.
    pub(super) fn forget_app(&self, person: &str, stall: &str) -> anyhow::Result<Vec<SessionId>> {
        let file = self.lock();
        let mut delete = file.prepare(
            "DELETE FROM open_sessions WHERE json_extract(kept, '$.start.person') = ?1
                AND json_extract(kept, '$.stall') = ?2 RETURNING kept",
        )?;
        sessions(&mut delete, params![person, stall])
    }

    /// How often a person has changed their sign.
    pub(super) fn sign_turn(&self, person: &str) -> u32 {
        let turn = "SELECT turn FROM signs WHERE person = ?1";
        let found = self.lock().query_row(turn, [person], |row| row.get(0));
        let found = found.optional().unwrap_or_else(|error| {
            tracing::error!(%error, "a sign cannot be read");
            None
        });
        found.unwrap_or(0)
    }

    /// Remembers that; tells whether it is remembered.
    pub(super) fn keep_sign_turn(&self, person: &str, turn: u32) -> bool {
        let kept = self.lock().execute(
            "INSERT INTO signs (person, turn) SELECT ?1, ?2 WHERE (SELECT count(*) FROM signs) < ?3
                ON CONFLICT (person) DO UPDATE SET turn = excluded.turn",
            params![person, turn, MOST_SIGNS],
        );
        kept.is_ok_and(|rows| rows == 1)
    }

    fn lock(&self) -> MutexGuard<'_, Connection> {
        self.file.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The host's names for the sessions in rows that a statement gives.
fn sessions(rows: &mut Statement<'_>, of: impl Params) -> anyhow::Result<Vec<SessionId>> {
    let texts = rows.query_map(of, |row| row.get::<_, String>(0))?;
    let texts = texts.collect::<Result<Vec<_>, _>>()?;
    let kept = texts.iter().map(|text| serde_json::from_str::<Kept>(text));
    // One that cannot be read names no session.
    Ok(kept
        .filter_map(Result::ok)
        .map(|kept| kept.session)
        .collect())
}

/// The file, and the version that it has.
fn open(path: &Path) -> rusqlite::Result<(Connection, i32)> {
    let file = database::open(path)?;
    file.pragma_update(None, "synchronous", "NORMAL")?;
    let found: i32 = file.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if found <= VERSION {
        file.execute_batch(SCHEMA)?;
        file.pragma_update(None, "user_version", VERSION)?;
    }
    Ok((file, found))
}

/// Seconds since 1970.
fn now() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    i64::try_from(now.unwrap_or_default().as_secs()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept() -> Kept {
        Kept {
            stall: "shop".into(),
            package: [7; 32],
            session: SessionId::from_bytes([9; 16]),
            run: 2,
            start: Start {
                person: "ani".into(),
                lang: "id".into(),
                zone: None,
                dark: true,
                pages: vec!["pages/dish?id=1".into()],
                referrer: None,
            },
            clients: Clients::default(),
            in_order: true,
        }
    }

    #[test]
    fn what_is_put_is_there_for_the_next_process_until_it_is_removed() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("open.sqlite");
        KeptSessions::open(&path).expect("opens").put("a", &kept());
        let again = KeptSessions::open(&path).expect("opens");
        assert_eq!(again.find("a").expect("reads"), Some(kept()));
        assert_eq!(again.find("b").expect("reads"), None);
        assert_eq!(again.prune().expect("prunes"), []);
        again.remove("a");
        assert_eq!(again.find("a").expect("reads"), None);
    }

    #[test]
    fn what_is_old_or_too_much_is_forgotten_oldest_first() {
        let folder = tempfile::tempdir().expect("a folder");
        let all = KeptSessions::open(&folder.path().join("open.sqlite")).expect("opens");
        all.put("old", &kept());
        all.lock()
            .execute("UPDATE open_sessions SET seen = 1", [])
            .expect("made older");
        for number in 0..=10 {
            all.put(&format!("{number}"), &kept());
        }
        assert_eq!(all.prune_to(10).expect("prunes").len(), 2);
        assert_eq!(all.find("old").expect("reads"), None);
    }

    #[test]
    fn a_newer_file_and_one_that_is_none_are_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("open.sqlite");
        let all = KeptSessions::open(&path).expect("opens");
        all.lock()
            .pragma_update(None, "user_version", VERSION + 1)
            .expect("changed");
        drop(all);
        let refused = KeptSessions::open(&path).expect_err("newer");
        assert!(refused.to_string().contains("update Lapak"), "{refused}");
        std::fs::write(&path, "x".repeat(8192)).expect("written");
        assert!(KeptSessions::open(&path).is_err());
    }
}
