//! What is found out about a component before it runs, and kept beside its compiled code.

use wasmtime::Engine;
use wasmtime::component::Component;

use super::compiler::{Apart, Compiler};
use super::weight::{self, WeightError};
use super::{LoadError, one_line};
use crate::code_cache::CodeCache;
use crate::contract::{self, ContractError, Imports, VendorInterfaces};
use crate::snapshot::eligibility::{self, Layout, Verdict};

/// Grows with every change of what is looked for in a component (`contract`, `weight`, `snapshot::eligibility`), of how it is
/// changed before it is compiled, and of the form of [`Findings`]: what was kept before is looked at again.
pub(crate) const FINDINGS_VERSION: u32 = 2;

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
    /// Finds the component among what was compiled before.
    pub(super) fn from_cache(engine: &Engine, cache: &CodeCache, wasm: &[u8]) -> Option<Self> {
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

    /// Whether the component keeps the contract and is not too much for the compiler: the cheap part, linear in its size.
    pub(super) fn look_at(interfaces: VendorInterfaces<'_>, wasm: &[u8]) -> Result<(), LoadError> {
        let imports = contract::check(wasm)?;
        interfaces.absent(&imports)?;
        weighed(wasm)
    }

    /// Checks and compiles the component, in this process.
    pub(super) fn compiled(engine: &Engine, wasm: &[u8]) -> Result<Self, LoadError> {
        let imports = contract::check(wasm)?;
        weighed(wasm)?;
        let prepared = eligibility::prepare(wasm);
        let component = Component::new(engine, &prepared.wasm)
            .map_err(|error| LoadError::Component(one_line(&error)))?;
        Ok(Self {
            component,
            imports,
            verdict: prepared.verdict,
            from_cache: false,
        })
    }

    /// Compiles the component where the embedder wants it done, and keeps it.
    pub(super) fn compile(
        engine: &Engine,
        cache: Option<&CodeCache>,
        compiler: &Compiler,
        wasm: &[u8],
    ) -> Result<Self, LoadError> {
        if let (Compiler::Process(process), Some(cache)) = (compiler, cache)
            && let Apart::Compiled = process.compile(cache.path(), wasm)?
        {
            let found = Self::from_cache(engine, cache, wasm).map(|found| Self {
                from_cache: false,
                ..found
            });
            let lost = "its compiled code is not where the compiler put it";
            return found.ok_or_else(|| LoadError::Host(lost.to_owned()));
        }
        let checked = Self::compiled(engine, wasm)?;
        if let Some(cache) = cache
            && let Err(error) = checked.keep(engine, cache, wasm)
        {
            // A full disk costs the next launch its speed, not this one its app.
            tracing::warn!(%error, "compiled code not cached");
        }
        Ok(checked)
    }

    pub(super) fn keep(
        &self,
        engine: &Engine,
        cache: &CodeCache,
        wasm: &[u8],
    ) -> anyhow::Result<()> {
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

fn weighed(wasm: &[u8]) -> Result<(), LoadError> {
    weight::check(wasm).map_err(|error| match error {
        WeightError::TooMuch { .. } => LoadError::TooCostly(error.to_string()),
        WeightError::Damaged(why) => ContractError::Damaged(why).into(),
    })
}
