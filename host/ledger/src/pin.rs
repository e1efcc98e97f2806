//! The PIN on the payment sheet: Argon2id, a wait that doubles after a few wrong tries, locked after some more.
//!
//! # Security
//! A try is counted on disk before the PIN is looked at, so that ending the process in between gives no free try. The
//! hash takes a secret of the host's (a pepper): six digits are quickly guessed by whoever has the file alone. The
//! rate limit goes by the machine's clock; whoever can set that can shorten the waits, never the lock.
//!
//! Whoever can write the file and has not the pepper can change, put back or take away no row unnoticed: nobody's PIN is looked at
//! then, and no new one is chosen ([`PinError::Tampered`]). That the whole file was put back as it once was, or taken away, is
//! noticed where a [`Witness`] keeps its number elsewhere, such as in the ledger; not that the witness was put back with it.

mod sealed;

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};
use zeroize::Zeroizing;

use crate::clock::Clock;
use sealed::{Kept, Sealed};

pub use sealed::Witness;

/// How PINs are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PinPolicy {
    /// The fewest digits of a new PIN.
    pub min_digits: usize,
    /// How many wrong tries cost nothing but the try.
    pub free_tries: u32,
    /// The wait after the last of them, in milliseconds; it doubles with every further one.
    pub first_wait_ms: i64,
    /// After so many wrong tries in a row nothing is tried any more.
    pub locked_after: u32,
    /// Argon2's memory, in KiB.
    pub memory_kib: u32,
    /// Argon2's passes.
    pub passes: u32,
}

/// OWASP's parameters for Argon2id (19 MiB, 2 passes).
impl Default for PinPolicy {
    fn default() -> Self {
        Self {
            min_digits: 6,
            free_tries: 3,
            first_wait_ms: 30_000,
            locked_after: 8,
            memory_kib: 19 * 1024,
            passes: 2,
        }
    }
}

/// Why a PIN is not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PinError {
    /// The person has no PIN yet.
    #[error("no PIN was chosen yet")]
    NotSet,
    /// The person has one: it takes the old one to change it.
    #[error("there is a PIN already: give the old one to change it")]
    AlreadySet,
    /// Another PIN.
    #[error("this is not the PIN; {tries_left} tries are left")]
    Wrong {
        /// How many tries are left before the lock.
        tries_left: u32,
    },
    /// Too many tries for now. The PIN was not looked at.
    #[error("too many tries: wait")]
    Wait {
        /// When the next try is allowed, in milliseconds since 1970.
        until_ms: i64,
    },
    /// Too many tries. The PIN was not looked at.
    #[error("too many tries: the PIN is locked until the platform resets it")]
    Locked,
    /// No PIN: something else than digits, too few, too many.
    #[error("a PIN has {0} to 12 digits and nothing else")]
    Form(usize),
    /// Among the first that anybody would guess.
    #[error("this PIN is among the first that anybody would guess")]
    Weak,
    /// What is kept of PINs is not as this host wrote it. Nothing was looked at or changed.
    #[error("what is kept of PINs was changed by somebody else: only the platform can start over")]
    Tampered,
    /// The medium or the system failed.
    #[error("PINs cannot be read or written: {0}")]
    Unavailable(String),
}

/// The PINs of all persons, in one SQLite file. Its methods take as long as Argon2 does, and of all who call them one hashes at a
/// time, for a hash takes [`PinPolicy::memory_kib`]: call them where waiting is fine.
pub struct Pins {
    sealed: Mutex<Sealed>,
    witness: Option<Arc<dyn Witness>>,
    pepper: Zeroizing<[u8; 32]>,
    policy: PinPolicy,
    clock: Arc<dyn Clock>,
    /// Held by whoever hashes.
    hashing: Mutex<()>,
    hashes: AtomicU64,
}

