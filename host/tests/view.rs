//! Views: any two of them, and what the difference makes of the first.

use std::collections::HashMap;

use lapak_host::view::{
    Binding, Element, Input, InputKind, Node, NodeId, NodeIds, Op, Rows, Tree, Trigger, View,
    ViewLimits, apply, update,
};
use proptest::prelude::*;

const LIMITS: ViewLimits = ViewLimits {
    nodes: 10_000,
    depth: 64,
    bytes: 1 << 20,
};

/// A tree that is easy to make at random.
#[derive(Clone, Debug)]
struct Made {
    kind: u8,
    key: Option<u8>,
    word: u8,
    children: Vec<Made>,
}

fn made() -> impl Strategy<Value = Made> {
    let leaf = (0..4_u8, prop::option::of(0..6_u8), 0..3_u8).prop_map(|(kind, key, word)| Made {
        kind,
        key,
        word,
        children: Vec::new(),
    });
    leaf.prop_recursive(4, 40, 6, |inner| {
        (
            0..4_u8,
            prop::option::of(0..6_u8),
            0..3_u8,
            prop::collection::vec(inner, 0..6),
        )
            .prop_map(|(kind, key, word, children)| Made {
                kind,
                key,
                word,
                children,
            })
    })
}

fn view(roots: &[Made]) -> View {
    let mut nodes = Vec::new();
    flatten(roots, false, &mut nodes);
    View {
        page: 1,
        title: None,
        nodes,
    }
}

fn flatten(siblings: &[Made], in_list: bool, nodes: &mut Vec<Node>) {
    let mut keys = std::collections::HashSet::new();
    for (index, made) in siblings.iter().enumerate() {
        let leaf = made.children.is_empty();
        let element = match (made.kind, leaf) {
            (0, true) => Element::Text(format!("word {}", made.word)),
            (1, true) => Element::Input(input(made.word)),
            (2, _) => Element::List(Rows { reveal: None }),
            _ => Element::View,
        };
        // Keys are unique among siblings; a list's children all have one.
        let key = made
            .key
            .filter(|key| keys.insert(*key))
            .map(|key| format!("k{key}"));
        let key = key.or_else(|| in_list.then(|| format!("only{index}")));
        let at = nodes.len();
        let list = matches!(element, Element::List(_));
        nodes.push(Node {
            element,
            key,
            class: ["", "a", "a b"][usize::from(made.word)].into(),
            label: (made.word == 2).then(|| "label".into()),
            bindings: (made.word > 0)
                .then(|| Binding {
                    trigger: Trigger::Tap,
                    handler: u32::from(made.word),
                })
                .into_iter()
                .collect(),
            descendants: 0,
        });
        flatten(&made.children, list, nodes);
        nodes[at].descendants = u32::try_from(nodes.len() - at - 1).expect("few");
    }
}

fn input(word: u8) -> Input {
    Input {
        kind: InputKind::Text,
        name: None,
        value: word.to_string(),
        placeholder: String::new(),
        disabled: word == 1,
        max_length: None,
        autofocus: false,
    }
}

/// The paths of nodes all of whose ancestors, and they themselves, have keys: these are the same nodes in
/// whatever view they appear, as long as their kind stays.
fn keyed(tree: &Tree) -> HashMap<String, (NodeId, std::mem::Discriminant<Element>)> {
    let mut path: Vec<Option<String>> = Vec::new();
    let mut found = HashMap::new();
    for (depth, node) in tree.walk() {
        path.truncate(depth);
        let kind = std::mem::discriminant(&node.node.element);
        path.push(node.node.key.as_ref().map(|key| format!("{key}:{kind:?}")));
        if let Some(path) = path.iter().cloned().collect::<Option<Vec<_>>>() {
            found.insert(path.join("/"), (node.id, kind));
        }
    }
    found
}

/// Corrects the counts of descendants after subtrees were folded into one node each; beside each node stands where in
/// `first` the next one was.
fn recount(next: &mut [(Node, usize)], first: &View) {
    let starts: Vec<usize> = std::iter::once(0)
        .chain(next.iter().map(|(_, after)| *after))
        .collect();
    for index in 0..next.len() {
        let (node, _) = &mut next[index];
        if matches!(node.element, Element::Unchanged) {
            node.descendants = 0;
            continue;
        }
        let below = usize::try_from(first.nodes[starts[index]].descendants).expect("few");
        let end = starts[index] + 1 + below;
        let inside = starts[index + 1..next_len(&starts)]
            .iter()
            .filter(|start| **start < end);
        node.descendants = u32::try_from(inside.count()).expect("few");
    }
}

