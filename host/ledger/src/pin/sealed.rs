//! The file of PINs, in which nothing can be changed or left out by whoever does not have the host's key.
//!
//! Each row carries a keyed hash of all that is in it. Rows are in 256 buckets, by a keyed hash of their person; each bucket carries
//! a keyed hash of those of its rows; and one row, the root, of those of the buckets, with a number that grows with each change.
//! Whoever reads a row looks at its bucket and the root too: a row that was changed, put back as it was once, or taken out does not
//! fit any more.
//!
//! What this cannot tell is that the whole file was put back as it once was, or taken away: the root's number is for whoever keeps
//! it elsewhere ([`Witness`]).

use std::path::Path;

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};
use zeroize::Zeroizing;

use super::PinError;
use crate::database;

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS sealed_pins (
        person        TEXT PRIMARY KEY,
        bucket        INTEGER NOT NULL,
        hash          TEXT NOT NULL,
        failures      INTEGER NOT NULL,
        wait_until_ms INTEGER NOT NULL,
        seal          BLOB NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS pins_of_bucket ON sealed_pins (bucket);
    CREATE TABLE IF NOT EXISTS pin_buckets (
        bucket INTEGER PRIMARY KEY,
        seal   BLOB NOT NULL
    ) STRICT;
    CREATE TABLE IF NOT EXISTS pin_root (
        one    INTEGER PRIMARY KEY CHECK (one = 1),
        number INTEGER NOT NULL,
        seal   BLOB NOT NULL
    ) STRICT;
";
const BUCKETS: i64 = 256;

/// Keeps the number of the last change of a file of PINs, apart from it: a file that says a smaller one was put back, or is another.
pub trait Witness: Send + Sync {
    /// The largest number that was seen.
    ///
    /// # Errors
    /// When it cannot be told: nothing is believed then.
    fn last(&self) -> Result<u64, String>;

    /// This number was written.
    ///
    /// # Errors
    /// When it cannot be kept: the file is as it is all the same.
    fn saw(&self, number: u64) -> Result<(), String>;
}

type Seal = [u8; 32];

/// The file.
pub(super) struct Sealed {
    connection: Connection,
    rows: Zeroizing<Seal>,
    buckets: Zeroizing<Seal>,
    root: Zeroizing<Seal>,
    places: Zeroizing<Seal>,
}

/// What is kept of one person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Kept {
    pub(super) hash: String,
    pub(super) failures: u32,
    pub(super) wait_until_ms: i64,
}

impl Sealed {
    /// Opens the file, which is made if it is missing. `secret` is what its keys are made of.
    pub(super) fn open(path: &Path, secret: &[u8; 32]) -> Result<Self, PinError> {
        let key = |purpose| Zeroizing::new(blake3::derive_key(purpose, secret));
        let sealed = Self {
            connection: database::open(path)?,
            rows: key("lapak pins: a row 1"),
            buckets: key("lapak pins: a bucket 1"),
            root: key("lapak pins: the root 1"),
            places: key("lapak pins: a person's bucket 1"),
        };
        // All of it at once: a file that lacks a part later was tampered with.
        let transaction = sealed.change()?;
        transaction.execute_batch(SCHEMA)?;
        let count = "SELECT (SELECT count(*) FROM sealed_pins) + (SELECT count(*) FROM pin_buckets)
             + (SELECT count(*) FROM pin_root)";
        if transaction.query_row(count, [], |row| row.get::<_, i64>(0))? == 0 {
            sealed.seal_all(&transaction, 0)?;
        }
        transaction.commit()?;
        Ok(sealed)
    }

