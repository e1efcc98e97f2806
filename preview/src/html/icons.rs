//! The host's symbols: outlines on a square of 24, drawn with a round pen of 1.75.
//!
//! The paths are those of Lucide (ISC) and Feather (MIT), each joined into one; see `assets/icons-LICENSE.txt`.

use lapak_host::view::{Icon, IconName};

use super::face::{Inside, Piece};

/// A symbol as markup, 24 CSS pixels wide, in the current text colour. `None` if there is none of this name.
#[must_use]
pub fn icon_markup(name: &str) -> Option<String> {
    let (_, _, path) = ICONS.iter().find(|(_, known, _)| *known == name)?;
    Some(format!(
        "<svg class=\"lp-icon\" width=\"24\" height=\"24\" viewBox=\"0 0 24 24\" fill=\"none\" stroke=\"currentColor\" \
         stroke-width=\"1.75\" stroke-linecap=\"round\" stroke-linejoin=\"round\" aria-hidden=\"true\">{}</svg>",
        path_markup(path)
    ))
}

/// The names of all symbols.
pub(crate) fn icon_names() -> impl Iterator<Item = &'static str> {
    ICONS.iter().map(|(_, name, _)| *name)
}

/// How an icon node looks.
pub(super) fn piece(icon: &Icon) -> Piece {
    let size = icon.size.clamp(8, 256).to_string();
    // What points along the line of reading turns with it.
    let class = match icon.name {
        IconName::Back | IconName::Forward | IconName::Send => "lp-icon lp-way",
        _ => "lp-icon",
    };
    Piece::new("svg", class)
        .with("width", &size)
        .with("height", size)
        .with("viewBox", "0 0 24 24")
        .with("fill", "none")
        .with("stroke", "currentColor")
        .with("stroke-width", "1.75")
        .with("stroke-linecap", "round")
        .with("stroke-linejoin", "round")
        .with("aria-hidden", "true")
        .inside(Inside::Markup(path_markup(path(icon.name))))
}

pub(super) fn path_markup(path: &str) -> String {
    format!("<path d=\"{path}\"></path>")
}

pub(super) fn path(name: IconName) -> &'static str {
    // Every name has its path: a test goes through all of them.
    ICONS
        .iter()
        .find(|(known, _, _)| *known == name)
        .map_or("", |(_, _, path)| path)
}

