//! The device lab: a person's simulated device is set in the inspector and over the socket; questions are answered, shown and
//! taken back.

mod support;

use std::time::Duration;

use serde_json::{Value, json};
use support::browser::Browser;
use support::shell::{Shell, get, node_of_key};
use support::{Server, built};

const HOSTILE: &str = "host/tests/guests/hostile";
const WATCH: &str =
    "/a/hostile?page=pages/main%3Fdo%3Dcall-location-watch%26at%3Dinteraction%26with%3Dprecise%2C0";
const ONCE: &str =
    "/a/hostile?page=pages/main%3Fdo%3Dcall-location-once%26at%3Dinteraction%26with%3Dprecise";

/// Launches the hostile app so that a tap does something; gives its session's address and the person's cookie.
async fn launched(server: &Server, address: &str, cookie: Option<&str>) -> (String, String) {
    let headers: Vec<_> = cookie.map(|one| ("cookie", one)).into_iter().collect();
    let response = get(server, address, &headers).await;
    let header = |name: &str| {
        let value = response.headers().get(name)?;
        Some(value.to_str().expect("text").to_owned())
    };
    let set = header("set-cookie").unwrap_or_default();
    let set = set.split(';').next().unwrap_or_default().to_owned();
    (
        header("location").expect("a session"),
        cookie.map_or(set, str::to_owned),
    )
}

async fn device(shell: &mut Shell, line: &str) -> Value {
    shell.say(&json!({ "t": "device", "line": line })).await;
    shell.hear("device").await
}

/// Taps, and agrees when the question comes.
async fn agree(shell: &mut Shell, page: &Value, answer: &str) {
    begin_to_agree(shell, page, answer).await;
    shell.hear("sheet-done").await;
}

/// The same without waiting for the end of the sheet.
async fn begin_to_agree(shell: &mut Shell, page: &Value, answer: &str) {
    shell.tap(node_of_key(page, "tap")).await;
    let sheet = loop {
        let sheets = shell.hear("sheets").await;
        if let Some(sheet) = sheets["sheets"].get(0) {
            break sheet["id"].clone();
        }
    };
    let answer = json!({ "t": "sheet-consent", "sheet": sheet, "answer": answer });
    shell.say(&answer).await;
}

/// The answer of this kind, and a patch that says this, whichever comes first.
async fn answer_and_patch(shell: &mut Shell, kind: &str, says: &str) -> Value {
    let (mut answer, mut patched) = (None, false);
    let heard = async {
        while answer.is_none() || !patched {
            let message = shell.next().await;
            patched |= message["t"] == "patch" && message.to_string().contains(says);
            if message["t"] == kind {
                answer = Some(message);
            }
        }
    };
    let heard = tokio::time::timeout(Duration::from_secs(20), heard).await;
    heard.unwrap_or_else(|_| panic!("no {kind:?} with a patch that says {says:?} came"));
    answer.expect("heard")
}

#[tokio::test]
async fn a_line_sets_the_device_of_one_person_in_all_their_apps() {
    let server = Server::of(&[HOSTILE]).await;
    let (session, cookie) = launched(&server, WATCH, None).await;
    let (mut shell, page) = Shell::hello(&server, &session, "one").await;
    agree(&mut shell, &page, "while-in-use").await;
    shell
        .say(&json!({ "t": "device", "line": "location 1.25 2.5 7" }))
        .await;
    let set = answer_and_patch(&mut shell, "device", "latitude: 1.25").await;
    assert_eq!(set["parts"]["location"]["latitude"], 1.25, "{set}");
    assert_eq!(set["error"], Value::Null);

    for (line, says) in [
        ("location north", "location LATITUDE"),
        ("toaster on", "it has"),
        ("", "name a part"),
    ] {
        let wrong = device(&mut shell, line).await;
        let error = wrong["error"].as_str().expect("an error");
        assert!(error.contains(says), "{error}");
        assert_eq!(wrong["parts"]["location"]["latitude"], 1.25);
    }
    let long = device(&mut shell, &format!("location {}", "1".repeat(20_000))).await;
    assert!(long["error"].to_string().contains("bytes"), "{long}");

    let (other, _) = launched(&server, WATCH, Some(&cookie)).await;
    let (mut same, _) = Shell::hello(&server, &other, "two").await;
    same.say(&json!({ "t": "device" })).await;
    let shown = same.hear("device").await;
    assert_eq!(shown["parts"]["location"]["latitude"], 1.25);
    let (other, _) = launched(&server, WATCH, None).await;
    let (mut stranger, _) = Shell::hello(&server, &other, "three").await;
    stranger.say(&json!({ "t": "device" })).await;
    let shown = stranger.hear("device").await;
    assert_ne!(shown["parts"]["location"]["latitude"], 1.25);
}

