//! The phone around the app: status bar, navigation bar, tab bar.

use lapak_abi::manifest::{NavigationStyle, TextStyle};
use lapak_host::session::ColorScheme;
use lapak_host::{App, Screen};

use super::PictureOptions;
use crate::html::{direction, escape, icon_markup};

/// Space around the phone, in CSS pixels.
const MARGIN: u32 = 40;
/// Thickness of the phone's edge, in CSS pixels.
const EDGE: u32 = 12;

/// How the frame looks.
pub(super) const CSS: &str = include_str!("../../assets/frame.css");

/// Size of the whole picture, in CSS pixels.
pub(super) fn outer_size(options: &PictureOptions) -> (u32, u32) {
    let around = if options.frame {
        2 * (MARGIN + EDGE)
    } else {
        0
    };
    (
        options.width.saturating_add(around),
        options.height.saturating_add(around),
    )
}

/// The app's box, with a phone around it if one is wanted.
///
/// Sizes and the manifest's colours are written as inline styles: they are numbers of ours and colours that
/// the manifest's parser has accepted.
pub(super) fn around(
    app_html: &str,
    app: &App,
    screen: &Screen,
    options: &PictureOptions,
) -> String {
    let (width, height) = (options.width, options.height);
    if !options.frame {
        return format!(
            "<div class=\"shot\" style=\"width:{width}px;height:{height}px\">{app_html}</div>"
        );
    }
    let scheme = if options.color_scheme == ColorScheme::Dark {
        "dark"
    } else {
        "light"
    };
    format!(
        "<div class=\"shot-desk shot-{scheme}\" lang=\"{}\" dir=\"{}\"><div class=\"shot-phone\"><div class=\"shot-screen\" \
         style=\"width:{width}px;height:{height}px\">{}<div class=\"shot-app\">{app_html}</div>{}</div></div></div>",
        escape(&options.lang),
        direction(&options.lang),
        bars(app, screen, options),
        tab_bar(app, screen, options),
    )
}

/// Status bar and navigation bar, in the manifest's colours.
fn bars(app: &App, screen: &Screen, options: &PictureOptions) -> String {
    let manifest = app.manifest();
    let window = &manifest.window;
    if window.fullscreen {
        return String::new();
    }
    let text = if window.navigation_bar_text_style == TextStyle::Dark {
        "#111827"
    } else {
        "#ffffff"
    };
    let background = escape(&window.navigation_bar_background_color);
    let own_bar = window.navigation_style == NavigationStyle::Custom;
    let navigation = if own_bar {
        String::new()
    } else {
        let of_app = window
            .navigation_bar_title_text
            .as_ref()
            .unwrap_or(&manifest.name);
        let title = screen.title.clone();
        let title = title.unwrap_or_else(|| app.package().localized(of_app, &options.lang));
        let back = if screen.depth > 1 {
            icon_markup("back").unwrap_or_default()
        } else {
            String::new()
        };
        format!(
            "<div class=\"shot-bar\"><div class=\"shot-back\">{back}</div><div class=\"shot-title\">{}</div>\
             <div class=\"shot-capsule\"><div class=\"shot-dots\">•••</div></div></div>",
            escape(&title)
        )
    };
    format!(
        "<div class=\"shot-top\" style=\"background:{background};color:{text}\"><div class=\"shot-status\">\
         <div>9:41</div></div>{navigation}</div>"
    )
}

fn tab_bar(app: &App, screen: &Screen, options: &PictureOptions) -> String {
    let Some(bar) = &app.manifest().tab_bar else {
        return String::new();
    };
    if !bar.list.iter().any(|tab| tab.page.as_str() == screen.route) {
        return String::new();
    }
    let tabs = bar.list.iter().map(|tab| {
        let on = if tab.page.as_str() == screen.route {
            " shot-on"
        } else {
            ""
        };
        let icon = tab
            .icon
            .as_deref()
            .and_then(icon_markup)
            .unwrap_or_default();
        let text = escape(&app.package().localized(&tab.text, &options.lang));
        format!("<div class=\"shot-tab{on}\">{icon}<div>{text}</div></div>")
    });
    format!(
        "<div class=\"shot-tabs\">{}</div>",
        tabs.collect::<String>()
    )
}
