//! Asking the person whether an app may use a capability, as it first does.

mod sheet;

use std::sync::Arc;

use crate::audit::AuditEntry;
use crate::grants::consent::Consent;
use crate::grants::{AccessDenied, Capability, Decision};
use crate::instance::InstanceState;
use crate::session::Shared;
use crate::sheet::ConsentLine;

/// One function of a capability that needs consent, or whose uses are written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Use {
    /// The capability.
    pub(crate) capability: Capability,
    /// The function's WIT name.
    pub(crate) function: &'static str,
    /// What the audit says when it was allowed: "read", "opened".
    pub(crate) done: &'static str,
}

/// What a person is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Question {
    /// What of the capability, where it is not all of it: the answer is remembered for that alone.
    pub(crate) subject: String,
    /// What exactly.
    pub(crate) lines: Vec<ConsentLine>,
    /// The answers that it takes.
    pub(crate) takes: Vec<Consent>,
}

impl Question {
    /// Whether the app may use the capability.
    fn of_the_capability() -> Self {
        Self {
            subject: String::new(),
            lines: Vec::new(),
            takes: vec![
                Consent::Once,
                Consent::WhileInUse,
                Consent::Always,
                Consent::No,
            ],
        }
    }

    /// Whether the app may have just this: nothing is remembered of the answer.
    pub(crate) fn each_time(lines: Vec<ConsentLine>) -> Self {
        Self {
            subject: String::new(),
            lines,
            takes: vec![Consent::Once],
        }
    }

    /// Whether the app may have what is asked for from now on.
    pub(crate) fn for_good(lines: Vec<ConsentLine>) -> Self {
        Self {
            subject: String::new(),
            lines,
            takes: vec![Consent::Always, Consent::No],
        }
    }
}

/// Different entries that one event may bring into the audit: past it the same app only repeats itself.
const MOST_NOTED: usize = 32;

/// What was written into the audit in the running event: uses and refusals, each once.
#[derive(Debug, Default)]
pub(crate) struct Uses(Vec<(Use, bool, String)>);

impl Uses {
    /// Another event begins.
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// Whether this is the first of its kind in this event, and is to be written down.
    fn first(&mut self, wanted: Use, allowed: bool, about: &str) -> bool {
        let is_same = |(of, was, what): &(Use, bool, String)| {
            *of == wanted && *was == allowed && what.as_str() == about
        };
        let first = self.0.len() < MOST_NOTED && !self.0.iter().any(is_same);
        if first {
            self.0.push((wanted, allowed, about.to_owned()));
        }
        first
    }
}

impl InstanceState {
    /// The first line of a function that begins something: who was not asked yet will be, by [`consented`](Self::consented).
    pub(crate) fn may_ask(&mut self, wanted: Use) -> Result<(), AccessDenied> {
        let session = self.session.clone();
        let capability = wanted.capability;
        let asks = || session.grants.decide(capability) == Decision::AskPerson;
        // One answer for both, so that a replay sees what was decided.
        let allowed = self.answer(|| session.grants.check(capability).is_ok() || asks());
        if allowed {
            return Ok(());
        }
        let why = session.grants.why_not(capability).unwrap_or_default();
        self.refused(wanted, &why, "");
        Err(AccessDenied)
    }

    /// Writes a refusal into the audit, once for each event, as uses: who is refused again and again fills no disk.
    pub(crate) fn refused(&mut self, wanted: Use, why: &str, about: &str) {
        if !self.is_replay()
            && !self.session.is_model
            && wanted.capability.needs_permission()
            && self.uses.first(wanted, false, about)
        {
            note(&self.session, wanted, Err(why), "", about, "denied");
        }
    }

    /// The first line of a function that is done at once, of a capability that nobody is asked about.
    pub(crate) fn may_do(&mut self, wanted: Use) -> Result<(), AccessDenied> {
        self.may_ask(wanted)?;
        self.used(wanted);
        Ok(())
    }

