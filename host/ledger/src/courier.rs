//! Tells merchants what was paid and refunded, until they acknowledge it.
//!
//! What is told is the receipt itself: `POST` to the merchant's address, content type `application/jose`, the signed
//! receipt as the body. Any status from 200 to 299 acknowledges it; everything else is tried again, ever more rarely,
//! for as long as it takes. The notice was written in the same transaction as the payment, so that none is lost; a
//! merchant may get one twice, and tells it by the receipt's id.
//!
//! Each merchant has a queue of its own, oldest notice first, one at a time. One that does not acknowledge is left alone as a whole
//! for a while, and those are told by a part of the threads only: who does answer waits for nobody who does not.

mod round;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::clock::Clock;
use crate::keys::SecretKey;
use crate::ledger::{Event, Ledger, LedgerError, Notice, Posted};
use crate::merchants::Merchants;
use crate::name::MerchantId;
use crate::provider::ledger::{LEDGER, settled};
use crate::receipt::{Purpose, SignedReceipt};
use crate::schedule::backoff;
use crate::web::{Client, WebOptions};
use round::{Merchant, Round};

/// Merchants that are told at a time.
const AT_A_TIME: usize = 8;
/// Of them, those that did not acknowledge the last notice.
const SILENT_AT_A_TIME: usize = 4;
/// Notices that one merchant is told of before it is another's turn.
const IN_A_ROW: usize = 32;
/// The longest sleep; the ledger wakes the thread when it writes.
const MAX_SLEEP: Duration = Duration::from_secs(60);
/// The sleep after the ledger could not be read, and how often the end is looked for.
const SHORT_SLEEP: Duration = Duration::from_millis(500);

/// Threads that tell merchants. They end when it is dropped; what is not acknowledged by then is told the next time.
#[derive(Debug)]
pub struct Courier {
    ended: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// What telling takes.
struct Telling {
    ledger: Arc<Ledger>,
    key: Arc<SecretKey>,
    merchants: Arc<Merchants>,
    clock: Arc<dyn Clock>,
    web: WebOptions,
    client: Client,
    ended: Arc<AtomicBool>,
    round: Round,
}

impl Courier {
    /// Starts telling merchants what `ledger` keeps notices of (see [`crate::ledger::LedgerOptions::notices`]), with
    /// receipts signed by `key`. `clock` is the ledger's.
    ///
    /// # Errors
    /// When the thread cannot be started.
    pub fn start(
        ledger: Arc<Ledger>,
        key: Arc<SecretKey>,
        merchants: Arc<Merchants>,
        clock: Arc<dyn Clock>,
        web: WebOptions,
    ) -> std::io::Result<Self> {
        let ended = Arc::new(AtomicBool::new(false));
        let client = Client::new(&web);
        let telling = Telling {
            ledger,
            key,
            merchants,
            clock,
            web,
            client,
            ended: Arc::clone(&ended),
            round: Round::default(),
        };
        let thread = std::thread::Builder::new()
            .name("lapak-courier".into())
            .spawn(move || telling.serve())?;
        Ok(Self {
            ended,
            thread: Some(thread),
        })
    }
}

impl Drop for Courier {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Telling {
    /// Looks who is to be told, and has them told on threads that end with this.
    fn serve(&self) {
        std::thread::scope(|scope| {
            while !self.has_ended() {
                let seen = self.ledger.notices_seen();
                let sleep = match self.begin_due(scope) {
                    Ok(sleep) => sleep,
                    Err(error) => {
                        tracing::warn!(%error, "merchants cannot be told");
                        SHORT_SLEEP
                    }
                };
                self.sleep(seen, sleep);
            }
        });
    }

    /// Begins to tell those that may be told now; gives the time until the next may be.
    fn begin_due<'scope>(
        &'scope self,
        scope: &'scope std::thread::Scope<'scope, '_>,
    ) -> Result<Duration, LedgerError> {
        let now_ms = self.clock.now_ms();
        let (mut due, mut next_ms) = (Vec::new(), i64::MAX);
        for (merchant, due_ms) in self.ledger.merchants_to_tell()? {
            match self.round.may_be_told(&merchant, due_ms, now_ms) {
                Merchant::Busy => {}
                Merchant::At(at_ms) => next_ms = next_ms.min(at_ms),
                Merchant::Now { silent } => due.push((silent, due_ms, merchant)),
            }
        }
        // Those that answer come first.
        due.sort();
        for (silent, _, merchant) in due {
            if !self.round.begin(&merchant, silent) {
                // Whoever ends looks again.
                break;
            }
            let told = merchant.clone();
            let thread = std::thread::Builder::new().name("lapak-courier-tell".into());
            let begun = thread.spawn_scoped(scope, move || {
                self.tell_merchant(&told);
                self.round.end(&told);
                self.ledger.wake_for_notices();
            });
            if let Err(error) = begun {
                tracing::warn!(%error, "no thread to tell a merchant");
                self.round.end(&merchant);
                return Ok(SHORT_SLEEP);
            }
        }
        let wait_ms = u64::try_from(next_ms.saturating_sub(now_ms)).unwrap_or(0);
        Ok(Duration::from_millis(wait_ms).min(MAX_SLEEP))
    }

