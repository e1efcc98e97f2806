//! The ZIP container, read with suspicion: every entry is looked at before any is inflated, and inflating stops
//! at the limits.

use std::collections::BTreeMap;
use std::io::Read;
use std::ops::Range;

use flate2::bufread::DeflateDecoder;
use rawzip::{
    CompressionMethod, ZipArchive, ZipArchiveEntryWayfinder, ZipFileHeaderRecord, ZipSliceArchive,
};

use super::names::Names;
use super::{PackageError, PackageLimits, file_name};

/// What a container held.
pub(super) struct Opened {
    pub(super) files: BTreeMap<String, Vec<u8>>,
    pub(super) signing_block: Option<Vec<u8>>,
}

const STORED: u16 = 0;
const DEFLATE: u16 = 8;
const END_RECORD: &[u8] = b"PK\x05\x06";
const END_RECORD_BYTES: usize = 22;
const FIRST_ENTRY: &[u8] = b"PK\x03\x04";

type Archive<'a> = ZipSliceArchive<&'a [u8]>;

pub(super) fn open(bytes: &[u8], limits: &PackageLimits) -> Result<Opened, PackageError> {
    if bytes.len() > limits.compressed_bytes {
        return Err(PackageError::TooLarge {
            found: bytes.len(),
            limit: limits.compressed_bytes,
        });
    }
    if !bytes.starts_with(FIRST_ENTRY) {
        let what = "it does not begin with PK\\x03\\x04".to_owned();
        return Err(PackageError::NotAZip(what));
    }
    let archive =
        ZipArchive::from_slice(bytes).map_err(|error| PackageError::NotAZip(error.to_string()))?;
    check_end(bytes, &archive)?;
    let mut reading = Reading {
        archive: &archive,
        limits,
        entries: Vec::new(),
        names: Names::new(limits.names_bytes),
        unpacked: 0,
    };
    let mut entries = archive.entries();
    while let Some(entry) = entries.next_entry().map_err(not_a_zip)? {
        if reading.entries.len() >= limits.files {
            let limit = limits.files;
            return Err(PackageError::TooManyFiles { limit });
        }
        reading.entry(&entry)?;
    }
    let seen = u64::try_from(reading.entries.len()).unwrap_or(u64::MAX);
    if seen != archive.entries_hint() {
        let what = format!(
            "it says it has {} entries and has {seen}",
            archive.entries_hint()
        );
        return Err(PackageError::NotAZip(what));
    }
    // Before anything is inflated: entries that share bytes would have them inflated once for each.
    let entries_end = reading.check_overlaps()?;
    let directory = usize_of(archive.directory_offset());
    let signing_block = signing_block(bytes.get(entries_end..directory))?;
    Ok(Opened {
        files: reading.contents()?,
        signing_block,
    })
}

/// The end record stands at the very end, names one disk, and needs no ZIP64, for which packages are too
/// small.
fn check_end(bytes: &[u8], archive: &Archive<'_>) -> Result<(), PackageError> {
    let at = usize_of(archive.eocd_offset());
    let record = bytes
        .get(at..at.saturating_add(END_RECORD_BYTES))
        .unwrap_or_default();
    if !record.starts_with(END_RECORD) {
        return Err(PackageError::NotAZip("it is a ZIP64 file".into()));
    }
    if record.get(4..8) != Some(&[0; 4]) || record.get(8..10) != record.get(10..12) {
        return Err(PackageError::Spanned);
    }
    let after = bytes
        .len()
        .saturating_sub(at.saturating_add(END_RECORD_BYTES));
    if after > 0 {
        // A comment counts too: nothing of a package may hide there.
        return Err(PackageError::Junk(u64::try_from(after).unwrap_or(u64::MAX)));
    }
    Ok(())
}

struct Reading<'a> {
    archive: &'a Archive<'a>,
    limits: &'a PackageLimits,
    entries: Vec<Found>,
    names: Names,
    unpacked: usize,
}

/// An entry that was looked at and not inflated yet.
struct Found {
    path: String,
    is_dir: bool,
    method: u16,
    range: Range<usize>,
    at: ZipArchiveEntryWayfinder,
}

