//! The controls of a page.

use lapak_host::view::{Element, Node};

/// Whether a person can put something in.
pub(super) fn is_control(node: &Node) -> bool {
    matches!(
        node.element,
        Element::Input(_)
            | Element::Textarea(_)
            | Element::Checkbox(_)
            | Element::Switch(_)
            | Element::Slider(_)
            | Element::Radio(_)
            | Element::Picker(_)
    )
}
