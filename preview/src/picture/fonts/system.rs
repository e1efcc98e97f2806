//! The machine's own fonts: found when first something is missing in ours. Of each only the list of its characters is read.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use super::coverage::Coverage;

/// The most font files that are looked at.
const MAX_FILES: usize = 4_096;
/// How deep folders are looked into.
const MAX_DEPTH: usize = 6;

/// The machine's fonts, each with its characters.
#[derive(Debug)]
pub(super) struct System(Vec<(PathBuf, Coverage)>);

impl System {
    #[cfg(test)]
    pub(super) fn empty() -> Self {
        Self(Vec::new())
    }

    /// Looks where fontconfig, macOS and Windows keep fonts.
    pub(super) fn of_this_machine() -> Self {
        let under = |variable: &str, rest: &str| {
            std::env::var_os(variable).map(|folder| PathBuf::from(folder).join(rest))
        };
        let own = [
            under("XDG_DATA_HOME", "fonts"),
            under("HOME", ".local/share/fonts"),
            under("HOME", ".fonts"),
            under("HOME", "Library/Fonts"),
            under("WINDIR", "Fonts"),
        ];
        let shared = [
            "/usr/share/fonts",
            "/usr/local/share/fonts",
            "/run/current-system/sw/share/X11/fonts",
            "/Library/Fonts",
            "/System/Library/Fonts",
        ];
        let folders = own.into_iter().flatten().chain(shared.map(PathBuf::from));
        let mut files = Vec::new();
        for folder in folders {
            collect(&folder, MAX_DEPTH, &mut files);
        }
        files.sort_by_key(|path| (rank(path), path.clone()));
        files.dedup();
        let read = |path: PathBuf| {
            let coverage = Coverage::read(&mut BufReader::new(File::open(&path).ok()?))?;
            Some((path, coverage))
        };
        Self(files.into_iter().filter_map(read).collect())
    }

    /// The font that has `c` and most of the others; of several the plainest.
    pub(super) fn best(&self, c: char, others: &[char]) -> Option<PathBuf> {
        let fonts = self.0.iter().filter(|(_, coverage)| coverage.has(c));
        let how_many =
            |coverage: &Coverage| others.iter().filter(|one| coverage.has(**one)).count();
        // The last of several that are as good, so they are looked at from the end.
        let best = fonts.rev().max_by_key(|(_, coverage)| how_many(coverage))?;
        Some(best.0.clone())
    }
}

fn collect(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let path = entry.path();
        if files.len() >= MAX_FILES {
            return;
        }
        if path.is_dir() {
            if depth > 0 {
                collect(&path, depth - 1, files);
            }
        } else if is_font(&path) {
            files.push(path);
        }
    }
}

fn is_font(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    extension.is_some_and(|extension| {
        ["ttf", "otf", "ttc", "otc"]
            .iter()
            .any(|one| extension.eq_ignore_ascii_case(one))
    })
}

/// Plain letters before bold, slanted, narrow and typewriter's ones, and those without serifs before those with.
fn rank(path: &Path) -> usize {
    let name = path
        .file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .to_ascii_lowercase();
    let odd = [
        "bold",
        "italic",
        "oblique",
        "condensed",
        "light",
        "thin",
        "black",
        "mono",
        "serif",
        "display",
        "narrow",
    ];
    odd.iter().filter(|word| name.contains(*word)).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_fonts_come_first() {
        let plain = rank(Path::new("/f/NotoSansThai-Regular.ttf"));
        assert!(plain < rank(Path::new("/f/NotoSansThai-Bold.ttf")));
        assert!(plain < rank(Path::new("/f/NotoSerifThai-Regular.ttf")));
    }

    #[test]
    fn the_font_with_most_of_a_text_is_taken() {
        let one = |name: &str, text: &str| {
            let mut coverage = Coverage::default();
            for c in text.chars() {
                coverage.join(Coverage::only(c));
            }
            (PathBuf::from(name), coverage)
        };
        let system = System(vec![
            one("some", "ab"),
            one("most", "abc"),
            one("also", "abc"),
            one("other", "xyz"),
        ]);
        assert_eq!(system.best('a', &['a', 'b', 'c']), Some("most".into()));
        assert_eq!(system.best('q', &['q']), None);
    }
}
