//! Who holds what we wait for.

use crate::pg::LockMode;
use crate::pg::ident::Literal;
use crate::sql;
use postgres::{Client, Row};
use std::fmt;
use std::time::Duration;

/// The longest part of a query that is shown, in characters.
const QUERY_HEAD: usize = 80;

/// A transaction that others wait for.
///
/// What the role may not see of another role's session (`pg_read_all_stats`) is `None`.
#[derive(Clone, Debug, PartialEq)]
pub struct Blocker {
    /// `None` for a prepared transaction.
    pub pid: Option<i32>,
    /// Its name in `pg_prepared_xacts`.
    pub prepared: Option<String>,
    pub user: Option<String>,
    pub application: Option<String>,
    pub state: Option<String>,
    /// How long its transaction has been open.
    pub age: Option<Duration>,
    /// The head of its query, literals blanked out.
    pub query: Option<String>,
    /// The relation it holds a lock on, and the strongest mode.
    pub lock: Option<(String, LockMode)>,
    /// It is a worker of autovacuum.
    pub autovacuum: Option<Autovacuum>,
    /// Identifies the transaction while it lasts.
    pub(super) transaction: String,
}

/// What a worker of autovacuum does when somebody waits for its table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Autovacuum {
    /// The server cancels it for whoever has waited for `deadlock_timeout`.
    Yields,
    /// It prevents wraparound: it goes on to its end.
    Stays,
}

impl Blocker {
    /// Its client does nothing while its transaction is open.
    pub fn is_idle(&self) -> bool {
        let state = self.state.as_deref().unwrap_or_default();
        state.starts_with("idle in transaction")
    }

    /// What ends it, where waiting does not.
    pub fn remedy(&self) -> Option<String> {
        match (self.pid, &self.prepared, self.autovacuum) {
            (None, Some(name), _) => Some(sql!("ROLLBACK PREPARED {}", Literal(name)).to_string()),
            (Some(pid), _, None) => Some(format!("SELECT pg_terminate_backend({pid})")),
            // Ended, it would begin again: the server needs it.
            (Some(_), _, Some(_)) | (None, None, _) => None,
        }
    }
}

impl fmt::Display for Blocker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.pid, &self.prepared) {
            (Some(pid), _) => write!(f, "pid {pid}")?,
            (None, Some(name)) => write!(f, "prepared transaction {name:?}")?,
            (None, None) => f.write_str("a prepared transaction")?,
        }
        let mut about: Vec<String> = Vec::new();
        match self.autovacuum {
            Some(Autovacuum::Yields) => about.push("autovacuum".to_owned()),
            Some(Autovacuum::Stays) => {
                about.push("autovacuum to prevent wraparound, which does not yield".to_owned());
            }
            None => {}
        }
        about.extend(self.application.clone().filter(|a| !a.is_empty()));
        about.extend(self.user.as_ref().map(|user| format!("role {user}")));
        about.extend(self.state.clone());
        about.extend(self.age.map(|age| format!("{:.1} s", age.as_secs_f64())));
        if !about.is_empty() {
            write!(f, " ({})", about.join(", "))?;
        }
        if let Some((relation, mode)) = &self.lock {
            write!(f, ", which has {mode} on {relation}")?;
        }
        let query = self.query.as_ref().filter(|_| self.autovacuum.is_none());
        if let Some(query) = query.filter(|q| !q.is_empty()) {
            write!(f, ": {query}")?;
        }
        Ok(())
    }
}

