//! The codes in a picture.

use std::collections::HashSet;
use std::panic::AssertUnwindSafe;

use rxing::common::HybridBinarizer;
use rxing::{
    BarcodeFormat, BinaryBitmap, DecodeHints, Luma8Source, MultiFormatReader, Reader as _,
};
use serde::{Deserialize, Serialize};

use super::picture::Grey;
use crate::bindings::lapak::app::scan::{Code, Error, Symbology};

/// The longest text of a code, in bytes: more than any of them can hold.
const MOST_TEXT: usize = 16 * 1024;

/// Every symbology, by the name that the WIT gives it and the one that the library does. Those of two dimensions come first:
/// they have checks that those of one do not.
const ALL: [(Symbology, &str, BarcodeFormat); 13] = [
    (Symbology::QrCode, "qr-code", BarcodeFormat::QR_CODE),
    (
        Symbology::DataMatrix,
        "data-matrix",
        BarcodeFormat::DATA_MATRIX,
    ),
    (Symbology::Aztec, "aztec", BarcodeFormat::AZTEC),
    (Symbology::Pdf417, "pdf417", BarcodeFormat::PDF_417),
    (Symbology::Ean8, "ean8", BarcodeFormat::EAN_8),
    (Symbology::Ean13, "ean13", BarcodeFormat::EAN_13),
    (Symbology::UpcA, "upc-a", BarcodeFormat::UPC_A),
    (Symbology::UpcE, "upc-e", BarcodeFormat::UPC_E),
    (Symbology::Code39, "code39", BarcodeFormat::CODE_39),
    (Symbology::Code93, "code93", BarcodeFormat::CODE_93),
    (Symbology::Code128, "code128", BarcodeFormat::CODE_128),
    (Symbology::Itf, "itf", BarcodeFormat::ITF),
    (Symbology::Codabar, "codabar", BarcodeFormat::CODABAR),
];
const OF_TWO_DIMENSIONS: usize = 4;

/// The kinds of codes that are wanted, in the order of the WIT.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Kinds(Vec<Symbology>);

impl Kinds {
    /// Those of a list; an empty one means all.
    pub(crate) fn of(kinds: &[Symbology]) -> Self {
        let all = ALL.iter().map(|(symbology, ..)| *symbology);
        Self(
            all.filter(|one| kinds.is_empty() || kinds.contains(one))
                .collect(),
        )
    }

    /// For the audit.
    pub(super) fn in_words(&self) -> String {
        if self.0.len() == ALL.len() {
            return "any".into();
        }
        let names: Vec<_> = self.rows().map(|(_, name, _)| *name).collect();
        names.join(", ")
    }

    fn rows(&self) -> impl Iterator<Item = &'static (Symbology, &'static str, BarcodeFormat)> {
        ALL.iter().filter(|(one, ..)| self.0.contains(one))
    }
}

/// The symbology with this name, for people: `qr` is one too.
pub(super) fn named(name: &str) -> Option<BarcodeFormat> {
    let name = if name == "qr" { "qr-code" } else { name };
    let found = ALL.iter().find(|(_, known, _)| *known == name);
    found.map(|(.., format)| *format)
}

/// Finds a code of these kinds; of several, always the same one.
///
/// The library is safe Rust, ported from one that throws: a picture that it does not expect may make it panic, which is to
/// cost that picture alone.
pub(super) fn read(picture: &Grey, kinds: &Kinds) -> Result<Option<Code>, Error> {
    let found = std::panic::catch_unwind(AssertUnwindSafe(|| find(picture, kinds)));
    found.map_err(|_| Error::Invalid)
}

fn find(picture: &Grey, kinds: &Kinds) -> Option<Code> {
    let source = Luma8Source::new_with_slice(&picture.pixels, picture.width, picture.height);
    let mut bitmap = BinaryBitmap::new(HybridBinarizer::new(source.ok()?));
    let of_two = &ALL[..OF_TWO_DIMENSIONS];
    let is_of_two = |format: &BarcodeFormat| of_two.iter().any(|(.., one)| one == format);
    let formats = kinds.rows().map(|(.., format)| *format);
    let (of_two, of_one): (Vec<_>, Vec<_>) = formats.partition(is_of_two);
    // One after the other, as their order in a set would be another in each run; those of one dimension in one pass.
    let passes = of_two.into_iter().map(|one| HashSet::from([one]));
    let passes = passes.chain((!of_one.is_empty()).then(|| of_one.into_iter().collect()));
    for formats in passes {
        let hints = DecodeHints {
            PossibleFormats: Some(formats),
            TryHarder: Some(true),
            AlsoInverted: Some(true),
            ..DecodeHints::default()
        };
        let read = MultiFormatReader::default().decode_with_hints(&mut bitmap, &hints);
        let Ok(read) = read else { continue };
        let format = read.getBarcodeFormat();
        let symbology = kinds.rows().find(|(.., one)| one == format);
        let text = read.getText();
        if let Some((symbology, ..)) = symbology
            && text.len() <= MOST_TEXT
        {
            return Some(Code {
                symbology: *symbology,
                text: text.to_owned(),
            });
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::super::picture;
    use super::super::simulated::drawing::draw;
    use super::*;
    use crate::capability::scan::Frame;

    fn drawn(name: &str, text: &str) -> Grey {
        let picture = draw(name, text).expect(name);
        picture::decode(&Frame::Picture(picture)).expect("a picture")
    }

    #[test]
    fn every_symbology_is_read() {
        for (symbology, name, _) in ALL {
            let text = match symbology {
                Symbology::Ean8 => "96385074",
                Symbology::Ean13 => "4006381333931",
                Symbology::UpcA => "036000291452",
                Symbology::UpcE => "01234565",
                Symbology::Itf => "0123456789",
                Symbology::Codabar => "31117013206375",
                _ => "LAPAK-17",
            };
            for kinds in [Kinds::of(&[]), Kinds::of(&[symbology])] {
                let code = read(&drawn(name, text), &kinds).expect("read");
                let expected = Code {
                    symbology,
                    text: text.into(),
                };
                assert_eq!(code, Some(expected), "{name}");
            }
        }
    }

    #[test]
    fn text_of_any_language_is_read() {
        for text in [
            "Sepeda naïve №7",
            "自転車",
            "🚲",
            "https://a.example/?x=1&y=%20",
        ] {
            let code = read(&drawn("qr", text), &Kinds::of(&[])).expect("read");
            assert_eq!(code.map(|code| code.text).as_deref(), Some(text));
        }
    }

    #[test]
    fn other_kinds_and_no_code_are_nothing() {
        let qr = drawn("qr", "B-17");
        assert_eq!(read(&qr, &Kinds::of(&[Symbology::Ean13])), Ok(None));
        let empty = Grey {
            width: 40,
            height: 30,
            pixels: vec![255; 1_200],
        };
        assert_eq!(read(&empty, &Kinds::of(&[])), Ok(None));
        let tiny = Grey {
            width: 1,
            height: 1,
            pixels: vec![0],
        };
        assert_eq!(read(&tiny, &Kinds::of(&[])), Ok(None));
    }

    #[test]
    fn a_code_that_is_turned_or_light_on_dark_is_read() {
        let qr = drawn("qr", "B-17");
        let dark = Grey {
            pixels: qr.pixels.iter().map(|one| 255 - one).collect(),
            ..qr.clone()
        };
        let turned = Grey {
            pixels: qr.pixels.iter().rev().copied().collect(),
            ..qr
        };
        for picture in [dark, turned] {
            let code = read(&picture, &Kinds::of(&[])).expect("read");
            assert_eq!(code.expect("a code").text, "B-17");
        }
    }
}
