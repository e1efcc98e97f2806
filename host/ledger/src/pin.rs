//! The PIN on the payment sheet: Argon2id, a wait that doubles after a few wrong tries, locked after some more.
//!
//! # Security
//! A try is counted on disk before the PIN is looked at, so that ending the process in between gives no free try. The
//! hash takes a secret of the host's (a pepper): six digits are quickly guessed by whoever has the file alone. The
//! rate limit goes by the machine's clock; whoever can set that can shorten the waits, never the lock.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};
use zeroize::Zeroizing;

use crate::clock::Clock;

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS pins (
        person        TEXT PRIMARY KEY,
        hash          TEXT NOT NULL,
        failures      INTEGER NOT NULL DEFAULT 0,
        wait_until_ms INTEGER NOT NULL DEFAULT 0
    ) STRICT, WITHOUT ROWID;
";

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
    /// The medium or the system failed.
    #[error("PINs cannot be read or written: {0}")]
    Unavailable(String),
}

/// The PINs of all persons, in one SQLite file. Its methods take as long as Argon2 does: call them where waiting is fine.
pub struct Pins {
    connection: Mutex<Connection>,
    pepper: Zeroizing<[u8; 32]>,
    policy: PinPolicy,
    clock: Arc<dyn Clock>,
}

impl Pins {
    /// Opens the file, which is made if it is missing. `pepper` is a secret of the host's that is kept elsewhere, such
    /// as [`crate::SecretKey::derive`] gives; with another one no PIN is right any more.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub fn open(
        path: &Path,
        pepper: Zeroizing<[u8; 32]>,
        policy: PinPolicy,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, PinError> {
        let connection = Connection::open(path)?;
        connection.busy_timeout(std::time::Duration::from_secs(10))?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.execute_batch(SCHEMA)?;
        Ok(Self {
            connection: Mutex::new(connection),
            pepper,
            policy,
            clock,
        })
    }

    /// Whether the person has chosen a PIN.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn is_set(&self, person: &str) -> Result<bool, PinError> {
        let row = self
            .connection()
            .query_row("SELECT 1 FROM pins WHERE person = ?1", [person], |_| Ok(()))
            .optional()?;
        Ok(row.is_some())
    }

    /// Chooses a person's first PIN.
    ///
    /// # Errors
    /// When there is one already, or this one is none or weak.
    pub fn choose(&self, person: &str, pin: &str) -> Result<(), PinError> {
        let hash = self.hash(pin)?;
        let added = self.connection().execute(
            "INSERT OR IGNORE INTO pins (person, hash) VALUES (?1, ?2)",
            params![person, hash],
        )?;
        if added == 1 {
            Ok(())
        } else {
            Err(PinError::AlreadySet)
        }
    }

    /// Changes a PIN. The old one is tried as [`Pins::check`] does.
    ///
    /// # Errors
    /// As of [`Pins::check`], or when the new one is none or weak.
    pub fn change(&self, person: &str, old: &str, new: &str) -> Result<(), PinError> {
        let hash = self.hash(new)?;
        self.check(person, old)?;
        self.connection().execute(
            "UPDATE pins SET hash = ?2 WHERE person = ?1",
            params![person, hash],
        )?;
        Ok(())
    }

    /// Tries a PIN. A right one forgives the wrong ones before it.
    ///
    /// # Errors
    /// When it is not right, or must not be tried.
    pub fn check(&self, person: &str, pin: &str) -> Result<(), PinError> {
        let (hash, failures) = self.count_try(person)?;
        match self
            .argon2()?
            .verify_password(pin.as_bytes(), hash.as_str())
        {
            Ok(()) => {
                self.connection().execute(
                    "UPDATE pins SET failures = 0, wait_until_ms = 0 WHERE person = ?1",
                    [person],
                )?;
                Ok(())
            }
            Err(argon2::password_hash::Error::PasswordInvalid) => Err(PinError::Wrong {
                tries_left: self.policy.locked_after.saturating_sub(failures),
            }),
            Err(error) => Err(PinError::Unavailable(error.to_string())),
        }
    }

    /// Forgets a person's PIN, so that a new one can be chosen: for the platform, once it knows otherwise who asks.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn reset(&self, person: &str) -> Result<(), PinError> {
        self.connection()
            .execute("DELETE FROM pins WHERE person = ?1", [person])?;
        Ok(())
    }

    /// Counts a try as wrong before it is made, if one may be made; gives the hash and how many that makes.
    fn count_try(&self, person: &str) -> Result<(String, u32), PinError> {
        let now_ms = self.clock.now_ms();
        let mut connection = self.connection();
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let row = transaction
            .query_row(
                "SELECT hash, failures, wait_until_ms FROM pins WHERE person = ?1",
                [person],
                |row| {
                    Ok((
                        row.get::<_, String>(0)?,
                        row.get::<_, u32>(1)?,
                        row.get::<_, i64>(2)?,
                    ))
                },
            )
            .optional()?;
        let (hash, failures, until_ms) = row.ok_or(PinError::NotSet)?;
        if failures >= self.policy.locked_after {
            return Err(PinError::Locked);
        }
        if now_ms < until_ms {
            return Err(PinError::Wait { until_ms });
        }
        let failures = failures + 1;
        let until_ms = self.wait_until(now_ms, failures);
        transaction.execute(
            "UPDATE pins SET failures = ?2, wait_until_ms = ?3 WHERE person = ?1",
            params![person, failures, until_ms],
        )?;
        transaction.commit()?;
        Ok((hash, failures))
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

    fn hash(&self, pin: &str) -> Result<String, PinError> {
        if !(self.policy.min_digits..=12).contains(&pin.len())
            || !pin.bytes().all(|digit| digit.is_ascii_digit())
        {
            return Err(PinError::Form(self.policy.min_digits));
        }
        if is_weak(pin.as_bytes()) {
            return Err(PinError::Weak);
        }
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

    fn connection(&self) -> MutexGuard<'_, Connection> {
        // A transaction of a thread that panicked was rolled back.
        self.connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
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
