//! Does what runs when an app is instantiated do the same each time?

use std::collections::BTreeSet;

use wasmparser::{BinaryReaderError, FunctionBody, Operator, Parser, Payload, TypeRef};

/// Whether a function of a core module stays within its module: it and all that it calls call by number, and nothing
/// that is imported. Such code cannot ask the host for anything, nor move another module's globals, so it leaves the
/// same memory behind in every instance.
pub(super) fn stays_within(wasm: &[u8], function: u32) -> Result<bool, BinaryReaderError> {
    let (imported, bodies) = functions(wasm)?;
    let mut seen = BTreeSet::new();
    let mut left = vec![function];
    while let Some(function) = left.pop() {
        if !seen.insert(function) {
            continue;
        }
        let own = function.checked_sub(imported);
        let body = own.and_then(|own| bodies.get(usize::try_from(own).ok()?));
        let Some(body) = body else {
            return Ok(false);
        };
        for operator in body.get_operators_reader()? {
            match operator? {
                Operator::Call { function_index } | Operator::ReturnCall { function_index } => {
                    left.push(function_index);
                }
                // Where these lead is known only when they run.
                Operator::CallIndirect { .. }
                | Operator::ReturnCallIndirect { .. }
                | Operator::CallRef { .. }
                | Operator::ReturnCallRef { .. } => return Ok(false),
                _ => {}
            }
        }
    }
    Ok(true)
}

/// How many functions a module imports, and the bodies of its own.
fn functions(wasm: &[u8]) -> Result<(u32, Vec<FunctionBody<'_>>), BinaryReaderError> {
    let mut imported = 0;
    let mut bodies = Vec::new();
    for payload in Parser::new(0).parse_all(wasm) {
        match payload? {
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    if let TypeRef::Func(_) | TypeRef::FuncExact(_) = import?.ty {
                        imported += 1;
                    }
                }
            }
            Payload::CodeSectionEntry(body) => bodies.push(body),
            _ => {}
        }
    }
    Ok((imported, bodies))
}
