//! Sealed snapshots: compressed, encrypted and authenticated, for one session and by one host.
//!
//! A snapshot is a person's form half filled in, and it is memory that an app will run on. So the store that
//! keeps it is not trusted with it:
//!
//! ```text
//! magic "LAPAKSNP" (8) | format (1) | layout (2) | key id (8) | nonce (24) | encrypted | tag (16)
//! └──────────────── header, readable by all ────────────────┘              │
//!                                                       length (4), LZ4 block
//! ```
//!
//! A large snapshot is sealed in parts, so that no more than one of them need be in memory besides what it holds: see
//! [`seal_part`].
//!
//! XChaCha20-Poly1305 encrypts and authenticates; header, nonce and session id are authenticated with it. The
//! nonce is random: 24 bytes are enough to never meet the same one twice. Numbers are little-endian.
//!
//! # Security
//! Protected from whoever can read or write the store but has no host key: what the snapshot holds; every byte
//! of it; that it belongs to this session and not to another; that it was made by a host with this key.
//!
//! Not protected:
//! - **Going back.** Whoever can write the store can put an older snapshot of the same session in place of the
//!   newest, or remove it. What must not happen twice (a payment) must be kept elsewhere, as a ledger does.
//! - **Length**, and with it how well the contents compress. Somebody who can choose part of a session's memory
//!   and watch the length of many snapshots can learn about the rest.
//! - When a session was frozen, and which host's key sealed it (the key id says only "the same" or "another").

use chacha20poly1305::{AeadInOut, KeyInit, Tag, XChaCha20Poly1305, XNonce};

use super::compressed::{self, UnpackError};
use crate::host_key::HostKey;
use crate::session_id::SessionId;

/// The format that [`seal`] writes, and the newest that [`open`] reads.
pub const FORMAT: u8 = 1;

const MAGIC: &[u8; 8] = b"LAPAKSNP";
const HEADER_BYTES: usize = 8 + 1 + 2 + KEY_ID_BYTES;
const KEY_ID_BYTES: usize = 8;
const NONCE_BYTES: usize = 24;
const TAG_BYTES: usize = 16;

const KEY_PURPOSE: &str = "lapak snapshot seal v1";
const KEY_ID_PURPOSE: &str = "lapak snapshot seal key id v1";

/// What a host seals and opens snapshots with. Made once from the host's key.
#[derive(Clone)]
pub struct SealKey {
    cipher: XChaCha20Poly1305,
    id: [u8; KEY_ID_BYTES],
}

impl SealKey {
    /// The sealing key of the host with `key`.
    #[must_use]
    pub fn new(key: &HostKey) -> Self {
        let [a, b, c, d, e, f, g, h, ..] = key.derive(KEY_ID_PURPOSE);
        Self {
            cipher: XChaCha20Poly1305::new(&key.derive(KEY_PURPOSE).into()),
            id: [a, b, c, d, e, f, g, h],
        }
    }
}

impl std::fmt::Debug for SealKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SealKey(id {})", hex(self.id))
    }
}

/// What a caller of [`open`] can take.
#[derive(Debug, Clone, Copy)]
pub struct Accepts {
    /// The oldest layout of the contents that it understands.
    pub oldest_layout: u16,
    /// The newest layout of the contents that it understands.
    pub newest_layout: u16,
    /// The largest contents, in bytes. No more than this is ever allocated for them.
    pub plain_bytes: usize,
}

/// An opened snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// The version of the contents' layout, as it was given to [`seal`].
    pub layout: u16,
    /// The contents, as they were given to [`seal`].
    pub plain: Vec<u8>,
}

