//! Files that somebody else may have put there: read as far as they may be long, and never waited for.

use std::fs::File;
use std::io::{Error, ErrorKind, Read as _, Result};
use std::path::Path;

/// The longest text file that is read whole, in bytes: a manifest's bound and some room.
pub const TEXT_BYTES: u64 = 4 << 20;

/// All of a file that has at most `most_bytes`, or what a link leads to.
///
/// # Errors
/// What opening and reading give; for whatever is longer, also by growing meanwhile; for all that is no file: a pipe gives nothing
/// until somebody writes, a device may never end.
pub fn read(path: &Path, most_bytes: u64) -> Result<Vec<u8>> {
    let mut options = File::options();
    options.read(true);
    // To open a pipe would wait for somebody who writes; looked at before, it could be another file by now.
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        let flags = rustix::fs::OFlags::NONBLOCK.bits();
        options.custom_flags(flags.cast_signed());
    }
    let file = options.open(path)?;
    let found = file.metadata()?;
    if found.is_dir() {
        return Err(ErrorKind::IsADirectory.into());
    }
    if !found.is_file() {
        let what = "it is a pipe, a socket or a device, not a file";
        return Err(Error::new(ErrorKind::InvalidInput, what));
    }
    let mut bytes = Vec::new();
    // One byte more shows a file that is too long.
    file.take(most_bytes.saturating_add(1))
        .read_to_end(&mut bytes)?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > most_bytes {
        let what = format!("it has more than {most_bytes} bytes");
        return Err(Error::new(ErrorKind::FileTooLarge, what));
    }
    Ok(bytes)
}

/// The same for text of at most [`TEXT_BYTES`].
///
/// # Errors
/// Those of [`read`], and for what is not UTF-8.
pub fn read_text(path: &Path) -> Result<String> {
    let bytes = read(path, TEXT_BYTES)?;
    String::from_utf8(bytes).map_err(|error| Error::new(ErrorKind::InvalidData, error.utf8_error()))
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn kind(path: &str, most: u64) -> ErrorKind {
        read(Path::new(path), most).expect_err(path).kind()
    }

    #[test]
    fn nothing_is_read_without_end() {
        assert_eq!(kind("/dev/zero", 10), ErrorKind::InvalidInput);
        assert_eq!(kind("/", 10), ErrorKind::IsADirectory);
        assert_eq!(kind("/proc/self/maps", 10), ErrorKind::FileTooLarge);
        assert_eq!(kind("/there/is/none", 10), ErrorKind::NotFound);
    }

    #[test]
    fn a_file_as_long_as_it_may_be_is_read() {
        let path = std::env::temp_dir().join(format!("lapak-file-{}", std::process::id()));
        std::fs::write(&path, [7; 10]).expect("written");
        assert_eq!(read(&path, 10).expect("read"), [7; 10]);
        assert_eq!(
            read(&path, 9).expect_err("longer").kind(),
            ErrorKind::FileTooLarge
        );
        std::fs::remove_file(&path).expect("removed");
    }
}
