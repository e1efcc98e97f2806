//! Many sessions for a long time, under everything that a host does to them, each beside a twin that is left alone.
//!
//! Every event goes to a session and to its twin. The session is frozen, lent another's instance, spilled, fetched,
//! written to a disk that is full at times, and taken up by the next host, whether the last one was stopped or died; its
//! twin is kept in an instance of its own. Newer versions take over from both. Both must show the same.
//!
//! `LAPAK_ENDURANCE_SECONDS` sets how long it takes (20), `LAPAK_ENDURANCE_SESSIONS` how many there are (200),
//! `LAPAK_ENDURANCE_SEED` which events they get; the seed is printed. `make check` takes more of both.

#[path = "endurance/dice.rs"]
mod dice;
mod support;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use dice::Dice;
use lapak_abi::limits::Limits;
use lapak_abi::package::Package;
use lapak_host::capability::Providers;
use lapak_host::capability::payments::{PaymentParts, Payments};
use lapak_host::view::{InputValue, Trigger};
use lapak_host::{
    App, Capability, EndCause, Launch, ResumeError, Runtime, RuntimeConfig, Screen, SendError,
    Session, ShellEvent, SnapshotConfig,
};
use lapak_ledger::Clock;
use support::store::Troubled;
use support::{built, counter, hostile, settled};

/// What the hostile app does, and at which event.
const PLANS: [(&str, &str); 21] = [
    ("nothing", "never"),
    ("trap", "interaction"),
    ("panic", "interaction"),
    ("panic-huge", "interaction"),
    ("spin", "interaction"),
    ("eat-memory", "interaction"),
    ("grow", "interaction"),
    ("overflow-stack", "interaction"),
    ("out-of-bounds", "interaction"),
    ("view-many", "interaction"),
    ("view-count-crossing", "interaction"),
    ("view-key-twice", "interaction"),
    ("view-wild-numbers", "interaction"),
    ("call-console-flood", "interaction"),
    ("call-storage-flood", "interaction"),
    ("call-carry-over", "global-updating"),
    ("call-navigation-wild", "interaction"),
    ("call-navigation-flood", "interaction"),
    ("call-storage-write", "interaction"),
    ("call-storage-read", "interaction"),
    ("call-everything", "interaction"),
];

/// What a host that died leaves behind is on disk once nothing was written in so many looks, a tenth of a second apart.
const QUIET_LOOKS: u32 = 15;

/// How much CPU time an event may use: enough for any that is meant well.
const CPU: Duration = Duration::from_millis(400);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_a_host_does_shows() {
    let seed = number_from("LAPAK_ENDURANCE_SEED", 20_261_124);
    let sessions = number_from("LAPAK_ENDURANCE_SESSIONS", 200);
    println!("LAPAK_ENDURANCE_SEED={seed}");
    let folder = tempfile::tempdir().expect("a folder");
    let mut world = World::new(folder.path(), seed).await;
    // Building the apps is not what is to be endured.
    let end = Instant::now() + Duration::from_secs(number_from("LAPAK_ENDURANCE_SECONDS", 20));
    while Instant::now() < end {
        if (world.pairs.len() as u64) < sessions {
            world.launch();
        }
        world.step().await;
    }
    // However short the time was.
    world.update(0).await;
    world.host_dies().await;
    let said = world.check_all().await;
    world.count();
    println!(
        "{} steps, {} sessions launched, {} updated, {} hosts, {} of them died, {} compared at the end; \
         frozen, spilled, fetched, not written: {:?}",
        world.steps, world.launched, world.updated, world.hosts, world.died, said, world.done
    );
    assert!(
        world.done.iter().all(|count| *count > 0),
        "something was never put to the test"
    );
}

fn number_from(name: &str, usual: u64) -> u64 {
    let set = std::env::var(name).ok();
    set.map_or(usual, |set| set.parse().expect("a number"))
}

struct World {
    dice: Dice,
    packages: [Package; 4],
    config: RuntimeConfig,
    store: Arc<Troubled>,
    host: Runtime,
    apps: Vec<Arc<App>>,
    twins: Runtime,
    twin_apps: Vec<Arc<App>>,
    pairs: Vec<Pair>,
    steps: u64,
    launched: u64,
    updated: u64,
    hosts: u64,
    died: u64,
    /// Sessions frozen, spilled, fetched; writes that failed.
    done: [u64; 4],
}

