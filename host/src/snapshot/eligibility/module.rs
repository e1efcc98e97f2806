//! What a core module keeps outside its memory.

use std::collections::{BTreeMap, BTreeSet};

use wasmparser::{
    BinaryReaderError, CompositeInnerType, ConstExpr, DataKind, DataSectionReader, Element,
    ElementItems, ExternalKind, FunctionBody, KnownCustom, MemoryType, Name, NameMap, Operator,
    Parser, Payload, RefType, Table, TypeRef, ValType,
};

use super::named;
use super::reason::Reason;

/// What matters of a core module.
#[derive(Default)]
pub(super) struct Module<'a> {
    /// Memories that it defines.
    pub(super) memories: Vec<MemoryType>,
    /// Mutable globals that it defines.
    pub(super) mutable_globals: Vec<MutableGlobal>,
    /// What it exports, by name.
    pub(super) exports: BTreeMap<&'a str, (ExternalKind, u32)>,
    /// Functions that it imports: module and name.
    pub(super) imported_functions: Vec<(&'a str, &'a str)>,
    /// The function that runs when it is instantiated.
    pub(super) start: Option<u32>,
    /// Where its data begins, if all of it is at places that are known.
    pub(super) data_start: Option<u32>,
    /// What else of it is state, or may be.
    pub(super) reasons: Vec<Reason>,
}

/// A value that changes and is not in memory.
pub(super) struct MutableGlobal {
    pub(super) index: u32,
    /// From the name section.
    pub(super) name: Option<String>,
    /// The value that it begins with, where that is a plain `i32.const`.
    pub(super) initial: Option<i32>,
    pub(super) exported: bool,
}

impl<'a> Module<'a> {
    /// Reads a core module. It need not be valid: what it says of itself is believed.
    pub(super) fn read(wasm: &'a [u8]) -> Result<Self, BinaryReaderError> {
        let mut reader = Reader::default();
        for payload in Parser::new(0).parse_all(wasm) {
            reader.payload(payload?)?;
        }
        Ok(reader.finish())
    }
}

