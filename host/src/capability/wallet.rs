//! `wallet`: a person's accounts, for an app that is their wallet. The person is asked before it first reads them.

pub mod simulated;

use std::sync::Arc;

use lapak_ledger::name::AccountId;
use lapak_ledger::provider::{
    Answer as ProviderAnswer, HistoryLine, PaymentProvider, PersonAccount,
};
use serde::{Deserialize, Serialize};

use crate::asking::Use;
use crate::bindings::lapak::app::payments::Money;
use crate::bindings::lapak::app::requests::RequestId;
use crate::bindings::lapak::app::wallet::{Account, Entry, EntryKind, Error, Host};
use crate::grants::{AccessDenied, Capability};
use crate::instance::InstanceState;
use crate::requests::{Again, RoomRequests};

/// The most lines of one answer.
const MAX_LINES: u32 = 100;
/// The longest number of a line, in bytes.
const MAX_NUMBER_BYTES: usize = 128;

const ACCOUNTS: Use = Use {
    capability: Capability::Wallet,
    function: "accounts",
    done: "read",
};
const HISTORY: Use = Use {
    capability: Capability::Wallet,
    function: "history",
    done: "read",
};

/// Knows accounts. Both questions return at once; answers come from any thread.
pub trait WalletProvider: Send + Sync {
    /// Asks which accounts a person has, and what is in them.
    fn accounts(&self, person: &str, answer: ProviderAnswer<Vec<PersonAccount>>);

    /// Asks what happened in an account, newest first.
    fn history(
        &self,
        account: &AccountId,
        before: Option<&str>,
        limit: u32,
        answer: ProviderAnswer<Vec<HistoryLine>>,
    );

    /// What others write to send money to this person.
    fn address(&self, person: &str) -> String;
}

/// The accounts that payments come from.
pub struct PaymentAccounts {
    provider: Arc<dyn PaymentProvider>,
    address: Box<dyn Fn(&str) -> String + Send + Sync>,
}

impl PaymentAccounts {
    /// The accounts of this provider; `address` tells what others write to send money to a person.
    pub fn new(
        provider: Arc<dyn PaymentProvider>,
        address: impl Fn(&str) -> String + Send + Sync + 'static,
    ) -> Self {
        Self {
            provider,
            address: Box::new(address),
        }
    }
}

impl WalletProvider for PaymentAccounts {
    fn accounts(&self, person: &str, answer: ProviderAnswer<Vec<PersonAccount>>) {
        self.provider.accounts(person, answer);
    }

    fn history(
        &self,
        account: &AccountId,
        before: Option<&str>,
        limit: u32,
        answer: ProviderAnswer<Vec<HistoryLine>>,
    ) {
        self.provider.history(account, before, limit, answer);
    }

    fn address(&self, person: &str) -> String {
        (self.address)(person)
    }
}

/// What a session has asked for. Asking twice reads twice.
pub(crate) type WalletState = RoomRequests<Asked, Answer>;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Asked {
    Accounts,
    History(AccountId, Option<String>, u32),
}

/// What a request came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Answer {
    Accounts(Result<Vec<Account>, Error>),
    History(Result<Vec<Entry>, Error>),
}

impl Host for InstanceState {
    fn accounts(&mut self) -> Result<RequestId, Error> {
        self.may_ask(ACCOUNTS)?;
        self.read(Asked::Accounts)
    }

    fn take_accounts(&mut self, request: RequestId) -> Result<Vec<Account>, Error> {
        self.may_take(Capability::Wallet)?;
        let taken = self.rooms.wallet.take(request, |answer| match answer {
            Answer::Accounts(accounts) => Ok(accounts),
            other => Err(other),
        });
        taken.unwrap_or(Err(Error::UnknownRequest))
    }

    fn history(
        &mut self,
        account: String,
        before: Option<String>,
        limit: u32,
    ) -> Result<RequestId, Error> {
        self.may_ask(HISTORY)?;
        let account = account.parse().map_err(|_| Error::Invalid)?;
        if before
            .as_ref()
            .is_some_and(|one| one.len() > MAX_NUMBER_BYTES)
        {
            return Err(Error::Invalid);
        }
        self.read(Asked::History(account, before, limit.min(MAX_LINES)))
    }

    fn take_history(&mut self, request: RequestId) -> Result<Vec<Entry>, Error> {
        self.may_take(Capability::Wallet)?;
        let taken = self.rooms.wallet.take(request, |answer| match answer {
            Answer::History(lines) => Ok(lines),
            other => Err(other),
        });
        taken.unwrap_or(Err(Error::UnknownRequest))
    }
}

