//! PINs: right, wrong, guessed, locked; none of it forgotten when the process ends.

mod support;

use std::path::Path;
use std::sync::Arc;

use lapak_ledger::SecretKey;
use lapak_ledger::ledger::{Ledger, LedgerOptions};
use lapak_ledger::pin::{PinError, PinPolicy, Pins};
use support::{HandClock, START_MS};

/// Argon2 as small as it goes, so that tests are quick.
const POLICY: PinPolicy = PinPolicy {
    min_digits: 6,
    free_tries: 3,
    first_wait_ms: 30_000,
    locked_after: 6,
    memory_kib: 8,
    passes: 1,
};

#[test]
fn the_right_pin_is_right_and_forgives_the_wrong_ones_before_it() {
    let desk = Desk::new();
    let pins = desk.pins();
    assert_eq!(pins.check("ani", "271828"), Err(PinError::NotSet));
    pins.choose("ani", "271828").expect("chosen");
    for _ in 0..5 {
        assert_eq!(
            pins.check("ani", "000001"),
            Err(PinError::Wrong { tries_left: 5 })
        );
        assert_eq!(
            pins.check("ani", "000001"),
            Err(PinError::Wrong { tries_left: 4 })
        );
        assert_eq!(pins.check("ani", "271828"), Ok(()));
    }
    assert_eq!(pins.check("budi", "271828"), Err(PinError::NotSet));
}

#[test]
fn guessing_waits_longer_and_longer_and_is_then_locked() {
    let desk = Desk::new();
    let pins = desk.pins();
    pins.choose("ani", "271828").expect("chosen");
    pins.choose("budi", "314159").expect("chosen");
    for tries_left in [5, 4, 3] {
        assert_eq!(
            pins.check("ani", "000001"),
            Err(PinError::Wrong { tries_left })
        );
    }
    for (wait_ms, tries_left) in [(30_000, 2), (60_000, 1), (120_000, 0)] {
        let until_ms = desk.clock.now() + wait_ms;
        // Not even the right one is looked at meanwhile, and trying does not make it longer.
        assert_eq!(
            pins.check("ani", "271828"),
            Err(PinError::Wait { until_ms })
        );
        desk.clock.advance(wait_ms - 1);
        assert_eq!(
            pins.check("ani", "271828"),
            Err(PinError::Wait { until_ms })
        );
        desk.clock.advance(1);
        assert_eq!(
            pins.check("ani", "000001"),
            Err(PinError::Wrong { tries_left })
        );
    }
    desk.clock.advance(i64::MAX - START_MS - 10_000_000);
    assert_eq!(pins.check("ani", "271828"), Err(PinError::Locked));
    assert_eq!(
        pins.change("ani", "271828", "314159"),
        Err(PinError::Locked)
    );
    assert_eq!(
        pins.check("budi", "314159"),
        Ok(()),
        "another person is not locked"
    );
    pins.reset("ani").expect("reset");
    pins.choose("ani", "161803").expect("chosen");
    assert_eq!(pins.check("ani", "161803"), Ok(()));
}

#[test]
fn tries_are_counted_across_restarts_and_connections() {
    let desk = Desk::new();
    desk.pins().choose("ani", "271828").expect("chosen");
    for tries_left in [5, 4, 3] {
        assert_eq!(
            desk.pins().check("ani", "000001"),
            Err(PinError::Wrong { tries_left })
        );
    }
    assert!(matches!(
        desk.pins().check("ani", "271828"),
        Err(PinError::Wait { .. })
    ));
}

#[test]
fn guesses_at_the_same_time_are_all_counted() {
    let desk = Desk::new();
    let pins = desk.pins();
    pins.choose("ani", "271828").expect("chosen");
    let looked_at = std::thread::scope(|scope| {
        let guesses: Vec<_> = (0..32)
            .map(|_| scope.spawn(|| pins.check("ani", "000001")))
            .collect();
        let outcomes = guesses
            .into_iter()
            .map(|guess| guess.join().expect("ended"));
        outcomes
            .filter(|outcome| matches!(outcome, Err(PinError::Wrong { .. })))
            .count()
    });
    assert_eq!(looked_at, 3);
}

#[test]
fn a_pin_is_changed_with_the_old_one_only() {
    let desk = Desk::new();
    let pins = desk.pins();
    pins.choose("ani", "271828").expect("chosen");
    assert_eq!(pins.choose("ani", "314159"), Err(PinError::AlreadySet));
    assert_eq!(
        pins.change("ani", "000001", "314159"),
        Err(PinError::Wrong { tries_left: 5 })
    );
    assert_eq!(pins.change("ani", "271828", "123456"), Err(PinError::Weak));
    assert_eq!(pins.change("ani", "271828", "314159"), Ok(()));
    assert_eq!(pins.check("ani", "314159"), Ok(()));
}

#[test]
fn what_is_no_pin_or_a_weak_one_is_not_chosen() {
    let desk = Desk::new();
    let pins = desk.pins();
    for bad in [
        "",
        "12345",
        "1234567890123",
        "27182a",
        "271 828",
        "２７１８２８",
    ] {
        assert_eq!(pins.choose("ani", bad), Err(PinError::Form(6)), "{bad:?}");
    }
    for weak in ["000000", "123456", "654321", "777777"] {
        assert_eq!(pins.choose("ani", weak), Err(PinError::Weak), "{weak}");
    }
    assert_eq!(pins.is_set("ani"), Ok(false));
}