#[derive(Default)]
struct Reader<'a> {
    module: Module<'a>,
    imported_globals: u32,
    defined_globals: u32,
    bodies: u32,
    /// What functions do that memory does not show, with the first function that does it.
    finds: BTreeMap<Find, u32>,
    proposals: BTreeSet<&'static str>,
    references: BTreeSet<&'static str>,
    function_names: Option<NameMap<'a>>,
    global_names: Option<NameMap<'a>>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Find {
    Table(&'static str),
    Segment(&'static str),
    Proposal(&'static str),
}

impl<'a> Reader<'a> {
    fn payload(&mut self, payload: Payload<'a>) -> Result<(), BinaryReaderError> {
        match payload {
            Payload::TypeSection(section) => {
                for group in section {
                    self.group(&group?);
                }
            }
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    let import = import?;
                    self.import(import.module, import.name, import.ty);
                }
            }
            Payload::TableSection(section) => {
                for table in section {
                    self.table(&table?);
                }
            }
            Payload::MemorySection(section) => {
                for memory in section {
                    self.module.memories.push(memory?);
                }
            }
            Payload::TagSection(_) => {
                self.proposals.insert("exceptions");
            }
            Payload::GlobalSection(section) => {
                for global in section {
                    let global = global?;
                    self.global(global.ty.mutable, global.ty.content_type, &global.init_expr);
                }
            }
            Payload::ExportSection(section) => {
                for export in section {
                    let export = export?;
                    let target = (export.kind, export.index);
                    self.module.exports.insert(export.name, target);
                }
            }
            Payload::StartSection { func, .. } => self.module.start = Some(func),
            Payload::ElementSection(section) => {
                for element in section {
                    self.element(&element?);
                }
            }
            Payload::DataSection(section) => self.module.data_start = data_start(section)?,
            Payload::CodeSectionEntry(body) => self.body(&body)?,
            Payload::CustomSection(section) => {
                if let KnownCustom::Name(names) = section.as_known() {
                    // Names are for people; damaged ones are no fault.
                    names
                        .map_while(Result::ok)
                        .for_each(|name| self.names(name));
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn group(&mut self, group: &wasmparser::RecGroup) {
        for ty in group.types() {
            match ty.composite_type.inner {
                CompositeInnerType::Func(_) => {}
                CompositeInnerType::Array(_) | CompositeInnerType::Struct(_) => {
                    self.proposals.insert("gc");
                }
                CompositeInnerType::Cont(_) => {
                    self.proposals.insert("stack_switching");
                }
            }
        }
    }

    fn import(&mut self, module: &'a str, name: &'a str, ty: TypeRef) {
        match ty {
            TypeRef::Func(_) | TypeRef::FuncExact(_) => {
                self.module.imported_functions.push((module, name));
            }
            TypeRef::Global(_) => self.imported_globals += 1,
            TypeRef::Tag(_) => {
                self.proposals.insert("exceptions");
            }
            // Those of a module that has been looked at, too.
            TypeRef::Memory(_) | TypeRef::Table(_) => {}
        }
    }

    fn table(&mut self, table: &Table<'_>) {
        if table.ty.element_type != RefType::FUNCREF {
            self.references.insert("table");
        }
    }

    fn element(&mut self, element: &Element<'_>) {
        if let ElementItems::Expressions(ty, _) = &element.items
            && *ty != RefType::FUNCREF
        {
            self.references.insert("table");
        }
    }

    fn global(&mut self, mutable: bool, ty: ValType, initial: &ConstExpr<'_>) {
        let index = self.imported_globals.saturating_add(self.defined_globals);
        self.defined_globals += 1;
        if mutable {
            self.module.mutable_globals.push(MutableGlobal {
                index,
                name: None,
                initial: (ty == ValType::I32).then(|| constant(initial)).flatten(),
                exported: false,
            });
        } else if matches!(ty, ValType::Ref(ty) if ty != RefType::FUNCREF) {
            self.references.insert("global");
        }
    }

    fn body(&mut self, body: &FunctionBody<'_>) -> Result<(), BinaryReaderError> {
        let imported = u32::try_from(self.module.imported_functions.len()).unwrap_or(u32::MAX);
        let function = imported.saturating_add(self.bodies);
        self.bodies += 1;
        for operator in body.get_operators_reader()? {
            if let Some(find) = find(&operator?) {
                self.finds.entry(find).or_insert(function);
            }
        }
        Ok(())
    }

    fn names(&mut self, name: Name<'a>) {
        match name {
            Name::Function(names) => self.function_names = Some(names),
            Name::Global(names) => self.global_names = Some(names),
            _ => {}
        }
    }

    fn finish(mut self) -> Module<'a> {
        let exported: BTreeSet<u32> = self
            .module
            .exports
            .values()
            .filter_map(|(kind, index)| (*kind == ExternalKind::Global).then_some(*index))
            .collect();
        let names = by_index(self.global_names.take());
        for global in &mut self.module.mutable_globals {
            global.name = names.get(&global.index).map(|name| named(name));
            global.exported = exported.contains(&global.index);
        }
        let names = by_index(self.function_names.take());
        let name = |index: &u32| match names.get(index) {
            Some(name) => named(name),
            None => format!("function {index}"),
        };
        for (find, function) in &self.finds {
            self.module.reasons.push(match *find {
                Find::Table(instruction) => Reason::TableChanges {
                    instruction,
                    function: name(function),
                },
                Find::Segment(instruction) => Reason::Segments {
                    instruction,
                    function: name(function),
                },
                Find::Proposal(proposal) => {
                    self.proposals.insert(proposal);
                    continue;
                }
            });
        }
        let reasons = &mut self.module.reasons;
        reasons.extend(self.proposals.into_iter().map(Reason::Proposal));
        reasons.extend(self.references.into_iter().map(Reason::References));
        self.module
    }
}

/// The names of a section of names that can be read.
fn by_index(names: Option<NameMap<'_>>) -> BTreeMap<u32, &str> {
    let names = names.into_iter().flatten().map_while(Result::ok);
    names.map(|naming| (naming.index, naming.name)).collect()
}

/// The value of an expression that is one `i32.const`.
fn constant(expression: &ConstExpr<'_>) -> Option<i32> {
    let mut operators = expression.get_operators_reader().into_iter();
    let value = match operators.next()? {
        Ok(Operator::I32Const { value }) => value,
        _ => return None,
    };
    matches!(operators.next(), Some(Ok(Operator::End))).then_some(value)
}

/// Proposals whose instructions read and write nothing but the operand stack, locals, globals, memory and tables.
const WITHOUT_STATE: &[&str] = &[
    "mvp",
    "sign_extension",
    "saturating_float_to_int",
    "bulk_memory",
    "reference_types",
    "tail_call",
    "simd",
];

/// What an instruction changes that is not memory, or may change.
fn find(operator: &Operator<'_>) -> Option<Find> {
    Some(match operator {
        Operator::TableSet { .. } => Find::Table("table.set"),
        Operator::TableGrow { .. } => Find::Table("table.grow"),
        Operator::TableFill { .. } => Find::Table("table.fill"),
        Operator::TableCopy { .. } => Find::Table("table.copy"),
        Operator::TableInit { .. } => Find::Table("table.init"),
        // What `memory.init` gives depends on which segments were dropped.
        Operator::MemoryInit { .. } => Find::Segment("memory.init"),
        Operator::DataDrop { .. } => Find::Segment("data.drop"),
        Operator::ElemDrop { .. } => Find::Segment("elem.drop"),
        other => {
            let proposal = proposal(other);
            if WITHOUT_STATE.contains(&proposal) {
                return None;
            }
            Find::Proposal(proposal)
        }
    })
}

/// The proposal that brought an instruction; `mvp` for those that were there from the beginning.
fn proposal(operator: &Operator<'_>) -> &'static str {
    macro_rules! proposals {
        ($( @$proposal:ident $op:ident $({ $($arg:ident: $argty:ty),* })? => $visit:ident ($($ann:tt)*))*) => {
            match operator {
                $( Operator::$op { .. } => stringify!($proposal), )*
                _ => "unknown",
            }
        };
    }
    wasmparser::for_each_operator!(proposals)
}

/// The first address that data is put at; `None` where that is not certain.
fn data_start(section: DataSectionReader<'_>) -> Result<Option<u32>, BinaryReaderError> {
    let mut starts = Vec::new();
    for data in section {
        starts.push(match data?.kind {
            DataKind::Active { offset_expr, .. } => {
                constant(&offset_expr).and_then(|at| u32::try_from(at).ok())
            }
            DataKind::Passive => None,
        });
    }
    let known: Option<Vec<u32>> = starts.into_iter().collect();
    Ok(known.and_then(|starts| starts.into_iter().min()))
}
