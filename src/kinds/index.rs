//! Indexes that belong to no constraint, of tables and of materialized views.

use super::constraint::{ParentIndex, attachments_of, lacking, parent_index, take_down};
use super::{
    Alter, Attribute, Hazard, HazardKind, Kind, KindTag, Object, ObjectId, TakeDown, Verb, attr,
    fragment, text,
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
    #[serde(default)]
    pub on_materialized_view: bool,
    /// Statistics targets of expression columns, by column number.
    pub statistics: Vec<(i32, i32)>,
    pub attached_to: Option<ParentIndex>,
    /// The partitions without a part of this index: it was made ON ONLY their parent.
    #[serde(default)]
    pub lacking: Vec<Qualified>,
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
        let kind = super::rows_kind(self.on_materialized_view);
        ObjectId::new(kind, [self.schema.raw(), self.table.raw()])
    }

    fn alter_table(&self) -> Sql {
        super::alter_rows(self.on_materialized_view, &self.table_name())
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

    /// The same index on a relation called `table`, as the server writes it.
    pub fn moved(&self, table: &Ident, name: &Ident) -> Option<Self> {
        let on = sql!("ON {} ", self.table_name());
        let rest = self.definition.strip_prefix(on.as_str())?;
        let moved = Self {
            name: name.clone(),
            table: table.clone(),
            ..self.clone()
        };
        let definition = sql!("ON {} {}", moved.table_name(), Deparsed(rest)).to_string();
        Some(Self {
            definition,
            ..moved
        })
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
        sql!("{} CLUSTER ON {}", self.alter_table(), self.name)
    }

    pub fn cluster_on_none(&self) -> Sql {
        sql!("{} SET WITHOUT CLUSTER", self.alter_table())
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
        let lacking = lacking("x");
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
                  , t.relkind = 'm' AS on_materialized_view
                  , coalesce((SELECT json_agg(json_build_array(a.attnum, a.attstattarget) ORDER BY a.attnum)
                                FROM pg_attribute a
                               WHERE a.attrelid = i.oid AND a.attstattarget >= 0), '[]') AS statistics
                  , {parent} AS attached_to
                  , {lacking} AS lacking
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
              WHERE t.relkind IN ('r', 'p', 'm') AND t.relpersistence <> 't'
                AND NOT EXISTS (SELECT FROM pg_constraint k
                                 WHERE k.conindid = i.oid AND k.contype IN ('p', 'u', 'x'))
                AND {user} AND {own}"
        )
    }

    fn found_in(_: ServerVersion) -> Option<&'static str> {
        Some("pg_index WHERE indrelid >= 16384")
    }

    fn id(&self) -> ObjectId {
        ObjectId::new(KindTag::Index, [self.schema.raw(), self.name.raw()])
    }

    fn parent(&self) -> Option<ObjectId> {
        Some(self.table_id())
    }

    fn requires(&self) -> Vec<ObjectId> {
        attachments_of(&self.lacking)
    }

    fn take_down(&self, of: &Object) -> TakeDown {
        take_down(of)
    }

    fn falls_with(&self) -> Vec<ObjectId> {
        let mut with = vec![self.table_id()];
        with.extend(self.attached_to.as_ref().map(ParentIndex::id));
        with
    }

    fn names(&self) -> Vec<super::Name> {
        let mut names = super::relation_names(&self.schema, &self.name, false);
        if self.clustered {
            names.push(super::Name {
                space: super::NameSpace::Clustered,
                schema: self.schema.clone(),
                name: self.table.clone(),
            });
        }
        names
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
            on_materialized_view: _, // its parent says so
            statistics,
            attached_to: _, // an object of its own
            lacking: _,     // what is not attached
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
            "clustered" => Alter::InPlace(vec![self.cluster_on_none()]),
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

    /// The server builds the index of text, too, which has no operator class for this method.
    fn survives_another_type(&self) -> bool {
        !self.definition.contains(" USING gist (")
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
