//! Whatever is changed in the file, by whomever, is found.

mod support;

use lapak_ledger::Digest;
use lapak_ledger::ledger::{Anchor, Broken, Ledger};
use support::{Bank, capture, hold, pay, refund, release, transfer};

#[test]
fn whatever_is_changed_in_the_file_is_found() {
    let anchor = {
        let bank = played();
        let head = bank.ledger.verify(&[]).expect("sound");
        Anchor {
            seq: head.entries,
            hash: head.head,
        }
    };
    for change in [
        "UPDATE journal SET body = replace(body, '-60', '-59') WHERE seq = 6",
        "UPDATE journal SET hash = zeroblob(32) WHERE seq = 3",
        "DELETE FROM journal WHERE seq = 4",
        "DELETE FROM journal WHERE seq = (SELECT max(seq) FROM journal)",
        "INSERT INTO journal SELECT seq + 1, body, hash FROM journal ORDER BY seq DESC LIMIT 1",
        "UPDATE accounts SET available_minor = available_minor + 1 WHERE id = 'person:ani'",
        "UPDATE accounts SET floor_minor = -1000 WHERE id = 'person:ani'",
        "UPDATE accounts SET currency = 'USD' WHERE id = 'person:ani'",
        "INSERT INTO accounts (id, currency, terms_seq) VALUES ('person:eve', 'IDR', 1)",
        "UPDATE postings SET amount_minor = amount_minor + 1 WHERE seq = 6",
        "DELETE FROM postings WHERE seq = 6",
        "UPDATE orders SET refunded_minor = 0",
        "UPDATE orders SET digest = zeroblob(32) WHERE order_id = '1'",
        "UPDATE orders SET payer = payee",
        "DELETE FROM orders",
        "UPDATE requests SET digest = zeroblob(32)",
        "DELETE FROM requests WHERE scope LIKE 'refund%'",
    ] {
        let bank = played();
        let path = bank.path();
        let file = rusqlite::Connection::open(&path).expect("opened");
        let append_only = change.contains("postings")
            || change.starts_with("UPDATE journal")
            || change.starts_with("DELETE FROM journal");
        if append_only {
            file.execute_batch(change)
                .expect_err("the file itself refuses");
            file.execute_batch(DROP_TRIGGERS).expect("dropped");
        }
        file.execute_batch("PRAGMA foreign_keys = off")
            .expect("off");
        file.execute_batch(change).expect("changed");
        let proof = Ledger::verify_file(&path, &[anchor]);
        assert!(proof.is_err(), "{change} was not found: {proof:?}");
    }
}

#[test]
fn a_journal_that_was_cut_or_written_anew_contradicts_what_was_acknowledged() {
    let bank = played();
    let proof = bank.ledger.verify(&[]).expect("sound");
    let cut = Anchor {
        seq: proof.entries + 1,
        hash: proof.head,
    };
    assert!(matches!(
        bank.ledger.verify(&[cut]),
        Err(Broken::Cut { .. })
    ));
    let other = Anchor {
        seq: 2,
        hash: Digest::sha256(b"another chain"),
    };
    assert!(matches!(
        bank.ledger.verify(&[other]),
        Err(Broken::Entry { seq: 2, .. })
    ));
}

const DROP_TRIGGERS: &str = "
    DROP TRIGGER journal_is_never_changed; DROP TRIGGER journal_is_never_cut;
    DROP TRIGGER postings_are_never_changed; DROP TRIGGER postings_are_never_cut;
";

/// A ledger where something of everything happened.
fn played() -> Bank {
    let bank = Bank::new(100);
    bank.done(pay("1", "person:ani", 60));
    bank.done(refund("1", "r", 20));
    bank.done(hold("2", "person:ani", 30));
    bank.done(capture("2", 25));
    bank.done(hold("3", "person:ani", 5));
    bank.done(release("3"));
    bank.done(transfer("person:ani", "person:budi", "t", 3));
    bank
}
