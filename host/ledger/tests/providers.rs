//! One suite for all providers: whoever stands behind payments, the money moves once and the answers are the same.

mod support;
mod world;

use std::sync::mpsc;

use lapak_ledger::Purpose;
use lapak_ledger::provider::{Ask, Decline, HistoryLine, OrderState, Outcome, Request};
use support::{id, idr};
use world::{Rig, WAIT, ani, order, pay, refund, request, send, verified, waiting};

/// Runs every check for one provider.
macro_rules! suite {
    ($($check:ident)*) => {
        suite!(@ ledger $($check)*);
        suite!(@ simulated $($check)*);
        suite!(@ http $($check)*);
    };
    (@ $provider:ident $($check:ident)*) => {
        mod $provider {
            $(
                #[test]
                fn $check() {
                    super::$check(&super::Rig::$provider());
                }
            )*
        }
    };
}

suite! {
    an_order_is_paid_once_with_one_receipt
    a_request_that_is_submitted_again_while_under_way_gets_the_same_outcome
    what_is_not_there_is_not_spent
    a_used_order_id_is_declined_for_another_order_or_payer
    a_late_order_expires_but_one_that_was_paid_in_time_still_gives_its_receipt
    refunds_never_exceed_the_payment_and_go_to_who_paid
    money_is_sent_once_and_only_to_persons
    a_bill_is_paid_once_and_only_to_a_known_biller
    history_and_orders_tell_what_happened
    amounts_at_the_limit_are_declined
    everybody_at_once_moves_what_there_is_and_no_more
    cancelling_what_is_done_changes_nothing
}

fn an_order_is_paid_once_with_one_receipt(rig: &Rig) {
    let first = rig.outcome(pay("1", 45_000));
    let again = rig.outcome(pay("1", 45_000));
    let otherwise = rig.outcome(Request {
        key: "another-key".parse().expect("a name"),
        ..pay("1", 45_000)
    });
    assert_eq!(first, again);
    assert_eq!(first, otherwise, "the order counts, not the key");
    assert_eq!(rig.balance("ani"), 55_000);
    let Outcome::Paid(receipt) = first else {
        panic!("{first:?}")
    };
    let receipt = receipt.verify([&rig.host.public()]).expect("the host's");
    assert_eq!(
        (receipt.amount_minor, receipt.currency.code()),
        (45_000, "IDR")
    );
    assert_eq!(receipt.simulated, rig.provider.label().simulated);
    let sha256 = order("1", 45_000).digest();
    let (merchant, order) = (
        "warung".parse().expect("a name"),
        "1".parse().expect("a name"),
    );
    assert_eq!(
        receipt.purpose,
        Purpose::Payment {
            merchant,
            order,
            sha256
        }
    );
    assert_ne!(rig.paid(pay("2", 1)).id, receipt.id);
}

fn a_request_that_is_submitted_again_while_under_way_gets_the_same_outcome(rig: &Rig) {
    let all: Vec<_> = (0..10)
        .map(|_| waiting(&*rig.provider, pay("1", 10_000)))
        .collect();
    let outcomes: Vec<_> = all
        .iter()
        .map(|told| told.recv_timeout(WAIT).expect("an outcome"))
        .collect();
    assert!(matches!(outcomes[0], Outcome::Paid(_)), "{outcomes:?}");
    assert!(
        outcomes.iter().all(|outcome| *outcome == outcomes[0]),
        "{outcomes:?}"
    );
    assert_eq!(rig.balance("ani"), 90_000);
}

fn what_is_not_there_is_not_spent(rig: &Rig) {
    assert_eq!(
        rig.outcome(pay("1", 100_001)),
        Outcome::Declined(Decline::InsufficientFunds)
    );
    let nobody = Request {
        account: id("person:nobody:IDR"),
        ..pay("2", 1)
    };
    assert!(matches!(rig.outcome(nobody), Outcome::Declined(_)));
    assert_eq!(rig.balance("ani"), 100_000);
    rig.paid(pay("3", 100_000));
    assert_eq!(
        rig.outcome(pay("4", 1)),
        Outcome::Declined(Decline::InsufficientFunds)
    );
}

