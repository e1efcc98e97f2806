//! A wallet: balance and history, money for relatives, the electricity bill, codes to pay with, and codes that ask for
//! money. It never moves money itself: it asks, and the person agrees on the bank's own sheet.

mod amount;
mod code;
mod errand;
mod kept;
mod pages;
#[cfg(test)]
mod tests;

use lapak_sdk::navigation::NavigationError;
use lapak_sdk::payments::{self, Outcome};
use lapak_sdk::prelude::*;
use lapak_sdk::wallet::{self, Account, Entry};

use amount::typed;
use code::{Code, Request, is_note};
use errand::{Errand, Notice};
use kept::People;

const LANGUAGES: [(&str, &str); 2] = [
    ("en", include_str!("../i18n/en.json")),
    ("id", include_str!("../i18n/id.json")),
];
/// How many lines of history are asked for at a time.
const LINES: u32 = 25;

pages! {
    /// The pages, as `manifest.json` lists them.
    enum Page {
        Home = "pages/home",
        Activity = "pages/activity",
        Request = "pages/request",
        Send = "pages/send",
        Bill = "pages/bill",
        Scan = "pages/scan",
    }
}

/// All that the app knows.
struct Dompet {
    texts: Translations,
    bank: Bank,
    /// Whether the balance can be read over a shoulder.
    hidden: bool,
    people: People,
    /// Whether the list of people was read and can be written.
    keeps: Option<bool>,
    form: Form,
    /// What the bank's sheet is open for.
    errand: Option<Errand>,
    notice: Option<Notice>,
}

/// What the bank said last.
#[derive(Default)]
struct Bank {
    account: Option<Account>,
    history: Vec<Entry>,
    /// There may be more history than was read.
    has_more: bool,
    asking: bool,
    error: Option<wallet::Error>,
}

/// What was typed and chosen so far.
#[derive(Default)]
struct Form {
    to: Option<String>,
    amount: String,
    note: String,
    /// Somebody who is to be added to the list.
    name: String,
    account: String,
    is_adding: bool,
    is_wrong: bool,
    customer: String,
    credit: Option<i64>,
    code: String,
    code_is_wrong: bool,
    /// What is asked of somebody else.
    ask_amount: String,
    ask_note: String,
}

/// All that can happen.
#[derive(Clone)]
enum Msg {
    People(Result<Option<People>, storage::Error>),
    Kept(Result<(), storage::Error>),
    Accounts(Result<Vec<Account>, wallet::Error>),
    /// The newest lines, or older ones behind those that are known.
    Lines(bool, Result<Vec<Entry>, wallet::Error>),
    Ask,
    More,
    Hide(bool),
    Choose(String),
    Amount(String),
    Note(String),
    Adding(bool),
    Name(String),
    Account(String),
    Add,
    Remove(String),
    Customer(String),
    Credit(i64),
    TypeCode(String),
    ReadCode,
    AskAmount(String),
    AskNote(String),
    Send,
    Bill,
    Over(Result<Outcome, payments::Error>),
    CloseNotice,
}

impl App for Dompet {
    type Msg = Msg;
    type Page = Page;

    fn launch(launch: &Launch, cx: &mut Context<Self>) -> Self {
        cx.spawn(kept::load(), Msg::People);
        cx.spawn(wallet::accounts(), Msg::Accounts);
        Self {
            texts: Translations::choose(&launch.lang, &LANGUAGES),
            bank: Bank {
                asking: true,
                ..Bank::default()
            },
            hidden: false,
            people: People::default(),
            keeps: None,
            form: Form::default(),
            errand: None,
            notice: None,
        }
    }

