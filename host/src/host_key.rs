//! The secret of one host: 32 random bytes in a file that only its owner can read.

use std::io::{ErrorKind, Read, Write};
use std::path::Path;

use cap_std::ambient_authority;
use cap_std::fs::{Dir, Metadata, OpenOptions, OpenOptionsExt};
use lapak_ledger::private_files;

const KEY_FILE: &str = "key";
const KEY_BYTES: usize = 32;

/// The secret of one host, from which it makes every key it needs.
///
/// It is never used itself: each purpose has a sub-key of its own, derived by BLAKE3, so that what is
/// known of one tells nothing of another, even where two purposes share a folder.
///
/// # Security
/// Whoever can read the key file can open every snapshot of this host and have it run native code from its code
/// cache. A backup of the folder holds the key too.
pub struct HostKey([u8; KEY_BYTES]);

impl HostKey {
    /// The key in the folder `path`. The folder is created if it is missing, readable by its owner alone (0700,
    /// on Unix); so is the key (0600), 32 new random bytes, which are on disk before this returns. Hosts that
    /// start at the same time in the same folder get the same key. Reaches the file system with the process's
    /// own rights.
    ///
    /// # Errors
    /// When the folder or the key cannot be read or made, or the key file does not hold 32 bytes. A damaged
    /// key is never replaced silently, since everything sealed with it would be lost.
    pub fn open(path: &Path) -> std::io::Result<Self> {
        Self::in_folder(&private_folder(path)?)
    }

    /// A new key that is kept nowhere: what is made with it ends with the process.
    ///
    /// # Panics
    /// Where the system has no source of randomness: without it there are no secrets.
    #[must_use]
    pub fn passing() -> Self {
        let mut key = [0; KEY_BYTES];
        #[expect(
            clippy::expect_used,
            reason = "a key that can be guessed must not come about"
        )]
        getrandom::fill(&mut key).expect("the system has a source of randomness");
        Self(key)
    }

    /// The key in the open folder `dir`, as [`HostKey::open`].
    pub(crate) fn in_folder(dir: &Dir) -> std::io::Result<Self> {
        match read(dir)? {
            Some(key) => Ok(key),
            None => make(dir),
        }
    }

    /// The key for one purpose. `context` names the purpose and must be a constant, the same for ever: "lapak",
    /// the purpose, its version.
    #[must_use]
    pub fn derive(&self, context: &'static str) -> [u8; 32] {
        blake3::derive_key(context, &self.0)
    }
}

impl std::fmt::Debug for HostKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("HostKey(…)")
    }
}

/// Opens the folder `path`, which is made for its owner alone if it is missing, and must be this user's if it is there.
pub(crate) fn private_folder(path: &Path) -> std::io::Result<Dir> {
    private_files::folder(path)?;
    Dir::open_ambient_dir(path, ambient_authority())
}

fn read(dir: &Dir) -> std::io::Result<Option<HostKey>> {
    match dir.symlink_metadata(KEY_FILE) {
        Ok(found) => look(&found)?,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    }
    let file = dir.open(KEY_FILE)?;
    let mut bytes = Vec::with_capacity(KEY_BYTES);
    // One byte more than a key has shows a file that is too long, without reading all of it.
    file.take(KEY_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    match bytes.try_into() {
        Ok(key) => Ok(Some(HostKey(key))),
        Err(_) => Err(std::io::Error::new(
            ErrorKind::InvalidData,
            format!(
                "the host's key file `{KEY_FILE}` is damaged: it does not hold {KEY_BYTES} bytes; put it back \
                 from a backup, or remove it and lose what was made with it"
            ),
        )),
    }
}

/// A key that somebody else put there, or could have read, is no secret of this host's.
fn look(found: &Metadata) -> std::io::Result<()> {
    let refused = |why: &str| {
        let text = format!("the host's key file `{KEY_FILE}` {why}");
        Err(std::io::Error::new(ErrorKind::PermissionDenied, text))
    };
    if !found.is_file() {
        return refused("is a link or no file: remove it, or choose another folder");
    }
    #[cfg(unix)]
    {
        use cap_std::fs::MetadataExt as _;

        if found.uid() != private_files::user() {
            return refused("belongs to another user: remove it, or choose another folder");
        }
        if found.mode() & 0o077 != 0 {
            return refused(
                "can be read by others: remove it, and lose what was made with it; or, where nobody else uses this \
                 machine, close it (chmod 600)",
            );
        }
    }
    Ok(())
}

fn make(dir: &Dir) -> std::io::Result<HostKey> {
    let mut key = [0; KEY_BYTES];
    let mut random = [0; 8];
    getrandom::fill(&mut key).map_err(std::io::Error::other)?;
    getrandom::fill(&mut random).map_err(std::io::Error::other)?;
    // Written aside: no host ever reads half a key, and a full disk leaves none.
    let aside = format!("{KEY_FILE}.{:016x}.new", u64::from_le_bytes(random));
    let placed = write(dir, &aside, &key).and_then(|()| place(dir, &aside));
    let _ = dir.remove_file(&aside);
    placed?;
    sync_folder(dir)?;
    // Another host may have been first: its key is everyone's.
    read(dir)?.ok_or_else(|| ErrorKind::NotFound.into())
}

fn write(dir: &Dir, name: &str, key: &[u8]) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    options.mode(0o600);
    let mut file = dir.open_with(name, &options)?;
    file.write_all(key)?;
    file.sync_all()
}

