//! A person at the payment sheet.

use super::Server;
use super::browser::Browser;

/// Not among the first that anybody would guess.
pub(crate) const PIN: &str = "280417";

impl Browser {
    /// Waits for the sheet, and until it takes taps.
    pub(crate) async fn until_sheet(&self, says: &str) {
        self.until_text("#sheet", says).await;
    }

    /// Taps one of the sheet's buttons, once it takes taps.
    pub(crate) async fn tap_sheet(&self, name: &str) {
        let css = format!("#sheet [data-sheet={name}]");
        let ready = format!("document.querySelector(\"{css}\")?.disabled === false");
        self.until(&format!("the sheet takes a tap on {name}"), &ready)
            .await;
        self.click(&css).await;
    }

    /// Taps digits on the pad.
    pub(crate) async fn tap_digits(&self, digits: &str) {
        for digit in digits.chars() {
            let nth = if digit == '0' {
                11
            } else {
                digit.to_digit(10).unwrap_or_default()
            };
            self.click(&format!("#sheet .sheet-pad > :nth-child({nth})"))
                .await;
        }
    }

    /// Chooses the first PIN and pays.
    pub(crate) async fn pay_with_a_new_pin(&self) {
        self.tap_sheet("continue").await;
        self.until_sheet("Choose a PIN").await;
        self.tap_digits(PIN).await;
        self.tap_sheet("agree").await;
        self.until_sheet("Once more").await;
        self.tap_digits(PIN).await;
        self.tap_sheet("agree").await;
    }

    /// Pays with the PIN that was chosen before.
    pub(crate) async fn pay_with_pin(&self, pin: &str) {
        self.tap_sheet("continue").await;
        self.until_sheet("Enter your PIN").await;
        self.tap_digits(pin).await;
        self.tap_sheet("agree").await;
    }

    /// Waits until no sheet is open.
    pub(crate) async fn until_no_sheet(&self) {
        self.until(
            "the sheet is gone",
            "!document.querySelector('#sheet').open",
        )
        .await;
    }
}

/// Puts two dishes for Rp 58.000 and the packaging for Rp 2.000 into the basket, and taps on Pay.
pub(crate) async fn to_the_sheet(browser: &Browser, server: &Server) {
    browser.open(&server.url("/a/warung")).await;
    browser.click("[aria-label='Add Nasi goreng']").await;
    browser.until_text(".lp-app", "1 item").await;
    browser.click("[aria-label='Add Sate ayam']").await;
    browser.until_text(".lp-app", "2 items").await;
    browser.click("#tabs [data-page='pages/basket']").await;
    browser.until_text("[data-key=pay]", "Pay Rp 60.000").await;
    browser.click("[data-key=pay]").await;
    browser.until_sheet("Pay Warung Bu Sari").await;
}
