//! Who reads the WAL of this server, and how far behind they are.

use postgres::Client;
use std::fmt;
use std::time::Duration;

/// Replicas, replication slots and the end of the WAL at one moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Readers {
    /// Where the WAL ends, in bytes from its beginning.
    pub wal: u64,
    pub replicas: Vec<Replica>,
    pub slots: Vec<Slot>,
    /// Replicas whose position this role may not see.
    pub hidden: usize,
}

/// A connected reader that says how far it has applied what it read: a standby, or a subscriber.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Replica {
    pub name: String,
    pub address: Option<String>,
    /// Bytes of WAL that it has not applied.
    pub behind: u64,
    /// What the server last measured, which is of the past.
    pub lag: Option<Duration>,
}

impl fmt::Display for Replica {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "replica {}", self.name)?;
        match &self.address {
            Some(address) => write!(f, " ({address})"),
            None => Ok(()),
        }
    }
}

/// A replication slot: the server keeps the WAL that its reader has not confirmed.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Slot {
    pub name: String,
    pub is_active: bool,
    /// Bytes of WAL that are kept for it.
    pub kept: u64,
    /// It has lost WAL that its reader needs.
    pub is_lost: bool,
    /// The bytes that can be written before it is lost, when that is soon: a tenth of
    /// `max_slot_wal_keep_size`.
    pub soon_lost: Option<u64>,
}

// Readers that only store the WAL (pg_receivewal, a base backup) have no replay_lsn; the first of them report
// every ten seconds and would look that much behind. Their slots are watched like any other.
const REPLICAS: &str = "
    SELECT
        COALESCE(NULLIF(r.application_name, ''), 'pid ' || r.pid),
        pg_catalog.host(r.client_addr),
        GREATEST(pg_catalog.pg_wal_lsn_diff(here.lsn, r.replay_lsn), 0)::pg_catalog.int8,
        pg_catalog.date_part('epoch', r.replay_lag),
        r.state IS NULL,
        pg_catalog.pg_wal_lsn_diff(here.lsn, '0/0')::pg_catalog.int8
    FROM (SELECT pg_catalog.pg_current_wal_lsn() AS lsn) AS here
        LEFT JOIN pg_catalog.pg_stat_replication r ON r.state IS NULL OR r.replay_lsn IS NOT NULL
    ORDER BY 1";

const SLOTS: &str = "
    SELECT
        s.slot_name::pg_catalog.text,
        s.active,
        COALESCE(GREATEST(pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_lsn(), s.restart_lsn), 0), 0)::pg_catalog.int8,
        COALESCE(s.wal_status = 'lost', false),
        CASE
            WHEN s.safe_wal_size < pg_catalog.pg_size_bytes(pg_catalog.current_setting('max_slot_wal_keep_size')) / 10
                THEN GREATEST(s.safe_wal_size, 0)
        END
    FROM pg_catalog.pg_replication_slots s
    ORDER BY 1";

/// Looks once.
///
/// # Errors
/// What the server says: some hosted ones have no WAL positions.
pub(super) fn read(client: &mut Client) -> Result<Readers, postgres::Error> {
    let mut readers = Readers::default();
    for row in client.query(REPLICAS, &[])? {
        readers.wal = bytes(row.get(5));
        let Some(name) = row.get(0) else {
            continue; // the row of the WAL alone
        };
        if row.get(4) {
            readers.hidden += 1;
            continue;
        }
        let lag: Option<f64> = row.get(3);
        readers.replicas.push(Replica {
            name,
            address: row.get(1),
            behind: bytes(row.get(2)),
            lag: lag.map(|seconds| Duration::from_secs_f64(seconds.max(0.0))),
        });
    }
    for row in client.query(SLOTS, &[])? {
        readers.slots.push(Slot {
            name: row.get(0),
            is_active: row.get(1),
            kept: bytes(row.get(2)),
            is_lost: row.get(3),
            soon_lost: row.get::<_, Option<i64>>(4).map(bytes),
        });
    }
    Ok(readers)
}

/// Where the WAL ends that is made, if not yet written, in bytes from its beginning.
///
/// # Errors
/// What the server says.
pub(super) fn made(client: &mut Client) -> Result<u64, postgres::Error> {
    const QUERY: &str = "
        SELECT pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_insert_lsn(), '0/0')::pg_catalog.int8";
    Ok(bytes(client.query_one(QUERY, &[])?.get(0)))
}

fn bytes(n: i64) -> u64 {
    u64::try_from(n).unwrap_or(0)
}
