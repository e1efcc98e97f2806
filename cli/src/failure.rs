//! What went wrong, as a person is told, and the exit code that scripts see.

use std::fmt;
use std::process::ExitCode;

use crate::output;

/// A command's failure: what went wrong and how to mend it.
#[derive(Debug)]
pub(crate) struct Failure {
    kind: Kind,
    text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// The app or package is wrong.
    App = 1,
    /// The app ended by a fault of its own.
    Fault = 3,
    /// This machine lacks something.
    Machine = 4,
    /// Whoever read the output has gone: nothing to say, and nobody to say it to.
    Silent = 0,
}

impl Failure {
    pub(crate) fn app(text: impl Into<String>) -> Self {
        Self {
            kind: Kind::App,
            text: text.into(),
        }
    }

    pub(crate) fn fault(text: impl Into<String>) -> Self {
        Self {
            kind: Kind::Fault,
            text: text.into(),
        }
    }

    pub(crate) fn machine(text: impl Into<String>) -> Self {
        Self {
            kind: Kind::Machine,
            text: text.into(),
        }
    }

    pub(crate) fn silent() -> Self {
        Self {
            kind: Kind::Silent,
            text: String::new(),
        }
    }

    /// Says it on standard error.
    pub(crate) fn told(&self) -> ExitCode {
        if self.kind != Kind::Silent {
            output::note(&format!("lapak: {}", self.text.trim_end()));
        }
        ExitCode::from(self.kind as u8)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// What nobody foresaw is the machine's fault rather than the app's.
impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::machine(format!("{error:#}"))
    }
}

impl From<lapak_build::BuildError> for Failure {
    fn from(error: lapak_build::BuildError) -> Self {
        match error {
            lapak_build::BuildError::Toolchain(text) => {
                Self::machine(format!("{text}\n`lapak doctor` shows what was found."))
            }
            error => Self::app(error.to_string()),
        }
    }
}