// One row a transaction and relation; the mode is chosen in Rust, which knows the conflicts. A waiter is
// taken as well: behind it we would stand in the queue.
const ON_RELATIONS: &str = "
    WITH locks AS MATERIALIZED (
        SELECT * FROM pg_catalog.pg_locks
    ), wanted AS (
        SELECT pg_catalog.to_regclass(name)::pg_catalog.oid AS oid, name
        FROM pg_catalog.unnest($1::pg_catalog.text[]) AS name
    )
    SELECT
        l.pid,
        w.name,
        l.mode,
        l.virtualtransaction,
        p.gid,
        a.usename::pg_catalog.text,
        a.application_name,
        a.state,
        pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - COALESCE(a.xact_start, p.prepared)) AS age,
        a.query,
        -- A worker of autovacuum is nobody's session. Without pg_read_all_stats its query is hidden, and the
        -- age of the table's oldest row tells why it works.
        CASE
            WHEN a.pid IS NULL OR a.usesysid IS NOT NULL OR c.relkind <> 'r' THEN NULL
            WHEN a.query LIKE 'autovacuum: %' THEN a.query LIKE '% (to prevent wraparound)'
            ELSE EXISTS (
                SELECT
                FROM (VALUES
                    ('autovacuum_freeze_max_age', pg_catalog.age(c.relfrozenxid)),
                    ('autovacuum_multixact_freeze_max_age', pg_catalog.mxid_age(c.relminmxid))
                ) AS oldest(setting, age)
                    LEFT JOIN pg_catalog.pg_options_to_table(c.reloptions) o ON o.option_name = setting
                WHERE age > LEAST(pg_catalog.current_setting(setting)::pg_catalog.int8, o.option_value::pg_catalog.int8)
            )
        END
    FROM wanted w
        JOIN locks l
            ON l.locktype = 'relation'
            AND l.relation = w.oid
            AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
        LEFT JOIN pg_catalog.pg_class c ON c.oid = w.oid
        LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
        -- A prepared transaction has no process: its lock on its own id leads to its name.
        LEFT JOIN locks x
            ON l.pid IS NULL
            AND x.pid IS NULL
            AND x.locktype = 'transactionid'
            AND x.virtualtransaction = l.virtualtransaction
        LEFT JOIN pg_catalog.pg_prepared_xacts p ON p.transaction = x.transactionid
    WHERE l.pid IS DISTINCT FROM pg_catalog.pg_backend_pid()
    ORDER BY age DESC NULLS LAST, l.pid, w.name";

const OF_PID: &str = "
    SELECT
        a.pid,
        NULL::pg_catalog.text,
        NULL::pg_catalog.text,
        a.pid::pg_catalog.text,
        p.gid,
        a.usename::pg_catalog.text,
        a.application_name,
        a.state,
        pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - COALESCE(a.xact_start, p.prepared)) AS age,
        a.query,
        CASE WHEN a.query LIKE 'autovacuum: %' THEN a.query LIKE '% (to prevent wraparound)' END
    FROM (SELECT DISTINCT pid FROM pg_catalog.unnest(pg_catalog.pg_blocking_pids($1)) AS pid) b
        LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = b.pid
        -- pg_blocking_pids says 0 for a prepared transaction, without its name.
        LEFT JOIN pg_catalog.pg_prepared_xacts p
            ON b.pid = 0 AND p.database = pg_catalog.current_database()
    ORDER BY age DESC NULLS LAST, a.pid";

/// The transactions that hold or wait for a lock that conflicts with `locks`, oldest first; not
/// our own session.
pub(super) fn conflicting(
    client: &mut Client,
    locks: &[(String, LockMode)],
) -> Result<Vec<Blocker>, postgres::Error> {
    let names: Vec<&str> = locks.iter().map(|(name, _)| name.as_str()).collect();
    let mut found: Vec<Blocker> = Vec::new();
    for row in client.query(ON_RELATIONS, &[&names])? {
        let (name, mode): (String, String) = (row.get(1), row.get(2));
        let Some(mode) = LockMode::parse(&mode) else {
            continue;
        };
        if !locks.iter().any(|(n, m)| *n == name && m.conflicts(mode)) {
            continue;
        }
        let mut blocker = read(&row);
        match found
            .iter_mut()
            .find(|b| b.transaction == blocker.transaction)
        {
            Some(known) => {
                known.autovacuum = known.autovacuum.or(blocker.autovacuum);
                if known.lock.as_ref().is_none_or(|(_, known)| *known < mode) {
                    known.lock = Some((name, mode));
                }
            }
            None => {
                blocker.lock = Some((name, mode));
                found.push(blocker);
            }
        }
    }
    Ok(found)
}