    /// Writes a use that is done at once into the audit, once for each event: who does it again and again fills no disk.
    pub(crate) fn used(&mut self, wanted: Use) {
        if !self.is_replay() && !self.session.is_model && self.uses.first(wanted, true, "") {
            note(&self.session, wanted, Ok(()), "", "", wanted.done);
        }
    }

    /// The first line of a function that takes an outcome: it is there only if the person agreed, perhaps for this once.
    pub(crate) fn may_take(&mut self, capability: Capability) -> Result<(), AccessDenied> {
        let session = self.session.clone();
        let decision = || session.grants.decide(capability);
        match self.answer(|| matches!(decision(), Decision::Denied(_))) {
            true => Err(AccessDenied),
            false => Ok(()),
        }
    }

    /// The first line of a function that goes on with what the person has agreed to already, perhaps for a once that is not
    /// over: nobody is asked.
    pub(crate) fn may_use(&mut self, wanted: Use) -> Result<(), AccessDenied> {
        let allowed = self.may_take(wanted.capability);
        if allowed.is_err() {
            let grants = &self.session.grants;
            let why = grants.why_not(wanted.capability).unwrap_or_default();
            self.refused(wanted, &why, "");
        }
        allowed
    }

    /// Writes down a use that [`may_use`](Self::may_use) has allowed, once for each event.
    pub(crate) fn was_used(&mut self, wanted: Use, about: &str) {
        let noted = !self.is_replay() && !self.session.is_model;
        if noted && self.uses.first(wanted, true, about) {
            let (session, done) = (&self.session, wanted.done);
            note(session, wanted, Ok(()), "agreed before", about, done);
        }
    }

    /// Goes on with what [`may_use`](Self::may_use) has allowed, on a thread that may wait, unless it was taken back meanwhile.
    pub(crate) fn went_on(
        &self,
        wanted: Use,
        about: String,
        then: impl FnOnce(Result<(), AccessDenied>) + Send + 'static,
    ) {
        if self.is_replay() {
            return;
        }
        if self.session.is_model {
            return then(Err(AccessDenied));
        }
        let session = self.session.clone();
        let host = session.host.clone();
        host.pools.off_workers(&session.clone(), move || {
            match session.grants.why_not(wanted.capability) {
                Some(why) => {
                    note(&session, wanted, Err(&why), "", &about, "denied");
                    then(Err(AccessDenied));
                }
                None => {
                    note(
                        &session,
                        wanted,
                        Ok(()),
                        "agreed before",
                        &about,
                        wanted.done,
                    );
                    then(Ok(()));
                }
            }
        });
    }

    /// Goes on when the person has agreed, on a thread that may wait; at once if they have before, or need not be asked. What
    /// it is `about` is for the audit.
    ///
    /// Nobody is asked in a replay, and nothing goes on.
    pub(crate) fn consented(
        &self,
        wanted: Use,
        about: String,
        then: impl FnOnce(Result<(), AccessDenied>) + Send + 'static,
    ) {
        if self.is_replay() {
            return;
        }
        if self.session.is_model {
            return then(Err(AccessDenied));
        }
        let session = self.session.clone();
        let host = session.host.clone();
        let deciding = Deciding::new(&session);
        host.pools.off_workers(&session.clone(), move || {
            agreed(&session, wanted, about, then);
            drop(deciding);
        });
    }
}

/// The session is not at rest as long as this lives.
struct Deciding(Arc<Shared>);

impl Deciding {
    fn new(session: &Arc<Shared>) -> Self {
        session.lock().progress(|progress| progress.deciding += 1);
        Self(session.clone())
    }
}

impl Drop for Deciding {
    fn drop(&mut self) {
        self.0.lock().progress(|progress| progress.deciding -= 1);
    }
}

