//! Fonts of pictures: what comes with the program, what the machine has, what the command line names. Of all of them only
//! those are read that the picture's text needs.

mod carried;
mod coverage;
mod missing;
mod system;

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::Path;
use std::sync::{LazyLock, Mutex, PoisonError};

use takumi::prelude::{FontOverride, FontResource, Fonts};

use self::carried::CARRIED;
use self::coverage::Coverage;
pub use self::missing::Missing;
use self::system::System;

/// The largest font file that is read, in bytes: those of all Chinese, Japanese and Korean characters have 20 MiB.
const MAX_FONT_BYTES: u64 = 64 << 20;
/// The most bytes of the machine's fonts that are kept.
const MAX_SYSTEM_BYTES: u64 = 192 << 20;
/// The most characters that are known to be in no font.
const MAX_MISSING: usize = 16 * 1024;

/// Why a font is not used.
#[derive(Debug, thiserror::Error)]
pub enum FontError {
    /// The file cannot be read.
    #[error("{path}: {what}")]
    File {
        /// The file.
        path: String,
        /// What is wrong with it.
        what: String,
    },
}

/// All that has been read so far, for the whole process.
#[derive(Default)]
struct Read {
    fonts: Fonts,
    covered: Coverage,
    /// Which of the carried fonts are among them.
    carried: [bool; CARRIED.len()],
    /// Made when first something is missing.
    system: Option<System>,
    system_bytes: u64,
    missing: BTreeSet<char>,
}

static READ: LazyLock<Mutex<Read>> = LazyLock::new(Mutex::default);

/// Adds a font file (TrueType, OpenType, a collection, WOFF2) for every picture of this process.
///
/// # Errors
/// [`FontError`]; then there is one font fewer.
pub fn add_font(path: &Path) -> Result<(), FontError> {
    let wrong = |what: String| FontError::File {
        path: path.display().to_string(),
        what,
    };
    let bytes = lapak_abi::file::read(path, MAX_FONT_BYTES);
    let bytes = bytes.map_err(|error| match error.kind() {
        ErrorKind::FileTooLarge => wrong("a font has at most 64 MiB".into()),
        _ => wrong(error.to_string()),
    })?;
    let mut read = READ.lock().unwrap_or_else(PoisonError::into_inner);
    let taken = read.take(bytes, None);
    taken.map_err(|what| wrong(format!("{what}. It takes TTF, OTF, TTC and WOFF2")))?;
    read.missing.clear();
    Ok(())
}

/// The fonts that these texts need, as far as there are any.
pub(super) fn fonts_for(texts: &[&str]) -> Fonts {
    let mut read = READ.lock().unwrap_or_else(PoisonError::into_inner);
    read.find(&characters(texts));
    read.fonts.clone()
}

/// What of these texts is in no font.
pub(super) fn missing(texts: &[&str]) -> Vec<Missing> {
    let mut read = READ.lock().unwrap_or_else(PoisonError::into_inner);
    let wanted = characters(texts);
    read.find(&wanted);
    let lost = wanted.into_iter().filter(|c| !read.covered.has(*c));
    missing::by_script(lost)
}

/// The scripts that pictures cannot show on this machine, each with a letter of it: neither the carried fonts nor the machine's
/// have it.
#[must_use]
pub fn unpainted_scripts() -> Vec<Missing> {
    missing(&[missing::LETTERS])
}

impl Read {
    /// Reads what has these characters and was not read yet.
    fn find(&mut self, wanted: &BTreeSet<char>) {
        for (nth, font) in CARRIED.iter().enumerate() {
            if !self.carried[nth] && wanted.iter().any(|c| font.may_have(*c)) {
                self.carried[nth] = true;
                if let Err(error) = self.take(font.bytes.to_vec(), Some(font.family)) {
                    tracing::error!(%error, family = font.family, "a font of this program cannot be read");
                }
            }
        }
        let unknown = |c: &&char| !self.covered.has(**c) && !self.missing.contains(c);
        let mut lost: Vec<char> = wanted.iter().filter(unknown).copied().collect();
        while let Some(c) = lost.first().copied() {
            if !self.find_in_system(c, &lost) && self.missing.len() < MAX_MISSING {
                self.missing.insert(c);
            }
            lost.retain(|one| *one != c && !self.covered.has(*one));
        }
    }

    /// Reads the machine's font that has this character and most of the others.
    fn find_in_system(&mut self, c: char, others: &[char]) -> bool {
        let system = self.system.get_or_insert_with(System::of_this_machine);
        let Some(path) = system.best(c, others) else {
            return false;
        };
        let size = std::fs::metadata(&path).map_or(u64::MAX, |file| file.len());
        if size > MAX_FONT_BYTES || self.system_bytes.saturating_add(size) > MAX_SYSTEM_BYTES {
            return false;
        }
        self.system_bytes += size;
        let Ok(bytes) = lapak_abi::file::read(&path, MAX_FONT_BYTES) else {
            return false;
        };
        if let Err(error) = self.take(bytes, None) {
            tracing::debug!(%error, path = %path.display(), "a font of this machine cannot be read");
        }
        self.covered.has(c)
    }

