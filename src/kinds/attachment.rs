//! The attachment of a partition to its parent, with its bounds.
//!
//! An object of its own: a partition is made whole and then attached, as pg_dump does it, since
//! its indexes and keys must have their own names before ATTACH would make them up.

use super::{
    Alter, Attribute, Hazard, HazardKind, Kind, KindTag, ObjectId, TakeDown, Verb, fragment,
    relation_id, text,
};
use crate::pg::sql::Deparsed;
use crate::pg::{Ident, Qualified, ServerVersion, Sql};
use crate::sql;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Attachment {
    pub schema: Ident,
    pub name: Ident,
    pub parent: Qualified,
    /// `FOR VALUES FROM (…) TO (…)` or `DEFAULT`.
    pub bound: String,
    /// The indexes and keys that must exist before it is attached.
    pub indexes: Vec<super::constraint::ParentIndex>,
    pub checks: Vec<Ident>,
    /// The condition that every row meets; none for a hash partition, whose condition names an oid.
    #[serde(default)]
    pub condition: Option<String>,
    /// The columns of the parent's key.
    #[serde(default)]
    pub key: Vec<Ident>,
}

impl Attachment {
    pub fn is_default(&self) -> bool {
        self.bound == "DEFAULT"
    }

    pub fn partition(&self) -> Qualified {
        Qualified {
            schema: self.schema.clone(),
            name: self.name.clone(),
        }
    }
}

impl Kind for Attachment {
    fn query(_: ServerVersion) -> String {
        format!(
            "SELECT NULL::bigint AS classid
                  , NULL::bigint AS objid
                  , NULL::int AS objsubid
                  , n.nspname AS schema
                  , c.relname AS name
                  , json_build_object('schema', pn.nspname, 'name', p.relname) AS parent
                  , pg_get_expr(c.relpartbound, c.oid) AS bound
                  , coalesce((SELECT json_agg(json_build_object('schema', n.nspname, 'table', c.relname
                                   , 'name', i.relname, 'constraint', EXISTS (SELECT FROM pg_constraint k
                                         WHERE k.conindid = i.oid AND k.contype IN ('p', 'u', 'x')))
                                     ORDER BY i.relname)
                                FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid
                               WHERE x.indrelid = c.oid), '[]') AS indexes
                  , coalesce((SELECT json_agg(k.conname ORDER BY k.conname) FROM pg_constraint k
                               WHERE k.conrelid = c.oid AND k.contype = 'c'), '[]') AS checks
                  , CASE WHEN pt.partstrat <> 'h' THEN pg_get_partition_constraintdef(c.oid) END AS condition
                  , coalesce((SELECT json_agg(a.attname ORDER BY k.place)
                                FROM unnest(pt.partattrs) WITH ORDINALITY k (attnum, place)
                                JOIN pg_attribute a ON a.attrelid = p.oid AND a.attnum = k.attnum), '[]') AS key
               FROM pg_class c
               JOIN pg_namespace n ON n.oid = c.relnamespace
               JOIN pg_inherits i ON i.inhrelid = c.oid
               JOIN pg_class p ON p.oid = i.inhparent
               JOIN pg_namespace pn ON pn.oid = p.relnamespace
               JOIN pg_partitioned_table pt ON pt.partrelid = p.oid
              WHERE c.relispartition AND c.relkind IN ('r', 'p') AND {} AND {}",
            fragment::USER_SCHEMA,
            fragment::not_member("pg_class", "c.oid"),
        )
    }

    fn id(&self) -> ObjectId {
        ObjectId::new(KindTag::Attachment, [self.schema.raw(), self.name.raw()])
    }

    fn parent(&self) -> Option<ObjectId> {
        Some(ObjectId::new(
            KindTag::Table,
            [self.schema.raw(), self.name.raw()],
        ))
    }

    fn attributes(&self) -> Vec<Attribute> {
        let Self {
            schema: _,
            name: _,
            parent,
            bound,
            indexes: _,
            checks: _,
            // What the bounds come to.
            condition: _,
            key: _,
        } = self;
        vec![text("bounds", bound), super::attr("parent", parent)]
    }

    fn create(&self) -> Vec<Sql> {
        vec![sql!(
            "ALTER TABLE ONLY {} ATTACH PARTITION {} {}",
            self.parent,
            self.partition(),
            Deparsed(&self.bound)
        )]
    }

    fn drop(&self) -> Vec<Sql> {
        vec![sql!(
            "ALTER TABLE {} DETACH PARTITION {}",
            self.parent,
            self.partition()
        )]
    }

    fn alter(&self, _: &Self, _: &str) -> Alter {
        Alter::Replace {
            why: "a partition is detached and attached to change its bounds",
        }
    }

    fn requires(&self) -> Vec<ObjectId> {
        let mut needed = vec![relation_id(KindTag::Table, &self.parent)];
        needed.extend(self.indexes.iter().map(super::constraint::ParentIndex::id));
        needed.extend(self.checks.iter().map(|c| {
            ObjectId::new(
                KindTag::Constraint,
                [self.schema.raw(), self.name.raw(), c.raw()],
            )
        }));
        needed
    }

    /// Its indexes and checks come before it, but it does not mind their going.
    fn take_down(&self, of: &ObjectId) -> TakeDown {
        match of.kind {
            KindTag::Index | KindTag::Constraint => TakeDown::Around {
                down: Vec::new(),
                up: Vec::new(),
                disturbs: false,
            },
            _ => TakeDown::Replace,
        }
    }

    fn hazards(&self, verb: Verb) -> Vec<Hazard> {
        match verb {
            Verb::Create => Vec::new(),
            Verb::Drop => vec![Hazard::declared(
                HazardKind::BreaksQueries,
                format!(
                    "queries on {} no longer see the rows of {}",
                    self.parent,
                    self.partition()
                ),
            )],
        }
    }
}
