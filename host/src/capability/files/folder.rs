//! Files in a folder of the host's: below it one for each app and person, with a hash for its name.
//!
//! Everything is reached through open folders, one name after the other, so that no path leads out; what is neither a file nor a
//! folder (a link that somebody put there) is not there to be read, written or listed. A file is written aside, has its bytes on
//! disk, and then takes the old one's name.

mod tree;

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;

use cap_std::fs::Dir;

use super::{Done, FilesError, FilesProvider, Operation, Outcome, Quota};
use crate::capability::storage::Owner;
use crate::host_key::private_folder;
use crate::owner_queues::{Job, Lane, OwnerQueues, Rate};
use tree::{Tree, real_folder};

/// Threads that read, and threads that write. Whose operation is next goes by turns: nobody waits for all of another's.
const THREADS: [(Lane, usize); 2] = [(Lane::Read, 2), (Lane::Write, 2)];

/// Files of all apps and people below one folder, which belongs to one host at a time.
pub struct FolderFiles {
    queues: Arc<Queues>,
    threads: Vec<JoinHandle<()>>,
}

type Queues = OwnerQueues<Work>;

struct Work {
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
        let queues = Arc::new(Queues::new(false));
        let mut files = Self {
            queues: queues.clone(),
            threads: Vec::new(),
        };
        for (lane, threads) in THREADS {
            for _ in 0..threads {
                let (root, queues) = (root.try_clone()?, queues.clone());
                let thread = std::thread::Builder::new().name("lapak-files".into());
                let thread = thread.spawn(move || serve(&root, &queues, lane))?;
                files.threads.push(thread);
            }
        }
        Ok(files)
    }
}

impl FilesProvider for FolderFiles {
    fn submit(&self, owner: &Owner, quota: Quota, operation: Operation, done: Done) {
        let (lane, bytes) = match &operation {
            Operation::Read(_) | Operation::Entries(_) => (Lane::Read, 0),
            Operation::Write(_, bytes) => (Lane::Write, bytes.len()),
            Operation::Remove(_) | Operation::MakeFolder(_) | Operation::Clear => (Lane::Write, 0),
        };
        let refused = self.queues.submit(Job {
            owner: owner.clone(),
            lane,
            bytes: bytes as u64,
            rate: Rate {
                bytes_per_second: quota.write_bytes_per_second,
                burst_bytes: quota.write_burst_bytes,
            },
            work: Work {
                quota,
                operation,
                done,
            },
        });
        for job in refused {
            (job.work.done)(Err(FilesError::Busy));
        }
    }
}

impl Drop for FolderFiles {
    fn drop(&mut self) {
        // The threads finish what was submitted, and end.
        self.queues.end();
        for thread in self.threads.drain(..) {
            if thread.thread().id() != std::thread::current().id() {
                let _ = thread.join();
            }
        }
    }
}

fn serve(root: &Dir, queues: &Queues, lane: Lane) {
    while let Some(job) = queues.take(lane) {
        let Work {
            quota,
            operation,
            done,
        } = job.work;
        let outcome = carry_out(root, &job.owner, quota, &operation);
        if let Ok(Outcome::Bytes(bytes)) = &outcome {
            queues.served(&job.owner, lane, bytes.len() as u64);
        }
        done(outcome);
        // Told first: an owner hears of their operations in their order.
        queues.done(&job.owner, lane);
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

impl std::fmt::Debug for FolderFiles {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FolderFiles").finish_non_exhaustive()
    }
}