/// A session and its twin.
struct Pair {
    name: String,
    person: String,
    app: usize,
    session: Session,
    twin: Session,
    /// What a request came to is on show.
    shows_answers: bool,
    /// What was done to both, and at which step.
    history: Vec<String>,
}

impl World {
    async fn new(folder: &Path, seed: u64) -> Self {
        let store = Arc::new(Troubled::default());
        let limits = Limits {
            foreground_cpu: CPU,
            background_cpu: CPU,
            ..Limits::default()
        };
        let config = RuntimeConfig {
            snapshots: Some(SnapshotConfig {
                key_folder: folder.to_owned(),
                store: store.clone(),
                memory_bytes: 10_000,
                checkpoint: Some(Duration::from_millis(50)),
            }),
            code_cache: Some(folder.join("code")),
            // Kept by the world: values outlive the host.
            providers: providers(),
            limits: limits.clone(),
            max_sessions: 100_000,
            max_instances: 3,
            freeze_after: Duration::from_millis(200),
            ..RuntimeConfig::simulated()
        };
        let twins = RuntimeConfig {
            code_cache: Some(folder.join("code")),
            providers: providers(),
            limits,
            max_sessions: 100_000,
            max_instances: 100_000,
            freeze_after: Duration::from_secs(36_000),
            ..RuntimeConfig::simulated()
        };
        let packages = [
            counter(),
            built("examples/warung"),
            built("examples/dompet"),
            hostile(),
        ];
        let host = Runtime::new(config.clone()).expect("a runtime");
        let twins = Runtime::new(twins).expect("a runtime");
        Self {
            dice: Dice(seed.max(1)),
            apps: load_all(&host, &packages).await,
            twin_apps: load_all(&twins, &packages).await,
            packages,
            config,
            store,
            host,
            twins,
            pairs: Vec::new(),
            steps: 0,
            launched: 0,
            updated: 0,
            hosts: 1,
            died: 0,
            done: [0; 4],
        }
    }

    fn launch(&mut self) {
        self.launched += 1;
        let app = self.dice.roll(self.apps.len());
        let mut launch = Launch::new(format!("p{}", self.launched));
        let (action, at) = *self.dice.one_of(&PLANS);
        launch.pages = match app {
            0 | 2 => Vec::new(),
            1 => vec!["pages/menu".into(), "pages/dish?id=rendang".into()],
            _ => vec![format!("pages/main?do={action}&at={at}")],
        };
        let name = format!("{} of {:?}", launch.person, launch.pages);
        let session = self
            .host
            .launch(&self.apps[app], launch.clone())
            .expect("launch");
        let twin = self
            .twins
            .launch(&self.twin_apps[app], launch)
            .expect("launch");
        self.pairs.push(Pair {
            name,
            person: format!("p{}", self.launched),
            app,
            session,
            twin,
            shows_answers: app == 1 || app == 2 || (app == 3 && action == "call-everything"),
            history: Vec::new(),
        });
    }

    async fn step(&mut self) {
        self.steps += 1;
        let at = self.dice.roll(self.pairs.len());
        match self.dice.roll(1_000) {
            0..3 => self.next_host().await,
            // The keeper is waited for, so seldom.
            3 if self.dice.roll(10) == 0 => self.host_dies().await,
            4..13 => self
                .store
                .full
                .store(self.dice.roll(2) == 0, Ordering::SeqCst),
            13..30 => self.send(at, ShellEvent::Close).await,
            30..80 => {
                self.pairs[at].session.freeze();
            }
            80..100 => self.change_grants(at).await,
            100..115 => self.update(at).await,
            115..200 => self.check(at).await,
            _ => self.events(at).await,
        }
    }

