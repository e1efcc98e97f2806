//! `lapak compile-component`: what `lapak` starts itself as, to compile a package apart from its own process. Not for people.

use std::path::PathBuf;
use std::process::exit;
use std::time::Duration;

use lapak_host::{Compiler, CompilerProcess};

use crate::failure::Failure;

const NAME: &str = "compile-component";
/// The longest that one component is compiled.
const WALL: Duration = Duration::from_secs(120);

/// Compiles the component on standard input into a code cache
#[derive(Debug, clap::Args)]
pub(crate) struct CompileArgs {
    /// The code cache's folder
    cache: PathBuf,
}

pub(crate) fn run(args: &CompileArgs) -> Result<(), Failure> {
    match lapak_host::compile_apart(&args.cache) {
        0 => Ok(()),
        code => exit(code.into()),
    }
}

/// This program, as the compiler of a host. Where it does not know its own name, the host compiles.
pub(crate) fn compiler() -> Compiler {
    std::env::current_exe().map_or(Compiler::InProcess, |program| {
        Compiler::Process(CompilerProcess {
            program,
            args: vec![NAME.into()],
            wall: WALL,
        })
    })
}
