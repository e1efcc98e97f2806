//! The generator's HTML: well-formed, harmless, and the same whether painted whole or patched.

#[path = "html/dom.rs"]
mod dom;
#[path = "html/views.rs"]
mod views;

use dom::Dom;
use lapak_host::view::{
    self, Binding, Button, ButtonLook, ButtonRole, Element, Image, ImageFit, Input, InputKind,
    Node, NodeId, NodeIds, Op, Rows, Swiper, Textarea, Tree, TreeNode, Trigger, View, ViewLimits,
};
use lapak_preview::html::wire::patch_json;
use lapak_preview::html::{AppBox, HtmlContext, app_box, render};
use proptest::prelude::*;
use views::Dice;

const LIMITS: ViewLimits = ViewLimits {
    nodes: 10_000,
    depth: 64,
    bytes: 1 << 20,
};

const BROWSER: HtmlContext<'_> = HtmlContext {
    asset_base: "f/",
    has_file: &|path| path == "common/a b.png",
    for_picture: false,
};
const PICTURE: HtmlContext<'_> = HtmlContext {
    for_picture: true,
    ..BROWSER
};

fn plain(element: Element) -> Node {
    Node {
        element,
        key: None,
        class: String::new(),
        label: None,
        bindings: Vec::new(),
        descendants: 0,
    }
}

fn tree(nodes: Vec<Node>) -> Tree {
    let numbered = (1..).zip(nodes).map(|(id, node)| TreeNode {
        id: NodeId(id),
        node,
    });
    Tree {
        nodes: numbered.collect(),
    }
}

fn html(nodes: Vec<Node>) -> String {
    render(&tree(nodes), &BROWSER)
}

fn with_children(mut node: Node, children: Vec<Node>) -> Vec<Node> {
    let below = children
        .iter()
        .map(|child| child.descendants + 1)
        .sum::<u32>();
    node.descendants = below.min(u32::try_from(children.len()).expect("few"));
    [vec![node], children].concat()
}

fn button() -> Button {
    Button {
        look: ButtonLook::Primary,
        disabled: false,
        loading: false,
        role: ButtonRole::Button,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn changes_lead_to_what_a_whole_paint_shows(
        kind in 0..views::KINDS,
        before in prop::collection::vec(any::<u8>(), 0..40),
        after in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        let make = |bytes: &[u8]| TreeNode { id: NodeId(7), node: views::node(kind, &mut Dice(bytes)) };
        let (old, new) = (make(&before), make(&after));
        let paint = |node: &TreeNode| Dom::page(&render(&Tree { nodes: vec![node.clone()] }, &BROWSER));
        let mut shown = paint(&old);
        let op = Op::Update { old: Box::new(old), new: Box::new(new.clone()) };
        shown.patch(&patch_json(&[op], &BROWSER));
        prop_assert_eq!(shown, paint(&new));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    #[test]
    fn patches_of_whole_views_lead_to_what_a_whole_paint_shows(
        rows in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..160), 2..6),
    ) {
        let mut ids = NodeIds::default();
        let mut tree = Tree::default();
        let mut shown = Dom::page("");
        for row in rows {
            let view = View { page: 1, title: None, nodes: views::view(&mut Dice(&row)) };
            let (next, ops) = view::update(Some(tree), view, &LIMITS, &mut ids).expect("a good view");
            shown.patch(&patch_json(&ops, &BROWSER));
            let mut fresh = Dom::page(&render(&next, &BROWSER));
            fresh.patch(&serde_json::json!([]));
            prop_assert_eq!(&shown, &fresh);
            tree = next;
        }
    }

    #[test]
    fn nothing_that_an_app_says_becomes_markup(row in prop::collection::vec(any::<u8>(), 0..160), picture: bool) {
        let cx = if picture { PICTURE } else { BROWSER };
        let html = render(&tree(views::view(&mut Dice(&row))), &cx);
        for element in Dom::page(&html).all() {
            prop_assert!(!["script", "style", "iframe", "link", "a", "object"].contains(&element.tag.as_str()));
            for (name, value) in &element.attributes {
                prop_assert!(!name.starts_with("on") && name != "style" && name != "href", "{} {}", name, value);
                prop_assert!(name != "src" || value == "f/common/a%20b.png", "{}", value);
                let foreign = value.split(' ').any(|class| class.starts_with("shell-") || class == "lp-app");
                prop_assert!(name != "class" || !foreign, "{}", value);
            }
        }
        let control = html.chars().find(|c| c.is_control() && *c != '\n');
        prop_assert_eq!(control, None);
    }

    #[test]
    fn pictures_have_no_controls_of_a_browser(row in prop::collection::vec(any::<u8>(), 0..160)) {
        let page = Dom::page(&render(&tree(views::view(&mut Dice(&row))), &PICTURE));
        for element in page.all() {
            prop_assert!(!["input", "textarea", "select", "button", "label"].contains(&element.tag.as_str()));
        }
    }
}

#[test]
fn the_box_says_page_language_and_colours() {
    let tree = tree(vec![plain(Element::Text("<Halo>".into()))]);
    let shown = AppBox {
        tree: &tree,
        route: "pages/me\"nu",
        lang: "id",
        dark: true,
    };
    assert_eq!(
        app_box(&shown, &BROWSER),
        "<div class=\"lp-app lp-dark\" data-route=\"pages/me&quot;nu\" lang=\"id\" dir=\"ltr\"><div class=\"lp-page\" data-c=\"\">\
         <span class=\"lp-text\" data-n=\"1\">&lt;Halo&gt;</span></div></div>"
    );
}