/// A snapshot cannot be sealed or opened.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// The bytes do not begin as a sealed snapshot does.
    #[error(
        "not a sealed snapshot: the store holds something else under this session; end the session and launch it anew"
    )]
    NotASnapshot,
    /// The seal or the contents have a version that this host does not know.
    #[error(
        "the snapshot was made by a newer host: its {part} has version {found}, this host knows up to {known}; update \
         this host"
    )]
    Newer {
        /// `seal` or `layout`.
        part: &'static str,
        /// The snapshot's version.
        found: u16,
        /// The newest version that is known here.
        known: u16,
    },
    /// The contents have a layout that this host does not read any more.
    #[error(
        "the snapshot was made by an older host: its layout has version {found}, this host reads {oldest} and newer; launch the app anew, \
         what it stored is there"
    )]
    Older {
        /// The snapshot's version.
        found: u16,
        /// The oldest version that is read here.
        oldest: u16,
    },
    /// Another host's key sealed it.
    #[error(
        "the snapshot was sealed with the key {found}, this host has the key {ours}: it is another host's; copy that \
         host's key file here, or end the session and launch it anew"
    )]
    OtherKey {
        /// The id of the key that sealed it, in hexadecimal.
        found: String,
        /// The id of the key that is used here, in hexadecimal.
        ours: String,
    },
    /// It is not as it was sealed, or it is another session's.
    #[error(
        "the snapshot was changed, cut short, or belongs to another session: it cannot be trusted; end the session and \
         launch it anew"
    )]
    Tampered,
    /// The contents pass the limit.
    #[error(
        "the snapshot's contents have {bytes} bytes, the limit is {limit}; raise the limit or end the session"
    )]
    TooLarge {
        /// What the contents have, in bytes.
        bytes: usize,
        /// What is allowed, in bytes.
        limit: usize,
    },
    /// The system has no randomness to give.
    #[error("no random nonce could be had from the system: {0}; try again")]
    NoRandomness(std::io::Error),
}

/// Seals `plain`, a snapshot of `session`. `layout` is the version of its layout, chosen by the caller; it can
/// be read by everybody.
///
/// # Errors
/// [`SealError::TooLarge`] from 4 GiB on; [`SealError::NoRandomness`].
pub fn seal(
    key: &SealKey,
    session: SessionId,
    layout: u16,
    plain: &[u8],
) -> Result<Vec<u8>, SealError> {
    seal_bound(key, &Bound::whole(session), layout, plain)
}

/// Which part of a snapshot some bytes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PartOf {
    /// The session whose snapshot it is.
    pub session: SessionId,
    /// Random, and the same for all parts of one snapshot: none can be put in place of an older snapshot's.
    pub set: [u8; 16],
    /// Its place among them.
    pub number: u32,
}

/// Seals a part of a large snapshot. How many there are must be told by something that is sealed itself: a missing last
/// one cannot be seen here.
///
/// # Errors
/// As [`seal`].
pub fn seal_part(
    key: &SealKey,
    part: PartOf,
    layout: u16,
    plain: &[u8],
) -> Result<Vec<u8>, SealError> {
    seal_bound(key, &Bound::part(part), layout, plain)
}

fn seal_bound(
    key: &SealKey,
    bound: &Bound,
    layout: u16,
    plain: &[u8],
) -> Result<Vec<u8>, SealError> {
    let mut nonce = [0; NONCE_BYTES];
    getrandom::fill(&mut nonce).map_err(|error| SealError::NoRandomness(error.into()))?;
    let header = Header {
        format: FORMAT,
        layout,
        key_id: key.id,
    };
    let mut sealed = header.to_bytes().to_vec();
    sealed.extend_from_slice(&nonce);
    compressed::pack_onto(&mut sealed, plain).map_err(|_| SealError::TooLarge {
        bytes: plain.len(),
        limit: u32::MAX as usize,
    })?;
    let associated = bound.with(&header);
    let contents = &mut sealed[HEADER_BYTES + NONCE_BYTES..];
    let tag = key
        .cipher
        .encrypt_inout_detached(&XNonce::from(nonce), &associated, contents.into())
        // The cipher's own limit is 256 GiB, which the packing has excluded.
        .map_err(|_| SealError::TooLarge {
            bytes: plain.len(),
            limit: u32::MAX as usize,
        })?;
    sealed.extend_from_slice(&tag);
    Ok(sealed)
}

/// Opens what [`seal`] made for `session`.
///
/// # Errors
/// When it is not a sealed snapshot, or not one that this host, this session and this caller can take: see
/// [`SealError`]. Nothing of the contents is given out, or unpacked, unless every byte is authentic.
pub fn open(
    key: &SealKey,
    session: SessionId,
    accepts: Accepts,
    sealed: impl Into<Vec<u8>>,
) -> Result<Opened, SealError> {
    open_bound(key, &Bound::whole(session), accepts, sealed.into())
}

