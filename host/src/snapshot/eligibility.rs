//! Is an app's linear memory its whole state between two events?
//!
//! Sessions are frozen as the pages of memory that differ from the app's fresh image, and a kept instance goes from
//! one person's session to another's by exchanging memory alone. Both are sound only if an instance keeps nothing
//! else. So everything in a component that could keep something is looked for, and what is not known to keep nothing
//! counts as if it did: the last check validates the app against the few features of WebAssembly that were examined.
//!
//! One exception is made, since every compiled app has it: the stack pointer, a global. Between events it is where
//! it was at the beginning, or rather, it *should* be. [`prepare`] makes sure of it.
//!
//! The memory of a fresh instance must be the same each time, too, or nobody could say what differs from it. So start
//! functions may not call out of their modules.
//!
//! Two things stay with whoever keeps instances: an instance that trapped, or whose call was given up, is dropped
//! (nobody has put its stack pointer back), and the *size* of a memory is state too. It never shrinks.

mod component;
mod module;
mod reason;
mod rewrite;
mod start;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use wasmparser::{ExternalKind, Validator, WasmFeatures};

use self::component::{CoreInstance, Origin, Outline, at};
use self::module::{Module, MutableGlobal};
pub use self::reason::Reason;
use self::rewrite::Change;
use crate::capability::console::cut;

/// An app's component as it is to be run, and whether its sessions can be frozen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prepared<'a> {
    /// The component to run: the app's own, or the same with its stack pointer put back after every event. The same
    /// bytes give the same bytes.
    pub wasm: Cow<'a, [u8]>,
    /// Whether its sessions can be frozen.
    pub verdict: Verdict,
}

/// Whether an app's sessions can be frozen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Linear memory is all of its state between events.
    Eligible(Layout),
    /// It is not, or cannot be shown to be: sessions stay in the instance that they began in. At least one reason,
    /// at most [`MAX_REASONS`].
    Resident(Vec<Reason>),
}

/// What is known of an app's one memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Layout {
    /// Its size at the beginning, in pages of 64 KiB.
    pub memory_min_pages: u32,
    /// The size that it declares to stay within, in pages of 64 KiB.
    pub memory_max_pages: Option<u32>,
    /// The address where the stack pointer stands between events, if there is one: the stack grows down from here.
    pub stack_top: Option<u32>,
    /// Bytes at the start of memory that hold nothing between events: the stack, where the compiler put it below all
    /// data. Functions find there what others have left behind, and never look at it; so a snapshot leaves it out. 0 where
    /// it is not certain that nothing but the stack is there.
    pub scratch_bytes: u32,
}

/// The most reasons that are told of one app.
pub const MAX_REASONS: usize = 32;

/// Decides whether linear memory is all of an app's state, and sees to it where only the stack pointer is left.
///
/// The functions that the host calls between events, those behind the component's own exports and behind what cleans
/// up after them (`post-return`), are replaced by functions that call them and then set the stack pointer to its
/// initial value. Not so `cabi_realloc`: the host also calls it in the middle of an event, with frames below it. When
/// it is called for the arguments of the next event, it finds the stack pointer where the last event's end has
/// put it, and whatever it leaves there, that event's own end puts back.
///
/// # Security
/// What is not understood, is damaged or does not validate is never called eligible, and its bytes are not changed.
#[must_use]
pub fn prepare(component: &[u8]) -> Prepared<'_> {
    match examine(component) {
        Ok((wasm, layout)) => Prepared {
            wasm,
            verdict: Verdict::Eligible(layout),
        },
        Err(mut reasons) => {
            reasons.truncate(MAX_REASONS);
            Prepared {
                wasm: Cow::Borrowed(component),
                verdict: Verdict::Resident(reasons),
            }
        }
    }
}

fn examine(wasm: &[u8]) -> Result<(Cow<'_, [u8]>, Layout), Vec<Reason>> {
    let mut outline = Outline::read(wasm).map_err(|reason| vec![reason])?;
    let mut reasons = std::mem::take(&mut outline.reasons);
    let parts = parts(wasm, &outline, &mut reasons);
    let mut layout = memory(&parts, &mut reasons);
    let pointer = stack_pointer(&parts, &mut reasons);
    let starts = starts(&outline, &parts, &mut reasons);
    let change = pointer.map(|pointer| change(&outline, &parts, &pointer, &starts, &mut reasons));
    if !reasons.is_empty() {
        return Err(reasons);
    }
    let prepared = match &change {
        None => Cow::Borrowed(wasm),
        Some((module, change)) => {
            layout.stack_top = u32::try_from(change.initial).ok();
            let data = parts.get(module).and_then(|part| part.facts.data_start);
            layout.scratch_bytes = scratch(layout.stack_top, data);
            let module = at(&outline.modules, *module).cloned().flatten();
            let module = module.unwrap_or_default();
            let changed = rewrite::component(wasm, &module, change);
            Cow::Owned(changed.map_err(|error| vec![Reason::Damaged(error.to_string())])?)
        }
    };
    validate(&prepared, &outline).map_err(|reason| vec![reason])?;
    Ok((prepared, layout))
}

