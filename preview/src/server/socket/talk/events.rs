//! What the person did: taken once and in order, or given up.

use std::future::Future as _;
use std::task::Context;

use lapak_abi::json::JsonError;
use serde_json::json;
use tokio::time::Instant;

use super::{Gone, Talk};
use crate::server::clients::Taken;
use crate::server::messages::{self, FromShell};
use crate::server::socket::MAX_MESSAGE_BYTES;

impl Talk {
    /// Whether the person may send more at the moment; if not, `cx` is woken when they may.
    pub(super) fn may_read(&mut self, cx: &mut Context<'_>) -> bool {
        loop {
            let now = Instant::now();
            let Some(until) = self.watched.spent.waits_until(now) else {
                return true;
            };
            // Who is not read is not silent.
            self.last_heard = now;
            self.line.excuse(now);
            // As far as it is known now: another of their connections may be the faster one then.
            self.rest.as_mut().reset(until);
            if self.rest.as_mut().poll(cx).is_pending() {
                return false;
            }
        }
    }

    /// Counts a message of the person's.
    pub(super) fn spend(&self, messages: u32) {
        self.watched.spent.spend(messages, self.last_heard);
    }

    pub(super) async fn take_event(&mut self, event: FromShell, bytes: usize) -> Result<(), Gone> {
        let (Some(client), Some((seq, event))) = (&self.client, event.event()) else {
            return self.not_understood("say hello first").await;
        };
        let fits = bytes <= MAX_MESSAGE_BYTES;
        let session = &self.live.session;
        let taken = self.open.take(client, seq, || match event {
            Some(event) if fits => session.send(event),
            // Its number is used up all the same: what comes after it is not to wait for it.
            _ => Ok(()),
        });
        match taken {
            Taken::Yes if fits => {
                let ack = format!("{{\"t\":\"ack\",\"seq\":{seq}}}");
                self.line.acknowledge(ack).await?;
                self.set_alarm();
                Ok(())
            }
            Taken::Yes => {
                self.say(&json!({
                    "t": "refused", "seq": seq, "why": "too-large", "most": MAX_MESSAGE_BYTES,
                }))
                .await
            }
            taken => self.not_taken(seq, taken).await,
        }
    }

    /// A message that cannot be read. If it is the event that is due, its number is used up: the shell would send it again for
    /// ever, and nothing after it.
    pub(super) async fn misread(&mut self, text: &str, error: &JsonError) -> Result<(), Gone> {
        let (Some(client), Some(seq)) = (&self.client, messages::number_of(text)) else {
            return self.not_understood(&error.to_string()).await;
        };
        match self.open.take(client, seq, || Ok(())) {
            Taken::Yes => {
                let refused = json!({ "t": "refused", "seq": seq, "why": "malformed" });
                self.say(&refused).await
            }
            taken => self.not_taken(seq, taken).await,
        }
    }

    async fn not_taken(&mut self, seq: u64, taken: Taken) -> Result<(), Gone> {
        match taken {
            Taken::Never => self.say(&json!({ "t": "forgotten" })).await,
            _ => self.say(&json!({ "t": "slow", "seq": seq })).await,
        }
    }
}
