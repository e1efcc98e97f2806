//! A payment service that fails, lies, is late, or is not the service at all.

mod support;
mod world;

use std::sync::mpsc::RecvTimeoutError;
use std::time::Duration;

use lapak_ledger::SecretKey;
use lapak_ledger::jws::JwsError;
use lapak_ledger::provider::http::protocol::{Answered, Message, Signed};
use lapak_ledger::provider::http::{HttpOptions, HttpProvider, WebhookError};
use lapak_ledger::provider::{Decline, Outcome, PaymentProvider, Settled};
use support::{HandClock, START_MS, currency};
use world::service::{Fault, Service};
use world::{CLIENT, WAIT, ani, connected, host, http, outcome, pay, waiting};

#[test]
fn every_fault_is_asked_after_until_the_service_says_and_money_moves_once() {
    let clock = HandClock::new();
    let (provider, service) = http(&clock);
    let chunk = b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{".to_vec();
    let huge = format!(
        "HTTP/1.1 200 OK\r\ncontent-length: 999999999\r\n\r\n{}",
        "x".repeat(1 << 20)
    )
    .into_bytes();
    let faults = [
        Fault::Status(500),
        Fault::Status(200),
        Fault::Status(404),
        Fault::Garbage(b"garbage\r\n\r\n".to_vec()),
        Fault::Garbage(Vec::new()),
        Fault::Garbage(chunk),
        Fault::Garbage(huge),
        Fault::Garbage(
            b"HTTP/1.1 302 x\r\nlocation: https://localhost:1/\r\ncontent-length: 0\r\n\r\n"
                .to_vec(),
        ),
        Fault::Lost,
        Fault::Late(Duration::from_millis(50)),
        Fault::Forged,
        Fault::ToAnother,
        Fault::Old,
        Fault::OtherAmount,
        Fault::Pending { again_ms: 1 },
    ];
    for (at, fault) in faults.iter().enumerate() {
        service.next(fault.clone());
        let order = at.to_string();
        let paid = outcome(&*provider, pay(&order, 1_000));
        let Outcome::Paid(receipt) = &paid else {
            panic!("{fault:?}: {paid:?}")
        };
        let receipt = receipt.verify([&host().public()]).expect("the host's");
        assert_ne!(receipt.id, "service:invented", "{fault:?} was believed");
        assert_eq!(outcome(&*provider, pay(&order, 1_000)), paid);
        assert_eq!(
            left(&service),
            100_000 - 1_000 * (at as i64 + 1),
            "{fault:?}"
        );
    }
    service.ledger.verify(&[]).expect("sound");
}

#[test]
fn a_message_is_sent_again_with_the_same_idempotency_key() {
    let clock = HandClock::new();
    let (provider, service) = http(&clock);
    (0..5).for_each(|_| service.next(Fault::Lost));
    outcome(&*provider, pay("1", 10));
    let messages = service.messages();
    let opened: Vec<_> = messages
        .iter()
        .map(|signed| Message::open(signed, [&host().public()]).expect("genuine"))
        .collect();
    assert_eq!(opened.len(), 6);
    assert!(
        opened
            .iter()
            .all(|message| message.id == "person:ani:IDR pay-1" && message.ask == opened[0].ask)
    );
}

#[test]
fn after_a_restart_the_request_is_submitted_again_and_moves_nothing_more() {
    let clock = HandClock::new();
    let (first, service) = http(&clock);
    service.next(Fault::Lost);
    (0..1000).for_each(|_| service.next(Fault::Status(503)));
    let told = waiting(&*first, pay("1", 10));
    while service.messages().len() < 3 {
        std::thread::sleep(Duration::from_millis(5));
    }
    drop(first);
    assert_eq!(
        told.recv_timeout(WAIT),
        Err(RecvTimeoutError::Disconnected),
        "what is not known is not told"
    );
    service.recovered();
    let second = connected(&service, &clock);
    assert!(matches!(outcome(&second, pay("1", 10)), Outcome::Paid(_)));
    assert_eq!(left(&service), 99_990);
}

#[test]
fn a_cancelled_request_ends_cancelled_unless_the_money_moved() {
    let clock = HandClock::new();
    let (provider, service) = http(&clock);
    service.next(Fault::Pending {
        again_ms: 3_600_000,
    });
    let told = waiting(&*provider, pay("1", 10));
    while service.messages().is_empty() {
        std::thread::sleep(Duration::from_millis(5));
    }
    provider.cancel(&ani(), &"pay-1".parse().expect("a name"));
    assert_eq!(told.recv_timeout(WAIT), Ok(Outcome::Cancelled));
    assert_eq!(left(&service), 100_000);
    assert_eq!(
        outcome(&*provider, pay("1", 10)),
        Outcome::Cancelled,
        "it stays cancelled"
    );

    (0..50).for_each(|_| service.next(Fault::Lost));
    let told = waiting(&*provider, pay("2", 10));
    while left(&service) == 100_000 {
        std::thread::sleep(Duration::from_millis(5));
    }
    provider.cancel(&ani(), &"pay-2".parse().expect("a name"));
    assert!(
        matches!(told.recv_timeout(WAIT), Ok(Outcome::Paid(_))),
        "it was paid before"
    );
}

#[test]
fn the_webhook_tells_an_outcome_once_however_often_it_comes() {
    let clock = HandClock::new();
    let (provider, service) = http(&clock);
    let told = pending(&provider, &service);
    let (id, answer) = service.carried_out(&service.messages()[0]);
    let push = service.push(&id, answer);
    for _ in 0..3 {
        assert_eq!(
            provider.webhook(&push.body, &push.signature),
            Ok(()),
            "acknowledged each time"
        );
    }
    assert!(matches!(told.recv_timeout(WAIT), Ok(Outcome::Paid(_))));
    assert_eq!(
        told.recv_timeout(WAIT),
        Err(RecvTimeoutError::Disconnected),
        "told once"
    );
    assert_eq!(left(&service), 99_990);
}

#[test]
fn a_webhook_that_is_forged_altered_old_or_for_another_is_refused() {
    let clock = HandClock::new();
    let (provider, service) = http(&clock);
    let told = pending(&provider, &service);
    let id = "person:ani:IDR pay-1";
    let hook = |push: &Signed| provider.webhook(&push.body, &push.signature);

    let forged = service.odd_push(
        id,
        paid(10),
        Some(&SecretKey::from_seed(&[66; 32])),
        CLIENT,
        0,
    );
    assert_eq!(
        hook(&forged),
        Err(WebhookError::Signature(JwsError::UnknownKey))
    );
    let genuine = service.push(id, Answered::Cancelled);
    let altered = Signed {
        body: service.push(id, paid(10)).body,
        ..genuine.clone()
    };
    assert_eq!(
        hook(&altered),
        Err(WebhookError::Signature(JwsError::BadSignature))
    );
    assert_eq!(
        hook(&service.odd_push(id, paid(10), None, "another.example", 0)),
        Err(WebhookError::OtherClient)
    );
    assert_eq!(
        hook(&service.odd_push(id, paid(10), None, CLIENT, 300_001)),
        Err(WebhookError::Stale)
    );
    assert_eq!(
        hook(&service.odd_push(id, paid(10), None, CLIENT, -300_001)),
        Err(WebhookError::Stale)
    );
    assert_eq!(
        hook(&service.push(id, paid(11))),
        Err(WebhookError::NoOutcome),
        "another amount"
    );
    let answer = Answered::Accounts {
        accounts: Vec::new(),
    };
    assert_eq!(
        hook(&service.push(id, answer)),
        Err(WebhookError::NoOutcome)
    );
    assert_eq!(
        hook(&service.push("nonsense", paid(10))),
        Err(WebhookError::NoOutcome)
    );
    for (body, signature) in [
        ("", ""),
        ("{}", "a..b"),
        ("garbage", &genuine.signature),
        ("{\"paid\":true}", ""),
    ] {
        assert!(
            provider.webhook(body.as_bytes(), signature).is_err(),
            "{body} {signature}"
        );
    }
    // A host's own message is no reply.
    let own = &service.messages()[0];
    assert!(provider.webhook(&own.body, &own.signature).is_err());
    assert!(told.try_recv().is_err(), "nothing of it was an outcome");
}

#[test]
fn a_webhook_that_is_replayed_is_acknowledged_or_old() {
    let clock = HandClock::new();
    let (provider, service) = http(&clock);
    let told = pending(&provider, &service);
    let hook = |push: &Signed| provider.webhook(&push.body, &push.signature);
    let genuine = service.push("person:ani:IDR pay-1", Answered::Cancelled);
    // About a request that nobody waits for: acknowledged, and nothing happens.
    assert_eq!(
        hook(&service.push("person:ani:IDR other", paid(10))),
        Ok(())
    );

    assert!(told.try_recv().is_err());
    assert_eq!(hook(&genuine), Ok(()));
    assert_eq!(told.recv_timeout(WAIT), Ok(Outcome::Cancelled));
    // Replayed later, when the same key is used again after its end: it is the outcome that it was.
    let again = pending(&provider, &service);
    clock.advance(300_001);
    assert_eq!(hook(&genuine), Err(WebhookError::Stale));
    assert!(again.try_recv().is_err());
}

#[test]
fn a_declined_answer_is_final() {
    let clock = HandClock::new();
    let (provider, service) = http(&clock);
    assert_eq!(
        outcome(&*provider, pay("1", 100_001)),
        Outcome::Declined(Decline::InsufficientFunds)
    );
    assert_eq!(service.messages().len(), 1);
}

#[test]
fn another_host_and_another_certificate_are_not_talked_to() {
    let clock = HandClock::new();
    let (_provider, service) = http(&clock);
    // A host whose key the service does not know: refused without a signature, so the outcome stays unknown.
    let stranger = options(
        &service,
        &clock,
        Some(SecretKey::from_seed(&[9; 32])),
        Some(service.root.clone()),
    );
    let stranger = HttpProvider::new(stranger).expect("a provider");
    let told = waiting(&stranger, pay("1", 10));
    // A host that does not trust the service's certificate sends it nothing.
    let careful = HttpProvider::new(options(&service, &clock, None, None)).expect("a provider");
    let untrusted = waiting(&careful, pay("1", 10));
    std::thread::sleep(Duration::from_millis(200));
    assert!(told.try_recv().is_err() && untrusted.try_recv().is_err());
    assert_eq!((service.messages().len(), left(&service)), (0, 100_000));
    let plain = HttpOptions {
        url: "http://pay.example/".into(),
        ..options(&service, &clock, None, None)
    };
    assert!(HttpProvider::new(plain).is_err(), "not in the clear");
}

/// A request that the service is still at work on.
fn pending(provider: &HttpProvider, service: &Service) -> std::sync::mpsc::Receiver<Outcome> {
    let before = service.messages().len();
    service.next(Fault::Pending {
        again_ms: 3_600_000,
    });
    let told = waiting(provider, pay("1", 10));
    while service.messages().len() == before {
        std::thread::sleep(Duration::from_millis(5));
    }
    told
}

fn paid(minor: i64) -> Answered {
    let (number, proof) = ("invented".into(), String::new());
    Answered::Paid(Settled {
        amount_minor: minor,
        at_ms: START_MS,
        currency: currency("IDR"),
        number,
        proof,
    })
}

fn left(service: &Service) -> i64 {
    service
        .ledger
        .balance(&ani())
        .expect("read")
        .expect("an account")
        .available_minor
}

fn options(
    service: &Service,
    clock: &HandClock,
    key: Option<SecretKey>,
    root: Option<Vec<u8>>,
) -> HttpOptions {
    HttpOptions {
        name: "Reference".into(),
        url: service.url.clone(),
        client: CLIENT.into(),
        key: key.map_or_else(host, std::sync::Arc::new),
        service_keys: vec![service.key.clone()],
        clock: clock.shared(),
        web: lapak_ledger::WebOptions {
            roots: root.map(|root| vec![root]),
            timeout: Duration::from_secs(5),
            first_wait: Duration::from_millis(5),
            most_wait: Duration::from_millis(40),
        },
    }
}
