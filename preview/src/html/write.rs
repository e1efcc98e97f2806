//! From [faces](super::face) to markup.

use lapak_host::view::{Element, TreeNode};

use super::HtmlContext;
use super::face::{self, Change, Inside, Live, Piece};
use super::text::escape;

/// A node whose children are being written.
struct Open {
    /// Index after its last descendant.
    end: usize,
    /// What follows the children.
    close: String,
    is_list: bool,
    in_button: bool,
}

/// The changes that turn the HTML of `old` into that of `new`; both are the same node, its kind too.
pub(super) fn update(old: &TreeNode, new: &TreeNode, cx: &HtmlContext<'_>) -> Vec<Change> {
    face::changes(&face::of(old, cx), &face::of(new, cx))
}

/// Nodes in pre-order, the counts of descendants adding up. No recursion: the depth is the app's.
pub(super) fn nodes(nodes: &[TreeNode], cx: &HtmlContext<'_>) -> String {
    let mut html = String::with_capacity(nodes.len() * 96);
    let mut open: Vec<Open> = Vec::new();
    for (index, node) in nodes.iter().enumerate() {
        close_until(index, &mut open, &mut html);
        let above = open.last();
        let in_button = above.is_some_and(|above| above.in_button);
        let is_button = matches!(node.node.element, Element::Button(_));
        let mut piece = face::of(node, cx);
        if above.is_some_and(|above| above.is_list) && !piece.has("role") {
            piece.set("role", Some("listitem".into()));
        }
        if in_button && is_button {
            // HTML's parser would take a button in a button for its end.
            piece.tag = "div";
            piece.set("role", Some("button".into()));
            piece.set("tabindex", Some("0".into()));
        }
        let below = usize::try_from(node.node.descendants).unwrap_or(usize::MAX);
        let mut markup = Markup {
            children: child_count(nodes, index),
            ..Markup::default()
        };
        markup.piece(&piece);
        html.push_str(&markup.before);
        open.push(Open {
            end: index.saturating_add(1).saturating_add(below),
            close: markup.after,
            is_list: matches!(node.node.element, Element::List(_)),
            in_button: in_button || is_button,
        });
    }
    close_until(usize::MAX, &mut open, &mut html);
    html
}

fn close_until(index: usize, open: &mut Vec<Open>, html: &mut String) {
    while let Some(last) = open.pop_if(|last| last.end <= index || index == usize::MAX) {
        html.push_str(&last.close);
    }
}

/// How many children the node at `index` has. Only swipers have to know.
fn child_count(nodes: &[TreeNode], index: usize) -> usize {
    let Some(node) = nodes
        .get(index)
        .filter(|node| matches!(node.node.element, Element::Swiper(_)))
    else {
        return 0;
    };
    let below = |node: &TreeNode| usize::try_from(node.node.descendants).unwrap_or(usize::MAX);
    let end = index.saturating_add(1).saturating_add(below(node));
    let mut at = index + 1;
    let mut count = 0;
    while let Some(child) = nodes.get(at).filter(|_| at < end) {
        at = at.saturating_add(1).saturating_add(below(child));
        count += 1;
    }
    count
}

/// The inside of a node that consists of parts.
pub(super) fn parts(parts: &[Piece]) -> String {
    let mut markup = Markup::default();
    for part in parts {
        markup.piece(part);
    }
    markup.before + &markup.after
}

/// Markup of one node: what comes before its children and what comes after.
#[derive(Default)]
struct Markup {
    before: String,
    after: String,
    reached_children: bool,
    children: usize,
}

impl Markup {
    fn push(&mut self, markup: &str) {
        if self.reached_children {
            self.after.push_str(markup);
        } else {
            self.before.push_str(markup);
        }
    }

    fn attribute(&mut self, name: &str, value: &str) {
        self.push(" ");
        self.push(name);
        self.push("=\"");
        self.push(&escape(value));
        self.push("\"");
    }

    /// Depth is that of the parts, two at most.
    fn piece(&mut self, piece: &Piece) {
        self.push("<");
        self.push(piece.tag);
        if let Some(part) = piece.part {
            self.attribute("data-p", part);
        }
        for (name, value) in &piece.attributes {
            self.attribute(name, value);
        }
        for (name, value) in &piece.live {
            match value {
                Live::On(true) => self.attribute(name, ""),
                Live::Text(text) if piece.tag == "input" => self.attribute(name, text),
                _ => {}
            }
        }
        self.push(">");
        self.inside(piece);
        if piece.inside != Inside::Void {
            self.push("</");
            self.push(piece.tag);
            self.push(">");
        }
    }

    fn inside(&mut self, piece: &Piece) {
        match &piece.inside {
            Inside::Void => {}
            Inside::Children => self.reached_children = true,
            Inside::Text(_) if piece.tag == "textarea" => {
                // HTML's parser drops a line end right after the tag.
                self.push("\n");
                self.push(&escape(live_value(piece)));
            }
            Inside::Text(text) => self.push(&escape(text)),
            Inside::Markup(markup) if piece.tag == "select" => {
                let chosen = format!("<option value=\"{}\"", live_value(piece));
                self.push(&markup.replacen(&chosen, &format!("{chosen} selected=\"\""), 1));
            }
            Inside::Markup(markup) => self.push(markup),
            Inside::Dots { current } => {
                let current = usize::try_from(*current).unwrap_or(usize::MAX);
                for index in 0..self.children {
                    let on = if index == current { " lp-on" } else { "" };
                    self.push(&format!("<i class=\"lp-dot{on}\"></i>"));
                }
            }
            Inside::Parts(parts) => {
                for part in parts {
                    self.piece(part);
                }
            }
        }
    }
}

fn live_value(piece: &Piece) -> &str {
    let value = piece.live.iter().find(|(name, _)| *name == "value");
    match value {
        Some((_, Live::Text(text))) => text,
        _ => "",
    }
}
