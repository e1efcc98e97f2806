//! Files in memory. Differs from a host's: no quotas, and names that differ in case only are two.

use std::collections::BTreeMap;

use lapak_abi::file_path::FilePath;

use super::{Capability, Host, with};
use crate::bindings::wit::lapak::app::files::{Entry, Error};

#[derive(Default)]
pub(crate) struct Files {
    /// By path; `None`: a folder.
    kept: BTreeMap<String, Option<Vec<u8>>>,
    answers: BTreeMap<u32, Answer>,
}

enum Answer {
    Bytes(Result<Vec<u8>, Error>),
    Done(Result<(), Error>),
    Entries(Result<Vec<Entry>, Error>),
}

impl Files {
    /// What a file holds.
    pub(crate) fn file(&self, path: &str) -> Option<&[u8]> {
        self.kept.get(path)?.as_deref()
    }

    /// Puts a file there, and its folders.
    pub(crate) fn put(&mut self, path: &FilePath, bytes: &[u8]) {
        let mut folder = path.split().map(|(folder, _)| folder);
        while let Some(path) = folder.filter(|path| !path.as_str().is_empty()) {
            self.kept.insert(path.as_str().to_owned(), None);
            folder = path.split().map(|(folder, _)| folder);
        }
        let bytes = Some(bytes.to_vec());
        self.kept.insert(path.as_str().to_owned(), bytes);
    }

    fn is_folder(&self, folder: &FilePath) -> Result<(), Error> {
        match self.kept.get(folder.as_str()) {
            _ if folder.as_str().is_empty() => Ok(()),
            Some(None) => Ok(()),
            Some(Some(_)) => Err(Error::Invalid),
            None => Err(Error::NotFound),
        }
    }

    fn folder_of(&self, path: &FilePath) -> Result<(), Error> {
        let folder = path.split().map(|(folder, _)| folder);
        self.is_folder(&folder.ok_or(Error::Invalid)?)
    }

    fn read(&self, path: &FilePath) -> Result<Vec<u8>, Error> {
        self.folder_of(path)?;
        let kept = self.kept.get(path.as_str()).ok_or(Error::NotFound)?;
        kept.clone().ok_or(Error::Invalid)
    }

    /// Puts a file or a folder where nothing of another kind is.
    fn place(&mut self, path: &FilePath, bytes: Option<Vec<u8>>) -> Result<(), Error> {
        self.folder_of(path)?;
        let old = self.kept.get(path.as_str());
        if old.is_some_and(|old| old.is_some() != bytes.is_some()) {
            return Err(Error::Invalid);
        }
        self.kept.insert(path.as_str().to_owned(), bytes);
        Ok(())
    }

    fn remove(&mut self, path: &FilePath) -> Result<(), Error> {
        match self.folder_of(path) {
            Err(Error::NotFound) => return Ok(()),
            other => other?,
        }
        let inside = format!("{path}/");
        if self.kept.keys().any(|kept| kept.starts_with(&inside)) {
            return Err(Error::Invalid);
        }
        self.kept.remove(path.as_str());
        Ok(())
    }

    fn entries(&self, folder: &FilePath) -> Result<Vec<Entry>, Error> {
        self.is_folder(folder)?;
        let prefix = match folder.as_str() {
            "" => String::new(),
            folder => format!("{folder}/"),
        };
        let inside = self.kept.iter().filter_map(|(path, bytes)| {
            let name = path.strip_prefix(&prefix)?;
            (!name.contains('/')).then(|| Entry {
                name: name.to_owned(),
                folder: bytes.is_none(),
                bytes: bytes.as_ref().map_or(0, |bytes| bytes.len() as u64),
            })
        });
        Ok(inside.collect())
    }
}

fn lent<T>(work: impl FnOnce(&mut Host) -> Result<T, Error>) -> Result<T, Error> {
    with(|host| match host.denies(Capability::Files) {
        true => Err(Error::AccessDenied),
        false => work(host),
    })
}

fn answered(
    path: Result<FilePath, lapak_abi::file_path::FilePathError>,
    work: impl FnOnce(&mut Files, &FilePath) -> Answer,
) -> Result<u32, Error> {
    lent(|host| {
        let path = path.map_err(|_| Error::Invalid)?;
        let request = host.finished_request();
        let answer = work(&mut host.files, &path);
        host.files.answers.insert(request, answer);
        Ok(request)
    })
}

fn take<T>(request: u32, of_kind: impl FnOnce(Answer) -> Result<T, Answer>) -> Result<T, Error> {
    lent(|host| {
        let answers = &mut host.files.answers;
        let answer = answers.remove(&request).ok_or(Error::UnknownRequest)?;
        of_kind(answer).map_err(|other| {
            answers.insert(request, other);
            Error::UnknownRequest
        })
    })
}

pub(crate) fn read(path: &str) -> Result<u32, Error> {
    answered(FilePath::parse(path), |files, path| {
        Answer::Bytes(files.read(path))
    })
}

pub(crate) fn write(path: &str, bytes: &[u8]) -> Result<u32, Error> {
    answered(FilePath::parse(path), |files, path| {
        Answer::Done(files.place(path, Some(bytes.to_vec())))
    })
}

pub(crate) fn remove(path: &str) -> Result<u32, Error> {
    answered(FilePath::parse(path), |files, path| {
        Answer::Done(files.remove(path))
    })
}

pub(crate) fn make_folder(path: &str) -> Result<u32, Error> {
    answered(FilePath::parse(path), |files, path| {
        Answer::Done(files.place(path, None))
    })
}

pub(crate) fn entries(folder: &str) -> Result<u32, Error> {
    answered(FilePath::folder(folder), |files, folder| {
        Answer::Entries(files.entries(folder))
    })
}

pub(crate) fn take_bytes(request: u32) -> Result<Vec<u8>, Error> {
    take(request, |answer| match answer {
        Answer::Bytes(bytes) => Ok(bytes),
        other => Err(other),
    })?
}

pub(crate) fn take_done(request: u32) -> Result<(), Error> {
    take(request, |answer| match answer {
        Answer::Done(done) => Ok(done),
        other => Err(other),
    })?
}

pub(crate) fn take_entries(request: u32) -> Result<Vec<Entry>, Error> {
    take(request, |answer| match answer {
        Answer::Entries(entries) => Ok(entries),
        other => Err(other),
    })?
}
