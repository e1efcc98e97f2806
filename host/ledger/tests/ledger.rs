//! What the books allow, and what they refuse.

mod support;

use lapak_ledger::Digest;
use lapak_ledger::ledger::{
    AccountTerms, Anchor, Ledger, LedgerOptions, OpenError, Operation, Payment, Refusal,
};
use lapak_ledger::money::{Amount, MAX_AMOUNT_MINOR};
use support::{
    Bank, START_MS, capture, currency, hold, id, idr, pay, payment, refund, release, terms,
    transfer,
};

#[test]
fn an_order_is_paid_once_and_the_same_order_gives_the_same_entry() {
    let bank = Bank::new(100_000);
    let first = bank.done(pay("1", "person:ani", 45_000));
    let second = bank.done(pay("1", "person:ani", 45_000));
    assert!(!first.repeated && second.repeated);
    assert_eq!(
        (first.seq, first.hash, &first.entry),
        (second.seq, second.hash, &second.entry)
    );
    assert_eq!(bank.balance("person:ani"), (55_000, 0));
    assert_eq!(bank.balance("merchant:warung"), (45_000, 0));
    assert_eq!(bank.ledger.verify(&[]).expect("sound").entries, first.seq);
}

#[test]
fn a_used_order_id_is_refused_for_another_order_payer_or_payee() {
    let bank = Bank::new(100_000);
    bank.done(pay("1", "person:ani", 45_000));
    let same = payment("1", "person:ani", 45_000);
    let digest = Payment {
        digest: Digest::sha256(b"another"),
        ..same.clone()
    };
    let payer = Payment {
        payer: id("person:budi"),
        ..same.clone()
    };
    let payee = Payment {
        payee: id("person:budi"),
        ..same.clone()
    };
    let price = Payment {
        amount: idr(1),
        ..same
    };
    assert_eq!(bank.refused(Operation::Pay(digest)), Refusal::OrderDiffers);
    assert_eq!(bank.refused(Operation::Pay(price)), Refusal::OrderDiffers);
    assert_eq!(bank.refused(Operation::Pay(payee)), Refusal::OrderDiffers);
    assert_eq!(bank.refused(Operation::Pay(payer)), Refusal::OrderOfAnother);
    assert_eq!(
        bank.refused(hold("1", "person:ani", 45_000)),
        Refusal::OrderPaid
    );
    assert_eq!(bank.balance("person:ani"), (55_000, 0));
}

#[test]
fn an_expired_order_is_refused_but_one_that_was_paid_in_time_still_gives_its_entry() {
    let bank = Bank::new(100_000);
    let paid = bank.done(pay("1", "person:ani", 1));
    bank.clock.advance(59_999);
    bank.done(pay("2", "person:ani", 1));
    bank.clock.advance(1);
    assert_eq!(
        bank.refused(pay("3", "person:ani", 1)),
        Refusal::OrderExpired
    );
    assert_eq!(
        bank.refused(hold("3", "person:ani", 1)),
        Refusal::OrderExpired
    );
    assert_eq!(bank.done(pay("1", "person:ani", 1)).seq, paid.seq);
}

#[test]
fn no_account_goes_below_its_floor_or_above_its_ceiling() {
    let bank = Bank::new(100);
    assert_eq!(
        bank.refused(pay("1", "person:ani", 101)),
        Refusal::InsufficientFunds(id("person:ani"))
    );
    bank.done(pay("1", "person:ani", 100));
    assert_eq!(
        bank.refused(pay("2", "person:ani", 1)),
        Refusal::InsufficientFunds(id("person:ani"))
    );

    let credit = AccountTerms {
        floor_minor: Some(-50),
        ..terms("person:ani", None)
    };
    bank.done(Operation::Open(credit));
    bank.done(pay("2", "person:ani", 50));
    assert_eq!(
        bank.refused(pay("3", "person:ani", 1)),
        Refusal::InsufficientFunds(id("person:ani"))
    );
    assert!(matches!(
        bank.refused(Operation::Open(terms("person:ani", Some(0)))),
        Refusal::Limits(..)
    ));

    let capped = AccountTerms {
        ceiling_minor: Some(10),
        ..terms("person:budi", Some(0))
    };
    bank.done(Operation::Open(capped));
    assert_eq!(
        bank.refused(transfer("equity:issued", "person:budi", "a", 11)),
        Refusal::AboveCeiling(id("person:budi"))
    );
    bank.done(transfer("equity:issued", "person:budi", "b", 10));
    bank.ledger.verify(&[]).expect("sound");
}

