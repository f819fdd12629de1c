//! Sessions: how every connection of ours is opened, and the settings it has.

use super::sql::{List, Word};
use super::{Ident, ServerVersion, Sql, ident::Literal};
use crate::sql;
use postgres::Client;

/// The name in `pg_stat_activity.application_name` of every connection.
pub const APPLICATION_NAME: &str = "pgrehearse";

/// The settings every session of ours starts with, the same in rehearsal and apply.
///
/// A role or database may set any of them otherwise (`ALTER ROLE … SET`), which would let a
/// statement behave differently in the two places. Described in docs/settings.md.
pub const FIXED: &[(&str, &str)] = &[
    ("application_name", APPLICATION_NAME),
    ("search_path", ""),
    ("client_encoding", "UTF8"),
    ("standard_conforming_strings", "on"),
    ("default_transaction_isolation", "read committed"),
    ("default_transaction_read_only", "off"),
    ("default_transaction_deferrable", "off"),
    ("row_security", "off"),
    ("check_function_bodies", "off"),
    ("statement_timeout", "0"),
    ("lock_timeout", "0"),
    ("idle_in_transaction_session_timeout", "0"),
    ("extra_float_digits", "1"),
    ("bytea_output", "hex"),
    ("datestyle", "ISO, MDY"),
    ("intervalstyle", "postgres"),
    ("xmloption", "content"),
    ("default_tablespace", ""),
    ("default_table_access_method", "heap"),
    ("default_toast_compression", "pglz"),
    ("session_replication_role", "origin"),
    ("quote_all_identifiers", "off"),
    ("array_nulls", "on"),
    ("transform_null_equals", "off"),
];

/// The settings that decide what a value becomes as one of another type.
const OF_CONVERSIONS: [&str; 6] = [
    "timezone",
    "datestyle",
    "intervalstyle",
    "extra_float_digits",
    "bytea_output",
    "xmloption",
];

/// What CREATE FUNCTION says so that values become in every session what they become in the one that makes the function:
/// many applications have a time zone of their own.
pub fn conversions_as_here() -> Sql {
    let settings = OF_CONVERSIONS.map(|name| sql!("\n    SET {} FROM CURRENT", Word(name)));
    sql!("{}\n   ", List::separated("", settings))
}

/// The schemas in which functions of the user find what they name without one: those of the role, as in the
/// application, while a statement of a step runs (a backfill fires triggers, an index computes expressions). What we
/// write names its schemas.
pub const PATH_OF_THE_ROLE: &str = "RESET search_path";

/// [`PATH_OF_THE_ROLE`] until the transaction ends.
pub const PATH_OF_THE_ROLE_HERE: &str = "SET LOCAL search_path TO DEFAULT";

/// Back to none, as [`FIXED`] has it.
pub const NO_PATH: &str = "SELECT pg_catalog.set_config('search_path', '', false)";

/// Sets [`FIXED`] and the time zone in `client`, and returns the server's version.
///
/// `time_zone` is the live *database's*: it decides whether timestamp → timestamptz rewrites.
/// A setting that a plain role may not set (`session_replication_role`) is left as it is.
///
/// # Errors
/// What the server says, when the connection breaks.
pub fn prepare(
    client: &mut Client,
    time_zone: Option<&str>,
) -> Result<ServerVersion, postgres::Error> {
    let version = version(client)?;
    let mut batch = String::new();
    for (name, value) in FIXED {
        if *name == "session_replication_role" {
            continue;
        }
        batch.push_str(&sql!("SET {} = {};", Ident::new(*name), Literal(value)).to_string());
    }
    // An empty string in SET search_path names a schema called "": set_config takes it as empty.
    batch.push_str(NO_PATH);
    batch.push(';');
    if version >= ServerVersion::V17 {
        batch.push_str("SET transaction_timeout = 0;");
    }
    if let Some(zone) = time_zone {
        batch.push_str(&sql!("SET TimeZone = {};", Literal(zone)).to_string());
    }
    client.batch_execute(&batch)?;
    Ok(version)
}

/// The server's version.
///
/// # Errors
/// What the server says, when the connection breaks.
pub fn version(client: &mut Client) -> Result<ServerVersion, postgres::Error> {
    let version: String = client.query_one("SHOW server_version_num", &[])?.get(0);
    Ok(ServerVersion::from_num(version.parse().unwrap_or(0)))
}
