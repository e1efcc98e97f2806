//! Draws codes, for the scanner to read.

use rxing::{MultiFormatWriter, Writer as _};

use super::super::codes;

/// The least that a code's sides are, in pixels; with more to say they grow.
const SIDE: i32 = 400;
/// The white around it.
const MARGIN: u32 = 40;
/// The longest text of a code.
const MOST_TEXT: usize = 2_000;

/// A code of this kind that says this, as a PNG.
pub(in super::super) fn draw(kind: &str, text: &str) -> Result<Vec<u8>, String> {
    let format = codes::named(kind).ok_or_else(|| format!("there is no kind of code {kind:?}"))?;
    if text.len() > MOST_TEXT {
        return Err(format!("more than {MOST_TEXT} bytes"));
    }
    // The library's encoders panic at some texts which cannot be written in a kind.
    let code = std::panic::catch_unwind(|| MultiFormatWriter.encode(text, &format, SIDE, SIDE / 2));
    let code = code.map_err(|_| format!("{kind} cannot say this"))?;
    let code = code.map_err(|why| format!("{kind} cannot say this: {why}"))?;
    let (width, height) = (code.width() + 2 * MARGIN, code.height() + 2 * MARGIN);
    let rows = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
    let within = |(x, y): (u32, u32)| {
        let (x, y) = (x.checked_sub(MARGIN)?, y.checked_sub(MARGIN)?);
        (x < code.width() && y < code.height()).then(|| code.get(x, y))
    };
    let pixels: Vec<u8> = rows
        .map(|at| match within(at) {
            Some(true) => 0,
            _ => u8::MAX,
        })
        .collect();
    png(width, height, &pixels).map_err(|why| why.to_string())
}

fn png(width: u32, height: u32, pixels: &[u8]) -> Result<Vec<u8>, png::EncodingError> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(pixels)?;
    writer.finish()?;
    Ok(bytes)
}
