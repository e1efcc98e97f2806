//! What a test says to opening another app.

use super::TestApp;
use crate::app::App;
use crate::simulated;

impl<A: App> TestApp<A> {
    /// The app that the person is asked to open, by its URI, if they are.
    #[must_use]
    pub fn asked_to_open(&self) -> Option<String> {
        simulated::with(|host| {
            let asked = host.open_app.asked.as_ref();
            asked.map(|(_, uri)| uri.clone())
        })
    }

    /// The person agrees, and the other app is `opened`; or they do not, or there is none.
    ///
    /// # Panics
    /// When they are not asked.
    pub fn answer_open_app(&mut self, opened: bool) {
        let answered = simulated::with(|host| host.open_app.answer(opened));
        let Some(request) = answered else {
            panic!("nobody asks to open an app. On show:\n{}", self.snapshot());
        };
        simulated::with(|host| host.waiting.push_back(request));
        self.settle();
    }
}
