//! A person's own sign: a picture in a colour and two words, on every sheet that the host draws.
//!
//! An app can draw something that looks like a sheet, but not this: no app is told the sign, none has a script in the page in
//! which it stands, and no picture of an app has it. It follows from the person's name and a key of the server's, so that
//! nothing has to be kept for people who do not change it, and nobody who can write the server's files can choose one.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::kept::KeptSessions;
use super::people::PeopleKey;
use super::{Preview, guard};
use crate::html::{self, escape};

/// How many people may have changed their sign, where that is not kept on disk.
const MOST_CHANGED: usize = 10_000;

/// Dark enough for white lines, and told apart by most people.
const COLOURS: [&str; 8] = [
    "#0f766e", "#b91c1c", "#1d4ed8", "#7e22ce", "#a16207", "#be185d", "#166534", "#374151",
];

#[rustfmt::skip]
const KINDS: [&str; 64] = [
    "amber", "ample", "autumn", "bold", "brave", "brief", "bright", "calm", "clear", "clever", "coral", "crisp", "daily",
    "dapper", "deep", "eager", "early", "easy", "fair", "famous", "fancy", "fine", "fresh", "gentle", "giant", "glad",
    "golden", "grand", "happy", "honest", "humble", "ideal", "jolly", "keen", "kind", "large", "late", "light", "little",
    "lively", "lucky", "mellow", "merry", "mild", "misty", "modest", "noble", "olive", "patient", "plain", "polite",
    "proud", "quick", "quiet", "rapid", "round", "sharp", "silver", "smooth", "steady", "sunny", "tidy", "warm", "wise",
];

#[rustfmt::skip]
const THINGS: [&str; 64] = [
    "anchor", "apple", "arrow", "badger", "bamboo", "basin", "beach", "beetle", "bridge", "brook", "candle", "canoe",
    "castle", "cedar", "cherry", "cliff", "clover", "comet", "crane", "delta", "dragon", "eagle", "falcon", "fern",
    "fiddle", "forest", "garden", "ginger", "harbour", "hazel", "heron", "island", "jasmine", "kettle", "lagoon",
    "lantern", "lemon", "lotus", "mango", "maple", "meadow", "melon", "monsoon", "nutmeg", "ocean", "orchid", "otter",
    "papaya", "parrot", "pebble", "pepper", "pillow", "planet", "pond", "ribbon", "river", "saddle", "sparrow",
    "summit", "teapot", "tiger", "valley", "violin", "willow",
];

/// What one person's sheets carry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sign {
    /// A symbol of the host's own, as markup.
    picture: String,
    colour: usize,
    words: String,
}

impl Sign {
    fn of(random: [u8; 32]) -> Self {
        let at = |from: usize, of: usize| {
            let bytes = [0, 1].map(|next| random.get(from * 2 + next).copied().unwrap_or(0));
            usize::from(u16::from_le_bytes(bytes)) % of.max(1)
        };
        let names: Vec<&str> = html::icon_names().collect();
        let picture = names.get(at(0, names.len())).copied().unwrap_or("home");
        let word = |list: &[&'static str; 64], from| list.get(at(from, 64)).copied().unwrap_or("");
        Self {
            picture: html::icon_markup(picture).unwrap_or_default(),
            colour: at(1, COLOURS.len()),
            words: format!("{} {}", word(&KINDS, 2), word(&THINGS, 3)),
        }
    }

    /// As the shell reads it. `colour` is the number of one of its own classes.
    pub(super) fn to_json(&self) -> Value {
        json!({ "picture": self.picture, "colour": self.colour, "words": self.words })
    }
}

/// Everybody's signs.
#[derive(Debug)]
pub(super) struct Signs {
    key: PeopleKey,
    kept: Option<KeptSessions>,
    /// How often people have changed theirs, where nothing is kept.
    turns: Mutex<HashMap<String, u32>>,
}

impl Signs {
    pub(super) fn new(key: PeopleKey, kept: Option<KeptSessions>) -> Self {
        Self {
            key,
            kept,
            turns: Mutex::default(),
        }
    }

    pub(super) fn of(&self, person: &str) -> Sign {
        Sign::of(self.key.sign_of(person, self.turn(person)))
    }

    fn turn(&self, person: &str) -> u32 {
        match &self.kept {
            Some(kept) => kept.sign_turn(person),
            None => {
                let turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
                turns.get(person).copied().unwrap_or(0)
            }
        }
    }

    /// Gives the person another one; `None` where that cannot be kept.
    fn change(&self, person: &str) -> Option<Sign> {
        let next = self.turn(person).wrapping_add(1);
        let is_kept = match &self.kept {
            Some(kept) => kept.keep_sign_turn(person, next),
            None => {
                let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
                let room = turns.len() < MOST_CHANGED || turns.contains_key(person);
                if room {
                    turns.insert(person.to_owned(), next);
                }
                room
            }
        };
        is_kept.then(|| self.of(person))
    }
}

/// The person wants another sign.
pub(super) async fn another(State(preview): State<Preview>, headers: HeaderMap) -> Response {
    if let Some(why) = guard::origin_fault(&headers) {
        return (StatusCode::FORBIDDEN, why).into_response();
    }
    let visitor = preview.visitor(&headers);
    if visitor.issued.is_some() {
        let why = "Nobody is known here yet: load the page again.\n";
        return (StatusCode::FORBIDDEN, why).into_response();
    }
    let changing = preview.clone();
    let changed = tokio::task::spawn_blocking(move || changing.inner.signs.change(&visitor.person));
    match changed.await {
        Ok(Some(sign)) => Json(sign.to_json()).into_response(),
        _ => (StatusCode::SERVICE_UNAVAILABLE, "It was not kept.\n").into_response(),
    }
}

/// The sign on the page of apps, with what it is for.
pub(super) fn card(sign: &Sign) -> String {
    format!(
        "<section class=\"home-sign\" aria-label=\"Your sign\"><span class=\"sign sign-{}\">{}</span><div><h2>{}</h2><p>This is \
         your sign. Whatever Lapak itself asks you carries it, a payment above all. No app knows it: what does not carry it is \
         not from Lapak.</p></div><button type=\"button\" id=\"another-sign\">Another</button></section>",
        sign.colour,
        sign.picture,
        escape(&sign.words),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_has_their_own_and_can_have_another() {
        let signs = Signs::new(PeopleKey::passing(), None);
        let ani = signs.of("ani");
        assert_eq!(signs.of("ani"), ani);
        assert!(
            ani.picture.starts_with("<svg") && ani.words.contains(' '),
            "{ani:?}"
        );
        // One in two million is the same by chance.
        let other: Vec<_> = ["budi", "cici", "dewi"]
            .iter()
            .map(|one| signs.of(one))
            .collect();
        assert!(other.iter().any(|one| *one != ani));
        let changed: Vec<_> = (0..3).filter_map(|_| signs.change("ani")).collect();
        assert!(changed.iter().any(|one| *one != ani));
        assert_eq!(signs.of("ani"), changed[2]);
        // Another server gives another: nobody tells it from the name.
        let elsewhere: Vec<_> = (0..3)
            .map(|_| Signs::new(PeopleKey::passing(), None).of("ani"))
            .collect();
        assert!(elsewhere.iter().any(|one| *one != changed[2]));
    }
}
