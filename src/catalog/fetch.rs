//! The rows a catalog is made of: a query for each large kind and one for a few small ones, over one
//! session or over two that share a snapshot.

use super::read::ReadError;
use super::{Unmodeled, depend, unmodeled};
use crate::kinds::{Address, KindTag, Object};
use crate::pg::ServerVersion;
use crate::pg::ident::Literal;
use crate::sql;
use postgres::{Client, Row, Statement};
use std::collections::BTreeMap;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// A query of the catalogs.
#[derive(Clone, PartialEq)]
pub enum Query {
    /// The objects of these kinds.
    Objects(Vec<KindTag>),
    Aliases,
    Edges,
    /// These queries of [`unmodeled::parts`].
    Unmodeled(Vec<String>),
}

/// What the queries found, in any order.
#[derive(Default)]
pub struct Found {
    pub objects: Vec<(Option<Address>, Object)>,
    pub aliases: Vec<(AliasOf, Address)>,
    /// Dependent and referenced.
    pub edges: Vec<(Address, Address)>,
    /// Each with the schema it is in.
    pub unmodeled: Vec<(Option<String>, Unmodeled)>,
}

/// The catalog and oid that stand for another object.
pub type AliasOf = (u32, u32);

/// A session and its prepared queries: planning them is most of what reading a small schema takes.
#[derive(Default)]
pub struct Prepared(BTreeMap<String, Statement>);

impl Prepared {
    pub fn query(&mut self, client: &mut Client, sql: &str) -> Result<Vec<Row>, postgres::Error> {
        let statement = match self.0.get(sql) {
            Some(statement) => statement.clone(),
            None => {
                let statement = client.prepare(sql)?;
                self.0.insert(sql.to_owned(), statement.clone());
                statement
            }
        };
        client.query(&statement, &[])
    }
}

/// Where queries are sent.
pub struct Session<'c> {
    pub client: &'c mut Client,
    pub prepared: &'c mut Prepared,
}

/// Begins the transaction of a reading.
///
/// # Errors
/// What the server says.
pub fn begin(client: &mut Client) -> Result<(), postgres::Error> {
    // Compiling catalog queries, whose estimated cost is high, takes longer than running them. What the server deparses
    // names every schema.
    client.batch_execute(
        "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL jit = off; SET LOCAL search_path = ''",
    )
}

/// Begins the same transaction in a second session, on the snapshot of `first`.
///
/// # Errors
/// What the servers say: the second session may have reached another one.
pub fn join(first: &mut Client, second: &mut Client) -> Result<(), postgres::Error> {
    let snapshot: String = first.query_one("SELECT pg_export_snapshot()", &[])?.get(0);
    begin(second)?;
    second.batch_execute(sql!("SET TRANSACTION SNAPSHOT {}", Literal(&snapshot)).as_str())
}

/// Runs `queries`, each in the session that is free first: list the longest first.
///
/// # Errors
/// [`ReadError::Server`] and [`ReadError::Decode`] of any of them.
pub fn fetch(
    sessions: Vec<Session<'_>>,
    queries: &[Query],
    version: ServerVersion,
) -> Result<Found, ReadError> {
    let next = AtomicUsize::new(0);
    let work = |mut session: Session<'_>| -> Result<Found, ReadError> {
        let mut found = Found::default();
        while let Some(query) = queries.get(next.fetch_add(1, Ordering::Relaxed)) {
            query.run(&mut session, version, &mut found)?;
        }
        Ok(found)
    };
    thread::scope(|scope| {
        let mut sessions = sessions.into_iter();
        let first = sessions.next();
        let others: Vec<_> = sessions.map(|s| scope.spawn(|| work(s))).collect();
        let mut found = first.map_or_else(|| Ok(Found::default()), &work)?;
        for other in others {
            found.add(other.join().unwrap_or_else(|panic| resume_unwind(panic))?);
        }
        Ok(found)
    })
}

impl Found {
    fn add(&mut self, more: Self) {
        let Self {
            objects,
            aliases,
            edges,
            unmodeled,
        } = more;
        self.objects.extend(objects);
        self.aliases.extend(aliases);
        self.edges.extend(edges);
        self.unmodeled.extend(unmodeled);
    }
}

