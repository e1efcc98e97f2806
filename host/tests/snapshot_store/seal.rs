//! The seal: what is let through, and that nothing else is.

use std::sync::LazyLock;

use lapak_host::snapshot::seal::{
    Accepts, FORMAT, Opened, PartOf, SealError, SealKey, open, open_part, seal, seal_part,
};
use lapak_host::{HostKey, SessionId};
use proptest::prelude::*;

use crate::{new_id, noise};

const SESSION: SessionId = SessionId::from_bytes([5; 16]);
const ACCEPTS: Accepts = Accepts {
    oldest_layout: 0,
    newest_layout: 3,
    plain_bytes: 1 << 20,
};

static KEY: LazyLock<SealKey> = LazyLock::new(new_key);

fn new_key() -> SealKey {
    let folder = tempfile::tempdir().expect("a folder");
    SealKey::new(&HostKey::open(folder.path()).expect("a key"))
}

fn sealed(plain: &[u8]) -> Vec<u8> {
    seal(&KEY, SESSION, 3, plain).expect("sealed")
}

fn opened(sealed: &[u8]) -> Result<Opened, SealError> {
    open(&KEY, SESSION, ACCEPTS, sealed)
}

fn refused(sealed: &[u8]) -> SealError {
    opened(sealed).expect_err("refused")
}

#[test]
fn what_was_sealed_comes_back() {
    for plain in [
        vec![],
        vec![0],
        vec![0; 1 << 20],
        noise(1, 1 << 20),
        noise(2, 3000),
    ] {
        for layout in 0..=3 {
            let sealed = seal(&KEY, SESSION, layout, &plain).expect("sealed");
            let opened = opened(&sealed).expect("opened");
            assert_eq!(opened.layout, layout);
            assert!(opened.plain == plain, "{} bytes", plain.len());
        }
    }
}

#[test]
fn a_host_that_starts_again_opens_what_it_sealed() {
    let folder = tempfile::tempdir().expect("a folder");
    let key = || SealKey::new(&HostKey::open(folder.path()).expect("the key"));
    let sealed = seal(&key(), SESSION, 0, b"before").expect("sealed");
    let opened = open(&key(), SESSION, ACCEPTS, sealed.clone()).expect("opened");
    assert_eq!(opened.plain, b"before");
}

#[test]
fn contents_and_session_cannot_be_read_from_outside() {
    let secret = b"card 4000 0012 3456 7899";
    let sealed = sealed(secret);
    let finds = |part: &[u8]| sealed.windows(part.len()).any(|bytes| bytes == part);
    assert!(secret.windows(6).all(|part| !finds(part)));
    assert!(!finds(&SESSION.as_bytes()[..8]));
}

#[test]
fn the_same_twice_looks_different() {
    let (one, two) = (sealed(b"the same"), sealed(b"the same"));
    let header = 19;
    assert_eq!(one[..header], two[..header]);
    let same = one.iter().zip(&two).skip(header).filter(|(a, b)| a == b);
    assert!(same.count() < 16, "nonce, contents and tag differ");
}

#[test]
fn zeros_are_small() {
    assert!(sealed(&vec![0; 1 << 20]).len() < 8 << 10);
}

#[test]
fn any_bit_that_changes_is_noticed() {
    let good = sealed(b"a snapshot");
    for at in 0..good.len() * 8 {
        let mut bad = good.clone();
        bad[at / 8] ^= 1 << (at % 8);
        assert!(opened(&bad).is_err(), "bit {at}");
    }
}

#[test]
fn cut_short_or_made_longer_is_noticed() {
    let good = sealed(&noise(3, 100));
    for length in 0..good.len() {
        let error = refused(&good[..length]);
        match length {
            0..8 => assert!(matches!(error, SealError::NotASnapshot), "{length}"),
            _ => assert!(matches!(error, SealError::Tampered), "{length}: {error}"),
        }
    }
    for more in [1, 16, 4096] {
        let long = [&good[..], &vec![0; more]].concat();
        assert!(matches!(refused(&long), SealError::Tampered));
    }
}

#[test]
fn a_part_is_opened_in_its_own_place_alone() {
    let part = PartOf {
        session: SESSION,
        set: [7; 16],
        number: 3,
    };
    let sealed = seal_part(&KEY, part, 3, b"a part").expect("sealed");
    let opened = open_part(&KEY, part, ACCEPTS, sealed.clone()).expect("opened");
    assert_eq!(opened.plain, b"a part");
    let others = [
        PartOf { number: 4, ..part },
        PartOf {
            set: [8; 16],
            ..part
        },
        PartOf {
            session: new_id(),
            ..part
        },
    ];
    for other in others {
        let error = open_part(&KEY, other, ACCEPTS, sealed.clone()).expect_err("moved");
        assert!(matches!(error, SealError::Tampered), "{other:?}: {error}");
    }
    assert!(matches!(refused(&sealed), SealError::Tampered));
    let whole = seal(&KEY, SESSION, 3, b"a whole").expect("sealed");
    let error = open_part(&KEY, part, ACCEPTS, whole).expect_err("a whole one");
    assert!(matches!(error, SealError::Tampered), "{error}");
}

