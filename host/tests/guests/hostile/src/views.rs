//! Views that break each rule, and one that keeps them all.

use crate::Plan;
use crate::exports::lapak::app::app::View;
use crate::lapak::app::view::{
    Binding, Button, ButtonLook, ButtonRole, DateRange, Element, Icon, IconName, Image, ImageFit,
    Input, InputKind, Navigator, NavigatorAction, Node, Options, Picker, PickerMode, Progress,
    Radio, Rows, Slider, Swiper, Switch, Textarea, Trigger,
};

/// A button that counts its taps, and the text that the plan holds.
pub(crate) fn plain(plan: &Plan) -> View {
    let button = Element::Button(Button {
        look: ButtonLook::Primary,
        disabled: false,
        loading: false,
        role: ButtonRole::Button,
    });
    let mut tap = node(button, Some("tap"), 1);
    tap.bindings = vec![Binding {
        trigger: Trigger::Tap,
        handler: 1,
    }];
    let mut nodes = vec![
        tap,
        text("Tap"),
        node(Element::View, Some("taps"), 1),
        text(&plan.taps.to_string()),
        node(Element::View, Some("text"), 1),
        text(&plan.text),
    ];
    if plan.at == "global-error" {
        let nowhere = Navigator {
            url: "pages/nowhere".into(),
            action: NavigatorAction::NavigateTo,
        };
        nodes.push(node(Element::Navigator(nowhere), Some("nowhere"), 0));
    }
    if plan.action == "stubborn" {
        nodes.extend(stubborn());
    }
    view(plan.page, nodes)
}

/// Controls that show the same whatever a person does, and one that the app does not look after.
fn stubborn() -> [Node; 5] {
    let on_change = vec![Binding {
        trigger: Trigger::Change,
        handler: 2,
    }];
    let mut off = node(
        Element::Switch(Switch {
            name: None,
            checked: false,
            disabled: false,
        }),
        Some("off"),
        0,
    );
    off.bindings.clone_from(&on_change);
    let mut fixed = node(Element::Input(input("fixed")), Some("fixed"), 0);
    fixed.bindings.clone_from(&on_change);
    let [one, mut two] = [("one", true), ("two", false)].map(|(value, checked)| {
        let radio = Radio {
            group: "size".into(),
            value: value.into(),
            checked,
            disabled: false,
        };
        node(Element::Radio(radio), Some(value), 0)
    });
    two.bindings = on_change;
    let mut free = node(Element::Input(input("")), Some("free"), 0);
    free.bindings = vec![Binding {
        trigger: Trigger::Submit,
        handler: 3,
    }];
    [off, fixed, free, one, two]
}

fn input(value: &str) -> Input {
    Input {
        kind: InputKind::Text,
        name: None,
        value: value.into(),
        placeholder: String::new(),
        disabled: false,
        max_length: None,
        autofocus: false,
    }
}