/// The stack lies below the data when the data begins right where the stack does: `wasm-ld --stack-first`, which
/// rustc and clang ask for. With the data first, part of it would lie below the stack's top.
fn scratch(stack_top: Option<u32>, data_start: Option<u32>) -> u32 {
    /// The linker aligns the data's start.
    const ALIGNMENT: u32 = 4096;
    match (stack_top, data_start) {
        (Some(top), Some(data)) if data >= top && data - top < ALIGNMENT => top,
        _ => 0,
    }
}

/// A core module that is instantiated.
struct Part<'a> {
    wasm: &'a [u8],
    facts: Module<'a>,
    /// Its instances; most have one.
    instances: Vec<u32>,
}

/// The modules whose state there is, by index. One that is never instantiated has none.
fn parts<'a>(
    wasm: &'a [u8],
    outline: &Outline<'a>,
    reasons: &mut Vec<Reason>,
) -> BTreeMap<u32, Part<'a>> {
    let mut instances: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for (index, instance) in (0_u32..).zip(&outline.instances) {
        if let CoreInstance::Module { module, .. } = instance {
            instances.entry(*module).or_default().push(index);
        }
    }
    let mut parts = BTreeMap::new();
    for (module, instances) in instances {
        let range = at(&outline.modules, module).cloned().flatten();
        let Some(bytes) = range.and_then(|range| wasm.get(range)) else {
            let number = format!("number {module}");
            reasons.push(Reason::ForeignCode("core module", number));
            continue;
        };
        match Module::read(bytes) {
            Ok(mut facts) => {
                reasons.append(&mut facts.reasons);
                let part = Part {
                    wasm: bytes,
                    facts,
                    instances,
                };
                parts.insert(module, part);
            }
            Err(error) => reasons.push(Reason::Damaged(error.to_string())),
        }
    }
    parts
}

/// Looks for the one memory. What it gives counts only where it adds no reason.
fn memory(parts: &BTreeMap<u32, Part<'_>>, reasons: &mut Vec<Reason>) -> Layout {
    let defined = parts.values().map(|part| {
        part.facts
            .memories
            .len()
            .saturating_mul(part.instances.len())
    });
    match defined.fold(0, usize::saturating_add) {
        0 => reasons.push(Reason::NoMemory),
        1 => {}
        many => reasons.push(Reason::ManyMemories(many)),
    }
    let mut layout = Layout {
        memory_min_pages: 0,
        memory_max_pages: None,
        stack_top: None,
        scratch_bytes: 0,
    };
    for memory in parts.values().flat_map(|part| &part.facts.memories) {
        if memory.memory64 {
            reasons.push(Reason::Memory64);
        }
        if memory.shared {
            reasons.push(Reason::SharedMemory);
        }
        if memory.page_size_log2.is_some() {
            reasons.push(Reason::PageSize);
        }
        layout.memory_min_pages = u32::try_from(memory.initial).unwrap_or(u32::MAX);
        layout.memory_max_pages = memory
            .maximum
            .map(|pages| u32::try_from(pages).unwrap_or(u32::MAX));
    }
    layout
}

/// The stack pointer: where it is, and where it stands at the beginning.
struct StackPointer {
    module: u32,
    instance: u32,
    global: u32,
    initial: i32,
}

/// The name that linkers give the stack pointer.
const STACK_POINTER: &str = "__stack_pointer";

/// Looks for the stack pointer among the mutable globals; every other one is a reason.
fn stack_pointer(
    parts: &BTreeMap<u32, Part<'_>>,
    reasons: &mut Vec<Reason>,
) -> Option<StackPointer> {
    let globals = || {
        parts.iter().flat_map(|(module, part)| {
            let globals = part.facts.mutable_globals.iter();
            globals.map(move |global| (*module, part, global))
        })
    };
    let alone = globals().count() == 1;
    let mut found = None;
    for (module, part, global) in globals() {
        let name = global.name.clone();
        let name = name.unwrap_or_else(|| format!("number {}", global.index));
        let pointer = as_stack_pointer(module, part, global, alone).filter(|_| found.is_none());
        match pointer {
            Some(_) if global.exported => reasons.push(Reason::ExportedStackPointer(name)),
            Some(pointer) => found = Some(pointer),
            None => reasons.push(Reason::MutableGlobal(name)),
        }
    }
    found
}