fn agreed(
    session: &Arc<Shared>,
    wanted: Use,
    about: String,
    then: impl FnOnce(Result<(), AccessDenied>) + Send + 'static,
) {
    match session.grants.decide(wanted.capability) {
        Decision::Allowed => {
            let consent = match wanted.capability.needs_consent() {
                true => "agreed before",
                false => "",
            };
            note(session, wanted, Ok(()), consent, &about, wanted.done);
            then(Ok(()));
        }
        Decision::Denied(why) => {
            note(session, wanted, Err(&why.to_string()), "", &about, "denied");
            then(Err(AccessDenied));
        }
        Decision::AskPerson => {
            let question = Question::of_the_capability();
            sheet::ask(session, wanted, about, question, Box::new(then));
        }
    }
}

/// Asks the person, however often they have agreed before. On a thread that may wait, and not in a replay.
pub(crate) fn ask_each_time(
    session: &Arc<Shared>,
    wanted: Use,
    about: String,
    question: Question,
    then: impl FnOnce(Result<(), AccessDenied>) + Send + 'static,
) {
    if let Decision::Denied(why) = session.grants.decide(wanted.capability) {
        note(session, wanted, Err(&why.to_string()), "", &about, "denied");
        return then(Err(AccessDenied));
    }
    match session.host.consents.each_time() {
        None => sheet::ask(session, wanted, about, question, Box::new(then)),
        Some(Consent::No) => {
            note(
                session,
                wanted,
                Err("refused by the person"),
                "",
                &about,
                "refused",
            );
            then(Err(AccessDenied));
        }
        Some(_) => {
            note(session, wanted, Ok(()), "once", &about, wanted.done);
            then(Ok(()));
        }
    }
}

/// Goes on when the person has agreed to something of a capability, a template say; at once if they have said before. On a
/// thread that may wait, and not in a replay.
pub(crate) fn consented_to(
    session: &Arc<Shared>,
    wanted: Use,
    subject: String,
    question: Question,
    then: impl FnOnce(Result<(), AccessDenied>) + Send + 'static,
) {
    if let Decision::Denied(why) = session.grants.decide(wanted.capability) {
        note(
            session,
            wanted,
            Err(&why.to_string()),
            "",
            &subject,
            "denied",
        );
        return then(Err(AccessDenied));
    }
    let (owner, consents) = (&session.owner, &session.host.consents);
    let kept = consents.find(&owner.person, &owner.app_id, wanted.capability, &subject);
    match kept.ok().flatten().map(|kept| kept.answer) {
        Some(Consent::Always) => {
            note(
                session,
                wanted,
                Ok(()),
                "agreed before",
                &subject,
                wanted.done,
            );
            then(Ok(()));
        }
        Some(Consent::No) => {
            let why = Err("refused by the person");
            note(session, wanted, why, "", &subject, "denied");
            then(Err(AccessDenied));
        }
        _ => {
            let question = Question {
                subject: subject.clone(),
                ..question
            };
            sheet::ask(session, wanted, subject, question, Box::new(then));
        }
    }
}

/// Writes into the audit: what was allowed, or what was missing. What is lent to every app is no news to anybody.
pub(crate) fn note(
    session: &Arc<Shared>,
    wanted: Use,
    allowed: Result<(), &str>,
    consent: &str,
    about: &str,
    outcome: &str,
) {
    // Nobody sees a model: what it tries is nothing that anybody's app did.
    if session.is_model || !wanted.capability.needs_permission() {
        return;
    }
    session.host.audit.note(AuditEntry {
        at_ms: now_ms(session),
        person: session.owner.person.to_string(),
        app_id: session.owner.app_id.to_string(),
        capability: wanted.capability,
        function: wanted.function.to_owned(),
        request: String::new(),
        allowed: allowed.is_ok(),
        grant: allowed.err().unwrap_or_default().to_owned(),
        consent: consent.to_owned(),
        about: about.to_owned(),
        outcome: outcome.to_owned(),
        times: 1,
    });
}

/// By the clock that sheets expire by: an app may be shown another.
pub(crate) fn now_ms(session: &Shared) -> i64 {
    session.providers.payments.parts().clock.now_ms()
}
