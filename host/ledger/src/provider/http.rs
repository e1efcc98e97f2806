//! A payment service on the network as a provider: JSON over TLS, both sides sign, every request can be sent again.
//! The protocol is in `docs/payment-service.md`, its messages in [`protocol`].
//!
//! # Security
//! Only what the service signed for this host and this request is an outcome. Everything else, be it a broken
//! connection, an error status, garbage or a reply to something else, leaves the outcome unknown, and the service is
//! asked again, ever more rarely, until it says.

pub mod protocol;

use std::sync::Arc;
use std::time::Duration;

use super::in_flight::{Id, InFlight};
use super::{
    Answer, Ask, Done, HistoryLine, Label, OrderState, Outcome, PaymentProvider, PersonAccount,
    Request, Unavailable,
};
use crate::clock::Clock;
use crate::jws::JwsError;
use crate::keys::{PublicKey, SecretKey};
use crate::name::{AccountId, MerchantId, OrderId, RequestKey};
use crate::receipt::Purpose;
use crate::schedule::{Later, Schedule, backoff};
use crate::web::{self, Client, WebOptions};
use protocol::{Answered, MAX_AGE_MS, Message, Question, Reply, Signed, VERSION};

/// How many exchanges may be under way at a time.
const THREADS: usize = 4;
/// The most lines of a history that are asked for at once.
const MAX_LINES: u32 = 100;

/// Which service, and as whom.
pub struct HttpOptions {
    /// How the sheet names it.
    pub name: String,
    /// The service's address: messages go to it by POST.
    pub url: String,
    /// This host, as the service registered it.
    pub client: String,
    /// Signs messages and receipts.
    pub key: Arc<SecretKey>,
    /// The service's keys; more than one while they are being changed.
    pub service_keys: Vec<PublicKey>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Whom to trust, and how long to wait.
    pub web: WebOptions,
}

/// Payments by a service on the network.
pub struct HttpProvider {
    shared: Arc<Shared>,
    schedule: Schedule,
}

struct Shared {
    options: HttpOptions,
    client: Client,
    in_flight: InFlight,
}

/// Why what came to the webhook is refused. Answer with a status of 400 then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WebhookError {
    /// Forged, altered, or no reply at all.
    #[error(transparent)]
    Signature(#[from] JwsError),
    /// For another host.
    #[error("this is for another host")]
    OtherClient,
    /// Sent too long ago, or from a clock that is far ahead.
    #[error("this was not sent within the last 5 minutes")]
    Stale,
    /// Of another version, or no outcome.
    #[error("this is not the outcome of a request")]
    NoOutcome,
}

impl HttpProvider {
    /// Uses the service; nothing is sent before the first request.
    ///
    /// # Errors
    /// When the address is not safe, or the threads cannot be started.
    pub fn new(options: HttpOptions) -> std::io::Result<Self> {
        web::check_url(&options.url).map_err(std::io::Error::other)?;
        let client = Client::new(&options.web);
        let shared = Arc::new(Shared {
            options,
            client,
            in_flight: InFlight::default(),
        });
        Ok(Self {
            shared,
            schedule: Schedule::start("lapak-payment-service", THREADS)?,
        })
    }

    /// Takes what the service sent to the host's webhook: the body and the header `lapak-signature`. `Ok`: answer with
    /// a status of 200, also when nobody waits for it any more; the service sends it again until then.
    ///
    /// # Errors
    /// When it is not to be believed.
    pub fn webhook(&self, body: &[u8], signature: &str) -> Result<(), WebhookError> {
        let signed = Signed {
            body: body.to_vec(),
            signature: signature.to_owned(),
        };
        let reply = Reply::open(&signed, &self.shared.options.service_keys)?;
        if reply.client != self.shared.options.client {
            return Err(WebhookError::OtherClient);
        }
        if !self.shared.is_fresh(&reply) {
            return Err(WebhookError::Stale);
        }
        let id = parsed(&reply.id)
            .filter(|_| reply.version == VERSION)
            .ok_or(WebhookError::NoOutcome)?;
        match self.shared.outcome(&id, reply.answer) {
            Told::Outcome(outcome) => {
                self.shared.in_flight.end(&id, &outcome);
                Ok(())
            }
            Told::NotWaiting | Told::Pending(_) => Ok(()),
            Told::Nonsense => Err(WebhookError::NoOutcome),
        }
    }
}