impl Reading<'_> {
    fn entry(&mut self, entry: &ZipFileHeaderRecord<'_>) -> Result<(), PackageError> {
        let raw = entry.file_path();
        let name = raw.as_bytes();
        let name = name.strip_suffix(b"/").unwrap_or(name);
        let path = file_name::checked(name)?;
        check_entry(entry, path)?;
        self.names.claim(path, entry.is_dir())?;
        let local = self
            .archive
            .get_entry(entry.wayfinder())
            .map_err(|error| damaged(path, error))?;
        let header = local.local_header();
        if header.file_path().as_bytes() != raw.as_bytes()
            || header.compression_method() != entry.compression_method()
            || header.flags().bits() != entry.flags().bits()
        {
            return Err(damaged(path, "its two headers disagree"));
        }
        if entry.is_dir() && !local.data().is_empty() {
            return Err(damaged(path, "a folder with content"));
        }
        let (start, end) = local.compressed_data_range();
        let begins = usize_of(entry.local_header_offset());
        self.entries.push(Found {
            path: path.to_owned(),
            is_dir: entry.is_dir(),
            method: entry.compression_method().as_u16(),
            range: begins..usize_of(end).max(usize_of(start)),
            at: entry.wayfinder(),
        });
        Ok(())
    }

    /// Where the last entry's data ends. Entries follow one another without sharing a byte.
    fn check_overlaps(&mut self) -> Result<usize, PackageError> {
        self.entries.sort_by_key(|entry| entry.range.start);
        let mut end = 0;
        for entry in &self.entries {
            if entry.range.start < end {
                let path = entry.path.clone();
                return Err(PackageError::Overlap { path });
            }
            end = entry.range.end;
        }
        if let Some(first) = self.entries.first()
            && first.range.start > 0
        {
            let before = u64::try_from(first.range.start).unwrap_or(u64::MAX);
            return Err(PackageError::Junk(before));
        }
        Ok(end)
    }

    /// The files, inflated, each entry's bytes read once.
    fn contents(mut self) -> Result<BTreeMap<String, Vec<u8>>, PackageError> {
        let mut files = BTreeMap::new();
        for entry in std::mem::take(&mut self.entries) {
            if entry.is_dir {
                continue;
            }
            let path = entry.path;
            let local = self
                .archive
                .get_entry(entry.at)
                .map_err(|error| damaged(&path, error))?;
            let content = match entry.method {
                STORED => self.inflate(&path, &local, local.data())?,
                _ => self.inflate(&path, &local, DeflateDecoder::new(local.data()))?,
            };
            self.unpacked += content.len();
            files.insert(path, content);
        }
        Ok(files)
    }

    /// Reads at most what is left of the limit, and one byte more to see that it is passed.
    fn inflate(
        &self,
        path: &str,
        local: &rawzip::ZipSliceEntry<'_>,
        reader: impl Read,
    ) -> Result<Vec<u8>, PackageError> {
        let left = self.limits.unpacked_bytes - self.unpacked;
        let most = match super::is_read_as_text(path) {
            true => left.min(self.limits.text_bytes),
            false => left,
        };
        let one_more = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
        let mut content = Vec::new();
        let mut verified = local.verifying_reader(reader);
        verified
            .by_ref()
            .take(one_more)
            .read_to_end(&mut content)
            .map_err(|error| damaged(path, error))?;
        if content.len() > most {
            let path = path.to_owned();
            return Err(match content.len() > left {
                true => PackageError::UnpacksTooLarge {
                    path,
                    limit: self.limits.unpacked_bytes,
                },
                false => PackageError::TextTooLarge { path, limit: most },
            });
        }
        content.shrink_to_fit();
        // Size and CRC are compared when the end is read.
        let more = verified
            .read(&mut [0])
            .map_err(|error| damaged(path, error))?;
        if more > 0 {
            return Err(damaged(path, "it is longer than it says"));
        }
        Ok(content)
    }
}

fn check_entry(entry: &ZipFileHeaderRecord<'_>, path: &str) -> Result<(), PackageError> {
    let path = path.to_owned();
    if entry.flags().is_encrypted() || entry.flags().has_strong_encryption() {
        return Err(PackageError::Encrypted { path });
    }
    let method: CompressionMethod = entry.compression_method();
    let method = method.as_u16();
    if method != STORED && method != DEFLATE {
        return Err(PackageError::Method { path, method });
    }
    // The file type of a Unix mode: 0 where none was written, 4 a folder, 8 a plain file.
    let kind = entry.mode().value() >> 12 & 0xf;
    let plain = if entry.is_dir() { kind == 4 } else { kind == 8 };
    if kind != 0 && !plain {
        return Err(PackageError::SpecialFile { path });
    }
    Ok(())
}

const BLOCK_MAGIC: &[u8] = b"RPK Sig Block 42";
const BLOCK_FRAME: usize = 8 + 8 + 16;

/// Whatever stands between the entries and the central directory: data descriptors aside, only a signing
/// block may. Its frame: length, pairs, the same length, magic.
fn signing_block(gap: Option<&[u8]>) -> Result<Option<Vec<u8>>, PackageError> {
    let gap = gap.unwrap_or_default();
    let Some(before_magic) = gap.strip_suffix(BLOCK_MAGIC) else {
        // A data descriptor of the last entry has at most 24 bytes.
        return match gap.len() {
            0..=24 => Ok(None),
            _ => Err(PackageError::SigningBlock("it does not end with its magic")),
        };
    };
    let wrong = || PackageError::SigningBlock("its two lengths disagree");
    let length = |bytes: Option<&[u8]>| -> Option<usize> {
        usize::try_from(u64::from_le_bytes(bytes?.try_into().ok()?)).ok()
    };
    let size_at = before_magic.len().checked_sub(8).ok_or_else(wrong)?;
    let size = length(before_magic.get(size_at..)).ok_or_else(wrong)?;
    let start = gap
        .len()
        .checked_sub(size.saturating_add(8))
        .ok_or_else(wrong)?;
    if length(gap.get(start..start + 8)) != Some(size) || size + 8 < BLOCK_FRAME {
        return Err(wrong());
    }
    Ok(gap.get(start..).map(<[u8]>::to_vec))
}

fn not_a_zip(error: rawzip::Error) -> PackageError {
    PackageError::NotAZip(error.to_string())
}

fn damaged(path: &str, what: impl ToString) -> PackageError {
    PackageError::Damaged {
        path: path.to_owned(),
        what: what.to_string(),
    }
}

/// Offsets lie within a slice, so they fit.
fn usize_of(offset: u64) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX)
}
