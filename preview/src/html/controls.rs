//! The kinds that a person operates: buttons, fields, choices; and what shows progress.

use lapak_host::view::{
    Button, ButtonLook, ButtonRole, Element, Input, InputKind, Node, Options, Picker, PickerMode,
    Progress, Slider, Swiper,
};

use super::face::{Inside, Live, Piece};
use super::text::{escape, tidy};

pub(super) fn piece(node: &Node) -> Piece {
    match &node.element {
        Element::Button(button) => button_piece(button),
        Element::Input(input) => input_piece(input),
        Element::Textarea(area) => Piece::new("textarea", "lp-textarea")
            .with("rows", area.rows.to_string())
            .with_some("data-grows", area.grows.then(|| area.rows.to_string()))
            .with("placeholder", &area.placeholder)
            .with_some("data-max", area.max_length.map(|most| most.to_string()))
            .with("dir", "auto")
            .with_some("data-f", area.name.as_deref())
            .live("value", Live::Text(tidy(&area.value)))
            .live("disabled", Live::On(area.disabled))
            .inside(Inside::Text(String::new())),
        Element::Checkbox(checkbox) => Piece::new("input", "lp-checkbox")
            .with("type", "checkbox")
            .with_some("data-f", checkbox.name.as_deref())
            .live("checked", Live::On(checkbox.checked))
            .live("disabled", Live::On(checkbox.disabled))
            .inside(Inside::Void),
        Element::Radio(radio) => Piece::new("input", "lp-radio")
            .with("type", "radio")
            .with("name", format!("g:{}", radio.group))
            .with("value", &radio.value)
            .with("data-f", &radio.group)
            .live("checked", Live::On(radio.checked))
            .live("disabled", Live::On(radio.disabled))
            .inside(Inside::Void),
        Element::Switch(switch) => Piece::new("input", "lp-switch")
            .with("type", "checkbox")
            .with("role", "switch")
            .with_some("data-f", switch.name.as_deref())
            .live("checked", Live::On(switch.checked))
            .live("disabled", Live::On(switch.disabled))
            .inside(Inside::Void),
        Element::Slider(slider) => slider_piece(slider),
        Element::Picker(picker) => picker_piece(picker),
        Element::Swiper(swiper) => swiper_piece(swiper),
        Element::Progress(progress) => progress_piece(progress),
        // `face::element` keeps all others.
        _ => Piece::new("div", "lp-view"),
    }
}

/// Also what a button inside a button has, which is a `<div>`: every change fits both.
fn button_piece(button: &Button) -> Piece {
    let kind = match button.role {
        ButtonRole::Button => "button",
        ButtonRole::Submit => "submit",
        ButtonRole::Reset => "reset",
    };
    Piece::new("button", &button_class(button))
        .with("type", kind)
        .with_some("aria-busy", button.loading.then_some("true"))
        .with_some("aria-disabled", button.disabled.then_some("true"))
        .live("disabled", Live::On(button.disabled))
}

pub(super) fn button_class(button: &Button) -> String {
    let look = match button.look {
        ButtonLook::Plain => "lp-plain",
        ButtonLook::Primary => "lp-primary",
        ButtonLook::Secondary => "lp-secondary",
        ButtonLook::Danger => "lp-danger",
    };
    let busy = if button.loading { " lp-busy" } else { "" };
    format!("lp-button {look}{busy}")
}

/// Numbers and addresses are typed into fields for text: a browser's number field loses what is not a number yet, such as
/// a lone minus, and turns with the mouse wheel; its field for addresses writes some of them anew, and tells of no caret.
/// How many characters fit is the shell's to see to: browsers count UTF-16 units, and cut a character in two.
fn input_piece(input: &Input) -> Piece {
    let (kind, mode) = match input.kind {
        InputKind::Text => ("text", None),
        InputKind::Search => ("search", Some("search")),
        InputKind::Number => ("text", Some("numeric")),
        InputKind::Decimal => ("text", Some("decimal")),
        InputKind::Telephone => ("tel", Some("tel")),
        InputKind::Email => ("text", Some("email")),
        InputKind::Password => ("password", None),
    };
    let verbatim = matches!(input.kind, InputKind::Email | InputKind::Password);
    // Numbers and addresses are written from left to right in every language.
    let dir = match input.kind {
        InputKind::Text | InputKind::Search => "auto",
        _ => "ltr",
    };
    Piece::new("input", "lp-input")
        .with("type", kind)
        .with_some("inputmode", mode)
        .with("placeholder", &input.placeholder)
        .with_some("data-max", input.max_length.map(|most| most.to_string()))
        .with("autocomplete", "off")
        .with_some("autocapitalize", verbatim.then_some("none"))
        .with_some("spellcheck", verbatim.then_some("false"))
        .with("dir", dir)
        .with_some("data-f", input.name.as_deref())
        .with_flag("autofocus", input.autofocus)
        .live("value", Live::Text(tidy(&input.value).replace('\n', "")))
        .live("disabled", Live::On(input.disabled))
        .inside(Inside::Void)
}

