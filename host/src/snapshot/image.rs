//! What a memory is compared with, and the difference in bytes.
//!
//! An [`Image`] is a memory that many sessions of an app have nearly in common: that of a fresh instance, or
//! of an app that was just launched. A session's memory is kept as the words that differ from its image.

use std::sync::{Arc, OnceLock};

use super::pile::{Pile, Put};
use super::slots::{PAGE, SlotView, Touched};

/// The unit of the difference, in bytes. Small enough that a changed counter costs little, large enough to compare fast.
const WORD: usize = 8;
/// From so many pages on, room for all is made at once.
const MANY_PAGES: usize = 256;
/// What is looked at first: a line of the processor's cache, in bytes.
const BLOCK: usize = 64;
/// Words of a page.
const WORDS: usize = PAGE / WORD;

static ZEROS: [u8; PAGE] = [0; PAGE];

/// The content of a memory; pages that are zero take no room.
#[derive(Clone, Debug, Default)]
pub(crate) struct Image {
    pages: Vec<Option<Box<[u8; PAGE]>>>,
    /// What the host remembered of the session that the image is of, as bytes; empty for a fresh instance.
    host: Box<[u8]>,
    hash: OnceLock<[u8; 32]>,
}

/// A memory whose difference cannot be read: damaged, or made with another image.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the snapshot's memory does not fit its image")]
pub(crate) struct BrokenDelta;

impl Image {
    /// Copies a memory.
    pub(crate) fn capture(view: &SlotView<'_>) -> Arc<Self> {
        let mut image = Self::default();
        for index in view.touched().pages() {
            let content = view.page(index).filter(|page| **page != ZEROS);
            if let Some(content) = content {
                image.pages.resize(index + 1, None);
                image.pages[index] = Some(Box::new(*content));
            }
        }
        Arc::new(image)
    }

    /// The same memory, with what the host remembered of the session.
    pub(crate) fn with_host(&self, host: Vec<u8>) -> Arc<Self> {
        Arc::new(Self {
            pages: self.pages.clone(),
            host: host.into_boxed_slice(),
            hash: OnceLock::new(),
        })
    }

    pub(crate) fn host(&self) -> &[u8] {
        &self.host
    }

    /// Bytes that it takes.
    pub(crate) fn bytes(&self) -> usize {
        self.pages.iter().flatten().count() * PAGE
    }

    /// Names the content: two images with this hash are the same.
    pub(crate) fn hash(&self) -> [u8; 32] {
        *self.hash.get_or_init(|| self.hash_after(0))
    }

    /// Names the content from the byte `scratch` on.
    pub(crate) fn hash_after(&self, scratch: usize) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new();
        // The length too, or a part of the one could be taken for a part of the other.
        let host_bytes = u64::try_from(self.host.len()).unwrap_or(u64::MAX);
        hasher.update(&host_bytes.to_le_bytes());
        hasher.update(&self.host);
        let first = scratch / PAGE;
        for (index, page) in self.kept().filter(|(index, _)| *index >= first) {
            hasher.update(&u64::try_from(index).unwrap_or(u64::MAX).to_le_bytes());
            hasher.update(page);
        }
        hasher.finalize().into()
    }

    /// The image as bytes, for keeping.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes =
            Vec::with_capacity(self.host.len() + self.bytes() + self.pages.len() * 4 + 4);
        put_number(&mut bytes, self.host.len());
        bytes.extend_from_slice(&self.host);
        for (index, page) in self.kept() {
            bytes.extend_from_slice(&u32::try_from(index).unwrap_or(u32::MAX).to_le_bytes());
            bytes.extend_from_slice(page);
        }
        bytes
    }

    /// Reads what [`to_bytes`](Self::to_bytes) made.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self, BrokenDelta> {
        let mut rest = bytes;
        let length = take_number(&mut rest)?;
        let (host, pages) = rest.split_at_checked(length).ok_or(BrokenDelta)?;
        let mut image = Self {
            host: host.into(),
            ..Self::default()
        };
        for entry in pages.chunks(4 + PAGE) {
            let (index, page) = entry.split_first_chunk::<4>().ok_or(BrokenDelta)?;
            let index = usize::try_from(u32::from_le_bytes(*index)).map_err(|_| BrokenDelta)?;
            let page: [u8; PAGE] = page.try_into().map_err(|_| BrokenDelta)?;
            // A 32-bit memory has a million pages.
            if index < image.pages.len() || index >= 1 << 20 {
                return Err(BrokenDelta);
            }
            image.pages.resize(index + 1, None);
            image.pages[index] = Some(Box::new(page));
        }
        Ok(image)
    }

    fn kept(&self) -> impl Iterator<Item = (usize, &[u8; PAGE])> {
        let pages = self.pages.iter().enumerate();
        pages.filter_map(|(index, page)| Some((index, &**page.as_ref()?)))
    }

    fn page(&self, index: usize) -> &[u8; PAGE] {
        let page = self.pages.get(index).and_then(Option::as_ref);
        page.map_or(&ZEROS, |page| page)
    }
}