    /// Some events, one close after the other.
    async fn events(&mut self, at: usize) {
        self.pairs[at].twin.painted().await;
        at_rest(&self.pairs[at].twin).await;
        // As in the loop: what was asked at the launch may be on its way still.
        if self.pairs[at].shows_answers {
            at_rest(&self.pairs[at].session).await;
        }
        let choice = self.choice(at);
        for _ in 0..=self.dice.roll(4) {
            let event = self.dice.one_of(&choice).clone();
            self.send(at, event).await;
            // Whether an answer or the next tap comes first is for nobody to say, and this app shows which did.
            if self.pairs[at].shows_answers {
                at_rest(&self.pairs[at].twin).await;
                at_rest(&self.pairs[at].session).await;
            }
        }
    }

    /// What a person can do with what is on show, and a shell at any time.
    fn choice(&mut self, at: usize) -> Vec<ShellEvent> {
        let typed = format!("note {}", self.dice.roll(1_000));
        let screen = self.pairs[at].twin.screen();
        let mut choice = vec![
            ShellEvent::Back,
            ShellEvent::Hide,
            ShellEvent::Show,
            ShellEvent::PageRefresh,
            ShellEvent::Navigate("pages/second".into()),
            ShellEvent::SwitchTab("pages/basket".into()),
        ];
        for node in &screen.tree.nodes {
            for binding in &node.node.bindings {
                let value = match binding.trigger {
                    Trigger::Tap => InputValue::None,
                    _ => InputValue::Text(typed.clone()),
                };
                let input = ShellEvent::Input {
                    node: node.id,
                    trigger: binding.trigger,
                    value,
                };
                // What is tapped is worth more than what is shown and hidden.
                choice.extend([input.clone(), input]);
            }
        }
        choice
    }

    fn note(&mut self, at: usize, what: String) {
        let note = format!("{} (host {}): {what}", self.steps, self.hosts);
        self.pairs[at].history.push(note);
    }

    /// To both, in the same order.
    async fn send(&mut self, at: usize, event: ShellEvent) {
        self.note(at, format!("{event:?}"));
        let pair = &self.pairs[at];
        for one in [&pair.session, &pair.twin] {
            loop {
                match one.send(event.clone()) {
                    Ok(()) | Err(SendError::Ended) => break,
                    Err(SendError::MailboxFull(_) | SendError::Overloaded(_)) => settled(one).await,
                    Err(SendError::Suspending) => panic!("nobody stops this host"),
                }
            }
        }
    }

    async fn change_grants(&mut self, at: usize) {
        let pair = &self.pairs[at];
        at_rest(&pair.session).await;
        at_rest(&pair.twin).await;
        let capability = *self.dice.one_of(&Capability::ALL);
        let give = self.dice.roll(2) == 0;
        self.note(at, format!("grants {capability:?}: {give}"));
        let pair = &self.pairs[at];
        for one in [&pair.session, &pair.twin] {
            if give {
                one.grants().grant(capability);
            } else {
                one.grants().withdraw(capability);
            }
        }
    }

    /// A newer version takes over from both, or from neither.
    async fn update(&mut self, at: usize) {
        let pair = &mut self.pairs[at];
        at_rest(&pair.twin).await;
        at_rest(&pair.session).await;
        let launch = || Launch::new(pair.person.clone());
        let (newer, twins) = (&self.apps[pair.app], &self.twin_apps[pair.app]);
        let session = self.host.update(&pair.session, newer, launch()).await;
        let twin = self.twins.update(&pair.twin, twins, launch()).await;
        match (session.expect("launched"), twin.expect("launched")) {
            (Some(session), Some(twin)) => {
                (pair.session, pair.twin) = (session, twin);
                self.updated += 1;
                self.note(at, "updated".into());
            }
            (None, None) => {}
            (session, twin) => panic!("{}: {session:?}, {twin:?}", pair.name),
        }
    }

    /// Both show the same. A pair that has ended is taken out.
    async fn check(&mut self, at: usize) {
        let pair = &self.pairs[at];
        at_rest(&pair.twin).await;
        at_rest(&pair.session).await;
        let (shown, wanted) = (told(pair.session.screen()), told(pair.twin.screen()));
        let about = || {
            let (steps, name, history) = (self.steps, &pair.name, pair.history.join("\n"));
            format!("{name} after {steps} steps, host {}\n{history}", self.hosts)
        };
        assert_eq!(shown.ended, wanted.ended, "{}", about());
        assert_eq!(shown.tree.to_text(), wanted.tree.to_text(), "{}", about());
        assert_eq!(shown, wanted, "{}", about());
        if wanted.ended.is_some() {
            self.pairs.swap_remove(at);
        }
    }

