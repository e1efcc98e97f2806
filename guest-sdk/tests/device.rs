//! Apps that use the device, under a test that says what it is like.

use lapak_sdk::Following;
use lapak_sdk::prelude::*;
use lapak_sdk::testing::{Capability, TestApp};

const MANIFEST: &str = r#"{
    "app_id": "test.lapak.device", "name": "Device", "icons": [{ "src": "common/icon.svg" }], "pages": ["pages/index"],
    "version": { "code": 1, "name": "1.0.0" }, "platform_version": { "min_code": 1 }
}"#;

/// Follows everything that can be followed, and shows the last news of each.
#[derive(Default)]
struct Gauges {
    battery: String,
    network: String,
    device: String,
    motion: String,
    clipboard: String,
    following: Vec<Following>,
}

#[derive(Clone)]
enum Msg {
    Battery(Result<battery::Status, battery::Error>),
    Network(Result<network::Status, network::Error>),
    Device(Result<device::Information, device::Error>),
    Motion(Result<motion::Reading, motion::Error>),
    Paste,
    Pasted(Result<Option<String>, clipboard::Error>),
    Copy,
    Copied(Result<(), clipboard::Error>),
    Stop,
}

impl App for Gauges {
    type Msg = Msg;
    type Page = SinglePage;

    fn launch(_: &Launch, cx: &mut Context<Self>) -> Self {
        let mut app = Self::default();
        let battery = battery::watch().map(|watch| cx.follow(watch, Msg::Battery));
        let network = network::watch().map(|watch| cx.follow(watch, Msg::Network));
        let device = device::watch().map(|watch| cx.follow(watch, Msg::Device));
        let motion = motion::watch(motion::Sensor::Compass, 100);
        let motion = motion.map(|watch| cx.follow(watch, Msg::Motion));
        app.following.extend(battery);
        app.following.extend(network);
        app.following.extend(device);
        app.following.extend(motion);
        app
    }

    fn update(&mut self, msg: Msg, cx: &mut Context<Self>) {
        match msg {
            Msg::Battery(Ok(now)) => self.battery = format!("{}%", now.percent),
            Msg::Battery(Err(error)) => self.battery = format!("{error:?}"),
            Msg::Network(now) => self.network = format!("{now:?}"),
            Msg::Device(now) => self.device = now.map(|now| now.locale).unwrap_or_default(),
            Msg::Motion(now) => self.motion = format!("{now:?}"),
            Msg::Paste => cx.spawn(clipboard::read(), Msg::Pasted),
            Msg::Pasted(text) => self.clipboard = format!("{text:?}"),
            Msg::Copy => {
                let _ = vibration::vibrate(20);
                cx.spawn(clipboard::write("hello"), Msg::Copied);
            }
            Msg::Copied(done) => self.clipboard = format!("{done:?}"),
            Msg::Stop => self.following.clear(),
        }
    }

    fn view(&self, _: &SinglePage) -> View<'_, Msg> {
        view((
            text(&self.battery).key("battery"),
            text(&self.network).key("network"),
            text(&self.device).key("device"),
            text(&self.motion).key("motion"),
            text(&self.clipboard).key("clipboard"),
            button("Paste").on_tap(Msg::Paste),
            button("Copy").on_tap(Msg::Copy),
            button("Stop").on_tap(Msg::Stop),
        ))
    }
}

#[test]
fn watches_have_news_at_once_and_as_the_device_changes_until_they_stop() {
    let mut app = TestApp::<Gauges>::launch(MANIFEST, "en");
    assert_eq!(app.text_of("battery"), "80%");
    assert_eq!(app.text_of("device"), "en");
    assert!(app.text_of("network").contains("Wifi"));
    app.set_battery(15, false);
    app.set_network(network::Kind::None, false);
    app.change_device(|device| device.locale = "id".into());
    app.sense(motion::Sensor::Compass, 90.0, 0.0, 0.0);
    assert_eq!(app.text_of("battery"), "15%");
    assert_eq!(app.text_of("device"), "id");
    assert!(app.text_of("network").contains("None"));
    assert!(app.text_of("motion").contains("x: 90.0"));
    app.lose_sensor(motion::Sensor::Compass);
    assert!(app.text_of("motion").starts_with("Err"));
    app.tap("Stop");
    app.set_battery(50, true);
    app.lose_battery();
    assert_eq!(app.text_of("battery"), "15%");
}

#[test]
fn what_is_copied_can_be_read_and_the_device_vibrates() {
    let mut app = TestApp::<Gauges>::launch(MANIFEST, "en");
    app.tap("Paste");
    assert_eq!(app.text_of("clipboard"), "Ok(None)");
    app.copy("42");
    app.tap("Paste");
    assert_eq!(app.text_of("clipboard"), "Ok(Some(\"42\"))");
    app.tap("Copy");
    assert_eq!(app.copied().as_deref(), Some("hello"));
    assert_eq!(app.vibrations(), [20]);
}

#[test]
fn what_is_denied_is_a_value() {
    let mut app = TestApp::<Gauges>::prepare(MANIFEST);
    for denied in [
        Capability::Battery,
        Capability::Network,
        Capability::Device,
        Capability::Motion,
        Capability::Clipboard,
        Capability::Vibration,
    ] {
        app = app.deny(denied);
    }
    let mut app = app.launch();
    assert_eq!(app.text_of("battery"), "");
    app.tap("Copy");
    assert!(app.text_of("clipboard").starts_with("Err"));
    assert!(app.vibrations().is_empty() && app.copied().is_none());
}