/// What is submitted while the file is taken waits together, and shares a transaction.
#[test]
fn operations_of_one_transaction_see_what_those_before_them_did() {
    let bank = Bank::new(100);
    let other = lapak_ledger::database::open(&bank.path()).expect("opened");
    other.execute_batch("BEGIN IMMEDIATE").expect("taken");
    let (tell, told) = std::sync::mpsc::channel();
    let credit = AccountTerms {
        floor_minor: Some(-50),
        ..terms("person:ani", None)
    };
    let orders = (0..30).map(|number| pay(&number.to_string(), "person:ani", 10));
    let mut operations: Vec<Operation> = orders.collect();
    operations.insert(20, Operation::Open(credit));
    operations.push(refund("0", "a", 10));
    operations.push(pay("last", "person:ani", 10));
    for (number, operation) in operations.into_iter().enumerate() {
        let tell = tell.clone();
        let done = move |outcome: Result<_, _>| {
            tell.send((number, outcome.is_ok())).expect("heard");
        };
        bank.ledger.submit(operation, Box::new(done));
    }
    drop((other, tell));
    let mut outcomes: Vec<(usize, bool)> = told.iter().collect();
    outcomes.sort_unstable();
    let done = outcomes.iter().filter(|(_, done)| *done).map(|(at, _)| *at);
    // Ten for what Ani had, the credit, five for it, one given back, one for what was given back.
    let expected = (0..10).chain(20..26).chain([31, 32]);
    assert_eq!(done.collect::<Vec<_>>(), expected.collect::<Vec<_>>());
    assert_eq!(bank.balance("person:ani"), (-50, 0));
    assert_eq!(bank.balance("merchant:warung"), (150, 0));
    bank.ledger.verify(&[]).expect("sound");
}

#[test]
fn an_outcome_that_is_slow_to_be_taken_holds_up_no_other() {
    let bank = Bank::new(100);
    let (second_told, wait) = std::sync::mpsc::channel();
    let (tell, told) = std::sync::mpsc::channel();
    let slow = move |_: Result<_, _>| {
        let second = wait.recv_timeout(std::time::Duration::from_secs(60));
        tell.send(second.is_ok()).expect("heard");
    };
    bank.ledger
        .submit(pay("1", "person:ani", 1), Box::new(slow));
    let quick = move |_: Result<_, _>| second_told.send(()).expect("heard");
    bank.ledger
        .submit(pay("2", "person:ani", 1), Box::new(quick));
    assert_eq!(told.recv(), Ok(true));
}

#[test]
fn limits_that_contradict_themselves_or_the_balance_are_refused() {
    let bank = Bank::new(100);
    let limits = |account: &str, floor_minor, ceiling_minor| {
        Operation::Open(AccountTerms {
            floor_minor,
            ceiling_minor,
            ..terms(account, None)
        })
    };
    for bad in [
        limits("person:cici", Some(2), Some(1)),
        limits("person:cici", Some(1), None),
        limits("person:cici", None, Some(-1)),
        limits("person:ani", Some(101), None),
        limits("person:ani", None, Some(99)),
    ] {
        assert!(matches!(bank.refused(bad), Refusal::Limits(..)));
    }
    let dollars = AccountTerms {
        currency: currency("USD"),
        ..terms("person:ani", Some(0))
    };
    assert!(matches!(
        bank.refused(Operation::Open(dollars)),
        Refusal::WrongCurrency { .. }
    ));
    assert!(
        bank.done(Operation::Open(terms("person:ani", Some(0))))
            .repeated
    );
}

