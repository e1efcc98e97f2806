//! From pixels to a PNG, quickly: somebody waits for it, and looks at it once.
//!
//! takumi's own encoder tries what makes the file smallest, which takes longer than the painting.

use png::{BitDepth, ColorType, Compression, Encoder, EncodingError, Filter};

/// Pixels of red, green, blue and opacity as a PNG; without the opacity where nothing shines through.
pub(super) fn png(width: u32, height: u32, rgba: &[u8]) -> Result<Vec<u8>, EncodingError> {
    let mut bytes = Vec::with_capacity(rgba.len() / 16);
    let mut encoder = Encoder::new(&mut bytes, width, height);
    encoder.set_depth(BitDepth::Eight);
    encoder.set_compression(Compression::Fast);
    // Most of a screen is plain: what is above is what comes next.
    encoder.set_filter(Filter::Up);
    let is_opaque = rgba.chunks_exact(4).all(|pixel| pixel[3] == u8::MAX);
    if is_opaque {
        let rgb: Vec<u8> = rgba
            .chunks_exact(4)
            .flat_map(|pixel| [pixel[0], pixel[1], pixel[2]])
            .collect();
        encoder.set_color(ColorType::Rgb);
        encoder.write_header()?.write_image_data(&rgb)?;
    } else {
        encoder.set_color(ColorType::Rgba);
        encoder.write_header()?.write_image_data(rgba)?;
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opacity_is_left_out_where_there_is_none() {
        let colour = |png: &[u8]| png[25];
        let opaque = png(1, 2, &[1, 2, 3, 255, 4, 5, 6, 255]).expect("a picture");
        assert_eq!(colour(&opaque), ColorType::Rgb as u8);
        let mut reader = png::Decoder::new(std::io::Cursor::new(&opaque))
            .read_info()
            .expect("a PNG");
        let mut pixels = [0; 6];
        reader.next_frame(&mut pixels).expect("pixels");
        assert_eq!(pixels, [1, 2, 3, 4, 5, 6]);
        let clear = png(1, 1, &[1, 2, 3, 0]).expect("a picture");
        assert_eq!(colour(&clear), ColorType::Rgba as u8);
    }
}
