//! Whether a pooler lends server processes from transaction to transaction.
//!
//! Behind one, a session's advisory lock and settings are another's, and its prepared statements are not there.

use super::preflight::{Finding, Level};
use super::{ApplyError, Session};
use postgres::error::SqlState;
use postgres::{Client, SimpleQueryMessage};

/// Refuses a session that is not one.
///
/// Two sessions that are open at once have different server processes, and each always its own, unless a pooler
/// lends them between transactions. With one process to lend, a transaction would keep it from the other: so the
/// first look is without.
///
/// # Errors
/// [`ApplyError::Refused`], and what connecting says.
pub(super) fn check(session: &mut Session<'_>) -> Result<(), ApplyError> {
    let mut second = session.second().map_err(ApplyError::connect)?;
    for (begin, end) in [("", ""), ("BEGIN", "ROLLBACK"), ("BEGIN", "ROLLBACK")] {
        second.batch_execute(begin).map_err(ApplyError::connect)?;
        let theirs = pid(&mut second)?;
        let ours = pid(&mut session.client)?;
        second.batch_execute(end).map_err(ApplyError::connect)?;
        if theirs == ours || theirs == session.pid() || ours != session.pid() {
            return Err(refusal());
        }
    }
    Ok(())
}

fn pid(client: &mut Client) -> Result<i32, ApplyError> {
    let messages = client.simple_query("SELECT pg_catalog.pg_backend_pid()");
    let messages = messages.map_err(ApplyError::connect)?;
    let pid = messages.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0)?.parse().ok(),
        _ => None,
    });
    Ok(pid.unwrap_or_default())
}

/// A prepared statement is missing that this session has made, or there is one that it has not.
pub(super) fn is_lent(error: &postgres::Error) -> bool {
    error.code().is_some_and(|code| {
        *code == SqlState::INVALID_SQL_STATEMENT_NAME || *code == SqlState::DUPLICATE_PSTATEMENT
    })
}

pub(super) fn refusal() -> ApplyError {
    let finding = Finding::new(
        Level::Refuse,
        "preflight::pooler",
        "a pooler in transaction mode stands between: session locks and settings do not hold",
    );
    ApplyError::Refused {
        findings: vec![
            finding.help("connect to the server itself, or to a pool in session mode (PgBouncer: pool_mode = session)"),
        ],
    }
}