    fn take(&mut self, bytes: Vec<u8>, family: Option<&str>) -> Result<(), String> {
        let plain = if bytes.starts_with(b"wOF2") {
            wuff::decompress_woff2(&bytes).map_err(|error| error.to_string())?
        } else {
            bytes
        };
        let covered = Coverage::of(&plain).ok_or("it is not a font, or one without characters")?;
        let mut font = FontResource::new(plain);
        if let Some(family) = family {
            font = font.override_info(FontOverride {
                family_name: Some(family.into()),
                ..FontOverride::default()
            });
        }
        self.fonts
            .register(font)
            .map_err(|error| error.to_string())?;
        self.covered.join(covered);
        Ok(())
    }
}

/// The characters that are painted, of HTML and CSS: what stands in tags is not.
fn characters(texts: &[&str]) -> BTreeSet<char> {
    let mut found = BTreeSet::from(['a']);
    for text in texts {
        let mut in_tag = false;
        for c in text.chars() {
            match c {
                '<' => in_tag = true,
                '>' => in_tag = false,
                c if !in_tag && !c.is_ascii() && is_painted(c) => {
                    found.insert(c);
                }
                _ => {}
            }
        }
    }
    found
}

/// Whether a character has a shape of its own: no blank, no control, no joiner, no variation selector.
fn is_painted(c: char) -> bool {
    let unseen = matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{fffc}'
        | '\u{e0000}'..='\u{e0fff}');
    !unseen && !c.is_control() && !c.is_whitespace()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_carried_font_can_be_read_and_has_what_its_ranges_say() {
        for font in &CARRIED {
            let mut read = Read::default();
            read.take(font.bytes.to_vec(), Some(font.family))
                .expect(font.family);
            for (from, to) in font.ranges {
                let some = (*from..=*to)
                    .filter_map(char::from_u32)
                    .any(|c| read.covered.has(c));
                assert!(some, "{} U+{from:04X}", font.family);
            }
        }
    }

    #[test]
    fn what_people_write_most_is_carried() {
        let texts = "Nasi goreng, Привет, Ελληνικά, ἀγάπη, Tiếng Việt, ₫, Ў, مرحبا، שלום, สวัสดี, नमस्ते, → ★ ✓ ฿ ₹ € ☺";
        let mut read = Read {
            // No font of this machine's.
            system: Some(System::empty()),
            ..Read::default()
        };
        let wanted = characters(&[texts]);
        read.find(&wanted);
        let lost: String = wanted.iter().filter(|c| !read.covered.has(**c)).collect();
        assert_eq!(lost, "");
    }

    #[test]
    fn a_text_of_one_script_reads_the_fonts_of_that_script_alone() {
        let mut read = Read::default();
        read.find(&characters(&["<b lang=\"ไทย\">Привет</b>"]));
        let names = CARRIED.iter().zip(read.carried).filter(|(_, read)| *read);
        let names: Vec<_> = names.map(|(font, _)| font.family).collect();
        assert_eq!(names, ["Inter", "Inter Cyrillic"]);
    }

    #[test]
    fn a_font_of_the_person_s_has_what_the_others_lack() {
        let mut read = Read {
            system: Some(System::empty()),
            ..Read::default()
        };
        read.find(&characters(&["你好"]));
        assert!(!read.covered.has('你'));
        let han = include_bytes!("../../tests/picture-han.woff2");
        read.take(han.to_vec(), None).expect("a font");
        assert!(read.covered.has('你') && read.covered.has('好'));
        assert!(read.take(b"no font".to_vec(), None).is_err());
        assert!(
            add_font(Path::new("/nowhere.ttf"))
                .is_err_and(|error| error.to_string().contains("/nowhere.ttf"))
        );
    }

    /// Debian's DejaVu has Georgian letters, which no carried font has.
    #[test]
    fn the_machine_s_fonts_have_the_rest() {
        if !Path::new("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf").exists() {
            eprintln!("left out: no DejaVu Sans on this machine (Debian: fonts-dejavu-core)");
            return;
        }
        let mut read = Read::default();
        read.find(&characters(&["გამარჯობა"]));
        assert!(read.covered.has('გ'));
        assert!(read.system_bytes > 0 && read.missing.is_empty());
    }

    #[test]
    fn every_script_has_a_letter_that_is_looked_for() {
        let letters = characters(&[missing::LETTERS]).into_iter();
        let found = missing::by_script(letters);
        let found: BTreeSet<&str> = found.iter().map(|one| one.script).collect();
        for script in missing::scripts() {
            assert!(found.contains(script), "{script}");
        }
        assert!(found.contains("emoji"));
        // What the program carries is never among those that nothing shows.
        let lost = unpainted_scripts();
        assert!(!lost.iter().any(|one| one.script == "Arabic"), "{lost:?}");
    }

    #[test]
    fn what_is_in_no_font_is_told_by_script_and_with_the_cure() {
        let mut read = Read {
            system: Some(System::empty()),
            ..Read::default()
        };
        let wanted = characters(&["你好 안녕 👨‍👩‍👧 ok"]);
        read.find(&wanted);
        let lost = wanted.into_iter().filter(|c| !read.covered.has(*c));
        let told: Vec<String> = missing::by_script(lost)
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(told.len(), 3, "{told:?}");
        assert!(
            told[0].contains("Chinese")
                && told[0].contains("你")
                && told[0].contains("fonts-noto-cjk"),
            "{told:?}"
        );
    }
}
