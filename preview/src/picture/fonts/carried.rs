//! Fonts that come with the program, so that a machine without any can paint. Where they are from: `preview/fonts/README.md`.

/// A font of the program's.
pub(super) struct Carried {
    pub(super) family: &'static str,
    pub(super) bytes: &'static [u8],
    /// Where its characters lie, about.
    pub(super) ranges: &'static [(u32, u32)],
}

impl Carried {
    pub(super) fn may_have(&self, c: char) -> bool {
        let c = u32::from(c);
        let mut ranges = self.ranges.iter();
        ranges.any(|(from, to)| (*from..=*to).contains(&c))
    }
}

macro_rules! carried {
    ($($family:literal, $file:literal, [$($from:literal - $to:literal),+];)+) => {
        [$(Carried {
            family: $family,
            bytes: include_bytes!(concat!("../../../", $file)),
            ranges: &[$(($from, $to)),+],
        }),+]
    };
}

/// The first is for everything, the others for what it lacks; each under a name of its own, since the painter looks into
/// every family for a character that the first has not.
pub(super) static CARRIED: [Carried; 12] = carried! {
    "Inter", "assets/fonts/inter-latin.woff2", [0x20 - 0xFF, 0x2000 - 0x206F];
    "Inter Extended", "assets/fonts/inter-latin-ext.woff2", [0x100 - 0x2FF, 0x1D00 - 0x1DBF, 0x1E00 - 0x1EFF, 0x20A0 - 0x20C0, 0x2C60 - 0x2C7F, 0xA720 - 0xA7FF];
    "Inter Vietnamese", "fonts/inter-vietnamese.woff2", [0x1A0 - 0x1B0, 0x300 - 0x323, 0x1EA0 - 0x1EF9, 0x20AB - 0x20AB];
    "Inter Cyrillic", "fonts/inter-cyrillic.woff2", [0x400 - 0x45F, 0x490 - 0x4B1, 0x2116 - 0x2116];
    "Inter Cyrillic Extended", "fonts/inter-cyrillic-ext.woff2", [0x460 - 0x48F, 0x4B2 - 0x52F, 0x20B4 - 0x20B4];
    "Inter Greek", "fonts/inter-greek.woff2", [0x370 - 0x3FF];
    "Inter Greek Extended", "fonts/inter-greek-ext.woff2", [0x1F00 - 0x1FFF];
    "Noto Sans Arabic", "fonts/noto-sans-arabic.woff2", [0x600 - 0x6FF, 0x750 - 0x77F, 0x870 - 0x8FF, 0xFB50 - 0xFDFF, 0xFE70 - 0xFEFC];
    "Noto Sans Hebrew", "fonts/noto-sans-hebrew.woff2", [0x591 - 0x5F4, 0x20AA - 0x20AA, 0xFB1D - 0xFB4F];
    "Noto Sans Devanagari", "fonts/noto-sans-devanagari.woff2", [0x900 - 0x97F, 0x1CD0 - 0x1CF9, 0xA8E0 - 0xA8FF];
    "Noto Sans Thai", "fonts/noto-sans-thai.woff2", [0xE01 - 0xE5B];
    "DejaVu Symbols", "fonts/dejavu-symbols.woff2", [0xE3F - 0xE3F, 0x2010 - 0x2027, 0x2030 - 0x205E, 0x20A0 - 0x20BF, 0x2100 - 0x23CF, 0x2460 - 0x2473, 0x2500 - 0x27BF, 0x2B00 - 0x2B2F];
};
