//! SQLite files, as every part of a host opens them.

use lapak_ledger::database;

#[test]
fn a_statement_is_planned_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("new.sqlite");
    let writes = database::open(&path).expect("opened");
    writes
        .execute_batch(
            "CREATE TABLE orders (id TEXT PRIMARY KEY, held INTEGER NOT NULL) STRICT;
             CREATE INDEX held ON orders (id) WHERE held > 0;",
        )
        .expect("made");
    let reads = database::open_to_read(&path).expect("opened");
    for connection in [&writes, &reads] {
        let asked = "SELECT held FROM orders WHERE id = ?1 AND held = ?2";
        let mut statement = connection.prepare(asked).expect("prepared");
        for number in 0..100 {
            let found = statement.exists(rusqlite::params![number.to_string(), number]);
            assert!(!found.expect("asked"));
        }
        let again = statement.get_status(rusqlite::StatementStatus::RePrepare);
        assert_eq!(again, 0);
    }
}
