//! A person uninstalls an app: no session of theirs with it goes on, and nothing that it kept is left.

use std::sync::Arc;

use super::Preview;
use super::sessions::OpenSession;

impl Preview {
    /// Of whoever sits before `open`.
    pub(super) async fn uninstall(&self, open: &Arc<OpenSession>) -> anyhow::Result<()> {
        let inner = &self.inner;
        let session = open.live().session;
        // First those on disk, which nobody has come back to since the server was started again: from then on none is taken up.
        let forgotten = self.forget_kept(open).await;
        inner.sessions.close_all(session.owner()).await;
        inner.runtime.uninstall(session.owner()).await?;
        forgotten
    }

    async fn forget_kept(&self, open: &OpenSession) -> anyhow::Result<()> {
        // Not while one of them is being taken up.
        let _resuming = self.inner.sessions.resuming.lock().await;
        let Some(kept) = self.inner.sessions.kept.clone() else {
            return Ok(());
        };
        let (runtime, person, stall) = (
            self.inner.runtime.clone(),
            open.start.person.clone(),
            open.stall.name.clone(),
        );
        let forgotten = tokio::task::spawn_blocking(move || -> anyhow::Result<()> {
            let sessions = kept.forget_app(&person, &stall)?;
            sessions.into_iter().for_each(|id| runtime.forget(id));
            Ok(())
        });
        forgotten.await?
    }
}