impl InstanceState {
    fn read(&mut self, asked: Asked) -> Result<RequestId, Error> {
        let request = self.begin_request().ok_or(Error::TooManyRequests)?;
        self.rooms.wallet.ask(request, asked.clone());
        self.set_wallet_going(request, asked);
        Ok(request)
    }

    fn set_wallet_going(&self, request: RequestId, asked: Asked) {
        let Some(finish) = self.finisher(request) else {
            return;
        };
        let (wallet, person) = (self.providers().wallet.clone(), self.owner().person.clone());
        let kind = asked.clone();
        let finish: Finish = Box::new(move |answer| {
            finish.with(super::Answer::Wallet(kind.answer(answer)));
        });
        self.consented(asked.wanted(), String::new(), move |agreed| match agreed {
            Ok(()) => asked.ask(wallet, &person, finish),
            Err(AccessDenied) => finish(Err(Error::AccessDenied)),
        });
    }

    pub(super) fn ask_wallet_again(&mut self, answered: &[RequestId]) {
        for Again { request, asked, .. } in self.rooms.wallet.again(answered) {
            self.set_wallet_going(request, asked);
        }
    }
}

/// What was read.
enum Read {
    Accounts(Vec<Account>),
    History(Vec<Entry>),
}

type Finish = Box<dyn FnOnce(Result<Read, Error>) + Send>;

impl Asked {
    fn wanted(&self) -> Use {
        match self {
            Self::Accounts => ACCOUNTS,
            Self::History(..) => HISTORY,
        }
    }

    fn answer(&self, read: Result<Read, Error>) -> Answer {
        match (self, read) {
            (_, Ok(Read::Accounts(accounts))) => Answer::Accounts(Ok(accounts)),
            (_, Ok(Read::History(lines))) => Answer::History(Ok(lines)),
            (Self::Accounts, Err(error)) => Answer::Accounts(Err(error)),
            (Self::History(..), Err(error)) => Answer::History(Err(error)),
        }
    }

    fn ask(self, wallet: Arc<dyn WalletProvider>, person: &str, finish: Finish) {
        let asked = wallet.clone();
        let address = wallet.address(person);
        let answer = Box::new(move |accounts: Result<Vec<PersonAccount>, _>| {
            let accounts = match accounts {
                Ok(accounts) => accounts,
                Err(error) => {
                    tracing::warn!(%error, "a wallet cannot be read");
                    return finish(Err(Error::Unavailable));
                }
            };
            match self {
                Self::Accounts => {
                    let told = accounts.into_iter().map(|one| to_wit(one, &address));
                    finish(Ok(Read::Accounts(told.collect())));
                }
                Self::History(account, before, limit) => {
                    // Somebody else's is as good as none.
                    if !accounts.iter().any(|one| one.account == account) {
                        return finish(Err(Error::Invalid));
                    }
                    let told = Box::new(move |lines: Result<Vec<HistoryLine>, _>| {
                        finish(match lines {
                            Ok(lines) => Ok(Read::History(lines.into_iter().map(line).collect())),
                            Err(_) => Err(Error::Unavailable),
                        });
                    });
                    asked.history(&account, before.as_deref(), limit, told);
                }
            }
        });
        wallet.accounts(person, answer);
    }
}

fn to_wit(account: PersonAccount, address: &str) -> Account {
    Account {
        id: account.account.to_string(),
        available: Money {
            minor: account.available_minor,
            currency: account.currency.code().to_owned(),
        },
        held_minor: account.held_minor,
        address: address.to_owned(),
    }
}

fn line(line: HistoryLine) -> Entry {
    Entry {
        number: line.number,
        at_ms: u64::try_from(line.at_ms).unwrap_or(0),
        amount: Money {
            minor: line.amount_minor,
            currency: line.currency.code().to_owned(),
        },
        kind: match line.word.as_str() {
            "paid" => EntryKind::Paid,
            "held" => EntryKind::Held,
            "captured" => EntryKind::Captured,
            "released" => EntryKind::Released,
            "refunded" => EntryKind::Refunded,
            "transferred" => EntryKind::Transferred,
            _ => EntryKind::Other,
        },
        other: line.with,
        note: line.note,
    }
}

impl From<AccessDenied> for Error {
    fn from(_: AccessDenied) -> Self {
        Self::AccessDenied
    }
}
