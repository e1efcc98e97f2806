//! An app's style sheets, cleaned and joined.

use lapak_abi::json::without_mark;
use lapak_abi::package::{Package, STYLES};
use lapak_abi::text::printable;

use crate::css::{CleanOptions, clean};

/// What stands before a package path in the cleaned style sheet and in the generator's HTML.
pub(crate) const ASSET_BASE: &str = "f/";

/// Most bytes of an app's style sheets together, as its author wrote them.
const MOST_SOURCE_BYTES: usize = 1 << 20;
/// Most bytes of what is made of them.
const MOST_CLEANED_BYTES: usize = 2 << 20;
/// Most sentences about them.
const MOST_NOTES: usize = 200;

/// The style sheet of an app, fit to be applied.
#[derive(Clone, Debug)]
pub(crate) struct AppStyle {
    /// `app.css`, then each page's own.
    pub(crate) css: String,
    /// What was left out, and why, a sentence each.
    pub(crate) notes: Vec<String>,
    /// Bytes that were read for it.
    read: usize,
}

impl AppStyle {
    pub(crate) fn of(package: &Package) -> Self {
        let mut style = Self {
            css: String::new(),
            notes: Vec::new(),
            read: 0,
        };
        style.add(package, STYLES, None);
        for page in &package.manifest().pages {
            style.add(package, &format!("{page}.css"), Some(page.as_str()));
        }
        style
    }

    fn add(&mut self, package: &Package, path: &str, route: Option<&str>) {
        let Some(source) = package.file(path) else {
            return;
        };
        self.read = self.read.saturating_add(source.len());
        if self.read > MOST_SOURCE_BYTES || self.css.len() > MOST_CLEANED_BYTES {
            return self.note(format!(
                "{path}: the app's style sheets are more than {} KiB together; this one is not applied",
                MOST_SOURCE_BYTES / 1024
            ));
        }
        let options = CleanOptions {
            route,
            asset_base: ASSET_BASE,
            has_file: &|path| package.file(path).is_some(),
        };
        let cleaned = clean(&String::from_utf8_lossy(without_mark(source)), &options);
        self.css.push_str(&cleaned.css);
        self.css.push('\n');
        for note in cleaned.notes {
            self.note(format!("{path}:{}: {}", note.line, note.what));
        }
    }

    /// It quotes what an author wrote, and goes to terminals.
    fn note(&mut self, note: String) {
        if self.notes.len() < MOST_NOTES {
            self.notes.push(printable(&note).into_owned());
        }
    }
}
