//! Whose an app is.

use std::sync::Arc;

use lapak_abi::package::Package;

/// Where an app's package comes from, and so whose it is. Two packages of one `app_id` from two sources are two apps: neither
/// reads what the other keeps, and nobody's answer to one counts for the other.
///
/// # Security
/// `app_id` is whatever an author wrote into a manifest. Only [`Registry`](Self::Registry) takes it at its word.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum AppSource {
    /// The embedder vouches that an `app_id` is one developer's, as a shop that gives ids out can.
    Registry,
    /// A developer's key, by its SHA-256, whose signature of this very package was found good. This library does not verify
    /// signatures yet: whoever says so must have.
    Developer([u8; 32]),
    /// Unsigned, from a place that the embedder names: a folder, a file, an upload of somebody's.
    Place(Arc<str>),
    /// Unsigned, from nowhere in particular: this package alone, to the byte.
    Package,
}

/// How much of a hash tells sources apart, in bytes.
const MARK_BYTES: usize = 16;

impl AppSource {
    /// The app's id on this host: its `app_id`, and behind `@`, which no `app_id` holds, whose it is.
    pub(super) fn owner_id(&self, package: &Package) -> Arc<str> {
        let app_id = package.manifest().app_id.as_str();
        let (kind, source): (u8, &[u8]) = match self {
            Self::Registry => return app_id.into(),
            Self::Developer(key) => (1, key),
            Self::Place(place) => (2, place.as_bytes()),
            Self::Package => (3, &package.digest()),
        };
        let mut hasher = blake3::Hasher::new_derive_key("lapak app source v1");
        hasher.update(&[kind]).update(source);
        let mark = hasher.finalize().to_hex();
        let mark = mark.get(..2 * MARK_BYTES).unwrap_or(&mark).to_owned();
        format!("{app_id}@{mark}").into()
    }

    /// Who waits for whom where packages are compiled.
    pub(crate) fn line(&self, package: &Package) -> Arc<str> {
        match self {
            Self::Place(place) => format!("place {place}").into(),
            Self::Developer(key) => format!("developer {key:?}").into(),
            Self::Registry | Self::Package => format!("app {}", package.manifest().app_id).into(),
        }
    }
}

/// The `app_id` of a manifest, out of an app's id on this host: what merchants and servers know the app by.
pub(crate) fn manifest_id(owner_id: &str) -> &str {
    owner_id
        .split_once('@')
        .map_or(owner_id, |(app_id, _)| app_id)
}

/// What names an app among those that sessions on disk may belong to: its package, and whose it is.
pub(super) fn mark(owner_id: &str, package: &Package) -> [u8; 32] {
    let digest = package.digest();
    match owner_id.contains('@') {
        false => digest,
        true => {
            let mut hasher = blake3::Hasher::new_derive_key("lapak app of a source v1");
            hasher.update(&digest).update(owner_id.as_bytes());
            *hasher.finalize().as_bytes()
        }
    }
}