impl Touched {
    /// The indices of the pages, in order.
    pub(crate) fn pages(&self) -> impl Iterator<Item = usize> {
        let (all, some) = match self {
            Self::All(pages) => (*pages, [].as_slice()),
            Self::Some(pages) => (0, pages.as_slice()),
        };
        let some = some
            .iter()
            .map(|page| usize::try_from(*page).unwrap_or(usize::MAX));
        (0..all).chain(some)
    }
}

/// Which pages of a memory differ from an image, in order.
pub(crate) type Dirty = Vec<u32>;

/// Appends to `delta` where a memory differs from `image`, and tells which pages those are. The first `scratch` bytes hold
/// nothing that anybody needs: where they differ is told, so that it can be put back, but not written down.
pub(crate) fn difference(
    image: &Image,
    view: &SlotView<'_>,
    scratch: usize,
    delta: &mut Pile,
) -> Dirty {
    let first = scratch / PAGE;
    let mut dirty = Dirty::new();
    let mut last = 0;
    let candidates = candidates(image, view);
    let many = candidates.len() > MANY_PAGES;
    if many {
        // Grown step by step it would take twice its room.
        delta.reserve(candidates.len() * (PAGE + WORD));
    }
    for (done, index) in candidates.into_iter().enumerate() {
        if many && done % MANY_PAGES == 0 {
            // Whoever compares much is in no hurry, and others may be.
            std::thread::yield_now();
        }
        let (Some(page), like) = (view.page(index), image.page(index)) else {
            continue;
        };
        if page == like {
            continue;
        }
        if index >= first {
            put_number(delta, index - last);
            last = index;
            put_page(delta, page, like);
        }
        dirty.push(u32::try_from(index).unwrap_or(u32::MAX));
    }
    dirty
}

/// A difference that is being put into a memory, a part at a time.
pub(crate) struct Delta<'a> {
    rest: &'a [u8],
    index: usize,
    dirty: Dirty,
}

impl<'a> Delta<'a> {
    /// What [`difference`] wrote, for a memory that is like the image everywhere.
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self {
            rest: bytes,
            index: 0,
            dirty: Dirty::new(),
        }
    }

    /// Puts at most `pages` pages in; tells whether there are more.
    pub(crate) fn apply(
        &mut self,
        view: &mut SlotView<'_>,
        pages: usize,
    ) -> Result<bool, BrokenDelta> {
        for _ in 0..pages {
            if self.rest.is_empty() {
                return Ok(false);
            }
            let step = take_number(&mut self.rest)?;
            self.index = self.index.checked_add(step).ok_or(BrokenDelta)?;
            let page = view.page_mut(self.index).ok_or(BrokenDelta)?;
            take_page(&mut self.rest, page)?;
            let index = u32::try_from(self.index).map_err(|_| BrokenDelta)?;
            self.dirty.push(index);
        }
        Ok(!self.rest.is_empty())
    }

    /// The pages that differ from the image now.
    pub(crate) fn dirty(self) -> Dirty {
        self.dirty
    }
}

/// Puts the image's content back into these pages.
pub(crate) fn restore(image: &Image, view: &mut SlotView<'_>, dirty: &Dirty) {
    for index in dirty {
        let index = usize::try_from(*index).unwrap_or(usize::MAX);
        if let Some(page) = view.page_mut(index) {
            page.copy_from_slice(image.page(index));
        }
    }
}