#[test]
fn a_hold_sets_money_aside_until_it_is_captured_released_or_past_its_time() {
    let bank = Bank::new(100);
    bank.done(hold("1", "person:ani", 60));
    assert!(bank.done(hold("1", "person:ani", 60)).repeated);
    assert_eq!(bank.balance("person:ani"), (40, 60));
    assert_eq!(
        bank.refused(pay("2", "person:ani", 41)),
        Refusal::InsufficientFunds(id("person:ani"))
    );
    assert_eq!(bank.refused(pay("1", "person:ani", 60)), Refusal::OrderHeld);
    assert_eq!(
        bank.refused(capture("1", 61)),
        Refusal::MoreThanHeld(idr(60))
    );

    let captured = bank.done(capture("1", 50));
    assert_eq!(bank.done(capture("1", 50)).seq, captured.seq);
    assert_eq!(
        bank.done(pay("1", "person:ani", 60)).seq,
        captured.seq,
        "a paid order gives what paid it"
    );
    assert_eq!(bank.refused(capture("1", 49)), Refusal::OrderPaid);
    assert_eq!(bank.refused(release("1")), Refusal::OrderPaid);
    assert_eq!(
        (bank.balance("person:ani"), bank.balance("merchant:warung")),
        ((50, 0), (50, 0))
    );

    bank.done(hold("2", "person:ani", 50));
    let released = bank.done(release("2"));
    assert_eq!(bank.done(release("2")).seq, released.seq);
    assert_eq!(bank.refused(capture("2", 1)), Refusal::OrderReleased);
    assert_eq!(
        bank.refused(pay("2", "person:ani", 50)),
        Refusal::OrderReleased
    );

    bank.done(hold("3", "person:ani", 50));
    bank.clock.advance(60_000);
    assert_eq!(bank.refused(capture("3", 1)), Refusal::OrderReleased);
    assert_eq!(bank.balance("person:ani"), (50, 0));
    bank.ledger.verify(&[]).expect("sound");
}