#[test]
fn the_file_alone_is_not_enough() {
    let desk = Desk::new();
    desk.pins().choose("ani", "271828").expect("chosen");
    let pepper = SecretKey::from_seed(&[2; 32]).derive("pins");
    let thief = Pins::open(&desk.path(), pepper, POLICY, desk.clock.shared()).expect("opened");
    assert_eq!(thief.check("ani", "271828"), Err(PinError::Tampered));
    assert_eq!(thief.choose("budi", "271828"), Err(PinError::Tampered));
}

#[test]
fn a_row_that_was_taken_out_changed_or_put_back_is_noticed() {
    let changes = [
        // Faults 2.27: without a row a new PIN would pay.
        "DELETE FROM sealed_pins WHERE person = 'ani'",
        "DELETE FROM sealed_pins; DELETE FROM pin_buckets",
        "DELETE FROM sealed_pins; DELETE FROM pin_root",
        "UPDATE sealed_pins SET failures = 0 WHERE person = 'ani'",
        "UPDATE sealed_pins SET hash = (SELECT hash FROM sealed_pins WHERE person = 'budi') WHERE person = 'ani'",
        "UPDATE sealed_pins SET person = 'eka' WHERE person = 'ani'",
        "UPDATE sealed_pins SET bucket = (bucket + 1) % 256 WHERE person = 'ani'",
        // As it was before the last try.
        "INSERT OR REPLACE INTO sealed_pins SELECT * FROM old.sealed_pins WHERE person = 'ani'",
        "INSERT OR REPLACE INTO sealed_pins SELECT * FROM old.sealed_pins WHERE person = 'ani';
         INSERT OR REPLACE INTO pin_buckets SELECT * FROM old.pin_buckets",
    ];
    for change in changes {
        let desk = Desk::new();
        let pins = desk.pins();
        pins.choose("ani", "271828").expect("chosen");
        pins.choose("budi", "314159").expect("chosen");
        let old = desk.folder.path().join("old.db");
        let file = rusqlite::Connection::open(desk.path()).expect("opened");
        let copy = format!("VACUUM INTO '{}'", old.display());
        file.execute_batch(&copy).expect("copied");
        assert!(pins.check("ani", "000001").is_err());
        let attach = format!("ATTACH '{}' AS old; {change}", old.display());
        file.execute_batch(&attach).expect(change);
        let hashes = pins.hashes();
        assert_eq!(
            pins.choose("ani", "161803"),
            Err(PinError::Tampered),
            "{change}"
        );
        assert_eq!(
            pins.check("ani", "271828"),
            Err(PinError::Tampered),
            "{change}"
        );
        assert_eq!(pins.is_set("ani"), Err(PinError::Tampered), "{change}");
        assert_eq!(pins.hashes(), hashes, "{change}");
        // Nor does the next process believe it.
        assert_eq!(
            desk.pins().choose("ani", "161803"),
            Err(PinError::Tampered),
            "{change}"
        );
        pins.start_over().expect("the platform knows otherwise");
        pins.choose("ani", "161803").expect("chosen");
        assert_eq!(pins.check("ani", "161803"), Ok(()));
    }
}

#[test]
fn a_whole_file_that_was_put_back_or_taken_away_is_noticed_by_its_witness() {
    let desk = Desk::new();
    let ledger = Arc::new(Ledger::in_memory(LedgerOptions::default()).expect("a ledger"));
    let pins = || desk.pins().witnessed_by(ledger.clone());
    pins().choose("budi", "314159").expect("chosen");
    let old = std::fs::read(desk.path()).expect("the file");
    pins().choose("ani", "271828").expect("chosen");
    let now = std::fs::read(desk.path()).expect("the file");
    for (file, expected) in [
        (Some(&old), Err(PinError::Tampered)),
        (None, Err(PinError::Tampered)),
        (Some(&now), Err(PinError::AlreadySet)),
    ] {
        for name in ["pins.db", "pins.db-wal", "pins.db-shm"] {
            let _ = std::fs::remove_file(desk.folder.path().join(name));
        }
        if let Some(file) = file {
            std::fs::write(desk.path(), file).expect("written");
        }
        assert_eq!(pins().choose("ani", "161803"), expected);
    }
}

#[test]
fn whoever_has_a_pin_pays_for_no_hash_and_one_is_made_at_a_time() {
    let desk = Desk::new();
    let pins = desk.pins();
    pins.choose("ani", "271828").expect("chosen");
    let hashes = pins.hashes();
    std::thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| {
                let again = pins.choose("ani", "314159");
                assert_eq!(again, Err(PinError::AlreadySet));
            });
        }
    });
    assert_eq!(pins.hashes(), hashes);
}

struct Desk {
    folder: tempfile::TempDir,
    clock: HandClock,
}

impl Desk {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().expect("a folder"),
            clock: HandClock::new(),
        }
    }

    fn path(&self) -> std::path::PathBuf {
        Path::new(self.folder.path()).join("pins.db")
    }

    fn pins(&self) -> Pins {
        let pepper = SecretKey::from_seed(&[1; 32]).derive("pins");
        Pins::open(&self.path(), pepper, POLICY, self.clock.shared()).expect("opened")
    }
}