/// The last entry is the end of all, not the start of a node.
fn next_len(starts: &[usize]) -> usize {
    starts.len() - 1
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_difference_makes_the_old_tree_the_new_one(views in prop::collection::vec(prop::collection::vec(made(), 0..5), 2..5)) {
        let mut ids = NodeIds::default();
        let (mut shown, _) = update(None, view(&views[0]), &LIMITS, &mut ids).expect("a good view");
        for next in &views[1..] {
            let (tree, ops) = update(Some(shown.clone()), view(next), &LIMITS, &mut ids).expect("a good view");
            let mut patched = shown.clone();
            apply(&mut patched, &ops).expect("the operations fit");
            prop_assert_eq!(&patched, &tree);
            // What has a key, and whose ancestors have, is still the same node.
            let after = keyed(&tree);
            for (path, (id, kind)) in keyed(&shown) {
                if let Some((now, now_kind)) = after.get(&path) && kind == *now_kind {
                    prop_assert_eq!(id, *now, "{}", path);
                }
            }
            // The same view again changes nothing.
            let (_, none) = update(Some(tree.clone()), view(next), &LIMITS, &mut ids).expect("a good view");
            prop_assert!(none.is_empty(), "{:?}", none);
            shown = tree;
        }
    }

    #[test]
    fn a_view_of_the_same_shape_keeps_every_node(
        roots in prop::collection::vec(made(), 1..5),
        classes in prop::collection::vec(prop::option::of(0..3_u8), 64),
        folds in prop::collection::vec(prop::bool::weighted(0.2), 64),
    ) {
        let mut ids = NodeIds::default();
        let first = view(&roots);
        let (shown, _) = update(None, first.clone(), &LIMITS, &mut ids).expect("a good view");
        // Other classes here and there; and some subtrees said to be as they were.
        let (mut next, mut expected) = (Vec::new(), shown.clone());
        let mut at = 0;
        while let Some(node) = first.nodes.get(at) {
            let below = usize::try_from(node.descendants).expect("few");
            let mut node = node.clone();
            if folds[at % folds.len()] {
                node.element = Element::Unchanged;
                node.class.clear();
                node.label = None;
                node.bindings.clear();
                at += below;
            } else if let Some(class) = classes[at % classes.len()] {
                node.class = format!("other{class}");
                expected.nodes[at].node.class.clone_from(&node.class);
            }
            at += 1;
            next.push((node, at));
        }
        recount(&mut next, &first);
        let nodes = next.into_iter().map(|(node, _)| node).collect();
        let (tree, ops) = update(Some(shown.clone()), View { page: 1, title: None, nodes }, &LIMITS, &mut ids).expect("a good view");
        prop_assert_eq!(&tree, &expected);
        prop_assert!(ops.iter().all(|op| matches!(op, Op::Update { .. })), "{:?}", ops);
        let mut patched = shown;
        apply(&mut patched, &ops).expect("the operations fit");
        prop_assert_eq!(&patched, &tree);
    }

    #[test]
    fn wild_counts_never_panic(counts in prop::collection::vec(any::<u32>(), 0..20), kinds in prop::collection::vec(0..4_u8, 20)) {
        let nodes = counts.iter().zip(kinds).map(|(count, kind)| Node {
            element: match kind {
                0 => Element::Text("a".into()),
                1 => Element::Unchanged,
                2 => Element::List(Rows { reveal: None }),
                _ => Element::View,
            },
            key: None,
            class: String::new(),
            label: None,
            bindings: Vec::new(),
            descendants: *count,
        });
        let view = View { page: 1, title: None, nodes: nodes.collect() };
        // Refused or not: it comes back.
        let _ = update(None, view, &LIMITS, &mut NodeIds::default());
    }
}

fn row(index: usize, done: bool) -> Made {
    let word = u8::from(done);
    let tick = Made {
        kind: 1,
        key: None,
        word,
        children: Vec::new(),
    };
    let name = Made {
        kind: 0,
        key: None,
        word: 0,
        children: Vec::new(),
    };
    Made {
        kind: 3,
        key: Some(u8::try_from(index % 256).expect("small")),
        word,
        children: vec![tick, name],
    }
}

#[test]
fn one_toggled_row_of_many_touches_only_that_row() {
    let rows = |toggled: Option<usize>| Made {
        kind: 2,
        key: None,
        word: 0,
        children: (0..200)
            .map(|index| row(index, Some(index) == toggled))
            .collect(),
    };
    let mut ids = NodeIds::default();
    let (tree, _) = update(None, view(&[rows(None)]), &LIMITS, &mut ids).expect("a view");
    let (_, ops) = update(Some(tree), view(&[rows(Some(70))]), &LIMITS, &mut ids).expect("a view");
    assert_eq!(ops.len(), 2, "{ops:?}");
    assert!(
        ops.iter().all(|op| matches!(op, Op::Update { .. })),
        "{ops:?}"
    );
}

#[test]
fn a_row_moved_from_the_end_to_the_start_is_one_move() {
    let rows = |order: &[usize]| Made {
        kind: 2,
        key: None,
        word: 0,
        children: order.iter().map(|index| row(*index, false)).collect(),
    };
    let straight: Vec<usize> = (0..100).collect();
    let mut turned = straight.clone();
    turned.rotate_right(1);
    let mut ids = NodeIds::default();
    let (tree, _) = update(None, view(&[rows(&straight)]), &LIMITS, &mut ids).expect("a view");
    let (_, ops) = update(Some(tree), view(&[rows(&turned)]), &LIMITS, &mut ids).expect("a view");
    assert_eq!(ops.len(), 1, "{ops:?}");
    assert!(matches!(ops[0], Op::Move { .. }), "{ops:?}");
}
