//! Files in a folder of the host's: below it one for each app and person, with a hash for its name.
//!
//! Everything is reached through open folders, one name after the other, so that no path leads out; what is neither a file nor a
//! folder (a link that somebody put there) is not there to be read, written or listed. A file is written aside, has its bytes on
//! disk, and then takes the old one's name.

mod tree;

use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher};
use std::io;
use std::path::Path;
use std::sync::mpsc;
use std::thread::JoinHandle;

use cap_std::fs::Dir;

use super::{Done, FilesError, FilesProvider, Operation, Outcome, Quota};
use crate::capability::storage::Owner;
use crate::host_key::private_folder;
use tree::{Tree, real_folder};

/// Owners are spread over so many threads: nobody waits for more than a part of the others.
const THREADS: usize = 4;

/// Files of all apps and people below one folder, which belongs to one host at a time.
#[derive(Debug)]
pub struct FolderFiles {
    threads: Vec<Worker>,
}

#[derive(Debug)]
struct Worker {
    jobs: Option<mpsc::Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

struct Job {
    owner: Owner,
    quota: Quota,
    operation: Operation,
    done: Done,
}

impl FolderFiles {
    /// In the folder `path`, which is made for its owner alone if it is missing.
    ///
    /// # Errors
    /// When it cannot be made or opened, or a thread cannot be started.
    pub fn open(path: &Path) -> io::Result<Self> {
        let root = private_folder(path)?;
        let threads = (0..THREADS).map(|_| {
            let (root, (jobs, waiting)) = (root.try_clone()?, mpsc::channel());
            let thread = std::thread::Builder::new()
                .name("lapak-files".into())
                .spawn(move || serve(&root, &waiting))?;
            Ok(Worker {
                jobs: Some(jobs),
                thread: Some(thread),
            })
        });
        Ok(Self {
            threads: threads.collect::<io::Result<_>>()?,
        })
    }
}

impl FilesProvider for FolderFiles {
    fn submit(&self, owner: &Owner, quota: Quota, operation: Operation, done: Done) {
        let job = Job {
            owner: owner.clone(),
            quota,
            operation,
            done,
        };
        // The same thread for an owner, each time: so their operations keep their order.
        let hash = BuildHasherDefault::<DefaultHasher>::default().hash_one(owner);
        let at = usize::try_from(hash % THREADS as u64).unwrap_or_default();
        let worker = self.threads.get(at);
        let refused = match worker.and_then(|worker| worker.jobs.as_ref()) {
            Some(jobs) => jobs.send(job).err().map(|refused| refused.0),
            None => Some(job),
        };
        if let Some(job) = refused {
            (job.done)(Err(FilesError::Unavailable("its thread has ended".into())));
        }
    }
}

impl Drop for FolderFiles {
    fn drop(&mut self) {
        for worker in &mut self.threads {
            // Closing the channel lets the thread finish what was submitted and end.
            drop(worker.jobs.take());
        }
        for thread in self.threads.iter_mut().filter_map(|one| one.thread.take()) {
            if thread.thread().id() != std::thread::current().id() {
                let _ = thread.join();
            }
        }
    }
}

fn serve(root: &Dir, waiting: &mpsc::Receiver<Job>) {
    while let Ok(job) = waiting.recv() {
        let outcome = carry_out(root, &job.owner, job.quota, &job.operation);
        (job.done)(outcome);
    }
}

fn carry_out(
    root: &Dir,
    owner: &Owner,
    quota: Quota,
    operation: &Operation,
) -> Result<Outcome, FilesError> {
    let name = folder_name(owner);
    let tree = || Tree::in_folder(&real_folder(root, &name)?);
    match operation {
        Operation::Read(path) => tree()?.read(path, quota).map(Outcome::Bytes),
        Operation::Write(path, bytes) => tree()?.write(path, bytes, quota).map(|()| Outcome::Done),
        Operation::Remove(path) => tree()?.remove(path).map(|()| Outcome::Done),
        Operation::MakeFolder(path) => tree()?.make_folder(path, quota).map(|()| Outcome::Done),
        Operation::Entries(folder) => tree()?.entries(folder).map(Outcome::Entries),
        Operation::Clear => match root.remove_dir_all(&name) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
            _ => Ok(Outcome::Done),
        },
    }
}

/// A name for an owner that fits every file system, and tells nobody who it is.
fn folder_name(owner: &Owner) -> String {
    let mut hasher = blake3::Hasher::new_derive_key("lapak files owner v1");
    for part in [&owner.app_id, &owner.person] {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    hasher.finalize().to_hex().to_string()
}

impl From<io::Error> for FilesError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Self::NotFound,
            io::ErrorKind::DirectoryNotEmpty => Self::WrongKind,
            _ => Self::Unavailable(error.to_string()),
        }
    }
}
