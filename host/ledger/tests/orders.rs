//! Orders, refunds and receipts under attack.

mod support;

use lapak_ledger::jws::JwsError;
use lapak_ledger::money::{AmountError, MAX_AMOUNT_MINOR};
use lapak_ledger::order::{
    Line, MAX_VALID_MS, Order, OrderError, RefundOrder, verify_order, verify_refund,
};
use lapak_ledger::{Merchant, Merchants, Purpose, Receipt, SecretKey, SignedReceipt};
use support::{START_MS, currency, id};

const APP: &str = "com.example.warung";

#[test]
fn a_genuine_order_is_taken() {
    let signed = order().sign(&key()).expect("signed");
    let verified = verify_order(signed.as_bytes(), &merchants(), APP, START_MS).expect("genuine");
    assert_eq!(verified.order(), &order());
    assert_eq!(
        (verified.amount().minor(), verified.merchant_name()),
        (4_700_000, "Warung Bu Sari")
    );
    assert_eq!(
        (verified.payee(), verified.digest()),
        (&id("merchant:warung"), order().digest())
    );
    assert_eq!(
        order().sign(&key()).expect("signed"),
        signed,
        "the same order is the same text"
    );
}

#[test]
fn the_form_is_the_documented_one() {
    let signed = order()
        .sign(&SecretKey::from_seed(&[7; 32]))
        .expect("signed");
    // Made with another program's JSON, base64url, SHA-256 and Ed25519 (Python's standard library and `cryptography`).
    assert_eq!(signed, include_str!("golden/order.jws").trim_end());
}

#[test]
fn every_change_of_every_character_is_refused() {
    let signed = order().sign(&key()).expect("signed");
    for at in 0..signed.len() {
        for other in [b'A', b'B', b'.', b'-', b'=', 0xff] {
            let mut bytes = signed.clone().into_bytes();
            if bytes[at] == other {
                continue;
            }
            bytes[at] = other;
            assert!(
                verify_order(&bytes, &merchants(), APP, START_MS).is_err(),
                "{at} {other}"
            );
        }
    }
    for cut in 0..signed.len() {
        assert!(verify_order(&signed.as_bytes()[..cut], &merchants(), APP, START_MS).is_err());
    }
    assert!(
        verify_order(
            format!("{signed}\n").as_bytes(),
            &merchants(),
            APP,
            START_MS
        )
        .is_err()
    );
}

#[test]
fn a_price_that_the_app_changed_is_refused() {
    let signed = order().sign(&key()).expect("signed");
    let cheaper = Order {
        amount_minor: 1,
        lines: vec![line("Rendang", 1)],
        ..order()
    };
    let cheap = cheaper
        .sign(&SecretKey::from_seed(&[9; 32]))
        .expect("signed");
    let parts = |text: &str| text.split('.').map(str::to_owned).collect::<Vec<_>>();
    let (genuine, forged) = (parts(&signed), parts(&cheap));
    // The cheap payload with the genuine signature, and the genuine payload with the cheap one.
    for mixed in [
        format!("{}.{}.{}", genuine[0], forged[1], genuine[2]),
        format!("{}.{}.{}", genuine[0], genuine[1], forged[2]),
        format!("{}.{}.{}", genuine[0], forged[1], forged[2]),
    ] {
        assert_eq!(
            verify(&mixed),
            Err(OrderError::Signature(JwsError::BadSignature))
        );
    }
    assert_eq!(
        verify(&cheap),
        Err(OrderError::Signature(JwsError::UnknownKey))
    );
}

#[test]
fn another_merchants_key_does_not_sign_for_this_one() {
    let other = SecretKey::from_seed(&[3; 32]);
    let thief = Merchant {
        id: "thief".parse().expect("a name"),
        keys: vec![other.public()],
        ..merchant()
    };
    let known = Merchants::new([merchant(), thief]);
    let signed = order().sign(&other).expect("signed");
    let refused = verify_order(signed.as_bytes(), &known, APP, START_MS);
    assert_eq!(refused, Err(OrderError::Signature(JwsError::UnknownKey)));
    let unknown = Order {
        merchant: "nobody".parse().expect("a name"),
        ..order()
    }
    .sign(&key())
    .expect("signed");
    assert_eq!(
        verify(&unknown),
        Err(OrderError::UnknownMerchant(
            "nobody".parse().expect("a name")
        ))
    );
}