#[tokio::test]
async fn the_audit_is_told_by_capability_and_time_and_consent_is_taken_back() {
    let server = Server::of(&[HOSTILE]).await;
    let (session, _) = launched(&server, ONCE, None).await;
    let (mut shell, page) = Shell::hello(&server, &session, "one").await;
    begin_to_agree(&mut shell, &page, "always").await;
    answer_and_patch(&mut shell, "sheet-done", "latitude").await;
    let audit = |trust: &Value| trust["audit"].as_array().expect("a list").len();
    let trust = async |shell: &mut Shell, of: Value| {
        shell.say(&json!({ "t": "trust", "of": of })).await;
        shell.hear("trust").await
    };
    let week = trust(&mut shell, json!({ "capability": "location", "days": 7 })).await;
    assert_eq!(audit(&week), 1, "{week}");
    assert_eq!(week["consents"][0]["capability"], "location");
    let none = trust(&mut shell, json!({ "days": 0 })).await;
    assert_eq!(audit(&none), 0, "{none}");
    let payments = trust(&mut shell, json!({ "capability": "payments" })).await;
    assert_eq!(audit(&payments), 0, "{payments}");

    let back = json!({ "t": "take-back", "capability": "location" });
    shell.say(&back).await;
    assert_eq!(shell.hear("trust").await["consents"], json!([]));
    shell.tap(node_of_key(&page, "tap")).await;
    while !shell
        .hear("patch")
        .await
        .to_string()
        .contains("access-denied")
    {}
}

