//! `lapak run`: an app without a screen, driven by JSON Lines. `cli/RUN.md` describes the lines.

mod fields;
mod lab;
mod line;
mod person;
mod record;
mod replay;
mod told;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use lapak_abi::json::JsonLimits;
use lapak_build::Purpose;
use lapak_host::AppSource;
use lapak_host::capability::Providers;
use lapak_host::capability::storage::sqlite::SqliteStorage;
use lapak_host::grants::consent::ConsentStore;
use lapak_host::grants::consent::memory::MemoryConsents;
use lapak_host::grants::consent::sqlite::SqliteConsents;
use lapak_host::session::Update;
use lapak_host::simulated::SimulatedDevices;
use lapak_host::view::{InputValue, NodeId};
use lapak_host::{App, EndCause, Launch, Runtime, RuntimeConfig, Session, ShellEvent, Updates};
use serde_json::json;
use tokio::sync::broadcast::error::TryRecvError;

use crate::failure::Failure;
use crate::open::{language_of, open_package};
use crate::{folders, output, profile};
use lab::Lab;
use line::{Line, Step, Yes};
use person::{Person, takes};

/// What a line of a script may hold. Who writes it runs it, so its length is theirs to choose.
const LINE: JsonLimits = JsonLimits {
    bytes: usize::MAX,
    values: 64 * 1024,
};

/// How long an app may take to come to rest after an event.
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs an app without a screen: events as JSON Lines in, views, patches and logs as JSON Lines out.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  echo '{\"tap\":\"Add one\"}' | lapak run examples/counter
  lapak run shop.ma --lang id --page 'pages/dish?id=sate' < events.jsonl | jq -c .patch
  lapak run --data /tmp/shop < first.jsonl && lapak run --data /tmp/shop < second.jsonl
  lapak run shop.ma --record shop.lapakrec < events.jsonl && lapak run shop.ma --replay shop.lapakrec