    fn update(&mut self, msg: Msg, cx: &mut Context<Self>) {
        let form = &mut self.form;
        match msg {
            Msg::People(people) => self.restore(people),
            Msg::Kept(Ok(())) => {}
            Msg::Kept(Err(error)) => self.keep_failed(&error),
            Msg::Accounts(accounts) => self.accounts(accounts, cx),
            Msg::Lines(are_newest, lines) => self.lines(are_newest, lines),
            Msg::Ask => self.ask(cx),
            Msg::More => self.more(cx),
            Msg::Hide(hidden) => self.hidden = hidden,
            Msg::Choose(account) => form.to = Some(account),
            Msg::Amount(text) => form.amount = text,
            Msg::Note(text) => form.note = text,
            Msg::Adding(adding) => (form.is_adding, form.is_wrong) = (adding, false),
            Msg::Name(text) => form.name = text,
            Msg::Account(text) => form.account = text,
            Msg::Add => self.add_person(cx),
            Msg::Remove(account) => self.remove_person(&account, cx),
            Msg::Customer(text) => form.customer = text,
            Msg::Credit(credit) => form.credit = Some(credit),
            Msg::TypeCode(text) => (form.code, form.code_is_wrong) = (text, false),
            Msg::ReadCode => self.read_code(cx),
            Msg::AskAmount(text) => form.ask_amount = text,
            Msg::AskNote(text) => form.ask_note = text,
            Msg::Send => {
                let errand = self.sending();
                self.begin(errand, cx);
            }
            Msg::Bill => {
                let errand = self.billed();
                self.begin(errand, cx);
            }
            Msg::Over(came) => self.over(&came, cx),
            Msg::CloseNotice => self.notice = None,
        }
    }

    fn view(&self, page: &Page) -> View<'_, Msg> {
        match page {
            Page::Home => pages::home::page(self),
            Page::Activity => pages::activity::page(self),
            Page::Request => pages::request::page(self),
            Page::Send => pages::send::page(self),
            Page::Bill => pages::bill::page(self),
            Page::Scan => pages::scan::page(self),
        }
    }

    fn title(&self, page: &Page) -> Option<String> {
        let key = match page {
            Page::Home => return None,
            Page::Activity => "tab.activity",
            Page::Request => "request.title",
            Page::Send => "send.title",
            Page::Bill => "bill.title",
            Page::Scan => "scan.title",
        };
        Some(self.texts.get(key).to_owned())
    }

    /// Money may have come in meanwhile.
    fn shown(&self) -> Option<Msg> {
        self.bank.account.as_ref().map(|_| Msg::Ask)
    }

    fn page_refresh(&self, _: &Page) -> Option<Msg> {
        Some(Msg::Ask)
    }

    fn page_bottom_reached(&self, page: &Page) -> Option<Msg> {
        (*page == Page::Activity).then_some(Msg::More)
    }
}

/// The bank.
impl Dompet {
    fn ask(&mut self, cx: &mut Context<Self>) {
        if !self.bank.asking {
            self.bank.asking = true;
            cx.spawn(wallet::accounts(), Msg::Accounts);
        }
    }

    fn accounts(&mut self, accounts: Result<Vec<Account>, wallet::Error>, cx: &mut Context<Self>) {
        self.bank.asking = false;
        match accounts {
            Ok(accounts) => {
                let of_ours = |account: &Account| account.available.currency == amount::CURRENCY;
                let account = accounts.into_iter().find(of_ours);
                self.bank.error = None;
                if let Some(account) = &account {
                    let lines = wallet::history(&account.id, None, LINES);
                    cx.spawn(lines, |lines| Msg::Lines(true, lines));
                }
                self.bank.account = account;
            }
            Err(error) => self.bank_failed(error),
        }
    }

    /// Asks for older lines, once at a time.
    fn more(&mut self, cx: &mut Context<Self>) {
        let (Some(account), Some(last)) = (&self.bank.account, self.bank.history.last()) else {
            return;
        };
        if self.bank.has_more && !self.bank.asking {
            self.bank.asking = true;
            let lines = wallet::history(&account.id, Some(&last.number), LINES);
            cx.spawn(lines, |lines| Msg::Lines(false, lines));
        }
    }

    fn lines(&mut self, are_newest: bool, lines: Result<Vec<Entry>, wallet::Error>) {
        if !are_newest {
            self.bank.asking = false;
        }
        match lines {
            Ok(lines) => {
                if are_newest {
                    self.bank.history.clear();
                }
                self.bank.has_more = lines.len() >= LINES as usize;
                self.bank.history.extend(lines);
            }
            Err(error) => self.bank_failed(error),
        }
    }

    /// What was known is not shown as if it were still so.
    fn bank_failed(&mut self, error: wallet::Error) {
        console::warn!("wallet: {error}");
        if error == wallet::Error::AccessDenied {
            self.bank = Bank::default();
        }
        self.bank.error = Some(error);
    }

