//! What people have answered, kept per person and app.

pub mod memory;
pub mod sqlite;

use serde::{Deserialize, Serialize};

use super::Capability;

/// What a person answers when they are asked whether an app may use a capability.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Consent {
    /// For this request alone. Kept nowhere.
    Once,
    /// As long as this session lasts, or until its host is restarted. Kept nowhere.
    WhileInUse,
    /// From now on.
    Always,
    /// Never; and the person does not want to be asked again.
    No,
}

/// An answer that was kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KeptConsent {
    /// The app, as its manifest names it.
    pub app_id: String,
    /// What it may, or may not, use.
    pub capability: Capability,
    /// What of it: a template's id. Empty: all of it.
    pub subject: String,
    /// [`Consent::Always`] or [`Consent::No`].
    pub answer: Consent,
    /// When it was given, in milliseconds since 1970.
    pub at_ms: i64,
}

/// Answers could not be read or written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("what people agreed to cannot be read or written: {0}")]
pub struct ConsentError(pub String);

/// Keeps answers until they are taken back.
///
/// # Security
/// An answer that cannot be read counts as none: the person is asked again.
pub trait ConsentStore: Send + Sync {
    /// A person's answer for an app, about a subject or about the whole capability (`""`), if there is one.
    ///
    /// # Errors
    /// [`ConsentError`].
    fn find(
        &self,
        person: &str,
        app_id: &str,
        capability: Capability,
        subject: &str,
    ) -> Result<Option<KeptConsent>, ConsentError>;

    /// Keeps an answer, over an older one. It is on disk when this returns.
    ///
    /// # Errors
    /// [`ConsentError`]; the older one stays then.
    fn keep(&self, person: &str, consent: &KeptConsent) -> Result<(), ConsentError>;

    /// All that a person has answered, by app.
    ///
    /// # Errors
    /// [`ConsentError`].
    fn all(&self, person: &str) -> Result<Vec<KeptConsent>, ConsentError>;

    /// What everybody is taken to answer to questions that are asked each time: for simulated people. Of real ones nobody knows.
    fn each_time(&self) -> Option<Consent> {
        None
    }

    /// Forgets what was answered about a capability: the person will be asked again. About `subject` alone, or everything.
    ///
    /// # Errors
    /// [`ConsentError`]; it stays then.
    fn forget(
        &self,
        person: &str,
        app_id: &str,
        capability: Capability,
        subject: Option<&str>,
    ) -> Result<(), ConsentError>;

    /// Forgets all answers of a person for an app, which is uninstalled.
    ///
    /// # Errors
    /// [`ConsentError`]; they stay then.
    fn forget_app(&self, person: &str, app_id: &str) -> Result<(), ConsentError>;
}
