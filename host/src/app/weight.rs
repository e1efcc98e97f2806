//! How much work a component is for the compiler, counted in one pass before it sees it. What the compiler needs grows faster than
//! the length of a function, and a few kilobytes of a package unpack to a function of megabytes.

use wasmparser::{
    BinaryReaderError, BlockType, ComponentDefinedType, ComponentType, ComponentTypeDeclaration,
    CompositeInnerType, ElementItems, FunctionBody, InstanceTypeDeclaration, Operator, Parser,
    Payload, TypeRef,
};

/// The most functions of a component. What JavaScript's toolchain makes, an engine and all, has about 20,000.
const MAX_FUNCTIONS: u32 = 60_000;
/// The largest function, in bytes.
const MAX_BODY_BYTES: usize = 512 * 1024;
/// The most locals of a function, its parameters aside.
const MAX_LOCALS: u64 = 10_000;
/// The most places in a function that a branch begins at or leads to.
const MAX_BLOCKS: u64 = 40_000;
/// Locals times blocks: where values come together, each local may have to be followed through each block.
const MAX_LOCALS_IN_BLOCKS: u64 = 16_000_000;
/// The most work in a function: instructions, values that calls take and give, targets of tables.
const MAX_FUNCTION_WORK: u64 = 400_000;
/// The most work in a component.
const MAX_WORK: u64 = 12_000_000;
/// The most functions that a component lifts or lowers.
const MAX_CANONICAL: u32 = 4_096;
/// The most parts of a component's types: types, fields, cases, parameters. A component that imports all of the contract has about 3,000.
const MAX_TYPE_PARTS: u64 = 50_000;
/// The most functions that a component puts into its tables. Python's toolchain puts about 20,000 there.
const MAX_ELEMENTS: u64 = 500_000;

/// Too much for the compiler, or not readable at all.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum WeightError {
    /// Which limit it passes.
    #[error(
        "{what}; the limit is {limit}. Split what is large into several functions, or leave something out"
    )]
    TooMuch {
        /// What there is too much of.
        what: &'static str,
        /// How much there may be.
        limit: u64,
    },
    /// Not as the format has it.
    #[error("{0}")]
    Damaged(String),
}

impl From<BinaryReaderError> for WeightError {
    fn from(error: BinaryReaderError) -> Self {
        Self::Damaged(error.to_string())
    }
}

/// Checks a component against the limits.
pub(crate) fn check(wasm: &[u8]) -> Result<(), WeightError> {
    let mut total = Total::default();
    let mut open: Vec<Module> = Vec::new();
    for payload in Parser::new(0).parse_all(wasm) {
        match payload? {
            Payload::Version { .. } => open.push(Module::default()),
            Payload::End(_) => _ = open.pop(),
            Payload::ComponentCanonicalSection(section) => total.canonical(section.count())?,
            Payload::ComponentTypeSection(section) => {
                for one in section {
                    total.types(parts(&one?))?;
                }
            }
            Payload::ElementSection(section) => {
                for one in section {
                    total.elements(match one?.items {
                        ElementItems::Functions(items) => items.count(),
                        ElementItems::Expressions(_, items) => items.count(),
                    })?;
                }
            }
            Payload::CodeSectionStart { count, .. } => total.functions(count)?,
            Payload::CodeSectionEntry(body) => {
                let module = open.last().map_or(&EMPTY, |module| module);
                total.work(module.function(&body)?)?;
            }
            payload => {
                if let Some(module) = open.last_mut() {
                    module.take(&payload)?;
                }
            }
        }
    }
    Ok(())
}

#[derive(Default)]
struct Total {
    functions: u32,
    canonical: u32,
    types: u64,
    elements: u64,
    work: u64,
}

impl Total {
    fn functions(&mut self, more: u32) -> Result<(), WeightError> {
        self.functions = self.functions.saturating_add(more);
        within(
            self.functions.into(),
            MAX_FUNCTIONS.into(),
            "it has too many functions",
        )
    }

    fn canonical(&mut self, more: u32) -> Result<(), WeightError> {
        self.canonical = self.canonical.saturating_add(more);
        within(
            self.canonical.into(),
            MAX_CANONICAL.into(),
            "it lifts and lowers too many functions",
        )
    }

    fn types(&mut self, more: u64) -> Result<(), WeightError> {
        self.types = self.types.saturating_add(more);
        within(self.types, MAX_TYPE_PARTS, "its types have too many parts")
    }

    fn elements(&mut self, more: u32) -> Result<(), WeightError> {
        self.elements = self.elements.saturating_add(more.into());
        within(
            self.elements,
            MAX_ELEMENTS,
            "it puts too many functions into tables",
        )
    }

    fn work(&mut self, more: u64) -> Result<(), WeightError> {
        self.work = self.work.saturating_add(more);
        within(self.work, MAX_WORK, "its functions are too long together")
    }
}

