//! What no font has, told by script, with the cure.

use std::fmt;

/// Characters of one script that are in no font.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// The script, by its usual name.
    pub script: &'static str,
    /// The characters, in order.
    pub characters: Vec<char>,
    /// The package of Debian's that has them.
    pub package: &'static str,
}

/// The most characters that are told.
const TOLD: usize = 8;

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let some: String = self.characters.iter().take(TOLD).collect();
        let more = if self.characters.len() > TOLD {
            " …"
        } else {
            ""
        };
        let count = self.characters.len();
        let s = if count == 1 { "" } else { "s" };
        write!(
            f,
            "no font has {count} {} character{s} of this picture ({some}{more}). Install one (Debian: apt-get install {}), or \
             name a file with --font",
            self.script, self.package
        )
    }
}

/// The characters by their scripts, in the order in which they came.
pub(super) fn by_script(characters: impl Iterator<Item = char>) -> Vec<Missing> {
    let mut all: Vec<Missing> = Vec::new();
    for c in characters {
        let (script, package) = script(c);
        match all.iter_mut().find(|one| one.script == script) {
            Some(one) => one.characters.push(c),
            None => all.push(Missing {
                script,
                characters: vec![c],
                package,
            }),
        }
    }
    all
}

const CJK: &str = "fonts-noto-cjk";
const NOTO: &str = "fonts-noto-core";
const EMOJI: &str = "fonts-noto-color-emoji";

/// By blocks, which is exact enough to name the cure.
const SCRIPTS: [(u32, u32, &str, &str); 31] = [
    (0x0370, 0x03FF, "Greek", NOTO),
    (0x0400, 0x052F, "Cyrillic", NOTO),
    (0x0530, 0x058F, "Armenian", NOTO),
    (0x0590, 0x05FF, "Hebrew", NOTO),
    (0x0600, 0x08FF, "Arabic", NOTO),
    (0x0900, 0x097F, "Devanagari", NOTO),
    (0x0980, 0x09FF, "Bengali", NOTO),
    (0x0A00, 0x0A7F, "Gurmukhi", NOTO),
    (0x0A80, 0x0AFF, "Gujarati", NOTO),
    (0x0B00, 0x0B7F, "Odia", NOTO),
    (0x0B80, 0x0BFF, "Tamil", NOTO),
    (0x0C00, 0x0C7F, "Telugu", NOTO),
    (0x0C80, 0x0CFF, "Kannada", NOTO),
    (0x0D00, 0x0D7F, "Malayalam", NOTO),
    (0x0D80, 0x0DFF, "Sinhala", NOTO),
    (0x0E00, 0x0E7F, "Thai", NOTO),
    (0x0E80, 0x0EFF, "Lao", NOTO),
    (0x0F00, 0x0FFF, "Tibetan", NOTO),
    (0x1000, 0x109F, "Myanmar", NOTO),
    (0x10A0, 0x10FF, "Georgian", NOTO),
    (0x1100, 0x11FF, "Korean", CJK),
    (0x1200, 0x139F, "Ethiopic", NOTO),
    (0x1780, 0x17FF, "Khmer", NOTO),
    (0x2E80, 0x303F, "Chinese, Japanese or Korean", CJK),
    (0x3040, 0x30FF, "Japanese", CJK),
    (0x3100, 0x312F, "Chinese", CJK),
    (0x3130, 0x318F, "Korean", CJK),
    (0x3190, 0x9FFF, "Chinese, Japanese or Korean", CJK),
    (0xAC00, 0xD7FF, "Korean", CJK),
    (0xF900, 0xFFEF, "Chinese, Japanese or Korean", CJK),
    (0x20000, 0x3FFFF, "Chinese, Japanese or Korean", CJK),
];

/// A letter of each script, and an emoji.
pub(super) const LETTERS: &str = "αяԱאعनবਅઅଅஅఅಅമඅกກཀကაᄀአក中あㄅㄱ漢한😀";

#[cfg(test)]
pub(super) fn scripts() -> impl Iterator<Item = &'static str> {
    SCRIPTS.iter().map(|(_, _, script, _)| *script)
}

fn script(c: char) -> (&'static str, &'static str) {
    let code = u32::from(c);
    let mut known = SCRIPTS.iter();
    if let Some((_, _, script, package)) =
        known.find(|(from, to, ..)| (*from..=*to).contains(&code))
    {
        return (script, package);
    }
    let emoji = (0x1F000..=0x1FAFF).contains(&code)
        || (0x2600..=0x27BF).contains(&code)
        || (0x2300..=0x23FF).contains(&code);
    if emoji {
        ("emoji", EMOJI)
    } else {
        ("other", "fonts-noto-core fonts-noto-extra")
    }
}
