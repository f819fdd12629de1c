//! One transaction of a backfill, watched, and what becomes of one that fails.

use super::{Run, failed};
use crate::apply::blocker::{self, Blocker};
use crate::apply::error::{is_lost, said};
use crate::apply::lock_retry::{Failure, is_lock_failure};
use crate::apply::options::milliseconds;
use crate::apply::outside::beside;
use crate::apply::{Event, Stop};
use crate::pg::Sql;
use crate::sql;
use postgres::error::SqlState;
use postgres::{Client, SimpleQueryMessage};
use std::time::{Duration, Instant};

/// What came of a transaction.
pub(super) enum Sent<T> {
    Done(T),
    /// It ran into somebody else; it was waited, and now it is to be tried again.
    Again,
}

/// A transaction that does not come about.
pub(super) struct Trouble {
    since: Instant,
    attempts: u32,
}

/// The statements before the work itself.
const HEAD: usize = 5;

impl Run<'_, '_> {
    /// The first row of a query, as text.
    pub(super) fn look(&mut self, query: &Sql) -> Result<Sent<Option<Vec<String>>>, Failure> {
        let Sent::Done(messages) = self.send(query, None)? else {
            return Ok(Sent::Again);
        };
        let row = messages.iter().find_map(|message| match message {
            SimpleQueryMessage::Row(row) => Some(row),
            _ => None,
        });
        Ok(Sent::Done(row.map(|row| {
            let columns = 0..row.len();
            columns
                .map(|i| row.get(i).unwrap_or_default().to_owned())
                .collect()
        })))
    }

    /// Does `work` and moves the position in one transaction; the rows that were written.
    pub(super) fn fill(&mut self, work: &Sql, record: &Sql) -> Result<Sent<u64>, Failure> {
        let Sent::Done(messages) = self.send(work, Some(record))? else {
            return Ok(Sent::Again);
        };
        let mut counts = messages.iter().filter_map(|message| match message {
            SimpleQueryMessage::CommandComplete(rows) => Some(*rows),
            _ => None,
        });
        Ok(Sent::Done(counts.nth(HEAD).unwrap_or(0)))
    }

    fn send(
        &mut self,
        work: &Sql,
        record: Option<&Sql>,
    ) -> Result<Sent<Vec<SimpleQueryMessage>>, Failure> {
        // The planner may take a range of a composite key for a large part of the table, because it only
        // knows the first column (rowcomparesel), and read all of it for each batch. Sequential scans
        // that there is no way around then look so dear that they would be compiled. By pages neither
        // matters.
        let scans = if self.job.backfill.key.is_empty() {
            "on"
        } else {
            "off"
        };
        let head = [
            Sql::constant("BEGIN"),
            sql!(
                "SET LOCAL lock_timeout = {}",
                milliseconds(self.options.lock.first)
            ),
            Sql::constant("SET LOCAL statement_timeout = 0"),
            sql!("SET LOCAL enable_seqscan = {}", Sql::constant(scans)),
            Sql::constant("SET LOCAL jit = off"),
        ];
        let mut text: Vec<&str> = head.iter().map(Sql::as_str).collect();
        debug_assert_eq!(text.len(), HEAD);
        text.push(work.as_str());
        text.extend(record.map(Sql::as_str));
        text.push("COMMIT");
        let (result, blockers) = self.watched(&text.join(";\n"));
        match result {
            Ok(messages) => {
                // That the next range was found does not end the trouble with filling it.
                if record.is_some() {
                    self.trouble = None;
                }
                Ok(Sent::Done(messages))
            }
            Err(source) => {
                if is_lost(&source) {
                    return Err(failed(source));
                }
                drop(self.session.client.batch_execute("ROLLBACK"));
                self.again(source, blockers)?;
                Ok(Sent::Again)
            }
        }
    }

    /// Runs `text` and looks meanwhile for whom it waits.
    fn watched(
        &mut self,
        text: &str,
    ) -> (
        Result<Vec<SimpleQueryMessage>, postgres::Error>,
        Vec<Blocker>,
    ) {
        let pid = self.session.pid();
        let poll = (self.options.lock.first / 2).max(Duration::from_millis(5));
        let watcher = &mut self.watcher;
        let mut blockers = Vec::new();
        let result = beside(
            &mut self.session.client,
            poll,
            |client| client.simple_query(text),
            || {
                let Some(client) = watcher else { return };
                match waits_for(client, pid) {
                    Ok(found) if !found.is_empty() => blockers = found,
                    Ok(_) => {}
                    Err(_) => *watcher = None,
                }
            },
        );
        (result, blockers)
    }

    /// Pauses when it is worth trying again.
    ///
    /// Row locks are waited for as older transactions are, up to `lock.max_wait`; a deadlock may come
    /// `lock.attempts` times.
    fn again(&mut self, source: postgres::Error, blockers: Vec<Blocker>) -> Result<(), Failure> {
        let is_lock = source.code() == Some(&SqlState::LOCK_NOT_AVAILABLE);
        if !is_lock && !is_lock_failure(&source) && !is_serialization(&source) {
            return Err(failed(source));
        }
        let policy = &self.options.lock;
        let step = self.job.step.id.clone();
        let trouble = self.trouble.get_or_insert_with(|| Trouble {
            since: Instant::now(),
            attempts: 0,
        });
        trouble.attempts += 1;
        let (attempt, waited) = (trouble.attempts, trouble.since.elapsed());
        if is_lock && waited >= policy.max_wait {
            return Err(Failure::Stop(Stop::Waited {
                step,
                waited,
                blockers,
            }));
        }
        if !is_lock && attempt >= policy.attempts {
            return Err(Failure::Stop(Stop::Attempts {
                step,
                attempts: attempt,
                blockers,
            }));
        }
        // Fewer rows are less likely to meet a locked one, and fewer are held meanwhile.
        self.size = (self.size / 2).max(self.options.backfill.min_rows).max(1);
        let pause = policy.pause_after(attempt, self.session.jitter());
        self.observer.event(if is_lock && !blockers.is_empty() {
            Event::Waiting {
                step: Some(step),
                waiting: blockers,
                since: waited,
            }
        } else {
            Event::Retry {
                step,
                attempt,
                of: policy.attempts,
                pause,
                why: said(&source),
                blockers,
            }
        });
        std::thread::sleep(pause);
        Ok(())
    }
}

fn is_serialization(error: &postgres::Error) -> bool {
    error.code() == Some(&SqlState::T_R_SERIALIZATION_FAILURE)
}

// pg_blocking_pids stops the lock manager for a moment: it is asked only when we do wait.
fn waits_for(client: &mut Client, pid: i32) -> Result<Vec<Blocker>, postgres::Error> {
    const WAITS: &str = "
        SELECT 1
        FROM pg_catalog.pg_stat_get_activity($1) a
        WHERE a.wait_event_type = 'Lock'";
    if client.query_opt(WAITS, &[&pid])?.is_none() {
        return Ok(Vec::new());
    }
    blocker::blocking(client, pid)
}
