//! Rent a bicycle: find the nearest on a map, scan its code, unlock it over Bluetooth, ride by the minute, lock it, pay.

mod checkout;
mod fare;
mod fleet;
mod kept;
mod lock;
mod money;
mod pages;
mod place;
mod ride;
mod riding;
mod scanning;
#[cfg(test)]
mod tests;
mod trips;
mod whereabouts;

use lapak_sdk::navigation::NavigationError;
use lapak_sdk::payments::{self, OrderState, Outcome};
use lapak_sdk::prelude::*;

use checkout::{Checkout, Signed};
use fleet::Bicycle;
use kept::{Keeping, Kept};
use lock::{Lock, Reached};
use trips::Paid;
use whereabouts::Whereabouts;

const LANGUAGES: [(&str, &str); 2] = [
    ("en", include_str!("../i18n/en.json")),
    ("id", include_str!("../i18n/id.json")),
];

pages! {
    /// The pages, as `manifest.json` lists them.
    enum Page {
        Find = "pages/find",
        Unlock { bicycle: Bicycle } = "pages/unlock",
        Ride = "pages/ride",
        Trip { number: u32 } = "pages/trip",
        Trips = "pages/trips",
    }
}

/// All that the app knows.
struct Sepeda {
    texts: Translations,
    kept: Kept,
    keeping: Keeping,
    /// The page on show, once one was.
    page: Option<Page>,
    /// Whether anybody looks.
    visible: bool,
    whereabouts: Whereabouts,
    /// The bicycle that was tapped, on the map or in the list.
    chosen: Option<Bicycle>,
    /// The scanner is open.
    scanning: bool,
    /// The number is typed, as nothing can be scanned or the person does not want to.
    typing: bool,
    typed: String,
    /// The bicycle that the person stands at: its code was scanned, or its number typed.
    beside: Option<Bicycle>,
    lock: Lock,
    /// A tick is under way.
    ticking: bool,
    /// When the last thing happened, by the clock, in milliseconds since 1970.
    now_ms: u64,
    checkout: Checkout,
    /// What the person should know, by its key in `i18n/`.
    notice: Option<&'static str>,
}

/// All that can happen.
#[derive(Clone)]
enum Msg {
    Restored(Result<Option<Kept>, storage::Error>),
    Saved(Result<(), storage::Error>),
    PageShown(Page),
    Shown,
    Hidden,
    Tick(Result<(), timer::Error>),
    Moved(Result<location::Position, location::Error>),
    /// Ask for the location once more.
    Locate,
    Choose(Bicycle),
    Scan,
    Scanned(Result<scan::Code, scan::Error>),
    TypeInstead,
    Typed(String),
    Enter,
    Unlock(Bicycle),
    Reached(Bicycle, Reached),
    /// What the lock's state is after a command.
    Turned(Bicycle, Result<Vec<u8>, bluetooth::Error>),
    /// What the lock tells by itself.
    Bolt(Result<Vec<u8>, bluetooth::Error>),
    OpenedByHand(Bicycle),
    Lock,
    ClosedByHand,
    CheckOut(u32),
    Signed(u32, Signed),
    Paid(Result<Outcome, payments::Error>),
    Recalled(Result<OrderState, payments::Error>),
    PayAtStation(u32),
}

impl App for Sepeda {
    type Msg = Msg;
    type Page = Page;

    fn launch(launch: &Launch, cx: &mut Context<Self>) -> Self {
        cx.spawn(kept::load(), Msg::Restored);
        Self {
            texts: Translations::choose(&launch.lang, &LANGUAGES),
            kept: Kept::default(),
            keeping: Keeping::NotReadYet,
            page: None,
            visible: false,
            whereabouts: Whereabouts::default(),
            chosen: None,
            scanning: false,
            typing: false,
            typed: String::new(),
            beside: None,
            lock: Lock::default(),
            ticking: false,
            now_ms: 0,
            checkout: Checkout::None,
            notice: None,
        }
    }

