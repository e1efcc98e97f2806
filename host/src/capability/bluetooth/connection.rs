//! A connection, from the first try to its end, and all that goes on over it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use super::{Answer, Characteristic, Failure, Kind, Link, MOST_VALUE};
use crate::bindings::lapak::app::bluetooth::Error;
use crate::bindings::lapak::app::requests::RequestId;
use crate::flights::{Stop, Teller};
use crate::requests::Finisher;
use crate::session::Shared;

/// What is kept for it: it ends when this is dropped.
pub(super) struct Held(Arc<Connection>);

pub(super) struct Connection {
    session: Weak<Shared>,
    /// The request that made it.
    by: RequestId,
    inside: Mutex<Inside>,
}

#[derive(Default)]
struct Inside {
    teller: Option<Arc<Teller>>,
    link: Option<Arc<dyn Link>>,
    /// Of a connection that is being made.
    attempt: Option<Stop>,
    /// What was asked of the device and has no answer.
    pending: BTreeMap<RequestId, (Kind, Finisher)>,
    watches: BTreeMap<RequestId, Arc<Teller>>,
    /// What waits to be asked of the device, in order.
    line: VecDeque<Step>,
    /// Somebody works the line off.
    working: bool,
    over: bool,
}

type Step = Box<dyn FnOnce(&Arc<Connection>, &dyn Link) + Send>;

impl Held {
    pub(super) fn connection(&self) -> Arc<Connection> {
        self.0.clone()
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.0.end();
    }
}

impl Connection {
    pub(super) fn new(session: &Arc<Shared>, by: RequestId) -> Arc<Self> {
        Arc::new(Self {
            session: Arc::downgrade(session),
            by,
            inside: Mutex::default(),
        })
    }

    /// Keeps it for as long as what this gives.
    pub(super) fn held(self: &Arc<Self>, teller: Teller) -> Held {
        self.inside().teller = Some(Arc::new(teller));
        Held(self.clone())
    }

    /// Makes it, unless it is not wanted any more.
    pub(super) fn open(self: &Arc<Self>, session: &Arc<Shared>, address: &str) {
        if self.inside().teller.is_none() {
            return;
        }
        let (opened, lost) = (Arc::downgrade(self), Arc::downgrade(self));
        let connected = Box::new(move |link| {
            if let Some(connection) = Weak::upgrade(&opened) {
                connection.connected(link);
            }
        });
        let lost = Box::new(move || {
            if let Some(connection) = Weak::upgrade(&lost) {
                connection.failed(Error::Disconnected);
            }
        });
        let provider = &session.providers.bluetooth;
        let attempt = provider.connect(&session.owner, address, connected, lost);
        let mut inside = self.inside();
        let unwanted = match inside.over {
            true => Some(attempt),
            false => inside.attempt.replace(attempt),
        };
        drop(inside);
        drop(unwanted);
    }

    fn connected(&self, link: Result<Box<dyn Link>, Failure>) {
        let link = match link {
            Ok(link) => link,
            Err(failure) => return self.failed(failure.into()),
        };
        {
            let mut inside = self.inside();
            // Connected twice, or too late: the link that nobody wants is dropped, and ends.
            if inside.over || inside.link.is_some() {
                drop(inside);
                return drop(link);
            }
            inside.link = Some(link.into());
        }
        if let Some(session) = self.session.upgrade() {
            let done = super::super::Answer::Bluetooth(Answer::Done(Ok(())));
            session.finish(self.by, done);
        }
    }

    /// It could not be made, or has ended by itself.
    fn failed(&self, why: Error) {
        let teller = self.inside().teller.clone();
        if let Some(teller) = teller {
            teller.last(Answer::failed(Kind::Done, why));
        }
    }

    /// Reads a characteristic, when it is its turn.
    pub(super) fn read(self: &Arc<Self>, finish: Finisher, request: RequestId, of: Characteristic) {
        self.pend(request, Kind::Value, finish);
        self.step(Box::new(move |connection, link| {
            let connection = Arc::downgrade(connection);
            let read = Box::new(move |value: Result<Vec<u8>, Failure>| {
                let value = Answer::Value(value.map(cut).map_err(Error::from));
                answered(&connection, request, value);
            });
            link.read(of, read);
        }));
    }

