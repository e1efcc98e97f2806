//! Fonts that come with the program, so that a machine without any can paint.

use std::sync::LazyLock;

use takumi::prelude::{FontOverride, FontResource, Fonts};

/// Inter (SIL Open Font License, see `assets/fonts/OFL.txt`): Latin, and Latin extended.
const FACES: [&[u8]; 2] = [
    include_bytes!("../../assets/fonts/inter-latin.woff2"),
    include_bytes!("../../assets/fonts/inter-latin-ext.woff2"),
];

/// Read once; pictures share them.
pub(super) fn fonts() -> &'static Fonts {
    static FONTS: LazyLock<Fonts> = LazyLock::new(|| {
        let mut fonts = Fonts::default();
        for face in FACES {
            let named = FontOverride {
                family_name: Some("Inter".into()),
                ..FontOverride::default()
            };
            if let Err(error) = fonts.register(FontResource::new(face).override_info(named)) {
                tracing::error!(%error, "a font of this program cannot be read");
            }
        }
        fonts
    });
    &FONTS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_face_can_be_read() {
        for face in FACES {
            Fonts::default()
                .register(FontResource::new(face))
                .expect("a readable font");
        }
    }
}
