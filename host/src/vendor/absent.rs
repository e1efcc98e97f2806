//! Interfaces of other platforms, which an app can do without: they are there, and answer that access is denied.

use wasmtime::Engine;
use wasmtime::component::types::{ComponentFunc, ComponentItem, Type};
use wasmtime::component::{Component, Linker, Val};

use crate::instance::AppState;

/// The case of an error that says so.
const DENIED: &str = "access-denied";

/// Puts functions behind these imports of a component that answer `access-denied` where their type has such a case, and end
/// the app where it has not.
pub(crate) fn link_absent(
    linker: &mut Linker<AppState>,
    engine: &Engine,
    component: &Component,
    interfaces: &[String],
) -> wasmtime::Result<()> {
    let imports = component.component_type();
    for (name, item) in imports.imports(engine) {
        let ComponentItem::ComponentInstance(instance) = item.ty else {
            continue;
        };
        if !interfaces.iter().any(|one| one == name) {
            continue;
        }
        let mut linked = linker.instance(name)?;
        for (function, item) in instance.exports(engine) {
            match item.ty {
                ComponentItem::ComponentFunc(_) => {
                    let called = format!("{name}#{function}");
                    linked.func_new(function, move |_, ty, _, results| {
                        refuse(&called, &ty, results)
                    })?;
                }
                ComponentItem::Type(_) => {}
                _ => wasmtime::bail!("{name} has {function}, which only its own platform can give"),
            }
        }
    }
    Ok(())
}

fn refuse(called: &str, ty: &ComponentFunc, results: &mut [Val]) -> wasmtime::Result<()> {
    let denied = ty.results().next().and_then(|result| denied(&result));
    match (denied, results) {
        (Some(denied), [result]) => {
            *result = denied;
            Ok(())
        }
        _ => wasmtime::bail!(
            "{called} is not there on this platform, and cannot say so. Ask platform.offers before"
        ),
    }
}

/// The value of a type that says that access is denied, if it has one.
fn denied(result: &Type) -> Option<Val> {
    let Type::Result(result) = result else {
        return None;
    };
    let error = match result.err()? {
        Type::Enum(error) => {
            let mut names = error.names();
            names.find(|name| *name == DENIED)?;
            Val::Enum(DENIED.into())
        }
        Type::Variant(error) => {
            let mut cases = error.cases();
            cases.find(|case| case.name == DENIED && case.ty.is_none())?;
            Val::Variant(DENIED.into(), None)
        }
        _ => return None,
    };
    Some(Val::Result(Err(Some(Box::new(error)))))
}
