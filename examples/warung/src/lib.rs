//! Order lunch at an Indonesian stall: a menu to search, a dish to look at, a basket that outlives the app,
//! and orders that are paid here or at the stall.

mod basket;
mod checkout;
mod kept;
mod menu;
mod money;
mod orders;
mod pages;
mod search;
#[cfg(test)]
mod tests;

use lapak_sdk::navigation::NavigationError;
use lapak_sdk::payments::{self, OrderState, Outcome};
use lapak_sdk::prelude::*;

use basket::{Basket, Line};
use checkout::{Checkout, Signed};
use kept::{Handover, Keeping, Kept};
use menu::{Category, Dish};
use search::Index;

const LANGUAGES: [(&str, &str); 2] = [
    ("en", include_str!("../i18n/en.json")),
    ("id", include_str!("../i18n/id.json")),
];

pages! {
    /// The pages, as `manifest.json` lists them.
    enum Page {
        Menu = "pages/menu",
        Dish { id: Dish } = "pages/dish",
        Basket = "pages/basket",
        Orders = "pages/orders",
    }
}

/// All that the app knows.
struct Warung {
    texts: Translations,
    index: Index,
    query: String,
    /// The only category on show, or all.
    category: Option<Category>,
    /// What was begun on a dish's page and is not in the basket yet.
    draft: Option<Line>,
    /// Basket and orders.
    kept: Kept,
    keeping: Keeping,
    checkout: Checkout,
    /// The host's number of the payment whose sheet is open.
    sheet: Option<u32>,
    /// What the stall was asked to sign an order for.
    asked_for: Basket,
    /// Why the basket was not paid, by its key in `i18n/`.
    notice: Option<&'static str>,
}

/// All that can happen.
#[derive(Clone)]
enum Msg {
    Restored(Result<Option<Kept>, storage::Error>),
    Saved(Result<(), storage::Error>),
    Search(String),
    Show(Option<Category>),
    ShowWholeMenu,
    AddOne(Dish),
    TakeOne(Dish),
    Draft(Line),
    PutDraft(Dish),
    CheckOut,
    Signed(Signed),
    Paid(Result<Outcome, payments::Error>),
    Recalled(Result<OrderState, payments::Error>),
    OpenWallet,
    WalletOpened(Result<(), open_app::Error>),
    /// To be paid at the stall.
    PlaceOrder,
    OrderAgain(u32),
}

impl App for Warung {
    type Msg = Msg;
    type Page = Page;

    fn launch(launch: &Launch, cx: &mut Context<Self>) -> Self {
        console::info!("good day; the menu is in {}", launch.lang);
        let mut warung = Self {
            texts: Translations::choose(&launch.lang, &LANGUAGES),
            index: Index::new(&LANGUAGES.map(|(lang, _)| Translations::choose(lang, &LANGUAGES))),
            query: String::new(),
            category: None,
            draft: None,
            kept: Kept::default(),
            keeping: Keeping::NotReadYet,
            checkout: Checkout::None,
            sheet: None,
            asked_for: Basket::default(),
            notice: None,
        };
        match launch.carried_over.as_deref().and_then(kept::handed_over) {
            Some(handover) => warung.go_on(handover, cx),
            None => cx.spawn(kept::load(), Msg::Restored),
        }
        warung
    }

    fn carry_over(&self) -> Option<Vec<u8>> {
        // Before the last session's things were read, there is less here than on disk.
        let works = self.keeping == Keeping::Works;
        works.then(|| kept::hand_over(&self.kept, self.sheet))?
    }

