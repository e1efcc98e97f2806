//! Pictures, as grey pixels: whatever is not one, or too large, is refused before memory is taken for it.

use std::io::Cursor;

use png::{ColorType, Transformations};
use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use super::Frame;

/// The longest file.
const MOST_BYTES: usize = 4 << 20;
/// The most pixels.
const MOST_PIXELS: u64 = 16_000_000;
/// The longest side: more is a line, not a picture.
const MOST_SIDE: usize = 16_384;
/// What the decoder of PNG takes besides the pixels.
const PNG_BYTES: usize = 1 << 20;
/// Rounds of refinement of one JPEG: each costs as much as all its pixels.
const MOST_SCANS: usize = 32;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";
const JPEG: &[u8] = b"\xff\xd8\xff";

/// Grey pixels, row by row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Grey {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) pixels: Vec<u8>,
}

/// What can be said of a file without looking far into it.
pub(super) fn may_be_one(bytes: &[u8]) -> bool {
    bytes.len() <= MOST_BYTES && (bytes.starts_with(PNG) || bytes.starts_with(JPEG))
}

/// How many pixels there seem to be, by what the file says first: what a turn of reading it costs. As many as there may be where
/// that cannot be told.
pub(super) fn pixels(frame: &Frame) -> u64 {
    let pixels = match frame {
        Frame::Grey { width, height, .. } => u64::from(*width) * u64::from(*height),
        Frame::Picture(bytes) => match bytes.get(16..24) {
            Some(header) if bytes.starts_with(PNG) => {
                let side = |at: usize| header.get(at..at + 4).and_then(|side| side.try_into().ok());
                let side = |at| side(at).map_or(0, u32::from_be_bytes).into();
                u64::saturating_mul(side(0), side(4))
            }
            _ => MOST_PIXELS,
        },
    };
    pixels.clamp(1, MOST_PIXELS)
}

/// The pixels of what a scanner sees; `None` if it is no picture, or too large.
pub(super) fn decode(frame: &Frame) -> Option<Grey> {
    match frame {
        Frame::Grey {
            width,
            height,
            pixels,
        } => {
            let area = area(*width, *height)?;
            (pixels.len() == area).then(|| Grey {
                width: *width,
                height: *height,
                pixels: pixels.clone(),
            })
        }
        Frame::Picture(bytes) if !may_be_one(bytes) => None,
        Frame::Picture(bytes) if bytes.starts_with(PNG) => from_png(bytes),
        Frame::Picture(bytes) => from_jpeg(bytes),
    }
}

fn area(width: u32, height: u32) -> Option<usize> {
    let area = u64::from(width).checked_mul(height.into())?;
    let within = (1..=MOST_PIXELS).contains(&area);
    usize::try_from(area).ok().filter(|_| within)
}

fn from_png(bytes: &[u8]) -> Option<Grey> {
    let limits = png::Limits { bytes: PNG_BYTES };
    let mut decoder = png::Decoder::new_with_limits(Cursor::new(bytes), limits);
    decoder.set_ignore_text_chunk(true);
    decoder.set_ignore_iccp_chunk(true);
    decoder.set_transformations(Transformations::normalize_to_color8());
    let (width, height) = decoder.read_header_info().ok()?.size();
    let area = area(width, height)?;
    let mut reader = decoder.read_info().ok()?;
    let mut samples = vec![0; reader.output_buffer_size()?];
    let info = reader.next_frame(&mut samples).ok()?;
    let (color, _) = reader.output_color_type();
    let samples = samples.get(..info.buffer_size())?;
    let pixels: Vec<u8> = match color {
        ColorType::Grayscale => samples.to_vec(),
        ColorType::GrayscaleAlpha => samples.chunks_exact(2).map(grey_on_white).collect(),
        ColorType::Rgb => samples.chunks_exact(3).map(grey).collect(),
        ColorType::Rgba => samples.chunks_exact(4).map(grey_on_white).collect(),
        // Expanded by the transformation above.
        ColorType::Indexed => return None,
    };
    (pixels.len() == area).then_some(Grey {
        width,
        height,
        pixels,
    })
}

