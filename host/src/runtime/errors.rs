//! Why a runtime cannot be set up, and why a session is not launched.

use std::path::PathBuf;

use crate::account::OverLimit;
use crate::vendor::VendorError;

/// Why a runtime could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum RuntimeError {
    /// wasmtime cannot run here.
    #[error("this machine cannot run WebAssembly: {0}")]
    Engine(String),
    /// The code cache's folder cannot be used.
    #[error("the code cache at {path} cannot be used: {source}")]
    CodeCache {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The folder of the snapshots' key cannot be used.
    #[error("the key of the snapshots at {path} cannot be used: {source}")]
    Key {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A thread could not be started.
    #[error("a thread could not be started: {0}")]
    Thread(std::io::Error),
    /// A capability of the platform's own was not taken.
    #[error(transparent)]
    Vendor(#[from] VendorError),
    /// Called outside a tokio runtime.
    #[error("Runtime::new must be called within a tokio runtime, which serves timers and I/O")]
    NoTokio,
}

/// Why a session was not launched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LaunchError {
    /// As many sessions run as this host allows.
    #[error("{0} sessions run already, the most that this host allows; close one and try again")]
    TooManySessions(usize),
    /// The app, the person, the package or the host has as much as it may have.
    #[error(transparent)]
    OverLimit(#[from] OverLimit),
    /// The system has no randomness for the session's id.
    #[error("the system has no random numbers to give; try again")]
    NoRandomness,
}
