//! The bicycle rental, in a real browser, with simulated devices: one ride from the map to the receipt.

mod support;

use std::time::Duration;

use support::Server;
use support::browser::Browser;

const SEPEDA: &str = "examples/sepeda";
/// What is written on a bicycle's frame, and what its lock is called.
const CODE: &str = "https://sepeda.example/b/SPD-1042";
const LOCK: &str = "SPD-1042";

/// Whoever holds the browser, with a lock beside them.
struct Rider<'a> {
    server: &'a Server,
    browser: &'a Browser,
    person: String,
}

impl<'a> Rider<'a> {
    /// Opens the app, and lends it the location.
    async fn arrives(server: &'a Server, browser: &'a Browser, query: &str) -> Self {
        browser
            .open(&server.url(&format!("/a/sepeda{query}")))
            .await;
        browser.until_sheet("Sepeda").await;
        browser.tap_sheet("allow").await;
        browser.until_no_sheet().await;
        let person = browser.person(server).await;
        let rider = Self {
            server,
            browser,
            person,
        };
        rider.set(&format!("bluetooth add lock {LOCK}"));
        rider
    }

    /// Sets the device.
    fn set(&self, line: &str) {
        let set = self.server.devices.set(&self.person, line);
        set.unwrap_or_else(|error| panic!("{line}: {error}"));
    }

    /// Scans the code on the frame, and lends Bluetooth.
    async fn unlocks(&self) {
        self.set(&format!("scan qr {CODE}"));
        self.browser.click("[data-key=scan]").await;
        self.browser.until_sheet("Bluetooth").await;
        self.browser.tap_sheet("allow").await;
        self.browser.until_no_sheet().await;
        self.browser.until_text("[data-key=time]", "0:00").await;
    }

    /// Rides to the north-west, in steps, so that there is a way to look at.
    async fn rides(&self) {
        let north = [20, 30, 38, 42, 44, 48, 52, 52, 52];
        for (step, north) in north.into_iter().enumerate() {
            let (north, west) = (f64::from(north), 5.0 * step as f64);
            let (latitude, longitude) = (-6.175_392 + north * 7e-5, 106.827_153 - west * 7e-5);
            self.set(&format!("location {latitude} {longitude}"));
            // News that were overtaken are not told: each step waits for its dot.
            let dots = format!("document.querySelectorAll('.dot').length >= {}", step + 2);
            self.browser.until("the way grows", &dots).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ride_from_the_map_to_the_receipt() {
    let server = Server::of(&[SEPEDA]).await;
    let browser = Browser::start(390, 844).await;
    let rider = Rider::arrives(&server, &browser, "?lang=en").await;
    browser.until_text("[data-key=chosen]", "SPD-1042").await;
    browser.until_text("[data-key=chosen]", "125 m").await;
    browser.screenshot("sepeda-find").await;
    browser.click("[data-key=pin-1108]").await;
    browser.until_text("[data-key=chosen]", "SPD-1108").await;
    browser.click("[data-key=pin-1042]").await;
    browser.click("[data-key=rent]").await;
    browser.until_text(".lp-app", "Unlocking Rp 3.000").await;
    browser.screenshot("sepeda-unlock").await;
    rider.unlocks().await;
    rider.rides().await;
    server.pass(Duration::from_secs(247));
    browser.until_text("[data-key=time]", "4:07").await;
    browser.screenshot("sepeda-ride").await;
    // Loaded again, it goes on.
    browser.open(&server.url("/a/sepeda?lang=en")).await;
    browser
        .until_text("[data-key='ride.fare']", "Rp 5.500")
        .await;
    browser.until_text("[data-key=lock]", "Lock and end").await;
    browser.click("[data-key=lock]").await;
    browser.until_text("[data-key=total]", "Rp 5.500").await;
    browser.screenshot("sepeda-trip").await;
    browser.click("[data-key=pay]").await;
    browser.until_sheet("Pay Sepeda Kota").await;
    browser.pay_with_a_new_pin().await;
    browser.until_sheet("Receipt").await;
    browser.tap_sheet("done").await;
    browser.until_no_sheet().await;
    browser.until_text("[data-key=receipt]", "Receipt").await;
    browser.screenshot("sepeda-paid").await;
    browser.click("#back").await;
    browser.click("#tabs [data-page='pages/trips']").await;
    browser.until_text("[data-key=sum]", "on one ride").await;
    browser.screenshot("sepeda-trips").await;
    assert_eq!(server.balance("merchant:sepeda-kota"), 550_000);
    server.books();
    assert_eq!(browser.complaints().await, Vec::<String>::new());
}

/// In Indonesian, in the dark; the lever of the lock ends the ride.
#[tokio::test(flavor = "multi_thread")]
async fn the_lever_ends_the_ride() {
    let server = Server::of(&[SEPEDA]).await;
    let browser = Browser::start(390, 844).await;
    let rider = Rider::arrives(&server, &browser, "?lang=id&scheme=dark").await;
    browser.until_text("[data-key=chosen]", "Terdekat").await;
    browser.screenshot("sepeda-find-dark").await;
    rider.unlocks().await;
    rider.rides().await;
    server.pass(Duration::from_secs(59));
    browser.until_text("[data-key=time]", "0:59").await;
    browser.screenshot("sepeda-ride-dark").await;
    rider.set(&format!("bluetooth lock {LOCK}"));
    browser.until_text("[data-key=total]", "Rp 3.500").await;
    browser.until_text("[data-key=paid]", "Belum dibayar").await;
    browser.screenshot("sepeda-trip-dark").await;
    assert_eq!(browser.complaints().await, Vec::<String>::new());
}

/// What `make screenshots` puts into the README.
#[tokio::test(flavor = "multi_thread")]
async fn pictures_for_the_readme() {
    let server = Server::of(&[SEPEDA]).await;
    let browser = Browser::start(390, 844).await;
    browser.sharp(390, 844).await;
    let rider = Rider::arrives(&server, &browser, "?lang=en").await;
    browser.until_text("[data-key=chosen]", "125 m").await;
    browser.screenshot("sepeda-map").await;
    rider.unlocks().await;
    rider.rides().await;
    server.pass(Duration::from_secs(247));
    browser.until_text("[data-key=time]", "4:07").await;
    browser.screenshot("sepeda-riding").await;
}
