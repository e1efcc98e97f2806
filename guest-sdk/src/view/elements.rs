//! The functions that make nodes.

use super::View;
use super::children::{IntoViews, views};
use crate::bindings::{
    Button, ButtonLook, ButtonRole, Checkbox, DateRange, Element, Icon, IconName, Image, ImageFit,
    Input, InputKind, Navigator, NavigatorAction, Options, Picker, PickerMode, Progress, Radio,
    Rows, ScrollDirection, ScrollView, Slider, Swiper, Switch, Textarea, TimeRange,
};
use crate::route::Route;

/// A plain box.
///
/// ```
/// # use lapak_sdk::prelude::*;
/// # fn dish<'a>(name: &'a str, note: Option<&'a str>) -> View<'a, ()> {
/// // Children are views, texts, numbers, options, lists, what `map` gives, and tuples of these.
/// view((name, note.map(|note| text(note).class("note")), "★".repeat(3))).class("dish")
/// # }
/// ```
pub fn view<'a, Msg>(children: impl IntoViews<'a, Msg>) -> View<'a, Msg> {
    View::new(Element::View, views(children))
}

/// A run of text.
pub fn text<'a, Msg>(content: impl ToString) -> View<'a, Msg> {
    View::new(Element::Text(content.to_string()), Vec::new())
}

/// A picture of the package: `image("common/img/sate.svg").alt("Satay")`.
pub fn image<'a, Msg>(src: impl Into<String>) -> View<'a, Msg> {
    let image = Image {
        src: src.into(),
        alt: String::new(),
        fit: ImageFit::Cover,
    };
    View::new(Element::Image(image), Vec::new())
}

/// One of the host's symbols, 24 pixels wide unless [`View::size`] says otherwise.
pub fn icon<'a, Msg>(name: IconName) -> View<'a, Msg> {
    View::new(Element::Icon(Icon { name, size: 24 }), Vec::new())
}

/// Something to tap.
///
/// ```
/// # use lapak_sdk::prelude::*;
/// # #[derive(Clone)] enum Msg { Add }
/// # fn add<'a>() -> View<'a, Msg> {
/// button(icon(IconName::Add)).primary().label("Add one").on_tap(Msg::Add)
/// # }
/// ```
pub fn button<'a, Msg>(children: impl IntoViews<'a, Msg>) -> View<'a, Msg> {
    let button = Button {
        look: ButtonLook::Secondary,
        disabled: false,
        loading: false,
        role: ButtonRole::Button,
    };
    View::new(Element::Button(button), views(children))
}

/// One line of text to edit.
///
/// ```
/// # use lapak_sdk::prelude::*;
/// # #[derive(Clone)] enum Msg { Search(String) }
/// # fn search(query: &str) -> View<'_, Msg> {
/// input(query).kind(InputKind::Search).placeholder("Search").on_input(Msg::Search)
/// # }
/// ```
pub fn input<'a, Msg>(value: impl Into<String>) -> View<'a, Msg> {
    let input = Input {
        kind: InputKind::Text,
        name: None,
        value: value.into(),
        placeholder: String::new(),
        disabled: false,
        max_length: None,
        autofocus: false,
    };
    View::new(Element::Input(input), Vec::new())
}

/// Lines of text to edit; three are shown unless [`View::rows`] says otherwise.
pub fn textarea<'a, Msg>(value: impl Into<String>) -> View<'a, Msg> {
    let textarea = Textarea {
        name: None,
        value: value.into(),
        placeholder: String::new(),
        disabled: false,
        max_length: None,
        rows: 3,
        grows: false,
    };
    View::new(Element::Textarea(textarea), Vec::new())
}

/// On or off, one of several.
pub fn checkbox<'a, Msg>(checked: bool) -> View<'a, Msg> {
    let checkbox = Checkbox {
        name: None,
        checked,
        disabled: false,
    };
    View::new(Element::Checkbox(checkbox), Vec::new())
}

/// One of a group; `change` carries `value`.
pub fn radio<'a, Msg>(
    group: impl Into<String>,
    value: impl Into<String>,
    checked: bool,
) -> View<'a, Msg> {
    let radio = Radio {
        group: group.into(),
        value: value.into(),
        checked,
        disabled: false,
    };
    View::new(Element::Radio(radio), Vec::new())
}

/// On or off, at once in effect.
pub fn switch<'a, Msg>(checked: bool) -> View<'a, Msg> {
    let switch = Switch {
        name: None,
        checked,
        disabled: false,
    };
    View::new(Element::Switch(switch), Vec::new())
}

/// A number from `range`, in steps of 1 unless [`View::step`] says otherwise.
///
/// ```
/// # use lapak_sdk::prelude::*;
/// # #[derive(Clone)] enum Msg { Guests(f64) }
/// # fn guests<'a>(guests: f64) -> View<'a, Msg> {
/// slider(1.0..=12.0, guests).show_value().on_slid(Msg::Guests)
/// # }
/// ```
pub fn slider<'a, Msg>(range: std::ops::RangeInclusive<f64>, value: f64) -> View<'a, Msg> {
    let slider = Slider {
        name: None,
        min: *range.start(),
        max: *range.end(),
        step: 1.0,
        value,
        disabled: false,
        show_value: false,
    };
    View::new(Element::Slider(slider), Vec::new())
}

