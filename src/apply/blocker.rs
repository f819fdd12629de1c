//! Who holds what we wait for.

use crate::pg::LockMode;
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
    /// Identifies the transaction while it lasts.
    pub(super) transaction: String,
}

impl fmt::Display for Blocker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.pid, &self.prepared) {
            (Some(pid), _) => write!(f, "pid {pid}")?,
            (None, Some(name)) => write!(f, "prepared transaction {name:?}")?,
            (None, None) => f.write_str("a prepared transaction")?,
        }
        let mut about: Vec<String> = Vec::new();
        about.extend(self.application.clone().filter(|a| !a.is_empty()));
        about.extend(self.user.as_ref().map(|user| format!("role {user}")));
        about.extend(self.state.clone());
        about.extend(self.age.map(|age| format!("{:.1} s", age.as_secs_f64())));
        if !about.is_empty() {
            write!(f, " ({})", about.join(", "))?;
        }
        if let Some((relation, mode)) = &self.lock {
            write!(f, " holds {mode} on {relation}")?;
        }
        if let Some(query) = self.query.as_ref().filter(|q| !q.is_empty()) {
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
        a.query
    FROM wanted w
        JOIN locks l
            ON l.locktype = 'relation'
            AND l.relation = w.oid
            AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
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
        a.query
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

/// The transactions that the session `pid` waits for.
pub(super) fn blocking(client: &mut Client, pid: i32) -> Result<Vec<Blocker>, postgres::Error> {
    Ok(client.query(OF_PID, &[&pid])?.iter().map(read).collect())
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
        None => head.trim_end().to_owned(),
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
