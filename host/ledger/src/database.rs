//! Opening SQLite files: one way for every file of a host. It stands here because all who keep one depend on this crate.
//!
//! A file is made for its owner alone, is written by way of a write-ahead log, and has every commit on disk. Processes that make
//! the same file at the same moment wait for each other, also where SQLite itself does not: as the log is switched on.

use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};

/// How long to wait for another process that has the file, before it counts as unavailable.
pub const BUSY: Duration = Duration::from_secs(10);
/// The longest that the log beside a file stays, in bytes; it may grow past it while somebody reads.
const LOG_BYTES: i64 = 16 << 20;

/// Opens a file for reading and writing, which is made if it is missing.
///
/// # Errors
/// When it cannot be made or opened, or is no database.
pub fn open(path: &Path) -> rusqlite::Result<Connection> {
    // What names a database of SQLite's own (in memory, say) is no file to be made.
    if !is_name(path) {
        make_file(path);
    }
    let connection = Connection::open(path)?;
    connection.busy_timeout(BUSY)?;
    keep_plans(&connection)?;
    use_log(&connection, BUSY)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "journal_size_limit", LOG_BYTES)?;
    Ok(connection)
}

/// Opens a file that is there, for reading alone: beside whoever writes it, and never in their way.
///
/// # Errors
/// When it cannot be opened.
pub fn open_to_read(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_URI;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY)?;
    keep_plans(&connection)?;
    Ok(connection)
}

/// A prepared statement stays as it is, whatever is bound to it (SQLite's "query planner stability guarantee"). Without this SQLite
/// looks at the values that a plan might depend on, and plans the statement anew whenever others are bound: in the ledger that
/// cost more than to carry them out.
///
/// # Errors
/// None that is known.
pub fn keep_plans(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(())
}

/// Has writes go to a log beside the file, so that readers never wait for them; gives the mode that the file has then. One in
/// memory keeps the mode it has.
///
/// # Errors
/// When another process has the file for longer than `most`, or it cannot be written.
pub fn use_log(connection: &Connection, most: Duration) -> rusqlite::Result<String> {
    let switch = || {
        let read = |row: &rusqlite::Row<'_>| row.get(0);
        connection.pragma_update_and_check(None, "journal_mode", "WAL", read)
    };
    let until = Instant::now() + most;
    let mut mode = switch();
    // SQLite does not wait here by itself, whatever its timeout, while another process makes the same file.
    while is_busy(&mode) && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(1));
        mode = switch();
    }
    mode
}

fn is_busy(mode: &rusqlite::Result<String>) -> bool {
    let error = mode.as_ref().err();
    let code = error.and_then(rusqlite::Error::sqlite_error_code);
    matches!(
        code,
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)
    )
}

fn is_name(path: &Path) -> bool {
    let text = path.to_string_lossy();
    text.starts_with("file:") || text.starts_with(':') || text.is_empty()
}

/// Makes an empty file for its owner alone, if there is none. SQLite gives its log the same rights; what it cannot open it says
/// itself.
fn make_file(path: &Path) {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let _ = options.open(path);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_make_the_same_file_at_the_same_moment() {
        for _ in 0..20 {
            let folder = tempfile::tempdir().expect("a folder");
            let path = folder.path().join("new.sqlite");
            let begin = std::sync::Barrier::new(8);
            std::thread::scope(|scope| {
                for _ in 0..8 {
                    scope.spawn(|| {
                        begin.wait();
                        let one = open(&path).expect("opened");
                        one.execute_batch("CREATE TABLE IF NOT EXISTS a (b INTEGER) STRICT")
                            .expect("made");
                    });
                }
            });
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_new_file_is_its_owners_alone() {
        use std::os::unix::fs::PermissionsExt as _;

        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("new.sqlite");
        let file = open(&path).expect("opened");
        file.execute_batch("CREATE TABLE a (b INTEGER) STRICT")
            .expect("made");
        for entry in std::fs::read_dir(folder.path()).expect("a folder") {
            let entry = entry.expect("a file");
            let mode = entry.metadata().expect("there").permissions().mode() & 0o777;
            assert_eq!(mode, 0o600, "{:?}", entry.file_name());
        }
    }
}
