//! A full disk: a clear error, nothing lost, and on it goes once there is room.

mod support;

use std::path::Path;
use std::process::Command;

use lapak_ledger::ledger::{Anchor, Ledger, LedgerError, LedgerOptions};
use support::{HandClock, open_accounts, pay, transfer};

#[test]
fn a_file_that_may_not_grow_refuses_clearly_and_keeps_what_it_has() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("ledger.db");
    let clock = HandClock::new();
    let options = |max_pages| LedgerOptions {
        clock: clock.shared(),
        max_pages,
        ..LedgerOptions::default()
    };
    let ledger = Ledger::open(&path, options(Some(40))).expect("a ledger");
    let (anchors, full) = pay_until_full(&ledger);
    assert!(
        full.to_string().contains("full") && full.to_string().contains("make room"),
        "{full}"
    );
    ledger.verify(&anchors).expect("sound while full");
    drop(ledger);

    let ledger = Ledger::open(&path, options(None)).expect("a ledger");
    ledger.verify(&anchors).expect("sound afterwards");
    let next = ledger
        .carry_out(pay(&anchors.len().to_string(), "person:ani", 1))
        .expect("done")
        .expect("an entry");
    assert!(!next.repeated, "what was refused was not done");
    ledger.verify(&anchors).expect("sound with more");
}

#[test]
fn a_full_file_system_refuses_clearly_and_keeps_what_it_has() {
    let folder = tempfile::tempdir().expect("a folder");
    let Some(disk) = SmallDisk::mount(folder.path()) else {
        println!("skipped: mounting a small tmpfs needs root on Linux");
        return;
    };
    let clock = HandClock::new();
    let options = LedgerOptions {
        clock: clock.shared(),
        ..LedgerOptions::default()
    };
    let ledger = Ledger::open(&disk.0.join("ledger.db"), options).expect("a ledger");
    let ballast = disk.0.join("ballast");
    std::fs::write(&ballast, vec![0; 512 * 1024]).expect("written");
    let (anchors, full) = pay_until_full(&ledger);
    assert!(matches!(full, LedgerError::DiskFull(_)), "{full:?}");
    ledger.verify(&anchors).expect("sound while full");

    // Room is made while the ledger is open.
    std::fs::remove_file(ballast).expect("removed");
    let next = ledger
        .carry_out(pay(&anchors.len().to_string(), "person:ani", 1))
        .expect("done")
        .expect("an entry");
    assert!(!next.repeated, "what was refused was not done");
    ledger.verify(&anchors).expect("sound with more");
}

/// Pays one order after another; gives what was acknowledged, and the first error.
fn pay_until_full(ledger: &Ledger) -> (Vec<Anchor>, LedgerError) {
    open_accounts(ledger);
    ledger
        .carry_out(transfer("equity:issued", "person:ani", "top-up", 1_000_000))
        .expect("topped up");
    let mut anchors = Vec::new();
    loop {
        match ledger.carry_out(pay(&anchors.len().to_string(), "person:ani", 1)) {
            Ok(posted) => {
                let posted = posted.expect("an entry");
                anchors.push(Anchor {
                    seq: posted.seq,
                    hash: posted.hash,
                });
            }
            Err(error) => return (anchors, error),
        }
        assert!(anchors.len() < 100_000, "the disk is never full");
    }
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
