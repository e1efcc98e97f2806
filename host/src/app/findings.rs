//! What is found out about a component before it runs, and kept beside its compiled code.

use wasmtime::Engine;
use wasmtime::component::Component;

use super::{LoadError, one_line};
use crate::code_cache::CodeCache;
use crate::contract::{self, Imports, VendorInterfaces};
use crate::snapshot::eligibility::{self, Layout, Verdict};

/// Grows with every change of what is looked for in a component (`contract`, `snapshot::eligibility`), of how it is
/// changed before it is compiled, and of the form of [`Findings`]: what was kept before is looked at again.
pub(crate) const FINDINGS_VERSION: u32 = 1;

/// A component that keeps the contract, compiled.
pub(super) struct Checked {
    pub(super) component: Component,
    pub(super) imports: Imports,
    pub(super) verdict: Verdict,
    /// It was not compiled now.
    pub(super) from_cache: bool,
}

/// What is kept of it. Only components that keep the contract are kept at all.
#[derive(serde::Serialize, serde::Deserialize)]
struct Findings {
    imports: Imports,
    /// Nothing where its sessions cannot be frozen: why not is found again, in sentences.
    layout: Option<Layout>,
}

impl Checked {
    /// Finds the component in the cache, or checks and compiles it.
    pub(super) fn new(
        engine: &Engine,
        cache: Option<&CodeCache>,
        interfaces: VendorInterfaces<'_>,
        wasm: &[u8],
    ) -> Result<Self, LoadError> {
        let found = cache.and_then(|cache| Self::from_cache(engine, cache, wasm));
        match found {
            Some(found) => Ok(found),
            None => Self::compile(engine, cache, interfaces, wasm),
        }
    }

    fn from_cache(engine: &Engine, cache: &CodeCache, wasm: &[u8]) -> Option<Self> {
        let (component, findings) = cache.load(engine, wasm)?;
        let findings: Findings = postcard::from_bytes(&findings).ok()?;
        Some(Self {
            component,
            imports: findings.imports,
            verdict: match findings.layout {
                Some(layout) => Verdict::Eligible(layout),
                None => eligibility::prepare(wasm).verdict,
            },
            from_cache: true,
        })
    }

    fn compile(
        engine: &Engine,
        cache: Option<&CodeCache>,
        interfaces: VendorInterfaces<'_>,
        wasm: &[u8],
    ) -> Result<Self, LoadError> {
        let imports = contract::check(wasm)?;
        // Before the work of compiling.
        interfaces.absent(&imports)?;
        let prepared = eligibility::prepare(wasm);
        let component = Component::new(engine, &prepared.wasm)
            .map_err(|error| LoadError::Component(one_line(&error)))?;
        let checked = Self {
            component,
            imports,
            verdict: prepared.verdict,
            from_cache: false,
        };
        if let Some(cache) = cache
            && let Err(error) = checked.keep(engine, cache, wasm)
        {
            // A full disk costs the next launch its speed, not this one its app.
            tracing::warn!(%error, "compiled code not cached");
        }
        Ok(checked)
    }

    fn keep(&self, engine: &Engine, cache: &CodeCache, wasm: &[u8]) -> anyhow::Result<()> {
        let findings = Findings {
            imports: self.imports.clone(),
            layout: match &self.verdict {
                Verdict::Eligible(layout) => Some(*layout),
                Verdict::Resident(_) => None,
            },
        };
        let findings = postcard::to_allocvec(&findings)?;
        cache.store(engine, wasm, &self.component, &findings)
    }
}
