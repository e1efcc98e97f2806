//! Compiled code, kept on disk: content-addressed, authenticated, private to this host.
//!
//! Loading compiled code is running it: a file that somebody else wrote here would be native code of
//! theirs in our process. So a package never carries compiled code, and a file of this cache is only loaded
//! if its authentication code, made with a key that never leaves the cache's folder, is right.
//!
//! Beside the code stands what was found out about the component, so that a component which this host has
//! looked at is not looked at again. It is authenticated together with the code.
//!
//! One file per component: 32 bytes keyed BLAKE3 of (name, all that follows), the length of the findings (4
//! bytes, the least first), the findings, the code. The name is the BLAKE3 of the component and of everything
//! that code and findings depend on: wasmtime's version, the engine's whole configuration, the target, the
//! version of what looks at components.

use std::hash::{Hash, Hasher};
use std::io::Write;
use std::path::{Path, PathBuf};

use cap_std::fs::Dir;
use wasmtime::Engine;
use wasmtime::component::Component;

use crate::app::FINDINGS_VERSION;
use crate::host_key::{HostKey, private_folder};

/// What the key of this cache is derived for.
const KEY_PURPOSE: &str = "lapak compiled code authentication v2";
const MAC_BYTES: usize = 32;
const LENGTH_BYTES: usize = 4;

/// A folder of compiled components.
#[derive(Debug)]
pub struct CodeCache {
    dir: Dir,
    /// For the compiler's own process, which opens it anew.
    path: PathBuf,
    key: [u8; 32],
}

impl CodeCache {
    /// Opens the cache in the folder `path`, which is created if it is missing, with a new random key if it
    /// has none. The folder is the one ambient thing that this module reaches.
    ///
    /// # Errors
    /// When the folder or its key cannot be read or made, or the key is damaged.
    ///
    /// # Security
    /// On Unix the folder is made for its owner alone. Whoever can read the key can run native code in this
    /// host.
    pub fn open(path: &Path) -> std::io::Result<Self> {
        let dir = private_folder(path)?;
        let key = HostKey::in_folder(&dir)?.derive(KEY_PURPOSE);
        Ok(Self {
            dir,
            path: path.to_owned(),
            key,
        })
    }

    /// The folder.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The compiled form of the component `wasm` and what was found out about it, if this host has it and it is
    /// untouched. A file that is damaged or not ours counts as missing.
    #[must_use]
    pub fn load(&self, engine: &Engine, wasm: &[u8]) -> Option<(Component, Vec<u8>)> {
        let name = file_name(engine, wasm);
        let bytes = self.dir.read(&name).ok()?;
        let (mac, content) = bytes.split_first_chunk::<MAC_BYTES>()?;
        // `blake3::Hash` compares in constant time.
        if blake3::Hash::from_bytes(*mac) != self.authenticate(&name, content) {
            tracing::warn!(file = name, "compiled code refused: not made by this host");
            return None;
        }
        let (length, rest) = content.split_first_chunk::<LENGTH_BYTES>()?;
        let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
        let (findings, code) = rest.split_at_checked(length)?;
        let component = deserialize(engine, code)
            .inspect_err(|error| tracing::warn!(file = name, %error, "compiled code not usable"))
            .ok()?;
        Some((component, findings.to_vec()))
    }

    /// Keeps the compiled form of the component `wasm`, and what was found out about it. `component` may be compiled from
    /// a changed form of it; the same bytes must always be changed in the same way.
    ///
    /// # Errors
    /// When the disk refuses it. The cache is as before then.
    pub fn store(
        &self,
        engine: &Engine,
        wasm: &[u8],
        component: &Component,
        findings: &[u8],
    ) -> anyhow::Result<()> {
        let code = component
            .serialize()
            .map_err(|error| anyhow::anyhow!("{error:#}"))?;
        let name = file_name(engine, wasm);
        let length = u32::try_from(findings.len())?.to_le_bytes();
        let content = [&length, findings, &code].concat();
        // Written aside and renamed, so that a host that dies here leaves no half file under the name.
        let mut random = [0; 8];
        getrandom::fill(&mut random)?;
        let aside = format!("{name}.{:016x}.new", u64::from_le_bytes(random));
        let written = self.write_aside(&aside, &name, &content);
        if written.is_err() {
            let _ = self.dir.remove_file(&aside);
        }
        written
    }

    fn write_aside(&self, aside: &str, name: &str, content: &[u8]) -> anyhow::Result<()> {
        let mut file = self.dir.create(aside)?;
        file.write_all(self.authenticate(name, content).as_bytes())?;
        file.write_all(content)?;
        drop(file);
        self.dir.rename(aside, &self.dir, name)?;
        Ok(())
    }

    fn authenticate(&self, name: &str, content: &[u8]) -> blake3::Hash {
        blake3::Hasher::new_keyed(&self.key)
            .update(name.as_bytes())
            .update(content)
            .finalize()
    }
}

/// Loads compiled code.
///
/// # Safety invariant
/// `code` was produced by `Component::serialize` of this wasmtime in this host: [`CodeCache::load`], the only
/// caller, has just checked the authentication code, and the key never leaves the host. The file name binds
/// the version and the configuration; wasmtime checks both once more.
#[expect(
    unsafe_code,
    reason = "compiled code can only be loaded by an unsafe function; the invariant is stated above"
)]
fn deserialize(engine: &Engine, code: &[u8]) -> wasmtime::Result<Component> {
    // SAFETY: see the invariant above.
    unsafe { Component::deserialize(engine, code) }
}

fn file_name(engine: &Engine, wasm: &[u8]) -> String {
    let mut everything = BlakeHasher(blake3::Hasher::new());
    engine.precompile_compatibility_hash().hash(&mut everything);
    everything.write(env!("CARGO_PKG_VERSION").as_bytes());
    everything.write(&FINDINGS_VERSION.to_le_bytes());
    everything.write(blake3::hash(wasm).as_bytes());
    everything.0.finalize().to_hex().to_string()
}

/// Lets `std::hash::Hash` values flow into BLAKE3.
struct BlakeHasher(blake3::Hasher);

impl Hasher for BlakeHasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        let hash = self.0.finalize();
        hash.as_bytes()
            .iter()
            .take(8)
            .fold(0, |sum, byte| (sum << 8) | u64::from(*byte))
    }
}
