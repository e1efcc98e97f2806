//! A full disk under what people agreed to, the audit and the PINs: clear errors, nothing that was kept is lost, and on it
//! goes once there is room.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use lapak_host::Capability;
use lapak_host::audit::sqlite::SqliteAudit;
use lapak_host::audit::{AuditEntry, AuditLog as _, AuditQuery};
use lapak_host::grants::consent::sqlite::SqliteConsents;
use lapak_host::grants::consent::{Consent, ConsentStore as _, KeptConsent};
use lapak_ledger::SystemClock;
use lapak_ledger::pin::{PinError, PinPolicy, Pins};

#[test]
fn consents_audit_and_pins_outlive_a_full_disk() {
    let folder = tempfile::tempdir().expect("a folder");
    let Some(disk) = SmallDisk::mount(folder.path()) else {
        println!("skipped: mounting a small tmpfs needs root on Linux");
        return;
    };
    let at = |name: &str| disk.0.join(name);
    let consents = SqliteConsents::open(&at("consents.sqlite")).expect("consents");
    let audit = SqliteAudit::open(&at("audit.sqlite")).expect("an audit");
    let pins = pins(&at("pins.sqlite"));
    consents.keep("ani", &consent("first")).expect("kept");
    audit.note(entry("first"));
    audit.flush("ani", "dev.example");
    pins.choose("ani", "280417").expect("chosen");

    fill(&at("ballast"));
    let full = until_refused(|number| consents.keep("ani", &consent(&format!("app-{number}"))));
    assert!(full.to_string().contains("full"), "{full}");
    let full = until_refused(|number| pins.choose(&format!("person-{number}"), "280417"));
    assert!(matches!(full, PinError::Unavailable(_)), "{full}");
    // A try that cannot be counted is none, whether it would have been right or wrong.
    assert!(pins.check("ani", "111111").is_err());
    for _ in 0..100 {
        audit.note(entry(&"x".repeat(4_000)));
        audit.flush("ani", "dev.example");
    }
    // What was there can be read all the while.
    assert!(is_kept(&consents, "first"));
    assert!(is_noted(&audit, "first"));
    assert!(pins.is_set("ani").expect("read"));

    std::fs::remove_file(at("ballast")).expect("removed");
    consents.keep("ani", &consent("last")).expect("kept");
    audit.note(entry("last"));
    audit.flush("ani", "dev.example");
    pins.check("ani", "280417").expect("right");
    drop((consents, audit, pins));

    // Nor does the next process miss anything.
    let consents = SqliteConsents::open(&at("consents.sqlite")).expect("consents");
    let audit = SqliteAudit::open(&at("audit.sqlite")).expect("an audit");
    for name in ["first", "last"] {
        assert!(is_kept(&consents, name), "{name}");
        assert!(is_noted(&audit, name), "{name}");
    }
    self::pins(&at("pins.sqlite"))
        .check("ani", "280417")
        .expect("right");
}

fn pins(path: &Path) -> Pins {
    let policy = PinPolicy {
        memory_kib: 8,
        passes: 1,
        ..PinPolicy::default()
    };
    Pins::open(path, [3; 32].into(), policy, Arc::new(SystemClock)).expect("PINs")
}

fn consent(app_id: &str) -> KeptConsent {
    KeptConsent {
        app_id: app_id.to_owned(),
        capability: Capability::Wallet,
        subject: String::new(),
        answer: Consent::Always,
        at_ms: 1,
    }
}

fn is_kept(consents: &SqliteConsents, app_id: &str) -> bool {
    let found = consents.find("ani", app_id, Capability::Wallet, "");
    found.expect("read").is_some()
}

fn entry(about: &str) -> AuditEntry {
    AuditEntry {
        at_ms: 1,
        person: "ani".into(),
        app_id: "dev.example".into(),
        capability: Capability::Wallet,
        function: "accounts".into(),
        request: String::new(),
        allowed: true,
        grant: String::new(),
        consent: String::new(),
        about: about.to_owned(),
        outcome: "read".into(),
        times: 1,
    }
}

fn is_noted(audit: &SqliteAudit, about: &str) -> bool {
    let all = AuditQuery {
        limit: usize::MAX,
        ..AuditQuery::default()
    };
    let entries = audit.read(all).expect("read");
    entries.iter().any(|entry| entry.about == about)
}

/// Does it again and again; gives what it was refused with.
fn until_refused<E>(act: impl Fn(u32) -> Result<(), E>) -> E {
    for number in 0..100_000 {
        if let Err(error) = act(number) {
            return error;
        }
    }
    panic!("the disk is never full");
}

/// Takes all the room that is left.
fn fill(path: &Path) {
    use std::io::Write as _;

    let mut ballast = std::fs::File::create(path).expect("created");
    while ballast.write_all(&[0; 4_096]).is_ok() {}
}

/// A file system of 1 MiB.
struct SmallDisk<'p>(&'p Path);

impl<'p> SmallDisk<'p> {
    fn mount(at: &'p Path) -> Option<Self> {
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=1m", "tmpfs"])
            .arg(at)
            .output();
        mounted
            .is_ok_and(|output| output.status.success())
            .then_some(Self(at))
    }
}

impl Drop for SmallDisk<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0).output();
    }
}
