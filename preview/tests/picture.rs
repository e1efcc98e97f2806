//! A picture, looked at: it is a PNG of the right size, and there is something to read on it.

mod support;

use std::collections::HashMap;
use std::io::Cursor;

use support::Server;
use support::shell::{get, launched_app};

/// The colours of a picture, and how often each is there.
struct Colours {
    width: u32,
    height: u32,
    counts: HashMap<[u8; 3], usize>,
}

impl Colours {
    fn of(bytes: &[u8]) -> Self {
        let mut decoder = png::Decoder::new(Cursor::new(bytes));
        decoder.set_transformations(png::Transformations::normalize_to_color8());
        let mut reader = decoder.read_info().expect("a PNG");
        let mut pixels = vec![0; reader.output_buffer_size().expect("a size")];
        let info = reader.next_frame(&mut pixels).expect("pixels");
        let mut counts = HashMap::new();
        let samples = info.color_type.samples();
        assert!(samples >= 3, "{:?}", info.color_type);
        for pixel in pixels[..info.buffer_size()].chunks_exact(samples) {
            *counts.entry([pixel[0], pixel[1], pixel[2]]).or_default() += 1;
        }
        Self {
            width: info.width,
            height: info.height,
            counts,
        }
    }

    /// Shades between a dark and a light colour, as the edges of letters have them.
    fn greys(&self) -> usize {
        let is_grey = |colour: &&[u8; 3]| {
            let (least, most) = (colour.iter().min(), colour.iter().max());
            most.zip(least)
                .is_some_and(|(most, least)| most - least < 24)
        };
        self.counts.keys().filter(is_grey).count()
    }

    fn most_frequent(&self) -> usize {
        self.counts.values().copied().max().unwrap_or_default()
    }
}

async fn picture(server: &Server, session: &str, query: &str) -> Colours {
    let response = get(server, &format!("{session}/shot.png{query}"), &[]).await;
    let body = axum::body::to_bytes(response.into_body(), 16 << 20).await;
    Colours::of(&body.expect("a body"))
}

#[tokio::test(flavor = "multi_thread")]
async fn letters_are_painted_on_a_background() {
    let server = Server::of(&["examples/counter", "examples/warung"]).await;
    let (counter, _) = launched_app(&server, "counter", None).await;
    let plain = picture(&server, &counter, "").await;
    assert_eq!((plain.width, plain.height), (390, 844));
    let all = (plain.width * plain.height) as usize;
    // Mostly background, and the soft edges of a few letters.
    assert!(plain.most_frequent() > all / 2, "{}", plain.most_frequent());
    assert!(plain.greys() > 8, "{} shades", plain.greys());

    let (warung, _) = launched_app(&server, "warung", None).await;
    let busy = picture(&server, &warung, "").await;
    // A page full of words and pictures of dishes.
    assert!(
        busy.counts.len() > 4 * plain.counts.len(),
        "{}",
        busy.counts.len()
    );
    assert!(busy.greys() > 32, "{} shades", busy.greys());
    let twice = picture(&server, &warung, "?scale=2").await;
    assert_eq!((twice.width, twice.height), (780, 1_688));
}

/// How many pixels differ between two pictures of one size.
fn differ(one: &[u8], other: &[u8]) -> usize {
    let pixels = |bytes: &[u8]| {
        let mut reader = png::Decoder::new(Cursor::new(bytes.to_vec()))
            .read_info()
            .expect("a PNG");
        let mut pixels = vec![0; reader.output_buffer_size().expect("a size")];
        reader.next_frame(&mut pixels).expect("pixels");
        pixels
    };
    let (one, other) = (pixels(one), pixels(other));
    assert_eq!(one.len(), other.len());
    one.iter()
        .zip(other)
        .filter(|(one, other)| *one != other)
        .count()
}

async fn png_of(server: &Server, app: &str, name: &str) -> Vec<u8> {
    let (session, _) = launched_app(server, app, None).await;
    let response = get(server, &format!("{session}/shot.png?frame=1"), &[]).await;
    let body = axum::body::to_bytes(response.into_body(), 16 << 20).await;
    let png = body.expect("a body").to_vec();
    // For a person to look at.
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("screenshots");
    let _ = std::fs::create_dir_all(&folder);
    let _ = std::fs::write(folder.join(format!("{name}.png")), &png);
    png
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_runs_the_way_of_its_language() {
    let server = Server::of(&["preview/tests/guests/probe"]).await;
    let english = png_of(&server, "probe?page=pages/words&lang=en", "words-en").await;
    let hebrew = png_of(&server, "probe?page=pages/words&lang=he", "words-he").await;
    png_of(&server, "probe?page=pages/words&lang=ar", "words-ar").await;
    // The same texts, on the other side.
    let changed = differ(&english, &hebrew);
    assert!(changed > 10_000, "{changed}");
}
