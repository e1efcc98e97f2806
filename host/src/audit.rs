//! The audit: who asked for what, under which grant and consent, and what came of it. Append-only, for the person to read.
//!
//! It is bounded for each person and app, so that a flood of one loses nothing of another's: see [`bounds`].

pub mod bounds;
mod line;
pub mod memory;
pub mod sqlite;

use serde::{Deserialize, Serialize};

use crate::grants::Capability;

/// One use of a capability, or one try.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// When, in milliseconds since 1970.
    pub at_ms: i64,
    /// Whose session it was.
    pub person: String,
    /// Which app's, as its manifest names it.
    pub app_id: String,
    /// What was asked of.
    pub capability: Capability,
    /// Which function, by its WIT name, or what became of an earlier call.
    pub function: String,
    /// The same for every entry about one request; empty where there is none.
    pub request: String,
    /// Whether it was allowed.
    pub allowed: bool,
    /// The grant that was decided by, with its bounds, or what was missing.
    pub grant: String,
    /// What the person agreed to, and how: "PIN", "always", …; empty where nobody was asked.
    pub consent: String,
    /// What it was about: how much, to whom.
    pub about: String,
    /// What came of it: "asked", "paid", …
    pub outcome: String,
    /// How often it came in a row.
    pub times: u32,
}

/// Which entries to read.
#[derive(Clone, Copy, Debug, Default)]
pub struct AuditQuery<'a> {
    /// Of whom; `None` for everybody, which is for the platform alone.
    pub person: Option<&'a str>,
    /// Of which app; `None` for all.
    pub app_id: Option<&'a str>,
    /// Of which capability; `None` for all.
    pub capability: Option<Capability>,
    /// Not older than this, in milliseconds since 1970.
    pub since_ms: i64,
    /// The most entries; the newest come first.
    pub limit: usize,
}

/// The log could not be read or written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the audit cannot be read or written: {0}")]
pub struct AuditError(pub String);

/// Keeps entries, and changes none.
pub trait AuditLog: Send + Sync {
    /// Writes an entry down, soon: whoever notes does not wait. Entries that are alike and follow one another become one
    /// that says how often, so that an app that asks without end fills no disk. Where more come at once than can be kept, one of the
    /// same person and app says how many more there were.
    fn note(&self, entry: AuditEntry);

    /// Returns when all that was noted before of this person in this app is kept, as far as it can be. For the few entries whose
    /// event somebody is told of: the log is to know of it by then. Others' entries are not waited for.
    fn flush(&self, _person: &str, _app_id: &str) {}

    /// Reads entries, newest first; those that were noted before are among them.
    ///
    /// # Errors
    /// [`AuditError`].
    fn read(&self, query: AuditQuery<'_>) -> Result<Vec<AuditEntry>, AuditError>;
}

impl AuditEntry {
    /// Whether it says what a person did or what became of money: an app alone cannot bring many of these about.
    pub(crate) fn is_weighty(&self) -> bool {
        self.allowed && matches!(&*self.outcome, "agreed" | "paid" | "declined")
    }

    /// So many more of the same person and app were not kept.
    pub(crate) fn left_out(&self, more: u32) -> Self {
        Self {
            request: String::new(),
            grant: String::new(),
            consent: String::new(),
            about: format!("{more} more of this app's were not kept: too many came at once"),
            outcome: "left out".into(),
            times: more,
            ..self.clone()
        }
    }

    /// With texts of bounded length.
    pub(crate) fn cut(mut self) -> Self {
        for text in [
            &mut self.function,
            &mut self.request,
            &mut self.grant,
            &mut self.consent,
            &mut self.about,
            &mut self.outcome,
        ] {
            if text.len() > bounds::TEXT_BYTES {
                text.truncate(text.floor_char_boundary(bounds::TEXT_BYTES));
                text.push('…');
            }
        }
        self
    }

    /// Whether the other one says the same, but for when.
    pub(crate) fn repeats(&self, other: &Self) -> bool {
        let plain = |entry: &Self| Self {
            at_ms: 0,
            times: 1,
            ..entry.clone()
        };
        plain(self) == plain(other)
    }
}
