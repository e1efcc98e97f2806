//! What a component is made of: which core modules it instantiates, and where the host's calls enter them.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use wasmparser::{
    CanonicalFunction, CanonicalOption, ComponentAlias, ComponentExternalKind, ComponentType,
    ComponentTypeRef, Encoding, ExternalKind, Instance, Parser, Payload, TypeBounds,
};

use super::named;
use super::reason::Reason;
use crate::component_types::{Item, named_type, walk};
use crate::contract::{ContractError, MAX_NESTED};

/// The component itself, without those nested in it.
#[derive(Default)]
pub(super) struct Outline<'a> {
    /// Its core modules, by index: where they lie, unless they come from elsewhere.
    pub(super) modules: Vec<Option<Range<usize>>>,
    pub(super) instances: Vec<CoreInstance<'a>>,
    /// Its core functions, by index: which export of which instance, unless the host made them.
    pub(super) functions: Vec<Option<(u32, &'a str)>>,
    /// Core functions that the host calls between events.
    pub(super) entries: Vec<u32>,
    pub(super) reasons: Vec<Reason>,
    resources: BTreeSet<String>,
    wasi: BTreeSet<String>,
    asynchronous: BTreeSet<&'static str>,
}

pub(super) enum CoreInstance<'a> {
    /// Of a core module, with the instances that stand for what it imports.
    Module {
        module: u32,
        arguments: BTreeMap<&'a str, u32>,
    },
    /// Functions put together under new names; no state of its own.
    Functions(BTreeMap<&'a str, u32>),
}

/// An export of an instance of a core module.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Origin<'a> {
    pub(super) instance: u32,
    pub(super) name: &'a str,
}

/// How often a function may pass through instances that only rename it. Tools make one such step.
const MAX_STEPS: usize = 16;

impl<'a> Outline<'a> {
    /// Reads a component. It need not be valid: what it says of itself is believed.
    pub(super) fn read(wasm: &'a [u8]) -> Result<Self, Reason> {
        let mut outline = Self::default();
        let mut is_component = false;
        let mut nested = 0;
        for payload in payloads(wasm) {
            let (depth, payload) = payload.map_err(damaged)?;
            if let Payload::ModuleSection { .. } | Payload::ComponentSection { .. } = payload {
                nested += 1;
                if nested > MAX_NESTED {
                    return Err(damaged(ContractError::TooManyParts));
                }
            }
            if let Payload::Version { encoding, .. } = payload {
                is_component |= depth == 0 && encoding == Encoding::Component;
            }
            if let Payload::ComponentTypeSection(section) = &payload {
                let mut visit = |item| outline.item(item);
                walk(wasm, section.range(), &mut visit).map_err(damaged)?;
            }
            if depth == 0 {
                outline.payload(payload).map_err(damaged)?;
            } else {
                outline.nested(&payload);
            }
        }
        if !is_component {
            return Err(Reason::Damaged("it is not a component".to_owned()));
        }
        outline.gather();
        Ok(outline)
    }

    /// The module of an instance.
    pub(super) fn module_of(&self, instance: u32) -> Option<u32> {
        match at(&self.instances, instance)? {
            CoreInstance::Module { module, .. } => Some(*module),
            CoreInstance::Functions(_) => None,
        }
    }

