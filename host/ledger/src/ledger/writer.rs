//! The thread that writes: operations that wait together share one transaction, and so one `fsync`.
//!
//! Other threads tell the outcomes, so that what a caller does with an outcome (signing a receipt, say) does not
//! hold up the next transaction. To sign costs more than to write, so there is one of them for each core, and two at least.

use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

use super::books::{Books, row_id};
use super::entry::Posted;
use super::error::{LedgerError, Stop};
use super::operation::Operation;
use crate::clock::Clock;

/// The most operations that share a transaction.
const MAX_BATCH: usize = 512;
/// The most threads that tell outcomes.
const MOST_TELLERS: usize = 4;
/// The longest sleep; a clock may jump meanwhile.
const MAX_SLEEP: Duration = Duration::from_secs(60);

/// Called once, from a thread of the ledger's, when an operation is over. What it says is on disk by then. Outcomes of operations
/// that shared a transaction are told in any order, and at the same time.
/// `Ok(None)`: there was nothing to do.
pub type Done = Box<dyn FnOnce(Result<Option<Posted>, LedgerError>) + Send>;

/// What the thread is asked for.
pub(super) enum Job {
    /// Something in the books.
    Operation(Operation, Done),
    /// What became of telling a merchant of an entry: told, or to be tried again at a time.
    Notice {
        seq: u64,
        again_at_ms: Option<i64>,
        done: Done,
    },
    /// Somebody else's number, which only grows.
    Mark {
        name: &'static str,
        number: u64,
        done: Done,
    },
}

impl Job {
    fn done(self) -> Done {
        let (Self::Operation(_, done) | Self::Notice { done, .. } | Self::Mark { done, .. }) = self;
        done
    }
}

pub(super) fn ended() -> LedgerError {
    LedgerError::Unavailable("the ledger's thread has ended".into())
}

/// The thread that writes and those that tell.
#[derive(Debug)]
pub(super) struct Writer {
    jobs: Option<Sender<Job>>,
    threads: Vec<JoinHandle<()>>,
}

/// Wakes whoever tells merchants, when there may be something to tell.
#[derive(Debug, Default)]
pub(super) struct Noticed {
    count: Mutex<u64>,
    changed: Condvar,
}

impl Noticed {
    pub(super) fn more(&self) {
        *self.count.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.changed.notify_all();
    }

    /// How often there was something so far.
    pub(super) fn count(&self) -> u64 {
        *self.count.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until the count is another than `seen`, but no longer than `wait`.
    pub(super) fn wait(&self, seen: u64, wait: Duration) {
        let count = self.count.lock().unwrap_or_else(PoisonError::into_inner);
        drop(
            self.changed
                .wait_timeout_while(count, wait, |count| *count == seen),
        );
    }
}

/// An outcome, and who is to be told.
type Told = (Done, Result<Option<Posted>, LedgerError>);

struct State {
    noticed: Arc<Noticed>,
    connection: Connection,
    clock: Arc<dyn Clock>,
    notices: bool,
    outcomes: Sender<Told>,
}

impl Writer {
    pub(super) fn start(
        connection: Connection,
        clock: Arc<dyn Clock>,
        notices: bool,
        noticed: Arc<Noticed>,
    ) -> std::io::Result<Self> {
        let (jobs, waiting) = mpsc::channel();
        let (outcomes, told) = mpsc::channel::<Told>();
        let mut state = State {
            noticed,
            connection,
            clock,
            notices,
            outcomes,
        };
        let write = std::thread::Builder::new()
            .name("lapak-ledger".into())
            .spawn(move || state.serve(&waiting))?;
        let mut writer = Self {
            jobs: Some(jobs),
            threads: vec![write],
        };
        let told = Arc::new(Mutex::new(told));
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        for _ in 0..cores.clamp(2, MOST_TELLERS) {
            let told = Arc::clone(&told);
            let tell = std::thread::Builder::new().name("lapak-ledger-tell".into());
            writer.threads.push(tell.spawn(move || tell_all(&told))?);
        }
        Ok(writer)
    }

