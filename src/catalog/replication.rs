//! What logical replication takes out of a database and brings into it.

use crate::kinds::{KindTag, ObjectId};
use crate::pg::ServerVersion;
use postgres::Client;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The tables of a live database that logical replication reads and writes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Replication {
    /// The publications of each table whose columns are published without a list; also of what it inherits from.
    pub published: BTreeMap<ObjectId, BTreeSet<String>>,
    /// The tables that a subscription writes to, and what they inherit from.
    pub subscribed: BTreeSet<ObjectId>,
}

impl Replication {
    pub fn is_empty(&self) -> bool {
        self.published.is_empty() && self.subscribed.is_empty()
    }
}

/// Reads it in two queries; where there is neither publication nor subscription they find nothing.
///
/// # Errors
/// What the server says.
pub fn read(client: &mut Client, version: ServerVersion) -> Result<Replication, postgres::Error> {
    let without_list = if version >= ServerVersion::V15 {
        "NOT EXISTS (SELECT FROM pg_publication_rel r JOIN pg_publication p ON p.oid = r.prpubid
                      WHERE r.prrelid = c.oid AND p.pubname = t.pubname AND r.prattrs IS NOT NULL)"
    } else {
        "true"
    };
    let published = upwards(&format!(
        "SELECT c.oid, t.pubname::text FROM pg_publication_tables t
           JOIN pg_namespace n ON n.nspname = t.schemaname
           JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = t.tablename
          WHERE {without_list}"
    ));
    let mut found = Replication::default();
    for row in client.query(&published, &[])? {
        let table = ObjectId::new(KindTag::Table, [row.get::<_, String>(0), row.get(1)]);
        let of = found.published.entry(table).or_default();
        of.insert(row.get(2));
    }
    let subscribed = upwards("SELECT r.srrelid, ''::text FROM pg_subscription_rel r");
    for row in client.query(&subscribed, &[])? {
        let table = ObjectId::new(KindTag::Table, [row.get::<_, String>(0), row.get(1)]);
        found.subscribed.insert(table);
    }
    Ok(found)
}

/// The tables of `query` and those above them: a column is added to the topmost one.
fn upwards(query: &str) -> String {
    format!(
        "WITH RECURSIVE found (oid, by) AS (
            SELECT * FROM ({query}) first
             UNION
            SELECT i.inhparent, found.by FROM found JOIN pg_inherits i ON i.inhrelid = found.oid)
         SELECT DISTINCT n.nspname::text, c.relname::text, found.by
           FROM found JOIN pg_class c ON c.oid = found.oid JOIN pg_namespace n ON n.oid = c.relnamespace
          WHERE c.relkind IN ('r', 'p')"
    )
}
