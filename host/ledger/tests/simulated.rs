//! The simulation's troubles: each ends as it says, and none moves money twice.

mod support;
mod world;

use std::sync::mpsc::RecvTimeoutError;
use std::time::Duration;

use lapak_ledger::provider::simulated::Behaviour;
use lapak_ledger::provider::{Decline, Outcome, PaymentProvider};
use world::{WAIT, ani, outcome, pay, simulated, waiting};

const SOON: Duration = Duration::from_millis(50);

#[test]
fn it_says_that_it_is_a_simulation() {
    let (provider, _) = simulated();
    assert!(provider.label().simulated);
    assert!(provider.label().name.to_lowercase().contains("simulated"));
}

#[test]
fn declined_cancelled_and_timed_out_move_nothing() {
    let (provider, _) = simulated();
    for (behaviour, ends) in [
        (
            Behaviour::Decline(Decline::Unavailable),
            Outcome::Declined(Decline::Unavailable),
        ),
        (Behaviour::Cancel, Outcome::Cancelled),
        (Behaviour::TimeOut(SOON), Outcome::Expired),
    ] {
        provider.next(behaviour);
        assert_eq!(outcome(&*provider, pay("1", 10)), ends);
        assert_eq!(left(&provider), 100_000);
    }
    assert!(
        matches!(outcome(&*provider, pay("1", 10)), Outcome::Paid(_)),
        "the trouble is over"
    );
}

#[test]
fn slow_can_be_cancelled_until_it_is_made() {
    let (provider, _) = simulated();
    provider.next(Behaviour::Slow(Duration::from_secs(3600)));
    let told = waiting(&*provider, pay("1", 10));
    provider.cancel(&ani(), &"pay-1".parse().expect("a name"));
    assert_eq!(told.recv_timeout(WAIT), Ok(Outcome::Cancelled));
    provider.next(Behaviour::Slow(SOON));
    assert!(matches!(
        outcome(&*provider, pay("2", 10)),
        Outcome::Paid(_)
    ));
    assert_eq!(left(&provider), 99_990);
}

#[test]
fn late_is_made_at_once_and_cannot_be_cancelled() {
    let (provider, _) = simulated();
    provider.next(Behaviour::Late(SOON));
    let told = waiting(&*provider, pay("1", 10));
    provider.cancel(&ani(), &"pay-1".parse().expect("a name"));
    assert!(matches!(told.recv_timeout(WAIT), Ok(Outcome::Paid(_))));
    assert_eq!(left(&provider), 99_990);
}

#[test]
fn what_is_told_twice_is_heard_once() {
    let (provider, _) = simulated();
    provider.next(Behaviour::Twice(3));
    assert!(matches!(
        outcome(&*provider, pay("1", 10)),
        Outcome::Paid(_)
    ));
    // A second payment comes after the first's last word.
    assert!(matches!(
        outcome(&*provider, pay("2", 10)),
        Outcome::Paid(_)
    ));
    assert_eq!(provider.ignored(), 3);
    assert_eq!(left(&provider), 99_980);
}

#[test]
fn what_is_never_told_is_told_when_it_is_submitted_again() {
    let (provider, _) = simulated();
    provider.next(Behaviour::Silent);
    let silent = waiting(&*provider, pay("1", 10));
    assert_eq!(
        silent.recv_timeout(WAIT),
        Err(RecvTimeoutError::Disconnected)
    );
    assert_eq!(left(&provider), 99_990, "it was made");
    assert!(matches!(
        outcome(&*provider, pay("1", 10)),
        Outcome::Paid(_)
    ));
    assert_eq!(left(&provider), 99_990, "and not again");
}

fn left(provider: &lapak_ledger::provider::simulated::SimulatedProvider) -> i64 {
    provider
        .ledger()
        .balance(&ani())
        .expect("read")
        .expect("an account")
        .available_minor
}