    /// Hands an errand to the bank, one at a time: a second tap does nothing.
    fn begin(&mut self, errand: Option<Errand>, cx: &mut Context<Self>) {
        if let (None, Some(errand)) = (&self.errand, errand) {
            self.notice = None;
            cx.spawn(errand.begin(), Msg::Over);
            self.errand = Some(errand);
        }
    }

    fn over(&mut self, came: &Result<Outcome, payments::Error>, cx: &mut Context<Self>) {
        let Some(errand) = self.errand.take() else {
            return;
        };
        self.notice = Some(errand.notice(&self.texts, came));
        if let Ok(Outcome::Paid(_)) = came {
            self.form = Form::default();
            go(cx.switch_tab(Page::Home));
        }
        self.ask(cx);
    }
}

/// The forms.
impl Dompet {
    /// What the page for sending is ready to do, if it is.
    fn sending(&self) -> Option<Errand> {
        let form = &self.form;
        let to = form.to.clone()?;
        Some(Errand::Send {
            name: self.people.name_of(&to).to_owned(),
            to,
            amount: typed(&form.amount)?,
            note: Some(form.note.trim().to_owned()).filter(|note| is_note(note))?,
        })
    }

    /// What the page for the bill is ready to do, if it is.
    fn billed(&self) -> Option<Errand> {
        let customer: String = self
            .form
            .customer
            .chars()
            .filter(|c| !matches!(c, ' ' | '-'))
            .collect();
        let fine = (11..=12).contains(&customer.len())
            && customer.bytes().all(|digit| digit.is_ascii_digit());
        fine.then_some(Errand::Bill {
            customer,
            amount: amount::rupiah(self.form.credit?),
        })
    }

    /// What is asked of somebody else, if that was said.
    fn asked(&self) -> Option<Request> {
        Some(Request {
            to: self.bank.account.as_ref()?.address.clone(),
            amount: typed(&self.form.ask_amount)?,
            note: Some(self.form.ask_note.trim().to_owned()).filter(|note| is_note(note))?,
        })
    }

    fn read_code(&mut self, cx: &mut Context<Self>) {
        match Code::read(&self.form.code) {
            // What somebody else's code says is looked at before it is sent.
            Some(Code::Send(Request { to, amount, note })) => {
                let whole = amount.minor / amount::rupiah(1).minor;
                self.form = Form {
                    to: Some(to),
                    amount: whole.to_string(),
                    note,
                    ..Form::default()
                };
                go(cx.redirect_to(Page::Send));
            }
            Some(Code::Order(order)) => self.begin(Some(Errand::Order(order)), cx),
            None => self.form.code_is_wrong = true,
        }
    }

    fn add_person(&mut self, cx: &mut Context<Self>) {
        let (name, account) = (self.form.name.clone(), self.form.account.trim().to_owned());
        if self.people.add(&name, &account) {
            self.form = Form {
                to: Some(account),
                amount: std::mem::take(&mut self.form.amount),
                note: std::mem::take(&mut self.form.note),
                ..Form::default()
            };
            self.keep(cx);
        } else {
            self.form.is_wrong = true;
        }
    }

    fn remove_person(&mut self, account: &str, cx: &mut Context<Self>) {
        self.people.remove(account);
        if self.form.to.as_deref() == Some(account) {
            self.form.to = None;
        }
        self.keep(cx);
    }
}

/// The list of people.
impl Dompet {
    fn restore(&mut self, people: Result<Option<People>, storage::Error>) {
        match people {
            Ok(people) => {
                self.keeps = Some(true);
                self.people = people.unwrap_or_default();
            }
            Err(error) => self.keep_failed(&error),
        }
    }

    fn keep(&self, cx: &mut Context<Self>) {
        if self.keeps == Some(true) {
            cx.spawn(kept::store(&self.people), Msg::Kept);
        }
    }

    fn keep_failed(&mut self, error: &storage::Error) {
        console::warn!("storage: {error}");
        self.keeps = Some(false);
    }
}

/// The pages are known and the stack is never deep, so that this does not fail; if it does, the author hears.
fn go(moved: Result<(), NavigationError>) {
    if let Err(error) = moved {
        console::error!("navigation: {error}");
    }
}

lapak_sdk::app!(Dompet);
