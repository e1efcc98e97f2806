//! The accounts that a test says the person has.

use std::collections::BTreeMap;

use super::{Capability, with};
use crate::bindings::wit::lapak::app::wallet::{Account, Entry, Error};

#[derive(Default)]
pub(crate) struct Wallet {
    pub(crate) accounts: Vec<Account>,
    /// By account, newest first.
    pub(crate) history: BTreeMap<String, Vec<Entry>>,
    told_accounts: BTreeMap<u32, Vec<Account>>,
    told_history: BTreeMap<u32, Vec<Entry>>,
}

/// The first line of every function: is the wallet lent at all?
fn lent<T>(work: impl FnOnce(&mut super::Host) -> Result<T, Error>) -> Result<T, Error> {
    with(|host| match host.denies(Capability::Wallet) {
        true => Err(Error::AccessDenied),
        false => work(host),
    })
}

pub(crate) fn accounts() -> Result<u32, Error> {
    lent(|host| {
        let request = host.finished_request();
        let accounts = host.wallet.accounts.clone();
        host.wallet.told_accounts.insert(request, accounts);
        Ok(request)
    })
}

pub(crate) fn take_accounts(request: u32) -> Result<Vec<Account>, Error> {
    lent(|host| {
        let taken = host.wallet.told_accounts.remove(&request);
        taken.ok_or(Error::UnknownRequest)
    })
}

pub(crate) fn history(account: &str, before: Option<&str>, limit: u32) -> Result<u32, Error> {
    lent(|host| {
        let wallet = &mut host.wallet;
        if !wallet.accounts.iter().any(|one| one.id == account) {
            return Err(Error::Invalid);
        }
        let lines = wallet.history.get(account).cloned().unwrap_or_default();
        let from = match before {
            Some(before) => {
                let at = lines.iter().position(|line| line.number == before);
                at.ok_or(Error::Invalid)? + 1
            }
            None => 0,
        };
        let most = usize::try_from(limit.min(100)).unwrap_or(100);
        let lines = lines.into_iter().skip(from).take(most).collect();
        let request = host.finished_request();
        host.wallet.told_history.insert(request, lines);
        Ok(request)
    })
}

pub(crate) fn take_history(request: u32) -> Result<Vec<Entry>, Error> {
    lent(|host| {
        let taken = host.wallet.told_history.remove(&request);
        taken.ok_or(Error::UnknownRequest)
    })
}