/// Strict, since what is taken for a stack pointer is reset: it has the linker's name or, where names were stripped,
/// is the only mutable global and the module's first; and it begins as an aligned address.
fn as_stack_pointer(
    module: u32,
    part: &Part<'_>,
    global: &MutableGlobal,
    alone: bool,
) -> Option<StackPointer> {
    /// The alignment of the stack in the tools' conventions for C, which all follow.
    const ALIGNMENT: i32 = 16;

    let named = match &global.name {
        Some(name) => name == STACK_POINTER,
        None => alone && global.index == 0,
    };
    let &[instance] = part.instances.as_slice() else {
        return None;
    };
    let initial = global.initial?;
    (named && initial > 0 && initial % ALIGNMENT == 0).then_some(StackPointer {
        module,
        instance,
        global: global.index,
        initial,
    })
}

/// What is to be changed in which module, so that the stack pointer is put back.
fn change<'a>(
    outline: &Outline<'a>,
    parts: &BTreeMap<u32, Part<'a>>,
    pointer: &StackPointer,
    starts: &[Origin<'a>],
    reasons: &mut Vec<Reason>,
) -> (u32, Change<'a>) {
    let mut exports = BTreeSet::new();
    for &function in &outline.entries {
        match outline.origin(function) {
            Some(origin) if origin.instance == pointer.instance => {
                exports.insert(origin.name);
            }
            origin => {
                let name = origin.map_or_else(|| "a host function".into(), |it| named(it.name));
                reasons.push(Reason::EntryElsewhere(name));
            }
        }
    }
    for origin in starts {
        if origin.instance == pointer.instance {
            exports.insert(origin.name);
        }
    }
    let is_function = |name: &&str| {
        let export = parts.get(&pointer.module)?.facts.exports.get(name)?;
        (export.0 == ExternalKind::Func).then_some(())
    };
    if let Some(name) = exports.iter().find(|name| is_function(name).is_none()) {
        reasons.push(Reason::EntryElsewhere(named(name)));
    }
    let change = Change {
        global: pointer.global,
        initial: pointer.initial,
        exports,
    };
    (pointer.module, change)
}

/// The exports that other modules have as their start functions, as tools call `_initialize`. Any start function that
/// may do one thing now and another later is a reason.
fn starts<'a>(
    outline: &Outline<'a>,
    parts: &BTreeMap<u32, Part<'a>>,
    reasons: &mut Vec<Reason>,
) -> Vec<Origin<'a>> {
    let mut origins = Vec::new();
    for part in parts.values() {
        let Some(start) = part.facts.start else {
            continue;
        };
        if let Some(&(module, name)) = at(&part.facts.imported_functions, start) {
            for &instance in &part.instances {
                match outline.argument(instance, module, name) {
                    Some(origin) if export_stays_within(outline, parts, origin) => {
                        origins.push(origin);
                    }
                    _ => reasons.push(Reason::Start),
                }
            }
        } else if !matches!(start::stays_within(part.wasm, start), Ok(true)) {
            reasons.push(Reason::Start);
        }
    }
    origins
}

fn export_stays_within<'a>(
    outline: &Outline<'a>,
    parts: &BTreeMap<u32, Part<'a>>,
    origin: Origin<'a>,
) -> bool {
    let part = outline
        .module_of(origin.instance)
        .and_then(|module| parts.get(&module));
    let Some(part) = part else {
        return false;
    };
    match part.facts.exports.get(origin.name) {
        Some(&(ExternalKind::Func, function)) => {
            matches!(start::stays_within(part.wasm, function), Ok(true))
        }
        _ => false,
    }
}

/// Validates what will run, with the features alone whose state is known to be looked for above.
fn validate(wasm: &[u8], outline: &Outline<'_>) -> Result<(), Reason> {
    let features = WasmFeatures::MUTABLE_GLOBAL
        | WasmFeatures::SATURATING_FLOAT_TO_INT
        | WasmFeatures::SIGN_EXTENSION
        | WasmFeatures::REFERENCE_TYPES
        | WasmFeatures::MULTI_VALUE
        | WasmFeatures::BULK_MEMORY
        | WasmFeatures::SIMD
        | WasmFeatures::TAIL_CALL
        | WasmFeatures::FLOATS
        | WasmFeatures::EXTENDED_CONST
        | WasmFeatures::COMPONENT_MODEL;
    let types = Validator::new_with_features(features)
        .validate_all(wasm)
        .map_err(|error| Reason::Unsupported(error.to_string()))?;
    // Everything above goes by index; had it miscounted, it would have looked at the wrong things.
    let types = types.as_ref();
    let counted = [
        (types.module_count(), outline.modules.len()),
        (types.core_instance_count(), outline.instances.len()),
        (types.function_count(), outline.functions.len()),
    ];
    if counted
        .iter()
        .all(|(valid, ours)| usize::try_from(*valid) == Ok(*ours))
    {
        return Ok(());
    }
    Err(Reason::Unsupported(
        "its parts are not numbered as expected".to_owned(),
    ))
}

/// A name of the app's, short enough for a sentence.
fn named(name: &str) -> String {
    const MAX_NAME_BYTES: usize = 128;

    cut(name.to_owned(), MAX_NAME_BYTES)
}
