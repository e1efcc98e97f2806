//! What the runtime does about grants, consents and sheets: makes each session's grants, keeps time, and lets people look
//! at what they agreed to and take it back.

use std::sync::Arc;
use std::time::Duration;

use super::Runtime;
use super::host::Host;
use crate::app::App;
use crate::audit::{AuditEntry, AuditError, AuditQuery};
use crate::grants::consent::{Consent, ConsentError, KeptConsent};
use crate::grants::{Capability, Decision, Grants};
use crate::session::Shared;

/// How often sheets are looked at for those that have expired.
const TICK: Duration = Duration::from_millis(500);

/// Closes sheets that have expired and asks silent providers again, as long as the host lasts.
pub(super) fn keep(host: &Arc<Host>) {
    let (weak, io) = (Arc::downgrade(host), host.io().clone());
    io.spawn(async move {
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
        loop {
            ticks.tick().await;
            let Some(host) = weak.upgrade() else { return };
            let ticked = tokio::task::spawn_blocking(move || {
                let payments = &host.providers.payments;
                host.sheets.expire(payments.parts().clock.now_ms());
                payments.ask_again();
            });
            if ticked.await.is_err() {
                tracing::error!("looking after sheets failed; it goes on");
            }
        }
    });
}

impl Host {
    /// What a new session of this person may use: manifest ∩ platform ∩ what the person has agreed to.
    pub(super) fn grants_for(&self, app: &App, person: &str) -> Grants {
        let granted = self.grants.iter().copied();
        let grants = Grants::for_app(app.manifest(), granted, self.bounds.clone());
        for capability in Capability::all() {
            if grants.decide(capability) != Decision::AskPerson {
                continue;
            }
            match self.consents.find(person, &app.id(), capability, "") {
                Ok(Some(kept)) if kept.answer == Consent::Always => grants.agree(capability),
                Ok(Some(kept)) if kept.answer == Consent::No => grants.disagree(capability),
                Ok(_) => {}
                Err(error) => tracing::warn!(%error, "the person is asked again"),
            }
        }
        grants
    }

    /// Looks again whether what a session may use because the person agreed to it is still agreed to: it may have been taken
    /// back before the session could be found among the open ones, or while it was on disk. Where nothing is kept the
    /// person is asked again.
    pub(super) fn check_consents(&self, session: &Shared) {
        let asked = |one: &Capability| one.needs_consent();
        for capability in session.grants.granted().into_iter().filter(asked) {
            let owner = &session.owner;
            let kept = self
                .consents
                .find(&owner.person, &owner.app_id, capability, "");
            match kept.ok().flatten().map(|kept| kept.answer) {
                Some(Consent::Always) => {}
                Some(Consent::No) => session.grants.disagree(capability),
                _ => session.grants.forget_answer(capability),
            }
        }
    }
}

impl Runtime {
    /// What a person has answered, by app, of what is kept.
    ///
    /// # Errors
    /// [`ConsentError`].
    pub fn consents(&self, person: &str) -> Result<Vec<KeptConsent>, ConsentError> {
        self.host().consents.all(person)
    }

    /// A person takes back what they agreed to, everything of this capability: open sessions are refused on their next call, and
    /// later ones ask again.
    ///
    /// # Errors
    /// [`ConsentError`]: open sessions are refused all the same, but later ones may go on without asking.
    pub fn withdraw_consent(
        &self,
        person: &str,
        app_id: &str,
        capability: Capability,
    ) -> Result<(), ConsentError> {
        // First what is kept: a session that begins meanwhile reads it again once it can be found among the open ones.
        let forgotten = self
            .host()
            .consents
            .forget(person, app_id, capability, None);
        self.refuse_open_sessions(person, app_id, &[capability]);
        forgotten
    }

    /// A person takes back what they agreed to about one subject of a capability, a template say.
    ///
    /// # Errors
    /// [`ConsentError`]: it stays then.
    pub fn withdraw_consent_to(
        &self,
        person: &str,
        app_id: &str,
        capability: Capability,
        subject: &str,
    ) -> Result<(), ConsentError> {
        let consents = &self.host().consents;
        let forgotten = consents.forget(person, app_id, capability, Some(subject));
        if subject.is_empty() {
            self.refuse_open_sessions(person, app_id, &[capability]);
        }
        forgotten
    }

    /// A person uninstalls an app: what they agreed to for it is forgotten, and open sessions are refused on their next
    /// call.
    ///
    /// # Errors
    /// [`ConsentError`], as of [`withdraw_consent`](Self::withdraw_consent).
    pub fn forget_consents(&self, person: &str, app_id: &str) -> Result<(), ConsentError> {
        let forgotten = self.host().consents.forget_app(person, app_id);
        let all: Vec<_> = Capability::all().collect();
        self.refuse_open_sessions(person, app_id, &all);
        forgotten
    }

    /// Who asked for what, and what came of it, newest first. It reads the disk.
    ///
    /// # Errors
    /// [`AuditError`].
    pub fn audit(&self, query: AuditQuery<'_>) -> Result<Vec<AuditEntry>, AuditError> {
        self.host().audit.read(query)
    }

    fn refuse_open_sessions(&self, person: &str, app_id: &str, capabilities: &[Capability]) {
        for session in self.host().registry.all() {
            let owner = &session.owner;
            if *owner.person != *person || *owner.app_id != *app_id {
                continue;
            }
            for capability in capabilities.iter().filter(|one| one.needs_consent()) {
                session.grants.disagree(*capability);
            }
        }
    }
}
