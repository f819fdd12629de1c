//! Reads a catalog: the same queries, fewer than kinds, whatever the number of tables.

use super::depend::{self, Addresses};
use super::fetch::{self, Prepared, Present, Query, Session};
use super::{Catalog, HangingOn, Owners, Replication, Scope, Size, Unmodeled, circle, trust};
use crate::kinds::grant::{Member, On};
use crate::kinds::{Address, Kind, KindTag, Object, ObjectId};
use crate::pg::{ServerVersion, session};
use postgres::Client;
use postgres::error::SqlState;
use std::collections::{BTreeMap, BTreeSet};
use std::marker::PhantomData;

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
/// snapshot, so the catalogs' `(oid, xmin)` of the snapshot are compared with those afterwards,
/// and the whole is read again when they differ (RULES: "Reading while somebody changes").
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

/// Reads one database again and again over one connection, or two.
#[derive(Default)]
pub struct Reader {
    version: Option<ServerVersion>,
    prepared: Prepared,
    beside: Option<(Client, Prepared)>,
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

    /// Sends every other query over `second`, on the snapshot of the first connection. Half of
    /// what reading a large schema takes is one server process at work. Where the second cannot
    /// have the snapshot (a pooler led it elsewhere), it is closed and one does it all.
    #[must_use]
    pub fn beside(mut self, second: Client) -> Self {
        self.beside = Some((second, Prepared::default()));
        self
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
            match self.read_once(client, version, scope) {
                Ok(Some(catalog)) => return Ok(catalog),
                Ok(None) => {}
                Err(ReadError::Server { source })
                    if source.code() == Some(&SqlState::INTERNAL_ERROR) =>
                {
                    // "cache lookup failed": dropped between the snapshot and the deparsing.
                    self.roll_back(client)?;
                }
                Err(error) => {
                    self.roll_back(client).ok();
                    return Err(error);
                }
            }
        }
        Err(ReadError::Changing)
    }

    /// Ends the transaction: whether nobody changed the schema since its snapshot. That no
    /// transaction ended at all, which is soon seen, is enough; else the rows of the catalogs are
    /// compared, as they were then and as they are.
    fn is_unchanged(&mut self, client: &mut Client) -> Result<bool, postgres::Error> {
        if let Some((second, _)) = &mut self.beside {
            second.batch_execute("COMMIT")?;
            let seen = |client: &mut Client| -> Result<String, postgres::Error> {
                let row = client.query_one("SELECT pg_current_snapshot()::text", &[])?;
                Ok(row.get(0))
            };
            if seen(client)? == seen(second)? {
                client.batch_execute("COMMIT")?;
                return Ok(true);
            }
        }
        let then = self.state(client)?;
        client.batch_execute("COMMIT")?;
        Ok(self.state(client)? == then)
    }

    /// A hash over the rows of the catalogs that are read.
    fn state(&mut self, client: &mut Client) -> Result<i64, postgres::Error> {
        let part = |catalog: &str, key: &str| {
            format!("SELECT sum(hash_record_extended(({key}, xmin), 0)) AS h FROM {catalog}")
        };
        let parts = [
            part("pg_class", "oid, relfilenode, relchecks, relhastriggers"),
            part("pg_attribute WHERE attrelid >= 16384", "attrelid, attnum"),
            part("pg_constraint", "oid"),
            part("pg_index WHERE indexrelid >= 16384", "indexrelid"),
            part("pg_proc WHERE oid >= 16384", "oid"),
            part("pg_type WHERE oid >= 16384", "oid"),
            part("pg_namespace", "oid"),
            part("pg_trigger", "oid"),
            part("pg_rewrite WHERE oid >= 16384", "oid"),
            part("pg_enum", "oid"),
            part("pg_operator WHERE oid >= 16384", "oid"),
            part("pg_cast WHERE oid >= 16384", "oid"),
            part("pg_collation WHERE oid >= 16384", "oid"),
            part("pg_conversion WHERE oid >= 16384", "oid"),
            part("pg_ts_dict WHERE oid >= 16384", "oid"),
            part("pg_ts_config WHERE oid >= 16384", "oid"),
            part(
                "pg_ts_config_map WHERE mapcfg >= 16384",
                "mapcfg, maptokentype, mapseqno",
            ),
        ];
        let sql = format!(
            "SELECT hashtextextended(coalesce(sum(h), 0)::text, 0) FROM ({}) s",
            parts.join(" UNION ALL ")
        );
        let rows = self.prepared.query(client, &sql)?;
        Ok(rows.first().map_or(0, |row| row.get(0)))
    }

    fn begin(&mut self, client: &mut Client) -> Result<(), postgres::Error> {
        fetch::begin(client)?;
        if let Some((second, _)) = &mut self.beside
            && fetch::join(client, second).is_err()
        {
            self.beside = None;
            // Whichever of the two refused: this one begins anew.
            client.batch_execute("ROLLBACK")?;
            fetch::begin(client)?;
        }
        Ok(())
    }

    fn roll_back(&mut self, client: &mut Client) -> Result<(), postgres::Error> {
        if let Some((second, _)) = &mut self.beside {
            second.batch_execute("ROLLBACK")?;
        }
        client.batch_execute("ROLLBACK")
    }

    /// The queries to ask for the kinds `present`, those first that take longest (measured with 1,000 tables).
    fn queries(&self, present: Present) -> Vec<Query> {
        let Present {
            kinds: present,
            unmodeled,
        } = present;
        let objects = |kinds: &[KindTag]| Query::Objects(kinds.to_vec());
        let alone = |kinds: &'static [KindTag]| kinds.chunks(1).filter(|k| present.contains(&k[0]));
        let mut queries: Vec<Query> = alone(&LONGEST).map(objects).collect();
        queries.extend([Query::Edges, Query::Aliases]);
        if !self.objects_only {
            queries.push(Query::Unmodeled(unmodeled));
        }
        queries.extend(alone(&LARGE).map(objects));
        let of_others = |k: &&KindTag| !LONGEST.contains(k) && !LARGE.contains(k);
        let others: Vec<KindTag> = present.iter().filter(of_others).copied().collect();
        queries.extend(others.chunks(TOGETHER).map(objects));
        queries
    }

    fn read_once<Side>(
        &mut self,
        client: &mut Client,
        version: ServerVersion,
        scope: &Scope,
    ) -> Result<Option<Catalog<Side>>, ReadError> {
        self.begin(client)?;
        let mut first = Session {
            client: &mut *client,
            prepared: &mut self.prepared,
        };
        let present = fetch::present(&mut first, version, self.objects_only)?;
        let queries = self.queries(present);
        let mut sessions = vec![Session {
            client: &mut *client,
            prepared: &mut self.prepared,
        }];
        sessions.extend(
            self.beside
                .as_mut()
                .map(|(client, prepared)| Session { client, prepared }),
        );
        let found = fetch::fetch(sessions, &queries, version)?;

        let mut objects: BTreeMap<ObjectId, Object> = BTreeMap::new();
        let mut addresses = Addresses::default();
        let mut standing = Vec::with_capacity(found.objects.len());
        let (mut described, mut grants, mut owners) = (Vec::new(), Vec::new(), Vec::new());
        let mut left: BTreeSet<Unmodeled> = BTreeSet::new();
        for (address, object) in found.objects {
            match (object, address) {
                (Object::Grant(grant), Some(address)) => grants.push((address, grant)),
                (Object::Owner(owner), Some(address)) => owners.push((address, owner)),
                (object, Some(address)) if object.tag().describes() => {
                    described.push((address, object));
                }
                (object, address) => standing.push((address, object)),
            }
        }
        for (address, object) in standing {
            let id = object.id();
            if !scope.covers(&id) {
                left.extend(scope.leaves_to_others(&id).then(|| Unmodeled {
                    what: id.kind.label().to_owned(),
                    name: id.path.join("."),
                }));
                continue;
            }
            if let Some(address) = address {
                addresses.insert(address, id.clone());
            }
            objects.insert(id, object);
        }
        for (alias, of) in found.aliases {
            addresses.alias(alias, of);
        }
        let mut lost: Vec<(&str, Address)> = Vec::new();
        for (address, mut object) in described {
            let kind = object.tag();
            let whole = addresses.resolve(address);
            // The members of an extension bring their own comments; pg_dump leaves them out, too.
            if kind == KindTag::Comment && whole.is_some_and(|id| id.kind == KindTag::Extension) {
                continue;
            }
            let Some(of) = object.described_mut() else {
                continue;
            };
            let target = match addresses.exact(address) {
                None if of.is_of_a_part() => whole,
                exact => exact,
            };
            let Some(target) = target else {
                lost.push((kind.label(), address));
                continue;
            };
            of.target = target.clone();
            if target.kind == KindTag::Column {
                of.column = None;
            }
            if scope.covers(&object.id()) {
                objects.insert(object.id(), object);
            }
        }
        for (address, mut grant) in grants {
            // The scope leaves its extension out. That of PL/pgSQL is everywhere, and no object.
            let left_out = grant.parent().is_some_and(|of| {
                of.kind == KindTag::Extension
                    && of.path != ["plpgsql"]
                    && !objects.contains_key(&of)
            });
            if left_out {
                continue;
            }
            // A sequence that belongs to a column, and a column of a view, are no objects.
            let part = grant.on == On::IdentitySequence || grant.column.is_some();
            let member = grant.member.as_ref().and_then(Member::target);
            let target = match addresses.exact(address) {
                _ if member.is_some() => member,
                None if part => addresses.resolve(address).cloned(),
                exact => exact.cloned(),
            };
            match target {
                None => lost.push(("grants on", address)),
                Some(target) => {
                    grant.target = target;
                    let object = Object::Grant(grant);
                    if scope.covers(&object.id()) {
                        objects.insert(object.id(), object);
                    }
                }
            }
        }
        for (address, mut owner) in owners {
            if let Some(target) = addresses.exact(address) {
                owner.target = target.clone();
                let object = Object::Owner(owner);
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
        depend::add_edges(&addresses, found.edges, &mut requires);
        depend::add_casts(&mut requires);
        depend::add_columns_of_rows(&objects, &mut requires);
        circle::cut(&mut objects, &mut requires);
        let mut hanging = HangingOn::new();
        let distrusted = match scope.trusted {
            true => BTreeSet::new(),
            false => trust::leave_alone(&mut objects, &mut requires, &mut hanging),
        };
        let mut unmodeled = BTreeSet::new();
        if !self.objects_only {
            unmodeled = lost_parts(client, scope, lost)?;
            let covered = found.unmodeled.into_iter();
            let covered = covered.filter(|(schema, _)| scope.covers_schema(schema.as_deref()));
            unmodeled.extend(covered.map(|(_, thing)| thing));
            unmodeled.extend(left);
            unmodeled.extend(distrusted);
        }
        let catalog = Catalog {
            version,
            objects: objects.into(),
            requires: requires.into(),
            unmodeled,
            hanging,
            sizes: BTreeMap::new(),
            replication: Replication::default(),
            addresses: addresses.into(),
            owners: Owners::default(),
            side: PhantomData,
        };
        Ok(self.is_unchanged(client)?.then_some(catalog))
    }
}

/// Comments and grants on what no kind reads, at the addresses of that.
fn lost_parts(
    client: &mut Client,
    scope: &Scope,
    lost: Vec<(&str, Address)>,
) -> Result<BTreeSet<Unmodeled>, postgres::Error> {
    let mut unmodeled = BTreeSet::new();
    for (what, (class, object, part)) in lost.into_iter().filter(|_| scope.schemas.is_none()) {
        let describe = "SELECT pg_describe_object($1, $2, $3)";
        let name: Option<String> = client
            .query_one(describe, &[&class, &object, &part])?
            .get(0);
        let ours = name
            .as_ref()
            .is_none_or(|n| n.contains(&scope.ledger_schema) || n.contains(Scope::OWN_PREFIX));
        if let Some(name) = name.filter(|_| !ours) {
            unmodeled.insert(Unmodeled {
                what: what.to_owned(),
                name,
            });
        }
    }
    Ok(unmodeled)
}

/// The kinds that are asked for alone, and first: two sessions at work share them well.
const LONGEST: [KindTag; 3] = [KindTag::Constraint, KindTag::Column, KindTag::Index];

/// Other kinds of which a schema has many.
const LARGE: [KindTag; 5] = [
    KindTag::Table,
    KindTag::Function,
    KindTag::Trigger,
    KindTag::View,
    KindTag::Comment,
];

/// So many of the others are asked for in one query: more take longer to plan than one by one (23 took twice as long).
const TOGETHER: usize = 4;

/// Reads the sizes of the tables and materialized views: rows from `reltuples`, bytes from the file system.
///
/// # Errors
/// What the server says.
pub fn read_sizes(client: &mut Client) -> Result<BTreeMap<ObjectId, Size>, postgres::Error> {
    let sql = "SELECT n.nspname, c.relname, c.relkind = 'm'
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
                WHERE c.relkind IN ('r', 'p', 'm') AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'";
    let rows = client.query(sql, &[])?;
    Ok(rows
        .iter()
        .map(|row| {
            let (schema, name): (String, String) = (row.get(0), row.get(1));
            let (tuples, bytes): (Option<i64>, Option<i64>) = (row.get(3), row.get(4));
            let size = Size {
                rows: tuples.and_then(|r| u64::try_from(r).ok()),
                bytes: bytes.and_then(|b| u64::try_from(b).ok()).unwrap_or(0),
            };
            let kind = crate::kinds::rows_kind(row.get(2));
            (ObjectId::new(kind, [schema, name]), size)
        })
        .collect())
}
