//! Reads a catalog: one query a kind, whatever the number of tables.

use super::depend::{self, Addresses};
use super::{Catalog, HangingOn, Size, Unmodeled, hanging, unmodeled};
use crate::kinds::{Address, KindTag, Object, ObjectId};
use crate::pg::{ServerVersion, session};
use postgres::error::SqlState;
use postgres::{Client, Row, Statement};
use std::collections::{BTreeMap, BTreeSet};
use std::marker::PhantomData;

/// Which part of a database is managed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scope {
    /// The managed schemas; `None` for all of the user's.
    pub schemas: Option<Vec<String>>,
    /// Patterns (`schema.name`, `*` for any part of a name) of objects that are left alone.
    pub ignore: Vec<String>,
    /// The schema of our own ledger.
    pub ledger_schema: String,
    /// Whether the objects that steps of ours make for a while are read.
    pub own: Own,
}

/// Whether the temporary objects of our own steps are part of a catalog.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Own {
    /// They are no part of anybody's schema.
    #[default]
    Hidden,
    Shown,
}

impl Scope {
    /// The names of temporary objects of ours begin like this.
    pub const OWN_PREFIX: &'static str = "_pgrehearse_";

    /// The names of what has to sort behind every name of the user: triggers fire in the order of
    /// their names.
    pub const OWN_LAST_PREFIX: &'static str = "~pgrehearse_";

    /// The names of copies of what was dropped (`drops.backup`): they stay, and nobody compares them.
    pub const BACKUP_PREFIX: &'static str = "_pgrehearse_backup_";

    /// Whether a name is one that steps of ours give for a while.
    pub fn is_own(name: &str) -> bool {
        name.starts_with(Self::OWN_PREFIX) || name.starts_with(Self::OWN_LAST_PREFIX)
    }

    /// The same scope, with what steps of ours make for a while: for clones and what becomes of
    /// them.
    #[must_use]
    pub fn with_own(&self) -> Self {
        Self {
            own: Own::Shown,
            ..self.clone()
        }
    }

    fn covers(&self, id: &ObjectId) -> bool {
        let path = match id.kind {
            KindTag::Comment => id.path.get(1..).unwrap_or_default(),
            _ => id.path.as_slice(),
        };
        if id.kind == KindTag::Extension {
            return !self.ignores(path);
        }
        let schema = path.first().map_or("", String::as_str);
        let managed = self
            .schemas
            .as_ref()
            .is_none_or(|s| s.iter().any(|m| m == schema));
        managed
            && schema != self.ledger_schema
            && (self.own == Own::Shown || !path.iter().any(|p| Self::is_own(p)))
            && !path.iter().any(|p| p.starts_with(Self::BACKUP_PREFIX))
            && !self.ignores(path)
    }

    fn covers_schema(&self, schema: Option<&str>) -> bool {
        schema.is_none_or(|s| {
            s != self.ledger_schema
                && self
                    .schemas
                    .as_ref()
                    .is_none_or(|m| m.iter().any(|m| m == s))
        })
    }

    fn ignores(&self, path: &[String]) -> bool {
        self.ignore.iter().any(|pattern| {
            let parts: Vec<&str> = pattern.split('.').collect();
            parts.len() <= path.len() && parts.iter().zip(path).all(|(p, n)| glob(p, n))
        })
    }
}

fn glob(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((head, tail)) => name.strip_prefix(head).is_some_and(|rest| {
            rest.char_indices()
                .map(|(i, _)| i)
                .chain([rest.len()])
                .any(|i| glob(tail, &rest[i..]))
        }),
    }
}

/// Why a catalog could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    #[error("the server said: {}", server_message(.source))]
    Server {
        #[from]
        source: postgres::Error,
    },
    #[error("PostgreSQL {version} is not supported")]
    Version { version: ServerVersion },
    #[error("{kind} could not be read from the catalog")]
    Decode {
        kind: KindTag,
        source: serde_json::Error,
    },
    #[error("the schema is being changed while it is read")]
    Changing,
}

fn server_message(error: &postgres::Error) -> String {
    match error.as_db_error() {
        Some(e) => format!("{} (SQLSTATE {})", e.message(), e.code().code()),
        None => error.to_string(),
    }
}

