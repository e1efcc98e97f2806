//! One-time codes: how an app's server learns who has logged in without believing the app.

use std::collections::{BTreeMap, HashMap, VecDeque};
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
/// Of one app; the oldest goes: many people of one drive out nobody's of another.
const MOST_OF_APP: usize = 10_000;
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
    issued: Mutex<AllIssued>,
}

/// What was issued and not redeemed, by its hash; and the hashes of each app, and of each of its people, oldest first. Those that
/// are gone leave their hashes there until somebody comes past.
#[derive(Default)]
struct AllIssued {
    codes: BTreeMap<[u8; 32], Issued>,
    of_apps: HashMap<Arc<str>, VecDeque<[u8; 32]>>,
    of_people: HashMap<(Arc<str>, String), VecDeque<[u8; 32]>>,
    all: VecDeque<[u8; 32]>,
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
        issued.expire(now);
        issued.make_room(app_id, subject);
        if issued.codes.len() >= MOST {
            return Err(NoCode::TooMany);
        }
        let of = Issued {
            app_id: app_id.clone(),
            subject: subject.to_owned(),
            at_ms: now,
        };
        issued.put(hash(&code), of);
        Ok(code)
    }

    /// The subject that a code stands for, once, within five minutes, for the app that it was given to. One that another app's
    /// server hands in has gone astray, and works no more.
    #[must_use]
    pub fn redeem(&self, code: &str, app_id: &str) -> Option<String> {
        // By its hash: how long looking it up takes tells nothing about codes.
        let issued = self.issued().codes.remove(&hash(code))?;
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

    fn issued(&self) -> MutexGuard<'_, AllIssued> {
        self.issued.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl AllIssued {
    fn put(&mut self, hash: [u8; 32], issued: Issued) {
        let one = (issued.app_id.clone(), issued.subject.clone());
        let of_app = self.of_apps.entry(issued.app_id.clone()).or_default();
        of_app.push_back(hash);
        self.of_people.entry(one).or_default().push_back(hash);
        self.all.push_back(hash);
        self.codes.insert(hash, issued);
    }

    /// Forgets what works no more, oldest first, and what was redeemed.
    fn expire(&mut self, now_ms: i64) {
        while let Some(first) = self.all.front() {
            if self
                .codes
                .get(first)
                .is_some_and(|one| is_valid(one, now_ms))
            {
                break;
            }
            self.codes.remove(first);
            self.all.pop_front();
        }
        if self.codes.is_empty() {
            *self = Self::default();
        }
    }

    /// One more of this person at this app is to fit.
    fn make_room(&mut self, app_id: &Arc<str>, subject: &str) {
        let one = (app_id.clone(), subject.to_owned());
        let lines = [
            (self.of_people.get_mut(&one), MOST_OF_ONE),
            (self.of_apps.get_mut(app_id), MOST_OF_APP),
        ];
        for (line, most) in lines {
            let Some(line) = line.filter(|line| line.len() >= most) else {
                continue;
            };
            line.retain(|hash| self.codes.contains_key(hash));
            // Some at once, so that a full line is not looked through for each.
            let left = most - most.div_ceil(16);
            if line.len() >= most {
                for oldest in line.drain(..line.len() - left) {
                    self.codes.remove(&oldest);
                }
            }
        }
        let codes = &self.codes;
        if self.all.len() > 2 * codes.len() + MOST_OF_ONE {
            self.all.retain(|hash| codes.contains_key(hash));
        }
        if self.of_people.len() > 2 * codes.len() + MOST_OF_ONE {
            self.of_people
                .retain(|_, line| line.iter().any(|hash| codes.contains_key(hash)));
        }
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
        assert_eq!(codes.issued().codes.len(), MOST_OF_ONE + 1);
        let work: Vec<_> = issued
            .iter()
            .map(|code| codes.redeem(code, "shop").is_some())
            .collect();
        assert_eq!(work.iter().filter(|works| **works).count(), MOST_OF_ONE);
        assert!(work[10 - MOST_OF_ONE..].iter().all(|works| *works));
        assert!(codes.redeem(&first, "other").is_some());
    }

    #[test]
    fn many_people_of_one_app_drive_out_nobody_of_another() {
        let (codes, _) = codes();
        let (shop, flood) = (Arc::from("shop"), Arc::from("flood"));
        let ani = codes.issue(&shop, "ani").expect("a code");
        for person in 0..MOST_OF_APP + 100 {
            codes.issue(&flood, &person.to_string()).expect("a code");
        }
        assert!(codes.issued().codes.len() <= MOST_OF_APP + 1);
        assert!(codes.redeem(&ani, "shop").is_some());
    }
}
