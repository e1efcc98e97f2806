//! The reference payment service: what `docs/payment-service.md` asks of one, over a ledger in memory, with faults on
//! demand.

#![allow(dead_code, unreachable_pub, reason = "each test file uses its part")]

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use lapak_ledger::ledger::{Ledger, LedgerOptions};
use lapak_ledger::money::Amount;
use lapak_ledger::order::{OrderError, verify_order_for_any_app, verify_refund_for_any_app};
use lapak_ledger::provider::http::protocol::{
    Answered, MAX_AGE_MS, Message, PaidOrder, Question, Reply, Signed, VERSION,
};
use lapak_ledger::provider::ledger::LedgerProvider;
use lapak_ledger::provider::{
    Ask, Decline, OrderState, Outcome, PaymentProvider, Request, Settled,
};
use lapak_ledger::{Merchants, PublicKey, Purpose, SecretKey, SignedReceipt};

use super::tls::{Came, Goes, Server, certificate};
use crate::support::HandClock;

/// What the next message meets.
#[derive(Clone, Debug)]
pub enum Fault {
    /// Not carried out; this status without a signature.
    Status(u16),
    /// Not carried out; these bytes instead of an answer.
    Garbage(Vec<u8>),
    /// Carried out; the connection ends before the answer.
    Lost,
    /// Carried out; the answer comes after this long.
    Late(Duration),
    /// Not carried out; "paid", signed by somebody else.
    Forged,
    /// Not carried out; "paid", genuine, but to another message.
    ToAnother,
    /// Not carried out; "paid", genuine, but an hour old.
    Old,
    /// Not carried out; "paid", genuine, but another amount.
    OtherAmount,
    /// Not carried out; "pending", until the webhook tells (see [`Service::push`]) or it is asked again.
    Pending { again_ms: u32 },
}

pub struct Service {
    pub url: String,
    pub root: Vec<u8>,
    pub key: PublicKey,
    pub ledger: Arc<Ledger>,
    state: Arc<State>,
    _server: Server,
}

struct State {
    key: SecretKey,
    books: LedgerProvider,
    ledger_key: PublicKey,
    merchants: Arc<Merchants>,
    clock: HandClock,
    client: (String, PublicKey),
    faults: Mutex<VecDeque<Fault>>,
    /// What was answered to an id, which is answered again.
    answered: Mutex<HashMap<String, (Question, Answered)>>,
    messages: Mutex<Vec<Signed>>,
}

impl Service {
    pub fn start(
        merchants: Arc<Merchants>,
        clock: &HandClock,
        client: &str,
        client_key: PublicKey,
    ) -> Self {
        let options = LedgerOptions {
            clock: clock.shared(),
            ..LedgerOptions::default()
        };
        let ledger = Arc::new(Ledger::in_memory(options).expect("a ledger"));
        let books_key = Arc::new(SecretKey::from_seed(&[40; 32]));
        let ledger_key = books_key.public();
        let books = LedgerProvider::new(
            Arc::clone(&ledger),
            books_key,
            Arc::clone(&merchants),
            Arc::new(lapak_ledger::AddressBook::of_own_names()),
        )
        .expect("a provider");
        let key = SecretKey::from_seed(&[41; 32]);
        let public = key.public();
        let state = Arc::new(State {
            key,
            books,
            ledger_key,
            merchants,
            clock: clock.clone(),
            client: (client.to_owned(), client_key),
            faults: Mutex::default(),
            answered: Mutex::default(),
            messages: Mutex::default(),
        });
        let (tls, root) = certificate();
        let serving = Arc::clone(&state);
        let server = Server::start(Some(tls), move |came| serving.serve(came));
        let url = format!("https://localhost:{}/v1/messages", server.address.port());
        Self {
            url,
            root,
            key: public,
            ledger,
            state,
            _server: server,
        }
    }

    pub fn next(&self, fault: Fault) {
        self.state.faults.lock().expect("unbroken").push_back(fault);
    }

    /// No more faults.
    pub fn recovered(&self) {
        self.state.faults.lock().expect("unbroken").clear();
    }

    /// The messages that came, oldest first.
    pub fn messages(&self) -> Vec<Signed> {
        self.state.messages.lock().expect("unbroken").clone()
    }

    /// What the service sends to the host's webhook about a request.
    pub fn push(&self, id: &str, answer: Answered) -> Signed {
        self.state.reply(id, answer).sign(&self.state.key)
    }