/// Each symbol's name in the contract, as text, and its outline.
#[rustfmt::skip]
const ICONS: &[(IconName, &str, &str)] = &[
    (IconName::Add, "add", "M5 12h14 M12 5v14"),
    (IconName::Alert, "alert", "M2 12a10 10 0 1 0 20 0a10 10 0 1 0 -20 0z M12 8L12 12 M12 16L12.01 16"),
    (IconName::Back, "back", "M12 19l-7-7 7-7 M19 12H5"),
    (IconName::Basket, "basket", "M15 11l-1 9 M19 11l-4-7 M2 11h20 M3.5 11l1.6 7.4a2 2 0 0 0 2 1.6h9.8a2 2 0 0 0 2-1.6l1.7-7.4 M4.5 15.5h15 M5 11l4-7 M9 11l1 9"),
    (IconName::Bell, "bell", "M10.268 21a2 2 0 0 0 3.464 0 M3.262 15.326A1 1 0 0 0 4 17h16a1 1 0 0 0 .74-1.673C19.41 13.956 18 12.499 18 8A6 6 0 0 0 6 8c0 4.499-1.411 5.956-2.738 7.326"),
    (IconName::Bicycle, "bicycle", "M15 17.5a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0 -7 0z M2 17.5a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0 -7 0z M14 5a1 1 0 1 0 2 0a1 1 0 1 0 -2 0z M12 17.5V14l-3-3 4-3 2 3h2"),
    (IconName::Calendar, "calendar", "M8 2v3 M16 2v3 M5 3h14a2 2 0 0 1 2 2v14a2 2 0 0 1 -2 2h-14a2 2 0 0 1 -2 -2v-14a2 2 0 0 1 2 -2z M3 9h18"),
    (IconName::Camera, "camera", "M13.997 4a2 2 0 0 1 1.76 1.05l.486.9A2 2 0 0 0 18.003 7H20a2 2 0 0 1 2 2v9a2 2 0 0 1-2 2H4a2 2 0 0 1-2-2V9a2 2 0 0 1 2-2h1.997a2 2 0 0 0 1.759-1.048l.489-.904A2 2 0 0 1 10.004 4z M9 13a3 3 0 1 0 6 0a3 3 0 1 0 -6 0z"),
    (IconName::Card, "card", "M4 5h16a2 2 0 0 1 2 2v10a2 2 0 0 1 -2 2h-16a2 2 0 0 1 -2 -2v-10a2 2 0 0 1 2 -2z M2 10L22 10 M6 14h2"),
    (IconName::Check, "check", "M20 6 9 17l-5-5"),
    (IconName::Clock, "clock", "M2 12a10 10 0 1 0 20 0a10 10 0 1 0 -20 0z M12 6v6l4 2"),
    (IconName::Close, "close", "M18 6 6 18 M6 6l12 12"),
    (IconName::Cloud, "cloud", "M17.5 19H9a7 7 0 1 1 6.71-9h1.79a4.5 4.5 0 1 1 0 9Z"),
    (IconName::Document, "document", "M6 22a2 2 0 0 1-2-2V4a2 2 0 0 1 2-2h8a2.4 2.4 0 0 1 1.704.706l3.588 3.588A2.4 2.4 0 0 1 20 8v12a2 2 0 0 1-2 2z M14 2v5a1 1 0 0 0 1 1h5 M10 9H8 M16 13H8 M16 17H8"),
    (IconName::Down, "down", "M6 9l6 6 6-6"),
    (IconName::Download, "download", "M12 15V3 M21 15v4a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2v-4 M7 10l5 5 5-5"),
    (IconName::Edit, "edit", "M21.174 6.812a1 1 0 0 0-3.986-3.987L3.842 16.174a2 2 0 0 0-.5.83l-1.321 4.352a.5.5 0 0 0 .623.622l4.353-1.32a2 2 0 0 0 .83-.497z M15 5l4 4"),
    (IconName::Eye, "eye", "M2.062 12.348a1 1 0 0 1 0-.696 10.75 10.75 0 0 1 19.876 0 1 1 0 0 1 0 .696 10.75 10.75 0 0 1-19.876 0 M9 12a3 3 0 1 0 6 0a3 3 0 1 0 -6 0z"),
    (IconName::Filter, "filter", "M10 20a1 1 0 0 0 .553.895l2 1A1 1 0 0 0 14 21v-7a2 2 0 0 1 .517-1.341L21.74 4.67A1 1 0 0 0 21 3H3a1 1 0 0 0-.742 1.67l7.225 7.989A2 2 0 0 1 10 14z"),
    (IconName::Forward, "forward", "M9 18l6-6-6-6"),
    (IconName::Gear, "gear", "M9.671 4.136a2.34 2.34 0 0 1 4.659 0 2.34 2.34 0 0 0 3.319 1.915 2.34 2.34 0 0 1 2.33 4.033 2.34 2.34 0 0 0 0 3.831 2.34 2.34 0 0 1-2.33 4.033 2.34 2.34 0 0 0-3.319 1.915 2.34 2.34 0 0 1-4.659 0 2.34 2.34 0 0 0-3.32-1.915 2.34 2.34 0 0 1-2.33-4.033 2.34 2.34 0 0 0 0-3.831A2.34 2.34 0 0 1 6.35 6.051a2.34 2.34 0 0 0 3.319-1.915 M9 12a3 3 0 1 0 6 0a3 3 0 1 0 -6 0z"),
    (IconName::Gift, "gift", "M12 7v14 M20 11v8a2 2 0 0 1-2 2H6a2 2 0 0 1-2-2v-8 M7.5 7a1 1 0 0 1 0-5A4.8 8 0 0 1 12 7a4.8 8 0 0 1 4.5-5 1 1 0 0 1 0 5 M4 7h16a1 1 0 0 1 1 1v2a1 1 0 0 1 -1 1h-16a1 1 0 0 1 -1 -1v-2a1 1 0 0 1 1 -1z"),
    (IconName::Heart, "heart", "M2 9.5a5.5 5.5 0 0 1 9.591-3.676.56.56 0 0 0 .818 0A5.49 5.49 0 0 1 22 9.5c0 2.29-1.5 4-3 5.5l-5.492 5.313a2 2 0 0 1-3 .019L5 15c-1.5-1.5-3-3.2-3-5.5"),
    (IconName::Home, "home", "M15 21v-8a1 1 0 0 0-1-1h-4a1 1 0 0 0-1 1v8 M3 10a2 2 0 0 1 .709-1.528l7-6a2 2 0 0 1 2.582 0l7 6A2 2 0 0 1 21 10v9a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2z"),
    (IconName::Image, "image", "M5 3h14a2 2 0 0 1 2 2v14a2 2 0 0 1 -2 2h-14a2 2 0 0 1 -2 -2v-14a2 2 0 0 1 2 -2z M7 9a2 2 0 1 0 4 0a2 2 0 1 0 -4 0z M21 15l-3.086-3.086a2 2 0 0 0-2.828 0L6 21"),
    (IconName::Info, "info", "M2 12a10 10 0 1 0 20 0a10 10 0 1 0 -20 0z M12 16v-4 M12 8h.01"),
    (IconName::List, "list", "M3 5h.01 M3 12h.01 M3 19h.01 M8 5h13 M8 12h13 M8 19h13"),
    (IconName::Location, "location", "M20 10c0 4.993-5.539 10.193-7.399 11.799a1 1 0 0 1-1.202 0C9.539 20.193 4 14.993 4 10a8 8 0 0 1 16 0 M9 10a3 3 0 1 0 6 0a3 3 0 1 0 -6 0z"),
    (IconName::Lock, "lock", "M5 11h14a2 2 0 0 1 2 2v7a2 2 0 0 1 -2 2h-14a2 2 0 0 1 -2 -2v-7a2 2 0 0 1 2 -2z M7 11V7a5 5 0 0 1 10 0v4"),
    (IconName::Mail, "mail", "M22 7l-8.991 5.727a2 2 0 0 1-2.009 0L2 7 M4 4h16a2 2 0 0 1 2 2v12a2 2 0 0 1 -2 2h-16a2 2 0 0 1 -2 -2v-12a2 2 0 0 1 2 -2z"),
    (IconName::Map, "map", "M14.106 5.553a2 2 0 0 0 1.788 0l3.659-1.83A1 1 0 0 1 21 4.619v12.764a1 1 0 0 1-.553.894l-4.553 2.277a2 2 0 0 1-1.788 0l-4.212-2.106a2 2 0 0 0-1.788 0l-3.659 1.83A1 1 0 0 1 3 19.381V6.618a1 1 0 0 1 .553-.894l4.553-2.277a2 2 0 0 1 1.788 0z M15 5.764v15 M9 3.236v15"),
    (IconName::Menu, "menu", "M4 5h16 M4 12h16 M4 19h16"),
    (IconName::Minus, "minus", "M5 12h14"),
    (IconName::Money, "money", "M4 6h16a2 2 0 0 1 2 2v8a2 2 0 0 1 -2 2h-16a2 2 0 0 1 -2 -2v-8a2 2 0 0 1 2 -2z M10 12a2 2 0 1 0 4 0a2 2 0 1 0 -4 0z M6 12h.01M18 12h.01"),
    (IconName::Moon, "moon", "M20.985 12.486a9 9 0 1 1-9.473-9.472c.405-.022.617.46.402.803a6 6 0 0 0 8.268 8.268c.344-.215.825-.004.803.401"),
    (IconName::More, "more", "M11 12a1 1 0 1 0 2 0a1 1 0 1 0 -2 0z M18 12a1 1 0 1 0 2 0a1 1 0 1 0 -2 0z M4 12a1 1 0 1 0 2 0a1 1 0 1 0 -2 0z"),
    (IconName::People, "people", "M16 21v-2a4 4 0 0 0-4-4H6a4 4 0 0 0-4 4v2 M16 3.128a4 4 0 0 1 0 7.744 M22 21v-2a4 4 0 0 0-3-3.87 M5 7a4 4 0 1 0 8 0a4 4 0 1 0 -8 0z"),
    (IconName::Person, "person", "M19 21v-2a4 4 0 0 0-4-4H9a4 4 0 0 0-4 4v2 M8 7a4 4 0 1 0 8 0a4 4 0 1 0 -8 0z"),
    (IconName::Phone, "phone", "M13.832 16.568a1 1 0 0 0 1.213-.303l.355-.465A2 2 0 0 1 17 15h3a2 2 0 0 1 2 2v3a2 2 0 0 1-2 2A18 18 0 0 1 2 4a2 2 0 0 1 2-2h3a2 2 0 0 1 2 2v3a2 2 0 0 1-.8 1.6l-.468.351a1 1 0 0 0-.292 1.233 14 14 0 0 0 6.392 6.384"),
    (IconName::Play, "play", "M5 5a2 2 0 0 1 3.008-1.728l11.997 6.998a2 2 0 0 1 .003 3.458l-12 7A2 2 0 0 1 5 19z"),
    (IconName::Refresh, "refresh", "M3 12a9 9 0 0 1 9-9 9.75 9.75 0 0 1 6.74 2.74L21 8 M21 3v5h-5 M21 12a9 9 0 0 1-9 9 9.75 9.75 0 0 1-6.74-2.74L3 16 M8 16H3v5"),
    (IconName::Scan, "scan", "M3 7V5a2 2 0 0 1 2-2h2 M17 3h2a2 2 0 0 1 2 2v2 M21 17v2a2 2 0 0 1-2 2h-2 M7 21H5a2 2 0 0 1-2-2v-2 M7 12h10"),
    (IconName::Search, "search", "M21 21l-4.34-4.34 M3 11a8 8 0 1 0 16 0a8 8 0 1 0 -16 0z"),
    (IconName::Send, "send", "M14.536 21.686a.5.5 0 0 0 .937-.024l6.5-19a.496.496 0 0 0-.635-.635l-19 6.5a.5.5 0 0 0-.024.937l7.93 3.18a2 2 0 0 1 1.112 1.11z M21.854 2.147l-10.94 10.939"),
    (IconName::Share, "share", "M15 5a3 3 0 1 0 6 0a3 3 0 1 0 -6 0z M3 12a3 3 0 1 0 6 0a3 3 0 1 0 -6 0z M15 19a3 3 0 1 0 6 0a3 3 0 1 0 -6 0z M8.59 13.51L15.42 17.49 M15.41 6.51L8.59 10.49"),
    (IconName::Star, "star", "M11.525 2.295a.53.53 0 0 1 .95 0l2.31 4.679a2.123 2.123 0 0 0 1.595 1.16l5.166.756a.53.53 0 0 1 .294.904l-3.736 3.638a2.123 2.123 0 0 0-.611 1.878l.882 5.14a.53.53 0 0 1-.771.56l-4.618-2.428a2.122 2.122 0 0 0-1.973 0L6.396 21.01a.53.53 0 0 1-.77-.56l.881-5.139a2.122 2.122 0 0 0-.611-1.879L2.16 9.795a.53.53 0 0 1 .294-.906l5.165-.755a2.122 2.122 0 0 0 1.597-1.16z"),
    (IconName::Store, "store", "M15 21v-5a1 1 0 0 0-1-1h-4a1 1 0 0 0-1 1v5 M17.774 10.31a1.12 1.12 0 0 0-1.549 0 2.5 2.5 0 0 1-3.451 0 1.12 1.12 0 0 0-1.548 0 2.5 2.5 0 0 1-3.452 0 1.12 1.12 0 0 0-1.549 0 2.5 2.5 0 0 1-3.77-3.248l2.889-4.184A2 2 0 0 1 7 2h10a2 2 0 0 1 1.653.873l2.895 4.192a2.5 2.5 0 0 1-3.774 3.244 M4 10.95V19a2 2 0 0 0 2 2h12a2 2 0 0 0 2-2v-8.05"),
    (IconName::Sun, "sun", "M8 12a4 4 0 1 0 8 0a4 4 0 1 0 -8 0z M12 2v2 M12 20v2 M4.93 4.93l1.41 1.41 M17.66 17.66l1.41 1.41 M2 12h2 M20 12h2 M6.34 17.66l-1.41 1.41 M19.07 4.93l-1.41 1.41"),
    (IconName::Tag, "tag", "M12.586 2.586A2 2 0 0 0 11.172 2H4a2 2 0 0 0-2 2v7.172a2 2 0 0 0 .586 1.414l8.704 8.704a2.426 2.426 0 0 0 3.42 0l6.58-6.58a2.426 2.426 0 0 0 0-3.42z M7 7.5a0.5 0.5 0 1 0 1 0a0.5 0.5 0 1 0 -1 0z"),
    (IconName::Trash, "trash", "M10 11v6 M14 11v6 M19 6v14a2 2 0 0 1-2 2H7a2 2 0 0 1-2-2V6 M3 6h18 M8 6V4a2 2 0 0 1 2-2h4a2 2 0 0 1 2 2v2"),
    (IconName::Truck, "truck", "M14 18V6a2 2 0 0 0-2-2H4a2 2 0 0 0-2 2v11a1 1 0 0 0 1 1h2 M15 18H9 M19 18h2a1 1 0 0 0 1-1v-3.65a1 1 0 0 0-.22-.624l-3.48-4.35A1 1 0 0 0 17.52 8H14 M15 18a2 2 0 1 0 4 0a2 2 0 1 0 -4 0z M5 18a2 2 0 1 0 4 0a2 2 0 1 0 -4 0z"),
    (IconName::Up, "up", "M18 15l-6-6-6 6"),
    (IconName::Utensils, "utensils", "M3 2v7c0 1.1.9 2 2 2h4a2 2 0 0 0 2-2V2 M7 2v20 M21 15V2a5 5 0 0 0-5 5v6c0 1.1.9 2 2 2h3Zm0 0v7"),
    (IconName::Wallet, "wallet", "M19 7V4a1 1 0 0 0-1-1H5a2 2 0 0 0 0 4h15a1 1 0 0 1 1 1v4h-3a2 2 0 0 0 0 4h3a1 1 0 0 0 1-1v-2a1 1 0 0 0-1-1 M3 5v14a2 2 0 0 0 2 2h15a1 1 0 0 0 1-1v-4"),
    (IconName::Warning, "warning", "M21.73 18l-8-14a2 2 0 0 0-3.48 0l-8 14A2 2 0 0 0 4 21h16a2 2 0 0 0 1.73-3 M12 9v4 M12 17h.01"),
    (IconName::Wifi, "wifi", "M12 20h.01 M2 8.82a15 15 0 0 1 20 0 M5 12.859a10 10 0 0 1 14 0 M8.5 16.429a5 5 0 0 1 7 0"),
];