/// How often a catalog that somebody is changing is read again.
const ATTEMPTS: u32 = 3;

/// Reads the schema of the database `client` is connected to.
///
/// In one REPEATABLE READ transaction; yet the `pg_get_*` functions see newer state than the
/// snapshot, so the catalogs' `(oid, xmin)` are compared before and after, and the whole is read
/// again when they differ (RULES: "Reading while somebody changes").
///
/// # Errors
/// [`ReadError::Changing`] after three attempts; [`ReadError::Server`] for what the server refuses.
pub fn read<Side>(client: &mut Client, scope: &Scope) -> Result<Catalog<Side>, ReadError> {
    Reader::new().read(client, scope)
}

/// As [`read`], without asking for what no kind reads: for clones, of which only the objects count.
///
/// # Errors
/// As [`read`].
pub fn read_objects<Side>(client: &mut Client, scope: &Scope) -> Result<Catalog<Side>, ReadError> {
    Reader::of_objects().read(client, scope)
}

/// Reads one database again and again over one connection: its queries are planned once, which
/// is most of what reading a small schema takes.
#[derive(Default)]
pub struct Reader {
    version: Option<ServerVersion>,
    prepared: BTreeMap<String, Statement>,
    objects_only: bool,
}

impl Reader {
    pub fn new() -> Self {
        Self::default()
    }

    /// A reader as [`read_objects`]: the catalogs it reads name nothing unmodelled.
    pub fn of_objects() -> Self {
        Self {
            objects_only: true,
            ..Self::default()
        }
    }

    /// As [`read`]. `client` is the same in every call.
    ///
    /// # Errors
    /// As [`read`].
    pub fn read<Side>(
        &mut self,
        client: &mut Client,
        scope: &Scope,
    ) -> Result<Catalog<Side>, ReadError> {
        let version = match self.version {
            Some(version) => version,
            None => session::version(client)?,
        };
        if !version.is_supported() {
            return Err(ReadError::Version { version });
        }
        self.version = Some(version);
        for _ in 0..ATTEMPTS {
            let before = self.state(client)?;
            match self.read_once(client, version, scope) {
                Ok(catalog) if self.state(client)? == before => return Ok(catalog),
                Ok(_) => {}
                Err(ReadError::Server { source })
                    if source.code() == Some(&SqlState::INTERNAL_ERROR) =>
                {
                    // "cache lookup failed": dropped between the snapshot and the deparsing.
                    client.batch_execute("ROLLBACK")?;
                }
                Err(error) => {
                    client.batch_execute("ROLLBACK").ok();
                    return Err(error);
                }
            }
        }
        Err(ReadError::Changing)
    }

    fn query(&mut self, client: &mut Client, sql: String) -> Result<Vec<Row>, postgres::Error> {
        let statement = match self.prepared.get(&sql) {
            Some(statement) => statement.clone(),
            None => {
                let statement = client.prepare(&sql)?;
                self.prepared.insert(sql, statement.clone());
                statement
            }
        };
        client.query(&statement, &[])
    }
    /// A hash over the rows of the catalogs that are read.
    fn state(&mut self, client: &mut Client) -> Result<i64, postgres::Error> {
        let part = |catalog: &str, oid: &str| {
            format!(
                "SELECT sum(hashtextextended({oid}::text || xmin::text, 0)) AS h FROM {catalog}"
            )
        };
        let parts = [
            part("pg_class", "(oid, relfilenode, relchecks, relhastriggers)"),
            part("pg_attribute WHERE attrelid >= 16384", "(attrelid, attnum)"),
            part("pg_constraint", "oid"),
            part("pg_index WHERE indexrelid >= 16384", "indexrelid"),
            part("pg_proc WHERE oid >= 16384", "oid"),
            part("pg_type WHERE oid >= 16384", "oid"),
            part("pg_namespace", "oid"),
            part("pg_trigger", "oid"),
            part("pg_rewrite WHERE oid >= 16384", "oid"),
            part("pg_enum", "oid"),
        ];
        let sql = format!(
            "SELECT hashtextextended(coalesce(sum(h), 0)::text, 0) FROM ({}) s",
            parts.join(" UNION ALL ")
        );
        let rows = self.query(client, sql)?;
        Ok(rows.first().map_or(0, |row| row.get(0)))
    }