    /// What an instance's module was given for a function that it imports.
    pub(super) fn argument(
        &self,
        instance: u32,
        module: &str,
        name: &'a str,
    ) -> Option<Origin<'a>> {
        match at(&self.instances, instance)? {
            CoreInstance::Module { arguments, .. } => self.export(*arguments.get(module)?, name),
            CoreInstance::Functions(_) => None,
        }
    }

    /// The export that a core function stands for; nothing where it is the host's.
    pub(super) fn origin(&self, function: u32) -> Option<Origin<'a>> {
        let &(instance, name) = at(&self.functions, function)?.as_ref()?;
        self.export(instance, name)
    }

    /// The same for what an instance exports.
    pub(super) fn export(&self, mut instance: u32, mut name: &'a str) -> Option<Origin<'a>> {
        for _ in 0..MAX_STEPS {
            match at(&self.instances, instance)? {
                CoreInstance::Module { .. } => return Some(Origin { instance, name }),
                CoreInstance::Functions(functions) => {
                    let &function = functions.get(name)?;
                    (instance, name) = (*at(&self.functions, function)?)?;
                }
            }
        }
        None
    }

    fn payload(&mut self, payload: Payload<'a>) -> wasmparser::Result<()> {
        match payload {
            Payload::ModuleSection {
                unchecked_range, ..
            } => self.modules.push(Some(unchecked_range)),
            Payload::InstanceSection(section) => {
                for instance in section {
                    self.instances.push(core_instance(instance?));
                }
            }
            Payload::ComponentAliasSection(section) => {
                for alias in section {
                    self.alias(alias?);
                }
            }
            Payload::ComponentCanonicalSection(section) => {
                for function in section {
                    self.canonical(&function?);
                }
            }
            Payload::ComponentImportSection(section) => {
                for import in section {
                    let import = import?;
                    self.import(import.name.name, import.ty);
                }
            }
            Payload::ComponentExportSection(section) => {
                for export in section {
                    // An export gives what it exports an index more.
                    if export?.kind == ComponentExternalKind::Module {
                        self.modules.push(None);
                    }
                }
            }
            Payload::ComponentStartSection { .. } => self.reasons.push(Reason::ComponentStart),
            _ => {}
        }
        Ok(())
    }

    /// Tools wrap what a component exports into nested ones that hold types alone. Code there is looked for, but
    /// not looked into.
    fn nested(&mut self, payload: &Payload<'_>) {
        let code = matches!(
            payload,
            Payload::ModuleSection { .. }
                | Payload::InstanceSection(_)
                | Payload::ComponentCanonicalSection(_)
                | Payload::ComponentStartSection { .. }
        );
        if code && !self.reasons.contains(&Reason::NestedCode) {
            self.reasons.push(Reason::NestedCode);
        }
    }

    fn item(&mut self, item: Item<'_>) {
        match item {
            Item::Type(ComponentType::Resource { .. }) => {
                self.resources.insert("its own".to_owned());
            }
            Item::Type(ComponentType::Func(function)) if function.async_ => {
                self.asynchronous.insert("async func");
            }
            Item::Type(_) => {}
            Item::Declaration(declaration) => {
                if let Some((name, ty)) = named_type(&declaration) {
                    self.named_type(name, ty);
                }
            }
        }
    }

    fn named_type(&mut self, name: &str, ty: ComponentTypeRef) {
        if ty == ComponentTypeRef::Type(TypeBounds::SubResource) {
            self.resources.insert(named(name));
        }
    }

    fn import(&mut self, name: &str, ty: ComponentTypeRef) {
        if name.starts_with("wasi:") {
            self.wasi.insert(named(name));
        }
        self.named_type(name, ty);
        match ty {
            ComponentTypeRef::Module(_) => {
                self.modules.push(None);
                let reason = Reason::ForeignCode("core module", named(name));
                self.reasons.push(reason);
            }
            ComponentTypeRef::Component(_) => {
                let reason = Reason::ForeignCode("component", named(name));
                self.reasons.push(reason);
            }
            _ => {}
        }
    }

    fn alias(&mut self, alias: ComponentAlias<'a>) {
        use wasmparser::ComponentOuterAliasKind as Outer;

        match alias {
            ComponentAlias::InstanceExport {
                kind: ComponentExternalKind::Module,
                ..
            }
            | ComponentAlias::Outer {
                kind: Outer::CoreModule,
                ..
            } => self.modules.push(None),
            ComponentAlias::CoreInstanceExport {
                kind: ExternalKind::Func | ExternalKind::FuncExact,
                instance_index,
                name,
            } => self.functions.push(Some((instance_index, name))),
            _ => {}
        }
    }

    fn canonical(&mut self, function: &CanonicalFunction) {
        match function {
            CanonicalFunction::Lift {
                core_func_index,
                options,
                ..
            } => {
                self.entries.push(*core_func_index);
                for option in options {
                    if let CanonicalOption::PostReturn(function) = option {
                        self.entries.push(*function);
                    }
                    self.option(option);
                }
                return;
            }
            CanonicalFunction::Lower { options, .. } => {
                options.iter().for_each(|option| self.option(option));
            }
            CanonicalFunction::ResourceNew { .. }
            | CanonicalFunction::ResourceDrop { .. }
            | CanonicalFunction::ResourceRep { .. } => {
                // The type itself has given the name, where there is one.
                if self.resources.is_empty() {
                    self.resources.insert("handles".to_owned());
                }
            }
            // All others serve tasks that outlive a call.
            other => {
                self.asynchronous.insert(built_in(other));
            }
        }
        self.functions.push(None);
    }

    fn option(&mut self, option: &CanonicalOption) {
        match option {
            CanonicalOption::Async | CanonicalOption::Callback(_) => {
                self.asynchronous.insert("async");
            }
            CanonicalOption::Gc => self.reasons.push(Reason::Proposal("gc")),
            _ => {}
        }
    }

    fn gather(&mut self) {
        if !self.wasi.is_empty() {
            let names = std::mem::take(&mut self.wasi).into_iter().collect();
            self.reasons.push(Reason::Wasi(names));
        }
        if !self.resources.is_empty() {
            let names = std::mem::take(&mut self.resources).into_iter().collect();
            self.reasons.push(Reason::Resources(names));
        }
        let asynchronous = std::mem::take(&mut self.asynchronous);
        self.reasons
            .extend(asynchronous.into_iter().map(Reason::Async));
    }
}

