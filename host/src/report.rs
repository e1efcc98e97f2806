//! How a session ended, told so that an app's author can mend it.

use std::fmt;
use std::time::Duration;

use crate::account::OverLimit;
use crate::engine::MAX_BACKTRACE_FRAMES;
use crate::view::ViewError;

/// A session's end.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct EndReport {
    /// Why.
    pub cause: EndCause,
    /// The event that was being handled, by its WIT name.
    pub event: String,
    /// The guest's call stack, innermost function first; empty where none was running.
    pub stack: Vec<String>,
}

impl EndReport {
    /// The shell closed the session.
    pub(crate) fn closed() -> Self {
        Self {
            cause: EndCause::Closed,
            event: String::new(),
            stack: Vec::new(),
        }
    }
}

/// Why a session ended.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum EndCause {
    /// The shell closed it.
    Closed,
    /// The app panicked.
    Panic {
        /// The panic's message.
        message: String,
        /// The source file, as the compiler knew it.
        file: String,
        /// 1-based; 0 if unknown.
        line: u32,
        /// 1-based; 0 if unknown.
        column: u32,
    },
    /// The app used more CPU time for one event than it may.
    CpuLimit {
        /// The limit, in milliseconds.
        limit_ms: u64,
    },
    /// The app asked for more memory than it may have.
    MemoryLimit {
        /// The limit, in bytes.
        limit_bytes: usize,
        /// What it asked for, in bytes.
        wanted_bytes: usize,
    },
    /// The app, its person, its package or the host has as much as it may have, and this session was the one to go.
    AccountLimit {
        /// Whose account it is ([`Holder::name`](crate::Holder::name)).
        whose: String,
        /// What there is too much of ([`Cost::name`](crate::Cost::name)).
        cost: String,
        /// The limit.
        limit: usize,
    },
    /// The app called something that would have waited, and nothing that an app calls may.
    WouldWait {
        /// What it called.
        call: String,
    },
    /// What the app called took more time than one event may.
    WallLimit {
        /// The limit, in milliseconds.
        limit_ms: u64,
    },
    /// The app called something that it may not have, and that has no way to say so.
    Denied {
        /// What it called.
        call: String,
    },
    /// The app's calls nested too deeply.
    StackOverflow,
    /// The view that it gave breaks a rule.
    InvalidView {
        /// Which rule, and where.
        rule: String,
    },
    /// WebAssembly trapped.
    Trap {
        /// What wasmtime says of it.
        trap: String,
    },
    /// The host failed, not the app.
    HostFault {
        /// For the host's log.
        what: String,
    },
}

impl EndCause {
    /// An account has too much of something.
    pub(crate) fn over(over: OverLimit) -> Self {
        Self::AccountLimit {
            whose: over.holder.name().into(),
            cost: over.cost.name().into(),
            limit: over.limit,
        }
    }

    /// Names the case, as it is serialized.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Panic { .. } => "panic",
            Self::CpuLimit { .. } => "cpu-limit",
            Self::MemoryLimit { .. } => "memory-limit",
            Self::AccountLimit { .. } => "account-limit",
            Self::WouldWait { .. } => "would-wait",
            Self::WallLimit { .. } => "wall-limit",
            Self::Denied { .. } => "denied",
            Self::StackOverflow => "stack-overflow",
            Self::InvalidView { .. } => "invalid-view",
            Self::Trap { .. } => "trap",
            Self::HostFault { .. } => "host-fault",
        }
    }

    /// Whether somebody should look at it.
    #[must_use]
    pub fn is_fault(&self) -> bool {
        *self != Self::Closed
    }
}

impl fmt::Display for EndCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed => write!(f, "the session was closed"),
            Self::Panic {
                message,
                file,
                line,
                column,
            } => write!(f, "the app panicked at {file}:{line}:{column}: {message}"),
            Self::CpuLimit { limit_ms } => write!(
                f,
                "the app used more than {limit_ms} ms of CPU time for one event. Do less at once: page long \
                 lists, or do the rest on a later event"
            ),
            Self::MemoryLimit {
                limit_bytes,
                wanted_bytes,
            } => write!(
                f,
                "the app asked for {} MiB of memory; it may have {} MiB",
                wanted_bytes.div_ceil(1 << 20),
                limit_bytes >> 20
            ),
            Self::AccountLimit { whose, cost, limit } => write!(
                f,
                "{whose} has more than {limit} {cost}, the most that it may have: what its sessions hold has to become less"
            ),
            Self::WouldWait { call } => write!(
                f,
                "the app waited in {call}, and nothing that an app calls may wait: set a timer, or ask and go on when the \
                 answer comes"
            ),
            Self::WallLimit { limit_ms } => write!(
                f,
                "what the app called had not answered after {limit_ms} ms, the most that one event may wait for it"
            ),
            Self::Denied { call } => write!(
                f,
                "the app called {call}, which this platform does not let it have"
            ),
            Self::StackOverflow => write!(
                f,
                "the app's calls nested too deeply (stack overflow): is there a recursion without an end?"
            ),
            Self::InvalidView { rule } => write!(f, "the app's view was refused: {rule}"),
            Self::Trap { trap } => write!(f, "the app trapped: {trap}"),
            Self::HostFault { what } => write!(f, "the host failed: {what}"),
        }
    }
}

