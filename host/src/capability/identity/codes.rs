//! One-time codes: how an app's server learns who has logged in without believing the app.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lapak_ledger::Clock;

/// How long a code works, in milliseconds.
const VALID_MS: i64 = 5 * 60_000;
/// Of one person at one app; the oldest goes.
const MOST_OF_ONE: usize = 4;
/// Of all.
const MOST: usize = 100_000;

/// Codes that were given to apps and not redeemed yet. Kept in memory, by their hashes: a host that is restarted has forgotten
/// them, and apps log in again.
///
/// # How a platform serves it
/// An app's server takes the code that its app sent it, and posts it to the platform by HTTPS, beside whatever the platform has
/// told servers of apps apart by (a secret of that app, a client certificate), for example:
///
/// ```text
/// POST /identity/redeem
/// authorization: Bearer <the server's own secret>
///
/// { "code": "…" }
/// ```
///
/// The platform finds the app that the *server* belongs to (never one that the request names), asks
/// `codes.redeem(code, app_id)`, and answers `{ "subject": "…" }`, or 400 alike for every code that does not work. The code has
/// 256 bits, so guessing needs no further bound; it must stand in no URL and in no log.
pub struct IdentityCodes {
    clock: Arc<dyn Clock>,
    source: Source,
    issued: Mutex<BTreeMap<[u8; 32], Issued>>,
}

enum Source {
    System,
    /// The same in every run, for simulations.
    Counting(AtomicU64),
}

struct Issued {
    app_id: Arc<str>,
    subject: String,
    at_ms: i64,
    /// Their order, where the clock stands still.
    number: u64,
}

/// No code can be given now.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoCode {
    /// Too many wait to be redeemed.
    #[error("too many codes wait to be redeemed")]
    TooMany,
    /// There is no randomness.
    #[error("no randomness: {0}")]
    NoRandomness(String),
}

impl IdentityCodes {
    /// No codes yet; they expire by this clock.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self::from(Source::System, clock)
    }

    /// Codes that are the same in every run.
    pub(super) fn counting(clock: Arc<dyn Clock>) -> Self {
        Self::from(Source::Counting(AtomicU64::new(0)), clock)
    }

    fn from(source: Source, clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            source,
            issued: Mutex::default(),
        }
    }

    /// A new code for an app, that stands for a subject.
    ///
    /// # Errors
    /// [`NoCode`].
    pub fn issue(&self, app_id: &Arc<str>, subject: &str) -> Result<String, NoCode> {
        let code = URL_SAFE_NO_PAD.encode(self.random()?);
        let now = self.clock.now_ms();
        let mut issued = self.issued();
        issued.retain(|_, one| is_valid(one, now));
        let of_one = |one: &Issued| *one.app_id == **app_id && one.subject == subject;
        let mut others: Vec<_> = issued
            .iter()
            .filter(|(_, one)| of_one(one))
            .map(|(hash, one)| (one.number, *hash))
            .collect();
        others.sort_unstable();
        for (_, hash) in others.iter().rev().skip(MOST_OF_ONE - 1) {
            issued.remove(hash);
        }
        if issued.len() >= MOST {
            return Err(NoCode::TooMany);
        }
        let number = issued.values().map(|one| one.number).max();
        issued.insert(
            hash(&code),
            Issued {
                app_id: app_id.clone(),
                subject: subject.to_owned(),
                at_ms: now,
                number: number.map_or(0, |number| number + 1),
            },
        );
        Ok(code)
    }

    /// The subject that a code stands for, once, within five minutes, for the app that it was given to. One that another app's
    /// server hands in has gone astray, and works no more.
    #[must_use]
    pub fn redeem(&self, code: &str, app_id: &str) -> Option<String> {
        // By its hash: how long looking it up takes tells nothing about codes.
        let issued = self.issued().remove(&hash(code))?;
        let works = *issued.app_id == *app_id && is_valid(&issued, self.clock.now_ms());
        works.then_some(issued.subject)
    }

    fn random(&self) -> Result<[u8; 32], NoCode> {
        let mut bytes = [0; 32];
        match &self.source {
            Source::System => getrandom::fill(&mut bytes)
                .map_err(|error| NoCode::NoRandomness(error.to_string()))?,
            Source::Counting(next) => {
                let number = next.fetch_add(1, Ordering::Relaxed);
                bytes = blake3::derive_key("lapak simulated codes v1", &number.to_le_bytes());
            }
        }
        Ok(bytes)
    }

    fn issued(&self) -> MutexGuard<'_, BTreeMap<[u8; 32], Issued>> {
        self.issued.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_valid(issued: &Issued, now_ms: i64) -> bool {
    // A clock that was set back lets none live longer.
    (0..VALID_MS).contains(&now_ms.saturating_sub(issued.at_ms))
}

fn hash(code: &str) -> [u8; 32] {
    blake3::derive_key("lapak identity codes v1", code.as_bytes())
}

impl fmt::Debug for IdentityCodes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IdentityCodes").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicI64;

    use super::*;

    struct Hand(AtomicI64);

    impl Clock for Hand {
        fn now_ms(&self) -> i64 {
            self.0.load(Ordering::SeqCst)
        }
    }

    fn codes() -> (IdentityCodes, Arc<Hand>) {
        let clock = Arc::new(Hand(AtomicI64::new(1_000)));
        (IdentityCodes::new(clock.clone()), clock)
    }

    #[test]
    fn a_code_works_once_and_for_its_app_alone() {
        let (codes, _) = codes();
        let app = Arc::from("shop");
        let code = codes.issue(&app, "ani").expect("a code");
        assert_eq!(URL_SAFE_NO_PAD.decode(&code).expect("base64").len(), 32);
        assert_eq!(codes.redeem("guess", "shop"), None);
        assert_eq!(codes.redeem(&code, "shop").as_deref(), Some("ani"));
        assert_eq!(codes.redeem(&code, "shop"), None);
        let code = codes.issue(&app, "ani").expect("a code");
        assert_eq!(codes.redeem(&code, "other"), None);
        assert_eq!(codes.redeem(&code, "shop"), None);
    }

    #[test]
    fn a_code_works_for_five_minutes_and_not_before_it_was_given() {
        let (codes, clock) = codes();
        let app = Arc::from("shop");
        let later = |ms: i64| {
            let code = codes.issue(&app, "ani").expect("a code");
            clock.0.fetch_add(ms, Ordering::SeqCst);
            codes.redeem(&code, "shop")
        };
        assert!(later(VALID_MS - 1).is_some());
        assert!(later(VALID_MS).is_none());
        assert!(later(-1).is_none());
    }

    #[test]
    fn the_last_few_of_a_person_work_and_others_are_not_driven_out() {
        let (codes, _) = codes();
        let (shop, other) = (Arc::from("shop"), Arc::from("other"));
        let first = codes.issue(&other, "ani").expect("a code");
        let issued: Vec<_> = (0..10)
            .map(|_| codes.issue(&shop, "ani").expect("a code"))
            .collect();
        assert_eq!(codes.issued().len(), MOST_OF_ONE + 1);
        let work: Vec<_> = issued
            .iter()
            .map(|code| codes.redeem(code, "shop").is_some())
            .collect();
        assert_eq!(work.iter().filter(|works| **works).count(), MOST_OF_ONE);
        assert!(work[10 - MOST_OF_ONE..].iter().all(|works| *works));
        assert!(codes.redeem(&first, "other").is_some());
    }
}
