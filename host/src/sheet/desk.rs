//! The sheets that are open in a host, by session.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use super::cooling::Cooling;
use super::{Sheet, SheetAnswer, SheetAsk, SheetError, SheetId, SheetOutcome, SheetStage};
use crate::capability::storage::Owner;
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
    /// It was not even opened: the person has cancelled one a moment ago, or too many are open.
    TooSoon,
}

/// Sheets that are open at a time: of one session, and of one person, in whatever apps.
const MOST_OF_SESSION: usize = 8;
const MOST_OF_PERSON: usize = 32;

#[derive(Default)]
pub(crate) struct Desk {
    next: AtomicU64,
    open: Mutex<HashMap<SessionId, Vec<Open>>>,
    cooling: Mutex<Cooling>,
}

struct Open {
    /// Sheets are shown in this order: that in which they were asked for.
    order: u64,
    sheet: Arc<Sheet>,
    asker: Arc<dyn Asker>,
    session: Weak<Shared>,
    owner: Owner,
    busy: bool,
}

impl Open {
    /// Told while the desk is locked, so that watchers hear of a sheet's stages in their order.
    fn tell(&self, update: Update) {
        if let Some(session) = self.session.upgrade() {
            session.lock().tell(update);
        }
    }

    /// Whoever waits for the session to come to rest minds how many are open.
    fn count(&self, change: impl FnOnce(u32) -> u32) {
        if let Some(session) = self.session.upgrade() {
            let mut state = session.lock();
            state.progress(|progress| progress.sheets = change(progress.sheets));
        }
    }
}

impl Desk {
    /// A place in the order of sheets, and the name of the one that takes it.
    pub(crate) fn number(&self) -> SheetId {
        SheetId(self.next.fetch_add(1, Ordering::Relaxed) + 1)
    }

    /// Opens a sheet, whose id [`number`](Self::number) gave; or has it lapse at once, where the person is to be left alone.
    pub(crate) fn open(&self, session: &Arc<Shared>, sheet: Sheet, asker: Arc<dyn Asker>) {
        let (owner, acted) = (&session.owner, session.has_acted());
        if !self.cooling().may_ask(owner, acted, sheet.opened_ms) {
            return asker.lapse(&sheet, Lapse::TooSoon);
        }
        let sheet = Arc::new(sheet.cleaned());
        let open = Open {
            order: sheet.id.0,
            sheet: sheet.clone(),
            asker: asker.clone(),
            session: Arc::downgrade(session),
            owner: session.owner.clone(),
            busy: false,
        };
        let is_full = {
            let mut all = self.lock();
            let of_person = all.values().flatten();
            let of_person = of_person.filter(|one| one.owner.person == open.owner.person);
            let of_session = all.get(&session.id).map_or(0, Vec::len);
            of_session >= MOST_OF_SESSION || of_person.count() >= MOST_OF_PERSON || {
                put(&mut all, session.id, open);
                false
            }
        };
        if is_full {
            return asker.lapse(&sheet, Lapse::TooSoon);
        }
        // Taken back, or over, while it was on its way here.
        if session.has_ended() {
            self.lapse(session.id, Lapse::SessionEnded, |_| true);
        } else {
            self.recheck(session.id);
        }
    }

    /// The person answers no. Before the app hears of it: it may ask again at once.
    pub(crate) fn cancelled(&self, session: &Shared, now_ms: i64) {
        self.cooling().cancel(&session.owner, now_ms);
        session.wait_for_an_act();
    }

    /// The person has agreed to something.
    pub(crate) fn agreed(&self, owner: &Owner) {
        self.cooling().agree(owner);
    }

    fn cooling(&self) -> MutexGuard<'_, Cooling> {
        self.cooling.lock().unwrap_or_else(PoisonError::into_inner)
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
            closed.count(|sheets| sheets.saturating_sub(1));
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
        self.cooling().forget(now_ms);
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

/// Puts a sheet in its place, and tells of it.
fn put(all: &mut HashMap<SessionId, Vec<Open>>, session: SessionId, open: Open) {
    let sheets = all.entry(session).or_default();
    let at = sheets.partition_point(|one| one.order < open.order);
    open.tell(Update::Sheet(open.sheet.clone()));
    open.count(|sheets| sheets + 1);
    sheets.insert(at, open);
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
        (SheetAsk::Consent(asked), SheetAnswer::Consent(consent)) => asked.takes.contains(consent),
        (SheetAsk::OpenApp(_), SheetAnswer::Agree) => true,
        _ => false,
    }
}