    fn update(&mut self, msg: Msg, cx: &mut Context<Self>) {
        match msg {
            Msg::Restored(kept) => self.restore(kept, cx),
            Msg::Saved(Ok(())) => {}
            Msg::Saved(Err(error)) => self.keeping.failed(&error),
            Msg::Search(query) => self.query = query,
            Msg::Show(category) => self.category = category,
            Msg::ShowWholeMenu => {
                self.query.clear();
                self.category = None;
            }
            Msg::AddOne(dish) => {
                self.kept.basket.add_one(dish);
                self.basket_changed(cx);
            }
            Msg::TakeOne(dish) => {
                self.kept.basket.take_one(dish);
                self.basket_changed(cx);
            }
            Msg::Draft(line) => self.draft = Some(line),
            Msg::PutDraft(dish) => {
                self.kept.basket.set(self.draft_of(dish));
                self.basket_changed(cx);
                // The page may have been opened from outside; then there is no page to go back to.
                cx.back()
                    .or_else(|_| cx.switch_tab(Page::Menu))
                    .unwrap_or_default();
            }
            Msg::CheckOut => self.check_out(cx),
            Msg::Signed(signed) => self.signed(signed, cx),
            Msg::Paid(came) => self.paid(came, cx),
            Msg::Recalled(state) => self.recalled(state, cx),
            Msg::OpenWallet => Self::open_wallet(cx),
            Msg::WalletOpened(opened) => self.wallet_opened(opened),
            Msg::PlaceOrder => self.place_order(cx),
            Msg::OrderAgain(number) => self.order_again(number, cx),
        }
    }

    fn view(&self, page: &Page) -> View<'_, Msg> {
        match page {
            Page::Menu => pages::menu::page(self),
            Page::Dish { id } => pages::dish::page(self, *id),
            Page::Basket => pages::basket::page(self),
            Page::Orders => pages::orders::page(self),
        }
    }

    fn title(&self, page: &Page) -> Option<String> {
        match page {
            Page::Menu => None,
            Page::Dish { id } => Some(id.name.to_owned()),
            Page::Basket => Some(self.texts.get("tab.basket").to_owned()),
            Page::Orders => Some(self.texts.get("tab.orders").to_owned()),
        }
    }
}

impl Warung {
    /// What the page of `dish` shows: what was begun there, else what is in the basket, else one portion.
    fn draft_of(&self, dish: Dish) -> Line {
        let begun = self.draft.as_ref().filter(|line| line.dish == dish);
        let line = begun.or_else(|| self.kept.basket.line(dish)).cloned();
        line.unwrap_or(Line {
            dish,
            amount: 1,
            note: String::new(),
        })
    }

    fn basket_changed(&mut self, cx: &mut Context<Self>) {
        self.draft = None;
        self.notice = None;
        self.save(cx);
    }

    fn save(&self, cx: &mut Context<Self>) {
        if self.keeping == Keeping::Works {
            cx.spawn(kept::store(&self.kept), Msg::Saved);
        }
    }

    /// Goes on where an older version of this app stood.
    fn go_on(&mut self, handover: Handover, cx: &mut Context<Self>) {
        self.kept = handover.kept;
        self.keeping = Keeping::Works;
        match handover.sheet {
            Some(sheet) => self.await_sheet(sheet, cx),
            None => self.recall(cx),
        }
    }

    /// Takes over what the last session left. Taps that were faster than storage are kept.
    fn restore(&mut self, kept: Result<Option<Kept>, storage::Error>, cx: &mut Context<Self>) {
        match kept {
            Ok(kept) => {
                self.keeping = Keeping::Works;
                let early = std::mem::replace(&mut self.kept, kept.unwrap_or_default());
                if early != Kept::default() {
                    self.kept.take_over(early);
                    self.save(cx);
                }
                self.recall(cx);
            }
            Err(error) => self.keeping.failed(&error),
        }
    }

    fn place_order(&mut self, cx: &mut Context<Self>) {
        // What is being paid for is not ordered a second time.
        if self.checkout != Checkout::None {
            return;
        }
        let time = clock::now().ok().map(|now| now.local());
        if self.kept.place_order(time) {
            if let Some(order) = self.kept.orders.iter().next() {
                console::info!("order {} placed: {}", order.number, order.total);
            }
            self.basket_changed(cx);
            go(cx.switch_tab(Page::Orders));
        }
    }

    fn order_again(&mut self, number: u32, cx: &mut Context<Self>) {
        self.kept.order_again(number);
        self.basket_changed(cx);
        go(cx.switch_tab(Page::Basket));
    }
}

/// The pages are known and the stack is never deep, so that this does not fail; if it does, the author hears.
fn go(moved: Result<(), NavigationError>) {
    if let Err(error) = moved {
        console::error!("navigation: {error}");
    }
}

lapak_sdk::app!(Warung);