/// The parts of a component and of those nested in it, with how deep they lie; not those of core modules.
pub(super) fn payloads(
    wasm: &[u8],
) -> impl Iterator<Item = wasmparser::Result<(usize, Payload<'_>)>> {
    // What is open: whether it is a core module.
    let mut open: Vec<bool> = Vec::new();
    Parser::new(0).parse_all(wasm).filter_map(move |payload| {
        let payload = match payload {
            Ok(payload) => payload,
            Err(error) => return Some(Err(error)),
        };
        let (depth, in_module) = (open.len(), open.last() == Some(&true));
        match &payload {
            Payload::ModuleSection { .. } => open.push(true),
            Payload::ComponentSection { .. } => open.push(false),
            Payload::End(_) => drop(open.pop()),
            _ => {}
        }
        (!in_module).then_some(Ok((depth, payload)))
    })
}

/// An element by a number that the component gives.
pub(super) fn at<T>(elements: &[T], index: u32) -> Option<&T> {
    elements.get(usize::try_from(index).ok()?)
}

fn core_instance(instance: Instance<'_>) -> CoreInstance<'_> {
    match instance {
        Instance::Instantiate { module_index, args } => CoreInstance::Module {
            module: module_index,
            arguments: args.iter().map(|one| (one.name, one.index)).collect(),
        },
        Instance::FromExports(exports) => {
            let functions = exports.iter().filter(|export| {
                matches!(export.kind, ExternalKind::Func | ExternalKind::FuncExact)
            });
            CoreInstance::Functions(functions.map(|one| (one.name, one.index)).collect())
        }
    }
}

/// What a built-in of the asynchronous kind serves.
fn built_in(function: &CanonicalFunction) -> &'static str {
    use CanonicalFunction as F;

    match function {
        F::StreamNew { .. }
        | F::StreamRead { .. }
        | F::StreamWrite { .. }
        | F::StreamCancelRead { .. }
        | F::StreamCancelWrite { .. }
        | F::StreamDropReadable { .. }
        | F::StreamDropWritable { .. } => "streams",
        F::FutureNew { .. }
        | F::FutureRead { .. }
        | F::FutureWrite { .. }
        | F::FutureCancelRead { .. }
        | F::FutureCancelWrite { .. }
        | F::FutureDropReadable { .. }
        | F::FutureDropWritable { .. } => "futures",
        F::ErrorContextNew { .. } | F::ErrorContextDebugMessage { .. } | F::ErrorContextDrop => {
            "error contexts"
        }
        F::ContextGet { .. } | F::ContextSet { .. } => "task-local storage",
        F::WaitableSetNew
        | F::WaitableSetWait { .. }
        | F::WaitableSetPoll { .. }
        | F::WaitableSetDrop
        | F::WaitableJoin => "waitable sets",
        _ => "tasks and threads",
    }
}

fn damaged(error: impl std::fmt::Display) -> Reason {
    Reason::Damaged(error.to_string())
}
