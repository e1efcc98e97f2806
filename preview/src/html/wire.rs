//! The wire format: what a shell needs to know to show the generator's HTML and keep it up to date.
//!
//! # The box
//!
//! ```html
//! <div class="lp-app lp-light" data-route="pages/menu" lang="id" dir="ltr">   the clip: nothing gets out of it
//!   <div class="lp-page" data-c> …the roots… </div>                  what scrolls; `page` in an app's CSS
//! </div>
//! ```
//! [`app_box`](super::app_box) writes all of it, [`render`](super::render) only the roots. The two outer elements belong
//! to the shell; `lp-light`/`lp-dark` says the session's colour scheme (apps' `prefers-color-scheme`
//! rules follow this class, not the computer's setting).
//!
//! # A node
//!
//! Every node is exactly ONE element with `data-n="<node id>"`. Its children are elements directly inside, or
//! inside the descendant marked `data-c` (swiper only). What else is inside are *parts*, marked `data-p="name"`;
//! they have no `data-n`.
//!
//! | attribute | meaning |
//! |---|---|
//! | `data-n` | node id, decimal |
//! | `data-on` | triggers with a binding, blank-separated, WIT names: `tap long-press input change submit reset focus blur reach-end` |
//! | `class` | `lp-<kind>`, states (`lp-primary`), then the app's classes. App classes that begin with `lp-`, `shell-` or `shot-` are dropped |
//! | `data-key` | the node's key, for tests and the inspector |
//! | `data-f` | the field's name in its form (the `name` attribute is not used for it: an app could hide `form.submit`) |
//! | `role`, `tabindex`, `aria-*` | set so that a node with a `tap` binding that is not a native control is a focusable `role="button"`; Enter and Space must tap it |
//! | `autofocus` | focus it after it was inserted |
//!
//! | kind | HTML | live properties | notes for the shell |
//! |---|---|---|---|
//! | view | `<div class="lp-view">` | | |
//! | text | `<span class="lp-text">text</span>` | | displayed as a block, line breaks kept |
//! | image | `<img class="lp-image lp-fill\|lp-contain\|lp-cover" src alt>` | | no `src` and `lp-missing` where the path is not in the package |
//! | icon | `<svg class="lp-icon" width height><path d></svg>` | | |
//! | button | `<button class="lp-button lp-plain\|lp-primary\|lp-secondary\|lp-danger" type="button\|submit\|reset">` children | `disabled` | `lp-busy` and `aria-busy="true"` while loading: taps do nothing. `aria-disabled="true"` while disabled. A button inside a button is a `<div role="button" tabindex="0">` with the same attributes: changes fit both, and `aria-disabled` is what says that it is disabled |
//! | input | `<input class="lp-input" type inputmode placeholder data-max autocomplete="off" dir>` | `value` `disabled` | `data-max`: how many characters (grapheme clusters) fit. What is no value of the field's kind (`inputmode` `numeric`, `decimal`, `email`; see `lapak_abi::controls`) is not sent, and the person is told |
//! | textarea | `<textarea class="lp-textarea" rows data-max data-grows dir="auto">text</textarea>` | `value` `disabled` | `data-grows`: the fewest lines; the shell makes it `rows` as there are lines, up to 40 |
//! | checkbox | `<input type="checkbox" class="lp-checkbox">` | `checked` `disabled` | `change` carries `checked` |
//! | radio | `<input type="radio" class="lp-radio" name="g:<group>" value data-f="<group>">` | `checked` `disabled` | `change` carries `value` |
//! | switch | `<input type="checkbox" role="switch" class="lp-switch">` | `checked` `disabled` | |
//! | slider | `<span class="lp-slider"><input type="range" data-p="field" min max step><output data-p="shown">5</output></span>` | field: `value` `disabled` | `output` has the attribute `hidden` without show-value; the shell writes the value into it while it is dragged |
//! | picker | `<span class="lp-picker lp-options"><select data-p="field"><option value="">…<option value="0">…</select></span>`, or `<span class="lp-picker"><input data-p="field" type="date\|time" min max></span>` | field: `value` `disabled` | options: `change` carries the index = `value` as a number; value `""` is nothing chosen |
//! | form | `<form class="lp-form" novalidate>` | | prevent the native `submit`; on `submit` collect every `[data-f]` within. On `reset` send `reset` |
//! | label | `<label class="lp-label">` | | |
//! | list | `<div class="lp-list" role="list" data-reveal>` | | `data-reveal`: key of the child to scroll to, when it comes or changes; a child without a role gets `role="listitem"`: after an insertion into, or a change of role in, a `[role=list]` the shell does the same |
//! | scroll-view | `<div class="lp-scroll lp-vertical\|lp-horizontal" tabindex="0" data-reveal>` | | scrolls itself; `data-reveal` as in `list` |
//! | swiper | `<div class="lp-swiper" role="group" aria-roledescription="carousel" data-current data-autoplay data-circular><div class="lp-track" data-c data-p="track">` children `</div><div class="lp-dots" data-p="dots"><i class="lp-dot lp-on"></i>…</div></div>` | | track scrolls with snap points. `data-current`: scroll there when it changes. Dots change without a patch: the shell keeps one for each child, and `lp-on` on the one of the child on show. `lp-dots` has the attribute `hidden` without an indicator |
//! | progress | `<div class="lp-progress lp-w42" role="progressbar" aria-valuenow="42"><i data-p="bar"></i></div>` | | `lp-endless` when not known |
//! | navigator | `<div class="lp-navigator" role="link" tabindex="0" data-nav="navigate-to\|redirect-to\|back\|relaunch\|switch-tab">` | | a tap is always sent, as `tap` of this node; the host navigates. The address is not in the page |
//!
//! The control that takes the focus and the value is the part `field` where there is one, else the node's own
//! element.
//!
//! # A patch
//!
//! JSON, an array of operations, to be done in order:
//!
//! | operation | meaning |
//! |---|---|
//! | `["i", parent, before, html]` | insert. `parent`: node id, or `null` for the page. `before`: node id or `null` (as the last). `html` is one element |
//! | `["r", id]` | remove |
//! | `["m", id, before]` | move among its siblings |
//! | `["u", id, [change, …]]` | update |
//!
//! A change is `[kind, name, value]` or, for a part, `[kind, name, value, part]`:
//!
//! | change | meaning |
//! |---|---|
//! | `["a", name, text]` | `setAttribute`; `null` instead of text: `removeAttribute` |
//! | `["p", name, value]` | set the live property, unless it has that value already (so that a caret stays). `value` is a text or a boolean |
//! | `["t", "", text]` | `textContent` |
//! | `["h", "", html]` | replace all the inside by this HTML of the generator's (options of a picker, a picker's field when it becomes another control, path of an icon); never an element with children nodes |
//!
//! `html` comes from the generator alone and holds no script, handler, inline style or address outside
//! the asset base, so it may be given to `template.innerHTML`.
//!
//! Within an update, attributes come before properties, which depend on them: a slider's value on its bounds.
//!
//! One row toggled: `[["u",412,[["a","class","lp-view row done"]]],["u",413,[["p","checked",true]]]]`.

