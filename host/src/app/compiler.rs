//! Where packages are compiled: in this process, or in one of its own that the system ends when it takes too much.
//!
//! The other process is the embedder's program again, started with arguments of its choice, and calls [`compile_apart`]. It gets
//! the component on its standard input and writes the compiled code into the code cache, authenticated like any other entry;
//! only there this process finds it. Code never comes over a pipe.

use std::ffi::OsString;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use super::LoadError;
use super::findings::Checked;
use crate::code_cache::CodeCache;
use crate::engine::new_engine;

/// Where packages are compiled.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Compiler {
    /// In this process. What a component may hold is bounded, but what is begun goes on to its end.
    #[default]
    InProcess,
    /// In a process of its own. Needs a [`code_cache`](crate::RuntimeConfig::code_cache); without one, or where the program
    /// cannot be started, it is done in this process.
    Process(CompilerProcess),
}

/// A process that compiles one component and ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompilerProcess {
    /// The program: usually the embedder's own, `std::env::current_exe()`.
    pub program: PathBuf,
    /// Its arguments. The code cache's folder follows as the last one; with both it is to call [`compile_apart`].
    pub args: Vec<OsString>,
    /// The longest it may take by the wall clock.
    pub wall: Duration,
}

/// CPU time that compiling one component may take, all threads together.
const CPU_SECONDS: u64 = 60;
/// Address space that it may take, in bytes.
const ADDRESS_SPACE: u64 = 3 << 30;
/// The longest that a compiler's refusal may be, in bytes.
const MAX_TOLD_BYTES: u64 = 4 * 1024;
/// What a compiler's process ends with when the component is at fault.
const REFUSED: i32 = 1;

/// Compiles the component on standard input into the code cache in `cache`, within the limits of a compiler's process, which
/// this one becomes. On standard output is why not. To be called by a program that [`CompilerProcess`] names, and by nothing
/// else; the value is what the program is to end with.
#[must_use]
pub fn compile_apart(cache: &Path) -> u8 {
    limit_this_process();
    let mut wasm = Vec::new();
    let compiled = match std::io::stdin().read_to_end(&mut wasm) {
        Ok(_) => compiled_into(cache, &wasm),
        Err(error) => Err(LoadError::Host(error.to_string())),
    };
    let (code, told) = match compiled {
        Ok(()) => return 0,
        Err(LoadError::Host(why)) => (2, why),
        Err(LoadError::Component(why)) => (1, why),
        Err(other) => (1, other.to_string()),
    };
    // Nobody may listen any more.
    let _ = std::io::stdout().write_all(told.as_bytes());
    code
}

fn compiled_into(cache: &Path, wasm: &[u8]) -> Result<(), LoadError> {
    let host = |error: &dyn std::fmt::Display| LoadError::Host(error.to_string());
    let cache = CodeCache::open(cache).map_err(|error| host(&error))?;
    let engine = new_engine().map_err(|error| host(&error))?;
    let checked = Checked::compiled(&engine, wasm)?;
    checked
        .keep(&engine, &cache, wasm)
        .map_err(|error| host(&error))
}

#[cfg(unix)]
fn limit_this_process() {
    use rustix::process::{Resource, Rlimit, setrlimit};

    let most = |limit: u64| Rlimit {
        current: Some(limit),
        maximum: Some(limit),
    };
    for (resource, limit) in [
        (Resource::Cpu, CPU_SECONDS),
        (Resource::As, ADDRESS_SPACE),
        (Resource::Core, 0),
    ] {
        // Where the system sets a lower limit, that one holds.
        let _ = setrlimit(resource, most(limit));
    }
}

#[cfg(not(unix))]
fn limit_this_process() {}

/// What another process made of a component.
pub(super) enum Apart {
    /// It is in the cache now.
    Compiled,
    /// There was no other process; it has to be done here.
    NotStarted,
}

impl CompilerProcess {
    /// Has the component compiled into the cache in `folder`.
    pub(super) fn compile(&self, folder: &Path, wasm: &[u8]) -> Result<Apart, LoadError> {
        let started = Command::new(&self.program)
            .args(&self.args)
            .arg(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        let mut child = match started {
            Ok(child) => child,
            Err(error) => {
                tracing::warn!(%error, "no process for the compiler: it runs in the host's own");
                return Ok(Apart::NotStarted);
            }
        };
        let told = std::thread::scope(|scope| self.talk(scope, &mut child, wasm));
        let ended = child
            .wait()
            .map_err(|error| LoadError::Host(error.to_string()))?;
        match (told, ended.code()) {
            (None, _) => Err(LoadError::TooCostly(format!(
                "it was not compiled after {} s",
                self.wall.as_secs()
            ))),
            (Some(_), Some(0)) => Ok(Apart::Compiled),
            (Some(told), Some(REFUSED)) => Err(LoadError::Component(told)),
            (Some(told), Some(_)) => Err(LoadError::Host(format!("its compiler failed: {told}"))),
            // The system ended it, or it had no more memory.
            (Some(_), None) => Err(LoadError::TooCostly(format!(
                "its compiler needed more than {CPU_SECONDS} s of CPU time or {} GiB of memory",
                ADDRESS_SPACE >> 30
            ))),
        }
    }

    /// Gives the compiler its component and hears what it says until it ends; nothing if that takes too long.
    fn talk<'s>(
        &self,
        scope: &'s std::thread::Scope<'s, '_>,
        child: &mut Child,
        wasm: &'s [u8],
    ) -> Option<String> {
        let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
        scope.spawn(move || {
            // A compiler that has ended reads no further.
            let _ = stdin.map(|mut stdin| stdin.write_all(wasm));
        });
        let (sender, heard) = mpsc::channel();
        scope.spawn(move || {
            let mut told = Vec::new();
            if let Some(mut stdout) = stdout {
                // Not to be read: it counts as silent.
                let _ = stdout.by_ref().take(MAX_TOLD_BYTES).read_to_end(&mut told);
                let _ = std::io::copy(&mut stdout, &mut std::io::sink());
            }
            let _ = sender.send(String::from_utf8_lossy(&told).into_owned());
        });
        let told = heard.recv_timeout(self.wall).ok();
        if told.is_none() {
            // The threads above end with its pipes.
            let _ = child.kill();
        }
        told
    }
}