#[test]
fn another_apps_order_and_a_late_one_are_refused() {
    let signed = order().sign(&key()).expect("signed");
    let at = |app, now_ms| verify_order(signed.as_bytes(), &merchants(), app, now_ms).map(|_| ());
    assert_eq!(at("com.example.other", START_MS), Err(OrderError::OtherApp));
    assert_eq!(at(APP, START_MS + 59_999), Ok(()));
    assert_eq!(at(APP, START_MS + 60_000), Err(OrderError::Expired));
    let forever = Order {
        expires_at_ms: i64::MAX,
        ..order()
    }
    .sign(&key())
    .expect("signed");
    assert_eq!(verify(&forever), Err(OrderError::TooLong));
    let past = Order {
        expires_at_ms: i64::MIN,
        ..order()
    }
    .sign(&key())
    .expect("signed");
    assert_eq!(verify(&past), Err(OrderError::Expired));
    let month = Order {
        expires_at_ms: START_MS + MAX_VALID_MS,
        ..order()
    }
    .sign(&key())
    .expect("signed");
    assert_eq!(verify(&month), Ok(()));
}

#[test]
fn amounts_at_the_limits_are_refused() {
    let total = |amount_minor| {
        Order {
            amount_minor,
            lines: vec![line("x", amount_minor)],
            ..order()
        }
        .sign(&key())
        .map(|_| ())
    };
    assert_eq!(
        total(0),
        Err(OrderError::Amount(AmountError::NotPositive(0)))
    );
    assert_eq!(
        total(-1),
        Err(OrderError::Amount(AmountError::NotPositive(-1)))
    );
    assert_eq!(
        total(i64::MIN),
        Err(OrderError::Amount(AmountError::NotPositive(i64::MIN)))
    );
    assert_eq!(
        total(i64::MAX),
        Err(OrderError::Amount(AmountError::TooLarge(i64::MAX)))
    );
    assert_eq!(
        total(MAX_AMOUNT_MINOR + 1),
        Err(OrderError::Amount(AmountError::TooLarge(
            MAX_AMOUNT_MINOR + 1
        )))
    );
    assert_eq!(total(MAX_AMOUNT_MINOR), Ok(()));

    let lines = |lines| {
        Order {
            amount_minor: 10,
            lines,
            ..order()
        }
        .sign(&key())
        .map(|_| ())
    };
    assert_eq!(lines(vec![]), Err(OrderError::Lines));
    assert_eq!(lines(vec![line("x", 1); 201]), Err(OrderError::Lines));
    assert_eq!(lines(vec![line("x", 9)]), Err(OrderError::Sum));
    assert_eq!(
        lines(vec![
            line("x", i64::MAX),
            line("y", i64::MAX),
            line("z", 12)
        ]),
        Err(OrderError::Sum)
    );
    assert_eq!(lines(vec![line("x", 15), line("Diskon", -5)]), Ok(()));
    let none = Line {
        quantity: 0,
        ..line("x", 10)
    };
    assert_eq!(lines(vec![none]), Err(OrderError::Quantity(1)));
}

#[test]
fn titles_cannot_disguise_a_price() {
    for title in [
        "",
        "  ",
        "a\nb",
        "a\0",
        "\u{202e}000.54",
        "x\u{2066}y",
        "a\u{2028}b",
        &"x".repeat(201),
    ] {
        let bad = Order {
            amount_minor: 1,
            lines: vec![line(title, 1)],
            ..order()
        };
        assert_eq!(bad.sign(&key()), Err(OrderError::Title(1)), "{title:?}");
    }
    let good = Order {
        amount_minor: 1,
        lines: vec![line("鸡饭 🍚 “Nasi”", 1)],
        ..order()
    };
    assert_eq!(verify(&good.sign(&key()).expect("signed")), Ok(()));
}

#[test]
fn a_currency_that_the_merchant_does_not_take_is_refused() {
    let dollars = Order {
        currency: currency("USD"),
        ..order()
    }
    .sign(&key())
    .expect("signed");
    assert!(matches!(verify(&dollars), Err(OrderError::Currency { .. })));
}

#[test]
fn a_newer_form_is_refused() {
    assert_eq!(
        Order {
            version: 2,
            ..order()
        }
        .sign(&key()),
        Err(OrderError::Version(2))
    );
}

#[test]
fn one_signed_thing_is_not_another() {
    let receipt = receipt().sign(&key());
    let refund = refund_order().sign(&key()).expect("signed");
    assert_eq!(
        verify(&refund),
        Err(OrderError::Signature(JwsError::OtherKind))
    );
    let taken = verify_order(receipt.as_str().as_bytes(), &merchants(), APP, START_MS);
    assert!(taken.is_err());
    let order = order().sign(&key()).expect("signed");
    let taken = verify_refund(order.as_bytes(), &merchants(), APP, START_MS);
    assert_eq!(
        taken.map(|_| ()),
        Err(OrderError::Signature(JwsError::OtherKind))
    );
    let forged = SignedReceipt::from_text(order).verify([&key().public()]);
    assert_eq!(forged, Err(JwsError::OtherKind));
}

