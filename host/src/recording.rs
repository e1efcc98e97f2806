//! A session written down: everything that went into it, in order, so that it can be played again exactly.
//!
//! What goes into a session is the launch, the letters that it took from its mailbox, and the answers that its host
//! functions gave: the time, random bytes, decisions on grants, ids of requests follow from these. Played again with the
//! same app, every event leads to the same view and to the same memory, bit for bit.

mod replay;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::bindings::lapak::app::requests::RequestId;
use crate::capability::Answer;
use crate::mailbox::Letter;
use crate::session::{Launch, Shared, ShellEvent};
use crate::view::Tree;

pub use replay::{ReplayError, Replayed};

/// The version of [`Recording`]'s form.
pub const FORMAT: u32 = 3;

/// How much a session writes down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordOptions {
    /// The largest recording, in bytes. Past it the recording is marked as cut and takes no more.
    pub most_bytes: usize,
    /// Writes down, after each event, the hash of the view and of the memory: costs tens of microseconds an event, and
    /// lets a replay tell at which event it came to differ.
    pub hashes: bool,
}

/// A recorded session.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recording {
    /// [`FORMAT`].
    pub format: u32,
    /// The app, as its manifest names it.
    pub app_id: String,
    /// BLAKE3 of the package, so that another build is not taken for this one.
    pub package: [u8; 32],
    /// How the session was launched; `None` for one that this host took up half-way, which cannot be replayed.
    pub launch: Option<Launch>,
    /// The recording grew too large; what follows is missing.
    pub cut: bool,
    /// Something was typed into a password field: dots stand for it. From there on the recording holds no hashes, from which it could be
    /// guessed, and a replay shows what the app makes of the dots.
    pub blanked: bool,
    entries: Vec<Entry>,
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Entry {
    /// The shell's event.
    Shell(ShellEvent),
    /// A request's end.
    Finished(RequestId, Answer),
    /// An answer from outside, as postcard has it.
    Answered(Vec<u8>),
    /// What an event came to.
    CameTo(CameTo),
}

/// The state after an event, by hashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CameTo {
    /// Of the linear memory.
    pub memory: [u8; 32],
    /// Of the tree on show.
    pub view: [u8; 32],
}

/// Writes a session down.
#[derive(Debug)]
pub(crate) struct Recorder {
    options: RecordOptions,
    recording: Mutex<(Recording, usize)>,
}

impl Recorder {
    pub(crate) fn new(app_id: &str, package: [u8; 32], options: RecordOptions) -> Arc<Self> {
        let recording = Recording {
            format: FORMAT,
            app_id: app_id.to_owned(),
            package,
            launch: None,
            cut: false,
            blanked: false,
            entries: Vec::new(),
        };
        Arc::new(Self {
            options,
            recording: Mutex::new((recording, 0)),
        })
    }

    pub(crate) fn begins(&self, launch: &Launch) {
        self.lock().0.launch = Some(launch.clone());
    }

    pub(crate) fn letter(&self, letter: &Letter) {
        self.put(match letter {
            Letter::Shell(event, _) => Entry::Shell(event.clone()),
            Letter::Finished(request, answer) => Entry::Finished(*request, answer.clone()),
        });
    }

    /// A letter that is not what was sent: what was typed into password fields is left out.
    pub(crate) fn blanked_letter(&self, event: ShellEvent) {
        self.lock().0.blanked = true;
        self.put(Entry::Shell(event));
    }

    pub(crate) fn wants_hashes(&self) -> bool {
        self.options.hashes && !self.lock().0.blanked
    }

    pub(crate) fn came_to(&self, memory: [u8; 32], tree: &Tree) {
        self.put(Entry::CameTo(CameTo::of(memory, tree)));
    }

    pub(crate) fn recording(&self) -> Recording {
        self.lock().0.clone()
    }

    fn put(&self, entry: Entry) {
        let mut guard = self.lock();
        let (recording, bytes) = &mut *guard;
        if recording.cut {
            return;
        }
        let counter = postcard::ser_flavors::Size::default();
        let size = postcard::serialize_with_flavor(&entry, counter).unwrap_or(usize::MAX);
        *bytes = bytes.saturating_add(size);
        if *bytes > self.options.most_bytes {
            recording.cut = true;
            return;
        }
        recording.entries.push(entry);
    }

