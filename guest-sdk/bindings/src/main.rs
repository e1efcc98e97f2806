//! Writes the Rust bindings of the WIT files into the sources (`make bindings`). They stand there, so that building an app runs
//! no generator; the test here tells when they are not what the WIT files say.

use std::io;
use std::path::{Path, PathBuf};

/// Where each file belongs, from the repository's root, and what it must be. The build script has made it.
const ALL: [(&str, &str); 2] = [
    (
        "guest-sdk/src/bindings/wit.rs",
        include_str!(concat!(env!("OUT_DIR"), "/mini-app.rs")),
    ),
    (
        "examples/embedder/guest/src/bindings.rs",
        include_str!(concat!(env!("OUT_DIR"), "/lamp-user.rs")),
    ),
];

fn main() -> io::Result<()> {
    for (file, text) in stale() {
        std::fs::write(path(file), text)?;
        println!("{file} is written anew");
    }
    Ok(())
}

/// The files that are not what they must be.
fn stale() -> impl Iterator<Item = (&'static str, &'static str)> {
    ALL.into_iter()
        .filter(|(file, text)| std::fs::read(path(file)).ok().as_deref() != Some(text.as_bytes()))
}

fn path(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sources_hold_what_the_wit_files_say() {
        let stale: Vec<_> = stale().map(|(file, _)| file).collect();
        assert!(
            stale.is_empty(),
            "{stale:?} are not what the WIT files say: `make bindings` writes them anew"
        );
    }
}
