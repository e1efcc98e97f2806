//! `wallet`: a person's accounts, for an app that is their wallet. The person is asked before it first reads them.

pub mod simulated;

use std::sync::Arc;

use lapak_ledger::name::AccountId;
use lapak_ledger::provider::{
    Answer as ProviderAnswer, HistoryLine, PaymentProvider, PersonAccount,
};
use serde::{Deserialize, Serialize};

use super::payments::People;
use super::storage::Owner;
use crate::asking::Use;
use crate::bindings::lapak::app::payments::Money;
use crate::bindings::lapak::app::requests::RequestId;
use crate::bindings::lapak::app::wallet::{Account, Entry, EntryKind, Error, Host};
use crate::grants::{AccessDenied, Capability};
use crate::instance::InstanceState;
use crate::requests::{Again, RoomRequests};
use crate::room::{Asks, Lent, Terms, Words};

/// The terms on which it is lent.
pub const TERMS: Terms = Terms {
    name: "wallet",
    lent: Lent::ToWhoAsks("system.permission.WALLET"),
    allows: Words {
        en: "see your accounts, what is in them and what happened in them",
        id: "melihat rekening Anda, isinya, dan riwayatnya",
    },
    asks: Asks::FirstUse,
    bounds: "",
};

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

    /// What others write to send money to this person, as an app is told it; `None` when it cannot be told now. See
    /// [`People::address`].
    fn address(&self, person: &str, app_id: &str) -> Option<String>;

    /// What an app is told of the other side of a line, as [`HistoryLine::with`] has it. See [`People::other`].
    fn other(&self, with: &str, app_id: &str) -> String;
}

/// The accounts that payments come from.
pub struct PaymentAccounts {
    provider: Arc<dyn PaymentProvider>,
    people: Arc<dyn People>,
}

impl PaymentAccounts {
    /// The accounts of this provider; `people` tells what others write to send money to a person.
    pub fn new(provider: Arc<dyn PaymentProvider>, people: Arc<dyn People>) -> Self {
        Self { provider, people }
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

    fn address(&self, person: &str, app_id: &str) -> Option<String> {
        self.people.address(person, app_id)
    }

    fn other(&self, with: &str, app_id: &str) -> String {
        // A merchant and its order have a space between them, which no account has.
        match with.parse::<AccountId>() {
            Ok(account) => self.people.other(&account, app_id),
            Err(_) => with.to_owned(),
        }
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
        let (wallet, owner) = (self.providers().wallet.clone(), self.owner().clone());
        let kind = asked.clone();
        let finish: Finish = Box::new(move |answer| {
            finish.with(super::Answer::Wallet(kind.answer(answer)));
        });
        self.consented(asked.wanted(), String::new(), move |agreed| match agreed {
            Ok(()) => asked.ask(wallet, &owner, finish),
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

    fn ask(self, wallet: Arc<dyn WalletProvider>, owner: &Owner, finish: Finish) {
        let asked = wallet.clone();
        let app = owner.app_id.clone();
        let Some(address) = wallet.address(&owner.person, &app) else {
            return finish(Err(Error::Unavailable));
        };
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
                    let told = accounts.into_iter().map(|one| to_wit(one, &app, &address));
                    finish(Ok(Read::Accounts(told.collect())));
                }
                Self::History(account, before, limit) => {
                    // Somebody else's is as good as none, and so is another app's name for it.
                    let mut accounts = accounts.into_iter().map(|one| one.account);
                    let own = accounts.find(|own| told_id(&app, own) == account.as_str());
                    let Some(own) = own else {
                        return finish(Err(Error::Invalid));
                    };
                    let names = asked.clone();
                    let told = Box::new(move |lines: Result<Vec<HistoryLine>, _>| {
                        finish(match lines {
                            Ok(lines) => {
                                let lines = lines.into_iter();
                                let told = lines.map(|told| line(told, &*names, &app));
                                Ok(Read::History(told.collect()))
                            }
                            Err(_) => Err(Error::Unavailable),
                        });
                    });
                    asked.history(&own, before.as_deref(), limit, told);
                }
            }
        });
        wallet.accounts(&owner.person, answer);
    }
}

/// What an app calls an account: another name in each app, from which the bank's name for it does not follow.
#[must_use]
pub fn told_id(app_id: &str, account: &AccountId) -> String {
    let mut hasher = blake3::Hasher::new_derive_key("lapak wallet account 1");
    hasher.update(app_id.as_bytes());
    hasher.update(&[0]);
    hasher.update(account.as_str().as_bytes());
    hasher.finalize().to_hex()[..32].to_owned()
}

fn to_wit(account: PersonAccount, app_id: &str, address: &str) -> Account {
    Account {
        id: told_id(app_id, &account.account),
        available: Money {
            minor: account.available_minor,
            currency: account.currency.code().to_owned(),
        },
        held_minor: account.held_minor,
        address: address.to_owned(),
    }
}

fn line(line: HistoryLine, names: &dyn WalletProvider, app_id: &str) -> Entry {
    Entry {
        other: names.other(&line.with, app_id),
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
        note: line.note,
    }
}

impl From<AccessDenied> for Error {
    fn from(_: AccessDenied) -> Self {
        Self::AccessDenied
    }
}
