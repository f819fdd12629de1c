//! Indexes that belong to no constraint.

use super::constraint::{ParentIndex, parent_index};
use super::{
    Alter, Attribute, Hazard, HazardKind, Kind, KindTag, ObjectId, Verb, attr, fragment, text,
};
use crate::pg::sql::Deparsed;
use crate::pg::{Ident, Qualified, ServerVersion, Sql};
use crate::sql;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Index {
    pub schema: Ident,
    pub name: Ident,
    pub table: Ident,
    pub unique: bool,
    /// What follows the index name in `pg_get_indexdef`: `ON ONLY s.t USING btree (a) …`.
    pub definition: String,
    /// Storage parameters; taken out of the definition, because they can be altered.
    pub options: Vec<String>,
    /// Built to the end. Attaching decides it for a partitioned table.
    pub valid: bool,
    pub clustered: bool,
    pub on_partitioned: bool,
    /// Statistics targets of expression columns, by column number.
    pub statistics: Vec<(i32, i32)>,
    pub attached_to: Option<ParentIndex>,
    /// The columns of the key.
    #[serde(default)]
    pub columns: Vec<Ident>,
    /// The expressions of the key.
    #[serde(default)]
    pub expressions: Vec<String>,
    /// The condition of a partial index.
    #[serde(default)]
    pub predicate: Option<String>,
    #[serde(default)]
    pub nulls_not_distinct: bool,
}

impl Index {
    pub fn qualified(&self) -> Qualified {
        Qualified {
            schema: self.schema.clone(),
            name: self.name.clone(),
        }
    }

    pub fn table_name(&self) -> Qualified {
        Qualified {
            schema: self.schema.clone(),
            name: self.table.clone(),
        }
    }

    pub fn table_id(&self) -> ObjectId {
        ObjectId::new(KindTag::Table, [self.schema.raw(), self.table.raw()])
    }

    /// `CREATE INDEX` under `name`, concurrently or not.
    pub fn create_as(&self, name: &Ident, concurrently: Concurrently) -> Sql {
        let head = match (self.unique, concurrently) {
            (false, Concurrently::No) => sql!("CREATE INDEX {}", name),
            (true, Concurrently::No) => sql!("CREATE UNIQUE INDEX {}", name),
            (false, Concurrently::Yes) => sql!("CREATE INDEX CONCURRENTLY {}", name),
            (true, Concurrently::Yes) => sql!("CREATE UNIQUE INDEX CONCURRENTLY {}", name),
        };
        sql!("{} {}", head, Deparsed(&self.definition))
    }

    /// What CREATE INDEX cannot say.
    pub fn after_create(&self) -> Vec<Sql> {
        let mut statements: Vec<Sql> = self
            .statistics
            .iter()
            .map(|(column, target)| {
                sql!(
                    "ALTER INDEX {} ALTER COLUMN {} SET STATISTICS {}",
                    self.qualified(),
                    *column,
                    *target
                )
            })
            .collect();
        if self.clustered {
            statements.push(self.cluster_on());
        }
        statements
    }

    fn cluster_on(&self) -> Sql {
        sql!("ALTER TABLE {} CLUSTER ON {}", self.table_name(), self.name)
    }

    pub fn drop_concurrently(&self) -> Sql {
        sql!("DROP INDEX CONCURRENTLY {}", self.qualified())
    }
}

/// Whether an index is built while writes go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Concurrently {
    Yes,
    No,
}

