//! One transaction of a backfill, watched, and what becomes of one that fails.

use super::{Run, failed};
use crate::apply::blocker::Blocker;
use crate::apply::lock_retry::{Failure, Manner};
use crate::apply::options::milliseconds;
use crate::apply::watch::{self, Watch, beside};
use crate::apply::{Event, Stop, brake};
use crate::pg::Sql;
use crate::pg::session::PATH_OF_THE_ROLE_HERE;
use crate::sql;
use postgres::SimpleQueryMessage;
use postgres::error::SqlState;
use std::time::Instant;

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
const HEAD: usize = 6;

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
        if let Some(stop) = brake::check(self.session, self.options).map_err(failed)? {
            return Err(Failure::Stop(stop));
        }
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
            Sql::constant(PATH_OF_THE_ROLE_HERE),
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
        match self.watched(&text.join(";\n")) {
            Ok(messages) => {
                // That the next range was found does not end the trouble with filling it.
                if record.is_some() {
                    self.trouble = None;
                }
                Ok(Sent::Done(messages))
            }
            Err((failure, blockers)) => {
                if failure.is_lost() {
                    return Err(failure);
                }
                drop(self.session.client.batch_execute("ROLLBACK"));
                self.again(failure, blockers)?;
                Ok(Sent::Again)
            }
        }
    }

    /// Runs `text` and looks meanwhile for whom it waits, and who waits for it.
    fn watched(&mut self, text: &str) -> Result<Vec<SimpleQueryMessage>, (Failure, Vec<Blocker>)> {
        let policy = &self.options.lock;
        let pid = self.session.pid();
        let mut watch = Watch::new(policy, Manner::Long);
        let (client, watcher) = self.session.pair();
        let result = beside(
            client,
            watch::poll(policy),
            |client| client.simple_query(text),
            || {
                let Some(client) = watcher else { return };
                if watch.look(client, pid).is_err() {
                    *watcher = None;
                }
            },
        );
        self.kept_waiting |= watch.kept_waiting;
        result.map_err(|source| (watch.failure(source), watch.blockers))
    }

    /// Pauses when it is worth trying again.
    ///
    /// Row locks are waited for as older transactions are, up to `lock.max_wait`; a deadlock, or giving way to
    /// somebody who waits for our rows, may come `lock.attempts` times.
    fn again(&mut self, failure: Failure, blockers: Vec<Blocker>) -> Result<(), Failure> {
        let is_lock = failure.is(is_lock_timeout);
        if !failure.is_passing() && !failure.is(is_serialization) {
            return Err(failure);
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
                why: failure.said(),
                blockers,
            }));
        }
        self.size = self.options.backfill.smaller(self.size);
        let pause = policy.pause_after(attempt, self.session.jitter());
        self.observer.event(if is_lock && !blockers.is_empty() {
            Event::Waiting {
                step: Some(step),
                phase: None,
                waiting: blockers,
                since: waited,
            }
        } else {
            Event::Retry {
                step,
                attempt,
                of: policy.attempts,
                pause,
                why: failure.said(),
                blockers,
            }
        });
        brake::rest(pause, self.options);
        Ok(())
    }
}

fn is_lock_timeout(error: &postgres::Error) -> bool {
    error.code() == Some(&SqlState::LOCK_NOT_AVAILABLE)
}

fn is_serialization(error: &postgres::Error) -> bool {
    error.code() == Some(&SqlState::T_R_SERIALIZATION_FAILURE)
}
