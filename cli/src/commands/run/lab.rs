//! The lines that are not about the page: what the device is set to, what the person answers, what the platform lends.

use lapak_host::audit::AuditQuery;
use lapak_host::sheet::{SheetAnswer, SheetAsk};
use lapak_host::simulated::SimulatedDevices;
use lapak_host::{Capability, Runtime, Session};
use serde_json::{Value, json};

use super::line::{Answer, Platform};

/// Entries of the audit that are told.
const ENTRIES: usize = 1_000;

/// What is around the app.
pub(super) struct Lab {
    pub(super) runtime: Runtime,
    pub(super) devices: SimulatedDevices,
}

impl Lab {
    /// Sets a part of the person's device by a line of words; tells how the device is then.
    pub(super) fn device(&self, session: &Session, line: &str) -> Result<Value, String> {
        let person = &session.owner().person;
        if !line.trim().is_empty() {
            self.devices.set(person, line)?;
        }
        Ok(json!({ "device": self.devices.shown(person) }))
    }

    /// Answers the question that was asked first.
    pub(super) async fn consent(&self, session: &Session, answer: Answer) -> Result<(), String> {
        let sheets = session.sheets();
        let mut asked = sheets.iter();
        let asked = asked.find(|sheet| matches!(sheet.ask, SheetAsk::Consent(_)));
        let sheet = asked.ok_or(
            "nobody is asked at the moment. With --ask people are; without it they agree to all",
        )?;
        let answered = session.answer_sheet(sheet.id, SheetAnswer::from(answer));
        answered.await.map_err(|error| error.to_string())
    }

    /// Agrees to another app's being opened, or does not.
    pub(super) async fn open_app(&self, session: &Session, agrees: bool) -> Result<(), String> {
        let sheets = session.sheets();
        let mut asked = sheets.iter();
        let asked = asked.find(|sheet| matches!(sheet.ask, SheetAsk::OpenApp(_)));
        let sheet = asked.ok_or("nobody asks to open another app at the moment")?;
        let answer = match agrees {
            true => SheetAnswer::Agree,
            false => SheetAnswer::Cancel,
        };
        let answered = session.answer_sheet(sheet.id, answer);
        answered.await.map_err(|error| error.to_string())
    }

    /// The person takes back what they agreed to.
    pub(super) fn withdraw(&self, session: &Session, name: &str) -> Result<(), String> {
        let (capability, owner) = (capability(name)?, session.owner());
        let withdrawn = self
            .runtime
            .withdraw_consent(&owner.person, &owner.app_id, capability);
        withdrawn.map_err(|error| error.to_string())
    }

    /// The platform lends a capability, or takes it back.
    pub(super) fn platform(&self, session: &Session, act: &Platform) -> Result<(), String> {
        match act {
            Platform::Grant(name) => session.grants().grant(capability(name)?),
            Platform::Withdraw(name) => session.grants().withdraw(capability(name)?),
        }
        Ok(())
    }

    /// What the app did with what it was lent, the oldest first.
    pub(super) fn audit(&self, session: &Session) -> Result<Value, String> {
        let owner = session.owner();
        let read = self.runtime.audit(AuditQuery {
            person: Some(&owner.person),
            app_id: Some(&owner.app_id),
            limit: ENTRIES,
            ..AuditQuery::default()
        });
        let mut entries = read.map_err(|error| error.to_string())?;
        entries.reverse();
        Ok(json!({ "audit": entries }))
    }
}

fn capability(name: &str) -> Result<Capability, String> {
    Capability::named(name).ok_or_else(|| {
        let all: Vec<_> = Capability::all().map(Capability::name).collect();
        let all = all.join(", ");
        format!("there is no capability {name:?}; there are {all}")
    })
}