/// One of many.
///
/// ```
/// # use lapak_sdk::prelude::*;
/// # #[derive(Clone)] enum Msg { Size(u32) }
/// # fn size<'a>(chosen: Option<u32>) -> View<'a, Msg> {
/// picker(["small", "large"], chosen).label("Size").on_pick(Msg::Size)
/// # }
/// ```
pub fn picker<'a, Msg, T: Into<String>>(
    options: impl IntoIterator<Item = T>,
    selected: Option<u32>,
) -> View<'a, Msg> {
    let options = options.into_iter().map(Into::into).collect();
    pick(PickerMode::Options(Options { options, selected }))
}

/// A date, `YYYY-MM-DD`; an empty text arrives when it is taken out again. [`View::earliest`] and [`View::latest`] bound it.
///
/// ```
/// # use lapak_sdk::prelude::*;
/// # #[derive(Clone)] enum Msg { Day(String) }
/// # fn day<'a>(chosen: Option<String>) -> View<'a, Msg> {
/// date_picker(chosen).earliest("2026-01-05").latest("2026-02-28").label("Day").on_change(Msg::Day)
/// # }
/// ```
#[must_use]
pub fn date_picker<'a, Msg>(value: Option<String>) -> View<'a, Msg> {
    pick(PickerMode::Date(DateRange {
        value,
        earliest: None,
        latest: None,
    }))
}

/// A time, `hh:mm`; an empty text arrives when it is taken out again. Bounded as a date is.
#[must_use]
pub fn time_picker<'a, Msg>(value: Option<String>) -> View<'a, Msg> {
    pick(PickerMode::Time(TimeRange {
        value,
        earliest: None,
        latest: None,
    }))
}

fn pick<'a, Msg>(mode: PickerMode) -> View<'a, Msg> {
    View::new(
        Element::Picker(Picker {
            name: None,
            mode,
            disabled: false,
        }),
        Vec::new(),
    )
}

/// Gathers the named fields within it.
///
/// ```
/// # use lapak_sdk::prelude::*;
/// # #[derive(Clone)] enum Msg { Book { name: String, window: bool } }
/// # fn booking<'a>() -> View<'a, Msg> {
/// let name = label((text("Your name"), input("").name("name")));
/// let window = label((checkbox(false).name("window"), text("By the window")));
/// form((name, window, button("Book").submits())).on_submit(|fields| Msg::Book {
///     name: fields.text("name").to_owned(),
///     window: fields.is_on("window"),
/// })
/// # }
/// ```
pub fn form<'a, Msg>(children: impl IntoViews<'a, Msg>) -> View<'a, Msg> {
    View::new(Element::Form, views(children))
}

/// Names the control within it: tapping the label uses the control.
pub fn label<'a, Msg>(children: impl IntoViews<'a, Msg>) -> View<'a, Msg> {
    View::new(Element::Label, views(children))
}

/// Children that each have a [`View::key`].
///
/// ```
/// # use lapak_sdk::prelude::*;
/// # struct Line { id: u32, name: String }
/// # fn lines(lines: &[Line]) -> View<'_, ()> {
/// list(lines.iter().map(|line| view(&line.name).key(line.id)))
/// # }
/// ```
pub fn list<'a, Msg>(children: impl IntoIterator<Item = View<'a, Msg>>) -> View<'a, Msg> {
    View::new(
        Element::List(Rows { reveal: None }),
        children.into_iter().collect(),
    )
}

/// A box that scrolls down; see [`View::horizontal`].
///
/// ```
/// # use lapak_sdk::prelude::*;
/// # fn chips<'a>(categories: &[&'a str]) -> View<'a, ()> {
/// scroll(categories.iter().map(|name| button(*name).class("chip"))).horizontal()
/// # }
/// ```
pub fn scroll<'a, Msg>(children: impl IntoViews<'a, Msg>) -> View<'a, Msg> {
    let scroll = ScrollView {
        direction: ScrollDirection::Vertical,
        reveal: None,
    };
    View::new(Element::ScrollView(scroll), views(children))
}

/// Children shown one at a time.
///
/// ```
/// # use lapak_sdk::prelude::*;
/// # #[derive(Clone)] enum Msg { Shown(u32) }
/// # fn pictures<'a>(shown: u32) -> View<'a, Msg> {
/// swiper(shown, (image("common/1.svg").alt("The stall"), image("common/2.svg").alt("The wok"))).on_pick(Msg::Shown)
/// # }
/// ```
pub fn swiper<'a, Msg>(current: u32, children: impl IntoViews<'a, Msg>) -> View<'a, Msg> {
    let swiper = Swiper {
        current,
        autoplay_ms: None,
        indicator: true,
        circular: false,
    };
    View::new(Element::Swiper(swiper), views(children))
}

/// How far something is, 0 to 100; `None` when that is not known.
#[must_use]
pub fn progress<'a, Msg>(percent: Option<f64>) -> View<'a, Msg> {
    View::new(Element::Progress(Progress { percent }), Vec::new())
}

/// Opens `page` when tapped, without a message.
///
/// ```
/// # use lapak_sdk::prelude::*;
/// lapak_sdk::pages! {
///     enum Page {
///         Menu = "pages/menu",
///         Dish { id: u32 } = "pages/dish",
///     }
/// }
///
/// fn row<'a>(id: u32, name: &'a str) -> View<'a, ()> {
///     navigator(&Page::Dish { id }, name)
/// }
///
/// fn to_menu<'a>() -> View<'a, ()> {
///     navigator(&Page::Menu, "See the menu").action(NavigatorAction::SwitchTab)
/// }
/// ```
pub fn navigator<'a, Msg>(page: &impl Route, children: impl IntoViews<'a, Msg>) -> View<'a, Msg> {
    let navigator = Navigator {
        url: page.to_url(),
        action: NavigatorAction::NavigateTo,
    };
    View::new(Element::Navigator(navigator), views(children))
}