    fn change(&self) -> Result<Transaction<'_>, PinError> {
        let immediate = TransactionBehavior::Immediate;
        Ok(Transaction::new_unchecked(&self.connection, immediate)?)
    }

    /// What is kept of a person, if all of it is as this host wrote it. `last` is the number that the file has at least.
    pub(super) fn find(&self, person: &str, last: u64) -> Result<Option<Kept>, PinError> {
        let transaction = self.connection.unchecked_transaction()?;
        Ok(self.look(&transaction, person, last)?.kept)
    }

    /// Changes what is kept of a person, all at once with its seals: `change` gets what there is and gives what is to be, or
    /// nothing for no row. Gives the number that the file has then.
    pub(super) fn update<T>(
        &self,
        person: &str,
        last: u64,
        change: impl FnOnce(Option<Kept>) -> Result<(Option<Kept>, T), PinError>,
    ) -> Result<(u64, T), PinError> {
        let transaction = self.change()?;
        let before = self.look(&transaction, person, last)?;
        let (kept, told) = change(before.kept.clone())?;
        if kept == before.kept {
            return Ok((before.number, told));
        }
        match &kept {
            None => {
                transaction.execute("DELETE FROM sealed_pins WHERE person = ?1", [person])?;
            }
            Some(new) => {
                let seal = self.seal_of_row(before.at, person, new);
                transaction.execute(
                    "INSERT OR REPLACE INTO sealed_pins (person, bucket, hash, failures, wait_until_ms, seal)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                    params![person, before.at, new.hash, new.failures, new.wait_until_ms, seal],
                )?;
            }
        }
        let number = before.number + 1;
        put_bucket(
            &transaction,
            before.at,
            &self.rows_of(&transaction, before.at, person)?.seal,
        )?;
        let (root, _) = self.root_of(&transaction, number, before.at)?;
        put_root(&transaction, number, &root)?;
        transaction.commit()?;
        Ok((number, told))
    }

    /// Forgets everybody, whatever is in the file; its number is then `number`.
    pub(super) fn start_over(&self, number: u64) -> Result<(), PinError> {
        let transaction = self.change()?;
        transaction.execute("DELETE FROM sealed_pins", [])?;
        self.seal_all(&transaction, number)?;
        transaction.commit()?;
        Ok(())
    }

    fn seal_all(&self, transaction: &Transaction<'_>, number: u64) -> Result<(), PinError> {
        for at in 0..BUCKETS {
            put_bucket(transaction, at, &self.rows_of(transaction, at, "")?.seal)?;
        }
        let (root, _) = self.root_of(transaction, number, 0)?;
        put_root(transaction, number, &root)
    }

    /// Looks at a person's row, their bucket and the root.
    fn look(
        &self,
        transaction: &Transaction<'_>,
        person: &str,
        last: u64,
    ) -> Result<Found, PinError> {
        let place = keyed(&self.places);
        let at = i64::from(finish(place, &[person.as_bytes()])[0]);
        let kept = transaction
            .prepare_cached("SELECT number, seal FROM pin_root")?
            .query_row([], |row| {
                Ok((row.get::<_, i64>(0)?, row.get::<_, Seal>(1)?))
            })
            .optional()?;
        let (number, seal) = kept.ok_or(PinError::Tampered)?;
        let number = u64::try_from(number).unwrap_or(0);
        let (root, bucket) = self.root_of(transaction, number, at)?;
        let rows = self.rows_of(transaction, at, person)?;
        let fits = same(&root, &seal) && bucket.is_some_and(|bucket| same(&bucket, &rows.seal));
        match fits && rows.are_ours && number >= last {
            true => Ok(Found {
                kept: rows.wanted,
                at,
                number,
            }),
            false => Err(PinError::Tampered),
        }
    }

    /// The seal that the root has to have with the buckets as they are; and the one that the bucket `at` has.
    fn root_of(
        &self,
        transaction: &Transaction<'_>,
        number: u64,
        at: i64,
    ) -> Result<(Seal, Option<Seal>), PinError> {
        let mut all =
            transaction.prepare_cached("SELECT bucket, seal FROM pin_buckets ORDER BY bucket")?;
        let mut rows = all.query([])?;
        let (mut hasher, mut wanted) = (keyed(&self.root), None);
        while let Some(row) = rows.next()? {
            let (bucket, seal): (i64, Seal) = (row.get(0)?, row.get(1)?);
            hasher.update(&bucket.to_le_bytes());
            hasher.update(&seal);
            if bucket == at {
                wanted = Some(seal);
            }
        }
        Ok((finish(hasher, &[&number.to_le_bytes()]), wanted))
    }

    /// The rows of a bucket, the seal that it has to have with them, and the person's row.
    fn rows_of(
        &self,
        transaction: &Transaction<'_>,
        at: i64,
        person: &str,
    ) -> Result<Rows, PinError> {
        let mut all = transaction.prepare_cached(
            "SELECT person, hash, failures, wait_until_ms, seal FROM sealed_pins
             WHERE bucket = ?1 ORDER BY person",
        )?;
        let mut rows = all.query([at])?;
        let (mut hasher, mut count) = (keyed(&self.buckets), 0_u64);
        let (mut are_ours, mut wanted) = (true, None);
        while let Some(row) = rows.next()? {
            let of: String = row.get(0)?;
            let kept = Kept {
                hash: row.get(1)?,
                failures: row.get(2)?,
                wait_until_ms: row.get(3)?,
            };
            let seal = self.seal_of_row(at, &of, &kept);
            are_ours &= same(&seal, &row.get(4)?);
            hasher.update(&seal);
            count += 1;
            if of == person {
                wanted = Some(kept);
            }
        }
        Ok(Rows {
            seal: finish(hasher, &[&at.to_le_bytes(), &count.to_le_bytes()]),
            are_ours,
            wanted,
        })
    }

    fn seal_of_row(&self, at: i64, person: &str, kept: &Kept) -> Seal {
        let parts: [&[u8]; 5] = [
            &at.to_le_bytes(),
            person.as_bytes(),
            kept.hash.as_bytes(),
            &kept.failures.to_le_bytes(),
            &kept.wait_until_ms.to_le_bytes(),
        ];
        finish(keyed(&self.rows), &parts)
    }
}

struct Found {
    kept: Option<Kept>,
    at: i64,
    number: u64,
}

struct Rows {
    seal: Seal,
    /// Each is as this host wrote it once.
    are_ours: bool,
    wanted: Option<Kept>,
}

fn put_bucket(connection: &Connection, at: i64, seal: &Seal) -> Result<(), PinError> {
    connection
        .prepare_cached("INSERT OR REPLACE INTO pin_buckets (bucket, seal) VALUES (?1, ?2)")?
        .execute(params![at, seal])?;
    Ok(())
}

fn put_root(connection: &Connection, number: u64, seal: &Seal) -> Result<(), PinError> {
    let number = i64::try_from(number).unwrap_or(i64::MAX);
    connection
        .prepare_cached("INSERT OR REPLACE INTO pin_root (one, number, seal) VALUES (1, ?1, ?2)")?
        .execute(params![number, seal])?;
    Ok(())
}

fn keyed(key: &Seal) -> blake3::Hasher {
    blake3::Hasher::new_keyed(key)
}

/// The hash with these parts at its end, each with its length.
fn finish(mut hasher: blake3::Hasher, parts: &[&[u8]]) -> Seal {
    for part in parts {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    *hasher.finalize().as_bytes()
}

/// In a time that tells nothing of where they differ.
fn same(one: &Seal, other: &Seal) -> bool {
    blake3::Hash::from_bytes(*one) == blake3::Hash::from_bytes(*other)
}