use lapak_host::session::Patch;
use lapak_host::view::Op;
use serde::ser::{Serialize, SerializeSeq as _, Serializer};
use serde_json::Value;

use super::HtmlContext;
use super::write::{nodes, update};

/// The operations as the array that [this module](self) describes.
///
/// An update that changes nothing in the HTML (another handler number, say) is left out.
#[must_use]
pub fn patch_json(ops: &[Op], cx: &HtmlContext<'_>) -> Value {
    // Nothing fails that is plain data.
    serde_json::to_value(Ops { ops, cx }).unwrap_or_default()
}

/// A patch as the message of `PROTOCOL.md`. Written out at once: a patch is what a person waits for.
#[derive(serde::Serialize)]
pub(crate) struct PatchMessage<'a> {
    t: &'static str,
    v: u64,
    ops: Ops<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'a str>,
}

impl<'a> PatchMessage<'a> {
    /// With the text of the navigation bar if that has changed.
    pub(crate) fn new(patch: &'a Patch, title: Option<&'a str>, cx: &'a HtmlContext<'a>) -> Self {
        Self {
            t: "patch",
            v: patch.version,
            ops: Ops {
                ops: &patch.ops,
                cx,
            },
            title,
        }
    }

    pub(crate) fn to_text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

struct Ops<'a> {
    ops: &'a [Op],
    cx: &'a HtmlContext<'a>,
}

impl Serialize for Ops<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut all = to.serialize_seq(None)?;
        for op in self.ops {
            match op {
                Op::Insert {
                    parent,
                    before,
                    subtree,
                } => {
                    let html = nodes(subtree, self.cx);
                    all.serialize_element(&("i", parent, before, html))?;
                }
                Op::Remove { id } => all.serialize_element(&("r", id))?,
                Op::Move { id, before } => all.serialize_element(&("m", id, before))?,
                Op::Update { old, new } => {
                    let changes = update(old, new, self.cx);
                    if !changes.is_empty() {
                        all.serialize_element(&("u", new.id, changes))?;
                    }
                }
            }
        }
        all.end()
    }
}