impl Kind for Index {
    fn query(version: ServerVersion) -> String {
        let nulls = match version >= ServerVersion::V15 {
            true => "x.indnullsnotdistinct",
            false => "false",
        };
        let parent = parent_index("i.oid");
        // The key columns, without the INCLUDEd ones.
        let key = "unnest((x.indkey::int2[])[0:x.indnkeyatts - 1])";
        let columns = fragment::column_names("t.oid", key);
        let user = fragment::USER_SCHEMA;
        let own = fragment::not_member("pg_class", "i.oid");
        format!(
            "SELECT 1259::bigint AS classid
                  , i.oid::bigint AS objid
                  , 0 AS objsubid
                  , n.nspname AS schema
                  , i.relname AS name
                  , t.relname AS table
                  , x.indisunique AS unique
                  , substr(pg_get_indexdef(i.oid), length('CREATE ' || CASE WHEN x.indisunique
                        THEN 'UNIQUE ' ELSE '' END || 'INDEX ' || quote_ident(i.relname)) + 2) AS definition
                  , coalesce(to_json(i.reloptions), '[]') AS options
                  , x.indisvalid OR i.relkind = 'I' AS valid
                  , x.indisclustered AS clustered
                  , t.relkind = 'p' AS on_partitioned
                  , coalesce((SELECT json_agg(json_build_array(a.attnum, a.attstattarget) ORDER BY a.attnum)
                                FROM pg_attribute a
                               WHERE a.attrelid = i.oid AND a.attstattarget >= 0), '[]') AS statistics
                  , {parent} AS attached_to
                  , {columns} AS columns
                  , coalesce((SELECT json_agg(pg_get_indexdef(i.oid, k.place::int, false) ORDER BY k.place)
                                FROM unnest(x.indkey) WITH ORDINALITY k (attnum, place)
                               WHERE k.attnum = 0), '[]') AS expressions
                  , pg_get_expr(x.indpred, x.indrelid) AS predicate
                  , {nulls} AS nulls_not_distinct
               FROM pg_index x
               JOIN pg_class i ON i.oid = x.indexrelid
               JOIN pg_class t ON t.oid = x.indrelid
               JOIN pg_namespace n ON n.oid = i.relnamespace
              WHERE t.relkind IN ('r', 'p') AND t.relpersistence <> 't'
                AND NOT EXISTS (SELECT FROM pg_constraint k
                                 WHERE k.conindid = i.oid AND k.contype IN ('p', 'u', 'x'))
                AND {user} AND {own}"
        )
    }

    fn id(&self) -> ObjectId {
        ObjectId::new(KindTag::Index, [self.schema.raw(), self.name.raw()])
    }

    fn parent(&self) -> Option<ObjectId> {
        Some(self.table_id())
    }

    fn falls_with(&self) -> Vec<ObjectId> {
        let mut with = vec![self.table_id()];
        with.extend(self.attached_to.as_ref().map(ParentIndex::id));
        with
    }

    fn names(&self) -> Vec<super::Name> {
        super::relation_names(&self.schema, &self.name, false)
    }

    fn attributes(&self) -> Vec<Attribute> {
        let Self {
            schema: _,
            name: _,
            table,
            unique,
            definition,
            options: _, // part of the definition
            valid,
            clustered,
            on_partitioned: _,
            statistics,
            attached_to: _, // an object of its own
            // Parts of the definition.
            columns: _,
            expressions: _,
            predicate: _,
            nulls_not_distinct: _,
        } = self;
        vec![
            attr("table", table),
            attr("unique", unique),
            text("definition", definition),
            attr("valid", valid),
            attr("clustered", clustered),
            attr("statistics targets", statistics),
        ]
    }

    fn create(&self) -> Vec<Sql> {
        let mut statements = vec![self.create_as(&self.name, Concurrently::No)];
        statements.extend(self.after_create());
        statements
    }

    fn drop(&self) -> Vec<Sql> {
        vec![sql!("DROP INDEX {}", self.qualified())]
    }

    fn alter(&self, old: &Self, attribute: &str) -> Alter {
        match attribute {
            "clustered" if self.clustered => Alter::InPlace(vec![self.cluster_on()]),
            "clustered" => Alter::InPlace(vec![sql!(
                "ALTER TABLE {} SET WITHOUT CLUSTER",
                self.table_name()
            )]),
            "statistics targets" => {
                let gone = old
                    .statistics
                    .iter()
                    .filter(|(c, _)| !self.statistics.iter().any(|(n, _)| n == c))
                    .map(|(c, _)| (*c, -1));
                let statements = self.statistics.iter().copied().chain(gone).map(|(c, t)| {
                    sql!(
                        "ALTER INDEX {} ALTER COLUMN {} SET STATISTICS {}",
                        self.qualified(),
                        c,
                        t
                    )
                });
                Alter::InPlace(statements.collect())
            }
            "valid" => Alter::Replace {
                why: "an INVALID index was not built to the end",
            },
            _ => Alter::Replace {
                why: "no statement changes an index's definition",
            },
        }
    }

    fn survives_change(&self) -> bool {
        true
    }

    fn hazards(&self, verb: Verb) -> Vec<Hazard> {
        match verb {
            Verb::Create => Vec::new(),
            Verb::Drop => vec![Hazard::declared(
                HazardKind::LongRunning,
                format!(
                    "queries that index {} serves become scans",
                    self.qualified()
                ),
            )],
        }
    }
}
