//! A ZIP writer by hand, every field of which can lie.

use std::io::Write as _;

use flate2::{Compression, write::DeflateEncoder};

/// An entry as a hostile writer would make it: every field can lie.
#[derive(Clone)]
pub(crate) struct Entry {
    pub(crate) name: Vec<u8>,
    pub(crate) data: Vec<u8>,
    pub(crate) method: u16,
    pub(crate) flags: u16,
    pub(crate) mode: u32,
    /// What both headers say of the unpacked size and the CRC; the truth where it is `None`.
    pub(crate) size: Option<u32>,
    pub(crate) crc: Option<u32>,
    /// Name in the local header; the same where it is `None`.
    pub(crate) local_name: Option<Vec<u8>>,
    pub(crate) raw: Vec<u8>,
}

impl Entry {
    pub(crate) fn stored(name: impl AsRef<[u8]>, data: impl Into<Vec<u8>>) -> Self {
        let data = data.into();
        Self {
            name: name.as_ref().to_vec(),
            raw: data.clone(),
            data,
            method: 0,
            flags: 0,
            mode: 0o100_644,
            size: None,
            crc: None,
            local_name: None,
        }
    }

    pub(crate) fn deflated(name: &str, data: Vec<u8>) -> Self {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(&data).expect("packed");
        Self {
            data: encoder.finish().expect("packed"),
            raw: data,
            method: 8,
            ..Self::stored(name, Vec::new())
        }
    }
}

fn crc(bytes: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    crc.sum()
}

/// Writes a ZIP file by hand. `change` may lie in the end record.
pub(crate) fn zip(entries: &[Entry], change: impl FnOnce(&mut [u8; 22])) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for entry in entries {
        let at = u32::try_from(out.len()).expect("small");
        let size = entry
            .size
            .unwrap_or(u32::try_from(entry.raw.len()).expect("small"));
        let fields = |out: &mut Vec<u8>, name: &[u8]| {
            out.extend(20_u16.to_le_bytes());
            out.extend(entry.flags.to_le_bytes());
            out.extend(entry.method.to_le_bytes());
            out.extend([0; 4]);
            out.extend(entry.crc.unwrap_or_else(|| crc(&entry.raw)).to_le_bytes());
            out.extend(
                u32::try_from(entry.data.len())
                    .expect("small")
                    .to_le_bytes(),
            );
            out.extend(size.to_le_bytes());
            out.extend(u16::try_from(name.len()).expect("short").to_le_bytes());
            out.extend([0; 2]);
        };
        let local = entry.local_name.as_ref().unwrap_or(&entry.name);
        out.extend(b"PK\x03\x04");
        fields(&mut out, local);
        out.extend(local);
        out.extend(&entry.data);
        directory.extend(b"PK\x01\x02\x14\x03");
        fields(&mut directory, &entry.name);
        directory.extend([0; 6]);
        directory.extend((entry.mode << 16).to_le_bytes());
        directory.extend(at.to_le_bytes());
        directory.extend(&entry.name);
    }
    let mut end = [0; 22];
    end[..4].copy_from_slice(b"PK\x05\x06");
    let count = u16::try_from(entries.len()).expect("few").to_le_bytes();
    end[8..10].copy_from_slice(&count);
    end[10..12].copy_from_slice(&count);
    end[12..16].copy_from_slice(&u32::try_from(directory.len()).expect("small").to_le_bytes());
    end[16..20].copy_from_slice(&u32::try_from(out.len()).expect("small").to_le_bytes());
    change(&mut end);
    [out, directory, end.to_vec()].concat()
}
