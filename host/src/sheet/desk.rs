//! The sheets that are open in a host, by session.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use super::{Sheet, SheetAnswer, SheetAsk, SheetError, SheetId, SheetOutcome, SheetStage};
use crate::session::{SessionId, Shared, Update};

/// Who stands behind a sheet.
pub(crate) trait Asker: Send + Sync {
    /// The person answers. On a thread that may wait; one answer at a time.
    fn answer(&self, sheet: &Sheet, answer: SheetAnswer) -> Result<(), SheetError>;

    /// Nobody will answer any more. Only of sheets that wait for an answer.
    fn lapse(&self, sheet: &Sheet, lapse: Lapse);

    /// Whether it may still be asked. Quick.
    fn may_ask(&self) -> bool;
}

/// Why nobody will answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lapse {
    /// It is too late.
    Expired,
    /// The grant was taken back.
    Withdrawn,
    /// The session has ended.
    SessionEnded,
}

#[derive(Default)]
pub(crate) struct Desk {
    next: AtomicU64,
    open: Mutex<HashMap<SessionId, Vec<Open>>>,
}

struct Open {
    /// Sheets are shown in this order: that in which they were asked for.
    order: u64,
    sheet: Arc<Sheet>,
    asker: Arc<dyn Asker>,
    session: Weak<Shared>,
    busy: bool,
}

impl Open {
    /// Told while the desk is locked, so that watchers hear of a sheet's stages in their order.
    fn tell(&self, update: Update) {
        if let Some(session) = self.session.upgrade() {
            session.lock().tell(update);
        }
    }
}

impl Desk {
    /// A place in the order of sheets, and the name of the one that takes it.
    pub(crate) fn number(&self) -> SheetId {
        SheetId(self.next.fetch_add(1, Ordering::Relaxed) + 1)
    }

    /// Opens a sheet, whose id [`number`](Self::number) gave.
    pub(crate) fn open(&self, session: &Arc<Shared>, sheet: Sheet, asker: Arc<dyn Asker>) {
        let sheet = Arc::new(sheet);
        let open = Open {
            order: sheet.id.0,
            sheet: sheet.clone(),
            asker,
            session: Arc::downgrade(session),
            busy: false,
        };
        {
            let mut all = self.lock();
            let sheets = all.entry(session.id).or_default();
            let at = sheets.partition_point(|one| one.order < open.order);
            open.tell(Update::Sheet(sheet));
            sheets.insert(at, open);
        }
        // Taken back, or over, while it was on its way here.
        if session.has_ended() {
            self.lapse(session.id, Lapse::SessionEnded, |_| true);
        } else {
            self.recheck(session.id);
        }
    }

    /// The sheets of a session, first asked first.
    pub(crate) fn of(&self, session: SessionId) -> Vec<Arc<Sheet>> {
        let all = self.lock();
        let sheets = all.get(&session).into_iter().flatten();
        sheets.map(|open| open.sheet.clone()).collect()
    }

    /// Begins an answer: until [`answered`](Self::answered) nobody else answers this sheet.
    pub(crate) fn begin_answer(
        &self,
        session: SessionId,
        id: SheetId,
        answer: &SheetAnswer,
    ) -> Result<(Arc<Sheet>, Arc<dyn Asker>), SheetError> {
        let mut all = self.lock();
        let open = find(&mut all, session, id).ok_or(SheetError::NotOpen)?;
        if open.busy {
            return Err(SheetError::Busy);
        }
        if !fits(&open.sheet, answer) {
            return Err(SheetError::WrongKind);
        }
        open.busy = true;
        Ok((open.sheet.clone(), open.asker.clone()))
    }

    /// The answer was looked at.
    pub(crate) fn answered(&self, session: SessionId, id: SheetId) {
        if let Some(open) = find(&mut self.lock(), session, id) {
            open.busy = false;
        }
    }

    /// Shows a sheet anew, changed.
    pub(crate) fn change(&self, session: SessionId, id: SheetId, change: impl FnOnce(&mut Sheet)) {
        if let Some(open) = find(&mut self.lock(), session, id) {
            let mut sheet = Sheet::clone(&open.sheet);
            change(&mut sheet);
            open.sheet = Arc::new(sheet);
            open.tell(Update::Sheet(open.sheet.clone()));
        }
    }

    /// The sheet is over.
    pub(crate) fn close(&self, session: SessionId, id: SheetId, outcome: SheetOutcome) {
        let mut all = self.lock();
        let Some(sheets) = all.get_mut(&session) else {
            return;
        };
        if let Some(at) = sheets.iter().position(|open| open.sheet.id == id) {
            let closed = sheets.remove(at);
            closed.tell(Update::SheetOver(id, Arc::new(outcome)));
        }
        if sheets.is_empty() {
            all.remove(&session);
        }
    }

    /// Something about the session's grants changed: what may not be asked any more is taken back.
    pub(crate) fn recheck(&self, session: SessionId) {
        self.lapse(session, Lapse::Withdrawn, |open| !open.asker.may_ask());
    }

    /// The session has ended.
    pub(crate) fn ended(&self, session: SessionId) {
        self.lapse(session, Lapse::SessionEnded, |_| true);
        // Those that the provider works at go on without anybody to look at them.
        self.lock().remove(&session);
    }

    /// Takes back what has expired.
    pub(crate) fn expire(&self, now_ms: i64) {
        let sessions: Vec<SessionId> = self.lock().keys().copied().collect();
        for session in sessions {
            self.lapse(session, Lapse::Expired, |open| {
                now_ms >= open.sheet.expires_ms
            });
        }
    }

    fn lapse(&self, session: SessionId, lapse: Lapse, which: impl Fn(&Open) -> bool) {
        let lapsed: Vec<_> = {
            let all = self.lock();
            let sheets = all.get(&session).into_iter().flatten();
            sheets
                // One whose answer is being looked at is the answer's to end.
                .filter(|open| open.sheet.stage == SheetStage::Open && !open.busy && which(open))
                .map(|open| (open.sheet.clone(), open.asker.clone()))
                .collect()
        };
        for (sheet, asker) in lapsed {
            asker.lapse(&sheet, lapse);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<SessionId, Vec<Open>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn find(
    all: &mut HashMap<SessionId, Vec<Open>>,
    session: SessionId,
    id: SheetId,
) -> Option<&mut Open> {
    let mut sheets = all.get_mut(&session)?.iter_mut();
    sheets.find(|open| open.sheet.id == id)
}

fn fits(sheet: &Sheet, answer: &SheetAnswer) -> bool {
    match (&sheet.ask, answer) {
        (_, SheetAnswer::Cancel) => true,
        (SheetAsk::Payment(_), SheetAnswer::Confirm(_) | SheetAnswer::ChoosePin(_)) => {
            sheet.stage == SheetStage::Open
        }
        (SheetAsk::Consent(_), SheetAnswer::Consent(_))
        | (SheetAsk::OpenApp(_), SheetAnswer::Agree) => true,
        _ => false,
    }
}