/// The transactions that keep others from reading some relation's definition: those that hold ACCESS EXCLUSIVE
/// on it, and those in the queue for it, behind whom a reader waits as well.
///
/// # Errors
/// What the server says.
pub fn keeping_readers_out(client: &mut Client) -> Result<Vec<Blocker>, postgres::Error> {
    const RELATIONS: &str = "
        SELECT DISTINCT pg_catalog.format('%I.%I', n.nspname, c.relname)
        FROM pg_catalog.pg_locks l
            JOIN pg_catalog.pg_class c ON c.oid = l.relation
            JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE l.locktype = 'relation'
            AND l.mode = 'AccessExclusiveLock'
            AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
            AND n.nspname NOT LIKE 'pg\\_%'";
    let rows = client.query(RELATIONS, &[])?;
    let locks: Vec<(String, LockMode)> = rows
        .iter()
        .map(|row| (row.get(0), LockMode::AccessShare))
        .collect();
    conflicting(client, &locks)
}

/// The transactions that the session `pid` waits for.
pub(super) fn blocking(client: &mut Client, pid: i32) -> Result<Vec<Blocker>, postgres::Error> {
    // pg_blocking_pids stops the lock manager for a moment: it is asked only when we do wait.
    const WAITS: &str = "
        SELECT 1
        FROM pg_catalog.pg_stat_get_activity($1) a
        WHERE a.wait_event_type = 'Lock'";
    if client.query_opt(WAITS, &[&pid])?.is_none() {
        return Ok(Vec::new());
    }
    Ok(client.query(OF_PID, &[&pid])?.iter().map(read).collect())
}

/// Somebody of the application who waits for us.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Waiter {
    pid: i32,
    user: Option<String>,
    application: Option<String>,
    pub waited: Duration,
}

impl fmt::Display for Waiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (application, user) = (self.application.as_ref(), self.user.as_ref());
        let about: Vec<String> = [
            application.filter(|a| !a.is_empty()).cloned(),
            user.map(|user| format!("role {user}")),
        ]
        .into_iter()
        .flatten()
        .collect();
        write!(f, "pid {}", self.pid)?;
        if !about.is_empty() {
            write!(f, " ({})", about.join(", "))?;
        }
        let waited = self.waited.as_millis();
        write!(f, " waited {waited} ms for it (lock.max_block)")
    }
}

/// Who of the application has waited longest for the session `pid`, and longer than `limit`.
///
/// A query waits for a table or for a row, which is to wait for its writer's transaction. Who waits with a
/// stronger lock is DDL or maintenance: it is not stalled by waiting, only what comes behind it, which waits
/// for us as well.
pub(super) fn longest_waiter(
    client: &mut Client,
    pid: i32,
    limit: Duration,
) -> Result<Option<Waiter>, postgres::Error> {
    const QUERY: &str = "
        WITH waiting AS MATERIALIZED (
            SELECT l.pid, pg_catalog.min(l.waitstart) AS since
            FROM pg_catalog.pg_locks l
            WHERE NOT l.granted
                AND l.pid <> $1
                AND l.waitstart < pg_catalog.clock_timestamp() - pg_catalog.make_interval(secs => $2)
                AND (
                    l.locktype IN ('transactionid', 'tuple')
                    OR l.mode IN ('AccessShareLock', 'RowShareLock', 'RowExclusiveLock')
                )
            GROUP BY l.pid
        )
        SELECT
            w.pid,
            a.usename::pg_catalog.text,
            a.application_name,
            pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - w.since)
        FROM waiting w
            LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = w.pid
        WHERE $1 = ANY (pg_catalog.pg_blocking_pids(w.pid))
        ORDER BY w.since
        LIMIT 1";
    let row = client.query_opt(QUERY, &[&pid, &limit.as_secs_f64()])?;
    Ok(row.map(|row| Waiter {
        pid: row.get(0),
        user: row.get(1),
        application: row.get(2),
        waited: Duration::from_secs_f64(row.get::<_, f64>(3).max(0.0)),
    }))
}

