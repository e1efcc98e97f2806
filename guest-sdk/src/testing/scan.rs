//! What a test holds in front of the scanner.

use super::TestApp;
use crate::app::App;
use crate::scan::{Code, Symbology};
use crate::simulated;

impl<A: App> TestApp<A> {
    /// Shows a QR code to the scanner: to the one that is open, or else to the next.
    pub fn show_qr_code(&mut self, says: &str) {
        self.show_code(Symbology::QrCode, says);
    }

    /// Shows a code of any kind to the scanner.
    pub fn show_code(&mut self, symbology: Symbology, says: &str) {
        let text = says.to_owned();
        self.told_of(|host| host.scan.show(Code { symbology, text }));
    }

    /// Whether the scanner is open.
    #[must_use]
    pub fn is_scanning(&self) -> bool {
        simulated::with(|host| host.scan.is_open())
    }

    /// The person closes the scanner.
    ///
    /// # Panics
    /// When none is open.
    pub fn close_scanner(&mut self) {
        assert!(
            self.is_scanning(),
            "no scanner is open. On show:\n{}",
            self.snapshot()
        );
        self.told_of(|host| host.scan.close());
    }

    /// The next picture that the app reads says this; `None`, and without this: nothing.
    pub fn next_picture_says(&mut self, code: Option<Code>) {
        simulated::with(|host| host.scan.pictures.push_back(code));
    }

    /// Changes something that some requests must be told of.
    pub(super) fn told_of(&mut self, change: impl FnOnce(&mut simulated::Host) -> Vec<u32>) {
        simulated::with(|host| {
            let told = change(host);
            host.waiting.extend(told);
        });
        self.settle();
    }
}
