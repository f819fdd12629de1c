//! Reads from the server what a statement locks, rewrites, scans and builds.

use crate::pg::session::PATH_OF_THE_ROLE;
use crate::pg::{Ident, LockMode};
use crate::plan::document::StatementEvidence;
use crate::scratch::{Database, ScratchError};
use postgres::error::DbError;
use postgres::{Client, Statement};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

/// The session that runs the statements, and the one that watches it.
pub struct Sessions {
    pub client: Client,
    pub pid: i32,
    pub observer: Client,
    /// The two sessions of the ladder, once it was needed.
    pub(super) rungs: Option<(Client, Client)>,
    state: Statement,
    pub(super) locks: Statement,
    messages: Arc<Mutex<Vec<String>>>,
}

/// One relation's storage and counters at a moment.
#[derive(Clone, Debug, PartialEq)]
struct Relation {
    name: String,
    /// `r`, `p`, `i` … as in `pg_class.relkind`.
    kind: char,
    filenode: Option<u32>,
    scans: i64,
    /// The table of an index.
    table: Option<u32>,
}

/// The relations of the database at a moment, by oid, as the measured session sees them.
#[derive(Clone)]
pub struct State(BTreeMap<u32, Relation>);

impl State {
    /// What the relation was called at that moment; REINDEX CONCURRENTLY renames on its way.
    pub fn name(&self, oid: u32) -> Option<&str> {
        self.0.get(&oid).map(|relation| relation.name.as_str())
    }

    /// The same, of an index its table.
    pub fn table_name(&self, oid: u32) -> Option<&str> {
        let table = self.0.get(&oid)?.table.unwrap_or(oid);
        self.name(table)
    }

    /// Only the relations in `oids`.
    pub fn only(mut self, oids: &BTreeSet<u32>) -> Self {
        self.0.retain(|oid, _| oids.contains(oid));
        self
    }

    /// Without scan counters: a statement that commits on its way may have them flushed.
    pub fn uncounted(mut self) -> Self {
        for relation in self.0.values_mut() {
            relation.scans = i64::MAX;
        }
        self
    }

    pub fn oids(&self) -> impl Iterator<Item = u32> {
        self.0.keys().copied()
    }
}

// numscans counts a sequential scan even of zero pages; the counters go on across transactions
// (LOCKS: "Where a schema-only copy lies"). Indexes count index scans there, which are no harm.
const STATE: &str = "
    SELECT c.oid, c.relkind::text, n.nspname, c.relname
         , pg_relation_filenode(c.oid)
         , CASE WHEN c.relkind IN ('r', 'm', 'p') THEN pg_stat_get_xact_numscans(c.oid) ELSE 0 END
         , x.indrelid
      FROM pg_class c
      JOIN pg_namespace n ON n.oid = c.relnamespace
      LEFT JOIN pg_index x ON x.indexrelid = c.oid
     WHERE c.oid >= 16384 AND c.relkind IN ('r', 'p', 'm', 'i', 'I', 'S', 'v', 'f')
       AND n.nspname NOT LIKE 'pg\\_toast%' AND n.nspname NOT LIKE 'pg\\_temp%'";

// The observer sees committed catalog rows only: what the statement itself creates is left out.
const LOCKS: &str = "
    SELECT l.relation, l.mode, l.granted, n.nspname, c.relname
      FROM pg_locks l
      JOIN pg_class c ON c.oid = l.relation
      JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE l.pid = $1 AND l.locktype = 'relation' AND l.relation >= 16384
       AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
       AND n.nspname NOT LIKE 'pg\\_toast%' AND n.nspname NOT LIKE 'pg\\_temp%'";