#[test]
fn refunds_are_the_merchants_word() {
    let signed = refund_order().sign(&key()).expect("signed");
    let verified = verify_refund(signed.as_bytes(), &merchants(), APP, START_MS).expect("genuine");
    assert_eq!(verified.refund(), &refund_order());
    let forged = refund_order()
        .sign(&SecretKey::from_seed(&[9; 32]))
        .expect("signed");
    let refused = verify_refund(forged.as_bytes(), &merchants(), APP, START_MS).map(|_| ());
    assert_eq!(refused, Err(OrderError::Signature(JwsError::UnknownKey)));
    let late = verify_refund(signed.as_bytes(), &merchants(), APP, START_MS + 60_000).map(|_| ());
    assert_eq!(late, Err(OrderError::Expired));
    let other = verify_refund(signed.as_bytes(), &merchants(), "other", START_MS).map(|_| ());
    assert_eq!(other, Err(OrderError::OtherApp));
}

#[test]
fn receipts_are_the_hosts_word() {
    let host = SecretKey::from_seed(&[5; 32]);
    let signed = receipt().sign(&host);
    assert_eq!(signed.verify([&host.public()]), Ok(receipt()));
    assert_eq!(signed.verify([&key().public()]), Err(JwsError::UnknownKey));
    let forged = Receipt {
        amount_minor: 1,
        ..receipt()
    }
    .sign(&key());
    assert_eq!(forged.verify([&host.public()]), Err(JwsError::UnknownKey));
    let parts: Vec<_> = signed.as_str().split('.').collect();
    let other = Receipt {
        amount_minor: 1,
        ..receipt()
    }
    .sign(&host);
    let other: Vec<_> = other.as_str().split('.').collect();
    let mixed = SignedReceipt::from_text(format!("{}.{}.{}", parts[0], other[1], parts[2]));
    assert_eq!(mixed.verify([&host.public()]), Err(JwsError::BadSignature));
    for garbage in ["", "...", "a.b.c", "🍚", &".".repeat(70_000)] {
        assert!(
            SignedReceipt::from_text(garbage)
                .verify([&host.public()])
                .is_err()
        );
    }
}

fn verify(signed: &str) -> Result<(), OrderError> {
    verify_order(signed.as_bytes(), &merchants(), APP, START_MS).map(|_| ())
}

fn key() -> SecretKey {
    SecretKey::from_seed(&[7; 32])
}

fn merchant() -> Merchant {
    Merchant {
        id: "warung-sari".parse().expect("a name"),
        name: "Warung Bu Sari".into(),
        keys: vec![key().public()],
        accounts: [(currency("IDR"), id("merchant:warung"))].into(),
        paid_url: None,
    }
}

fn merchants() -> Merchants {
    Merchants::new([merchant()])
}

fn order() -> Order {
    Order {
        amount_minor: 4_700_000,
        app: APP.into(),
        currency: currency("IDR"),
        expires_at_ms: START_MS + 60_000,
        lines: vec![line("Rendang", 4_500_000), line("Box", 200_000)],
        merchant: "warung-sari".parse().expect("a name"),
        order: "2026-11-24-17".parse().expect("a name"),
        version: 1,
    }
}

fn line(title: &str, amount_minor: i64) -> Line {
    Line {
        amount_minor,
        quantity: 1,
        title: title.into(),
    }
}

fn refund_order() -> RefundOrder {
    RefundOrder {
        amount_minor: 200_000,
        app: APP.into(),
        currency: currency("IDR"),
        expires_at_ms: START_MS + 60_000,
        key: "box".parse().expect("a name"),
        merchant: "warung-sari".parse().expect("a name"),
        order: "2026-11-24-17".parse().expect("a name"),
        version: 1,
    }
}

fn receipt() -> Receipt {
    let Order {
        amount_minor,
        currency,
        merchant,
        order: id,
        ..
    } = order();
    Receipt {
        amount_minor,
        at_ms: START_MS,
        currency,
        purpose: Purpose::Payment {
            merchant,
            order: id,
            sha256: order().digest(),
        },
        id: "ledger:7".into(),
        proof: "7 00".into(),
        simulated: false,
        version: 1,
    }
}