/// Cancels what the session `pid` of ours is doing. Between two statements it does nothing.
///
/// A session belongs to the role that logged in: one taken with SET ROLE may not cancel it.
pub(super) fn cancel(client: &mut Client, pid: i32) -> Result<(), postgres::Error> {
    let mut own = client.transaction()?;
    own.batch_execute("SET LOCAL ROLE NONE")?;
    own.execute("SELECT pg_catalog.pg_cancel_backend($1)", &[&pid])?;
    own.commit()
}

/// Ends the session `pid` when it has been idle in its transaction for `age`; whether it did.
///
/// Cancelling does nothing to a session that is idle.
pub(super) fn end_idle(
    client: &mut Client,
    pid: i32,
    age: Duration,
) -> Result<bool, postgres::Error> {
    const QUERY: &str = "
        SELECT pg_catalog.pg_terminate_backend(a.pid)
        FROM pg_catalog.pg_stat_activity a
        WHERE a.pid = $1
            AND a.state IN ('idle in transaction', 'idle in transaction (aborted)')
            AND a.state_change <= pg_catalog.clock_timestamp() - pg_catalog.make_interval(secs => $2)";
    let row = client.query_opt(QUERY, &[&pid, &age.as_secs_f64()])?;
    Ok(row.is_some_and(|row| row.get(0)))
}

fn read(row: &Row) -> Blocker {
    let age: Option<f64> = row.get(8);
    let query: Option<String> = row.get(9);
    Blocker {
        pid: row.get(0),
        transaction: row.get::<_, Option<String>>(3).unwrap_or_default(),
        prepared: row.get(4),
        user: row.get(5),
        application: row.get(6),
        state: row.get(7),
        age: age.map(|seconds| Duration::from_secs_f64(seconds.max(0.0))),
        query: query.map(|q| query_head(&q)),
        lock: None,
        autovacuum: row.get::<_, Option<bool>>(10).map(|stays| match stays {
            true => Autovacuum::Stays,
            false => Autovacuum::Yields,
        }),
    }
}

/// The first 80 characters of a query on one line, with the content of its string literals blanked out:
/// it may be somebody's password.
pub(super) fn query_head(query: &str) -> String {
    let mut head = String::new();
    let mut rest = query.trim_start().chars().peekable();
    let mut before = ' ';
    while let Some(c) = rest.next() {
        match c {
            '\'' => {
                head.push_str("'…'");
                let escapes = matches!(before, 'e' | 'E');
                while let Some(inner) = rest.next() {
                    if inner == '\\' && escapes {
                        rest.next();
                    } else if inner == '\'' {
                        if rest.peek() != Some(&'\'') {
                            break;
                        }
                        rest.next();
                    }
                }
            }
            // A dollar quote; $1 is a parameter. What follows is left out, wherever it ends.
            '$' if rest.peek().is_some_and(|n| !n.is_ascii_digit()) => {
                head.push('…');
                break;
            }
            c if c.is_whitespace() => {
                if !head.ends_with(' ') {
                    head.push(' ');
                }
            }
            c => head.push(c),
        }
        before = c;
    }
    match head.char_indices().nth(QUERY_HEAD) {
        Some((end, _)) => format!("{}…", &head[..end]),
        None => head.trim_end_matches([';', ' ']).to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_are_blanked_out() {
        assert_eq!(
            query_head("ALTER ROLE x\n  PASSWORD 'it''s' VALID UNTIL E'a\\'b secret' -- x"),
            "ALTER ROLE x PASSWORD '…' VALID UNTIL E'…' -- x"
        );
        assert_eq!(query_head("DO $x$ secret $x$"), "DO …");
        assert_eq!(query_head("select $1, 'cut of"), "select $1, '…'");
    }

    #[test]
    fn a_long_query_is_cut_at_a_character() {
        assert_eq!(query_head(&"ä".repeat(100)), format!("{}…", "ä".repeat(80)));
    }
}