    /// The same, but made with another key, for another host or at another time.
    pub fn odd_push(
        &self,
        id: &str,
        answer: Answered,
        key: Option<&SecretKey>,
        client: &str,
        age_ms: i64,
    ) -> Signed {
        let reply = self.state.reply(id, answer);
        let reply = Reply {
            client: client.to_owned(),
            sent_at_ms: reply.sent_at_ms - age_ms,
            ..reply
        };
        reply.sign(key.unwrap_or(&self.state.key))
    }

    /// Carries a message's question out without answering, as a service does that is still at work.
    pub fn carried_out(&self, message: &Signed) -> (String, Answered) {
        let message = Message::open(message, [&self.state.client.1]).expect("a message");
        let answer = self.state.answer(&message);
        (message.id, answer)
    }
}

impl State {
    fn serve(&self, came: Came) -> Goes {
        let signed = Signed {
            body: came.body,
            signature: came.signature.unwrap_or_default(),
        };
        let Ok(message) = Message::open(&signed, [&self.client.1]) else {
            return Goes::Answer(401, None, b"{\"error\":\"signature\"}".to_vec());
        };
        let age_ms = self.clock.now() - message.sent_at_ms;
        if message.client != self.client.0
            || message.version != VERSION
            || age_ms.abs() > MAX_AGE_MS
        {
            return Goes::Answer(
                403,
                None,
                b"{\"error\":\"client, version or time\"}".to_vec(),
            );
        }
        self.messages.lock().expect("unbroken").push(signed);
        let fault = self.faults.lock().expect("unbroken").pop_front();
        let genuine = |answer| self.goes(&message.id, answer, &self.key);
        let paid = |amount_minor| Answered::Paid(self.invented(amount_minor, &message.ask));
        match fault {
            None => genuine(self.answer(&message)),
            Some(Fault::Status(status)) => Goes::Answer(status, None, b"{\"paid\":true}".to_vec()),
            Some(Fault::Garbage(bytes)) => Goes::Raw(bytes),
            Some(Fault::Lost) => {
                self.answer(&message);
                Goes::Raw(Vec::new())
            }
            Some(Fault::Late(wait)) => {
                let answer = self.answer(&message);
                std::thread::sleep(wait);
                genuine(answer)
            }
            Some(Fault::Forged) => {
                self.goes(&message.id, paid(0), &SecretKey::from_seed(&[66; 32]))
            }
            Some(Fault::ToAnother) => self.goes("person:ani:IDR another", paid(0), &self.key),
            Some(Fault::Old) => {
                let reply = self.reply(&message.id, paid(0));
                let reply = Reply {
                    sent_at_ms: reply.sent_at_ms - 3_600_000,
                    ..reply
                };
                let Signed { body, signature } = reply.sign(&self.key);
                Goes::Answer(200, Some(signature), body)
            }
            Some(Fault::OtherAmount) => genuine(paid(1)),
            Some(Fault::Pending { again_ms }) => genuine(Answered::Pending { again_ms }),
        }
    }

    fn goes(&self, id: &str, answer: Answered, key: &SecretKey) -> Goes {
        let Signed { body, signature } = self.reply(id, answer).sign(key);
        Goes::Answer(200, Some(signature), body)
    }

    fn reply(&self, id: &str, answer: Answered) -> Reply {
        let (client, sent_at_ms) = (self.client.0.clone(), self.clock.now());
        Reply {
            answer,
            client,
            id: id.to_owned(),
            sent_at_ms,
            version: VERSION,
        }
    }

    /// A payment that never was, of the amount that was asked for and `more`.
    fn invented(&self, more: i64, ask: &Question) -> Settled {
        let amount = match ask {
            Question::Pay { order, .. } => {
                self.order(order).map_or(1, |order| order.amount().minor())
            }
            _ => 1,
        };
        Settled {
            amount_minor: amount + more,
            at_ms: self.clock.now(),
            currency: crate::support::currency("IDR"),
            number: "invented".into(),
            proof: String::new(),
        }
    }

    fn order(&self, signed: &str) -> Result<lapak_ledger::order::VerifiedOrder, OrderError> {
        verify_order_for_any_app(signed.as_bytes(), &self.merchants, self.clock.now())
    }

    fn answer(&self, message: &Message) -> Answered {
        let asks = !matches!(
            message.ask,
            Question::Order { .. } | Question::Accounts { .. } | Question::History { .. }
        );
        if !asks {
            return self.told(&message.ask);
        }
        // Under this lock to the end: two messages with one id are one request.
        let mut answered = self.answered.lock().expect("unbroken");
        match answered.get(&message.id) {
            Some((_, answer)) if message.ask == Question::Cancel => return answer.clone(),
            Some((question, answer))
                if *question == message.ask || *question == Question::Cancel =>
            {
                return answer.clone();
            }
            Some(_) => {
                return Answered::Declined {
                    reason: Decline::KeyUsed,
                };
            }
            None => {}
        }
        let answer = match &message.ask {
            Question::Cancel => Answered::Cancelled,
            ask => self.carry_out(ask, &message.id),
        };
        answered.insert(message.id.clone(), (message.ask.clone(), answer.clone()));
        answer
    }

