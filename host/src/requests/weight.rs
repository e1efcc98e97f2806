//! What answers take in the host's memory while an app has not taken them, and how much of it a session may have.

use crate::bindings::lapak::app::fetch::{Error as FetchError, Response};
use crate::bindings::lapak::app::files::Error as FilesError;
use crate::bindings::lapak::app::storage::Error as StorageError;
use crate::capability::{Answer, files, payments, storage};

/// Answers of one session that it was not told of yet, in bytes. What comes past it is lost: the app hears `unavailable`.
pub(crate) const WAITING_BYTES: usize = 16 << 20;
/// Answers of one room that an app was told of and has not taken, in bytes. Past it the oldest are forgotten, all but the last.
pub(crate) const UNTAKEN_BYTES: usize = 8 << 20;
/// What is smaller is not looked at: so many requests are in flight at most.
pub(crate) const SMALL: usize = 16 << 10;
/// Values of one session that it asked to be kept and that are not yet, in bytes. What comes past it is not taken: the app hears
/// `too-many-requests` at once.
pub(crate) const ASKED_BYTES: usize = 16 << 20;

impl Answer {
    /// What it takes besides its own few bytes, where that may be much.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::Storage(answer) => of_storage(answer),
            Self::Files(answer) => of_files(answer),
            Self::Fetch(answer) => of_fetch(answer),
            Self::Payments(payments::Answer::Signed(Ok(signed))) => signed.len(),
            Self::Vendor(answer) => answer.bytes(),
            Self::News(news) => news.bytes(),
            _ => 0,
        }
    }

    /// The same request with nothing to take: there is no room for what it came to.
    pub(crate) fn lost(self) -> Self {
        match self {
            Self::Storage(_) => Self::Storage(Err(StorageError::Unavailable)),
            Self::Files(files::Answer::Bytes(_)) => {
                Self::Files(files::Answer::Bytes(Err(FilesError::Unavailable)))
            }
            Self::Files(files::Answer::Entries(_)) => {
                Self::Files(files::Answer::Entries(Err(FilesError::Unavailable)))
            }
            Self::Fetch(_) => Self::Fetch(Err(FetchError::Unavailable)),
            other => other,
        }
    }
}

pub(crate) fn of_storage(answer: &storage::Answer) -> usize {
    match answer {
        Ok(storage::Outcome::Value(Some(value))) => value.len(),
        Ok(storage::Outcome::Keys(keys)) => {
            keys.iter().map(|key| key.len() + size_of::<String>()).sum()
        }
        _ => 0,
    }
}

impl storage::Operation {
    /// What it takes besides its own few bytes.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::Set(key, value) => key.len().saturating_add(value.len()),
            Self::Get(key) | Self::Remove(key) => key.len(),
            Self::Keys | Self::Clear => 0,
        }
    }
}

impl files::Operation {
    /// What it takes besides its own few bytes.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::Write(_, bytes) => bytes.len(),
            _ => 0,
        }
    }
}

pub(crate) fn of_files(answer: &files::Answer) -> usize {
    match answer {
        files::Answer::Bytes(Ok(bytes)) => bytes.len(),
        files::Answer::Entries(Ok(entries)) => {
            let each = entries.iter();
            each.map(|entry| entry.name.len() + size_of::<files::Entry>())
                .sum()
        }
        _ => 0,
    }
}

pub(crate) fn of_fetch<E>(answer: &Result<Response, E>) -> usize {
    let Ok(response) = answer else { return 0 };
    let headers = response.headers.iter();
    let headers: usize = headers
        .map(|header| header.name.len() + header.value.len())
        .sum();
    response.body.len() + headers + response.url.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::requests::RoomRequests;

    fn value(bytes: usize) -> storage::Answer {
        Ok(storage::Outcome::Value(Some(vec![0; bytes])))
    }

    #[test]
    fn what_is_lost_is_told_as_unavailable() {
        let lost = Answer::Storage(Err(StorageError::Unavailable));
        assert_eq!(Answer::Storage(value(1 << 20)).lost(), lost);
        assert_eq!(Answer::Timer.lost(), Answer::Timer);
    }

    #[test]
    fn untaken_answers_are_bounded_in_bytes_and_the_last_stays() {
        let mut room = RoomRequests::<(), storage::Answer>::default();
        for request in 1..=32 {
            room.ask(request, ());
            room.finish(request, value(1 << 20));
            room.forget_over(UNTAKEN_BYTES, of_storage);
        }
        let left = (1..=32).filter(|request| room.take(*request, Ok).is_some());
        assert_eq!(left.collect::<Vec<_>>(), (25..=32).collect::<Vec<_>>());
        room.ask(40, ());
        room.finish(40, value(2 * UNTAKEN_BYTES));
        room.forget_over(UNTAKEN_BYTES, of_storage);
        assert!(room.take(40, Ok).is_some());
    }
}
