//! Open sessions behind their tokens.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use lapak_host::capability::storage::Owner;
use lapak_host::session::{ColorScheme, Referrer};
use lapak_host::{Launch, LaunchError, Runtime, SendError, Session};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use super::clients::{Clients, Taken};
use super::journal::{AllBytes, Journal};
use super::kept::{Kept, KeptSessions};
use super::quotas::{Comer, Index, NotOpened, SessionQuotas, UNSEEN};
use super::rates::{MessageRates, Spent};
use super::shelf::{ShownApp, Stall};

/// How many browser pages may look at sessions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SocketLimits {
    /// Most connections that look at one session.
    pub of_session: usize,
    /// Most connections that look at one person's sessions.
    pub of_person: usize,
    /// How long the acknowledgement of an event waits for what the event leads to, so that both leave in one write. A slower app's
    /// is not held longer.
    pub moment: Duration,
    /// How many messages a person may send over all their connections.
    pub messages: MessageRates,
}

impl Default for SocketLimits {
    fn default() -> Self {
        Self {
            of_session: 8,
            of_person: 64,
            moment: Duration::from_millis(1),
            messages: MessageRates::default(),
        }
    }
}

/// How long an app may take to be closed before the next is launched in its place.
const CLOSING: Duration = Duration::from_secs(1);

/// Every open session by its token.
#[derive(Debug, Default)]
pub(super) struct Sessions {
    open: Mutex<Index>,
    quotas: SessionQuotas,
    limits: SocketLimits,
    /// Connections that look at a person's sessions.
    sockets: Arc<Mutex<HashMap<String, Sockets>>>,
    /// What the journals of all sessions hold.
    journals: AllBytes,
    /// Remembers them over a restart.
    pub(super) kept: Option<KeptSessions>,
    /// Held while one is taken up that was open before.
    pub(super) resuming: tokio::sync::Mutex<()>,
}

/// A session that a browser can look at. What runs behind the token can change: a newer app, a new start.
#[derive(Debug)]
pub(super) struct OpenSession {
    pub(super) token: String,
    pub(super) stall: Arc<Stall>,
    pub(super) start: Start,
    /// Where it was opened from, as far as that is known.
    pub(super) from: Option<IpAddr>,
    /// Lines and events, for the inspector.
    pub(super) journal: Arc<Journal>,
    live: Mutex<Live>,
    /// Counts the changes of `live`.
    changed: watch::Sender<u64>,
    /// The server died since: what browsers show may be of moments that nobody wrote down.
    pub(super) is_unsure: bool,
    kept: Option<KeptSessions>,
    clients: Mutex<Clients>,
    sockets: AtomicUsize,
    /// Whether a browser has ever shown it.
    was_shown: AtomicBool,
    last_seen: Mutex<Instant>,
}

/// What runs behind a token at the moment.
#[derive(Clone, Debug)]
pub(super) struct Live {
    pub(super) session: Session,
    pub(super) shown: Arc<ShownApp>,
}

/// How a session is launched.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Start {
    pub(super) person: String,
    pub(super) lang: String,
    /// The person's time zone, as the browser last told it before.
    #[serde(default)]
    pub(super) zone: Option<String>,
    pub(super) dark: bool,
    pub(super) pages: Vec<String>,
    /// The app that opened this one.
    #[serde(default)]
    pub(super) referrer: Option<Referrer>,
}

impl Start {
    pub(super) fn launch(&self, pages: Vec<String>) -> Launch {
        let mut launch = Launch::new(self.person.clone());
        launch.pages = pages;
        launch.lang.clone_from(&self.lang);
        launch.zone.clone_from(&self.zone);
        launch.referrer.clone_from(&self.referrer);
        if self.dark {
            launch.color_scheme = ColorScheme::Dark;
        }
        launch
    }
}

impl Sessions {
    /// None yet; those that come are remembered here.
    pub(super) fn new(
        kept: Option<KeptSessions>,
        quotas: SessionQuotas,
        limits: SocketLimits,
    ) -> Self {
        Self {
            kept,
            quotas,
            limits,
            ..Self::default()
        }
    }

    /// Launches a session for whoever asks for it, and opens it under a new token.
    pub(super) fn open(
        &self,
        runtime: &Runtime,
        stall: &Arc<Stall>,
        shown: &Arc<ShownApp>,
        start: Start,
        comer: Comer,
    ) -> Result<Arc<OpenSession>, NotOpened> {
        self.make_room(&start.person, comer)?;
        let launch = start.launch(start.pages.clone());
        let journal = self.journal();
        let begin = |launch| runtime.launch_watched_by(&shown.app, launch, journal.watcher());
        let session = match begin(launch.clone()) {
            Ok(launched) => launched,
            // Closing takes a moment, so the room that this makes is for the next attempt.
            Err(error) if !self.close_a_forgotten_one_of(&start.person) => return Err(error.into()),
            Err(_) => begin(launch)?,
        };
        let kept = Kept {
            stall: stall.name.clone(),
            package: shown.app.package().digest(),
            session: session.id(),
            run: 0,
            start,
            clients: Clients::default(),
            in_order: true,
        };
        let live = Live {
            session,
            shown: shown.clone(),
        };
        Ok(self.put_back(
            new_token(),
            stall.clone(),
            kept,
            comer.from,
            (live, journal),
        ))
    }