/// Which pages of a memory differ from `image`.
pub(crate) fn differing(image: &Image, view: &SlotView<'_>) -> Dirty {
    let differs = |index: &usize| {
        view.page(*index)
            .is_some_and(|page| page != image.page(*index))
    };
    let all = candidates(image, view).into_iter().filter(differs);
    all.filter_map(|index| u32::try_from(index).ok()).collect()
}

/// Every page that can differ: touched, or not zero in the image.
fn candidates(image: &Image, view: &SlotView<'_>) -> Vec<usize> {
    let pages = view.pages();
    match view.touched() {
        Touched::All(pages) => (0..pages).collect(),
        Touched::Some(touched) => {
            let kept = image.kept().map(|(index, _)| index);
            let mut all: Vec<usize> = touched
                .into_iter()
                .filter_map(|page| usize::try_from(page).ok())
                .chain(kept.filter(|index| *index < pages))
                .collect();
            all.sort_unstable();
            all.dedup();
            all
        }
    }
}

/// Runs of words that differ: how many runs, then for each how many words to skip, how many follow, and those.
fn put_page(delta: &mut Pile, page: &[u8; PAGE], like: &[u8; PAGE]) {
    let runs = runs(page, like);
    put_number(delta, runs.len());
    let mut end = 0;
    for (start, stop) in runs {
        put_number(delta, start - end);
        put_number(delta, stop - start);
        delta.put(&page[start * WORD..stop * WORD]);
        end = stop;
    }
}

/// Where two pages differ: runs of words, each from its first to the one after its last.
fn runs(page: &[u8; PAGE], like: &[u8; PAGE]) -> Vec<(usize, usize)> {
    // Arrays of known sizes: a comparison is one of a few registers. Most blocks are the same.
    let (blocks, like_blocks) = (page.as_chunks::<BLOCK>().0, like.as_chunks::<BLOCK>().0);
    let mut runs: Vec<(usize, usize)> = Vec::with_capacity(16);
    for (block, (content, like)) in blocks.iter().zip(like_blocks).enumerate() {
        if content == like {
            continue;
        }
        let words = content.as_chunks::<WORD>().0.iter();
        for (word, (content, like)) in words.zip(like.as_chunks::<WORD>().0).enumerate() {
            if content == like {
                continue;
            }
            let word = block * (BLOCK / WORD) + word;
            match runs.last_mut() {
                Some((_, stop)) if *stop == word => *stop += 1,
                _ => runs.push((word, word + 1)),
            }
        }
    }
    runs
}

/// Writes the runs into a page that holds the image's content.
fn take_page(rest: &mut &[u8], page: &mut [u8; PAGE]) -> Result<(), BrokenDelta> {
    let mut word = 0_usize;
    for _ in 0..take_number(rest)? {
        let start = word.checked_add(take_number(rest)?).ok_or(BrokenDelta)?;
        let stop = start.checked_add(take_number(rest)?).ok_or(BrokenDelta)?;
        if stop > WORDS {
            return Err(BrokenDelta);
        }
        let bytes = (stop - start) * WORD;
        let (content, after) = rest.split_at_checked(bytes).ok_or(BrokenDelta)?;
        page[start * WORD..stop * WORD].copy_from_slice(content);
        *rest = after;
        word = stop;
    }
    Ok(())
}

/// LEB128.
pub(crate) fn put_number(to: &mut impl Put, number: usize) {
    let mut rest = number;
    while rest >= 0x80 {
        to.put(&[u8::try_from(rest & 0x7f).unwrap_or(0x7f) | 0x80]);
        rest >>= 7;
    }
    to.put(&[u8::try_from(rest).unwrap_or(0x7f)]);
}

/// LEB128.
pub(crate) fn take_number(from: &mut &[u8]) -> Result<usize, BrokenDelta> {
    let mut number = 0_usize;
    for shift in (0..usize::BITS).step_by(7) {
        let (byte, rest) = from.split_first().ok_or(BrokenDelta)?;
        *from = rest;
        let part = usize::from(byte & 0x7f);
        number |= part
            .checked_shl(shift)
            .filter(|shifted| shifted >> shift == part)
            .ok_or(BrokenDelta)?;
        if byte & 0x80 == 0 {
            return Ok(number);
        }
    }
    Err(BrokenDelta)
}

#[cfg(test)]
mod tests;
