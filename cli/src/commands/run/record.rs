//! Recordings as files.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;

use lapak_host::Session;
use lapak_host::recording::{RecordOptions, Recording};

use crate::failure::Failure;
use crate::output;

/// Everything, with what each event came to.
pub(super) const OPTIONS: RecordOptions = RecordOptions {
    most_bytes: 256 << 20,
    hashes: true,
};

/// Writes what went into a session into a file that is its owner's alone: it holds what a person put in.
pub(super) fn write(path: &Path, session: &Session) -> Result<(), Failure> {
    let Some(recording) = session.recording() else {
        return Err(Failure::machine("the session was not recorded"));
    };
    if recording.cut {
        output::note("warning: the session grew too long; the recording holds its beginning");
    }
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path).map_err(|error| told(path, &error))?;
    file.write_all(&recording.to_bytes())
        .map_err(|error| told(path, &error))
}

/// The longest recording that is read, in bytes.
const MOST_BYTES: u64 = 256 << 20;

/// Reads a recording.
pub(super) fn read(path: &Path) -> Result<Recording, Failure> {
    let bytes = lapak_abi::file::read(path, MOST_BYTES).map_err(|error| {
        Failure::app(format!(
            "{}: {error}. Name a file that --record or the preview made",
            path.display()
        ))
    })?;
    Recording::from_bytes(&bytes)
        .map_err(|error| Failure::app(format!("{}: {error}", path.display())))
}

fn told(path: &Path, error: &std::io::Error) -> Failure {
    Failure::machine(format!(
        "{}: {error}. Choose another file with --record",
        path.display()
    ))
}