impl fmt::Display for EndReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.cause)?;
        if !self.event.is_empty() {
            write!(f, "\n  while handling: {}", self.event)?;
        }
        for (index, frame) in self.stack.iter().enumerate() {
            write!(f, "\n  {index:>2}: {frame}")?;
        }
        Ok(())
    }
}

/// Ends a guest from within a host callback; found again in the error that the call gives.
#[derive(Clone, Copy, Debug, thiserror::Error)]
pub(crate) enum LimitHit {
    #[error("CPU time limit")]
    Cpu { limit: Duration },
    #[error("memory limit")]
    Memory { limit: usize, wanted: usize },
    #[error(transparent)]
    Account(OverLimit),
    #[error("{0} would have waited")]
    WouldWait(&'static str),
    #[error("{0} is denied")]
    Denied(&'static str),
}

/// The panic that a guest reported before it trapped.
#[derive(Clone, Debug)]
pub(crate) struct ReportedPanic {
    pub(crate) message: String,
    pub(crate) file: String,
    pub(crate) line: u32,
    pub(crate) column: u32,
}

/// Reads an error of a guest call.
pub(crate) fn from_error(
    error: &wasmtime::Error,
    panic: Option<ReportedPanic>,
    event: &str,
) -> EndReport {
    let stack: Vec<String> = error
        .downcast_ref::<wasmtime::WasmBacktrace>()
        .map(|trace| trace.frames().iter().map(frame_text).collect())
        .unwrap_or_default();
    EndReport {
        cause: cause(error, panic, stack.len()),
        event: event.to_owned(),
        stack,
    }
}

pub(crate) fn from_view_error(error: &ViewError, event: &str) -> EndReport {
    EndReport {
        cause: EndCause::InvalidView {
            rule: error.to_string(),
        },
        event: event.to_owned(),
        stack: Vec::new(),
    }
}

fn cause(error: &wasmtime::Error, panic: Option<ReportedPanic>, depth: usize) -> EndCause {
    if let Some(hit) = error.downcast_ref::<LimitHit>() {
        return match *hit {
            LimitHit::Cpu { limit } => EndCause::CpuLimit {
                limit_ms: u64::try_from(limit.as_millis()).unwrap_or(u64::MAX),
            },
            LimitHit::Memory { limit, wanted } => EndCause::MemoryLimit {
                limit_bytes: limit,
                wanted_bytes: wanted,
            },
            LimitHit::Account(over) => EndCause::over(over),
            LimitHit::WouldWait(call) => EndCause::WouldWait { call: call.into() },
            LimitHit::Denied(call) => EndCause::Denied { call: call.into() },
        };
    }
    if let Some(panic) = panic {
        return EndCause::Panic {
            message: panic.message,
            file: panic.file,
            line: panic.line,
            column: panic.column,
        };
    }
    match error.downcast_ref::<wasmtime::Trap>() {
        Some(wasmtime::Trap::StackOverflow) => EndCause::StackOverflow,
        // A compiler keeps part of its stack in linear memory, at its very start: calls that nest too deeply run
        // off the memory's edge before the call stack is full.
        Some(wasmtime::Trap::MemoryOutOfBounds) if depth >= MAX_BACKTRACE_FRAMES => {
            EndCause::StackOverflow
        }
        Some(trap) => EndCause::Trap {
            trap: trap.to_string(),
        },
        None => EndCause::Trap {
            trap: error.root_cause().to_string(),
        },
    }
}

fn frame_text(frame: &wasmtime::FrameInfo) -> String {
    match frame.func_name() {
        Some(name) => wasmtime_demangle(name),
        None => format!("function {}", frame.func_index()),
    }
}

fn wasmtime_demangle(name: &str) -> String {
    rustc_demangle::try_demangle(name)
        .map_or_else(|_| name.to_owned(), |demangled| format!("{demangled:#}"))
}
