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

#[cfg(test)]
mod tests {
    use lapak_abi::package::{COMPONENT, MANIFEST, PackageLimits, PackageWriter};

    use super::*;

    /// An app of so many pages, each with a style sheet of its own.
    fn app(pages: usize, css: &str) -> Package {
        let paths: Vec<_> = (0..pages).map(|page| format!("pages/p{page}")).collect();
        let manifest = serde_json::json!({
            "app_id": "id.example.styled", "name": "Styled", "icons": [{ "src": "common/icon.png" }],
            "platform_version": { "min_code": 1 }, "version": { "name": "0.1.0", "code": 1 },
            "pages": paths,
        });
        let mut writer = PackageWriter::new();
        for (path, bytes) in [
            (MANIFEST, manifest.to_string().into_bytes()),
            (COMPONENT, b"\0asm".to_vec()),
            ("common/icon.png", vec![0]),
            (STYLES, Vec::new()),
        ] {
            writer.file(path, bytes).expect("a file");
        }
        for page in &paths {
            writer.file(&format!("{page}.css"), css).expect("a file");
            writer.file(&format!("{page}.html"), "").expect("a file");
        }
        let bytes = writer.finish().expect("a package");
        Package::read(bytes, &PackageLimits::default()).expect("reads")
    }

    #[test]
    fn style_sheets_are_bounded_together_and_whoever_is_left_out_is_named() {
        // Each alone is within its bound.
        let css = format!(".a{{color:red}}/*{}*/", "x".repeat(200 * 1024));
        let style = AppStyle::of(&app(12, &css));
        assert_eq!(style.css.matches("color:").count(), 5);
        let left_out: Vec<_> = style
            .notes
            .iter()
            .filter(|note| note.contains("together"))
            .collect();
        assert_eq!(left_out.len(), 7);
        assert!(
            left_out
                .iter()
                .any(|note| note.starts_with("pages/p11.css: "))
        );
    }

    #[test]
    fn what_is_made_of_them_is_bounded_too() {
        // Selectors grow where they are scoped to a page.
        let css = ".a{color:red}".repeat(10_000);
        let style = AppStyle::of(&app(60, &css));
        assert!(style.css.len() <= MOST_CLEANED_BYTES + crate::css::MAX_CLEANED_BYTES);
        assert!(style.notes.iter().any(|note| note.contains("together")));
    }

    #[test]
    fn what_is_said_of_them_is_bounded_and_printable() {
        let css = ".a{\u{1b}[2J\u{202e}:red}".repeat(500);
        let style = AppStyle::of(&app(10, &css));
        assert!(!style.notes.is_empty() && style.notes.len() <= MOST_NOTES);
        for note in style.notes {
            assert!(!lapak_abi::text::hides_something(&note), "{note:?}");
        }
    }
}