/// Opens what [`seal_part`] made for this very part.
///
/// # Errors
/// As [`open`].
pub fn open_part(
    key: &SealKey,
    part: PartOf,
    accepts: Accepts,
    sealed: impl Into<Vec<u8>>,
) -> Result<Opened, SealError> {
    open_bound(key, &Bound::part(part), accepts, sealed.into())
}

fn open_bound(
    key: &SealKey,
    bound: &Bound,
    accepts: Accepts,
    mut sealed: Vec<u8>,
) -> Result<Opened, SealError> {
    let header = Header::parse(&sealed)?;
    header.check(key, accepts)?;
    // Where it lies: a large one is not copied.
    let (nonce, rest) = sealed[HEADER_BYTES..]
        .split_first_chunk_mut::<NONCE_BYTES>()
        .ok_or(SealError::Tampered)?;
    let (contents, tag) = rest
        .split_last_chunk_mut::<TAG_BYTES>()
        .ok_or(SealError::Tampered)?;
    key.cipher
        .decrypt_inout_detached(
            &XNonce::from(*nonce),
            &bound.with(&header),
            (&mut *contents).into(),
            &Tag::from(*tag),
        )
        .map_err(|_| SealError::Tampered)?;
    let plain = compressed::unpack(contents, accepts.plain_bytes).map_err(|error| match error {
        UnpackError::TooLarge { bytes } => SealError::TooLarge {
            bytes,
            limit: accepts.plain_bytes,
        },
        UnpackError::Broken => SealError::Tampered,
    })?;
    Ok(Opened {
        layout: header.layout,
        plain,
    })
}

/// The readable part of a sealed snapshot.
struct Header {
    format: u8,
    layout: u16,
    key_id: [u8; KEY_ID_BYTES],
}

impl Header {
    fn to_bytes(&self) -> [u8; HEADER_BYTES] {
        let mut bytes = [0; HEADER_BYTES];
        bytes[..8].copy_from_slice(MAGIC);
        bytes[8] = self.format;
        bytes[9..11].copy_from_slice(&self.layout.to_le_bytes());
        bytes[11..].copy_from_slice(&self.key_id);
        bytes
    }

    fn parse(sealed: &[u8]) -> Result<Self, SealError> {
        let rest = sealed.strip_prefix(MAGIC).ok_or(SealError::NotASnapshot)?;
        let (&format, rest) = rest.split_first().ok_or(SealError::Tampered)?;
        // Of a newer format nothing further is known, not even where its key id stands.
        if format != FORMAT {
            return Err(SealError::Newer {
                part: "seal",
                found: format.into(),
                known: FORMAT.into(),
            });
        }
        let (layout, rest) = rest.split_first_chunk().ok_or(SealError::Tampered)?;
        let (key_id, _) = rest.split_first_chunk().ok_or(SealError::Tampered)?;
        Ok(Self {
            format,
            layout: u16::from_le_bytes(*layout),
            key_id: *key_id,
        })
    }

    /// Whether this host and this caller can take it, by its own word. Checked before the seal, so that the
    /// error says the cure; whoever forges these bytes is refused here or at the seal.
    fn check(&self, key: &SealKey, accepts: Accepts) -> Result<(), SealError> {
        if self.key_id != key.id {
            return Err(SealError::OtherKey {
                found: hex(self.key_id),
                ours: hex(key.id),
            });
        }
        if self.layout < accepts.oldest_layout {
            return Err(SealError::Older {
                found: self.layout,
                oldest: accepts.oldest_layout,
            });
        }
        if self.layout > accepts.newest_layout {
            return Err(SealError::Newer {
                part: "layout",
                found: self.layout,
                known: accepts.newest_layout,
            });
        }
        Ok(())
    }
}

/// What a seal is bound to, besides its header. Its two kinds differ in length, so that none looks like another.
struct Bound(Vec<u8>);

impl Bound {
    fn whole(session: SessionId) -> Self {
        Self(session.as_bytes().to_vec())
    }

    fn part(part: PartOf) -> Self {
        let (session, number) = (part.session.as_bytes(), part.number.to_le_bytes());
        Self([&session[..], &part.set, &number].concat())
    }

    /// What is authenticated beside the contents.
    fn with(&self, header: &Header) -> Vec<u8> {
        [&header.to_bytes()[..], &self.0].concat()
    }
}

fn hex(id: [u8; KEY_ID_BYTES]) -> String {
    format!("{:016x}", u64::from_be_bytes(id))
}