    fn carry_out(&self, ask: &Question, id: &str) -> Answered {
        let declined = |reason| Answered::Declined { reason };
        let amount = |minor, currency| Amount::new(minor, currency);
        let (account, ask) = match ask.clone() {
            Question::Pay { account, order } => match self.order(&order) {
                Ok(order) => (account, Ask::Pay(order)),
                Err(OrderError::Expired) => return Answered::Expired,
                Err(_) => return declined(Decline::Malformed),
            },
            Question::Refund { account, refund } => {
                match verify_refund_for_any_app(
                    refund.as_bytes(),
                    &self.merchants,
                    self.clock.now(),
                ) {
                    Ok(refund) => (account, Ask::Refund(refund)),
                    Err(OrderError::Expired) => return Answered::Expired,
                    Err(_) => return declined(Decline::Malformed),
                }
            }
            Question::Transfer {
                account,
                amount_minor,
                currency,
                note,
                to,
            } => match amount(amount_minor, currency) {
                Ok(amount) => (account, Ask::Transfer { to, amount, note }),
                Err(_) => return declined(Decline::Malformed),
            },
            Question::Bill {
                account,
                amount_minor,
                biller,
                currency,
                customer,
            } => match amount(amount_minor, currency) {
                Ok(amount) => (
                    account,
                    Ask::Bill {
                        biller,
                        customer,
                        amount,
                    },
                ),
                Err(_) => return declined(Decline::Malformed),
            },
            _ => return declined(Decline::Malformed),
        };
        let key = id
            .split(' ')
            .nth(1)
            .expect("an id of two names")
            .parse()
            .expect("a name");
        let (tell, told) = mpsc::channel();
        self.books.submit(
            Request { key, account, ask },
            Box::new(move |outcome| tell.send(outcome).expect("heard")),
        );
        match told.recv().expect("an outcome") {
            Outcome::Paid(receipt) => Answered::Paid(self.settled(&receipt)),
            Outcome::Declined(reason) => declined(reason),
            Outcome::Cancelled => Answered::Cancelled,
            Outcome::Expired => Answered::Expired,
        }
    }

    fn told(&self, question: &Question) -> Answered {
        let (tell, told) = mpsc::channel();
        match question.clone() {
            Question::Order {
                account,
                merchant,
                order,
            } => {
                self.books.order(
                    &account,
                    &merchant,
                    &order,
                    Box::new(move |state| {
                        tell.send(state.expect("read")).expect("heard");
                    }),
                );
                let paid = match told.recv().expect("an answer") {
                    OrderState::Unpaid => None,
                    OrderState::Paid {
                        receipt,
                        refunded_minor,
                    } => {
                        let settled = self.settled(&receipt);
                        let Purpose::Payment { sha256, .. } =
                            receipt.verify([&self.ledger_key]).expect("own").purpose
                        else {
                            panic!("no payment");
                        };
                        Some(PaidOrder {
                            refunded_minor,
                            settled,
                            sha256,
                        })
                    }
                };
                Answered::Order { paid }
            }
            Question::Accounts { person } => {
                let (tell, told) = mpsc::channel();
                self.books.accounts(
                    &person,
                    Box::new(move |all| tell.send(all.expect("read")).expect("heard")),
                );
                Answered::Accounts {
                    accounts: told.recv().expect("an answer"),
                }
            }
            Question::History {
                account,
                before,
                limit,
            } => {
                let (tell, told) = mpsc::channel();
                let answer = Box::new(move |lines: Result<_, _>| {
                    tell.send(lines.expect("read")).expect("heard")
                });
                self.books
                    .history(&account, before.as_deref(), limit, answer);
                Answered::History {
                    lines: told.recv().expect("an answer"),
                }
            }
            _ => panic!("no question"),
        }
    }

    fn settled(&self, receipt: &SignedReceipt) -> Settled {
        let receipt = receipt.verify([&self.ledger_key]).expect("own");
        let (_, number) = receipt.id.split_once(':').expect("two parts");
        Settled {
            amount_minor: receipt.amount_minor,
            at_ms: receipt.at_ms,
            currency: receipt.currency,
            number: number.to_owned(),
            proof: receipt.proof,
        }
    }
}
