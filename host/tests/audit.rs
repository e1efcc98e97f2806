//! The audit: append-only, for each person and app, and no flood fills it.

use lapak_host::Capability;
use lapak_host::audit::memory::MemoryAudit;
use lapak_host::audit::sqlite::SqliteAudit;
use lapak_host::audit::{AuditEntry, AuditLog, AuditQuery};

fn entry(person: &str, app_id: &str, at_ms: i64) -> AuditEntry {
    AuditEntry {
        at_ms,
        person: person.into(),
        app_id: app_id.into(),
        capability: Capability::Payments,
        function: "request-payment".into(),
        request: "r".into(),
        allowed: true,
        grant: "IDR 100.00 at a time".into(),
        consent: "PIN".into(),
        about: "IDR 1.00 to shop".into(),
        outcome: "agreed".into(),
        times: 1,
    }
}

fn holds_what_was_noted(audit: &dyn AuditLog) {
    // Each about another request: what is alike becomes one entry.
    let entry = |person, app_id, at: i64| AuditEntry {
        request: at.to_string(),
        ..entry(person, app_id, at)
    };
    for at in 0..3 {
        audit.note(entry("ani", "a", at));
        audit.note(entry("ani", "b", at));
        audit.note(entry("budi", "a", at));
    }
    let read = |person, app_id, since_ms, limit| {
        let query = AuditQuery {
            person,
            app_id,
            since_ms,
            limit,
            capability: None,
        };
        audit.read(query).expect("read")
    };
    assert_eq!(read(None, None, 0, 100).len(), 9);
    let of_ani = read(Some("ani"), Some("a"), 1, 100);
    let expected = [entry("ani", "a", 2), entry("ani", "a", 1)];
    assert_eq!(of_ani, expected);
    assert_eq!(read(Some("ani"), None, 0, 2).len(), 2);
    assert!(read(Some("chandra"), None, 0, 100).is_empty());
    let of = |capability| {
        let query = AuditQuery {
            capability: Some(capability),
            limit: 100,
            ..AuditQuery::default()
        };
        audit.read(query).expect("read").len()
    };
    assert_eq!((of(Capability::Payments), of(Capability::Location)), (9, 0));
}

#[test]
fn entries_are_found_by_person_app_and_time() {
    let folder = tempfile::tempdir().expect("a folder");
    let audit = SqliteAudit::open(&folder.path().join("audit.sqlite")).expect("open");
    holds_what_was_noted(&audit);
    holds_what_was_noted(&MemoryAudit::default());
}

#[test]
fn a_flood_becomes_few_entries_that_say_how_often() {
    let folder = tempfile::tempdir().expect("a folder");
    let audit = SqliteAudit::open(&folder.path().join("audit.sqlite")).expect("open");
    for at in 0..20_000 {
        audit.note(entry("ani", "a", at));
    }
    let query = AuditQuery {
        limit: 100_000,
        ..AuditQuery::default()
    };
    let entries = audit.read(query).expect("read");
    let times: u32 = entries.iter().map(|entry| entry.times).sum();
    assert_eq!(times, 20_000);
}

#[test]
fn the_file_outlives_the_process_and_refuses_changes() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("audit.sqlite");
    SqliteAudit::open(&path)
        .expect("open")
        .note(entry("ani", "a", 7));
    let connection = rusqlite::Connection::open(&path).expect("open");
    for change in ["UPDATE audit SET outcome = 'nothing'", "DELETE FROM audit"] {
        let changed = connection.execute(change, []);
        let error = changed.expect_err(change).to_string();
        assert!(error.contains("append-only"), "{error}");
    }
    let audit = SqliteAudit::open(&path).expect("open");
    let query = AuditQuery {
        limit: 10,
        ..AuditQuery::default()
    };
    assert_eq!(audit.read(query).expect("read"), [entry("ani", "a", 7)]);
}
