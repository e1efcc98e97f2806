//! What a power cut can leave behind: a write-ahead log whose end is missing or garbage. What was acknowledged before
//! is there; what was being written is there wholly or not at all.

mod support;

use std::path::Path;

use lapak_ledger::ledger::{Anchor, Ledger, LedgerOptions};
use support::{Bank, hold, id, pay, refund, transfer};

#[test]
fn a_torn_log_loses_nothing_that_was_acknowledged() {
    let bank = Bank::new(1000);
    let mut last = bank.done(pay("1", "person:ani", 10));
    for order in 2..6 {
        last = bank.done(hold(&order.to_string(), "person:ani", 10));
    }
    let anchor = Anchor {
        seq: last.seq,
        hash: last.hash,
    };
    let log = bank.path().with_extension("db-wal");
    let (base, whole) = (
        std::fs::read(bank.path()).expect("read"),
        std::fs::read(&log).expect("read").len(),
    );
    // The operation that the cut hits.
    bank.done(refund("1", "r", 5));
    let torn = std::fs::read(&log).expect("read");
    assert!(
        torn.len() > whole,
        "the log went on: {} after {whole}",
        torn.len()
    );
    assert_eq!(
        base,
        std::fs::read(bank.path()).expect("read"),
        "no checkpoint came between"
    );

    let folder = tempfile::tempdir().expect("a folder");
    for cut in (whole..=torn.len())
        .step_by(397)
        .chain([whole, torn.len() - 1, torn.len()])
    {
        for garbage in [false, true] {
            let mut log = torn[..cut].to_vec();
            if garbage {
                // The rest of the file was made longer, but its bytes never arrived.
                log.resize(torn.len(), 0xa5);
            }
            let path = folder.path().join("ledger.db");
            laid(&path, &base, &log);
            let ledger = Ledger::open(&path, LedgerOptions::default()).expect("opens");
            let proof = ledger.verify(&[anchor]).expect("sound");
            let refunded = proof.entries - anchor.seq;
            let budget = ledger
                .balance(&id("merchant:warung"))
                .expect("read")
                .expect("an account");
            assert!(refunded <= 1);
            assert_eq!(
                budget.available_minor,
                if refunded == 1 { 5 } else { 10 },
                "cut at {cut}"
            );
            let again = ledger
                .carry_out(refund("1", "r", 5))
                .expect("done")
                .expect("an entry");
            assert_eq!(again.repeated, refunded == 1);
            if cut == torn.len() {
                assert_eq!(refunded, 1, "nothing was missing");
            }
        }
    }
}

#[test]
fn a_damaged_file_is_found() {
    let bank = Bank::new(1000);
    for order in 0..50 {
        bank.done(pay(&order.to_string(), "person:ani", 10));
        bank.done(transfer("person:ani", "person:budi", &order.to_string(), 1));
    }
    let path = bank.path();
    drop(bank.ledger.verify(&[]).expect("sound"));
    let copy = tempfile::tempdir().expect("a folder");
    let copied = copy.path().join("ledger.db");
    let file = rusqlite::Connection::open(&path).expect("opened");
    file.execute("VACUUM INTO ?1", [copied.to_str().expect("text")])
        .expect("copied");
    Ledger::verify_file(&copied, &[]).expect("the copy is sound");
    let bytes = std::fs::read(&copied).expect("read");
    // The text of an entry, one bit of it.
    let at = bytes
        .windows(9)
        .rposition(|window| window == b"\"postings")
        .expect("an entry");
    let mut damaged = bytes;
    damaged[at + 40] ^= 1;
    std::fs::write(&copied, damaged).expect("written");
    let broken = Ledger::verify_file(&copied, &[]).expect_err("damaged");
    assert!(broken.to_string().contains("entry"), "{broken}");
}

/// A database and its log, as a machine finds them when it starts again.
fn laid(path: &Path, base: &[u8], log: &[u8]) {
    let _ = std::fs::remove_file(path.with_extension("db-shm"));
    std::fs::write(path, base).expect("written");
    std::fs::write(path.with_extension("db-wal"), log).expect("written");
}
