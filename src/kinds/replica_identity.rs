//! The replica identity of a table, where it is not the default. An object of its own, because
//! `USING INDEX` needs the index, which needs the table.

use super::constraint::index_id;
use super::{Alter, Attribute, Kind, KindTag, ObjectId, attr, fragment};
use crate::pg::{Ident, Qualified, ServerVersion, Sql};
use crate::sql;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReplicaIdentity {
    pub schema: Ident,
    pub table: Ident,
    #[serde(default)]
    pub on_materialized_view: bool,
    pub full: bool,
    pub index: Option<IdentityIndex>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct IdentityIndex {
    pub name: Ident,
    pub constraint: bool,
    /// NOT NULL, all of them.
    #[serde(default)]
    pub columns: Vec<Ident>,
}

impl ReplicaIdentity {
    fn alter_table(&self) -> Sql {
        let table = Qualified {
            schema: self.schema.clone(),
            name: self.table.clone(),
        };
        super::alter_rows(self.on_materialized_view, &table)
    }

    fn set(&self) -> Sql {
        let alter = self.alter_table();
        match &self.index {
            Some(index) => {
                sql!("{} REPLICA IDENTITY USING INDEX {}", alter, index.name)
            }
            None if self.full => sql!("{} REPLICA IDENTITY FULL", alter),
            None => sql!("{} REPLICA IDENTITY NOTHING", alter),
        }
    }
}

impl Kind for ReplicaIdentity {
    fn query(_: ServerVersion) -> String {
        format!(
            "SELECT NULL::bigint AS classid
                  , NULL::bigint AS objid
                  , NULL::int AS objsubid
                  , n.nspname AS schema
                  , c.relname AS table
                  , c.relkind = 'm' AS on_materialized_view
                  , c.relreplident = 'f' AS full
                  , (SELECT json_build_object('name', i.relname
                          , 'constraint', EXISTS (SELECT FROM pg_constraint k
                             WHERE k.conindid = i.oid AND k.contype IN ('p', 'u', 'x'))
                          , 'columns', (SELECT json_agg(a.attname) FROM pg_attribute a
                             WHERE a.attrelid = c.oid AND a.attnum = ANY (x.indkey)))
                       FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid
                      WHERE x.indrelid = c.oid AND x.indisreplident) AS index
               FROM pg_class c
               JOIN pg_namespace n ON n.oid = c.relnamespace
              WHERE c.relkind IN ('r', 'p', 'm') AND c.relpersistence <> 't'
                AND c.relreplident <> 'd' AND {} AND {}",
            fragment::USER_SCHEMA,
            fragment::not_member("pg_class", "c.oid"),
        )
    }

    fn found_in(_: ServerVersion) -> Option<&'static str> {
        Some("pg_class WHERE relreplident <> 'd' AND oid >= 16384")
    }

    fn id(&self) -> ObjectId {
        ObjectId::new(
            KindTag::ReplicaIdentity,
            [self.schema.raw(), self.table.raw()],
        )
    }

    fn parent(&self) -> Option<ObjectId> {
        let kind = super::rows_kind(self.on_materialized_view);
        let path = [self.schema.raw(), self.table.raw()];
        Some(ObjectId::new(kind, path))
    }

    fn attributes(&self) -> Vec<Attribute> {
        let Self {
            schema: _,
            table: _,
            on_materialized_view: _, // its parent says so
            full,
            index,
        } = self;
        vec![attr(
            "replica identity",
            (full, index.as_ref().map(|i| &i.name)),
        )]
    }

    fn create(&self) -> Vec<Sql> {
        vec![self.set()]
    }

    fn drop(&self) -> Vec<Sql> {
        vec![sql!("{} REPLICA IDENTITY DEFAULT", self.alter_table())]
    }

    fn alter(&self, _: &Self, _: &str) -> Alter {
        Alter::InPlace(self.create())
    }

    fn requires(&self) -> Vec<ObjectId> {
        let of = |index: &IdentityIndex| {
            let columns = index.columns.iter().map(|column| {
                let path = [self.schema.raw(), self.table.raw(), column.raw()];
                ObjectId::new(KindTag::Column, path)
            });
            let index = index_id(index.constraint, &self.schema, &self.table, &index.name);
            columns.chain([index]).collect()
        };
        self.index.as_ref().map_or_else(Vec::new, of)
    }
}