impl PaymentProvider for HttpProvider {
    fn label(&self) -> Label {
        Label {
            name: self.shared.options.name.clone(),
            simulated: false,
        }
    }

    fn submit(&self, request: Request, done: Done) {
        if self.shared.in_flight.begin(&request, done) {
            let question = question(&request);
            Shared::ask(
                &self.shared,
                self.schedule.later(),
                request.id(),
                question,
                Duration::ZERO,
                0,
            );
        }
    }

    fn cancel(&self, account: &AccountId, key: &RequestKey) {
        let id = (account.clone(), key.clone());
        Shared::ask(
            &self.shared,
            self.schedule.later(),
            id,
            Question::Cancel,
            Duration::ZERO,
            0,
        );
    }

    fn order(
        &self,
        account: &AccountId,
        merchant: &MerchantId,
        order: &OrderId,
        answer: Answer<OrderState>,
    ) {
        let question = Question::Order {
            account: account.clone(),
            merchant: merchant.clone(),
            order: order.clone(),
        };
        let (merchant, order) = (merchant.clone(), order.clone());
        self.question(question, answer, move |shared, answered| match answered {
            Answered::Order { paid: None } => Some(OrderState::Unpaid),
            Answered::Order { paid: Some(paid) } => {
                let purpose = Purpose::Payment {
                    merchant,
                    order,
                    sha256: paid.sha256,
                };
                let receipt = paid
                    .settled
                    .receipt("service", false, purpose)
                    .sign(&shared.options.key);
                Some(OrderState::Paid {
                    receipt,
                    refunded_minor: paid.refunded_minor,
                })
            }
            _ => None,
        });
    }

    fn accounts(&self, person: &str, answer: Answer<Vec<PersonAccount>>) {
        self.question(
            Question::Accounts {
                person: person.to_owned(),
            },
            answer,
            |_, answered| match answered {
                Answered::Accounts { accounts } => Some(accounts),
                _ => None,
            },
        );
    }

    fn history(
        &self,
        account: &AccountId,
        before: Option<&str>,
        limit: u32,
        answer: Answer<Vec<HistoryLine>>,
    ) {
        let (account, before) = (account.clone(), before.map(str::to_owned));
        let question = Question::History {
            account,
            before,
            limit: limit.min(MAX_LINES),
        };
        self.question(question, answer, |_, answered| match answered {
            Answered::History { lines } => Some(lines),
            _ => None,
        });
    }
}

impl HttpProvider {
    /// Asks once something that moves no money.
    fn question<T: 'static>(
        &self,
        question: Question,
        answer: Answer<T>,
        read: impl FnOnce(&Shared, Answered) -> Option<T> + Send + 'static,
    ) {
        let shared = Arc::clone(&self.shared);
        self.schedule.later().after(Duration::ZERO, move || {
            let told = random_id()
                .and_then(|id| shared.exchange(&id, question))
                .and_then(|reply| {
                    read(&shared, reply)
                        .ok_or_else(|| "the service answered something else".to_owned())
                });
            answer(told.map_err(Unavailable));
        });
    }
}

/// What a reply says about a request.
enum Told {
    Outcome(Outcome),
    /// Ask again after this long.
    Pending(Duration),
    /// Nobody waits for this request.
    NotWaiting,
    /// It is no outcome, or contradicts the request.
    Nonsense,
}

impl Shared {
    /// Asks after a while, and again until the outcome is known.
    fn ask(self: &Arc<Self>, later: Later, id: Id, question: Question, wait: Duration, tried: u32) {
        let (shared, next) = (Arc::downgrade(self), later.clone());
        later.after(wait, move || {
            let Some(shared) = shared.upgrade() else {
                return;
            };
            if shared.in_flight.request(&id).is_none() {
                return;
            }
            let told = match shared.exchange(&wire_id(&id), question.clone()) {
                Ok(answered) => shared.outcome(&id, answered),
                Err(error) => {
                    tracing::warn!(%error, key = %id.1, "the payment service will be asked again");
                    Told::Nonsense
                }
            };
            let web = &shared.options.web;
            match told {
                Told::Outcome(outcome) => drop(shared.in_flight.end(&id, &outcome)),
                Told::NotWaiting => {}
                // The request itself goes on asking.
                Told::Pending(_) if question == Question::Cancel => {}
                Told::Pending(wait) => shared.ask(next, id, question, wait, 0),
                Told::Nonsense => {
                    let wait = backoff(web.first_wait, web.most_wait, tried);
                    shared.ask(next, id, question, wait, tried.saturating_add(1));
                }
            }
        });
    }

