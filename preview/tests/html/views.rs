//! Views of all kinds, made from a row of bytes.

use lapak_host::view::*;

/// Bytes to decide by; zero when they run out, so that fewer bytes make simpler views.
pub(crate) struct Dice<'a>(pub(crate) &'a [u8]);

impl Dice<'_> {
    pub(crate) fn below(&mut self, sides: usize) -> usize {
        let Some((first, rest)) = self.0.split_first() else {
            return 0;
        };
        self.0 = rest;
        usize::from(*first) % sides
    }

    fn yes(&mut self) -> bool {
        self.below(2) == 1
    }

    fn small(&mut self) -> u32 {
        u32::try_from(self.below(5)).expect("less than five")
    }

    fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())].clone()
    }

    fn text(&mut self) -> String {
        const TEXTS: [&str; 12] = [
            "",
            "Nasi",
            "a\nb",
            "\nfirst",
            "\"'<>&",
            "</textarea><script>",
            "\r\n\u{0}\u{7}",
            "  ",
            "&amp;",
            "\u{e9}\u{1f35c}",
            "--><!--",
            "javascript:alert(1)",
        ];
        self.pick(&TEXTS).to_owned()
    }

    fn maybe<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.yes().then(|| make(self))
    }
}

pub(crate) const KINDS: usize = 19;

/// An element of the kind of this number.
pub(crate) fn element(kind: usize, dice: &mut Dice<'_>) -> Element {
    match kind {
        0 => Element::View,
        1 => Element::Text(dice.text()),
        2 => Element::Image(Image {
            src: dice
                .pick(&["common/a b.png", "common/gone.png", "../x", "javascript:1"])
                .to_owned(),
            alt: dice.text(),
            fit: dice.pick(&[ImageFit::Fill, ImageFit::Contain, ImageFit::Cover]),
        }),
        3 => Element::Icon(Icon {
            name: dice.pick(&[IconName::Add, IconName::Wifi, IconName::Gear]),
            size: 16 + dice.small(),
        }),
        4 => Element::Button(Button {
            look: dice.pick(&[
                ButtonLook::Plain,
                ButtonLook::Primary,
                ButtonLook::Secondary,
                ButtonLook::Danger,
            ]),
            disabled: dice.yes(),
            loading: dice.yes(),
            role: dice.pick(&[ButtonRole::Button, ButtonRole::Submit, ButtonRole::Reset]),
        }),
        5 => Element::Form,
        6 => Element::Label,
        7 => Element::List(Rows {
            reveal: dice.maybe(Dice::text),
        }),
        8 => Element::ScrollView(ScrollView {
            direction: dice.pick(&[ScrollDirection::Vertical, ScrollDirection::Horizontal]),
            reveal: dice.maybe(Dice::text),
        }),
        9 => Element::Swiper(Swiper {
            current: dice.small(),
            autoplay_ms: dice.maybe(|dice| 1_000 + dice.small()),
            indicator: dice.yes(),
            circular: dice.yes(),
        }),
        10 => Element::Navigator(Navigator {
            url: dice.text(),
            action: dice.pick(&[
                NavigatorAction::NavigateTo,
                NavigatorAction::Back,
                NavigatorAction::SwitchTab,
            ]),
        }),
        11 => Element::Progress(Progress {
            percent: dice.maybe(|dice| f64::from(dice.small()) * 24.9),
        }),
        _ => control(kind, dice),
    }
}