impl Query {
    fn run(
        &self,
        session: &mut Session<'_>,
        version: ServerVersion,
        found: &mut Found,
    ) -> Result<(), ReadError> {
        let sql = match self {
            Self::Objects(kinds) => kinds
                .iter()
                .map(|kind| objects_of(*kind, version))
                .collect::<Vec<_>>()
                .join("\nUNION ALL\n"),
            Self::Aliases => depend::ALIASES.to_owned(),
            Self::Edges => depend::DEPENDENCIES.to_owned(),
            Self::Unmodeled(parts) => parts.join("\nUNION ALL\n"),
        };
        let rows = session.prepared.query(session.client, &sql)?;
        let rows = rows.iter();
        match self {
            Self::Objects(_) => {
                for row in rows {
                    let number = usize::try_from(row.get::<_, i32>(4)).unwrap_or(usize::MAX);
                    let Some(kind) = KindTag::ALL.get(number).copied() else {
                        continue;
                    };
                    let object = kind
                        .decode(row.get::<_, &str>(0))
                        .map_err(|source| ReadError::Decode { kind, source })?;
                    found.objects.push((address(row), object));
                }
            }
            Self::Aliases => found.aliases.extend(rows.map(|row| {
                let from = (oid(row, 0), oid(row, 1));
                (from, (oid(row, 2), oid(row, 3), row.get(4)))
            })),
            Self::Edges => found.edges.extend(rows.map(|row| {
                let dependent = (oid(row, 0), oid(row, 1), row.get(2));
                (dependent, (oid(row, 3), oid(row, 4), row.get(5)))
            })),
            Self::Unmodeled(_) => found.unmodeled.extend(rows.map(|row| {
                let name: Option<String> = row.get(1);
                let thing = Unmodeled {
                    what: row.get(0),
                    name: name.unwrap_or_default(),
                };
                (row.get(2), thing)
            })),
        }
        Ok(())
    }
}

/// What there is anything of.
pub struct Present {
    pub kinds: Vec<KindTag>,
    /// Queries of [`unmodeled::parts`].
    pub unmodeled: Vec<String>,
}

/// What there is anything of, found by one query; `objects_only`: nothing unmodelled is asked for.
///
/// # Errors
/// What the server says.
pub fn present(
    session: &mut Session<'_>,
    version: ServerVersion,
    objects_only: bool,
) -> Result<Present, postgres::Error> {
    let exists = |place: Option<&str>| match place {
        Some(place) => format!("EXISTS (SELECT FROM {place})"),
        None => "true".to_owned(),
    };
    let parts = match objects_only {
        true => Vec::new(),
        false => unmodeled::parts(),
    };
    let kinds = KindTag::ALL.iter().map(|k| exists(k.found_in(version)));
    let others = parts.iter().map(|p| exists(p.found_in.as_deref()));
    let all: Vec<String> = kinds.chain(others).collect();
    let sql = format!("SELECT ARRAY[{}]", all.join(", "));
    let rows = session.prepared.query(session.client, &sql)?;
    let found: Vec<bool> = rows.first().map_or_else(Vec::new, |row| row.get(0));
    let mut found = found.into_iter();
    let kinds = KindTag::ALL.iter().zip(found.by_ref());
    Ok(Present {
        kinds: kinds.filter(|(_, is)| *is).map(|(k, _)| *k).collect(),
        unmodeled: parts
            .into_iter()
            .zip(found)
            .filter(|(_, is)| *is)
            .map(|(p, _)| p.sql)
            .collect(),
    })
}

/// The query of one kind, its rows as JSON and with the number of the kind.
fn objects_of(kind: KindTag, version: ServerVersion) -> String {
    let number = KindTag::ALL.iter().position(|k| *k == kind).unwrap_or(0);
    format!(
        "SELECT row_to_json(q)::text, q.classid::bigint, q.objid::bigint, q.objsubid::int, {number} FROM ({}) q",
        kind.query(version)
    )
}

/// The address of an object's row; `None` where `pg_depend` cannot point at it.
fn address(row: &Row) -> Option<Address> {
    let part = |column: usize| u32::try_from(row.get::<_, Option<i64>>(column)?).ok();
    Some((part(1)?, part(2)?, row.get::<_, Option<i32>>(3)?))
}

fn oid(row: &Row, column: usize) -> u32 {
    u32::try_from(row.get::<_, i64>(column)).unwrap_or(0)
}