    fn read_once<Side>(
        &mut self,
        client: &mut Client,
        version: ServerVersion,
        scope: &Scope,
    ) -> Result<Catalog<Side>, ReadError> {
        // Compiling catalog queries, whose estimated cost is high, takes longer than running them.
        client.batch_execute(
            "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL jit = off",
        )?;
        let mut objects: BTreeMap<ObjectId, Object> = BTreeMap::new();
        let mut addresses = Addresses::default();
        for &kind in KindTag::ALL.iter().filter(|k| **k != KindTag::Comment) {
            for (address, row) in self.rows(client, &kind.query(version))? {
                let object = kind
                    .decode(&row)
                    .map_err(|source| ReadError::Decode { kind, source })?;
                let id = object.id();
                if !scope.covers(&id) {
                    continue;
                }
                if let Some(address) = address {
                    addresses.insert(address, id.clone());
                }
                objects.insert(id, object);
            }
        }
        for row in self.query(client, depend::ALIASES.to_owned())? {
            let from = (oid(&row, 0), oid(&row, 1));
            addresses.alias(from, (oid(&row, 2), oid(&row, 3), row.get(4)));
        }
        let comments = KindTag::Comment;
        let mut lost: Vec<Address> = Vec::new();
        for (address, row) in self.rows(client, &comments.query(version))? {
            let object = comments.decode(&row).map_err(|source| ReadError::Decode {
                kind: comments,
                source,
            })?;
            let Object::Comment(mut comment) = object else {
                continue;
            };
            let Some(address) = address else { continue };
            let part = comment.column.is_some()
                || comment.domain_constraint.is_some()
                || comment.not_null.is_some()
                || comment.on_index;
            let target = match addresses.exact(address) {
                None if part => addresses.resolve(address),
                exact => exact,
            };
            let Some(target) = target else {
                lost.push(address);
                continue;
            };
            comment.target = target.clone();
            if comment.target.kind == KindTag::Column {
                comment.column = None;
            }
            let object = Object::Comment(comment);
            if scope.covers(&object.id()) {
                objects.insert(object.id(), object);
            }
        }
        let mut requires: BTreeMap<ObjectId, BTreeSet<ObjectId>> = BTreeMap::new();
        for (id, object) in &objects {
            let needs = object.parent().into_iter().chain(object.requires());
            requires.insert(
                id.clone(),
                needs.filter(|n| objects.contains_key(n)).collect(),
            );
        }
        let edges = self.query(client, depend::DEPENDENCIES.to_owned())?;
        let edges = edges.iter().map(|row| {
            let dependent: Address = (oid(row, 0), oid(row, 1), row.get(2));
            let referenced: Address = (oid(row, 3), oid(row, 4), row.get(5));
            (dependent, referenced)
        });
        depend::add_edges(&addresses, edges, &mut requires);
        let (unmodeled, hanging) = if self.objects_only {
            (BTreeSet::new(), HangingOn::new())
        } else {
            let unmodeled = self.unmodeled(client, version, scope, lost)?;
            (unmodeled, self.hanging(client, &addresses)?)
        };
        client.batch_execute("COMMIT")?;
        Ok(Catalog {
            version,
            objects,
            requires,
            unmodeled,
            hanging,
            sizes: BTreeMap::new(),
            side: PhantomData,
        })
    }