    /// Sends a message and gives the answer, if it is the service's answer to just this message.
    fn exchange(&self, id: &str, ask: Question) -> Result<Answered, String> {
        let message = Message {
            ask,
            client: self.options.client.clone(),
            id: id.to_owned(),
            sent_at_ms: self.options.clock.now_ms(),
            version: VERSION,
        };
        let Signed { body, signature } = message.sign(&self.options.key);
        let said = self.client.post(
            &self.options.url,
            "application/json",
            Some(&signature),
            &body,
        )?;
        let signature = said
            .signature
            .ok_or_else(|| format!("status {} and no signature", said.status))?;
        let signed = Signed {
            body: said.body,
            signature,
        };
        let reply =
            Reply::open(&signed, &self.options.service_keys).map_err(|error| error.to_string())?;
        if reply.version != VERSION || reply.client != self.options.client || reply.id != id {
            return Err("the service replied to something else".into());
        }
        if !self.is_fresh(&reply) {
            return Err("the reply is old, or the clocks are more than 5 minutes apart".into());
        }
        Ok(reply.answer)
    }

    fn outcome(&self, id: &Id, answered: Answered) -> Told {
        let Some(request) = self.in_flight.request(id) else {
            return Told::NotWaiting;
        };
        match answered {
            Answered::Pending { again_ms } => {
                Told::Pending(Duration::from_millis(u64::from(again_ms)).clamp(MIN_POLL, MAX_POLL))
            }
            Answered::Paid(settled) => {
                let amount = request.ask.amount();
                if (settled.amount_minor, settled.currency) != (amount.minor(), amount.currency()) {
                    tracing::error!(key = %id.1, "the payment service says that another amount was paid");
                    return Told::Nonsense;
                }
                let receipt = settled.receipt("service", false, request.purpose());
                Told::Outcome(Outcome::Paid(receipt.sign(&self.options.key)))
            }
            Answered::Declined { reason } => Told::Outcome(Outcome::Declined(reason)),
            Answered::Cancelled => Told::Outcome(Outcome::Cancelled),
            Answered::Expired => Told::Outcome(Outcome::Expired),
            Answered::Order { .. } | Answered::Accounts { .. } | Answered::History { .. } => {
                Told::Nonsense
            }
        }
    }

    fn is_fresh(&self, reply: &Reply) -> bool {
        let age_ms = self.options.clock.now_ms().saturating_sub(reply.sent_at_ms);
        (-MAX_AGE_MS..=MAX_AGE_MS).contains(&age_ms)
    }
}

const MIN_POLL: Duration = Duration::from_millis(50);
const MAX_POLL: Duration = Duration::from_secs(60);

fn question(request: &Request) -> Question {
    let account = request.account.clone();
    match &request.ask {
        Ask::Pay(order) => Question::Pay {
            account,
            order: order.signed().to_owned(),
        },
        Ask::Refund(refund) => Question::Refund {
            account,
            refund: refund.signed().to_owned(),
        },
        Ask::Transfer { to, amount, note } => Question::Transfer {
            account,
            amount_minor: amount.minor(),
            currency: amount.currency(),
            note: note.clone(),
            to: to.clone(),
        },
        Ask::Bill {
            biller,
            customer,
            amount,
        } => Question::Bill {
            account,
            amount_minor: amount.minor(),
            biller: biller.clone(),
            currency: amount.currency(),
            customer: customer.clone(),
        },
    }
}

/// Names have no spaces, so that the two come apart again.
fn wire_id((account, key): &Id) -> String {
    format!("{account} {key}")
}

fn parsed(wire_id: &str) -> Option<Id> {
    let (account, key) = wire_id.split_once(' ')?;
    Some((account.parse().ok()?, key.parse().ok()?))
}

/// For a question, which is never the same as another.
fn random_id() -> Result<String, String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| error.to_string())?;
    Ok(format!("q-{:032x}", u128::from_le_bytes(bytes)))
}

impl std::fmt::Debug for HttpProvider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HttpProvider")
            .field("url", &self.shared.options.url)
            .finish_non_exhaustive()
    }
}
