//! Measures a statement that runs outside a transaction, by a ladder: other sessions hold locks
//! and snapshots that it has to wait for, and while it waits its locks are read.

use super::measure::{self, Sessions};
use crate::pg::{LockMode, Qualified};
use crate::scratch::Database;
use crate::sql;
use postgres::{Client, Statement};
use std::collections::BTreeMap;
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// The locks seen: while it waited (the same in every run), and between (a matter of luck).
#[derive(Debug, Default)]
pub struct Ladder {
    pub locks: BTreeMap<(u32, String), LockMode>,
    pub polled: BTreeMap<(u32, String), LockMode>,
}

/// Polls a waiting statement this often.
const POLL: Duration = Duration::from_millis(1);
/// A rung is held at least this long, so that the statement is really waiting.
const SETTLED: u32 = 3;
/// The ladder ends here: the statement is then left to run undisturbed.
const LONGEST: Duration = Duration::from_secs(20);

/// Runs `statement` in the session of `sessions` while two others, by turns, write to `tables`.
///
/// # Errors
/// What the server says to the statement.
pub fn run(
    sessions: &mut Sessions,
    database: &Database,
    statement: &str,
    tables: &[Qualified],
) -> Result<(Ladder, Result<(), postgres::Error>), super::RehearseError> {
    let (mut first, mut second) = match sessions.rungs.take() {
        Some(open) => open,
        None => (database.connect()?, database.connect()?),
    };
    let Sessions {
        client,
        pid,
        observer,
        locks,
        ..
    } = sessions;
    let pid = *pid;
    let tables = &lockable(&mut first, tables)?;
    hold(&mut first, tables)?;
    let (sender, finished) = mpsc::channel();
    let mut ladder = Ladder::default();
    let result = std::thread::scope(|scope| {
        scope.spawn(move || {
            sender.send(client.batch_execute(statement)).ok();
        });
        let outcome = climb(
            (observer, locks),
            pid,
            &finished,
            (&mut first, &mut second),
            tables,
            &mut ladder,
        );
        // Whatever happened, nobody may be left waiting for us.
        first.batch_execute("ROLLBACK").ok();
        second.batch_execute("ROLLBACK").ok();
        match outcome {
            Ok(Some(result)) => Ok(result),
            Ok(None) => finished.recv().map_err(|_| lost()),
            Err(error) => {
                finished.recv().ok();
                Err(error.into())
            }
        }
    })?;
    sessions.rungs = Some((first, second));
    Ok((ladder, result))
}

fn lost() -> super::RehearseError {
    super::RehearseError::Fails {
        step: String::new(),
        statement: String::new(),
        message: "the measured session ended".to_owned(),
        hint: None,
    }
}

type Finished = mpsc::Receiver<Result<(), postgres::Error>>;

fn climb<'c>(
    (observer, locks): (&mut Client, &Statement),
    pid: i32,
    finished: &Finished,
    (mut holding, mut free): (&'c mut Client, &'c mut Client),
    tables: &[Qualified],
    ladder: &mut Ladder,
) -> Result<Option<Result<(), postgres::Error>>, postgres::Error> {
    let start = Instant::now();
    let mut settled = 0;
    while start.elapsed() < LONGEST {
        match finished.try_recv() {
            Ok(result) => return Ok(Some(result)),
            Err(mpsc::TryRecvError::Disconnected) => return Ok(None),
            Err(mpsc::TryRecvError::Empty) => {}
        }
        let waits: bool = observer
            .query_one(
                "SELECT EXISTS (SELECT FROM pg_locks WHERE pid = $1 AND NOT granted)",
                &[&pid],
            )?
            .get(0);
        let held = measure::locks_of(observer, locks, pid)?;
        settled = if waits { settled + 1 } else { 0 };
        let seen = if waits {
            &mut ladder.locks
        } else {
            &mut ladder.polled
        };
        for (relation, mode) in held {
            let strongest = seen.entry(relation).or_insert(mode);
            *strongest = (*strongest).max(mode);
        }
        if settled >= SETTLED {
            // Behind a waiting ACCESS EXCLUSIVE nobody gets in: then there is no next rung.
            if hold(free, tables).is_err() {
                free.batch_execute("ROLLBACK")?;
            }
            holding.batch_execute("COMMIT")?;
            std::mem::swap(&mut holding, &mut free);
            settled = 0;
        }
        std::thread::sleep(POLL);
    }
    Ok(None)
}

/// Those of `tables` that LOCK TABLE takes: no materialized view.
fn lockable(client: &mut Client, tables: &[Qualified]) -> Result<Vec<Qualified>, postgres::Error> {
    const KIND: &str = "SELECT relkind = 'm' FROM pg_class WHERE oid = to_regclass($1)";
    let mut lockable = Vec::new();
    for table in tables {
        let row = client.query_opt(KIND, &[&table.to_string()])?;
        if !row.is_some_and(|row| row.get(0)) {
            lockable.push(table.clone());
        }
    }
    Ok(lockable)
}

/// Opens a transaction that a concurrent build has to wait for: a writer with an old snapshot.
fn hold(client: &mut Client, tables: &[Qualified]) -> Result<(), postgres::Error> {
    client.batch_execute(
        "BEGIN ISOLATION LEVEL REPEATABLE READ; SET LOCAL lock_timeout = '200ms'; SELECT 1",
    )?;
    for table in tables {
        client.batch_execute(sql!("LOCK TABLE {} IN ROW EXCLUSIVE MODE", table).as_str())?;
    }
    Ok(())
}