    /// Opens a session under a token, as it was `kept`.
    pub(super) fn put_back(
        &self,
        token: String,
        stall: Arc<Stall>,
        kept: Kept,
        from: Option<IpAddr>,
        (live, journal): (Live, Arc<Journal>),
    ) -> Arc<OpenSession> {
        let opened = Arc::new(OpenSession {
            token,
            stall,
            start: kept.start,
            from,
            journal,
            live: Mutex::new(live),
            changed: watch::Sender::new(kept.run),
            is_unsure: !kept.in_order,
            kept: self.kept.clone(),
            clients: Mutex::new(kept.clients),
            sockets: AtomicUsize::new(0),
            was_shown: AtomicBool::new(false),
            last_seen: Mutex::new(Instant::now()),
        });
        opened.keep(false);
        lock(&self.open).put(opened.clone());
        opened
    }

    /// An empty journal, for a session that is about to begin.
    pub(super) fn journal(&self) -> Arc<Journal> {
        Arc::new(Journal::new(self.journals.clone()))
    }

    /// Remembers every session as it is, with the server stopped in order.
    pub(super) fn keep_all(&self) {
        let open: Vec<_> = lock(&self.open).all().cloned().collect();
        for open in open {
            open.keep(true);
        }
    }

    pub(super) fn is_open(&self, token: &str) -> bool {
        lock(&self.open).find(token).is_some()
    }

    pub(super) fn find(&self, token: &str) -> Option<Arc<OpenSession>> {
        let found = lock(&self.open).find(token).cloned()?;
        *lock(&found.last_seen) = Instant::now();
        Some(found)
    }

    /// Puts a newer app behind every session of a stall, each at the pages where it is.
    pub(super) async fn reload(
        &self,
        runtime: &Runtime,
        stall: &Arc<Stall>,
        shown: &Arc<ShownApp>,
    ) {
        let of_stall = |open: &&Arc<OpenSession>| Arc::ptr_eq(&open.stall, stall);
        let open: Vec<_> = lock(&self.open).all().filter(of_stall).cloned().collect();
        for open in open {
            if let Err(error) = open.renew(runtime, shown.clone()).await {
                tracing::warn!(%error, "session not launched again");
            }
        }
    }

    /// Makes sure that one more session may be opened, at the cost of nobody else's.
    pub(super) fn make_room(&self, person: &str, comer: Comer) -> Result<(), NotOpened> {
        let mut open = lock(&self.open);
        while let Some(forgotten) = open.room(self.quotas, person, comer)? {
            open.remove(&forgotten);
            self.close(&forgotten);
        }
        Ok(())
    }

    /// Closes every session of a person's with an app, giving each a moment to store what it wants stored. Their pages stay.
    pub(super) async fn close_all(&self, owner: &Owner) {
        let live: Vec<_> = lock(&self.open).all().map(|open| open.live()).collect();
        let theirs = live.into_iter().map(|live| live.session);
        for session in theirs.filter(|session| session.owner() == owner) {
            session.close(CLOSING).await;
        }
    }

    /// Closes the session of this person's that was looked at longest ago, unless a browser shows it. Tells whether there was one.
    fn close_a_forgotten_one_of(&self, person: &str) -> bool {
        let mut open = lock(&self.open);
        let Some(forgotten) = open.forgotten(person) else {
            return false;
        };
        open.remove(&forgotten);
        self.close(&forgotten);
        true
    }

    fn close(&self, open: &OpenSession) {
        if let Some(kept) = &self.kept {
            kept.remove(&open.token);
        }
        // Nobody comes back to it.
        let session = open.live().session;
        tokio::spawn(async move { session.close(CLOSING).await });
    }
}

impl OpenSession {
    pub(super) fn live(&self) -> Live {
        lock(&self.live).clone()
    }

    /// Names what runs behind the token: this package, in this start. A browser that was away shows neither
    /// another package's screen nor another start's as if it were the present one.
    pub(super) fn run(&self) -> String {
        format!("{}.{}", self.live().shown.digest, *self.changed.borrow())
    }

    /// Tells when something else runs behind the token.
    pub(super) fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// Puts a newer app behind the token, at the pages where the older one is: it takes over from the older one if that
    /// says so in its manifest, and is launched anew if not.
    async fn renew(&self, runtime: &Runtime, shown: Arc<ShownApp>) -> Result<(), LaunchError> {
        let old = self.live().session;
        let launch = self.start.launch(Vec::new());
        let update =
            runtime.update_watched_by(&old, &shown.app, launch, Some(self.journal.watcher()));
        // One that does not come to an end is closed like any other.
        if let Ok(updated) = tokio::time::timeout(CLOSING, update).await
            && let Some(session) = updated?
        {
            self.put(Live { session, shown });
            return Ok(());
        }
        let pages = old.screen().stack;
        self.relaunch(runtime, shown, pages).await
    }

