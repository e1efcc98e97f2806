//! Other programs check the exported books.

mod support;

use std::path::Path;
use std::process::Command;

use lapak_ledger::ledger::{AccountTerms, Format, Ledger, Operation, Transfer};
use support::{Bank, capture, currency, hold, id, idr, pay, refund, release, terms, transfer};

#[test]
fn hledger_agrees_with_the_books() {
    let bank = played();
    let (_folder, file) = exported(&bank, Format::Hledger);
    let Some(said) = tool("hledger", &["-f", &file, "check", "--strict"]) else {
        return;
    };
    assert!(said.0, "{}", said.1);
    let (_, balances) = tool(
        "hledger",
        &["-f", &file, "balance", "--flat", "-E", "-O", "csv"],
    )
    .expect("it ran");
    for line in [
        "\"liabilities:person:ani\",\"-537.00 IDR\"",
        "\"liabilities:merchant:warung\",\"-60.00 IDR\"",
        "\"total\",\"0\"",
    ] {
        assert!(balances.contains(line), "{line} is not in {balances}");
    }
    let (sound, said) = tool(
        "hledger",
        &["-f", &spoiled(&file, "537.00", "537.01"), "check"],
    )
    .expect("it ran");
    assert!(!sound, "a spoiled file passed: {said}");
}

#[test]
fn beancount_agrees_with_the_books() {
    let bank = played();
    let (_folder, file) = exported(&bank, Format::Beancount);
    let Some(said) = tool("bean-check", &[&file]) else {
        return;
    };
    assert!(said.0, "{}", said.1);
    let (sound, said) = tool("bean-check", &[&spoiled(&file, "939.00", "939.10")]).expect("it ran");
    assert!(!sound, "a spoiled file passed: {said}");
}

#[test]
fn csv_has_every_posting_and_adds_up_to_nothing() {
    let bank = played();
    let (_folder, file) = exported(&bank, Format::Csv);
    let text = std::fs::read_to_string(file).expect("read");
    let rows: Vec<Vec<&str>> = text
        .lines()
        .skip(1)
        .map(|line| line.split(',').collect())
        .collect();
    let postings = rows.iter().filter(|row| row[9].parse::<i64>().is_ok());
    let (count, sum) = postings.fold((0, 0), |(count, sum), row| {
        (count + 1, sum + row[9].parse::<i64>().expect("an amount"))
    });
    assert_eq!(
        (count, sum),
        (bank.ledger.verify(&[]).expect("sound").postings, 0)
    );
    assert!(text.contains("\"makan \"\"siang\"\" ya\""), "{text}");
}

/// Something of everything, in two currencies, with an account inside another's name.
fn played() -> Bank {
    let bank = Bank::new(100_000);
    bank.done(pay("1", "person:ani", 6_000));
    bank.done(refund("1", "r", 2_000));
    bank.done(hold("2", "person:ani", 3_000));
    bank.done(capture("2", 2_000));
    bank.done(hold("3", "person:ani", 300));
    bank.done(release("3"));
    bank.done(hold("4", "person:ani", 40_000));
    bank.done(Operation::Open(terms("person:ani:savings", Some(0))));
    bank.done(transfer("person:ani", "person:ani:savings", "s", 200));
    let note = "makan \"siang\" ya".to_owned();
    let key = "n".parse().expect("a name");
    bank.done(Operation::Transfer(Transfer {
        from: id("person:ani"),
        to: id("person:budi"),
        key,
        amount: idr(100),
        note,
    }));
    for (account, floor) in [("equity:dollars", None), ("person:cici/usd", Some(0))] {
        bank.done(Operation::Open(AccountTerms {
            currency: currency("USD"),
            ..terms(account, floor)
        }));
    }
    let amount = lapak_ledger::money::Amount::new(1_050, currency("USD")).expect("an amount");
    let (from, to, key) = (
        id("equity:dollars"),
        id("person:cici/usd"),
        "u".parse().expect("a name"),
    );
    bank.done(Operation::Transfer(Transfer {
        from,
        to,
        key,
        amount,
        note: String::new(),
    }));
    bank
}

fn exported(bank: &Bank, format: Format) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("books");
    let mut file = std::fs::File::create(&path).expect("a file");
    Ledger::export_file(&bank.path(), format, &mut file).expect("exported");
    (folder, path.to_str().expect("text").to_owned())
}

fn spoiled(file: &str, from: &str, to: &str) -> String {
    let text = std::fs::read_to_string(file).expect("read");
    let changed = text.replacen(from, to, 1);
    assert_ne!(text, changed);
    let path = Path::new(file).with_extension("spoiled");
    std::fs::write(&path, changed).expect("written");
    path.to_str().expect("text").to_owned()
}

/// Whether the tool was content, and what it said; `None` where it is not installed.
fn tool(name: &str, arguments: &[&str]) -> Option<(bool, String)> {
    match Command::new(name).args(arguments).output() {
        Ok(output) => {
            let said = format!(
                "{}{}",
                String::from_utf8_lossy(&output.stdout),
                String::from_utf8_lossy(&output.stderr)
            );
            Some((output.status.success(), said))
        }
        Err(_) => {
            println!("skipped: {name} is not installed");
            None
        }
    }
}
