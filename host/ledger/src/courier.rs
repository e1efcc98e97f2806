//! Tells merchants what was paid and refunded, until they acknowledge it.
//!
//! What is told is the receipt itself: `POST` to the merchant's address, content type `application/jose`, the signed
//! receipt as the body. Any status from 200 to 299 acknowledges it; everything else is tried again, ever more rarely,
//! for as long as it takes. The notice was written in the same transaction as the payment, so that none is lost; a
//! merchant may get one twice, and tells it by the receipt's id.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::clock::Clock;
use crate::keys::SecretKey;
use crate::ledger::{Event, Ledger, LedgerError, Notice, Posted};
use crate::merchants::Merchants;
use crate::provider::ledger::{LEDGER, settled};
use crate::receipt::{Purpose, SignedReceipt};
use crate::schedule::backoff;
use crate::web::{Client, WebOptions};

/// How many notices are read at a time.
const AT_ONCE: u32 = 32;
/// The longest sleep; the ledger wakes the thread when it writes.
const MAX_SLEEP: Duration = Duration::from_secs(60);
/// The sleep after the ledger could not be read, and how often the end is looked for.
const SHORT_SLEEP: Duration = Duration::from_millis(500);

/// A thread that tells merchants. It ends when it is dropped; what is not acknowledged by then is told the next time.
#[derive(Debug)]
pub struct Courier {
    ended: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

struct Round {
    ledger: Arc<Ledger>,
    key: Arc<SecretKey>,
    merchants: Arc<Merchants>,
    clock: Arc<dyn Clock>,
    web: WebOptions,
    client: Client,
    ended: Arc<AtomicBool>,
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
        let round = Round {
            ledger,
            key,
            merchants,
            clock,
            web,
            client,
            ended: Arc::clone(&ended),
        };
        let thread = std::thread::Builder::new()
            .name("lapak-courier".into())
            .spawn(move || round.serve())?;
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

impl Round {
    fn serve(&self) {
        while !self.ended.load(Ordering::Acquire) {
            let seen = self.ledger.notices_seen();
            let sleep = match self.tell_due() {
                Ok(sleep) => sleep,
                Err(error) => {
                    tracing::warn!(%error, "merchants cannot be told");
                    SHORT_SLEEP
                }
            };
            self.sleep(seen, sleep);
        }
    }

    /// Tells what is due; gives the time until the next is.
    fn tell_due(&self) -> Result<Duration, LedgerError> {
        let now_ms = self.clock.now_ms();
        let (due, next_ms) = self.ledger.notices(now_ms, AT_ONCE)?;
        for notice in &due {
            if self.ended.load(Ordering::Acquire) {
                return Ok(Duration::ZERO);
            }
            self.tell(notice)?;
        }
        if !due.is_empty() {
            return Ok(Duration::ZERO);
        }
        let wait_ms = next_ms.map_or(i64::MAX, |next_ms| next_ms.saturating_sub(now_ms));
        Ok(Duration::from_millis(u64::try_from(wait_ms).unwrap_or(0)).min(MAX_SLEEP))
    }

    fn tell(&self, notice: &Notice) -> Result<(), LedgerError> {
        let seq = notice.posted.seq;
        let url = notice
            .posted
            .entry
            .event
            .order()
            .and_then(|(merchant, _)| self.merchants.find(merchant));
        let url = url.and_then(|merchant| merchant.paid_url.as_deref());
        // A merchant that has no address, or is not known any more, does not want to be told.
        let Some((url, receipt)) = url.zip(self.receipt(&notice.posted)?) else {
            return self.ledger.notice_told(seq, None);
        };
        let said = self
            .client
            .post(url, "application/jose", None, receipt.as_str().as_bytes());
        match said {
            Ok(said) if (200..300).contains(&said.status) => self.ledger.notice_told(seq, None),
            said => {
                let why = said.map_or_else(|error| error, |said| format!("status {}", said.status));
                tracing::warn!(
                    url,
                    seq,
                    why,
                    "the merchant did not acknowledge; it will be told again"
                );
                let wait = backoff(self.web.first_wait, self.web.most_wait, notice.attempts);
                let wait_ms = i64::try_from(wait.as_millis()).unwrap_or(i64::MAX);
                self.ledger
                    .notice_told(seq, Some(self.clock.now_ms().saturating_add(wait_ms)))
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
        while !left.is_zero()
            && !self.ended.load(Ordering::Acquire)
            && self.ledger.notices_seen() == seen
        {
            let part = left.min(SHORT_SLEEP);
            self.ledger.wait_for_notices(seen, part);
            left -= part;
        }
    }
}
