//! Which characters a font has: its table `cmap` (OpenType), read without the rest of the file.

use std::io::{Read, Seek, SeekFrom};

use skrifa::raw::tables::cmap::Cmap;
use skrifa::raw::{FontData, FontRead as _};

/// The largest table that is read, in bytes. That of a font of all Chinese characters has 400 KiB.
const MAX_TABLE_BYTES: u32 = 4 << 20;
/// The most fonts of one collection that are looked at.
const MAX_FACES: u32 = 64;

/// A set of characters, as ranges in order that do not touch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Coverage(Vec<(u32, u32)>);

impl Coverage {
    /// Of a whole font file, or of all in a collection.
    pub(super) fn of(bytes: &[u8]) -> Option<Self> {
        Self::read(&mut std::io::Cursor::new(bytes))
    }

    /// Of a font file of which only the table is read.
    pub(super) fn read(file: &mut (impl Read + Seek)) -> Option<Self> {
        let mut all = Self::default();
        for start in faces(file)? {
            if let Some(table) = table(file, start) {
                all.join(Self::of_table(&table));
            }
        }
        (!all.0.is_empty()).then_some(all)
    }

    #[cfg(test)]
    pub(super) fn only(c: char) -> Self {
        Self(vec![(c.into(), c.into())])
    }

    fn of_table(table: &[u8]) -> Self {
        let Ok(cmap) = Cmap::read(FontData::new(table)) else {
            return Self::default();
        };
        let Some((_, _, subtable)) = cmap.best_subtable() else {
            return Self::default();
        };
        let mut found: Vec<u32> = subtable.iter().map(|(c, _)| c).collect();
        found.sort_unstable();
        let mut ranges: Vec<(u32, u32)> = Vec::new();
        for c in found {
            match ranges.last_mut() {
                Some((_, to)) if *to + 1 >= c => *to = c.max(*to),
                _ => ranges.push((c, c)),
            }
        }
        Self(ranges)
    }

    pub(super) fn has(&self, c: char) -> bool {
        let c = u32::from(c);
        let after = self.0.partition_point(|(from, _)| *from <= c);
        after
            .checked_sub(1)
            .and_then(|at| self.0.get(at))
            .is_some_and(|(_, to)| c <= *to)
    }

    pub(super) fn join(&mut self, other: Self) {
        let mut all = std::mem::take(&mut self.0);
        all.extend(other.0);
        all.sort_unstable();
        for (from, to) in all {
            match self.0.last_mut() {
                Some((_, end)) if end.saturating_add(1) >= from => *end = to.max(*end),
                _ => self.0.push((from, to)),
            }
        }
    }
}

/// Where the fonts of a file begin.
fn faces(file: &mut (impl Read + Seek)) -> Option<Vec<u64>> {
    let head = bytes(file, 0, 12)?;
    match head.get(..4)? {
        [0, 1, 0, 0] | b"OTTO" | b"true" => Some(vec![0]),
        b"ttcf" => {
            let count = number(&head, 8)?.min(MAX_FACES);
            let offsets = bytes(file, 12, usize::try_from(count).ok()? * 4)?;
            let starts = (0..offsets.len() / 4).filter_map(|nth| number(&offsets, nth * 4));
            Some(starts.map(u64::from).collect())
        }
        _ => None,
    }
}

/// The bytes of the table of the font that begins at `start`.
fn table(file: &mut (impl Read + Seek), start: u64) -> Option<Vec<u8>> {
    let head = bytes(file, start, 12)?;
    let count = u16::from_be_bytes(head.get(4..6)?.try_into().ok()?);
    let records = bytes(file, start + 12, usize::from(count) * 16)?;
    let record = records
        .chunks_exact(16)
        .find(|record| record.starts_with(b"cmap"))?;
    let (offset, length) = (number(record, 8)?, number(record, 12)?);
    if length > MAX_TABLE_BYTES {
        return None;
    }
    bytes(file, offset.into(), usize::try_from(length).ok()?)
}

fn bytes(file: &mut (impl Read + Seek), at: u64, count: usize) -> Option<Vec<u8>> {
    file.seek(SeekFrom::Start(at)).ok()?;
    let mut bytes = vec![0; count];
    file.read_exact(&mut bytes).ok()?;
    Some(bytes)
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    let four = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_be_bytes(four.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::Coverage;

    #[test]
    fn sets_are_joined_and_looked_into() {
        let mut set = Coverage(vec![(0x20, 0x7E), (0x400, 0x45F)]);
        set.join(Coverage(vec![(0x7F, 0x80), (0x410, 0x500)]));
        assert_eq!(set, Coverage(vec![(0x20, 0x80), (0x400, 0x500)]));
        assert!(set.has('a') && set.has('я') && !set.has('α') && !set.has('\u{1F}'));
    }

    #[test]
    fn what_is_no_font_has_no_characters() {
        for bytes in [
            &b""[..],
            b"ttcf",
            b"ttcf\0\0\0\0\xff\xff\xff\xff",
            b"\0\x01\0\0\xff\xff\0\0\0\0\0\0",
            &[0; 64],
        ] {
            assert_eq!(Coverage::of(bytes), None);
        }
    }
}
