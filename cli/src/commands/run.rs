//! `lapak run`: an app without a screen, driven by JSON Lines. `cli/RUN.md` describes the lines.

use std::io::BufRead as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use lapak_host::capability::Providers;
use lapak_host::capability::storage::sqlite::SqliteStorage;
use lapak_host::session::{Patch, Update};
use lapak_host::view::{InputValue, NodeId, Trigger};
use lapak_host::{EndCause, Launch, Runtime, RuntimeConfig, Screen, Session, ShellEvent};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::broadcast::{self, error::TryRecvError};

use crate::failure::Failure;
use crate::open::open_package;
use crate::{folders, output};

/// How long an app may take to come to rest after an event.
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs an app without a screen: events as JSON Lines in, views, patches and logs as JSON Lines out.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  echo '{\"tap\":\"Add one\"}' | lapak run examples/counter
  lapak run shop.ma --lang id --page 'pages/dish?id=sate' < events.jsonl | jq -c .patch
  lapak run --data /tmp/shop < first.jsonl && lapak run --data /tmp/shop < second.jsonl

Lines in:  {\"tap\":NAME|ID}  {\"type\":{\"into\":NAME|ID,\"text\":TEXT}}  {\"input\":{\"node\":ID,\"trigger\":T,\"value\":V}}
           {\"back\":true}  {\"tab\":PAGE}  {\"navigate\":URL}  {\"hide\":true}  {\"show\":true}  {\"refresh\":true}
           {\"text\":true}  {\"close\":true}
Lines out: {\"view\":…}  {\"patch\":…}  {\"log\":…}  {\"handled\":…}  {\"text\":…}  {\"ended\":…}  {\"done\":N}  {\"error\":…}")]
pub(crate) struct RunArgs {
    /// Folder of an app, or a package (.ma).
    #[arg(default_value = ".")]
    app: PathBuf,
    /// The page to open first, e.g. 'pages/dish?id=3' [default: the app's first].
    #[arg(long, value_name = "URL")]
    page: Option<String>,
    /// The person's language, BCP 47.
    #[arg(long, default_value = "en")]
    lang: String,
    /// The person, for whom data is kept.
    #[arg(long, default_value = "person")]
    person: String,
    /// Keeps the app's data in this folder, for the next run. Without it nothing is kept. Clock and randomness
    /// are simulated either way.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

/// A line of the script.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
enum Line {
    Tap(Name),
    Type {
        into: Name,
        text: String,
    },
    Input {
        node: u32,
        trigger: String,
        value: Option<Plain>,
    },
    Back(Yes),
    Tab(String),
    Navigate(String),
    Hide(Yes),
    Show(Yes),
    Refresh(Yes),
    Text(Yes),
    Close(Yes),
}

/// `true`; nothing else makes sense there.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "bool")]
struct Yes;

impl TryFrom<bool> for Yes {
    type Error = &'static str;

    fn try_from(yes: bool) -> Result<Self, Self::Error> {
        if yes {
            Ok(Self)
        } else {
            Err("only `true` makes sense here")
        }
    }
}

/// A node by its number, or as a person would name it: by key, label, placeholder or text.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Name {
    Id(u32),
    Called(String),
}

/// A value in its plain JSON form.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Plain {
    Text(String),
    Toggled(bool),
    Number(f64),
    Index(u32),
}

pub(crate) fn run(args: &RunArgs) -> Result<(), Failure> {
    let package = open_package(&args.app)?;
    let mut providers = Providers::simulated();
    if let Some(data) = &args.data {
        let failed = |error: String| Failure::machine(format!("{}: {error}", data.display()));
        std::fs::create_dir_all(data).map_err(|error| failed(error.to_string()))?;
        let storage = SqliteStorage::open(&data.join("storage.sqlite"))
            .map_err(|error| failed(format!("{error:#}")))?;
        providers.storage = Arc::new(storage);
    }
    let config = RuntimeConfig {
        providers,
        code_cache: Some(folders::code_cache()),
        ..RuntimeConfig::simulated()
    };
    let tokio = tokio::runtime::Runtime::new().context("tokio could not be started")?;
    tokio.block_on(async {
        let runtime = Runtime::new(config).map_err(|error| Failure::machine(error.to_string()))?;
        let app = runtime
            .load(package)
            .await
            .map_err(|error| Failure::app(error.to_string()))?;
        let mut launch = Launch::new(&args.person);
        launch.lang.clone_from(&args.lang);
        launch.pages = args.page.clone().into_iter().collect();
        let launched = runtime.launch_watched(&app, launch);
        let (session, updates) = launched.map_err(|error| Failure::app(error.to_string()))?;
        Script { session, updates }.follow().await
    })
}

struct Script {
    session: Session,
    updates: broadcast::Receiver<Update>,
}

impl Script {
    async fn follow(mut self) -> Result<(), Failure> {
        self.rest().await?;
        self.tell()?;
        for (index, line) in std::io::stdin().lock().lines().enumerate() {
            let line = line.context("standard input")?;
            if line.trim().is_empty() {
                continue;
            }
            if self.session.screen().ended.is_some() {
                break;
            }
            let number = index + 1;
            match self.take(&line).await {
                Ok(()) => {
                    self.tell()?;
                    output::line(&json!({ "done": number }).to_string())?;
                }
                Err(Stop::Line(why)) => {
                    output::line(
                        &json!({ "error": { "line": number, "message": why } }).to_string(),
                    )?;
                }
                Err(Stop::Run(failure)) => return Err(failure),
            }
        }
        let ended = self.session.screen().ended;
        if ended.is_none() && self.session.send(ShellEvent::Close).is_ok() {
            // The end of the script closes the app, so that it can store what it wants kept.
            let _ = tokio::time::timeout(PATIENCE, self.session.ended()).await;
            self.tell()?;
        }
        match self.session.screen().ended {
            Some(report) if report.cause != EndCause::Closed => {
                Err(Failure::fault(report.to_string()))
            }
            _ => Ok(()),
        }
    }

    async fn take(&mut self, line: &str) -> Result<(), Stop> {
        let line: Line =
            serde_json::from_str(line).map_err(|error| Stop::Line(error.to_string()))?;
        let event = match line {
            Line::Text(Yes) => {
                let text = self.session.screen().tree.to_text();
                output::line(&json!({ "text": text }).to_string())?;
                return Ok(());
            }
            Line::Tap(name) => self.input(&name, Trigger::Tap, InputValue::None)?,
            Line::Type { into, text } => {
                self.input(&into, Trigger::Input, InputValue::Text(text))?
            }
            Line::Input {
                node,
                trigger,
                value,
            } => ShellEvent::Input {
                node: NodeId(node),
                trigger: trigger_named(&trigger)?,
                value: value.map_or(InputValue::None, InputValue::from),
            },
            Line::Back(Yes) => ShellEvent::Back,
            Line::Tab(page) => ShellEvent::SwitchTab(page),
            Line::Navigate(url) => ShellEvent::Navigate(url),
            Line::Hide(Yes) => ShellEvent::Hide,
            Line::Show(Yes) => ShellEvent::Show,
            Line::Refresh(Yes) => ShellEvent::PageRefresh,
            Line::Close(Yes) => ShellEvent::Close,
        };
        let closing = event == ShellEvent::Close;
        self.session
            .send(event)
            .map_err(|error| Stop::Line(error.to_string()))?;
        if closing {
            self.session.ended().await;
        }
        Ok(self.rest().await?)
    }

    fn input(&self, name: &Name, trigger: Trigger, value: InputValue) -> Result<ShellEvent, Stop> {
        let node = match name {
            Name::Id(id) => NodeId(*id),
            Name::Called(name) => self.session.screen().tree.find(name, trigger).ok_or_else(
                || {
                    Stop::Line(format!(
                        "nothing on the page is called {name:?}; {{\"text\":true}} shows the page"
                    ))
                },
            )?,
        };
        Ok(ShellEvent::Input {
            node,
            trigger,
            value,
        })
    }

    /// Waits until the app has nothing more to do.
    async fn rest(&self) -> Result<(), Failure> {
        let rest = async {
            self.session.painted().await;
            self.session.settled().await;
        };
        let rested = tokio::time::timeout(PATIENCE, rest).await;
        rested.map_err(|_| {
            Failure::fault(format!(
                "the app did not come to rest within {} s",
                PATIENCE.as_secs()
            ))
        })
    }

    /// Writes every update that has come.
    fn tell(&mut self) -> Result<(), Failure> {
        loop {
            match self.updates.try_recv() {
                Ok(update) => output::line(&told(&update).to_string())?,
                Err(TryRecvError::Lagged(missed)) => {
                    let screen = told(&Update::Page(Arc::new(self.session.screen())));
                    output::line(&json!({ "missed": missed }).to_string())?;
                    output::line(&screen.to_string())?;
                }
                Err(TryRecvError::Empty | TryRecvError::Closed) => return Ok(()),
            }
        }
    }
}

/// Why a line was not carried out.
enum Stop {
    /// The line is wrong; the run goes on.
    Line(String),
    /// The run is over.
    Run(Failure),
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Run(failure)
    }
}