fn a_used_order_id_is_declined_for_another_order_or_payer(rig: &Rig) {
    rig.paid(pay("1", 10));
    let cheaper = request("k", Ask::Pay(verified(&order("1", 9))));
    assert_eq!(rig.outcome(cheaper), Outcome::Declined(Decline::OrderUsed));
    rig.paid(send("s", "person:budi:IDR", 50));
    let budi = Request {
        account: id("person:budi:IDR"),
        ..pay("1", 10)
    };
    assert_eq!(rig.outcome(budi), Outcome::Declined(Decline::OrderUsed));
    assert_eq!((rig.balance("ani"), rig.balance("budi")), (99_940, 50));
}

fn a_late_order_expires_but_one_that_was_paid_in_time_still_gives_its_receipt(rig: &Rig) {
    let receipt = rig.paid(pay("1", 10));
    rig.clock.advance(60_000);
    assert_eq!(rig.outcome(pay("2", 10)), Outcome::Expired);
    assert_eq!(rig.paid(pay("1", 10)), receipt);
    assert_eq!(rig.balance("ani"), 99_990);
}

fn refunds_never_exceed_the_payment_and_go_to_who_paid(rig: &Rig) {
    let refunded = |key: &str, minor| {
        rig.outcome(request(
            &format!("r-{key}-{minor}"),
            Ask::Refund(refund("1", key, minor)),
        ))
    };
    assert_eq!(refunded("a", 1), Outcome::Declined(Decline::UnknownOrder));
    rig.paid(pay("1", 100));
    let first = refunded("a", 60);
    assert!(matches!(first, Outcome::Paid(_)), "{first:?}");
    assert_eq!(refunded("a", 60), first);
    assert_eq!(refunded("a", 40), Outcome::Declined(Decline::KeyUsed));
    assert_eq!(
        refunded("b", 41),
        Outcome::Declined(Decline::RefundTooLarge)
    );
    let budi = Request {
        account: id("person:budi:IDR"),
        ..request("r", Ask::Refund(refund("1", "c", 1)))
    };
    assert_eq!(rig.outcome(budi), Outcome::Declined(Decline::UnknownOrder));
    assert!(matches!(refunded("b", 40), Outcome::Paid(_)));
    assert_eq!(refunded("d", 1), Outcome::Declined(Decline::RefundTooLarge));
    assert_eq!((rig.balance("ani"), rig.balance("budi")), (100_000, 0));
}

fn money_is_sent_once_and_only_to_persons(rig: &Rig) {
    let receipt = rig.paid(send("s", "person:budi:IDR", 300));
    let key = "s".parse().expect("a name");
    let purpose = Purpose::transfer(key, &id("person:budi:IDR"));
    // Apps hold receipts: whose account it was stands in none.
    let text = serde_json::to_string(&receipt).expect("JSON");
    assert!(!text.contains("budi"), "{text}");
    assert_eq!(receipt.purpose, purpose);
    assert_eq!(rig.paid(send("s", "person:budi:IDR", 300)), receipt);
    assert_eq!(
        rig.outcome(send("s", "person:budi:IDR", 301)),
        Outcome::Declined(Decline::KeyUsed)
    );
    for to in [
        "person:nobody:IDR",
        "equity:issued",
        "merchant:warung",
        "person:ani:IDR",
    ] {
        assert_eq!(
            rig.outcome(send(to, to, 1)),
            Outcome::Declined(Decline::UnknownRecipient),
            "{to}"
        );
    }
    let note = Ask::Transfer {
        to: id("person:budi:IDR"),
        amount: idr(1),
        note: "a\nb".into(),
    };
    assert_eq!(
        rig.outcome(request("n", note)),
        Outcome::Declined(Decline::Malformed)
    );
    assert_eq!((rig.balance("ani"), rig.balance("budi")), (99_700, 300));
}

fn a_bill_is_paid_once_and_only_to_a_known_biller(rig: &Rig) {
    let bill = |key: &str, biller: &str, customer: &str| {
        let biller = biller.parse().expect("a name");
        request(
            key,
            Ask::Bill {
                biller,
                customer: customer.into(),
                amount: idr(20_000),
            },
        )
    };
    let receipt = rig.paid(bill("b", "listrik", "5312-0042"));
    assert_eq!(rig.paid(bill("b", "listrik", "5312-0042")), receipt);
    assert!(matches!(receipt.purpose, Purpose::Bill { .. }));
    assert_eq!(
        rig.outcome(bill("b", "listrik", "5312-0043")),
        Outcome::Declined(Decline::KeyUsed)
    );
    assert_eq!(
        rig.outcome(bill("c", "nobody", "1")),
        Outcome::Declined(Decline::UnknownRecipient)
    );
    for customer in ["", "a b", "a\n", &"1".repeat(65)] {
        let outcome = rig.outcome(bill(&format!("m-{}", customer.len()), "listrik", customer));
        assert_eq!(
            outcome,
            Outcome::Declined(Decline::Malformed),
            "{customer:?}"
        );
    }
    assert_eq!(rig.balance("ani"), 80_000);
}