#[cfg(test)]
mod tests {
    use super::*;

    /// The contract's own list of symbols.
    fn names_in_the_contract() -> Vec<String> {
        let wit = include_str!("../../../abi/wit/view.wit");
        let (_, after) = wit.split_once("enum icon-name {").expect("the enum");
        let (list, _) = after.split_once('}').expect("its end");
        list.split(',')
            .map(|name| name.trim().trim_start_matches('%').to_owned())
            .filter(|name| !name.is_empty())
            .collect()
    }

    #[test]
    fn every_symbol_of_the_contract_is_drawn() {
        let drawn: Vec<String> = ICONS
            .iter()
            .map(|(_, name, _)| (*name).to_owned())
            .collect();
        assert_eq!(drawn, names_in_the_contract());
        for (name, text, path) in ICONS {
            assert_eq!(
                format!("{name:?}").to_lowercase(),
                format!("iconname::{text}")
            );
            assert!(path.starts_with('M') && path.len() > 5, "{text} is empty");
            assert!(
                path.bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b" .,-".contains(&byte)),
                "{text}"
            );
        }
    }

    #[test]
    fn an_unknown_symbol_has_no_markup() {
        assert!(
            icon_markup("basket")
                .is_some_and(|markup| markup.starts_with("<svg class=\"lp-icon\""))
        );
        assert_eq!(icon_markup("skull"), None);
    }
}
