//! Gives whoever comes an account with play money in it.

use std::sync::Arc;

use lapak_ledger::AddressBook;
use lapak_ledger::ledger::{AccountTerms, Ledger, LedgerError, Operation, Transfer};
use lapak_ledger::money::{Amount, Currency};
use lapak_ledger::name::{AccountId, MerchantId, OrderId, RequestKey};
use lapak_ledger::provider::ledger::LedgerProvider;
use lapak_ledger::provider::{
    Answer, Done, HistoryLine, Label, OrderState, PaymentProvider, PersonAccount, Request,
    Unavailable,
};

use super::WELCOME_MINOR;

/// The ledger, and a gift at the first visit.
pub(super) struct Welcoming {
    ledger: Arc<Ledger>,
    provider: LedgerProvider,
    book: Arc<AddressBook>,
    source: AccountId,
    currency: Currency,
}

impl Welcoming {
    pub(super) fn new(
        ledger: Arc<Ledger>,
        (provider, book): (LedgerProvider, Arc<AddressBook>),
        source: AccountId,
        currency: Currency,
    ) -> Self {
        Self {
            ledger,
            provider,
            book,
            source,
            currency,
        }
    }

    /// Opens the account and fills it, once: the gift has one key, so that the books know it when it is sent again.
    fn welcome(&self, person: &str) -> Result<(), String> {
        let holder = self.book.holder(person).map_err(text)?;
        let account = LedgerProvider::account_id(&holder, self.currency).map_err(text)?;
        if self.ledger.balance(&account).map_err(text)?.is_some() {
            return Ok(());
        }
        let gift = Transfer {
            from: self.source.clone(),
            to: account.clone(),
            key: key(&account).map_err(text)?,
            amount: Amount::new(WELCOME_MINOR, self.currency).map_err(text)?,
            note: "Play money to begin with".into(),
        };
        let terms = AccountTerms {
            id: account,
            currency: self.currency,
            floor_minor: Some(0),
            ceiling_minor: None,
        };
        let all = [Operation::Open(terms), Operation::Transfer(gift)];
        all.into_iter()
            .try_for_each(|operation| self.ledger.carry_out(operation).map(drop))
            .map_err(|error: LedgerError| error.to_string())
    }
}

impl PaymentProvider for Welcoming {
    fn label(&self) -> Label {
        self.provider.label()
    }

    fn submit(&self, request: Request, done: Done) {
        self.provider.submit(request, done);
    }

    fn cancel(&self, account: &AccountId, key: &RequestKey) {
        self.provider.cancel(account, key);
    }

    fn order(
        &self,
        account: &AccountId,
        merchant: &MerchantId,
        order: &OrderId,
        answer: Answer<OrderState>,
    ) {
        self.provider.order(account, merchant, order, answer);
    }

    fn accounts(&self, person: &str, answer: Answer<Vec<PersonAccount>>) {
        match self.welcome(person) {
            Ok(()) => self.provider.accounts(person, answer),
            Err(error) => answer(Err(Unavailable(error))),
        }
    }

    fn history(
        &self,
        account: &AccountId,
        before: Option<&str>,
        limit: u32,
        answer: Answer<Vec<HistoryLine>>,
    ) {
        self.provider.history(account, before, limit, answer);
    }
}

/// One gift for each account: the source's transfers are told apart by their keys.
fn key(account: &AccountId) -> Result<RequestKey, lapak_ledger::name::NameError> {
    let digest = lapak_ledger::Digest::sha256(account.as_str().as_bytes());
    format!("welcome-{digest}").parse()
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}