    /// Tells one merchant what is due, until it does not acknowledge something.
    fn tell_merchant(&self, merchant: &str) {
        for _ in 0..IN_A_ROW {
            if self.has_ended() {
                return;
            }
            let now_ms = self.clock.now_ms();
            let told = match self.ledger.notice_of(merchant, now_ms) {
                Ok(Some(notice)) => self.tell(merchant, &notice),
                Ok(None) => return,
                Err(error) => Err(error),
            };
            match told {
                Ok(None) => self.round.answered(merchant),
                Ok(Some(until_ms)) => return self.round.did_not_answer(merchant, until_ms),
                Err(error) => {
                    tracing::warn!(%error, "a merchant cannot be told");
                    let wait = i64::try_from(SHORT_SLEEP.as_millis()).unwrap_or(0);
                    return self.round.did_not_answer(merchant, now_ms + wait);
                }
            }
        }
    }

    /// Tells one notice; gives until when the merchant is left alone if it did not acknowledge it.
    fn tell(&self, merchant: &str, notice: &Notice) -> Result<Option<i64>, LedgerError> {
        let seq = notice.posted.seq;
        let known = merchant.parse::<MerchantId>().ok();
        let known = known.and_then(|merchant| self.merchants.find(&merchant));
        let url = known.and_then(|merchant| merchant.paid_url.as_deref());
        // A merchant that has no address, or is not known any more, does not want to be told.
        let Some((url, receipt)) = url.zip(self.receipt(&notice.posted)?) else {
            return self.ledger.notice_told(seq, None).map(|()| None);
        };
        let said = self
            .client
            .post(url, "application/jose", None, receipt.as_str().as_bytes());
        match said {
            Ok(said) if (200..300).contains(&said.status) => {
                self.ledger.notice_told(seq, None).map(|()| None)
            }
            said => {
                let why = said.map_or_else(|error| error, |said| format!("status {}", said.status));
                tracing::warn!(
                    url,
                    seq,
                    why,
                    "the merchant did not acknowledge; it will be told again"
                );
                let tried = self.round.failures(merchant).max(notice.attempts);
                let wait = backoff(self.web.first_wait, self.web.most_wait, tried);
                let wait_ms = i64::try_from(wait.as_millis()).unwrap_or(i64::MAX);
                let until_ms = self.clock.now_ms().saturating_add(wait_ms);
                self.ledger.notice_told(seq, Some(until_ms))?;
                Ok(Some(until_ms))
            }
        }
    }

    fn receipt(&self, posted: &Posted) -> Result<Option<SignedReceipt>, LedgerError> {
        let purpose = match &posted.entry.event {
            Event::Paid {
                merchant,
                order,
                digest,
            } => Purpose::Payment {
                merchant: merchant.clone(),
                order: order.clone(),
                sha256: *digest,
            },
            Event::Captured { merchant, order } => {
                let Some(known) = self.ledger.order(merchant, order)? else {
                    return Ok(None);
                };
                Purpose::Payment {
                    merchant: merchant.clone(),
                    order: order.clone(),
                    sha256: known.digest,
                }
            }
            Event::Refunded {
                merchant,
                order,
                key,
            } => Purpose::Refund {
                key: key.clone(),
                merchant: merchant.clone(),
                order: order.clone(),
            },
            Event::Account(_)
            | Event::Held { .. }
            | Event::Released { .. }
            | Event::Transferred { .. } => {
                return Ok(None);
            }
        };
        Ok(settled(posted).map(|settled| settled.receipt(LEDGER, false, purpose).sign(&self.key)))
    }

    /// Sleeps, but not past the courier's end, nor past the next write.
    fn sleep(&self, seen: u64, sleep: Duration) {
        let mut left = sleep;
        while !left.is_zero() && !self.has_ended() && self.ledger.notices_seen() == seen {
            let part = left.min(SHORT_SLEEP);
            self.ledger.wait_for_notices(seen, part);
            left -= part;
        }
    }

    fn has_ended(&self) -> bool {
        self.ended.load(Ordering::Acquire)
    }
}