#[test]
fn a_toggled_row_is_a_small_patch() {
    let old = TreeNode {
        id: NodeId(412),
        node: plain(Element::View),
    };
    let mut new = old.clone();
    new.node.class = "row done".into();
    let op = Op::Update {
        old: Box::new(old.clone()),
        new: Box::new(new),
    };
    assert_eq!(
        patch_json(&[op], &BROWSER).to_string(),
        r#"[["u",412,[["a","class","lp-view row done"]]]]"#
    );
    let mut other_handler = old.clone();
    other_handler.node.bindings.push(Binding {
        trigger: Trigger::Tap,
        handler: 1,
    });
    let mut and_another = other_handler.clone();
    and_another.node.bindings[0].handler = 2;
    let unseen = Op::Update {
        old: Box::new(other_handler),
        new: Box::new(and_another),
    };
    assert_eq!(patch_json(&[unseen], &BROWSER).to_string(), "[]");
}

#[test]
fn what_can_be_tapped_can_be_reached_by_keyboard() {
    let mut row = plain(Element::View);
    row.bindings.push(Binding {
        trigger: Trigger::Tap,
        handler: 1,
    });
    let page = Dom::page(&html(vec![row, plain(Element::View)]));
    assert_eq!(
        (
            page.children[0].attribute("role"),
            page.children[0].attribute("tabindex")
        ),
        ("button", "0")
    );
    assert_eq!(
        (
            page.children[1].attribute("role"),
            page.children[1].attribute("tabindex")
        ),
        ("", "")
    );
}

#[test]
fn a_button_in_a_button_is_a_box_that_acts_as_one() {
    let nodes = with_children(
        plain(Element::Button(button())),
        vec![plain(Element::Button(button()))],
    );
    let page = Dom::page(&html(nodes));
    let inner = &page.children[0].children[0];
    assert_eq!(
        (
            page.children[0].tag.as_str(),
            inner.tag.as_str(),
            inner.attribute("role")
        ),
        ("button", "div", "button")
    );
}

#[test]
fn children_of_a_list_are_its_items() {
    let mut tapped = plain(Element::View);
    tapped.bindings.push(Binding {
        trigger: Trigger::Tap,
        handler: 1,
    });
    let page = Dom::page(&html(with_children(
        plain(Element::List(Rows { reveal: None })),
        vec![plain(Element::View), tapped],
    )));
    let roles: Vec<_> = page.children[0]
        .children
        .iter()
        .map(|child| child.attribute("role").to_owned())
        .collect();
    assert_eq!(roles, ["listitem", "button"]);
}

#[test]
fn only_images_of_the_package_have_an_address() {
    for src in [
        "common/gone.png",
        "https://example.com/a.png",
        "//x/y.png",
        "data:image/png;base64,",
        "javascript:1",
        "",
    ] {
        let image = Image {
            src: src.into(),
            alt: "x".into(),
            fit: ImageFit::Cover,
        };
        let page = Dom::page(&html(vec![plain(Element::Image(image))]));
        let image = &page.children[0];
        assert_eq!(
            (image.attributes.get("src"), image.attribute("class")),
            (None, "lp-image lp-cover lp-missing"),
            "{src}"
        );
    }
    let image = Image {
        src: "common/a b.png".into(),
        alt: String::new(),
        fit: ImageFit::Fill,
    };
    assert_eq!(
        Dom::page(&html(vec![plain(Element::Image(image))])).children[0].attribute("src"),
        "f/common/a%20b.png"
    );
}

#[test]
fn a_line_end_that_begins_a_textarea_is_kept() {
    let area = |value: &str| Textarea {
        name: None,
        value: value.into(),
        placeholder: String::new(),
        disabled: false,
        max_length: None,
        rows: 2,
        grows: false,
    };
    let page = html(vec![plain(Element::Textarea(area("\nx</textarea><b>")))]);
    assert!(
        page.ends_with(">\n\nx&lt;/textarea&gt;&lt;b&gt;</textarea>"),
        "{page}"
    );
}

#[test]
fn a_swiper_shows_a_dot_for_each_child() {
    let swiper = Swiper {
        current: 1,
        autoplay_ms: None,
        indicator: true,
        circular: false,
    };
    let page = Dom::page(&html(with_children(
        plain(Element::Swiper(swiper)),
        vec![plain(Element::View), plain(Element::View)],
    )));
    let classes: Vec<_> = page.children[0].children[1]
        .children
        .iter()
        .map(|dot| dot.attribute("class").to_owned())
        .collect();
    assert_eq!(classes, ["lp-dot", "lp-dot lp-on"]);
}

#[test]
fn a_password_is_not_in_the_picture() {
    let input = Input {
        kind: InputKind::Password,
        name: None,
        value: "rahasia".into(),
        placeholder: "PIN".into(),
        disabled: false,
        max_length: None,
        autofocus: false,
    };
    let picture = render(&tree(vec![plain(Element::Input(input))]), &PICTURE);
    assert!(
        picture.contains("•••••••") && !picture.contains("rahasia"),
        "{picture}"
    );
}

#[test]
fn depth_is_no_danger() {
    let mut nodes: Vec<Node> = (0..5_000).map(|_| plain(Element::View)).collect();
    for (node, below) in nodes.iter_mut().rev().zip(0..) {
        node.descendants = below;
    }
    let page = html(nodes);
    assert!(page.ends_with(&"</div>".repeat(5_000)));
}