fn control(kind: usize, dice: &mut Dice<'_>) -> Element {
    match kind {
        12 => Element::Input(Input {
            kind: dice.pick(&[
                InputKind::Text,
                InputKind::Number,
                InputKind::Decimal,
                InputKind::Email,
                InputKind::Password,
                InputKind::Telephone,
            ]),
            name: dice.maybe(Dice::text),
            value: dice.text(),
            placeholder: dice.text(),
            disabled: dice.yes(),
            max_length: dice.maybe(Dice::small),
            autofocus: dice.yes(),
        }),
        13 => Element::Textarea(Textarea {
            name: dice.maybe(Dice::text),
            value: dice.text(),
            placeholder: dice.text(),
            disabled: dice.yes(),
            max_length: dice.maybe(Dice::small),
            rows: 1 + dice.small(),
            grows: dice.yes(),
        }),
        14 => Element::Checkbox(Checkbox {
            name: dice.maybe(Dice::text),
            checked: dice.yes(),
            disabled: dice.yes(),
        }),
        15 => Element::Radio(Radio {
            group: dice.text(),
            value: dice.text(),
            checked: dice.yes(),
            disabled: dice.yes(),
        }),
        16 => Element::Switch(Switch {
            name: dice.maybe(Dice::text),
            checked: dice.yes(),
            disabled: dice.yes(),
        }),
        17 => Element::Slider(Slider {
            name: dice.maybe(Dice::text),
            min: f64::from(dice.small()),
            max: 6.5 + f64::from(dice.small()),
            step: 0.5,
            value: 5.0 + f64::from(dice.small()) / 2.0,
            disabled: dice.yes(),
            show_value: dice.yes(),
        }),
        _ => Element::Picker(Picker {
            name: dice.maybe(Dice::text),
            mode: picker_mode(dice),
            disabled: dice.yes(),
        }),
    }
}

fn picker_mode(dice: &mut Dice<'_>) -> PickerMode {
    match dice.below(4) {
        0 => PickerMode::Date(DateRange {
            value: dice.maybe(|_| "2026-01-31".into()),
            earliest: None,
            latest: dice.maybe(|_| "2027-01-01".into()),
        }),
        1 => PickerMode::Time(TimeRange {
            value: dice.maybe(|_| "08:30".into()),
            earliest: dice.maybe(|_| "08:00".into()),
            latest: None,
        }),
        _ => {
            let options: Vec<String> = (0..=dice.small()).map(|_| dice.text()).collect();
            let selected =
                dice.maybe(|dice| u32::try_from(dice.below(options.len())).expect("few"));
            PickerMode::Options(Options { options, selected })
        }
    }
}

/// A node of the kind of this number, without descendants.
pub(crate) fn node(kind: usize, dice: &mut Dice<'_>) -> Node {
    let mut bindings = Vec::new();
    for trigger in [Trigger::Tap, Trigger::LongPress] {
        if dice.yes() {
            bindings.push(Binding {
                trigger,
                handler: dice.small(),
            });
        }
    }
    Node {
        element: element(kind, dice),
        key: None,
        class: dice
            .pick(&["", "row", "row lp-app shell-x done", "a\"b x<y", "\u{e9}"])
            .to_owned(),
        label: dice.maybe(Dice::text),
        bindings,
        descendants: 0,
    }
}

/// A whole view: keyed children, some kinds within others, never a form in a form or a button in a button.
pub(crate) fn view(dice: &mut Dice<'_>) -> Vec<Node> {
    let mut nodes = Vec::new();
    for key in 0..1 + dice.below(4) {
        subtree(dice, key, 3, &mut nodes);
    }
    nodes
}

fn subtree(dice: &mut Dice<'_>, key: usize, depth: usize, nodes: &mut Vec<Node>) {
    const BOXES: [usize; 5] = [0, 7, 8, 9, 10];
    let is_box = depth > 0 && dice.yes();
    let kind = if is_box {
        dice.pick(&BOXES)
    } else {
        dice.below(KINDS)
    };
    let mut node = node(kind, dice);
    // Keys go round by the dice, so that siblings come, go and change places.
    node.key = Some(format!("k{key}"));
    let at = nodes.len();
    nodes.push(node);
    if is_box {
        let turn = dice.below(4);
        for child in 0..dice.below(4) {
            subtree(dice, (child + turn) % 4, depth - 1, nodes);
        }
    }
    nodes[at].descendants = u32::try_from(nodes.len() - at - 1).expect("few");
}
