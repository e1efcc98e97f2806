//! Playing a recording again, and holding what comes of it against what came of it then.

use std::sync::Arc;
use std::time::Instant;

use super::{CameTo, Entry, Player, RecordOptions, Recorder, Recording};
use crate::app::App;
use crate::mailbox::Letter;
use crate::runtime::{LaunchError, Runtime};
use crate::session::{Screen, Session, ShellEvent, Update, Updates};

/// What a replay came to.
#[derive(Clone, Debug)]
pub struct Replayed {
    /// The screen at the end; [`Screen::ended`] tells how the session ended, if it did.
    pub screen: Screen,
    /// Events that the app handled, with the view and the memory after each.
    pub events: Vec<CameTo>,
    /// What these events were, as [`EventRecord::event`](crate::session::EventRecord::event) tells it; as many as
    /// `events`.
    pub names: Vec<String>,
    /// What the events came to when they were recorded; empty when the recording holds no hashes.
    pub recorded: Vec<CameTo>,
    /// The first event after which the view or the memory was another than in the recording, counted from 0. `None` when
    /// they never differed, or the recording holds no hashes.
    pub differs_at: Option<usize>,
    /// The app asked its host for something else than it did then: another app, or a host that answers otherwise.
    pub strayed: bool,
}

impl Replayed {
    /// Bit for bit what was recorded, as far as the recording tells.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        self.differs_at.is_none() && !self.strayed
    }
}

/// Why a recording cannot be played.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// Made with another package.
    #[error(
        "the recording was made with another build of {app_id}: replay it with the very package that it was made with"
    )]
    OtherPackage {
        /// The app that it names.
        app_id: String,
    },
    /// It does not begin at the beginning.
    #[error(
        "the recording does not begin with a launch: the session was taken up from disk half-way"
    )]
    NoLaunch,
    /// The session cannot be launched.
    #[error(transparent)]
    Launch(#[from] LaunchError),
}

/// A letter and the answers that were given while it was handled.
#[derive(Default)]
struct Step {
    letter: Option<Letter>,
    answers: Vec<Vec<u8>>,
}

impl Runtime {
    /// Plays a recording: launches the app as it was launched then, gives it the same letters and the same answers.
    /// Providers are not asked, and nothing is kept.
    ///
    /// # Errors
    /// [`ReplayError`].
    pub async fn replay(
        &self,
        app: &Arc<App>,
        recording: &Recording,
    ) -> Result<Replayed, ReplayError> {
        if app.package().digest() != recording.package {
            return Err(ReplayError::OtherPackage {
                app_id: recording.app_id.clone(),
            });
        }
        let launch = recording.launch.clone().ok_or(ReplayError::NoLaunch)?;
        let (steps, expected) = steps(recording);
        let player = Arc::new(Player::default());
        let recorder = Recorder::new(
            &recording.app_id,
            recording.package,
            RecordOptions {
                most_bytes: usize::MAX,
                hashes: true,
            },
        );
        let session = self.begin_replay(app, launch, player.clone(), recorder.clone())?;
        let (_, mut updates) = session.watch();
        let mut names = Vec::new();
        for step in steps {
            if session.shared.has_ended() {
                break;
            }
            player.feed(step.answers);
            session.shared.play(step.letter);
            session
                .shared
                .wait(|progress| progress.resting || progress.ended)
                .await;
            names_of(&mut updates, &mut names);
        }
        let mut replayed = outcome(&session, (&player, &recorder), recording, expected);
        replayed.names = names;
        Ok(replayed)
    }
}

fn steps(recording: &Recording) -> (Vec<Step>, Vec<CameTo>) {
    let mut steps = vec![Step::default()];
    let mut expected = Vec::new();
    for entry in recording.entries() {
        let letter = match entry {
            Entry::Answered(answer) => {
                if let Some(step) = steps.last_mut() {
                    step.answers.push(answer.clone());
                }
                continue;
            }
            Entry::CameTo(came_to) => {
                expected.push(*came_to);
                continue;
            }
            Entry::Shell(event) => Letter::Shell(ShellEvent::clone(event), Instant::now()),
            Entry::Finished(request, answer) => Letter::Finished(*request, answer.clone()),
        };
        steps.push(Step {
            letter: Some(letter),
            answers: Vec::new(),
        });
    }
    (steps, expected)
}

/// Takes the names of the events that the app has handled since.
fn names_of(updates: &mut Updates, names: &mut Vec<String>) {
    while let Ok(update) = updates.try_recv() {
        match update {
            Update::Handled(record) if record.dropped.is_none() => names.push(record.event.clone()),
            _ => {}
        }
    }
}

fn outcome(
    session: &Session,
    (player, recorder): (&Player, &Recorder),
    recording: &Recording,
    expected: Vec<CameTo>,
) -> Replayed {
    let again = recorder.recording();
    let events: Vec<CameTo> = again
        .entries()
        .iter()
        .filter_map(|entry| match entry {
            Entry::CameTo(came_to) => Some(*came_to),
            _ => None,
        })
        .collect();
    let same = match recording.blanked {
        // Nobody can tell what came after it.
        true => events.starts_with(&expected),
        false => expected == events,
    };
    let differs_at = if expected.is_empty() || same {
        None
    } else {
        let pairs = expected.iter().zip(&events);
        Some(pairs.take_while(|(then, now)| then == now).count())
    };
    let replayed = Replayed {
        screen: session.screen(),
        events,
        names: Vec::new(),
        recorded: expected,
        differs_at,
        strayed: player.strayed(),
    };
    session.shared.abandon();
    replayed
}