#[test]
fn holds_are_released_when_their_time_comes_though_nobody_asks() {
    let folder = tempfile::tempdir().expect("a folder");
    let ledger =
        Ledger::open(&folder.path().join("ledger.db"), LedgerOptions::default()).expect("a ledger");
    support::open_accounts(&ledger);
    ledger
        .carry_out(transfer("equity:issued", "person:ani", "a", 10))
        .expect("done");
    let soon = lapak_ledger::Clock::now_ms(&lapak_ledger::SystemClock) + 300;
    let held = Payment {
        expires_at_ms: soon,
        ..payment("1", "person:ani", 10)
    };
    ledger.carry_out(Operation::Hold(held)).expect("held");
    let released = || {
        let balance = ledger
            .balance(&id("person:ani"))
            .expect("read")
            .expect("an account");
        balance.held_minor == 0 && balance.available_minor == 10
    };
    let begun = std::time::Instant::now();
    while !released() {
        assert!(
            begun.elapsed() < std::time::Duration::from_secs(60),
            "never released"
        );
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}

#[test]
fn refunds_never_exceed_the_payment() {
    let bank = Bank::new(100);
    assert_eq!(bank.refused(refund("1", "a", 1)), Refusal::UnknownOrder);
    bank.done(pay("1", "person:ani", 100));
    let first = bank.done(refund("1", "a", 60));
    assert_eq!(bank.done(refund("1", "a", 60)).seq, first.seq);
    assert_eq!(bank.refused(refund("1", "a", 40)), Refusal::KeyDiffers);
    assert_eq!(
        bank.refused(refund("1", "b", 41)),
        Refusal::RefundTooLarge { left_minor: 40 }
    );
    bank.done(refund("1", "b", 40));
    assert_eq!(
        bank.refused(refund("1", "c", 1)),
        Refusal::RefundTooLarge { left_minor: 0 }
    );
    assert_eq!(
        (bank.balance("person:ani"), bank.balance("merchant:warung")),
        ((100, 0), (0, 0))
    );

    bank.done(hold("2", "person:ani", 10));
    assert_eq!(bank.refused(refund("2", "a", 1)), Refusal::UnknownOrder);
}

#[test]
fn a_merchant_without_the_money_cannot_refund() {
    let bank = Bank::new(100);
    bank.done(pay("1", "person:ani", 100));
    bank.done(transfer("merchant:warung", "person:budi", "rent", 100));
    assert_eq!(
        bank.refused(refund("1", "a", 1)),
        Refusal::InsufficientFunds(id("merchant:warung"))
    );
}

#[test]
fn transfers_are_made_once_and_never_to_oneself() {
    let bank = Bank::new(100);
    bank.done(transfer("person:ani", "person:budi", "k", 30));
    assert!(
        bank.done(transfer("person:ani", "person:budi", "k", 30))
            .repeated
    );
    assert_eq!(
        bank.refused(transfer("person:ani", "person:budi", "k", 31)),
        Refusal::KeyDiffers
    );
    assert_eq!(
        bank.refused(transfer("person:ani", "merchant:warung", "k", 30)),
        Refusal::KeyDiffers
    );
    bank.done(transfer("person:budi", "person:ani", "k", 30));
    assert_eq!(
        bank.refused(transfer("person:ani", "person:ani", "s", 1)),
        Refusal::SameAccount(id("person:ani"))
    );
    let own = Payment {
        payee: id("person:ani"),
        ..payment("1", "person:ani", 1)
    };
    assert_eq!(
        bank.refused(Operation::Pay(own)),
        Refusal::SameAccount(id("person:ani"))
    );
    let nobody = bank.refused(transfer("person:ani", "person:nobody", "n", 1));
    assert_eq!(nobody, Refusal::UnknownAccount(id("person:nobody")));
    assert_eq!(bank.balance("person:ani"), (100, 0));
}

#[test]
fn amounts_at_the_limit_neither_wrap_nor_pass() {
    let bank = Bank::new(0);
    let most = MAX_AMOUNT_MINOR;
    for (count, key) in (1_i64..).zip(["a", "b", "c"]) {
        bank.done(transfer("equity:issued", "person:ani", key, most));
        assert_eq!(bank.balance("person:ani"), (count * most, 0));
    }
    // 1,024 of the largest amounts are the most that 64 bits count.
    for count in 3..1024 {
        bank.ledger.submit(
            transfer("equity:issued", "person:ani", &format!("n{count}"), most),
            Box::new(|done| drop(done.expect("done"))),
        );
    }
    assert_eq!(bank.balance_after_all("person:ani"), (1024 * most, 0));
    assert_eq!(
        bank.refused(transfer("equity:issued", "person:ani", "over", most)),
        Refusal::Overflow(id("equity:issued"))
    );
    assert_eq!(bank.balance("person:ani"), (1024 * most, 0));
    bank.ledger.verify(&[]).expect("sound");
}

#[test]
fn another_currency_is_refused() {
    let bank = Bank::new(100);
    let dollars = Amount::new(1, currency("USD")).expect("an amount");
    let order = Payment {
        amount: dollars,
        ..payment("1", "person:ani", 1)
    };
    assert!(matches!(
        bank.refused(Operation::Pay(order.clone())),
        Refusal::WrongCurrency { .. }
    ));
    assert!(matches!(
        bank.refused(Operation::Hold(order)),
        Refusal::WrongCurrency { .. }
    ));
    bank.done(Operation::Open(AccountTerms {
        currency: currency("USD"),
        ..terms("merchant:us", Some(0))
    }));
    let across = Payment {
        payee: id("merchant:us"),
        ..payment("2", "person:ani", 1)
    };
    assert!(matches!(
        bank.refused(Operation::Pay(across.clone())),
        Refusal::WrongCurrency { .. }
    ));
    assert!(matches!(
        bank.refused(Operation::Hold(across)),
        Refusal::WrongCurrency { .. }
    ));
    assert_eq!(bank.balance("person:ani"), (100, 0));
}

#[test]
fn history_is_newest_first_and_goes_on_where_it_ended() {
    let bank = Bank::new(100);
    bank.done(pay("1", "person:ani", 10));
    bank.done(hold("2", "person:ani", 20));
    bank.done(refund("1", "r", 5));
    let page = bank
        .ledger
        .history(&id("person:ani"), None, 2)
        .expect("read");
    assert_eq!(
        page.iter()
            .map(|m| (m.posted.entry.event.word(), m.available_minor))
            .collect::<Vec<_>>(),
        [("refunded", 5), ("held", -20)]
    );
    let rest = bank
        .ledger
        .history(&id("person:ani"), Some(page[1].posted.seq), 9)
        .expect("read");
    assert_eq!(
        rest.iter()
            .map(|m| (m.posted.entry.event.word(), m.available_minor))
            .collect::<Vec<_>>(),
        [("paid", -10), ("transferred", 100)]
    );
    assert_eq!(
        bank.ledger
            .history(&id("person:nobody"), None, 9)
            .expect("read"),
        []
    );
}

#[test]
fn a_clock_that_is_set_back_does_not_make_the_journal_go_back() {
    let bank = Bank::new(100);
    let before = bank.done(pay("1", "person:ani", 1)).entry.at_ms;
    bank.clock.advance(-3_600_000);
    assert_eq!(bank.done(pay("2", "person:ani", 1)).entry.at_ms, before);
    assert_eq!(before, START_MS);
    bank.ledger.verify(&[]).expect("sound");
}

#[test]
fn what_was_done_is_there_after_opening_again() {
    let bank = Bank::new(100);
    let paid = bank.done(pay("1", "person:ani", 60));
    let anchor = Anchor {
        seq: paid.seq,
        hash: paid.hash,
    };
    let bank = bank.reopened();
    assert_eq!(bank.done(pay("1", "person:ani", 60)).hash, paid.hash);
    assert_eq!(
        bank.ledger.verify(&[anchor]).expect("sound").head,
        paid.hash
    );
    let status = bank.ledger.order(
        &"warung".parse().expect("a name"),
        &"1".parse().expect("a name"),
    );
    assert_eq!(
        status.expect("read").expect("an order").paid_seq,
        Some(paid.seq)
    );
}

#[test]
fn other_files_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("other.db");
    rusqlite::Connection::open(&path)
        .expect("opened")
        .execute_batch("CREATE TABLE a (b)")
        .expect("made");
    assert!(matches!(
        Ledger::open(&path, LedgerOptions::default()),
        Err(OpenError::NotALedger)
    ));

    let newer = folder.path().join("newer.db");
    drop(Ledger::open(&newer, LedgerOptions::default()).expect("a ledger"));
    rusqlite::Connection::open(&newer)
        .expect("opened")
        .pragma_update(None, "user_version", 2)
        .expect("set");
    assert!(matches!(
        Ledger::open(&newer, LedgerOptions::default()),
        Err(OpenError::Newer { found: 2, known: 1 })
    ));

    let text = folder.path().join("text.db");
    std::fs::write(
        &text,
        "not a database, but long enough to be looked at by SQLite",
    )
    .expect("written");
    assert!(Ledger::open(&text, LedgerOptions::default()).is_err());
}

#[test]
fn two_ledgers_on_one_file_write_one_chain() {
    let bank = Bank::new(10_000);
    let second = support::open(&bank.path(), &bank.clock);
    std::thread::scope(|scope| {
        for (number, ledger) in [&bank.ledger, &second].into_iter().enumerate() {
            scope.spawn(move || {
                for order in 0..50 {
                    ledger
                        .carry_out(pay(&format!("{number}-{order}"), "person:ani", 100))
                        .expect("paid");
                }
            });
        }
    });
    assert_eq!(bank.balance("person:ani"), (0, 0));
    second.verify(&[]).expect("sound");
}
