//! The member `window`: never fatal, each value falls back to its default.

use super::read::Members;

/// How pages look unless they say otherwise.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Window {
    /// `design_width` is ignored.
    pub auto_design_width: bool,
    /// sRGB colour as CSS writes it.
    pub background_color: String,
    /// Colour of the pull-down symbols.
    pub background_text_style: TextStyle,
    /// Baseline in CSS pixels.
    pub design_width: f64,
    /// Pages can be pulled down to refresh.
    pub enable_pull_down_refresh: bool,
    /// No navigation bar.
    pub fullscreen: bool,
    /// sRGB colour as CSS writes it.
    pub navigation_bar_background_color: String,
    /// Colour of the navigation bar's text: light means white.
    pub navigation_bar_text_style: TextStyle,
    /// Text of the navigation bar; the app's name if absent.
    pub navigation_bar_title_text: Option<String>,
    /// Whether the app draws its own navigation bar.
    pub navigation_style: NavigationStyle,
    /// In CSS pixels from the page's end.
    pub on_reach_bottom_distance: f64,
    /// How the device is held.
    pub orientation: Orientation,
}

/// Dark or light text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum TextStyle {
    Dark,
    Light,
}

/// Who draws the navigation bar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum NavigationStyle {
    Default,
    Custom,
}

/// How the device is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Orientation {
    Portrait,
    Landscape,
}

impl Default for Window {
    fn default() -> Self {
        Self {
            auto_design_width: false,
            background_color: "#ffffff".into(),
            background_text_style: TextStyle::Dark,
            design_width: 750.0,
            enable_pull_down_refresh: false,
            fullscreen: false,
            navigation_bar_background_color: "#000000".into(),
            navigation_bar_text_style: TextStyle::Light,
            navigation_bar_title_text: None,
            navigation_style: NavigationStyle::Default,
            on_reach_bottom_distance: 50.0,
            orientation: Orientation::Portrait,
        }
    }
}

pub(super) fn read(members: &mut Members<'_>) -> Window {
    let mut window = Window::default();
    let Some(mut of) = members.object("window") else {
        return window;
    };
    let styles = [("dark", TextStyle::Dark), ("light", TextStyle::Light)];
    of.boolean("auto_design_width", &mut window.auto_design_width);
    of.color("background_color", &mut window.background_color);
    of.choice(
        "background_text_style",
        &styles,
        &mut window.background_text_style,
    );
    of.length("design_width", &mut window.design_width);
    of.boolean(
        "enable_pull_down_refresh",
        &mut window.enable_pull_down_refresh,
    );
    of.boolean("fullscreen", &mut window.fullscreen);
    of.color(
        "navigation_bar_background_color",
        &mut window.navigation_bar_background_color,
    );
    let bar_styles = [("white", TextStyle::Light), ("black", TextStyle::Dark)];
    of.choice(
        "navigation_bar_text_style",
        &bar_styles,
        &mut window.navigation_bar_text_style,
    );
    window.navigation_bar_title_text =
        of.text("navigation_bar_title_text", crate::text::MOST_LABEL);
    let navigation = [
        ("default", NavigationStyle::Default),
        ("custom", NavigationStyle::Custom),
    ];
    of.choice(
        "navigation_style",
        &navigation,
        &mut window.navigation_style,
    );
    of.length(
        "on_reach_bottom_distance",
        &mut window.on_reach_bottom_distance,
    );
    let held = [
        ("portrait", Orientation::Portrait),
        ("landscape", Orientation::Landscape),
    ];
    of.choice("orientation", &held, &mut window.orientation);
    members.warnings.append(&mut of.warnings);
    window
}
