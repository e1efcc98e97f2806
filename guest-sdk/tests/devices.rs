//! What the test kit has in place of a device: the scanner, and Bluetooth.

use lapak_sdk::Following;
use lapak_sdk::bluetooth::{Error, Watch};
use lapak_sdk::prelude::*;
use lapak_sdk::scan::{Code, Symbology};
use lapak_sdk::testing::{
    Capability, LOCK_COMMAND, LOCK_SERVICE, LOCK_STATE, Preparation, TestApp,
};

/// Scans a lock's id, and unlocks it.
#[derive(Default)]
struct Rental {
    lock: Option<String>,
    said: String,
    following: Option<Following>,
}

#[derive(Clone)]
enum Msg {
    Scan,
    Scanned(Result<Code, scan::Error>),
    Unlock,
    Unlocked(Result<String, Error>),
    State(Result<Vec<u8>, Error>),
    Leave,
}

async fn unlock(id: String) -> Result<String, Error> {
    let found = bluetooth::discover(&[LOCK_SERVICE], 5_000).await?;
    let lock = found.into_iter().find(|device| device.name == id);
    let lock = lock.ok_or(Error::Disconnected)?.id;
    bluetooth::connect(&lock).await?;
    let command = [&[1], id.as_bytes()].concat();
    bluetooth::write(&lock, LOCK_SERVICE, LOCK_COMMAND, &command).await?;
    let state = bluetooth::read(&lock, LOCK_SERVICE, LOCK_STATE).await?;
    assert_eq!(state, [1]);
    Ok(lock)
}

impl App for Rental {
    type Msg = Msg;
    type Page = SinglePage;

    fn launch(_: &Launch, _: &mut Context<Self>) -> Self {
        Self::default()
    }

    fn update(&mut self, msg: Msg, cx: &mut Context<Self>) {
        match msg {
            Msg::Scan => cx.spawn(scan::scan(&[Symbology::QrCode]), Msg::Scanned),
            Msg::Scanned(Ok(code)) => {
                self.said = format!("bicycle {}", code.text);
                self.lock = Some(code.text);
            }
            Msg::Scanned(Err(error)) => self.said = error.name().into(),
            Msg::Unlock => cx.spawn(unlock(self.lock.clone().unwrap_or_default()), Msg::Unlocked),
            Msg::Unlocked(Ok(device)) => {
                let watch: Result<Watch, Error> =
                    bluetooth::watch(&device, LOCK_SERVICE, LOCK_STATE);
                self.following = watch.ok().map(|watch| cx.follow(watch, Msg::State));
                self.lock = Some(device);
                self.said = "unlocked".into();
            }
            Msg::Unlocked(Err(error)) => self.said = error.name().into(),
            Msg::State(Ok(state)) => self.said = format!("state {state:?}"),
            Msg::State(Err(error)) => self.said = format!("state {}", error.name()),
            Msg::Leave => {
                let left = bluetooth::disconnect(self.lock.as_deref().unwrap_or_default());
                assert_eq!(left, Ok(()));
            }
        }
    }

    fn view(&self, _: &SinglePage) -> View<'_, Msg> {
        view((
            button("Scan").on_tap(Msg::Scan),
            button("Unlock").on_tap(Msg::Unlock),
            button("Leave").on_tap(Msg::Leave),
            text(&self.said).key("said"),
        ))
    }
}

fn rental() -> TestApp<Rental> {
    TestApp::single()
}

fn unlocked() -> TestApp<Rental> {
    let mut app = rental();
    app.add_lock("B-17");
    app.tap("Scan");
    app.show_qr_code("B-17");
    app.tap("Unlock");
    assert_eq!(app.text_of("said"), "unlocked");
    app
}

#[test]
fn a_code_is_shown_before_the_scanner_opens_or_after() {
    let mut app = rental();
    app.show_qr_code("early");
    app.tap("Scan");
    assert_eq!(app.text_of("said"), "bicycle early");
    app.tap("Scan");
    assert!(app.is_scanning());
    app.show_code(Symbology::Ean13, "not this kind");
    assert!(app.is_scanning());
    app.show_qr_code("late");
    assert_eq!(app.text_of("said"), "bicycle late");
    assert!(!app.is_scanning());
}

#[test]
fn the_person_may_close_the_scanner() {
    let mut app = rental();
    app.tap("Scan");
    app.close_scanner();
    assert_eq!(app.text_of("said"), "cancelled");
}

#[test]
fn a_lock_is_unlocked_and_tells_of_its_state() {
    let mut app = unlocked();
    assert!(!app.is_locked("B-17"));
    app.lock_by_hand("B-17");
    assert!(app.is_locked("B-17"));
    assert_eq!(app.text_of("said"), "state [0]");
}

#[test]
fn watches_end_with_the_connection() {
    for end in [
        (|app: &mut TestApp<Rental>| app.remove_bluetooth("B-17")) as fn(&mut TestApp<Rental>),
        |app| app.switch_bluetooth(false),
        |app| app.tap("Leave"),
    ] {
        let mut app = unlocked();
        end(&mut app);
        assert_eq!(app.text_of("said"), "state disconnected");
    }
}

#[test]
fn a_lock_refuses_a_wrong_code_and_one_that_is_away_is_not_found() {
    let mut app = rental();
    app.show_qr_code("B-99");
    app.tap("Scan");
    app.tap("Unlock");
    assert_eq!(app.text_of("said"), "disconnected");
    app.switch_bluetooth(false);
    app.tap("Unlock");
    assert_eq!(app.text_of("said"), "unavailable");
}

#[test]
fn what_is_not_lent_is_refused() {
    let prepared: Preparation<Rental> = TestApp::prepare(
        r#"{ "app_id": "a.b", "name": "A", "icons": [{ "src": "i.svg" }], "pages": ["pages/index"],
             "version": { "code": 1, "name": "1" }, "platform_version": { "min_code": 1 } }"#,
    );
    let mut app = prepared
        .deny(Capability::Scan)
        .deny(Capability::Bluetooth)
        .launch();
    app.tap("Scan");
    assert_eq!(app.text_of("said"), "access-denied");
    app.tap("Unlock");
    assert_eq!(app.text_of("said"), "access-denied");
}
