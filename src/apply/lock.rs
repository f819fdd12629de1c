//! The advisory lock: one apply a database.
//!
//! Polled, never waited for: a session that waits in pg_advisory_lock holds a snapshot, and a CREATE INDEX
//! CONCURRENTLY of the other run would wait for it for ever.

use super::{ApplyError, Options};
use crate::pg::Ident;
use postgres::Client;
use sha2::{Digest, Sha256};
use std::fmt;
use std::time::{Duration, Instant};

/// Who works on this database.
#[derive(Clone, Debug, PartialEq)]
pub struct Holder {
    pub pid: i32,
    pub user: Option<String>,
    pub application: Option<String>,
    /// When its session began, by the server's clock.
    pub since: Option<String>,
    /// Its address, when it comes over the network.
    pub address: Option<String>,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "pid {}", self.pid)?;
        if let Some(user) = &self.user {
            write!(f, ", role {user}")?;
        }
        if let Some(address) = &self.address {
            write!(f, ", from {address}")?;
        }
        if let Some(since) = &self.since {
            write!(f, ", since {since}")?;
        }
        Ok(())
    }
}

/// The lock of a ledger schema. Advisory locks are per database already.
pub(super) fn key(ledger_schema: &Ident) -> i64 {
    let mut hash = Sha256::new();
    hash.update("pgrehearse ledger ");
    hash.update(ledger_schema.raw());
    let mut first = [0; 8];
    first.copy_from_slice(&hash.finalize()[..8]);
    i64::from_be_bytes(first)
}

/// Tries for `options.wait_for_other`; `Err` with the holder, where it can be seen.
pub(super) fn take(
    client: &mut Client,
    options: &Options,
) -> Result<Result<(), Option<Holder>>, ApplyError> {
    let key = key(&options.ledger_schema);
    let since = Instant::now();
    loop {
        let got: bool = client
            .query_one("SELECT pg_catalog.pg_try_advisory_lock($1)", &[&key])
            .map_err(ApplyError::ledger)?
            .get(0);
        if got {
            return Ok(Ok(()));
        }
        if since.elapsed() >= options.wait_for_other {
            return Ok(Err(holder(client, &options.ledger_schema)?));
        }
        std::thread::sleep(options.poll.min(Duration::from_millis(200)));
    }
}

pub(super) fn release(client: &mut Client, options: &Options) {
    let key = key(&options.ledger_schema);
    // A session that is gone has let go already.
    drop(client.query("SELECT pg_catalog.pg_advisory_unlock($1)", &[&key]));
}

/// Who holds the lock, but for this session.
///
/// # Errors
/// [`ApplyError::Ledger`].
pub(super) fn holder(client: &mut Client, schema: &Ident) -> Result<Option<Holder>, ApplyError> {
    // A bigint key stands in pg_locks as two halves, with objsubid 1.
    const QUERY: &str = "
        SELECT
            l.pid,
            a.usename::pg_catalog.text,
            a.application_name,
            pg_catalog.to_char(a.backend_start AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'),
            pg_catalog.host(a.client_addr)
        FROM pg_catalog.pg_locks l
            LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
        WHERE l.locktype = 'advisory'
            AND l.granted
            AND l.objsubid = 1
            AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
            AND l.classid = (($1::pg_catalog.int8 >> 32) & 4294967295)::pg_catalog.oid
            AND l.objid = ($1::pg_catalog.int8 & 4294967295)::pg_catalog.oid
            AND l.pid <> pg_catalog.pg_backend_pid()";
    let row = client
        .query_opt(QUERY, &[&key(schema)])
        .map_err(ApplyError::ledger)?;
    Ok(row.map(|row| Holder {
        pid: row.get(0),
        user: row.get(1),
        application: row.get(2),
        since: row.get(3),
        address: row.get(4),
    }))
}