    /// Ends what runs and launches the app again.
    pub(super) async fn relaunch(
        &self,
        runtime: &Runtime,
        shown: Arc<ShownApp>,
        pages: Vec<String>,
    ) -> Result<(), LaunchError> {
        let old = self.live().session;
        // The app is told that it closes, so that it can store what it wants kept.
        old.close(CLOSING).await;
        let launch = self.start.launch(pages);
        let session = runtime.launch_watched_by(&shown.app, launch, self.journal.watcher())?;
        self.put(Live { session, shown });
        Ok(())
    }

    /// Something else runs behind the token from now on.
    fn put(&self, live: Live) {
        *lock(&self.live) = live;
        self.changed.send_modify(|count| *count += 1);
        self.keep(false);
    }

    /// Remembers the session for the server's next start.
    fn keep(&self, in_order: bool) {
        let Some(kept) = &self.kept else {
            return;
        };
        let live = self.live();
        let session = Kept {
            stall: self.stall.name.clone(),
            package: live.shown.app.package().digest(),
            session: live.session.id(),
            run: *self.changed.borrow(),
            start: self.start.clone(),
            clients: lock(&self.clients).clone(),
            in_order,
        };
        kept.put(&self.token, &session);
    }

    /// The last number taken from a browser page, 0 if none; `None` if that is forgotten.
    pub(super) fn last_taken(&self, client: &str) -> Option<u64> {
        lock(&self.clients).last_taken(client)
    }

    /// Takes the event numbered `seq` of a browser page, once and in order, by `send`.
    pub(super) fn take(
        &self,
        client: &str,
        seq: u64,
        send: impl FnOnce() -> Result<(), SendError>,
    ) -> Taken {
        lock(&self.clients).take(client, seq, send)
    }

    pub(super) fn is_watched(&self) -> bool {
        self.sockets.load(Ordering::Relaxed) > 0
    }

    pub(super) fn last_seen(&self) -> Instant {
        *lock(&self.last_seen)
    }

    /// Whether no browser has shown it, which has had time to.
    pub(super) fn was_never_seen(&self) -> bool {
        !self.was_shown.load(Ordering::Relaxed) && self.last_seen().elapsed() >= UNSEEN
    }
}

impl Sessions {
    /// Counts a browser page that looks at the session, for as long as the guard lives; `None` if too many do.
    pub(super) fn watched(&self, open: &Arc<OpenSession>) -> Option<Watched> {
        let mut sockets = lock(&self.sockets);
        let person = &open.start.person;
        let of_person = sockets.get(person).map_or(0, |of_person| of_person.count);
        let of_session = open.sockets.load(Ordering::Relaxed);
        let most = self.limits;
        if of_session >= most.of_session || of_person >= most.of_person {
            return None;
        }
        open.was_shown.store(true, Ordering::Relaxed);
        open.sockets.fetch_add(1, Ordering::Relaxed);
        let now = tokio::time::Instant::now();
        if sockets.len() == sockets.capacity() {
            // Before the table grows: who left, and has nothing to wait for, is forgotten.
            sockets.retain(|_, of_person| of_person.count > 0 || !of_person.spent.is_over(now));
        }
        let of_person = sockets.entry(person.clone()).or_insert_with(|| Sockets {
            count: 0,
            spent: Arc::new(Spent::new(most.messages, now)),
        });
        of_person.count += 1;
        Some(Watched {
            open: open.clone(),
            spent: of_person.spent.clone(),
            sockets: self.sockets.clone(),
        })
    }
}

/// A person's connections.
#[derive(Debug)]
struct Sockets {
    count: usize,
    /// What they sent, those of a moment ago included: connecting again wins nothing.
    spent: Arc<Spent>,
}

/// A browser page looks at the session.
pub(super) struct Watched {
    open: Arc<OpenSession>,
    sockets: Arc<Mutex<HashMap<String, Sockets>>>,
    /// What the person has sent of late.
    pub(super) spent: Arc<Spent>,
}

impl Drop for Watched {
    fn drop(&mut self) {
        let mut sockets = lock(&self.sockets);
        self.open.sockets.fetch_sub(1, Ordering::Relaxed);
        let person = &self.open.start.person;
        if let Some(of_person) = sockets.get_mut(person) {
            of_person.count -= 1;
            if of_person.count == 0 && self.spent.is_over(tokio::time::Instant::now()) {
                sockets.remove(person);
            }
        }
        drop(sockets);
        *lock(&self.open.last_seen) = Instant::now();
    }
}

/// 128 bits that nobody can guess, in hexadecimal.
pub(super) fn new_token() -> String {
    let mut bytes = [0_u8; 16];
    // Without randomness there are no secrets: no session is better than one that can be guessed.
    if getrandom::fill(&mut bytes).is_err() {
        unreachable_randomness();
    }
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unreachable_randomness() -> ! {
    tracing::error!("the system has no source of randomness");
    std::process::abort()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