/// Gives the file `aside` the key's name, unless some file has it already.
fn place(dir: &Dir, aside: &str) -> std::io::Result<()> {
    match dir.hard_link(aside, dir, KEY_FILE) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        // No links here (some file systems, some phones): then two hosts must not start at the same instant.
        Err(_) => dir.rename(aside, dir, KEY_FILE),
    }
}

/// Has the names in the folder on disk too.
fn sync_folder(dir: &Dir) -> std::io::Result<()> {
    // Opened anew: `Dir` has its folder open for looking up names only.
    #[cfg(unix)]
    dir.open(".")?.sync_all()?;
    #[cfg(not(unix))]
    let _ = dir;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_key_every_time_and_another_in_every_folder() {
        let folder = tempfile::tempdir().expect("a folder");
        let (one, two) = (folder.path().join("one"), folder.path().join("two"));
        let key = HostKey::open(&one).expect("a key");
        assert_eq!(HostKey::open(&one).expect("the key").0, key.0);
        assert_ne!(HostKey::open(&two).expect("a key").0, key.0);
        assert_ne!(key.0, [0; KEY_BYTES]);
    }

    #[test]
    fn a_key_for_each_purpose() {
        let key = HostKey([7; KEY_BYTES]);
        assert_eq!(key.derive("lapak a"), key.derive("lapak a"));
        assert_ne!(key.derive("lapak a"), key.derive("lapak b"));
        assert_ne!(key.derive("lapak a"), key.0);
        assert_eq!(format!("{key:?}"), "HostKey(…)");
    }

    #[test]
    fn hosts_that_start_together_share_one_key() {
        let folder = tempfile::tempdir().expect("a folder");
        let all: Vec<_> = std::thread::scope(|scope| {
            let starts: Vec<_> = (0..16)
                .map(|_| scope.spawn(|| HostKey::open(folder.path()).expect("a key").0))
                .collect();
            let keys = starts
                .into_iter()
                .map(|start| start.join().expect("started"));
            keys.collect()
        });
        assert!(all.iter().all(|key| *key == all[0]));
        // Nothing is left lying about.
        let files = std::fs::read_dir(folder.path()).expect("the folder");
        assert_eq!(files.count(), 1);
    }

    #[test]
    fn a_damaged_key_is_refused_and_left_as_it_is() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join(KEY_FILE);
        for damaged in [&b""[..], &[1; 31], &[1; 33]] {
            std::fs::write(&file, damaged).expect("written");
            #[cfg(unix)]
            mode_of(&file, 0o600);
            let error = HostKey::open(folder.path()).expect_err("damaged");
            assert_eq!(error.kind(), ErrorKind::InvalidData);
            assert!(error.to_string().contains("backup"), "{error}");
            assert_eq!(std::fs::read(&file).expect("there"), damaged);
        }
    }

    #[cfg(unix)]
    fn mode_of(path: &Path, mode: u32) {
        use std::os::unix::fs::PermissionsExt as _;

        let mode = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(path, mode).expect("changed");
    }

    #[cfg(unix)]
    #[test]
    fn a_key_that_others_could_read_or_put_there_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        HostKey::open(folder.path()).expect("a key");
        let file = folder.path().join(KEY_FILE);
        mode_of(&file, 0o640);
        let error = HostKey::open(folder.path()).expect_err("open to others");
        assert!(error.to_string().contains("chmod 600"), "{error}");
        mode_of(&file, 0o600);
        HostKey::open(folder.path()).expect("the key");
        if private_files::user() == 0 {
            std::os::unix::fs::chown(&file, Some(65_534), None).expect("given away");
            let error = HostKey::open(folder.path()).expect_err("another user's");
            assert!(error.to_string().contains("another user"), "{error}");
        }
        let elsewhere = tempfile::tempdir().expect("a folder");
        HostKey::open(elsewhere.path()).expect("a key");
        std::fs::remove_file(&file).expect("removed");
        std::os::unix::fs::symlink(elsewhere.path().join(KEY_FILE), &file).expect("a link");
        let error = HostKey::open(folder.path()).expect_err("a link");
        assert!(error.to_string().contains("is a link"), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_can_read_it() {
        use std::os::unix::fs::PermissionsExt as _;

        let folder = tempfile::tempdir().expect("a folder");
        let inside = folder.path().join("keys");
        HostKey::open(&inside).expect("a key");
        let mode =
            |path: &Path| std::fs::metadata(path).expect("there").permissions().mode() & 0o777;
        assert_eq!(mode(&inside), 0o700);
        assert_eq!(mode(&inside.join(KEY_FILE)), 0o600);
    }
}