impl From<Plain> for InputValue {
    fn from(value: Plain) -> Self {
        match value {
            Plain::Text(text) => Self::Text(text),
            Plain::Toggled(on) => Self::Toggled(on),
            Plain::Number(number) => Self::Number(number),
            Plain::Index(index) => Self::Index(index),
        }
    }
}

fn trigger_named(name: &str) -> Result<Trigger, Stop> {
    Ok(match name {
        "tap" => Trigger::Tap,
        "long-press" => Trigger::LongPress,
        "input" => Trigger::Input,
        "change" => Trigger::Change,
        "submit" => Trigger::Submit,
        "reset" => Trigger::Reset,
        "focus" => Trigger::Focus,
        "blur" => Trigger::Blur,
        "reach-end" => Trigger::ReachEnd,
        _ => return Err(Stop::Line(format!("there is no trigger {name:?}"))),
    })
}

fn told(update: &Update) -> Value {
    match update {
        Update::Page(screen) => json!({ "view": view(screen) }),
        Update::Patch(patch) => json!({ "patch": patched(patch) }),
        Update::Log(line) => json!({ "log": line }),
        Update::Handled(record) => json!({ "handled": record }),
        Update::Ended(report) => json!({ "ended": report, "text": report.to_string() }),
    }
}

fn view(screen: &Screen) -> Value {
    json!({
        "version": screen.version, "page": screen.page, "route": screen.route, "title": screen.title,
        "depth": screen.depth, "stack": screen.stack, "nodes": screen.tree.nodes,
    })
}

fn patched(patch: &Patch) -> Value {
    json!({ "version": patch.version, "title": patch.title, "ops": patch.ops })
}