/// The view that breaks the rule `which`.
pub(crate) fn bad(which: &str, page: u32) -> View {
    let nodes = match which {
        "view-many" => (0..10_001).map(|_| node(Element::View, None, 0)).collect(),
        "view-million" => (0..1_000_000)
            .map(|_| node(Element::View, None, 0))
            .collect(),
        "view-deep" => (0..65_u32)
            .rev()
            .map(|below| node(Element::View, None, below))
            .collect(),
        "view-deepest" => (0..9_999_u32)
            .rev()
            .map(|below| node(Element::View, None, below))
            .collect(),
        "view-bytes" => vec![text(&"x".repeat((1 << 20) + 1))],
        "view-count-large" => vec![node(Element::View, None, 2), text("one")],
        "view-count-max" => vec![node(Element::View, None, u32::MAX), text("one")],
        "view-count-crossing" => vec![
            node(Element::View, None, 2),
            node(Element::View, None, 2),
            text("one"),
            text("two"),
        ],
        "view-leaf-with-child" => vec![node(Element::Text("a".into()), None, 1), text("b")],
        "view-key-twice" => {
            vec![
                node(Element::View, Some("same"), 0),
                node(Element::View, Some("same"), 0),
            ]
        }
        "view-key-empty" => vec![node(Element::View, Some(""), 0)],
        "view-key-long" => vec![node(Element::View, Some(&"k".repeat(257)), 0)],
        "view-list-unkeyed" => vec![
            node(Element::List(Rows { reveal: None }), None, 1),
            text("no key"),
        ],
        "view-forms" => vec![node(Element::Form, None, 1), node(Element::Form, None, 0)],
        "view-nan" => vec![slider(f64::NAN, 0.0, 1.0)],
        "view-infinite" => vec![slider(0.5, f64::NEG_INFINITY, f64::INFINITY)],
        "view-bounds" => vec![slider(0.5, 1.0, 0.0)],
        "view-progress-nan" => {
            vec![node(
                Element::Progress(Progress {
                    percent: Some(f64::NAN),
                }),
                None,
                0,
            )]
        }
        "view-wild-numbers" => wild_numbers(),
        "view-picker-selected" => {
            let options = Options {
                options: vec!["only".into()],
                selected: Some(u32::MAX),
            };
            vec![picker(PickerMode::Options(options))]
        }
        "view-picker-date" => {
            let date = DateRange {
                value: Some("2026-13-01".into()),
                earliest: None,
                latest: None,
            };
            vec![picker(PickerMode::Date(date))]
        }
        "view-unchanged" => vec![node(Element::Unchanged, Some("never-was"), 0)],
        "view-two-bindings" => {
            let mut twice = node(Element::View, None, 0);
            twice.bindings = vec![
                Binding {
                    trigger: Trigger::Tap,
                    handler: 1
                };
                2
            ];
            vec![twice]
        }
        _ => vec![node(
            Element::Image(Image {
                src: "https://evil.example/spy.png".into(),
                alt: String::new(),
                fit: ImageFit::Cover,
            }),
            None,
            0,
        )],
    };
    view(page, nodes)
}

/// Numbers that are none of the rules' business, each as large as it can be.
fn wild_numbers() -> Vec<Node> {
    let icon = Icon {
        name: IconName::Star,
        size: u32::MAX,
    };
    let textarea = Textarea {
        name: None,
        value: String::new(),
        placeholder: String::new(),
        disabled: false,
        max_length: Some(u32::MAX),
        rows: u32::MAX,
        grows: true,
    };
    let swiper = Swiper {
        current: u32::MAX,
        autoplay_ms: Some(0),
        indicator: true,
        circular: true,
    };
    let progress = Progress {
        percent: Some(f64::MAX),
    };
    let elements = [
        Element::Icon(icon),
        Element::Textarea(textarea),
        Element::Swiper(swiper),
        Element::Progress(progress),
    ];
    let nodes = elements.map(|element| node(element, None, 0));
    let slider = slider(f64::MAX, -1.0, 1.0);
    nodes.into_iter().chain([slider]).collect()
}

fn picker(mode: PickerMode) -> Node {
    let picker = Picker {
        name: None,
        mode,
        disabled: false,
    };
    node(Element::Picker(picker), None, 0)
}

fn slider(value: f64, min: f64, max: f64) -> Node {
    let slider = Slider {
        name: None,
        min,
        max,
        step: 0.1,
        value,
        disabled: false,
        show_value: false,
    };
    node(Element::Slider(slider), None, 0)
}

fn view(page: u32, nodes: Vec<Node>) -> View {
    View {
        page,
        title: None,
        nodes,
    }
}

fn text(content: &str) -> Node {
    node(Element::Text(content.into()), None, 0)
}

fn node(element: Element, key: Option<&str>, descendants: u32) -> Node {
    Node {
        element,
        key: key.map(str::to_owned),
        class: String::new(),
        label: None,
        bindings: Vec::new(),
        descendants,
    }
}
