//! What people are called where others see it: random names, kept by the bank.
//!
//! A person has one name in the books ([`AddressBook::holder`]), in which their accounts are held, and one address for each app
//! ([`AddressBook::address`]), which others are given. Neither follows from the name that the platform knows the person by, nor
//! from the other: an address opens nothing, and two apps that compare addresses learn nothing.

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension as _, params};

use crate::private_files;

/// The letters of random names: no vowels, so that no words come about.
const LETTERS: &[u8; 30] = b"0123456789bcdfghjkmnpqrstvwxyz";
/// 26 letters of 30 are 127 bits.
const NAME_LETTERS: usize = 26;
/// The longest address that is looked up, in bytes.
const MAX_ADDRESS_BYTES: usize = 128;
/// How long to wait for another process that has the file.
const BUSY: Duration = Duration::from_secs(10);

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS holders (
        person TEXT PRIMARY KEY,
        holder TEXT NOT NULL UNIQUE
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS addresses (
        address TEXT PRIMARY KEY,
        holder  TEXT NOT NULL,
        app     TEXT NOT NULL,
        UNIQUE (holder, app)
    ) STRICT, WITHOUT ROWID;
";

/// The address book cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[error("the addresses of people cannot be read or written: {0}")]
pub struct AddressError(String);

/// Who is called what.
///
/// # Security
/// Whoever has the file knows whose account is whose: keep it beside the books.
pub struct AddressBook {
    /// `None`: people are called by their own names.
    file: Option<Mutex<Connection>>,
}

impl AddressBook {
    /// The book in the file `path`, which is made if it is missing. A name is on disk before it is told.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub fn open(path: &Path) -> Result<Self, AddressError> {
        private_files::file(path).map_err(|error| AddressError(error.to_string()))?;
        Self::over(Connection::open(path)?)
    }

    /// A book that is forgotten with the process.
    ///
    /// # Errors
    /// When there is no memory.
    pub fn in_memory() -> Result<Self, AddressError> {
        Self::over(Connection::open_in_memory()?)
    }

    /// For simulations and tests: everybody is called by the name that the platform knows them by, in the books and by others.
    #[must_use]
    pub fn of_own_names() -> Self {
        Self { file: None }
    }

    fn over(connection: Connection) -> Result<Self, AddressError> {
        connection.busy_timeout(BUSY)?;
        crate::database::keep_plans(&connection)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.execute_batch(SCHEMA)?;
        Ok(Self {
            file: Some(Mutex::new(connection)),
        })
    }

    /// Under which name the books have this person's accounts; a new one at the first time.
    ///
    /// # Errors
    /// When the file fails.
    pub fn holder(&self, person: &str) -> Result<String, AddressError> {
        let Some(file) = self.file() else {
            return Ok(person.to_owned());
        };
        let known = "SELECT holder FROM holders WHERE person = ?1";
        if let Some(holder) = text(&file, known, &[person])? {
            return Ok(holder);
        }
        // Another process may be first: its name is everyone's.
        file.execute(
            "INSERT OR IGNORE INTO holders (person, holder) VALUES (?1, ?2)",
            params![person, random_name()?],
        )?;
        text(&file, known, &[person])?.ok_or_else(|| AddressError("nothing was kept".into()))
    }

    /// What others are given by `app` to send this person money; a new one at the first time.
    ///
    /// # Errors
    /// When the file fails.
    pub fn address(&self, person: &str, app: &str) -> Result<String, AddressError> {
        let holder = self.holder(person)?;
        self.address_of(&holder, app)
    }

    /// As [`AddressBook::address`], of whoever has this name in the books.
    ///
    /// # Errors
    /// When the file fails.
    pub fn address_of(&self, holder: &str, app: &str) -> Result<String, AddressError> {
        let Some(file) = self.file() else {
            return Ok(holder.to_owned());
        };
        let known = "SELECT address FROM addresses WHERE holder = ?1 AND app = ?2";
        if let Some(address) = text(&file, known, &[holder, app])? {
            return Ok(address);
        }
        file.execute(
            "INSERT OR IGNORE INTO addresses (address, holder, app) VALUES (?1, ?2, ?3)",
            params![random_name()?, holder, app],
        )?;
        text(&file, known, &[holder, app])?.ok_or_else(|| AddressError("nothing was kept".into()))
    }

    /// Whose address this is: their name in the books.
    ///
    /// # Errors
    /// When the file fails.
    pub fn holder_at(&self, address: &str) -> Result<Option<String>, AddressError> {
        if address.is_empty() || address.len() > MAX_ADDRESS_BYTES {
            return Ok(None);
        }
        let Some(file) = self.file() else {
            return Ok(Some(address.to_owned()));
        };
        text(
            &file,
            "SELECT holder FROM addresses WHERE address = ?1",
            &[address],
        )
    }

    fn file(&self) -> Option<MutexGuard<'_, Connection>> {
        let file = self.file.as_ref()?;
        Some(file.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The one text that a statement gives.
fn text(file: &Connection, sql: &str, of: &[&str]) -> Result<Option<String>, AddressError> {
    let mut statement = file.prepare_cached(sql)?;
    let found = statement.query_row(rusqlite::params_from_iter(of), |row| row.get(0));
    Ok(found.optional()?)
}

/// A name that nobody can guess.
fn random_name() -> Result<String, AddressError> {
    let mut name = String::with_capacity(NAME_LETTERS);
    while name.len() < NAME_LETTERS {
        let mut bytes = [0_u8; 32];
        getrandom::fill(&mut bytes).map_err(|error| AddressError(error.to_string()))?;
        // Five bits each; what is past the last letter is thrown again.
        let letters = bytes
            .iter()
            .filter_map(|byte| LETTERS.get(usize::from(byte & 31)));
        let missing = NAME_LETTERS - name.len();
        name.extend(letters.take(missing).map(|letter| char::from(*letter)));
    }
    Ok(name)
}

impl From<rusqlite::Error> for AddressError {
    fn from(error: rusqlite::Error) -> Self {
        Self(error.to_string())
    }
}

impl std::fmt::Debug for AddressBook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AddressBook(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_random_last_and_differ_for_each_app() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("addresses.sqlite");
        let book = AddressBook::open(&path).expect("opens");
        let holder = book.holder("ani").expect("a holder");
        let address = book.address("ani", "bank").expect("an address");
        let other = book.address("ani", "shop").expect("an address");
        assert!(!holder.contains("ani") && !address.contains("ani"));
        assert_ne!(address, other);
        assert_ne!(address, holder);
        for at in [&address, &other] {
            assert_eq!(book.holder_at(at).expect("read"), Some(holder.clone()));
        }
        assert_eq!(book.holder_at("ani").expect("read"), None);
        assert_eq!(book.holder_at(&holder).expect("read"), None);
        assert_ne!(book.holder("budi").expect("a holder"), holder);
        drop(book);
        let again = AddressBook::open(&path).expect("opens");
        assert_eq!(again.holder("ani").expect("a holder"), holder);
        assert_eq!(again.address("ani", "bank").expect("an address"), address);
        // Another bank calls the same person otherwise.
        let elsewhere = AddressBook::in_memory().expect("opens");
        assert_ne!(elsewhere.holder("ani").expect("a holder"), holder);
    }

    #[test]
    fn hosts_that_start_together_agree() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("addresses.sqlite");
        AddressBook::open(&path).expect("opens");
        let all: Vec<_> = std::thread::scope(|scope| {
            let one = || {
                let book = AddressBook::open(&path).expect("opens");
                book.address("ani", "bank").expect("an address")
            };
            let all: Vec<_> = (0..4).map(|_| scope.spawn(one)).collect();
            all.into_iter()
                .map(|one| one.join().expect("told"))
                .collect()
        });
        assert!(all.iter().all(|address| *address == all[0]));
    }
}
