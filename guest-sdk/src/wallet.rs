//! A person's accounts, for an app that is their wallet. The manifest asks for `system.permission.WALLET`, and the person
//! is asked before the app first reads their accounts.
//!
//! ```
//! # use lapak_sdk::prelude::*;
//! # struct Purse; #[derive(Clone)] enum Msg { Read(Result<Vec<wallet::Account>, wallet::Error>) }
//! # impl App for Purse {
//! # type Msg = Msg; type Page = SinglePage;
//! # fn update(&mut self, _: Msg, _: &mut Context<Self>) {}
//! # fn view(&self, _: &SinglePage) -> View<'_, Msg> { text("") }
//! fn launch(_: &Launch, cx: &mut Context<Self>) -> Self {
//!     cx.spawn(wallet::accounts(), Msg::Read);
//!     Purse
//! }
//! # }
//! ```

use std::pin::Pin;

#[cfg(target_arch = "wasm32")]
use crate::bindings::wit::lapak::app::wallet as host;
#[cfg(not(target_arch = "wasm32"))]
use crate::simulated::wallet as host;

use crate::request::finished;

pub use crate::bindings::wit::lapak::app::wallet::{Account, Entry, EntryKind, Error};

/// What a call comes to, later. Nothing happens before it is awaited or spawned; it borrows nothing.
pub type Pending<T> = Pin<Box<dyn Future<Output = Result<T, Error>>>>;

/// The person's accounts, and what is in them.
///
/// # Errors
/// See [`Error`].
#[must_use]
pub fn accounts() -> Pending<Vec<Account>> {
    Box::pin(async {
        let request = host::accounts()?;
        finished(request).await;
        host::take_accounts(request)
    })
}

/// What happened in an account, newest first: lines older than `before` (the number of the last line known) if it is given,
/// at most `limit` and at most 100.
///
/// # Errors
/// See [`Error`].
pub fn history(account: &str, before: Option<&str>, limit: u32) -> Pending<Vec<Entry>> {
    let (account, before) = (account.to_owned(), before.map(str::to_owned));
    Box::pin(async move {
        let request = host::history(&account, before.as_deref(), limit)?;
        finished(request).await;
        host::take_history(request)
    })
}
