//! The images of a picture: those that it shows, decoded once, within a budget.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use takumi::prelude::{ImageCacheMode, ImageSource};
use takumi_core::resources::image::ResourceCache;

use crate::html;
use crate::style::ASSET_BASE;

/// What is kept of decoded images and parsed style sheets, all apps' together, in bytes. What was used longest ago goes first.
const CACHE_BYTES: u64 = 64 << 20;
/// Most pixels of an image that is painted. A larger one is left out.
const MAX_IMAGE_PIXELS: u64 = 16 << 20;
/// Most pixels of all images of one picture, as they are in their files. The rest is left out.
const MAX_PICTURE_PIXELS: u64 = 48 << 20;

/// Decoded images by their bytes and the size at which they are drawn, and style sheets by their text.
pub(super) fn cache() -> &'static ResourceCache {
    static CACHE: LazyLock<ResourceCache> = LazyLock::new(|| ResourceCache::new(CACHE_BYTES));
    &CACHE
}

/// Of these files of a package, the images that this HTML or this style sheet names, under the addresses that they have there. One that cannot be
/// read or is too large is left out, as a browser would show none.
///
/// # Security
/// A package may have images that take minutes and gigabytes to decode. Here nothing is decoded but what is drawn, when it is
/// drawn, at the size at which it is drawn; how large an image is stands at its beginning.
pub(super) fn shown<'a>(
    files: impl Iterator<Item = (&'a str, &'a [u8])>,
    html: &str,
    css: &str,
) -> HashMap<Arc<str>, ImageSource> {
    let mut pixels = 0;
    let mut images = HashMap::new();
    for (path, bytes) in files.filter(|(path, _)| is_image(path)) {
        let address = html::asset_address(ASSET_BASE, path);
        if !html.contains(&*address) && !css.contains(&*address) {
            continue;
        }
        let Ok(image) = cache().get_or_decode(bytes, ImageCacheMode::default()) else {
            continue;
        };
        let of_image = pixels_of(&image);
        if of_image <= MAX_IMAGE_PIXELS && pixels + of_image <= MAX_PICTURE_PIXELS {
            pixels += of_image;
            images.insert(Arc::from(address), image);
        }
    }
    images
}

fn is_image(path: &str) -> bool {
    let extension = path.rsplit_once('.').map(|(_, extension)| extension);
    let known = ["svg", "png", "jpg", "jpeg", "webp"];
    extension.is_some_and(|one| known.iter().any(|known| one.eq_ignore_ascii_case(known)))
}

/// Pixels that are decoded, whatever the size at which they are drawn.
fn pixels_of(image: &ImageSource) -> u64 {
    let (width, height) = match image {
        ImageSource::Encoded(encoded) => encoded.dimensions(),
        ImageSource::Animated(animated) => animated.dimensions(),
        ImageSource::Bitmap(bitmap) => (bitmap.width(), bitmap.height()),
        // An SVG is drawn at the size of its box.
        _ => (0, 0),
    };
    u64::from(width) * u64::from(height)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The beginning of a PNG of this size; there are no pixels in it.
    fn png(width: u32, height: u32) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, width, height);
        encoder.set_color(png::ColorType::Grayscale);
        drop(encoder.write_header().expect("a header"));
        bytes
    }

    fn named(files: &[(&str, Vec<u8>)], html: &str, css: &str) -> usize {
        let files = files.iter();
        shown(files.map(|(path, bytes)| (*path, &**bytes)), html, css).len()
    }

    #[test]
    fn an_image_that_is_not_shown_is_not_even_looked_at() {
        let files = [
            ("common/a.png", png(4, 4)),
            ("common/b.png", b"no image".to_vec()),
        ];
        assert_eq!(named(&files, "<div></div>", ""), 0);
        assert_eq!(named(&files, "<img src=\"f/common/a.png\">", ""), 1);
        assert_eq!(
            named(&files, "", ".a { background: url(\"f/common/a.png\") }"),
            1
        );
        assert_eq!(named(&files, "<img src=\"f/common/b.png\">", ""), 0);
    }

    #[test]
    fn how_large_an_image_is_is_known_before_it_is_decoded() {
        let html = "<img src=\"f/common/a.png\">";
        let of = |width, height| named(&[("common/a.png", png(width, height))], html, "");
        assert_eq!(of(4_096, 4_096), 1);
        assert_eq!(of(4_096, 4_097), 0);
        assert_eq!(of(60_000, 60_000), 0);
    }

    #[test]
    fn all_images_of_a_picture_share_a_budget() {
        let names: Vec<String> = (0..10)
            .map(|number| format!("common/{number}.png"))
            .collect();
        let files: Vec<_> = names
            .iter()
            .map(|name| (&**name, png(4_096, 4_000)))
            .collect();
        let html: String = names
            .iter()
            .map(|name| format!("<img src=\"f/{name}\">"))
            .collect();
        assert_eq!(named(&files, &html, ""), 3);
    }
}