impl Pins {
    /// Opens the file, which is made if it is missing. `pepper` is a secret of the host's that is kept elsewhere, such
    /// as [`crate::SecretKey::derive`] gives; with another one nothing in the file is believed.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub fn open(
        path: &Path,
        pepper: Zeroizing<[u8; 32]>,
        policy: PinPolicy,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, PinError> {
        Ok(Self {
            sealed: Mutex::new(Sealed::open(path, &pepper)?),
            witness: None,
            pepper,
            policy,
            clock,
            hashing: Mutex::new(()),
            hashes: AtomicU64::new(0),
        })
    }

    /// With somebody who notices that the whole file was put back or taken away.
    #[must_use]
    pub fn witnessed_by(self, witness: Arc<dyn Witness>) -> Self {
        Self {
            witness: Some(witness),
            ..self
        }
    }

    /// Whether the person has chosen a PIN.
    ///
    /// # Errors
    /// When the file cannot be read, or was tampered with.
    pub fn is_set(&self, person: &str) -> Result<bool, PinError> {
        let last = self.last()?;
        Ok(self.sealed().find(person, last)?.is_some())
    }

    /// Chooses a person's first PIN.
    ///
    /// # Errors
    /// When there is one already, or this one is none or weak.
    pub fn choose(&self, person: &str, pin: &str) -> Result<(), PinError> {
        // First of all: whoever has one pays for no hash.
        if self.is_set(person)? {
            return Err(PinError::AlreadySet);
        }
        let hash = self.hash(pin)?;
        self.update(person, |kept| match kept {
            Some(_) => Err(PinError::AlreadySet),
            None => Ok((Some(Kept::new(hash)), ())),
        })
    }

    /// Changes a PIN. The old one is tried as [`Pins::check`] does.
    ///
    /// # Errors
    /// As of [`Pins::check`], or when the new one is none or weak.
    pub fn change(&self, person: &str, old: &str, new: &str) -> Result<(), PinError> {
        self.is_fit(new)?;
        self.check(person, old)?;
        let hash = self.hash(new)?;
        self.update(person, |kept| match kept {
            Some(_) => Ok((Some(Kept::new(hash)), ())),
            None => Err(PinError::NotSet),
        })
    }

    /// Tries a PIN. A right one forgives the wrong ones before it.
    ///
    /// # Errors
    /// When it is not right, or must not be tried.
    pub fn check(&self, person: &str, pin: &str) -> Result<(), PinError> {
        let (hash, failures) = self.count_try(person)?;
        let verified = {
            let _one_at_a_time = self.hashing();
            self.argon2()?
                .verify_password(pin.as_bytes(), hash.as_str())
        };
        match verified {
            Ok(()) => self.update(person, |kept| {
                let forgiven = kept.map(|kept| Kept::new(kept.hash));
                Ok((forgiven, ()))
            }),
            Err(argon2::password_hash::Error::PasswordInvalid) => Err(PinError::Wrong {
                tries_left: self.policy.locked_after.saturating_sub(failures),
            }),
            Err(error) => Err(PinError::Unavailable(error.to_string())),
        }
    }

    /// Forgets a person's PIN, so that a new one can be chosen: for the platform, once it knows otherwise who asks.
    ///
    /// # Errors
    /// When the file cannot be written, or was tampered with.
    pub fn reset(&self, person: &str) -> Result<(), PinError> {
        self.update(person, |_| Ok((None, ())))
    }