#[tokio::test]
async fn uninstalling_forgets_what_was_answered_and_closes_the_app() {
    let server = Server::of(&[HOSTILE]).await;
    let (session, cookie) = launched(&server, ONCE, None).await;
    let (mut shell, page) = Shell::hello(&server, &session, "one").await;
    agree(&mut shell, &page, "always").await;
    shell.say(&json!({ "t": "uninstall" })).await;
    let ended = shell.hear("ended").await;
    assert_eq!(ended["closed"], true, "{ended}");
    let person = server.preview.person_of(&cookie).expect("a person");
    let person = person.as_str();
    let mut answers = server.runtime.consents(person).expect("read");
    for _ in 0..100 {
        if answers.is_empty() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        answers = server.runtime.consents(person).expect("read");
    }
    assert_eq!(answers, []);
    // Opened again, it asks again.
    let (session, _) = launched(&server, ONCE, Some(&cookie)).await;
    let (mut shell, page) = Shell::hello(&server, &session, "two").await;
    agree(&mut shell, &page, "once").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn uninstalling_leaves_no_session_on_disk_to_come_back_to() {
    let server = Server::of(&[HOSTILE]).await;
    let (old, cookie) = launched(&server, ONCE, None).await;
    let (stranger, _) = launched(&server, ONCE, None).await;
    for session in [&old, &stranger] {
        let (mut shell, page) = Shell::hello(&server, session, "one").await;
        shell.tap(node_of_key(&page, "tap")).await;
        shell.hear("sheets").await;
    }
    let server = server.again("hostile").await;
    let package = tokio::task::spawn_blocking(|| built(HOSTILE)).await;
    server.show("hostile", package.expect("built")).await;
    // Nobody has come back to the old one yet, but to a new one of the same person.
    let (new, _) = launched(&server, ONCE, Some(&cookie)).await;
    let (mut shell, _) = Shell::hello(&server, &new, "two").await;
    shell.say(&json!({ "t": "uninstall" })).await;
    shell.hear("ended").await;
    assert_eq!(get(&server, &old, &[]).await.status(), 404);
    assert_eq!(get(&server, &stranger, &[]).await.status(), 200);
}

const GPX: &str = "<?xml version='1.0'?><gpx xmlns='http://www.topografix.com/GPX/1/1' version='1.1'><trk><name>Ride</name><trkseg>\
    <trkpt lat='-6.1754' lon='106.8272'><time>2026-01-05T06:00:00Z</time></trkpt>\
    <trkpt lat='-6.1850' lon='106.8231'><time>2026-01-05T06:00:10Z</time></trkpt>\
    <trkpt lat='-6.1950' lon='106.8231'><time>2026-01-05T06:00:20Z</time></trkpt></trkseg></trk></gpx>";

#[tokio::test(flavor = "multi_thread")]
async fn a_person_moves_the_device_on_the_map_and_rides_along_a_track() {
    let server = Server::of(&[HOSTILE]).await;
    let browser = Browser::start(1440, 960).await;
    browser.open(&server.url(WATCH)).await;
    browser.click("[data-key=tap]").await;
    browser.tap_sheet("allow").await;
    browser.until_text(".lp-app", "latitude: -6.175392").await;
    browser.click("#tab-device").await;
    browser
        .until_text(".device-state", "latitude -6.175392")
        .await;
    browser.screenshot("device-light").await;
    // A click in the middle of the field, some way from the marker's pin; then the keyboard.
    browser.click(".map").await;
    browser
        .until(
            "the click moved the device",
            "!document.querySelector('.device-state').textContent.includes('106.827153')",
        )
        .await;
    browser.type_into(".map", "\u{e013}").await;
    browser
        .until(
            "the key moved the device north",
            "parseFloat(document.querySelector('[name=latitude]').value) > -6.1752",
        )
        .await;
    // By its line, as a script would; what is wrong is said.
    let words = "[data-part=location] .device-line input";
    browser.type_into(words, "-6.25 106.75 12").await;
    browser
        .click("[data-part=location] .device-line button")
        .await;
    browser.until_text(".lp-app", "latitude: -6.25,").await;
    browser.type_into(words, "x").await;
    browser
        .click("[data-part=location] .device-line button")
        .await;
    browser
        .until_text(".device-error", "location LATITUDE")
        .await;

    let file = tempfile::Builder::new()
        .suffix(".gpx")
        .tempfile()
        .expect("a file");
    std::fs::write(file.path(), GPX).expect("written");
    let path = file.path().to_str().expect("a path");
    browser.type_into("input[type=file]", path).await;
    browser.until_text(".device-says", "km in 00:20").await;
    browser.until_text(".lp-app", "latitude: -6.1754,").await;
    browser.click("[aria-label=Speed] option[value='10']").await;
    browser.click("[data-play]").await;
    browser.until_text(".lp-app", "latitude: -6.195,").await;
    browser.until_text("[data-play]", "Play").await;
    browser.screenshot("device-track").await;
    browser.dark().await;
    browser.screenshot("device-dark").await;
    browser.sharp(390, 844).await;
    browser.click("#menu-button").await;
    browser.click("[data-do=inspector]").await;
    browser.screenshot("device-phone").await;
    assert_eq!(browser.complaints().await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_app_did_with_the_location_this_week_is_on_show() {
    let server = Server::of(&[HOSTILE]).await;
    let browser = Browser::start(1440, 960).await;
    browser.open(&server.url(ONCE)).await;
    browser.click("[data-key=tap]").await;
    browser.tap_sheet("once").await;
    browser.until_text(".lp-app", "latitude").await;
    browser.click("[data-key=tap]").await;
    browser.tap_sheet("allow").await;
    browser.click("#tab-trust").await;
    browser
        .until_text("#panel-trust", "location is allowed")
        .await;
    browser
        .click("[aria-label='Of which capability'] option[value=location]")
        .await;
    browser
        .until_text(
            ".inspector-filter output",
            "location in the last 7 days: used 2 times, refused 0 times",
        )
        .await;
    browser.screenshot("trust-location").await;
    browser.click("[data-take-back=location]").await;
    browser
        .until(
            "the answer is gone",
            "!document.querySelector('[data-take-back]')",
        )
        .await;
    browser.click("[data-uninstall]").await;
    browser
        .until_text("[data-uninstall]", "Forget everything?")
        .await;
    browser.click("[data-uninstall]").await;
    browser.until_text("#over", "The app was closed").await;
    browser.sharp(390, 844).await;
    browser.screenshot("trust-phone").await;
}

/// Shows parts that this host need not have, and keeps what the panels say.
const OTHER_PARTS: &str = "const done = arguments[arguments.length - 1]; \
    import('/_lapak/inspector-device.js').then(({ DevicePanel }) => { \
      const panel = document.querySelector('#panel-device'); panel.replaceChildren(); window.told = []; \
      new DevicePanel(panel, document.querySelector('#tab-device'), (message) => window.told.push(message.line)).show({ error: null, parts: { \
        battery: { level: 80, charging: false }, network: { kind: 'wifi', metered: false }, device: { theme: 'light', locale: 'en' }, \
        motion: { accelerometer: [0, 0, 9.8], compass: 0 }, scan: null, bluetooth: { devices: [] }, toaster: { on: true } } }); \
      done(true); });";

#[tokio::test(flavor = "multi_thread")]
async fn panels_say_the_words_that_a_script_would() {
    let server = Server::of(&[HOSTILE]).await;
    let browser = Browser::start(1440, 1100).await;
    browser.open(&server.url(WATCH)).await;
    browser.click("#tab-device").await;
    browser.until_text(".device-state", "latitude").await;
    let drawn = browser.client.execute_async(OTHER_PARTS, vec![]).await;
    drawn.expect("the script runs");
    browser.click("[data-part=battery] .device-check").await;
    browser.click("[data-part=network] .device-check").await;
    browser
        .click("[data-part=network] [data-words=cellular]")
        .await;
    browser.click("[data-part=network] [data-words=off]").await;
    browser
        .click("[data-part=device] [data-words='theme dark']")
        .await;
    browser
        .click("[data-part=device] [data-words='locale id']")
        .await;
    let code = "[data-part=scan] .device-row input";
    browser.type_into(code, "lapak:meja 7").await;
    browser
        .click("[data-part=scan] .device-row .inspector-button")
        .await;
    let lock = "[data-part=bluetooth] .device-row input";
    browser.type_into(lock, "SPD-0042").await;
    browser
        .click("[data-part=bluetooth] .device-row .inspector-button")
        .await;
    browser
        .type_into("[data-part=toaster] .device-line input", "off")
        .await;
    browser
        .click("[data-part=toaster] .device-line button")
        .await;
    let told = browser.client.execute("return window.told", vec![]).await;
    let said = [
        "battery 80 charging",
        "network wifi metered",
        "network cellular metered",
        "network off",
        "device theme dark",
        "device locale id",
        "scan qr lapak:meja 7",
        "bluetooth add lock SPD-0042",
        "toaster off",
    ];
    assert_eq!(told.expect("the script runs"), json!(said));
    browser.screenshot("device-parts").await;
    browser.dark().await;
    browser.sharp(390, 844).await;
    browser.click("#menu-button").await;
    browser.click("[data-do=inspector]").await;
    browser.screenshot("device-parts-phone").await;
}
