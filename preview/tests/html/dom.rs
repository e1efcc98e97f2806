//! A document, as small as can be: reads the generator's HTML and carries out patches as `wire` describes them.

use std::collections::BTreeMap;

use serde_json::Value;

/// An element, or a text (with an empty tag).
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Dom {
    pub(crate) tag: String,
    pub(crate) text: String,
    pub(crate) attributes: BTreeMap<String, String>,
    /// What attributes only begin: `value`, `checked`, `disabled`.
    pub(crate) live: BTreeMap<String, String>,
    pub(crate) children: Vec<Dom>,
}

const VOID: [&str; 2] = ["input", "img"];

impl Dom {
    /// The page that holds what `html` says. Panics where it is not written as the generator should.
    pub(crate) fn page(html: &str) -> Self {
        let mut page = Self {
            tag: "page".into(),
            ..Self::default()
        };
        let rest = page.read(html);
        assert_eq!(rest, "", "an end tag too many");
        page
    }

    /// Reads children up to this element's end tag; answers what follows it.
    fn read<'a>(&mut self, mut rest: &'a str) -> &'a str {
        loop {
            let (text, markup) = rest.split_at(rest.find('<').unwrap_or(rest.len()));
            if !text.is_empty() {
                self.children.push(Self {
                    text: unescape(text),
                    ..Self::default()
                });
            }
            if markup.is_empty() {
                assert_eq!(self.tag, "page", "no end tag");
                return "";
            }
            if let Some(end) = markup.strip_prefix("</") {
                let (tag, after) = end.split_once('>').expect("a whole end tag");
                assert_eq!(tag, self.tag, "elements do not nest");
                return after;
            }
            let (mut child, after) = start_tag(&markup[1..]);
            rest = if VOID.contains(&child.tag.as_str()) {
                after
            } else {
                child.read(after)
            };
            child.settle();
            self.children.push(child);
        }
    }

    /// Moves what the person can change from where HTML writes it to where a document keeps it.
    fn settle(&mut self) {
        for name in ["checked", "disabled"] {
            if self.attributes.remove(name).is_some() {
                self.live.insert(name.into(), "true".into());
            }
        }
        match self.tag.as_str() {
            "input" if !matches!(self.attribute("type"), "radio" | "checkbox") => {
                let value = self.attributes.remove("value").unwrap_or_default();
                self.live.insert("value".into(), value);
            }
            "textarea" => {
                let text = self
                    .children
                    .pop()
                    .map(|child| child.text)
                    .unwrap_or_default();
                let value = text.strip_prefix('\n').unwrap_or(&text).to_owned();
                self.live.insert("value".into(), value);
            }
            "select" => self.choose_marked(),
            _ => {}
        }
    }

    fn choose_marked(&mut self) {
        let mut chosen = self
            .children
            .first()
            .map(|option| option.attribute("value").to_owned());
        for option in &mut self.children {
            if option.attributes.remove("selected").is_some() {
                chosen = Some(option.attribute("value").to_owned());
            }
        }
        self.live.insert("value".into(), chosen.unwrap_or_default());
    }

    pub(crate) fn attribute(&self, name: &str) -> &str {
        self.attributes.get(name).map_or("", String::as_str)
    }

    /// This element and all within it.
    pub(crate) fn all(&self) -> Vec<&Self> {
        let below = self.children.iter().flat_map(Self::all);
        std::iter::once(self).chain(below).collect()
    }

    fn find(&mut self, is: &dyn Fn(&Self) -> bool) -> Option<&mut Self> {
        if is(self) {
            return Some(self);
        }
        self.children.iter_mut().find_map(|child| child.find(is))
    }

    fn node(&mut self, id: &str) -> &mut Self {
        self.find(&|dom| dom.attribute("data-n") == id)
            .expect("the node is in the document")
    }

    fn part(&mut self, name: &str) -> &mut Self {
        let parts = self.children.iter_mut();
        parts
            .into_iter()
            .find(|child| child.attribute("data-p") == name)
            .expect("the part is there")
    }

    /// Where the node's children are.
    fn children_of(&mut self, id: Option<&str>) -> &mut Vec<Self> {
        let Some(id) = id else {
            return &mut self.children;
        };
        let node = self.node(id);
        let inner = node
            .children
            .iter()
            .position(|child| child.attributes.contains_key("data-c"));
        match inner {
            Some(at) => &mut node.children[at].children,
            None => &mut node.children,
        }
    }

    /// Carries out the operations, then does what `wire` leaves to the shell.
    pub(crate) fn patch(&mut self, operations: &Value) {
        for operation in operations.as_array().expect("an array") {
            let id = |at: usize| operation[at].as_u64().map(|id| id.to_string());
            match operation[0].as_str() {
                Some("i") => {
                    let inserted = Self::page(text(&operation[3])).children;
                    assert_eq!(inserted.len(), 1, "one element is inserted at a time");
                    self.insert(id(1).as_deref(), id(2).as_deref(), inserted);
                }
                Some("r") => {
                    self.take(&id(1).expect("an id"));
                }
                Some("m") => {
                    let moved = id(1).expect("an id");
                    let (parent, element) = self.take(&moved);
                    self.insert(parent.as_deref(), id(2).as_deref(), vec![element]);
                }
                Some("u") => {
                    let node = self.node(&id(1).expect("an id"));
                    for change in operation[2].as_array().expect("changes") {
                        node.change(change);
                    }
                }
                other => panic!("no such operation: {other:?}"),
            }
        }
        self.as_the_shell_keeps_it();
    }

    fn insert(&mut self, parent: Option<&str>, before: Option<&str>, elements: Vec<Self>) {
        let siblings = self.children_of(parent);
        let at = before.map_or(siblings.len(), |before| {
            let is = |sibling: &Self| sibling.attribute("data-n") == before;
            siblings.iter().position(is).expect("the sibling is there")
        });
        siblings.splice(at..at, elements);
    }

    /// Takes a node out; answers the node it was in, too.
    fn take(&mut self, id: &str) -> (Option<String>, Self) {
        fn within(dom: &mut Dom, node: Option<&str>, id: &str) -> Option<(Option<String>, Dom)> {
            if let Some(at) = dom
                .children
                .iter()
                .position(|child| child.attribute("data-n") == id)
            {
                return Some((node.map(str::to_owned), dom.children.remove(at)));
            }
            dom.children.iter_mut().find_map(|child| {
                let own = child.attributes.get("data-n").cloned();
                within(child, own.as_deref().or(node), id)
            })
        }
        within(self, None, id).expect("the node is in the document")
    }

    fn change(&mut self, change: &Value) {
        let element = match change.get(3) {
            Some(part) => self.part(text(part)),
            None => self,
        };
        let (name, value) = (text(&change[1]).to_owned(), &change[2]);
        match text(&change[0]) {
            "a" if value.is_null() => {
                element.attributes.remove(&name);
            }
            "a" => {
                element.attributes.insert(name, text(value).to_owned());
            }
            "p" => match value {
                Value::Bool(true) => {
                    element.live.insert(name, "true".into());
                }
                Value::Bool(false) => {
                    element.live.remove(&name);
                }
                value => {
                    element.live.insert(name, text(value).to_owned());
                }
            },
            "t" => {
                let inside = Self {
                    text: text(value).to_owned(),
                    ..Self::default()
                };
                element.children = if inside.text.is_empty() {
                    Vec::new()
                } else {
                    vec![inside]
                };
            }
            "h" => {
                element.children = Self::page(text(value)).children;
                if element.tag == "select" {
                    element.choose_marked();
                }
            }
            other => panic!("no such change: {other}"),
        }
    }

    /// The items of lists have a role, and swipers a dot for each child.
    fn as_the_shell_keeps_it(&mut self) {
        if self.attribute("role") == "list" {
            for child in &mut self.children {
                child
                    .attributes
                    .entry("role".into())
                    .or_insert_with(|| "listitem".into());
            }
        }
        if self.attributes.contains_key("data-current") {
            let count = self.part("track").children.len();
            let current: usize = self.attribute("data-current").parse().expect("a number");
            let dot = |index: usize| {
                let class = if index == current {
                    "lp-dot lp-on"
                } else {
                    "lp-dot"
                };
                let attributes = BTreeMap::from([("class".to_owned(), class.to_owned())]);
                Self {
                    tag: "i".into(),
                    attributes,
                    ..Self::default()
                }
            };
            self.part("dots").children = (0..count).map(dot).collect();
        }
        for child in &mut self.children {
            child.as_the_shell_keeps_it();
        }
    }
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

fn start_tag(mut rest: &str) -> (Dom, &str) {
    let end = rest.find([' ', '>']).expect("a whole start tag");
    let mut dom = Dom {
        tag: rest[..end].to_owned(),
        ..Dom::default()
    };
    rest = &rest[end..];
    while let Some(attribute) = rest.strip_prefix(' ') {
        let (name, after) = attribute.split_once("=\"").expect("a quoted attribute");
        let (value, after) = after.split_once('"').expect("its end");
        assert!(
            name.bytes()
                .all(|byte| byte.is_ascii_alphabetic() || byte == b'-'),
            "{name:?}"
        );
        assert!(!value.contains('<'), "{value:?}");
        let before = dom.attributes.insert(name.to_owned(), unescape(value));
        assert_eq!(before, None, "{name} is there twice");
        rest = after;
    }
    (dom, rest.strip_prefix('>').expect("the tag's end"))
}

fn unescape(text: &str) -> String {
    let text = text
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"");
    text.replace("&#39;", "'")
        .replace("&#13;", "\r")
        .replace("&amp;", "&")
}