#[test]
fn of_another_session_is_refused() {
    let (one, two) = (new_id(), new_id());
    let (ones, twos) = (
        seal(&KEY, one, 0, b"one's").expect("sealed"),
        seal(&KEY, two, 0, b"two's").expect("sealed"),
    );
    for (session, sealed) in [(one, &twos), (two, &ones)] {
        let error = open(&KEY, session, ACCEPTS, sealed.clone()).expect_err("swapped");
        assert!(matches!(error, SealError::Tampered), "{error}");
    }
    assert_eq!(
        open(&KEY, one, ACCEPTS, ones.clone())
            .expect("its own")
            .plain,
        b"one's"
    );
}

#[test]
fn parts_of_two_snapshots_do_not_fit_together() {
    let one = sealed(&noise(4, 64));
    // Both ends are random, and one in 256 is the other's: what is cut there would be no mixture.
    let two = std::iter::repeat_with(|| sealed(&noise(5, 64)))
        .find(|two| two[19] != one[19] && two.last() != one.last())
        .expect("endless");
    assert_eq!(one.len(), two.len());
    for at in 20..one.len() {
        let mixed = [&one[..at], &two[at..]].concat();
        assert!(
            matches!(refused(&mixed), SealError::Tampered),
            "cut at {at}"
        );
    }
}

#[test]
fn of_another_host_is_refused_and_both_keys_are_named() {
    let other = new_key();
    let theirs = seal(&other, SESSION, 0, b"theirs").expect("sealed");
    let error = refused(&theirs);
    let SealError::OtherKey { found, ours } = &error else {
        panic!("{error}")
    };
    assert!(format!("{other:?}").contains(found.as_str()));
    assert!(format!("{:?}", *KEY).contains(ours.as_str()));
    // With our key's id painted over it, it still does not open.
    let mut forged = theirs;
    forged[11..19].copy_from_slice(&sealed(b"ours")[11..19]);
    assert!(matches!(refused(&forged), SealError::Tampered));
}

#[test]
fn newer_ones_are_refused_with_a_sentence() {
    let mut newer = sealed(b"from the future");
    newer[8] = FORMAT + 1;
    let error = refused(&newer).to_string();
    assert!(
        error.contains("its seal has version 2, this host knows up to 1; update"),
        "{error}"
    );

    let newer = seal(&KEY, SESSION, 4, b"from the future").expect("sealed");
    let error = refused(&newer).to_string();
    assert!(
        error.contains("its layout has version 4, this host knows up to 3; update"),
        "{error}"
    );
    // Its version cannot be painted over.
    let mut forged = newer;
    forged[9] = 3;
    assert!(matches!(refused(&forged), SealError::Tampered));
}

#[test]
fn older_ones_are_refused_by_their_layout_and_never_read_as_what_they_are_not() {
    let accepts = Accepts {
        oldest_layout: 2,
        ..ACCEPTS
    };
    let known = seal(&KEY, SESSION, 2, b"from before").expect("sealed");
    let known = open(&KEY, SESSION, accepts, known).expect("known");
    assert_eq!(known.layout, 2);
    let older = seal(&KEY, SESSION, 1, b"from long ago").expect("sealed");
    let error = open(&KEY, SESSION, accepts, older).expect_err("refused");
    let error = error.to_string();
    assert!(
        error.contains("its layout has version 1, this host reads 2 and newer"),
        "{error}"
    );
}

#[test]
fn something_else_is_told_from_a_snapshot() {
    for other in [&b""[..], b"LAPAK", b"SQLite format 3\0", &noise(6, 4096)] {
        let error = refused(other);
        assert!(matches!(error, SealError::NotASnapshot), "{error}");
    }
}

#[test]
fn contents_past_the_limit_are_refused() {
    let sealed = sealed(&vec![0; 1000]);
    let with = |plain_bytes| Accepts {
        plain_bytes,
        ..ACCEPTS
    };
    assert!(open(&KEY, SESSION, with(1000), sealed.clone()).is_ok());
    let error = open(&KEY, SESSION, with(999), sealed.clone()).expect_err("too large");
    let SealError::TooLarge {
        bytes: 1000,
        limit: 999,
    } = error
    else {
        panic!("{error}")
    };
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_contents_come_back(plain: Vec<u8>, session: [u8; 16], layout in 0..=3_u16) {
        let session = SessionId::from_bytes(session);
        let sealed = seal(&KEY, session, layout, &plain).expect("sealed");
        prop_assert_eq!(open(&KEY, session, ACCEPTS, sealed.clone()).expect("opened"), Opened { layout, plain });
    }

    #[test]
    fn any_bytes_that_change_are_noticed(
        plain: Vec<u8>,
        changes in proptest::collection::vec((any::<prop::sample::Index>(), 1..=255_u8), 1..5),
    ) {
        let good = sealed(&plain);
        let mut bad = good.clone();
        for (at, change) in changes {
            let at = at.index(bad.len());
            bad[at] ^= change;
        }
        prop_assert_eq!(opened(&bad).is_err(), bad != good);
    }

    #[test]
    fn whatever_the_store_holds_is_no_snapshot(bytes: Vec<u8>, with_our_header: bool) {
        let header = if with_our_header { sealed(b"")[..19].to_vec() } else { Vec::new() };
        prop_assert!(opened(&[header, bytes].concat()).is_err());
    }
}