    pub(super) fn submit(&self, job: Job) {
        let refused = match &self.jobs {
            Some(jobs) => jobs.send(job).err().map(|refused| refused.0),
            None => Some(job),
        };
        if let Some(job) = refused {
            (job.done())(Err(ended()));
        }
    }
}

/// Tells outcomes, one at a time, until there will be no more.
fn tell_all(told: &Mutex<Receiver<Told>>) {
    loop {
        // Let go before it is told, so that others are told meanwhile.
        let next = told.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok((done, outcome)) = next else {
            return;
        };
        done(outcome);
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // Closing the channel lets the threads finish what was submitted and end.
        drop(self.jobs.take());
        for thread in self.threads.drain(..) {
            // An outcome may hold the last handle to the ledger: a thread cannot wait for itself.
            if thread.thread().id() != std::thread::current().id() {
                let _ = thread.join();
            }
        }
    }
}

impl State {
    fn serve(&mut self, waiting: &Receiver<Job>) {
        loop {
            let first = match waiting.recv_timeout(self.until_next_expiry()) {
                Ok(job) => Some(job),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => return,
            };
            let mut batch = Vec::from_iter(first);
            while batch.len() < MAX_BATCH
                && let Ok(job) = waiting.try_recv()
            {
                batch.push(job);
            }
            self.carry_out(batch);
        }
    }

    /// Carries a batch out in one transaction. If the medium fails anywhere, nothing of it is acknowledged.
    fn carry_out(&mut self, batch: Vec<Job>) {
        let result = self.try_batch(&batch);
        if let Err(error) = &result {
            tracing::error!(%error, "the ledger could not be written");
        }
        let mut outcomes = result.map(Vec::into_iter);
        for job in batch {
            let outcome = match &mut outcomes {
                Ok(outcomes) => outcomes.next().unwrap_or(Ok(None)),
                Err(error) => Err(error.clone()),
            };
            // The receiver lives as long as this sender.
            let _ = self.outcomes.send((job.done(), outcome));
        }
    }

    fn try_batch(
        &mut self,
        batch: &[Job],
    ) -> Result<Vec<Result<Option<Posted>, LedgerError>>, LedgerError> {
        let now_ms = self.clock.now_ms();
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut books = Books::open(&transaction, now_ms, self.notices)?;
        // First what is over, so that it is over for everything that comes after.
        while books.release_expired()?.is_some() {}
        let mut outcomes = Vec::with_capacity(batch.len());
        for job in batch {
            let outcome = match job {
                Job::Operation(operation, _) => books.carry_out(operation),
                Job::Notice {
                    seq, again_at_ms, ..
                } => note(&transaction, *seq, *again_at_ms).map(|()| None),
                Job::Mark { name, number, .. } => mark(&transaction, name, *number).map(|()| None),
            };
            outcomes.push(match outcome {
                Ok(posted) => Ok(posted),
                Err(Stop::Refused(refusal)) => Err(refusal.into()),
                // Something may be half written: the whole transaction goes.
                Err(stop) => return Err(stop.into()),
            });
        }
        books.close()?;
        transaction.commit()?;
        if self.notices {
            self.noticed.more();
        }
        Ok(outcomes)
    }

    fn until_next_expiry(&self) -> Duration {
        let next = self
            .connection
            .prepare_cached("SELECT expires_at_ms FROM orders WHERE held_minor > 0 ORDER BY expires_at_ms LIMIT 1")
            .and_then(|mut statement| statement.query_row([], |row| row.get::<_, i64>(0)).optional());
        match next {
            Ok(Some(at_ms)) => {
                let left = u64::try_from(at_ms.saturating_sub(self.clock.now_ms())).unwrap_or(0);
                // Not at once again after a failure: a full disk stays full for a while.
                Duration::from_millis(left.max(10)).min(MAX_SLEEP)
            }
            Ok(None) | Err(_) => MAX_SLEEP,
        }
    }
}

fn mark(connection: &Connection, name: &str, number: u64) -> Result<(), Stop> {
    connection
        .prepare_cached(
            "INSERT INTO marks (name, number) VALUES (?1, ?2)
             ON CONFLICT DO UPDATE SET number = max(number, excluded.number)",
        )?
        .execute(params![name, row_id(number)?])?;
    Ok(())
}

fn note(connection: &Connection, seq: u64, again_at_ms: Option<i64>) -> Result<(), Stop> {
    match again_at_ms {
        None => connection
            .prepare_cached("DELETE FROM notices WHERE seq = ?1")?
            .execute([row_id(seq)?])?,
        Some(at_ms) => connection
            .prepare_cached(
                "UPDATE notices SET attempts = attempts + 1, due_ms = ?2 WHERE seq = ?1",
            )?
            .execute(params![row_id(seq)?, at_ms])?,
    };
    Ok(())
}
