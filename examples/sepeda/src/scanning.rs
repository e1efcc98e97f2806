//! Which bicycle the person stands at: its code is scanned, or its number typed where nothing can be scanned.

use lapak_sdk::prelude::*;
use lapak_sdk::scan::{self, Symbology};

use crate::fleet::Bicycle;
use crate::{Msg, Page, Sepeda, go};

impl Sepeda {
    pub(crate) fn scan(&mut self, cx: &mut Context<Self>) {
        if !self.scanning {
            self.scanning = true;
            self.notice = None;
            cx.spawn(scan::scan(&[Symbology::QrCode]), Msg::Scanned);
        }
    }

    pub(crate) fn scanned(
        &mut self,
        code: Result<scan::Code, scan::Error>,
        cx: &mut Context<Self>,
    ) {
        self.scanning = false;
        match code {
            // A code may say anything.
            Ok(code) => match Bicycle::read(&code.text) {
                Some(bicycle) => self.stands_at(bicycle, cx),
                None => self.tell("scan.unknown"),
            },
            Err(scan::Error::Cancelled) => {}
            Err(error) => {
                console::warn!("scan: {error}");
                self.typing = true;
                self.tell(match error {
                    scan::Error::AccessDenied => "scan.denied",
                    _ => "scan.unavailable",
                });
            }
        }
    }

    pub(crate) fn number_entered(&mut self, cx: &mut Context<Self>) {
        match Bicycle::read(&self.typed) {
            Some(bicycle) => self.stands_at(bicycle, cx),
            None => self.tell("number.unknown"),
        }
    }

    /// Goes to the bicycle's page, and unlocks it.
    fn stands_at(&mut self, bicycle: Bicycle, cx: &mut Context<Self>) {
        if self.kept.ride.is_some() {
            return go(cx.navigate_to(Page::Ride));
        }
        self.notice = None;
        self.typed.clear();
        self.chosen = Some(bicycle);
        self.beside = Some(bicycle);
        match &self.page {
            Some(Page::Unlock { bicycle: shown }) if *shown == bicycle => {}
            Some(Page::Unlock { .. }) => go(cx.redirect_to(Page::Unlock { bicycle })),
            _ => go(cx.navigate_to(Page::Unlock { bicycle })),
        }
        self.unlock(bicycle, cx);
    }
}
