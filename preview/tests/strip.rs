//! What an app in full screen can draw, and what it cannot: the strip above it, and the person's sign.

mod support;

use lapak_abi::package::{Package, PackageLimits, PackageWriter};
use serde_json::{Value, json};
use support::browser::Browser;
use support::sheet::to_the_sheet;
use support::{Server, built, with_manifest};

const WARUNG: &str = "examples/warung";

/// What an app does that wants the whole phone, the strip too.
const GREEDY: &str = "
.lp-app, .screen, page { position: fixed; inset: -200px 0 0 0; top: -200px; margin-top: -200px; z-index: 2147483647;
  transform: translateY(-200px); background: #0f766e; }
.shell-strip, #strip, #strip-lit, .sheet-sign, .sign { display: none !important; }
";

fn greedy(package: &Package) -> Package {
    let package = with_manifest(package, |manifest| {
        manifest["window"]["fullscreen"] = json!(true);
        manifest["name"] = json!("Lapak asks. Look for your sign.");
    });
    let mut writer = PackageWriter::new();
    for (path, bytes) in package.files() {
        let more = if path == "app.css" { GREEDY } else { "" };
        let bytes = [bytes, more.as_bytes()].concat();
        writer.file(path, bytes).expect("a file");
    }
    let bytes = writer.finish().expect("a package");
    Package::read(bytes, &PackageLimits::default()).expect("reads")
}

/// Where the strip and the app are, who is on top in the strip, and what is said where.
const LOOK: &str = "
const box = (id) => { const r = document.getElementById(id).getBoundingClientRect(); return [r.left, r.top, r.right, r.bottom]; };
const strip = document.getElementById('strip');
const { left, top, width, height } = strip.getBoundingClientRect();
// Not in the corners, which are round on a desk.
const places = [0.15, 0.3, 0.5, 0.7, 0.85].map((x) => document.elementFromPoint(left + width * x, top + height / 2));
const lit = document.getElementById('strip-lit');
return {
  strip: box('strip'), app: box('box'), height: innerHeight,
  ours: places.every((one) => strip.contains(one)),
  says: strip.innerText, colour: getComputedStyle(strip).backgroundColor,
  lit: lit.matches(':popover-open'), litBox: box('strip-lit'), litSays: lit.innerText,
  litColour: getComputedStyle(lit).backgroundColor,
  sign: JSON.parse(document.getElementById('sign').textContent).words,
  sheet: document.getElementById('sheet').innerText,
  inApp: document.getElementById('box').outerHTML + document.getElementById('state').textContent,
};
";

async fn look(browser: &Browser) -> Value {
    let look = browser.client.execute(LOOK, vec![]).await;
    look.expect("the script runs")
}

/// Whether two boxes are the same, to a pixel.
fn same(one: &Value, other: &Value) -> bool {
    let edge = |of: &Value, at: usize| of[at].as_f64().unwrap_or(f64::NAN);
    (0..4).all(|at| (edge(one, at) - edge(other, at)).abs() <= 1.0)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_strip_and_the_sign_are_the_hosts_also_in_full_screen() {
    for (width, height, name) in [(390, 844, "phone"), (1280, 960, "desk")] {
        let server = Server::of(&[]).await;
        let package = tokio::task::spawn_blocking(|| built(WARUNG)).await;
        let package = package.expect("built");
        server.show("warung", greedy(&package)).await;
        let browser = Browser::start(width, height).await;
        // The person sees their sign before any app asks for anything.
        browser.open(&server.url("/")).await;
        browser.screenshot(&format!("sign-home-{name}")).await;
        let shown = browser.text(".home-sign h2").await;
        assert!(shown.contains(' '), "{shown}");

        browser.open(&server.url("/a/warung")).await;
        browser
            .until("the app is there", "document.querySelector('.lp-app')")
            .await;
        browser.screenshot(&format!("strip-{name}")).await;
        let before = look(&browser).await;
        assert_eq!(before["ours"], true, "{before}");
        // Whatever the app is called, it is called an app.
        assert!(
            before["says"]
                .as_str()
                .is_some_and(|says| says.starts_with("App · ")),
            "{before}"
        );
        let (strip_ends, app_begins) = (before["strip"][3].as_f64(), before["app"][1].as_f64());
        assert!(strip_ends <= app_begins, "{before}");
        assert_eq!(before["lit"], false);
        assert_ne!(before["litColour"], before["colour"]);

        // The real one.
        server.show("warung", package.clone()).await;
        to_the_sheet(&browser, &server).await;
        let ready = "!document.querySelector('#sheet [data-sheet=continue]').disabled";
        browser.until("the sheet takes taps", ready).await;
        browser.screenshot(&format!("strip-lit-{name}")).await;
        let asking = look(&browser).await;
        let sign = asking["sign"].as_str().expect("a sign").to_owned();
        assert_eq!(sign, shown);
        assert_eq!(asking["lit"], true, "{asking}");
        assert!(same(&asking["litBox"], &asking["strip"]), "{asking}");
        assert_eq!(asking["litSays"], "Lapak asks. Look for your sign.");
        assert!(
            asking["sheet"]
                .as_str()
                .is_some_and(|sheet| sheet.contains(&sign)),
            "{asking}"
        );
        // Nothing of it is where an app is drawn from, before or after.
        for seen in [&before, &asking] {
            let app = seen["inApp"].as_str().expect("text");
            assert!(!app.contains(&sign), "{app}");
        }
        // It stays through the PIN, and goes out with the sheet.
        browser.tap_sheet("continue").await;
        browser.until_sheet("Choose a PIN").await;
        browser.until_sheet(&sign).await;
        browser.screenshot(&format!("sign-pin-{name}")).await;
        browser.tap_sheet("back").await;
        browser.tap_sheet("cancel").await;
        browser.until_no_sheet().await;
        assert_eq!(look(&browser).await["lit"], false);
        assert_eq!(browser.complaints().await, Vec::<String>::new());
    }
}

/// Another sign, wanted on the page of apps, is on the next sheet.
#[tokio::test(flavor = "multi_thread")]
async fn the_person_can_have_another_sign() {
    let server = Server::of(&[WARUNG]).await;
    let browser = Browser::start(390, 844).await;
    browser.open(&server.url("/")).await;
    let first = browser.text(".home-sign h2").await;
    browser.click("#another-sign").await;
    let other = serde_json::to_string(&first).expect("JSON");
    let changed = format!("document.querySelector('.home-sign h2')?.innerText !== {other}");
    browser.until("it is another", &changed).await;
    browser
        .until(
            "the page is there",
            "document.querySelector('.home-sign h2')",
        )
        .await;
    let second = browser.text(".home-sign h2").await;
    to_the_sheet(&browser, &server).await;
    browser.until_sheet(&second).await;
}
