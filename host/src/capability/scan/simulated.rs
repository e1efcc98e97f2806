//! Scanners that see the pictures they are shown.
//!
//! Differs from real ones in that a picture is seen for one frame, and that one which is shown before a scanner is open waits
//! for it, the latest of several. A person has one scanner: while it is open, it is in use for every other app.

pub(super) mod drawing;

use std::sync::{Arc, Weak};

use super::{Frame, ScanProvider, Seen, Sees};
use crate::capability::storage::Owner;
use crate::flights::Stop;
use crate::simulated::{Part, PerPerson};

/// A scanner for each person.
#[derive(Default)]
pub struct SimulatedScanner {
    scanners: PerPerson<Scanner>,
}

#[derive(Default)]
struct Scanner {
    open: Option<Weak<Sees>>,
    /// What it will see first.
    shown: Option<Vec<u8>>,
}

impl Scanner {
    fn open(&self) -> Option<Arc<Sees>> {
        self.open.as_ref().and_then(Weak::upgrade)
    }
}

impl SimulatedScanner {
    /// Holds a picture, PNG or JPEG, in front of a person's scanner: of the one that is open, or else of the next.
    pub fn show(&self, person: &str, picture: Vec<u8>) {
        let seen = self.scanners.with(person, |scanner| match scanner.open() {
            Some(open) => Some((open, picture)),
            None => {
                scanner.shown = Some(picture);
                None
            }
        });
        if let Some((open, picture)) = seen {
            open(Seen::Frame(Frame::Picture(picture)));
        }
    }

    /// The person closes the scanner; tells whether it was open.
    pub fn close(&self, person: &str) -> bool {
        let open = self.scanners.with(person, |scanner| scanner.open());
        let was_open = open.is_some();
        if let Some(open) = open {
            open(Seen::Closed);
        }
        was_open
    }

    /// Whether a person's scanner is open.
    #[must_use]
    pub fn is_open(&self, person: &str) -> bool {
        self.scanners
            .with(person, |scanner| scanner.open().is_some())
    }
}

impl Part for SimulatedScanner {
    fn set(&self, person: &str, words: &[&str]) -> Result<(), String> {
        const USAGE: &str = "scan KIND TEXT, the kind as the contract names it (qr-code, or just qr; ean13; code128; …); \
            or scan close";
        match words {
            ["close"] if self.close(person) => Ok(()),
            ["close"] => Err("no scanner is open".into()),
            [kind, text @ ..] if !text.is_empty() => {
                let picture = drawing::draw(kind, &text.join(" "));
                self.show(person, picture.map_err(|why| format!("{why}; {USAGE}"))?);
                Ok(())
            }
            _ => Err(USAGE.into()),
        }
    }

    fn shown(&self, person: &str) -> serde_json::Value {
        self.scanners.with(person, |scanner| {
            serde_json::json!({
                "open": scanner.open().is_some(),
                "waiting": scanner.shown.is_some(),
            })
        })
    }
}

impl ScanProvider for SimulatedScanner {
    fn open(&self, of: &Owner, sees: Sees) -> Stop {
        let sees = Arc::new(sees);
        let first = self.scanners.with(&of.person, |scanner| {
            if scanner.open().is_some() {
                return Err(());
            }
            scanner.open = Some(Arc::downgrade(&sees));
            Ok(scanner.shown.take())
        });
        match first {
            Err(()) => sees(Seen::Unavailable),
            Ok(Some(picture)) => sees(Seen::Frame(Frame::Picture(picture))),
            Ok(None) => {}
        }
        Box::new(sees)
    }
}

impl std::fmt::Debug for SimulatedScanner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SimulatedScanner").finish_non_exhaustive()
    }
}
