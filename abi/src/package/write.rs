//! Writes packages: the same files give the same bytes.

use std::collections::BTreeMap;
use std::io::Write;

use flate2::Compression;
use flate2::write::DeflateEncoder;
use rawzip::{CompressionMethod, ZipArchiveWriter};

use super::{PackageError, file_name};

/// Gathers files and writes them in order of their paths, without dates.
#[derive(Clone, Debug, Default)]
pub struct PackageWriter {
    files: BTreeMap<String, Vec<u8>>,
}

impl PackageWriter {
    /// No files yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a file, over an older one of the same path.
    ///
    /// # Errors
    /// [`PackageError::FileName`] when the path must not stand in a package.
    pub fn file(
        &mut self,
        path: &str,
        bytes: impl Into<Vec<u8>>,
    ) -> Result<&mut Self, PackageError> {
        let path = file_name::checked(path.as_bytes())?;
        self.files.insert(path.to_owned(), bytes.into());
        Ok(self)
    }

    /// The package's bytes.
    ///
    /// # Errors
    /// Only when the ZIP format cannot hold the files.
    pub fn finish(&self) -> Result<Vec<u8>, PackageError> {
        let mut zip = ZipArchiveWriter::new(Vec::new());
        for (path, bytes) in &self.files {
            write(&mut zip, path, bytes).map_err(|error| PackageError::Damaged {
                path: path.clone(),
                what: error.to_string(),
            })?;
        }
        zip.finish()
            .map_err(|error| PackageError::NotAZip(error.to_string()))
    }
}

fn write(
    zip: &mut ZipArchiveWriter<Vec<u8>>,
    path: &str,
    bytes: &[u8],
) -> Result<(), Box<dyn std::error::Error>> {
    let method = CompressionMethod::DEFLATE;
    let (mut entry, config) = zip.new_file(path).compression_method(method).start()?;
    let encoder = DeflateEncoder::new(&mut entry, Compression::best());
    let mut writer = config.wrap(encoder);
    writer.write_all(bytes)?;
    let (encoder, descriptor) = writer.finish()?;
    encoder.finish()?;
    entry.finish(descriptor)?;
    Ok(())
}
