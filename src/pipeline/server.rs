//! A database of the user as a source: its session, its time zone, its catalog.

use super::{Loaded, PipelineError, Rows, Workshop, load_one, open_plans};
use crate::apply::keeping_readers_out;
use crate::apply::status::OpenPlan;
use crate::catalog::read::{ReadError, read_sizes};
use crate::catalog::{Catalog, Desired, Live, Reader, Scope};
use crate::catalog::{owners, replication};
use crate::pg::session;
use crate::scratch::DatabaseSettings;
use crate::source::Source;
use crate::sql;
use postgres::Client;
use postgres::error::SqlState;
use std::collections::BTreeSet;

/// The live side, the plans under way there, the desired side.
pub(super) type Sides = (Loaded<Live>, Vec<OpenPlan>, Loaded<Desired>);

/// Loads both sides, the live one in a thread: its server is another one than that which runs the
/// files, and neither need wait for the other. The plans that are under way there are read as that begins.
pub(super) fn load_beside(
    url: &str,
    to: &Source,
    workshop: &Workshop<'_>,
) -> Result<Sides, PipelineError> {
    let sessions = connect_for_reading(url, workshop)?;
    let options = workshop.options;
    let scope = &options.scope;
    let source = Source::Database(url.to_owned());
    let description = source.to_string();
    std::thread::scope(|threads| {
        let live = threads.spawn(move || read_database(url, sessions, scope, description));
        let open = open_plans(&source, &*options.connect, &scope.ledger_schema);
        let desired = load_one(to, workshop);
        let live = live
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        Ok((live?, open?, desired?))
    })
}

/// What decides how statements work on the live server.
pub(super) fn settings(client: &mut Client) -> Result<DatabaseSettings, PipelineError> {
    Ok(DatabaseSettings {
        time_zone: time_zone(client)?,
        search_path: Some(search_path(client)?),
    })
}

/// What new sessions of the database get, whatever the role's own setting is.
fn time_zone(client: &mut Client) -> Result<Option<String>, PipelineError> {
    let row = client.query_opt(
        "SELECT coalesce(
                  (SELECT split_part(c, '=', 2) FROM pg_db_role_setting s, unnest(s.setconfig) c
                    WHERE s.setrole = 0
                      AND s.setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())
                      AND lower(split_part(c, '=', 1)) = 'timezone' LIMIT 1),
                  (SELECT reset_val FROM pg_settings WHERE name = 'TimeZone'))",
        &[],
    )?;
    Ok(row.and_then(|r| r.get(0)))
}

/// Opens the session in which a catalog is read.
pub(super) fn connect(url: &str, workshop: &Workshop<'_>) -> Result<Client, PipelineError> {
    (workshop.options.progress)("reading the catalog");
    session_of(url, workshop)
}

/// As [`connect`], with a second session where there is one to be had: reading needs but one.
pub(super) fn connect_for_reading(
    url: &str,
    workshop: &Workshop<'_>,
) -> Result<(Client, Option<Client>), PipelineError> {
    let client = connect(url, workshop)?;
    Ok((client, session_of(url, workshop).ok()))
}

pub(super) fn session_of(url: &str, workshop: &Workshop<'_>) -> Result<Client, PipelineError> {
    let mut client = (workshop.options.connect)(url)?;
    session::prepare(&mut client, workshop.settings.time_zone.as_deref())?;
    // Sizes and some definitions are read under ACCESS SHARE.
    let millis = workshop.options.lock_timeout.as_millis();
    let millis = i32::try_from(millis).unwrap_or(i32::MAX);
    client.batch_execute(sql!("SET lock_timeout = {}", millis).as_str())?;
    Ok(client)
}

/// Reads the catalog and the sizes of the tables over the sessions of [`connect_for_reading`].
pub(super) fn read_database<Side>(
    url: &str,
    (mut client, second): (Client, Option<Client>),
    scope: &Scope,
    description: String,
) -> Result<Loaded<Side>, PipelineError> {
    let reader = Reader::new();
    let mut reader = match second {
        Some(second) => reader.beside(second),
        None => reader,
    };
    let read = reader.read(&mut client, &scope.with_own());
    let read = read.and_then(|mut catalog: Catalog<Side>| {
        catalog.sizes = read_sizes(&mut client)?;
        catalog.replication = replication::read(&mut client, catalog.version)?;
        catalog.owners = owners::read(&mut client, &catalog.addresses)?;
        Ok(catalog)
    });
    let mut catalog = match read {
        Ok(catalog) => catalog,
        Err(ReadError::Server { source })
            if source.code() == Some(&SqlState::LOCK_NOT_AVAILABLE) =>
        {
            let by = keeping_readers_out(&mut client).unwrap_or_default();
            return Err(PipelineError::Locked { by });
        }
        Err(error) => return Err(error.into()),
    };
    Ok(Loaded {
        own: catalog.split_own(),
        catalog,
        description,
        hints: Vec::new(),
        says_privileges: true,
        says_owners: true,
        notices: Vec::new(),
        rows: Rows::Database(url.to_owned()),
    })
}

/// What a session of the user finds on the live server.
pub(super) struct Surroundings {
    /// Of the role that is logged in, before any setting of ours.
    pub search_path: String,
    pub roles: BTreeSet<String>,
}

pub(super) fn surroundings(client: &mut Client) -> Result<Surroundings, PipelineError> {
    let search_path = search_path(client)?;
    let roles = client.query("SELECT rolname::text FROM pg_roles", &[])?;
    Ok(Surroundings {
        search_path,
        roles: roles.iter().map(|row| row.get(0)).collect(),
    })
}

fn search_path(client: &mut Client) -> Result<String, PipelineError> {
    let row = client.query_one(
        "SELECT reset_val, quote_ident(current_user) FROM pg_settings WHERE name = 'search_path'",
        &[],
    )?;
    let (path, user): (String, String) = (row.get(0), row.get(1));
    Ok(path.replace("\"$user\"", &user))
}