    fn lock(&self) -> MutexGuard<'_, (Recording, usize)> {
        self.recording
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl CameTo {
    pub(crate) fn of(memory: [u8; 32], tree: &Tree) -> Self {
        let view = postcard::to_allocvec(tree).unwrap_or_default();
        Self {
            memory,
            view: blake3::hash(&view).into(),
        }
    }
}

/// Why a recording cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum RecordingError {
    /// Not a recording, or damaged.
    #[error("not a recording of a session: {0}")]
    Damaged(String),
    /// Of a form that this host does not read.
    #[error(
        "the recording has form {found}, this host reads {FORMAT}: replay it with the host that made it"
    )]
    Newer {
        /// The form that it has.
        found: u32,
    },
}

impl Recording {
    /// As bytes, for a file.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        // Only maps of unknown length and the like cannot be written; a recording has none.
        postcard::to_allocvec(self).unwrap_or_default()
    }

    /// From bytes.
    ///
    /// # Errors
    /// [`RecordingError`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, RecordingError> {
        let damaged = |error: postcard::Error| RecordingError::Damaged(error.to_string());
        let (format, _) = postcard::take_from_bytes::<u32>(bytes).map_err(damaged)?;
        if format != FORMAT {
            return Err(RecordingError::Newer { found: format });
        }
        postcard::from_bytes(bytes).map_err(damaged)
    }

    /// How many letters it holds.
    #[must_use]
    pub fn letters(&self) -> usize {
        let letter = |entry: &&Entry| matches!(entry, Entry::Shell(_) | Entry::Finished(..));
        self.entries.iter().filter(letter).count()
    }

    pub(crate) fn entries(&self) -> &[Entry] {
        &self.entries
    }
}

/// What a session's answers from outside go onto, or come from.
#[derive(Debug)]
pub(crate) enum Tape {
    /// Nobody writes anything down.
    Off,
    /// Answers are written down.
    Recording(Arc<Recorder>),
    /// Answers come from a recording; nobody outside is asked.
    Playing(Arc<Player>),
}

/// Gives the answers of a recording, in order.
#[derive(Debug, Default)]
pub(crate) struct Player {
    answers: Mutex<Answers>,
}

#[derive(Debug, Default)]
struct Answers {
    waiting: std::collections::VecDeque<Vec<u8>>,
    /// The app asked for something else than it did when it was recorded.
    strayed: bool,
}

impl Tape {
    pub(crate) fn of(session: &Shared) -> Self {
        match (&session.player, &session.recorder) {
            (Some(player), _) => Self::Playing(player.clone()),
            (None, Some(recorder)) => Self::Recording(recorder.clone()),
            (None, None) => Self::Off,
        }
    }

    pub(crate) fn is_replay(&self) -> bool {
        matches!(self, Self::Playing(_))
    }

    pub(crate) fn answer<T: Serialize + DeserializeOwned>(&self, ask: impl FnOnce() -> T) -> T {
        match self {
            Self::Off => ask(),
            Self::Recording(recorder) => {
                let answer = ask();
                let bytes = postcard::to_allocvec(&answer).unwrap_or_default();
                recorder.put(Entry::Answered(bytes));
                answer
            }
            Self::Playing(player) => player.next().unwrap_or_else(ask),
        }
    }
}

impl Player {
    /// More answers, for the letter that is played next.
    pub(crate) fn feed(&self, answers: impl IntoIterator<Item = Vec<u8>>) {
        self.lock().waiting.extend(answers);
    }

    /// Whether the app went another way than when it was recorded: it asked more, less or something else.
    pub(crate) fn strayed(&self) -> bool {
        let answers = self.lock();
        answers.strayed || !answers.waiting.is_empty()
    }

    fn next<T: DeserializeOwned>(&self) -> Option<T> {
        let mut answers = self.lock();
        let answer = answers.waiting.pop_front();
        let answer = answer.and_then(|bytes| postcard::from_bytes(&bytes).ok());
        answers.strayed |= answer.is_none();
        answer
    }

    fn lock(&self) -> MutexGuard<'_, Answers> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