fn history_and_orders_tell_what_happened(rig: &Rig) {
    let receipt = rig.outcome(pay("1", 100));
    rig.paid(request("r", Ask::Refund(refund("1", "a", 30))));
    rig.paid(send("s", "person:budi:IDR", 7));
    let lines = history(rig, None);
    let told: Vec<_> = lines
        .iter()
        .map(|line| (line.word.as_str(), line.amount_minor, line.with.as_str()))
        .collect();
    assert_eq!(
        told[..3],
        [
            ("transferred", -7, "person:budi:IDR"),
            ("refunded", 30, "warung 1"),
            ("paid", -100, "warung 1")
        ]
    );
    assert_eq!(lines[0].note, "untuk ibu");
    let older = history(rig, Some(&lines[1].number));
    assert_eq!(older[0], lines[2]);
    assert_eq!(history(rig, Some("nonsense")), []);

    let state = |order: &str, account| {
        let (tell, told) = mpsc::channel();
        let (merchant, order) = (
            "warung".parse().expect("a name"),
            order.parse().expect("a name"),
        );
        rig.provider.order(
            &account,
            &merchant,
            &order,
            Box::new(move |state| tell.send(state).expect("heard")),
        );
        told.recv_timeout(WAIT).expect("an answer").expect("read")
    };
    let Outcome::Paid(receipt) = receipt else {
        panic!("{receipt:?}")
    };
    assert_eq!(
        state("1", ani()),
        OrderState::Paid {
            receipt,
            refunded_minor: 30
        }
    );
    assert_eq!(state("2", ani()), OrderState::Unpaid);
    assert_eq!(
        state("1", id("person:budi:IDR")),
        OrderState::Unpaid,
        "that is Ani's to know"
    );
}

fn amounts_at_the_limit_are_declined(rig: &Rig) {
    let most = lapak_ledger::money::MAX_AMOUNT_MINOR;
    assert_eq!(
        rig.outcome(pay("1", most)),
        Outcome::Declined(Decline::InsufficientFunds)
    );
    let outcome = rig.outcome(send("s", "person:budi:IDR", most));
    assert_eq!(outcome, Outcome::Declined(Decline::InsufficientFunds));
    assert_eq!(rig.balance("ani"), 100_000);
}

fn everybody_at_once_moves_what_there_is_and_no_more(rig: &Rig) {
    // 40 orders of 10,000, each submitted twice, and money for ten.
    let all: Vec<_> = (0..80)
        .map(|at| waiting(&*rig.provider, pay(&(at / 2).to_string(), 10_000)))
        .collect();
    let outcomes: Vec<_> = all
        .iter()
        .map(|told| told.recv_timeout(WAIT).expect("an outcome"))
        .collect();
    let paid = outcomes
        .iter()
        .filter(|outcome| matches!(outcome, Outcome::Paid(_)))
        .count();
    let short = outcomes
        .iter()
        .filter(|outcome| **outcome == Outcome::Declined(Decline::InsufficientFunds))
        .count();
    assert_eq!((paid, short), (20, 60), "{outcomes:?}");
    assert_eq!(rig.balance("ani"), 0);
}

fn cancelling_what_is_done_changes_nothing(rig: &Rig) {
    let receipt = rig.paid(pay("1", 10));
    rig.provider
        .cancel(&ani(), &"pay-1".parse().expect("a name"));
    rig.provider
        .cancel(&ani(), &"never-submitted".parse().expect("a name"));
    assert_eq!(rig.paid(pay("1", 10)), receipt);
    assert_eq!(rig.balance("ani"), 99_990);
}

fn history(rig: &Rig, before: Option<&str>) -> Vec<HistoryLine> {
    let (tell, told) = mpsc::channel();
    rig.provider.history(
        &ani(),
        before,
        10,
        Box::new(move |lines| tell.send(lines).expect("heard")),
    );
    told.recv_timeout(WAIT).expect("an answer").expect("read")
}
