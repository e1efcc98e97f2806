//! `lapak run --replay`: a recorded session again, held against what it was.

use std::sync::Arc;

use lapak_host::recording::{CameTo, Recording, Replayed};
use lapak_host::{App, Runtime};
use serde_json::{Value, json};

use super::patiently;
use crate::failure::Failure;
use crate::output;

/// Plays a recording and tells what came of it.
pub(super) async fn replay(
    runtime: &Runtime,
    app: &Arc<App>,
    recording: &Recording,
    as_json: bool,
) -> Result<(), Failure> {
    let replayed = patiently(runtime.replay(app, recording), "play to its end").await?;
    let replayed = replayed.map_err(|error| Failure::app(error.to_string()))?;
    if as_json {
        output::json(&object(&replayed, recording))?;
    } else {
        for line in told(&replayed, recording) {
            output::line(&line)?;
        }
    }
    if replayed.is_exact() {
        Ok(())
    } else {
        Err(Failure::app(
            "the session did not go again as it was recorded",
        ))
    }
}

fn told(replayed: &Replayed, recording: &Recording) -> Vec<String> {
    let events = replayed.events.len();
    let mut lines = Vec::new();
    if let Some(differs) = Differs::of(replayed) {
        lines.push(format!("differs {differs}"));
    }
    if replayed.strayed {
        lines
            .push("differs in what the app asked of its host: more, less or something else".into());
    }
    if replayed.is_exact() && replayed.recorded.is_empty() {
        lines.push(format!(
            "exact as far as the recording tells: it has no hashes, and in {events} events the app asked its host the same"
        ));
    } else if replayed.is_exact() {
        lines.push(format!(
            "exact: after each of {events} events the view and the memory are what they were"
        ));
    }
    if recording.cut {
        lines
            .push("the recording was cut at its largest size: what came later is not in it".into());
    }
    lines.push(match &replayed.screen.ended {
        Some(report) => format!("ended: {report}"),
        None => "not ended: the session was still open".into(),
    });
    lines
}

fn object(replayed: &Replayed, recording: &Recording) -> Value {
    let names = replayed
        .names
        .iter()
        .map(Some)
        .chain(std::iter::repeat(None));
    let events = replayed.events.iter().zip(names).enumerate().map(|(index, (came_to, name))| {
        let as_recorded = replayed.recorded.get(index).map(|then| then == came_to);
        json!({
            "event": name, "view": output::hex(&came_to.view), "memory": output::hex(&came_to.memory),
            "as_recorded": as_recorded,
        })
    });
    let differs = Differs::of(replayed).map(|differs| {
        json!({ "event": differs.number, "name": differs.name, "view": differs.view, "memory": differs.memory })
    });
    json!({
        "exact": replayed.is_exact(),
        "hashes": !replayed.recorded.is_empty(),
        "events": events.collect::<Vec<_>>(),
        "recorded_events": replayed.recorded.len(),
        "differs": differs,
        "strayed": replayed.strayed,
        "cut": recording.cut,
        "ended": replayed.screen.ended,
    })
}

/// The first event that came to something else.
struct Differs<'a> {
    /// Counted from 1.
    number: usize,
    /// How many there were.
    of: usize,
    name: Option<&'a str>,
    view: bool,
    memory: bool,
}

impl<'a> Differs<'a> {
    fn of(replayed: &'a Replayed) -> Option<Self> {
        let at = replayed.differs_at?;
        let pair = replayed.recorded.get(at).zip(replayed.events.get(at));
        let differs =
            |one: fn(&CameTo) -> [u8; 32]| pair.is_none_or(|(then, now)| one(then) != one(now));
        Some(Self {
            number: at + 1,
            of: replayed.recorded.len(),
            name: replayed.names.get(at).map(String::as_str),
            view: differs(|came_to| came_to.view),
            memory: differs(|came_to| came_to.memory),
        })
    }
}

impl std::fmt::Display for Differs<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { number, of, .. } = self;
        write!(f, "after event {number} of {of}")?;
        let Some(name) = self.name else {
            return write!(f, ": the app did not get so far this time");
        };
        let what = match (self.view, self.memory) {
            (true, true) => "the view and the memory are",
            (true, false) => "the view is",
            (false, _) => "the memory is",
        };
        write!(f, " ({name}): {what} not what it was")
    }
}
