//! Puts a function before each one that the host calls between events: it calls the app's own and then sets the stack
//! pointer back to where it was at the beginning.
//!
//! Compiled code leaves the stack pointer as it found it. Code written to do harm might not, and would so carry 32
//! bits from one person's session to the next one that runs in the same instance.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use wasm_encoder::{
    CodeSection, Component, ExportKind, ExportSection, Function, FunctionSection, Module, NameMap,
    NameSection, RawSection, StartSection,
};
use wasmparser::{
    BinaryReader, BinaryReaderError, CompositeInnerType, CustomSectionReader, ExternalKind, Parser,
    Payload, TypeRef,
};

use super::component::{at, payloads};

/// What is to be changed in the module that defines the stack pointer.
pub(super) struct Change<'a> {
    /// The stack pointer's index among the module's globals.
    pub(super) global: u32,
    /// What it is set to.
    pub(super) initial: i32,
    /// Names of exported functions to be wrapped.
    pub(super) exports: BTreeSet<&'a str>,
}

/// Why there is no changed module.
#[derive(Debug, thiserror::Error)]
pub(super) enum RewriteError {
    #[error(transparent)]
    Malformed(#[from] BinaryReaderError),
    #[error("`{0}` is not a function")]
    NotAFunction(String),
}

/// What is added to the name of a function for the one before it, in backtraces.
const NAME_SUFFIX: &str = ".stack_reset";

/// The component with the module at `module` changed, all else byte for byte as it was.
pub(super) fn component(
    wasm: &[u8],
    module: &Range<usize>,
    change: &Change<'_>,
) -> Result<Vec<u8>, RewriteError> {
    let mut component = Component::new();
    for payload in payloads(wasm) {
        let (depth, payload) = payload?;
        let Some((id, range)) = payload.as_section().filter(|_| depth == 0) else {
            continue;
        };
        let data = wasm.get(range.clone()).unwrap_or_default();
        if matches!(payload, Payload::ModuleSection { .. }) && range == *module {
            let changed = core_module(data, change)?;
            component.section(&RawSection { id, data: &changed });
        } else {
            component.section(&RawSection { id, data });
        }
    }
    Ok(component.finish())
}

/// The core module with its functions wrapped. Sections are copied as they are but for those that gain entries:
/// functions, exports, code, names, and the start function, which runs before the first event.
fn core_module(wasm: &[u8], change: &Change<'_>) -> Result<Vec<u8>, RewriteError> {
    let functions = Functions::read(wasm)?;
    let wrappers = functions.wrappers(change)?;
    let mut module = Module::new();
    let mut code = CodeSection::new();
    let mut bodies = 0;
    for payload in Parser::new(0).parse_all(wasm) {
        let payload = payload?;
        let section = payload.as_section();
        match payload {
            Payload::FunctionSection(_) => {
                module.section(&functions.section(&wrappers));
            }
            Payload::ExportSection(_) => {
                module.section(&functions.export_section(change, &wrappers));
            }
            Payload::StartSection { func, .. } => {
                let function_index = wrappers.get(&func).map_or(func, |wrapper| wrapper.index);
                module.section(&StartSection { function_index });
            }
            Payload::CodeSectionStart { count, .. } => bodies = count,
            Payload::CodeSectionEntry(body) => {
                code.raw(body.as_bytes());
                if code.len() == bodies {
                    for wrapper in wrappers.values() {
                        code.function(&wrapper.body(change));
                    }
                    module.section(&code);
                }
            }
            Payload::CustomSection(section) if section.name() == "name" => {
                module.section(&names(&section, &wrappers).as_custom());
            }
            _ => {
                if let Some((id, range)) = section {
                    let data = wasm.get(range).unwrap_or_default();
                    module.section(&RawSection { id, data });
                }
            }
        }
    }
    Ok(module.finish())
}

/// The functions of a module as its sections tell of them.
#[derive(Default)]
struct Functions<'a> {
    /// How many parameters each type has; nothing for those that are not of functions.
    parameters: Vec<Option<u32>>,
    /// The type of each function, imported ones first.
    types: Vec<u32>,
    imported: usize,
    exports: Vec<wasmparser::Export<'a>>,
    start: Option<u32>,
}

/// A function that is put before another.
struct Wrapper {
    index: u32,
    wrapped: u32,
    ty: u32,
    parameters: u32,
}

impl<'a> Functions<'a> {
    fn read(wasm: &'a [u8]) -> Result<Self, RewriteError> {
        let mut functions = Self::default();
        for payload in Parser::new(0).parse_all(wasm) {
            match payload? {
                Payload::TypeSection(section) => {
                    for group in section {
                        for ty in group?.types() {
                            functions.parameters.push(match &ty.composite_type.inner {
                                CompositeInnerType::Func(ty) => {
                                    u32::try_from(ty.params().len()).ok()
                                }
                                _ => None,
                            });
                        }
                    }
                }
                Payload::ImportSection(section) => {
                    for import in section.into_imports() {
                        if let TypeRef::Func(ty) | TypeRef::FuncExact(ty) = import?.ty {
                            functions.types.push(ty);
                        }
                    }
                    functions.imported = functions.types.len();
                }
                Payload::FunctionSection(section) => {
                    for ty in section {
                        functions.types.push(ty?);
                    }
                }
                Payload::ExportSection(section) => {
                    functions.exports = section.into_iter().collect::<Result<_, _>>()?;
                }
                Payload::StartSection { func, .. } => functions.start = Some(func),
                _ => {}
            }
        }
        Ok(functions)
    }

