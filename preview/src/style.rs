//! An app's style sheets, cleaned and joined.

use lapak_abi::package::{Package, STYLES};

use crate::css::{CleanOptions, clean};

/// What stands before a package path in the cleaned style sheet and in the generator's HTML.
pub(crate) const ASSET_BASE: &str = "f/";

/// The style sheet of an app, fit to be applied.
#[derive(Clone, Debug)]
pub(crate) struct AppStyle {
    /// `app.css`, then each page's own.
    pub(crate) css: String,
    /// What was left out, and why, a sentence each.
    pub(crate) notes: Vec<String>,
}

impl AppStyle {
    pub(crate) fn of(package: &Package) -> Self {
        let mut style = Self {
            css: String::new(),
            notes: Vec::new(),
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
        let options = CleanOptions {
            route,
            asset_base: ASSET_BASE,
            has_file: &|path| package.file(path).is_some(),
        };
        let cleaned = clean(&String::from_utf8_lossy(source), &options);
        self.css.push_str(&cleaned.css);
        self.css.push('\n');
        let notes = cleaned.notes.iter();
        self.notes
            .extend(notes.map(|note| format!("{path}:{}: {}", note.line, note.what)));
    }
}
