//! Walks the types of a component without recursion: types nest in one another as deep as a package's author likes,
//! and the usual readers follow them on the stack, which would end the process.

use std::ops::Range;

use wasmparser::{
    BinaryReader, BinaryReaderError, ComponentType, ComponentTypeDeclaration, ComponentTypeRef,
};

/// How deep types of components and instances may nest. Tools make two levels.
const MAX_DEPTH: usize = 32;

/// Why a section of types was not read to its end.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TypesError {
    /// Not as the format has it.
    #[error(transparent)]
    Malformed(#[from] BinaryReaderError),
    /// Too deep for those who read it after us.
    #[error("its types nest more than {MAX_DEPTH} deep")]
    TooDeep,
}

/// What a section of types holds.
pub(crate) enum Item<'a> {
    /// A type that has no declarations within.
    Type(ComponentType<'a>),
    /// Something that a type of a component or an instance declares, other than a type.
    Declaration(ComponentTypeDeclaration<'a>),
}

/// The leading bytes of the two types that hold declarations.
const COMPONENT_TYPE: u8 = 0x41;
const INSTANCE_TYPE: u8 = 0x42;
/// The leading byte of a declaration that is a type.
const TYPE_DECLARATION: u8 = 0x01;

/// Shows `visit` every type and declaration of the section of types at `range` of `wasm`, outer ones first.
pub(crate) fn walk<'a>(
    wasm: &'a [u8],
    range: Range<usize>,
    visit: &mut dyn FnMut(Item<'a>),
) -> Result<(), TypesError> {
    let start = range.start;
    let mut reader = BinaryReader::new(wasm.get(range).unwrap_or_default(), start);
    let types = reader.read_var_u32()?;
    for _ in 0..types {
        walk_type(&mut reader, visit)?;
    }
    Ok(())
}

fn walk_type<'a>(
    reader: &mut BinaryReader<'a>,
    visit: &mut dyn FnMut(Item<'a>),
) -> Result<(), TypesError> {
    // How many declarations are left in each type that is open.
    let mut open: Vec<u32> = Vec::new();
    read_type(reader, &mut open, visit)?;
    while let Some(left) = open.last_mut() {
        let Some(less) = left.checked_sub(1) else {
            open.pop();
            continue;
        };
        *left = less;
        if next_byte(reader)? == TYPE_DECLARATION {
            reader.read_u8()?;
            read_type(reader, &mut open, visit)?;
        } else {
            visit(Item::Declaration(reader.read()?));
        }
    }
    Ok(())
}

fn read_type<'a>(
    reader: &mut BinaryReader<'a>,
    open: &mut Vec<u32>,
    visit: &mut dyn FnMut(Item<'a>),
) -> Result<(), TypesError> {
    if !matches!(next_byte(reader)?, COMPONENT_TYPE | INSTANCE_TYPE) {
        visit(Item::Type(reader.read()?));
        return Ok(());
    }
    reader.read_u8()?;
    open.push(reader.read_var_u32()?);
    if open.len() > MAX_DEPTH {
        return Err(TypesError::TooDeep);
    }
    Ok(())
}

fn next_byte(reader: &BinaryReader<'_>) -> Result<u8, BinaryReaderError> {
    reader.clone().read_u8()
}

/// The type that a declaration gives to something that is exported or imported, with its name.
pub(crate) fn named_type<'a>(
    declaration: &ComponentTypeDeclaration<'a>,
) -> Option<(&'a str, ComponentTypeRef)> {
    match declaration {
        ComponentTypeDeclaration::Export { name, ty } => Some((name.name, *ty)),
        ComponentTypeDeclaration::Import(import) => Some((import.name.name, import.ty)),
        _ => None,
    }
}