fn slider_piece(slider: &Slider) -> Piece {
    let value = slider.value.to_string();
    let field = Piece::part("field", "input")
        .with("type", "range")
        .with("min", slider.min.to_string())
        .with("max", slider.max.to_string())
        .with("step", slider.step.to_string())
        .live("value", Live::Text(value.clone()))
        .live("disabled", Live::On(slider.disabled));
    let shown = Piece::part("shown", "output")
        .with_flag("hidden", !slider.show_value)
        .inside(Inside::Text(value));
    Piece::new("span", "lp-slider")
        .with_some("data-f", slider.name.as_deref())
        .inside(Inside::Parts(vec![field, shown]))
}

fn picker_piece(picker: &Picker) -> Piece {
    let field = match &picker.mode {
        PickerMode::Options(options) => {
            let chosen = options.selected.map(|index| index.to_string());
            Piece::part("field", "select")
                .inside(Inside::Markup(option_markup(options)))
                .live("value", Live::Text(chosen.unwrap_or_default()))
        }
        PickerMode::Date(range) => moment("date", &range.value, &range.earliest, &range.latest),
        PickerMode::Time(range) => moment("time", &range.value, &range.earliest, &range.latest),
    };
    let class = match &picker.mode {
        PickerMode::Options(_) => "lp-picker lp-options",
        PickerMode::Date(_) | PickerMode::Time(_) => "lp-picker",
    };
    Piece::new("span", class)
        .with_some("data-f", picker.name.as_deref())
        .inside(Inside::Parts(vec![
            field.live("disabled", Live::On(picker.disabled)),
        ]))
}

fn moment(
    kind: &'static str,
    value: &Option<String>,
    earliest: &Option<String>,
    latest: &Option<String>,
) -> Piece {
    Piece::part("field", "input")
        .with("type", kind)
        .with_some("min", earliest.as_deref())
        .with_some("max", latest.as_deref())
        .live("value", Live::Text(value.clone().unwrap_or_default()))
}

/// Which option is chosen is not said here but by the live value, so that choosing does not refill the list.
fn option_markup(options: &Options) -> String {
    let mut markup = String::from("<option value=\"\"></option>");
    for (index, option) in options.options.iter().enumerate() {
        markup.push_str("<option value=\"");
        markup.push_str(&index.to_string());
        markup.push_str("\">");
        markup.push_str(&escape(&tidy(option)));
        markup.push_str("</option>");
    }
    markup
}

fn swiper_piece(swiper: &Swiper) -> Piece {
    let mut track = Piece::new("div", "lp-track").with_flag("data-c", true);
    track.part = Some("track");
    let mut dots = Piece::new("div", "lp-dots")
        .with_flag("hidden", !swiper.indicator)
        .inside(Inside::Dots {
            current: swiper.current,
        });
    dots.part = Some("dots");
    Piece::new("div", "lp-swiper")
        .with("role", "group")
        .with("aria-roledescription", "carousel")
        .with("data-current", swiper.current.to_string())
        .with_some("data-autoplay", swiper.autoplay_ms.map(|ms| ms.to_string()))
        .with_flag("data-circular", swiper.circular)
        .inside(Inside::Parts(vec![track, dots]))
}

fn progress_piece(progress: &Progress) -> Piece {
    let percent = progress
        .percent
        .map(|percent| format!("{:.0}", percent.clamp(0.0, 100.0)));
    let state = percent
        .as_ref()
        .map_or("lp-endless".to_owned(), |percent| format!("lp-w{percent}"));
    Piece::new("div", &format!("lp-progress {state}"))
        .with("role", "progressbar")
        .with_some("aria-valuenow", percent)
        .inside(Inside::Parts(vec![
            Piece::part("bar", "i").inside(Inside::Text(String::new())),
        ]))
}
