//! Each control's handler gets what the control carries.

use lapak_sdk::prelude::*;
use lapak_sdk::testing::TestApp;

#[derive(Default)]
struct Controls {
    heard: Vec<Msg>,
    gone: bool,
}

#[derive(Clone, Debug, PartialEq)]
enum Msg {
    Typed(String),
    Changed(String),
    Toggled(bool),
    Sliding(f64),
    Slid(f64),
    Picked(u32),
    Swiped(u32),
    Tapped,
    Held,
    Focus,
    Blur,
    End,
    Gone,
}

impl App for Controls {
    type Msg = Msg;
    type Page = SinglePage;

    fn launch(_: &Launch, _: &mut Context<Self>) -> Self {
        Self::default()
    }

    fn update(&mut self, msg: Msg, _: &mut Context<Self>) {
        self.gone |= matches!(msg, Msg::Gone);
        self.heard.push(msg);
    }

    fn view(&self, _: &SinglePage) -> View<'_, Msg> {
        let vanishing = input("")
            .label("vanishing")
            .on_input(|_| Msg::Gone)
            .on_change(Msg::Changed);
        view((
            input("")
                .label("input")
                .on_input(Msg::Typed)
                .on_change(Msg::Changed),
            textarea("")
                .label("area")
                .on_change(Msg::Changed)
                .on_focus(Msg::Focus)
                .on_blur(Msg::Blur),
            checkbox(false).label("checkbox").on_toggle(Msg::Toggled),
            switch(true).label("switch").on_toggle(Msg::Toggled),
            slider(0.0..=10.0, 5.0)
                .label("slider")
                .on_slide(Msg::Sliding)
                .on_slid(Msg::Slid),
            picker(["a", "b", "c"], Some(0))
                .label("picker")
                .on_pick(Msg::Picked),
            time_picker(None).label("time").on_change(Msg::Changed),
            (
                radio("size", "small", true),
                radio("size", "large", false).on_change(Msg::Changed),
            ),
            swiper(0, (text("one"), text("two")))
                .label("swiper")
                .on_pick(Msg::Swiped),
            button("button")
                .on_tap(Msg::Tapped)
                .on_long_press(Msg::Held),
            scroll("long").label("scroll").on_reach_end(Msg::End),
            (
                (!self.gone).then_some(vanishing),
                button("off").disabled(true).on_tap(Msg::Tapped),
            ),
        ))
    }
}

fn heard(act: impl FnOnce(&mut TestApp<Controls>)) -> Vec<Msg> {
    let mut app = TestApp::<Controls>::single();
    act(&mut app);
    app.app().heard.clone()
}

#[test]
fn typing_is_an_input_and_then_a_change() {
    assert_eq!(
        heard(|app| app.type_into("input", "hi")),
        [Msg::Typed("hi".into()), Msg::Changed("hi".into())]
    );
    assert_eq!(
        heard(|app| app.type_into("area", "hi")),
        [Msg::Changed("hi".into())]
    );
    assert_eq!(
        heard(|app| app.type_into("time", "11:30")),
        [Msg::Changed("11:30".into())]
    );
}

#[test]
fn an_input_that_its_own_text_takes_away_changes_no_more() {
    assert_eq!(heard(|app| app.type_into("vanishing", "x")), [Msg::Gone]);
}

#[test]
fn a_field_tells_when_it_is_entered_and_left() {
    let both = |app: &mut TestApp<Controls>| {
        app.focus("area", true);
        app.focus("area", false);
    };
    assert_eq!(heard(both), [Msg::Focus, Msg::Blur]);
}

#[test]
fn checkbox_and_switch_carry_on_or_off() {
    assert_eq!(
        heard(|app| app.turn("checkbox", true)),
        [Msg::Toggled(true)]
    );
    assert_eq!(
        heard(|app| app.turn("switch", false)),
        [Msg::Toggled(false)]
    );
}

#[test]
fn a_slider_is_moved_and_let_go() {
    assert_eq!(
        // To the nearest step.
        heard(|app| app.slide("slider", 7.5)),
        [Msg::Sliding(8.0), Msg::Slid(8.0)]
    );
}

#[test]
fn picker_and_swiper_carry_the_index() {
    assert_eq!(heard(|app| app.pick("picker", 2)), [Msg::Picked(2)]);
    assert_eq!(heard(|app| app.pick("swiper", 1)), [Msg::Swiped(1)]);
}

#[test]
fn a_radio_carries_its_value() {
    assert_eq!(
        heard(|app| app.choose("size", "large")),
        [Msg::Changed("large".into())]
    );
}

#[test]
fn a_button_is_tapped_or_held() {
    assert_eq!(heard(|app| app.tap("button")), [Msg::Tapped]);
    assert_eq!(heard(|app| app.hold("button")), [Msg::Held]);
}

#[test]
fn a_scroll_view_tells_of_its_end() {
    assert_eq!(heard(|app| app.scroll_to_end("scroll")), [Msg::End]);
}

#[test]
#[should_panic(expected = "this is disabled")]
fn what_is_disabled_cannot_be_tapped() {
    heard(|app| app.tap("off"));
}

#[test]
#[should_panic(expected = "nothing called \"swich\" takes Trigger::Change")]
fn a_wrong_name_is_told_apart() {
    heard(|app| app.turn("swich", true));
}

/// Fields that take only some of what is typed.
#[derive(Default)]
struct Choosy(Vec<String>);

impl App for Choosy {
    type Msg = String;
    type Page = SinglePage;

    fn launch(_: &Launch, _: &mut Context<Self>) -> Self {
        Self::default()
    }

    fn update(&mut self, msg: String, _: &mut Context<Self>) {
        self.0.push(msg);
    }

    fn view(&self, _: &SinglePage) -> View<'_, String> {
        view((
            input("")
                .kind(InputKind::Number)
                .label("whole")
                .on_change(|text| text),
            input("")
                .kind(InputKind::Decimal)
                .label("decimal")
                .on_change(|text| text),
            input("")
                .max_length(2)
                .label("short")
                .on_change(|text| text),
            date_picker(None)
                .earliest("2026-01-05")
                .latest("2026-02-28")
                .label("day")
                .on_change(|text| text),
            slider(0.0..=10.0, 0.0)
                .step(2.5)
                .label("slider")
                .on_slid(|number| number.to_string()),
        ))
    }
}

#[test]
fn what_a_person_puts_in_becomes_what_a_host_makes_of_it() {
    let mut app = TestApp::<Choosy>::single();
    app.type_into("whole", "\u{661}\u{662}");
    app.type_into("decimal", "12,5");
    app.type_into("short", "\u{1F468}\u{200D}\u{1F469}bc");
    app.type_into("day", "2026-01-05");
    app.type_into("day", "");
    app.slide("slider", 6.0);
    let taken = [
        "12",
        "12.5",
        "\u{1F468}\u{200D}\u{1F469}b",
        "2026-01-05",
        "",
        "5",
    ];
    assert_eq!(app.app().0, taken);
}

#[test]
#[should_panic(expected = "whole number")]
fn half_a_guest_is_no_number_of_guests() {
    TestApp::<Choosy>::single().type_into("whole", "12.5");
}

#[test]
#[should_panic(expected = "must exist")]
fn february_has_no_thirtieth() {
    TestApp::<Choosy>::single().type_into("day", "2026-02-30");
}

#[test]
#[should_panic(expected = "outside the bounds")]
fn a_day_outside_the_bounds_cannot_be_chosen() {
    TestApp::<Choosy>::single().type_into("day", "2026-03-01");
}