    /// Forgets everybody's PIN, whatever has become of the file: for a platform that finds it tampered with, has no older one that
    /// it believes, and knows otherwise who chooses a new one.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn start_over(&self) -> Result<(), PinError> {
        let number = self.last()?.saturating_add(1);
        self.sealed().start_over(number)?;
        self.saw(number);
        Ok(())
    }

    /// How many hashes were made: what PINs have cost so far.
    #[must_use]
    pub fn hashes(&self) -> u64 {
        self.hashes.load(Ordering::Relaxed)
    }

    /// Counts a try as wrong before it is made, if one may be made; gives the hash and how many that makes.
    fn count_try(&self, person: &str) -> Result<(String, u32), PinError> {
        let now_ms = self.clock.now_ms();
        self.update(person, |kept| {
            let kept = kept.ok_or(PinError::NotSet)?;
            if kept.failures >= self.policy.locked_after {
                return Err(PinError::Locked);
            }
            if now_ms < kept.wait_until_ms {
                return Err(PinError::Wait {
                    until_ms: kept.wait_until_ms,
                });
            }
            let failures = kept.failures + 1;
            let tried = Kept {
                failures,
                wait_until_ms: self.wait_until(now_ms, failures),
                hash: kept.hash.clone(),
            };
            Ok((Some(tried), (kept.hash, failures)))
        })
    }

    fn update<T>(
        &self,
        person: &str,
        change: impl FnOnce(Option<Kept>) -> Result<(Option<Kept>, T), PinError>,
    ) -> Result<T, PinError> {
        // Before the file is looked at: its number only grows.
        let last = self.last()?;
        let (number, told) = self.sealed().update(person, last, change)?;
        self.saw(number);
        Ok(told)
    }

    fn last(&self) -> Result<u64, PinError> {
        let last = self.witness.as_ref().map(|witness| witness.last());
        last.unwrap_or(Ok(0)).map_err(PinError::Unavailable)
    }

    fn saw(&self, number: u64) {
        let saw = self.witness.as_ref().map(|witness| witness.saw(number));
        if let Some(Err(error)) = saw {
            tracing::warn!(%error, "that PINs were changed has no witness");
        }
    }

    fn wait_until(&self, now_ms: i64, failures: u32) -> i64 {
        match failures.checked_sub(self.policy.free_tries) {
            None => 0,
            Some(further) => {
                let wait_ms = self
                    .policy
                    .first_wait_ms
                    .saturating_mul(1_i64 << further.min(40));
                now_ms.saturating_add(wait_ms)
            }
        }
    }

    fn is_fit(&self, pin: &str) -> Result<(), PinError> {
        if !(self.policy.min_digits..=12).contains(&pin.len())
            || !pin.bytes().all(|digit| digit.is_ascii_digit())
        {
            return Err(PinError::Form(self.policy.min_digits));
        }
        if is_weak(pin.as_bytes()) {
            return Err(PinError::Weak);
        }
        Ok(())
    }

    fn hash(&self, pin: &str) -> Result<String, PinError> {
        self.is_fit(pin)?;
        let _one_at_a_time = self.hashing();
        let mut salt = [0; 16];
        getrandom::fill(&mut salt).map_err(|error| PinError::Unavailable(error.to_string()))?;
        let hash = self
            .argon2()?
            .hash_password_with_salt(pin.as_bytes(), &salt);
        hash.map(|hash| hash.to_string())
            .map_err(|error| PinError::Unavailable(error.to_string()))
    }

    fn argon2(&self) -> Result<Argon2<'_>, PinError> {
        Params::new(self.policy.memory_kib, self.policy.passes, 1, None)
            .and_then(|params| {
                Argon2::new_with_secret(
                    self.pepper.as_slice(),
                    Algorithm::Argon2id,
                    Version::V0x13,
                    params,
                )
            })
            .map_err(|error| PinError::Unavailable(error.to_string()))
    }

    fn sealed(&self) -> MutexGuard<'_, Sealed> {
        // A transaction of a thread that panicked was rolled back.
        self.sealed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn hashing(&self) -> MutexGuard<'_, ()> {
        let turn = self.hashing.lock().unwrap_or_else(PoisonError::into_inner);
        self.hashes.fetch_add(1, Ordering::Relaxed);
        turn
    }
}

impl Kept {
    /// A PIN that was not tried yet, or was right.
    fn new(hash: String) -> Self {
        Self {
            hash,
            failures: 0,
            wait_until_ms: 0,
        }
    }
}

/// One digit all along, or digits that count up or down.
fn is_weak(pin: &[u8]) -> bool {
    [0, 1, -1_i16].into_iter().any(|step| {
        pin.windows(2)
            .all(|pair| i16::from(pair[0]) + step == i16::from(pair[1]))
    })
}

impl std::fmt::Debug for Pins {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pins")
            .field("policy", &self.policy)
            .finish_non_exhaustive()
    }
}

impl From<rusqlite::Error> for PinError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Unavailable(error.to_string())
    }
}
