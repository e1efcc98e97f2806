//! An app is uninstalled: nothing of one person's stays with the host.

use tokio::sync::oneshot;

use super::Runtime;
use crate::capability::storage::Owner;
use crate::capability::{files, storage};
use crate::report::EndReport;

/// What of an app's is still there; the rest is gone.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} could not be removed: {why}")]
pub struct UninstallError {
    /// `storage`, `files` or `consents`.
    pub what: &'static str,
    /// For the host's log.
    pub why: String,
}

impl Runtime {
    /// A person uninstalls an app: what it stored for them, its files and what they agreed to are removed. Their open sessions
    /// of it end at once, whatever they are at; who wants them to tidy up [closes](crate::Session::close) them first. What the audit
    /// says of the app stays: it is the person's.
    ///
    /// # Errors
    /// [`UninstallError`], the first; the others are removed all the same. It can be tried again.
    pub async fn uninstall(&self, owner: &Owner) -> Result<(), UninstallError> {
        // First: whoever still ran would write again.
        self.kill_sessions_of(owner);
        let consents = self.forget_consents(&owner.person, &owner.app_id);
        let consents = consents.map_err(|error| failed("consents", error));
        let stored = self.clear_storage(owner).await;
        let files = self.clear_files(owner).await;
        consents.and(stored).and(files)
    }

    fn kill_sessions_of(&self, owner: &Owner) {
        let theirs = self.host().registry.all();
        for session in theirs.filter(|session| session.owner == *owner) {
            session.end(EndReport::closed());
        }
    }

    async fn clear_storage(&self, owner: &Owner) -> Result<(), UninstallError> {
        let (done, cleared) = oneshot::channel();
        let (quota, done) = (
            storage::Quota::of(self.limits()),
            Box::new(|outcome| _ = done.send(outcome)),
        );
        let storage = &self.providers().storage;
        storage.submit(owner, quota, storage::Operation::Clear, done);
        let cleared = cleared.await.map_err(|error| failed("storage", error))?;
        cleared.map(drop).map_err(|error| failed("storage", error))
    }

    async fn clear_files(&self, owner: &Owner) -> Result<(), UninstallError> {
        let (done, cleared) = oneshot::channel();
        let (quota, done) = (
            files::Quota::of(self.limits()),
            Box::new(|outcome| _ = done.send(outcome)),
        );
        let files = &self.providers().files;
        files.submit(owner, quota, files::Operation::Clear, done);
        let cleared = cleared.await.map_err(|error| failed("files", error))?;
        cleared.map(drop).map_err(|error| failed("files", error))
    }
}

fn failed(what: &'static str, why: impl ToString) -> UninstallError {
    UninstallError {
        what,
        why: why.to_string(),
    }
}