Lines in (NAME: a key, label, placeholder or text; or a node's number):
  {\"tap\":NAME}  {\"hold\":NAME}  {\"type\":{\"into\":NAME,\"text\":TEXT}}  {\"enter\":NAME}
  {\"turn\":{\"what\":NAME,\"on\":true}}  {\"pick\":{\"from\":NAME,\"option\":TEXT}}  {\"slide\":{\"what\":NAME,\"to\":3}}
  {\"back\":true}  {\"tab\":PAGE}  {\"navigate\":URL}  {\"hide\":true}  {\"show\":true}  {\"refresh\":true}
  {\"zone\":\"Europe/Berlin\"}  {\"bottom\":true}  {\"input\":{\"node\":ID,\"trigger\":T,\"value\":V}}  {\"text\":true}  {\"close\":true}
  {\"device\":\"location -6.2 106.8\"}  {\"consent\":\"once|while-in-use|always|no|not-now\"}  {\"withdraw\":CAPABILITY}
  {\"open-app\":true}  {\"platform\":{\"grant|withdraw\":CAPABILITY}}  {\"audit\":true}
Lines out:
  {\"view\":…}  {\"patch\":…}  {\"log\":…}  {\"handled\":…}  {\"text\":…}  {\"ended\":…}
  {\"sheet\":…}  {\"sheet-over\":…}  {\"open-app\":URI}  {\"device\":…}  {\"audit\":…}
  {\"done\":{\"line\":N}}  {\"error\":{\"line\":N,\"message\":…}}
cli/RUN.md in Lapak's sources describes them all.")]
pub(crate) struct RunArgs {
    /// Folder of an app, or a package (.ma).
    #[arg(default_value = ".")]
    app: PathBuf,
    /// The page to open first, e.g. 'pages/dish?id=3' [default: the app's first].
    #[arg(long, value_name = "URL")]
    page: Option<String>,
    /// The person's language, BCP 47; or several, the best first: 'zh-Hans-CN, en'.
    #[arg(long, default_value = "en")]
    lang: String,
    /// The person's time zone, e.g. Europe/Berlin [default: the simulated clock's, Asia/Jakarta].
    #[arg(long, value_name = "ZONE")]
    zone: Option<String>,
    /// The person, for whom data is kept.
    #[arg(long, default_value = "person")]
    person: String,
    /// Keeps the app's data in this folder, for the next run. Without it nothing is kept. Clock and randomness
    /// are simulated either way.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Asks the person before an app first uses what needs it, for the script to answer. Without it the person agrees to
    /// all. Answers that last are kept in --data.
    #[arg(long)]
    ask: bool,
    /// Runs the app on the platform that this file describes: what it lends and how far, how the device is at first.
    #[arg(long, value_name = "FILE")]
    profile: Option<PathBuf>,
    /// Writes down all that goes into the session, for --replay. The file holds what the person put in.
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
    /// Plays a recorded session again, with the very package that it was made with, and tells whether every event
    /// came to the same view and the same memory. Reads no lines. Exit code 1 when it differs.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["record", "data", "page", "lang", "zone", "person", "ask", "profile"])]
    replay: Option<PathBuf>,
    /// Tells what a replay came to as JSON.
    #[arg(long, requires = "replay")]
    json: bool,
}

pub(crate) fn run(args: &RunArgs) -> Result<(), Failure> {
    let recording = args.replay.as_deref().map(record::read).transpose()?;
    let package = open_package(&args.app, Purpose::Package)?;
    let tokio = tokio::runtime::Runtime::new().context("tokio could not be started")?;
    tokio.block_on(async {
        let devices = SimulatedDevices::default();
        let runtime = runtime(args, &devices)?;
        // Unsigned: what it keeps is its folder's, or its file's.
        let place = args.app.canonicalize();
        let place = place.unwrap_or_else(|_| args.app.clone());
        let source = AppSource::Place(place.to_string_lossy().into());
        let loaded = runtime.load_from(package, source).await;
        let app =
            loaded.map_err(|error| Failure::app(format!("{}: {error}", args.app.display())))?;
        match recording {
            Some(recording) => replay::replay(&runtime, &app, &recording, args.json).await,
            None => follow(args, Lab { runtime, devices }, &app).await,
        }
    })
}

fn runtime(args: &RunArgs, devices: &SimulatedDevices) -> Result<Runtime, Failure> {
    if let Some(data) = &args.data {
        let made = std::fs::create_dir_all(data);
        made.map_err(|error| unusable(data, &error.to_string()))?;
    }
    let mut config = RuntimeConfig {
        providers: providers(args, devices)?,
        consents: consents(args)?,
        code_cache: folders::code_cache(),
        compiler: super::compile::compiler(),
        record: args.record.is_some().then_some(record::OPTIONS),
        ..RuntimeConfig::simulated()
    };
    if let Some(file) = &args.profile {
        profile::set_up(file, &mut config, devices)?;
    }
    devices.begin(&args.person);
    Runtime::new(config).map_err(|error| Failure::machine(error.to_string()))
}

async fn follow(args: &RunArgs, lab: Lab, app: &Arc<App>) -> Result<(), Failure> {
    let mut launch = Launch::new(&args.person);
    launch.lang = language_of(app.package(), &args.lang);
    launch.zone.clone_from(&args.zone);
    launch.pages = args.page.clone().into_iter().collect();
    let launched = lab.runtime.launch_watched(app, launch);
    let (session, updates) = launched.map_err(|error| Failure::machine(error.to_string()))?;
    let mut script = Script {
        session,
        updates,
        person: Person::default(),
        lab,
    };
    let ran = script.run().await;
    if let Some(file) = &args.record {
        // Also of a run that went wrong: that is the one to look at.
        record::write(file, &script.session)?;
    }
    ran
}

fn providers(args: &RunArgs, devices: &SimulatedDevices) -> Result<Providers, Failure> {
    let mut providers = Providers::simulated();
    devices.put_behind(&mut providers);
    if let Some(data) = &args.data {
        let storage = SqliteStorage::open(&data.join("storage.sqlite"));
        let storage = storage.map_err(|error| unusable(data, &format!("{error:#}")))?;
        providers.storage = Arc::new(storage);
    }
    Ok(providers)
}

fn consents(args: &RunArgs) -> Result<Arc<dyn ConsentStore>, Failure> {
    Ok(match &args.data {
        _ if !args.ask => Arc::new(MemoryConsents::agreeing()),
        None => Arc::new(MemoryConsents::default()),
        Some(data) => {
            let kept = SqliteConsents::open(&data.join("consents.sqlite"));
            Arc::new(kept.map_err(|error| unusable(data, &error.to_string()))?)
        }
    })
}

fn unusable(data: &Path, why: &str) -> Failure {
    Failure::machine(format!("{}: {why}. Choose another --data", data.display()))
}

struct Script {
    session: Session,
    updates: Updates,
    person: Person,
    lab: Lab,
}

/// Why a line was not carried out.
enum Stop {
    /// The line is wrong, or the app did not take it; the run goes on.
    Line(String),
    /// The run is over.
    Run(Failure),
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Run(failure)
    }
}

impl Script {
    async fn run(&mut self) -> Result<(), Failure> {
        self.rest().await?;
        // Pages that were not found are left out at launch, so the first view tells which one opened.
        self.tell()?;
        self.read(std::io::stdin().lock()).await?;
        self.close().await
    }

    /// Carries out line after line, until the input or the app ends.
    async fn read(&mut self, mut input: impl std::io::BufRead) -> Result<(), Failure> {
        let mut bytes = Vec::new();
        for number in 1.. {
            bytes.clear();
            let read = input
                .read_until(b'\n', &mut bytes)
                .context("standard input")?;
            if read == 0 || self.session.screen().ended.is_some() {
                break;
            }
            if bytes.trim_ascii().is_empty() {
                continue;
            }
            match self.take(&bytes).await {
                Ok(()) => output::line(&json!({ "done": { "line": number } }).to_string())?,
                Err(Stop::Line(why)) => {
                    output::line(
                        &json!({ "error": { "line": number, "message": why } }).to_string(),
                    )?;
                }
                Err(Stop::Run(failure)) => return Err(failure),
            }
            if self.session.screen().ended.is_some() {
                break;
            }
        }
        Ok(())
    }

    /// The end of the script closes the app, so that it can store what it wants kept.
    async fn close(&mut self) -> Result<(), Failure> {
        if self.session.screen().ended.is_none() && self.session.send(ShellEvent::Close).is_ok() {
            self.ended().await?;
            self.tell()?;
        }
        match self.session.screen().ended {
            Some(report) if report.cause != EndCause::Closed => {
                Err(Failure::fault(report.to_string()))
            }
            _ => Ok(()),
        }
    }

    async fn take(&mut self, line: &[u8]) -> Result<(), Stop> {
        let line = lapak_abi::json::read(line, LINE)
            .map_err(|error| Stop::Line(format!("not a line of a script: {error}")))?;
        let tree = self.session.screen().tree;
        let person = &mut self.person;
        let steps = match line {
            Line::Tap(name) => person.tap(&tree, &name),
            Line::Hold(name) => person.hold(&tree, &name),
            Line::Type { into, text } => person.type_into(&tree, &into, text),
            Line::Enter(name) => person.enter(&tree, &name),
            Line::Turn { what, on } => person.turn(&tree, &what, on),
            Line::Pick { from, option } => person.pick(&tree, &from, &option),
            Line::Slide { what, to } => person.slide(&tree, &what, to),
            Line::Input {
                node,
                trigger,
                value,
            } => {
                let value = value.map_or(InputValue::None, InputValue::from);
                Ok(vec![Step {
                    node: NodeId(node),
                    trigger: trigger.into(),
                    value,
                }])
            }
            Line::Text(Yes) => {
                let text = tree.to_text();
                return Ok(output::line(&json!({ "text": text }).to_string())?);
            }
            Line::Back(Yes) => return self.send(ShellEvent::Back).await,
            Line::Tab(page) => return self.send(ShellEvent::SwitchTab(page)).await,
            Line::Navigate(url) => return self.send(ShellEvent::Navigate(url)).await,
            Line::Zone(name) => return self.send(ShellEvent::Zone(name)).await,
            Line::Hide(Yes) => return self.send(ShellEvent::Hide).await,
            Line::Show(Yes) => return self.send(ShellEvent::Show).await,
            Line::Refresh(Yes) => return self.send(ShellEvent::PageRefresh).await,
            Line::Bottom(Yes) => return self.send(ShellEvent::PageBottomReached).await,
            Line::Close(Yes) => return self.send(ShellEvent::Close).await,
            around => return self.around(around).await,
        };
        self.walk(steps.map_err(Stop::Line)?).await
    }

    /// Lines about what is around the app.
    async fn around(&mut self, line: Line) -> Result<(), Stop> {
        let (lab, session) = (&self.lab, &self.session);
        let answer = match line {
            Line::Device(line) => lab.device(session, &line).map(Some),
            Line::Consent(answer) => lab.consent(session, answer).await.map(|()| None),
            Line::OpenApp(agrees) => lab.open_app(session, agrees).await.map(|()| None),
            Line::Withdraw(name) => lab.withdraw(session, &name).map(|()| None),
            Line::Platform(act) => lab.platform(session, &act).map(|()| None),
            Line::Audit(Yes) => lab.audit(session).map(Some),
            // The others are the page's.
            _ => Ok(None),
        };
        if let Some(answer) = answer.map_err(Stop::Line)? {
            output::line(&answer.to_string())?;
        }
        self.rested().await
    }

    /// What one line does may take several events; what the first did may leave nothing for the next.
    async fn walk(&mut self, steps: Vec<Step>) -> Result<(), Stop> {
        for (
            nth,
            Step {
                node,
                trigger,
                value,
            },
        ) in steps.into_iter().enumerate()
        {
            let screen = self.session.screen();
            let gone = || {
                !screen
                    .tree
                    .node(node)
                    .is_some_and(|one| takes(one, trigger))
            };
            if screen.ended.is_some() || (nth > 0 && gone()) {
                break;
            }
            self.send(ShellEvent::Input {
                node,
                trigger,
                value,
            })
            .await?;
        }
        Ok(())
    }

    async fn send(&mut self, event: ShellEvent) -> Result<(), Stop> {
        let closing = event == ShellEvent::Close;
        self.session
            .send(event)
            .map_err(|error| Stop::Line(error.to_string()))?;
        if closing {
            self.ended().await?;
        }
        self.rested().await
    }

    /// Tells what has happened, when no more happens.
    async fn rested(&mut self) -> Result<(), Stop> {
        self.rest().await?;
        match self.tell()? {
            Some(why) => Err(Stop::Line(why)),
            None => Ok(()),
        }
    }

    /// Waits until the app has nothing more to do, but perhaps when the person answers what they are asked.
    async fn rest(&self) -> Result<(), Failure> {
        let rest = async {
            self.session.painted().await;
            self.session.at_rest().await;
        };
        patiently(rest, "come to rest").await
    }

    async fn ended(&self) -> Result<(), Failure> {
        patiently(self.session.ended(), "close").await.map(drop)
    }

    /// Writes every update that has come. Gives the reason if an event never reached the app.
    fn tell(&mut self) -> Result<Option<String>, Failure> {
        let mut dropped = None;
        loop {
            match self.updates.try_recv() {
                Ok(update) => {
                    if let Update::Handled(record) = &update {
                        dropped = dropped.or_else(|| record.dropped.clone());
                    }
                    output::line(&told::told(&update).to_string())?;
                }
                Err(TryRecvError::Lagged(missed)) => {
                    output::line(&json!({ "missed": missed }).to_string())?;
                    output::line(&told::view(&self.session.screen()).to_string())?;
                }
                Err(TryRecvError::Empty | TryRecvError::Closed) => return Ok(dropped),
            }
        }
    }
}

async fn patiently<T>(what: impl Future<Output = T>, does: &str) -> Result<T, Failure> {
    let waited = tokio::time::timeout(PATIENCE, what).await;
    waited.map_err(|_| {
        Failure::fault(format!(
            "the app did not {does} within {} s",
            PATIENCE.as_secs()
        ))
    })
}