fn from_jpeg(bytes: &[u8]) -> Option<Grey> {
    let options = DecoderOptions::default()
        .set_max_width(MOST_SIDE)
        .set_max_height(MOST_SIDE)
        .jpeg_set_max_scans(MOST_SCANS)
        .jpeg_set_out_colorspace(ColorSpace::Luma);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers().ok()?;
    let (width, height) = decoder.dimensions()?;
    let (width, height) = (u32::try_from(width).ok()?, u32::try_from(height).ok()?);
    let area = area(width, height)?;
    let pixels = decoder.decode().ok()?;
    (pixels.len() == area).then_some(Grey {
        width,
        height,
        pixels,
    })
}

/// The brightness of red, green and blue, as ITU-R BT.601 weighs them.
fn grey(color: &[u8]) -> u8 {
    let [red, green, blue] = *color else {
        return u8::MAX;
    };
    let weighed = 299 * u32::from(red) + 587 * u32::from(green) + 114 * u32::from(blue);
    u8::try_from(weighed / 1_000).unwrap_or(u8::MAX)
}

/// The last sample is how much covers a white ground.
fn grey_on_white(samples: &[u8]) -> u8 {
    let (over, cover) = match *samples {
        [grey, cover] => (grey, u32::from(cover)),
        [red, green, blue, cover] => (grey(&[red, green, blue]), u32::from(cover)),
        _ => return u8::MAX,
    };
    let most = u32::from(u8::MAX);
    let mixed = (u32::from(over) * cover + most * (most - cover)) / most;
    u8::try_from(mixed).unwrap_or(u8::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn png(width: u32, height: u32, color: ColorType, samples: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, width, height);
        encoder.set_color(color);
        encoder.set_depth(png::BitDepth::Eight);
        let mut writer = encoder.write_header().expect("a header");
        writer.write_image_data(samples).expect("pixels");
        writer.finish().expect("an end");
        bytes
    }

    #[test]
    fn every_colour_becomes_grey_on_white() {
        for (color, samples, expected) in [
            (ColorType::Grayscale, &[0, 200][..], [0, 200]),
            (ColorType::GrayscaleAlpha, &[0, 255, 0, 0], [0, 255]),
            (ColorType::Rgb, &[0, 0, 0, 255, 255, 255], [0, 255]),
            (ColorType::Rgba, &[0, 0, 0, 255, 0, 0, 0, 0], [0, 255]),
        ] {
            let decoded = decode(&Frame::Picture(png(2, 1, color, samples)));
            let decoded = decoded.expect("a picture");
            assert_eq!(decoded.pixels, expected, "{color:?}");
            assert_eq!((decoded.width, decoded.height), (2, 1));
        }
    }

    #[test]
    fn what_is_too_large_is_refused_by_its_header() {
        let mut bytes = png(1, 1, ColorType::Grayscale, &[0]);
        // Width and height of the header, and its checksum with them.
        bytes[16..24].copy_from_slice(&[0, 0, 0xff, 0xff, 0, 0, 0xff, 0xff]);
        assert_eq!(decode(&Frame::Picture(bytes)), None);
        assert_eq!(area(4_000, 4_000), Some(16_000_000));
        assert_eq!(area(4_001, 4_000), None);
        assert_eq!((area(0, 5), area(u32::MAX, u32::MAX)), (None, None));
    }

    #[test]
    fn what_is_no_picture_is_none() {
        let whole = png(2, 2, ColorType::Rgb, &[7; 12]);
        for length in 0..whole.len() - 12 {
            let cut = whole.get(..length).expect("a part").to_vec();
            // An end that is missing is forgiven, pixels that are missing are not: never a panic.
            let _ = decode(&Frame::Picture(cut));
        }
        let long = [PNG, &vec![0; MOST_BYTES]].concat();
        for bytes in [Vec::new(), b"GIF89a".to_vec(), JPEG.to_vec(), long] {
            assert_eq!(decode(&Frame::Picture(bytes)), None);
        }
        let grey = |width, height, pixels| Frame::Grey {
            width,
            height,
            pixels,
        };
        assert!(decode(&grey(2, 2, vec![0; 4])).is_some());
        assert!(decode(&grey(2, 2, vec![0; 3])).is_none());
        assert!(decode(&grey(0, 0, Vec::new())).is_none());
    }
}