impl Sessions {
    pub fn open(database: &Database) -> Result<Self, ScratchError> {
        let messages = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&messages);
        let mut client = database.connect_with_notices(move |notice: DbError| {
            sink.lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(notice.message().to_owned());
        })?;
        let failed = |e| ScratchError::statement("watch the scratch session", e);
        let pid = client
            .query_one("SELECT pg_backend_pid()", &[])
            .map_err(failed)?
            .get(0);
        client
            .batch_execute(&format!(
                "{PATH_OF_THE_ROLE}; SET client_min_messages = debug1"
            ))
            .map_err(failed)?;
        let mut observer = database.connect()?;
        // Planned once: planning them takes longer than running them, and they run for every statement.
        let state = client.prepare(STATE).map_err(failed)?;
        let locks = observer.prepare(LOCKS).map_err(failed)?;
        Ok(Self {
            client,
            pid,
            observer,
            rungs: None,
            state,
            locks,
            messages,
        })
    }

    pub fn state(&mut self) -> Result<State, postgres::Error> {
        let rows = self.client.query(&self.state, &[])?;
        Ok(State(
            rows.iter()
                .map(|row| {
                    let kind: String = row.get(1);
                    let relation = Relation {
                        name: relation_name(row.get(2), row.get(3)),
                        kind: kind.chars().next().unwrap_or(' '),
                        filenode: row.get(4),
                        scans: row.get(5),
                        table: row.get(6),
                    };
                    (row.get(0), relation)
                })
                .collect(),
        ))
    }

    /// The locks the measured session holds or waits for, strongest per relation.
    pub fn locks(&mut self) -> Result<BTreeMap<(u32, String), LockMode>, postgres::Error> {
        locks_of(&mut self.observer, &self.locks, self.pid)
    }

    pub fn forget_messages(&self) {
        self.messages
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }

    /// The DEBUG1 messages since [`Sessions::forget_messages`].
    pub fn messages(&self) -> Vec<String> {
        self.messages
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

pub fn relation_name(schema: &str, name: &str) -> String {
    format!("{}.{}", Ident::new(schema), Ident::new(name))
}

pub fn locks_of(
    observer: &mut Client,
    locks: &Statement,
    pid: i32,
) -> Result<BTreeMap<(u32, String), LockMode>, postgres::Error> {
    let mut found: BTreeMap<(u32, String), LockMode> = BTreeMap::new();
    for row in observer.query(locks, &[&pid])? {
        let Some(mode) = LockMode::parse(row.get(1)) else {
            continue;
        };
        let key = (row.get(0), relation_name(row.get(3), row.get(4)));
        let strongest = found.entry(key).or_insert(mode);
        *strongest = (*strongest).max(mode);
    }
    Ok(found)
}

/// Reads the evidence of one statement from what was seen before and after it.
///
/// `start` holds what existed when the phase began: what is newer has no rows and no users yet,
/// and work on it blocks nobody.
pub fn evidence(
    start: &State,
    before: &State,
    after: &State,
    messages: &[String],
    foreign_keys: impl FnMut(&str) -> Result<Vec<(u32, bool)>, postgres::Error>,
) -> Result<StatementEvidence, postgres::Error> {
    let old = |oid: &u32| start.0.get(oid);
    let filenodes: BTreeSet<u32> = before.0.values().filter_map(|r| r.filenode).collect();
    let mut rewritten = BTreeSet::new();
    let mut scanned = BTreeSet::new();
    let mut built = BTreeSet::new();
    for (oid, now) in &after.0 {
        let was = before.0.get(oid);
        let table = now.table.as_ref().and_then(old);
        let built_here = match (now.kind, was) {
            ('r' | 'm', Some(was)) if was.filenode != now.filenode => {
                if let Some(first) = old(oid) {
                    rewritten.insert(first.name.clone());
                }
                false
            }
            ('i', Some(was)) => was.filenode != now.filenode,
            // An index that keeps the storage of the one it takes the place of is not built.
            ('i', None) => now.filenode.is_some_and(|f| !filenodes.contains(&f)),
            _ => false,
        };
        // A build reads its table. Outside a transaction the counters do not tell: the session
        // sends them off, and begins anew, whenever half a second (14) or a second has passed.
        if let (true, Some(table)) = (built_here, table) {
            built.insert(now.name.clone());
            scanned.insert(table.name.clone());
        }
        if let (Some(was), Some(first)) = (was, old(oid))
            && now.scans > was.scans
        {
            scanned.insert(first.name.clone());
        }
    }
    // Building an index reads its table from end to end.
    for index in after.0.values().filter(|r| built.contains(&r.name)) {
        let table = index.table.as_ref().and_then(old);
        scanned.extend(table.map(|t| t.name.clone()));
    }
    read_messages(start, messages, foreign_keys, &mut rewritten, &mut scanned)?;
    Ok(StatementEvidence {
        locks: BTreeMap::new(),
        rewritten: rewritten.into_iter().collect(),
        scanned: scanned.into_iter().collect(),
        index_builds: built.into_iter().collect(),
        declared: None,
    })
}

/// DEBUG1 tells what the counters of an empty table cannot: the scan of the table that a foreign
/// key points at, and ALTER TABLE's own scans.
fn read_messages(
    start: &State,
    messages: &[String],
    mut foreign_keys: impl FnMut(&str) -> Result<Vec<(u32, bool)>, postgres::Error>,
    rewritten: &mut BTreeSet<String>,
    scanned: &mut BTreeSet<String>,
) -> Result<(), postgres::Error> {
    let by_name = |name: &str| {
        let quoted = Ident::new(name).to_string();
        let found: Vec<String> = start
            .0
            .values()
            .filter(|r| r.kind == 'r' && r.name.ends_with(&format!(".{quoted}")))
            .map(|r| r.name.clone())
            .collect();
        found
    };
    for message in messages {
        if let Some(name) = quoted(message, "validating foreign key constraint \"") {
            let tables = foreign_keys(name)?;
            // Nothing is looked up for a new table, which has no row.
            let old = |(oid, child): &(u32, bool)| *child && start.0.contains_key(oid);
            let checks = tables.iter().any(old);
            for (oid, _) in tables.into_iter().filter(|_| checks) {
                scanned.extend(start.0.get(&oid).map(|r| r.name.clone()));
            }
        } else if let Some(name) = quoted(message, "verifying table \"") {
            scanned.extend(by_name(name));
        } else if let Some(name) = quoted(message, "rewriting table \"") {
            rewritten.extend(by_name(name));
        }
    }
    Ok(())
}

fn quoted<'m>(message: &'m str, head: &str) -> Option<&'m str> {
    message.strip_prefix(head)?.strip_suffix('"')
}