    fn update(&mut self, msg: Msg, cx: &mut Context<Self>) {
        if let Ok(now) = clock::now() {
            self.now_ms = now.unix_ms;
        }
        match msg {
            Msg::Restored(kept) => self.restore(kept, cx),
            Msg::Saved(Ok(())) => {}
            Msg::Saved(Err(error)) => self.keeping.failed(&error),
            Msg::PageShown(page) => self.page_is(page, cx),
            Msg::Shown => self.looked_at(true, cx),
            Msg::Hidden => self.looked_at(false, cx),
            Msg::Tick(ticked) => self.ticked(ticked, cx),
            Msg::Moved(position) => self.moved(position, cx),
            Msg::Locate => self.locate_again(cx),
            Msg::Choose(bicycle) => self.chosen = Some(bicycle),
            Msg::Scan => self.scan(cx),
            Msg::Scanned(code) => self.scanned(code, cx),
            Msg::TypeInstead => self.typing = true,
            Msg::Typed(text) => self.typed = text,
            Msg::Enter => self.number_entered(cx),
            Msg::Unlock(bicycle) => self.unlock(bicycle, cx),
            Msg::Reached(bicycle, reached) => self.reached(bicycle, reached, cx),
            Msg::Turned(bicycle, state) => self.turned(bicycle, state, cx),
            Msg::Bolt(state) => self.bolt(state, cx),
            Msg::OpenedByHand(bicycle) => self.begin(bicycle, true, cx),
            Msg::Lock => self.lock_it(cx),
            Msg::ClosedByHand => self.end(cx),
            Msg::CheckOut(trip) => self.check_out(trip, cx),
            Msg::Signed(trip, signed) => self.signed(trip, signed, cx),
            Msg::Paid(came) => self.paid(came, cx),
            Msg::Recalled(state) => self.recalled(state, cx),
            Msg::PayAtStation(trip) => self.pay_at_station(trip, cx),
        }
    }

    fn view(&self, page: &Page) -> View<'_, Msg> {
        match page {
            Page::Find => pages::find::page(self),
            Page::Unlock { bicycle } => pages::unlock::page(self, *bicycle),
            Page::Ride => pages::ride::page(self),
            Page::Trip { number } => pages::trip::page(self, *number),
            Page::Trips => pages::trips::page(self),
        }
    }

    fn title(&self, page: &Page) -> Option<String> {
        match page {
            Page::Find => None,
            Page::Unlock { bicycle } => Some(bicycle.number.to_owned()),
            Page::Ride => Some(self.texts.get("ride.title").to_owned()),
            Page::Trip { number } => Some(self.texts.fill("trip.title", &[("number", number)])),
            Page::Trips => Some(self.texts.get("tab.trips").to_owned()),
        }
    }

    fn page_shown(&self, page: &Page) -> Option<Msg> {
        Some(Msg::PageShown(page.clone()))
    }

    fn shown(&self) -> Option<Msg> {
        Some(Msg::Shown)
    }

    fn hidden(&self) -> Option<Msg> {
        Some(Msg::Hidden)
    }
}

impl Sepeda {
    /// Goes on where the last session ended: with its ride, and with what was being paid.
    fn restore(&mut self, kept: Result<Option<Kept>, storage::Error>, cx: &mut Context<Self>) {
        match kept {
            Ok(kept) => {
                self.keeping = Keeping::Works;
                self.kept = kept.unwrap_or_default();
            }
            Err(error) => self.keeping.failed(&error),
        }
        self.recall(cx);
        self.resume(cx);
    }

    fn save(&self, cx: &mut Context<Self>) {
        if self.keeping == Keeping::Works {
            cx.spawn(kept::store(&self.kept), Msg::Saved);
        }
    }

    fn page_is(&mut self, page: Page, cx: &mut Context<Self>) {
        if self.page.as_ref() != Some(&page) {
            self.notice = None;
        }
        self.page = Some(page);
        self.tick(cx);
    }

    fn looked_at(&mut self, visible: bool, cx: &mut Context<Self>) {
        self.visible = visible;
        if !visible && self.kept.ride.is_some() {
            self.save(cx);
        }
        self.locate(cx);
        self.tick(cx);
    }

    fn tell(&mut self, key: &'static str) {
        self.notice = Some(key);
    }

    fn pay_at_station(&mut self, trip: u32, cx: &mut Context<Self>) {
        if self.checkout == Checkout::None {
            self.notice = None;
            self.kept.trips.pay(trip, Paid::AtStation);
            self.save(cx);
        }
    }
}

/// The pages are known and the stack is never deep, so that this does not fail; if it does, the author hears.
fn go(moved: Result<(), NavigationError>) {
    if let Err(error) = moved {
        console::error!("navigation: {error}");
    }
}

lapak_sdk::app!(Sepeda);
