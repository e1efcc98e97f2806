//! Pictures of a screen, without a browser: the same HTML and the same CSS, laid out and painted by takumi.

mod encode;
mod fonts;
mod frame;
mod images;

use lapak_host::session::ColorScheme;
use lapak_host::{App, Screen};
use takumi::prelude::{FromHtmlOptions, RenderOptions, Viewport};

use crate::html::{self, AppBox, HtmlContext};
use crate::style::{ASSET_BASE, AppStyle};

pub use fonts::{FontError, Missing, add_font, unpainted_scripts};

/// The largest side of a picture, in pixels.
const MAX_SIDE: f32 = 4_096.0;

/// How a picture is to be.
#[derive(Clone, Debug, PartialEq)]
pub struct PictureOptions {
    /// Width of the screen, in CSS pixels.
    pub width: u32,
    /// Height of the screen, in CSS pixels.
    pub height: u32,
    /// Pixels of the picture for each CSS pixel, 0.25 to 4.
    pub scale: f32,
    /// Paints the navigation bar, the tab bar and a phone around the app.
    pub frame: bool,
    /// BCP 47.
    pub lang: String,
    /// The colours that the shell shows.
    pub color_scheme: ColorScheme,
}

impl Default for PictureOptions {
    fn default() -> Self {
        Self {
            width: 390,
            height: 844,
            scale: 1.0,
            frame: false,
            lang: "en".into(),
            color_scheme: ColorScheme::Light,
        }
    }
}

/// Why there is no picture.
#[derive(Debug, thiserror::Error)]
pub enum PictureError {
    /// The picture would be empty or too large.
    #[error("a picture's sides have 1 to 4,096 pixels; this one would have {0} × {1}")]
    Size(f32, f32),
    /// The painter failed.
    #[error("the picture could not be painted: {0}")]
    Painter(String),
}

/// Paints what a session shows, as a PNG.
///
/// # Errors
/// See [`PictureError`].
pub fn paint(
    app: &App,
    screen: &Screen,
    options: &PictureOptions,
) -> Result<Vec<u8>, PictureError> {
    paint_styled(app, &AppStyle::of(app.package()).css, screen, options)
}

/// The same for whoever has the app's style sheet already.
pub(crate) fn paint_styled(
    app: &App,
    app_css: &str,
    screen: &Screen,
    options: &PictureOptions,
) -> Result<Vec<u8>, PictureError> {
    let (width, height) = frame::outer_size(options);
    // A scale that is none is not made one.
    if !options.scale.is_finite() || options.scale <= 0.0 {
        let side = |side| pixels(side, options.scale);
        return Err(PictureError::Size(side(width), side(height)));
    }
    let scale = options.scale.clamp(0.25, 4.0);
    let (width, height) = (pixels(width, scale), pixels(height, scale));
    let fits = |side: f32| (1.0..=MAX_SIDE).contains(&side);
    if !fits(width) || !fits(height) {
        return Err(PictureError::Size(width, height));
    }
    let package = app.package();
    let html = body(app, screen, options);
    let node = takumi::from_html(&html, FromHtmlOptions::default()).map_err(painter)?;
    let css = [html::BASE_CSS, frame::CSS, app_css].map(str::to_owned);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "1 to 4,096, see above"
    )]
    let mut viewport = Viewport::new((width as u32, height as u32));
    viewport.device_pixel_ratio = scale;
    let fonts = fonts::fonts_for(&[&html, app_css]);
    let picture = takumi::render(
        RenderOptions::builder()
            .viewport(viewport)
            .node(node)
            .fonts(&fonts)
            .images(images::shown(package.files(), &html, app_css))
            .resource_cache(images::cache().clone())
            .stylesheet(images::cache().get_or_parse_stylesheet(css.into()))
            .build(),
    )
    .map_err(painter)?;
    encode::png(picture.width(), picture.height(), picture.as_raw()).map_err(painter)
}

/// What of a picture's text is in no font: it would be painted as empty boxes.
#[must_use]
pub fn missing(app: &App, screen: &Screen, options: &PictureOptions) -> Vec<Missing> {
    let html = body(app, screen, options);
    fonts::missing(&[&html, &AppStyle::of(app.package()).css])
}

fn body(app: &App, screen: &Screen, options: &PictureOptions) -> String {
    let package = app.package();
    let cx = HtmlContext {
        asset_base: ASSET_BASE,
        has_file: &|path| package.file(path).is_some(),
        for_picture: true,
    };
    let dark = options.color_scheme == ColorScheme::Dark;
    let app_box = AppBox {
        tree: &screen.tree,
        route: &screen.route,
        lang: &options.lang,
        dark,
    };
    let html = html::app_box(&app_box, &cx);
    frame::around(&html, app, screen, options)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "sides beyond 2^24 are refused anyway"
)]
fn pixels(side: u32, scale: f32) -> f32 {
    (side as f32 * scale).round()
}

fn painter(error: impl std::fmt::Display) -> PictureError {
    PictureError::Painter(error.to_string())
}