/// How many parts a type has, itself among them. How deep types nest is bounded before.
fn parts(one: &ComponentType<'_>) -> u64 {
    let inner = match one {
        ComponentType::Defined(one) => match one {
            ComponentDefinedType::Record(fields) => fields.len(),
            ComponentDefinedType::Variant(cases) => cases.len(),
            ComponentDefinedType::Tuple(values) => values.len(),
            ComponentDefinedType::Flags(names) | ComponentDefinedType::Enum(names) => names.len(),
            _ => 1,
        },
        ComponentType::Func(one) => one.params.len(),
        ComponentType::Resource { .. } => 1,
        ComponentType::Component(all) => {
            let parts = all.iter().map(|one| match one {
                ComponentTypeDeclaration::Type(one) => parts(one),
                _ => 1,
            });
            return parts.sum::<u64>().saturating_add(1);
        }
        ComponentType::Instance(all) => {
            let parts = all.iter().map(|one| match one {
                InstanceTypeDeclaration::Type(one) => parts(one),
                _ => 1,
            });
            return parts.sum::<u64>().saturating_add(1);
        }
    };
    u64::try_from(inner).unwrap_or(u64::MAX).saturating_add(1)
}

static EMPTY: Module = Module {
    arities: Vec::new(),
    functions: Vec::new(),
};

/// What calls of a core module cost.
#[derive(Default)]
struct Module {
    /// Values that a function of each type takes and gives.
    arities: Vec<u64>,
    /// The type of each function, imported ones first.
    functions: Vec<u32>,
}

impl Module {
    fn take(&mut self, payload: &Payload<'_>) -> Result<(), BinaryReaderError> {
        match payload {
            Payload::TypeSection(section) => {
                for group in section.clone() {
                    self.arities.extend(group?.types().map(
                        |one| match &one.composite_type.inner {
                            CompositeInnerType::Func(one) => {
                                let values = one.params().len() + one.results().len();
                                u64::try_from(values).unwrap_or(u64::MAX)
                            }
                            _ => 0,
                        },
                    ));
                }
            }
            Payload::ImportSection(section) => {
                for import in section.clone().into_imports() {
                    if let TypeRef::Func(one) | TypeRef::FuncExact(one) = import?.ty {
                        self.functions.push(one);
                    }
                }
            }
            Payload::FunctionSection(section) => {
                for function in section.clone() {
                    self.functions.push(function?);
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn arity(&self, of: u32) -> u64 {
        let at = usize::try_from(of).ok();
        at.and_then(|at| self.arities.get(at)).copied().unwrap_or(0)
    }

    fn call(&self, function: u32) -> u64 {
        let at = usize::try_from(function).ok();
        let of = at.and_then(|at| self.functions.get(at));
        of.map_or(0, |of| self.arity(*of))
    }

    /// The work of a function, within its limits.
    fn function(&self, body: &FunctionBody<'_>) -> Result<u64, WeightError> {
        let bytes = u64::try_from(body.range().len()).unwrap_or(u64::MAX);
        let most = u64::try_from(MAX_BODY_BYTES).unwrap_or(u64::MAX);
        within(bytes, most, "a function of it has too many bytes")?;
        let mut locals: u64 = 0;
        for group in body.get_locals_reader()? {
            locals = locals.saturating_add(group?.0.into());
            within(locals, MAX_LOCALS, "a function of it has too many locals")?;
        }
        let (mut work, mut blocks) = (locals, 1_u64);
        for operator in body.get_operators_reader()? {
            let (values, branches) = self.operator(&operator?);
            work = work.saturating_add(1).saturating_add(values);
            blocks = blocks.saturating_add(branches);
        }
        within(work, MAX_FUNCTION_WORK, "a function of it is too much work")?;
        within(blocks, MAX_BLOCKS, "a function of it branches too often")?;
        within(
            locals.saturating_mul(blocks),
            MAX_LOCALS_IN_BLOCKS,
            "a function of it has too many locals for its branches",
        )?;
        Ok(work)
    }

    /// Values besides the instruction itself, and how often it branches.
    fn operator(&self, operator: &Operator<'_>) -> (u64, u64) {
        match operator {
            Operator::Call { function_index } | Operator::ReturnCall { function_index } => {
                (self.call(*function_index), 0)
            }
            Operator::CallIndirect { type_index, .. }
            | Operator::ReturnCallIndirect { type_index, .. }
            | Operator::CallRef { type_index }
            | Operator::ReturnCallRef { type_index } => (self.arity(*type_index), 0),
            Operator::Block { blockty } | Operator::Loop { blockty } | Operator::If { blockty } => {
                (self.block(*blockty), 1)
            }
            Operator::TryTable { try_table } => {
                let catches = u64::try_from(try_table.catches.len()).unwrap_or(u64::MAX);
                (
                    self.block(try_table.ty).saturating_add(catches),
                    catches.saturating_add(1),
                )
            }
            Operator::BrTable { targets } => (targets.len().into(), targets.len().into()),
            Operator::Else | Operator::Br { .. } | Operator::BrIf { .. } => (0, 1),
            _ => (0, 0),
        }
    }

    fn block(&self, of: BlockType) -> u64 {
        match of {
            BlockType::Empty => 0,
            BlockType::Type(_) => 1,
            BlockType::FuncType(of) => self.arity(of),
        }
    }
}

fn within(found: u64, limit: u64, what: &'static str) -> Result<(), WeightError> {
    match found <= limit {
        true => Ok(()),
        false => Err(WeightError::TooMuch { what, limit }),
    }
}