    /// Adds up what this host has done.
    fn count(&mut self) {
        let reading = self.host.metrics();
        let frozen = reading.freeze.buckets.iter().sum();
        let done = [
            frozen,
            reading.spilled,
            reading.fetched,
            reading.store_errors,
        ];
        for (all, one) in self.done.iter_mut().zip(done) {
            *all += one;
        }
    }

    async fn check_all(&mut self) -> usize {
        let all = self.pairs.len();
        for at in (0..all).rev() {
            self.check(at).await;
        }
        all
    }

    /// Stops the host as it stands, letters waiting and all, and starts the next one.
    async fn next_host(&mut self) {
        self.store.full.store(false, Ordering::SeqCst);
        let left = self.host.suspend(Duration::from_secs(60)).await;
        assert_eq!(left.expect("suspended"), 0);
        self.count();
        self.begin_host().await;
    }

    /// The host is gone from one moment to the next, all that had come to rest being on disk.
    async fn host_dies(&mut self) {
        self.store.full.store(false, Ordering::SeqCst);
        for pair in &self.pairs {
            at_rest(&pair.twin).await;
            at_rest(&pair.session).await;
        }
        let (mut quiet, mut last) = (0, None);
        while quiet < QUIET_LOOKS {
            tokio::time::sleep(Duration::from_millis(100)).await;
            let written = Some(self.host.metrics().written);
            quiet = if written == last { quiet + 1 } else { 0 };
            last = written;
        }
        self.count();
        self.died += 1;
        self.begin_host().await;
    }

    /// The next host, over what the last one left on disk.
    async fn begin_host(&mut self) {
        let host = Runtime::new(self.config.clone()).expect("a runtime");
        self.apps = load_all(&host, &self.packages).await;
        self.host = host;
        self.hosts += 1;
        let mut pairs = Vec::new();
        for mut pair in self.pairs.drain(..) {
            match self.host.session(pair.session.id()) {
                Ok(session) => {
                    pair.session = session;
                    pairs.push(pair);
                }
                Err(ResumeError::Unknown(_)) => {
                    at_rest(&pair.twin).await;
                    let ended = pair.twin.screen().ended;
                    assert!(
                        ended.is_some(),
                        "{} is lost after {} steps",
                        pair.name,
                        self.steps
                    );
                }
                Err(error) => panic!("{} after {} steps: {error}", pair.name, self.steps),
            }
        }
        self.pairs = pairs;
        while self.pairs.is_empty() {
            self.launch();
        }
    }
}

/// What is to be the same. Where in a loop an app was when its time was over is nobody's promise.
fn told(mut screen: Screen) -> Screen {
    if let Some(ended) = &mut screen.ended
        && matches!(ended.cause, EndCause::CpuLimit { .. })
    {
        ended.stack.clear();
    }
    screen
}

/// Simulated ones, on whose clock no sheet expires: the next host shows a sheet anew, for its whole time.
fn providers() -> Providers {
    let simulated = Providers::simulated();
    let clock: Arc<dyn Clock> = Arc::new(|| 0);
    let parts = simulated.payments.parts().clone();
    Providers {
        payments: Payments::new(PaymentParts { clock, ..parts }),
        ..simulated
    }
}

/// Waits until nothing more happens, not even the first news of a watch, for which nobody waits who only waits for answers.
async fn at_rest(session: &Session) {
    settled(session).await;
    let rest = tokio::time::timeout(Duration::from_secs(30), session.at_rest());
    assert!(rest.await.is_ok(), "{session:?} does not come to rest");
    settled(session).await;
}

async fn load_all(runtime: &Runtime, packages: &[Package; 4]) -> Vec<Arc<App>> {
    let mut apps = Vec::new();
    for package in packages {
        apps.push(runtime.load(package.clone()).await.expect("load"));
    }
    apps
}