    /// What exists and no kind reads; `lost` are the addresses of comments on such things.
    fn unmodeled(
        &mut self,
        client: &mut Client,
        version: ServerVersion,
        scope: &Scope,
        lost: Vec<Address>,
    ) -> Result<BTreeSet<Unmodeled>, postgres::Error> {
        let mut unmodeled = BTreeSet::new();
        for (class, object, part) in lost.into_iter().filter(|_| scope.schemas.is_none()) {
            let describe = "SELECT pg_describe_object($1, $2, $3)";
            let name: Option<String> = client
                .query_one(describe, &[&class, &object, &part])?
                .get(0);
            let ours = name
                .as_ref()
                .is_none_or(|n| n.contains(&scope.ledger_schema) || n.contains(Scope::OWN_PREFIX));
            if let Some(name) = name.filter(|_| !ours) {
                unmodeled.insert(Unmodeled {
                    what: "comment on".to_owned(),
                    name,
                });
            }
        }
        for row in self.query(client, unmodeled::query(version))? {
            let schema: Option<String> = row.get(2);
            let name: Option<String> = row.get(1);
            if scope.covers_schema(schema.as_deref()) {
                unmodeled.insert(Unmodeled {
                    what: row.get(0),
                    name: name.unwrap_or_default(),
                });
            }
        }
        Ok(unmodeled)
    }

    /// What of that needs one of the objects.
    fn hanging(
        &mut self,
        client: &mut Client,
        addresses: &Addresses,
    ) -> Result<HangingOn, postgres::Error> {
        let rows = self.query(client, hanging::QUERY.to_owned())?;
        let relation = |row: &Row| -> Option<Address> {
            let part = u32::try_from(row.get::<_, Option<i64>>(3)?).ok()?;
            // pg_class has the same oid in every database.
            Some((1259, part, 0))
        };
        let rows = rows.iter().map(|row| hanging::Row {
            what: Unmodeled {
                what: row.get(0),
                name: row.get::<_, Option<String>>(1).unwrap_or_default(),
            },
            falls: row.get(2),
            part: relation(row),
            needs: (oid(row, 4), oid(row, 5), row.get(6)),
        });
        Ok(hanging::by_object(addresses, rows))
    }

    /// The rows of a kind's query as JSON, each with its address.
    fn rows(
        &mut self,
        client: &mut Client,
        query: &str,
    ) -> Result<Vec<(Option<Address>, String)>, postgres::Error> {
        let sql = format!(
            "SELECT row_to_json(q)::text, q.classid::bigint, q.objid::bigint, q.objsubid::int FROM ({query}) q"
        );
        let address = |row: &Row| -> Option<Address> {
            let part = |column: usize| u32::try_from(row.get::<_, Option<i64>>(column)?).ok();
            Some((part(1)?, part(2)?, row.get::<_, Option<i32>>(3)?))
        };
        let rows = self.query(client, sql)?;
        Ok(rows.iter().map(|row| (address(row), row.get(0))).collect())
    }
}

/// Reads the sizes of the tables: rows from `reltuples`, bytes from the file system.
///
/// # Errors
/// What the server says.
pub fn read_sizes(client: &mut Client) -> Result<BTreeMap<ObjectId, Size>, postgres::Error> {
    let sql = "SELECT n.nspname, c.relname
                    , CASE WHEN c.relkind = 'p'
                        THEN (SELECT sum(greatest(p.reltuples, 0))::bigint FROM pg_partition_tree(c.oid) t
                                JOIN pg_class p ON p.oid = t.relid AND p.relkind = 'r'
                              HAVING bool_and(p.reltuples >= 0 OR pg_relation_size(p.oid) = 0))
                        WHEN c.reltuples >= 0 THEN c.reltuples::bigint
                        WHEN pg_relation_size(c.oid) = 0 THEN 0 END
                    , CASE WHEN c.relkind = 'p'
                        THEN (SELECT coalesce(sum(pg_relation_size(t.relid)), 0)::bigint FROM pg_partition_tree(c.oid) t)
                        ELSE pg_relation_size(c.oid) END
                 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'";
    let rows = client.query(sql, &[])?;
    Ok(rows
        .iter()
        .map(|row| {
            let (schema, name): (String, String) = (row.get(0), row.get(1));
            let (tuples, bytes): (Option<i64>, Option<i64>) = (row.get(2), row.get(3));
            let size = Size {
                rows: tuples.and_then(|r| u64::try_from(r).ok()),
                bytes: bytes.and_then(|b| u64::try_from(b).ok()).unwrap_or(0),
            };
            (ObjectId::new(KindTag::Table, [schema, name]), size)
        })
        .collect())
}

fn oid(row: &Row, column: usize) -> u32 {
    u32::try_from(row.get::<_, i64>(column)).unwrap_or(0)
}