    /// Writes a characteristic, when it is its turn.
    pub(super) fn write(
        self: &Arc<Self>,
        finish: Finisher,
        request: RequestId,
        to: Characteristic,
        value: Vec<u8>,
    ) {
        self.pend(request, Kind::Done, finish);
        self.step(Box::new(move |connection, link| {
            let connection = Arc::downgrade(connection);
            let written = Box::new(move |done: Result<(), Failure>| {
                let done = Answer::Done(done.map_err(Error::from));
                answered(&connection, request, done);
            });
            link.write(to, value, written);
        }));
    }

    /// Watches a characteristic, when it is its turn; the watch has its place already.
    pub(super) fn watch(self: &Arc<Self>, request: RequestId, to: Characteristic) {
        self.step(Box::new(move |connection, link| {
            let Some(session) = connection.session.upgrade() else {
                return;
            };
            session.take_off(request, |teller| {
                let teller = Arc::new(teller);
                let over = {
                    let mut inside = connection.inside();
                    inside.watches.insert(request, teller.clone());
                    inside.over
                };
                if over {
                    teller.last(Answer::failed(Kind::Value, Error::Disconnected));
                }
                let told = Arc::downgrade(&session);
                let notified = Box::new(move |value: Result<Vec<u8>, Failure>| {
                    let Some(session) = told.upgrade() else {
                        return;
                    };
                    // Bounds may have moved meanwhile.
                    let allowed = session.grants.bounds().bluetooth.allows(to.service);
                    match value {
                        _ if !allowed => {
                            teller.last(Answer::failed(Kind::Value, Error::AccessDenied));
                        }
                        Ok(value) => {
                            let value = Answer::Value(Ok(cut(value)));
                            teller.tell(super::super::Answer::Bluetooth(value));
                        }
                        Err(failure) => teller.last(Answer::failed(Kind::Value, failure.into())),
                    }
                });
                let subscribed = link.subscribe(to, notified);
                let forgotten = Watched(Arc::downgrade(connection), request);
                Box::new((subscribed, forgotten))
            });
        }));
    }

    fn pend(&self, request: RequestId, kind: Kind, finish: Finisher) {
        let mut inside = self.inside();
        if inside.over {
            drop(inside);
            return finish.with(Answer::failed(kind, Error::Disconnected));
        }
        inside.pending.insert(request, (kind, finish));
    }

    /// Asks something of the device after all that was asked of it before.
    fn step(self: &Arc<Self>, step: Step) {
        let Some(session) = self.session.upgrade() else {
            return;
        };
        let begins = {
            let mut inside = self.inside();
            if inside.over {
                return;
            }
            inside.line.push_back(step);
            !std::mem::replace(&mut inside.working, true)
        };
        if begins {
            let connection = self.clone();
            session
                .host
                .pools
                .off_workers(&session, move || connection.work_off());
        }
    }

    fn work_off(self: &Arc<Self>) {
        while let Some((step, link)) = self.next() {
            step(self, &*link);
        }
    }

    fn next(&self) -> Option<(Step, Arc<dyn Link>)> {
        let mut inside = self.inside();
        let next = inside.link.clone();
        let next = next.and_then(|link| Some((inside.line.pop_front()?, link)));
        inside.working = next.is_some();
        next
    }

    fn end(&self) {
        let ended = {
            let mut inside = self.inside();
            let ended = std::mem::take(&mut *inside);
            inside.over = true;
            ended
        };
        for (kind, finish) in ended.pending.into_values() {
            finish.with(Answer::failed(kind, Error::Disconnected));
        }
        for teller in ended.watches.into_values() {
            teller.last(Answer::failed(Kind::Value, Error::Disconnected));
        }
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The device has answered; a second time nobody hears it.
fn answered(connection: &Weak<Connection>, request: RequestId, answer: Answer) {
    let Some(connection) = connection.upgrade() else {
        return;
    };
    let pending = connection.inside().pending.remove(&request);
    if let Some((_, finish)) = pending {
        finish.with(super::super::Answer::Bluetooth(answer));
    }
}

/// Forgets a watch that has ended.
struct Watched(Weak<Connection>, RequestId);

impl Drop for Watched {
    fn drop(&mut self) {
        if let Some(connection) = self.0.upgrade() {
            connection.inside().watches.remove(&self.1);
        }
    }
}

fn cut(mut value: Vec<u8>) -> Vec<u8> {
    value.truncate(MOST_VALUE);
    value
}