    /// The functions to be added, by the function that each goes before.
    fn wrappers(&self, change: &Change<'_>) -> Result<BTreeMap<u32, Wrapper>, RewriteError> {
        let not_a_function = |name: &str| RewriteError::NotAFunction(name.to_owned());
        let mut wrapped: BTreeSet<u32> = self.start.into_iter().collect();
        for name in &change.exports {
            let export = self.exports.iter().find(|export| export.name == *name);
            match export {
                Some(export) if export.kind == ExternalKind::Func => wrapped.insert(export.index),
                _ => return Err(not_a_function(name)),
            };
        }
        let first = u32::try_from(self.types.len()).unwrap_or(u32::MAX);
        let wrapper = |(wrapped, index): (u32, u32)| {
            let ty = *at(&self.types, wrapped)?;
            let parameters = (*at(&self.parameters, ty)?)?;
            let wrapper = Wrapper {
                index,
                wrapped,
                ty,
                parameters,
            };
            Some((wrapped, wrapper))
        };
        let wrappers = wrapped.into_iter().zip(first..).map(wrapper);
        let wrappers: Option<BTreeMap<_, _>> = wrappers.collect();
        wrappers.ok_or_else(|| not_a_function("an export"))
    }
    fn section(&self, wrappers: &BTreeMap<u32, Wrapper>) -> FunctionSection {
        let mut section = FunctionSection::new();
        let own = self.types.iter().skip(self.imported);
        for ty in own
            .copied()
            .chain(wrappers.values().map(|wrapper| wrapper.ty))
        {
            section.function(ty);
        }
        section
    }

    /// Only what the host calls between events is wrapped: another export of the same function may run in the middle
    /// of one.
    fn export_section(
        &self,
        change: &Change<'_>,
        wrappers: &BTreeMap<u32, Wrapper>,
    ) -> ExportSection {
        let mut section = ExportSection::new();
        for export in &self.exports {
            let wrapper = wrappers
                .get(&export.index)
                .filter(|_| change.exports.contains(export.name));
            match wrapper {
                Some(wrapper) => section.export(export.name, ExportKind::Func, wrapper.index),
                None => section.export(export.name, kind(export.kind), export.index),
            };
        }
        section
    }
}

impl Wrapper {
    fn body(&self, change: &Change<'_>) -> Function {
        let mut body = Function::new([]);
        let mut code = body.instructions();
        for parameter in 0..self.parameters {
            code.local_get(parameter);
        }
        // What the function gives stays on the operand stack.
        code.call(self.wrapped)
            .i32_const(change.initial)
            .global_set(change.global)
            .end();
        body
    }
}

fn kind(kind: ExternalKind) -> ExportKind {
    match kind {
        // Exact functions need a proposal that is not let through.
        ExternalKind::Func | ExternalKind::FuncExact => ExportKind::Func,
        ExternalKind::Table => ExportKind::Table,
        ExternalKind::Memory => ExportKind::Memory,
        ExternalKind::Global => ExportKind::Global,
        ExternalKind::Tag => ExportKind::Tag,
    }
}

/// The name section with names for the wrappers, so that backtraces tell of them. What cannot be read of it is left
/// away: names are for people.
fn names(section: &CustomSectionReader<'_>, wrappers: &BTreeMap<u32, Wrapper>) -> NameSection {
    const FUNCTION_NAMES: u8 = 1;

    let mut names = NameSection::new();
    let mut reader = BinaryReader::new(section.data(), section.data_offset());
    while let (Ok(id), Ok(content)) = (reader.read_u8(), reader.read_reader()) {
        let functions = (id == FUNCTION_NAMES).then(|| wasmparser::NameMap::new(content.clone()));
        match functions {
            Some(Ok(functions)) => names.functions(&function_names(functions, wrappers)),
            _ => names.raw(id, bytes(content)),
        }
    }
    names
}

fn function_names(names: wasmparser::NameMap<'_>, wrappers: &BTreeMap<u32, Wrapper>) -> NameMap {
    let mut all = NameMap::new();
    let mut added = Vec::new();
    for naming in names.into_iter().map_while(Result::ok) {
        all.append(naming.index, naming.name);
        if let Some(wrapper) = wrappers.get(&naming.index) {
            added.push((wrapper.index, format!("{}{NAME_SUFFIX}", naming.name)));
        }
    }
    added.sort();
    for (index, name) in added {
        all.append(index, &name);
    }
    all
}

fn bytes<'a>(mut reader: BinaryReader<'a>) -> &'a [u8] {
    reader
        .read_bytes(reader.bytes_remaining())
        .unwrap_or_default()
}
